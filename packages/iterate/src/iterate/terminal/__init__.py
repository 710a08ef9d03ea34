"""The only place that prints: values become text on the screen, on stdout when asked for, else on stderr."""
