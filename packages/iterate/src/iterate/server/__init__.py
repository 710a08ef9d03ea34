"""The per-user server: HTTP over one socket, and the check of who may connect. `daemon` starts it."""
