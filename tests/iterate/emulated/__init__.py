"""Emulators of terminals that are not ours. They judge what the program writes: every byte, with resizes in between."""
