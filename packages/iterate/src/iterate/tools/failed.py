"""The failure of a call of a tool: apart, so that children of the server need not read all of `tool`."""

from iterate.failure import Failure


class ToolFailed(Failure):
    """A call could not do its work; the model reads the text and may try otherwise."""

    hint = ""
