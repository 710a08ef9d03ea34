"""The undo: what each step changed, kept outside the project and its history, bounded, and put back on demand."""
