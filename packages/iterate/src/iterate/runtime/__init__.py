"""Sessions, running answers, and those who read them. It works on typed events and knows no HTTP."""
