"""Iterate: a coding agent for the terminal, behind a local server that starts on demand."""
