"""How commands are started: confined by the kernel, in an overlay over the project, and ended with all they started."""
