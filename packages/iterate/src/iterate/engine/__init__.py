"""Runs one Ask to its one ending: the model's steps, the calls of tools between them. It stores nothing."""
