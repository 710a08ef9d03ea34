"""The tools that are built in, as a literal table: a compiler does not see what is found by name."""

from iterate.tools.bash import BASH, BASH_KILL, BASH_OUTPUT
from iterate.tools.edit import EDIT
from iterate.tools.fetch import FETCH
from iterate.tools.glob import GLOB
from iterate.tools.grep import GREP
from iterate.tools.listing import LIST
from iterate.tools.patch import PATCH
from iterate.tools.question import QUESTION
from iterate.tools.read import READ
from iterate.tools.task import TASK
from iterate.tools.todo import TODO
from iterate.tools.tool import Tool
from iterate.tools.write import WRITE

# Sorted by name, as a model gets them.
TABLE: tuple[Tool, ...] = (
    BASH,
    BASH_KILL,
    BASH_OUTPUT,
    EDIT,
    FETCH,
    GLOB,
    GREP,
    LIST,
    PATCH,
    QUESTION,
    READ,
    TASK,
    TODO,
    WRITE,
)
