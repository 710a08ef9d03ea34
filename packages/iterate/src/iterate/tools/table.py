"""The tools that are built in, as a literal table: a compiler does not see what is found by name."""

from iterate.tools.edit import EDIT
from iterate.tools.grep import GREP
from iterate.tools.read import READ
from iterate.tools.tool import Tool

# Sorted by name, as a model gets them.
TABLE: tuple[Tool, ...] = (EDIT, GREP, READ)
