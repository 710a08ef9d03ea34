"""What every way to fail has that is not a bug: a message, a hint, an exit code, and a status of HTTP."""


class Failure(Exception):  # noqa: N818  # The classes below are named for what happened.
    """The message says what happened, `hint` what to do about it; a command ends with `exit_code`.

    Without a hint it has that of its class; an empty one is none.
    A failure with a `status` may reach a client in an HTTP answer, and is raised there again under its name.
    """

    exit_code = 1
    hint = ""
    status = 0

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint

    @property
    def name(self) -> str:
        """The name that the HTTP answer carries and scripts may rely on."""
        return type(self).__name__
