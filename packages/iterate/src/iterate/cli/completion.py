"""`iterate completion`: the script of a shell, and the answers to what that script asks at each TAB."""

import re
import shlex
from typing import override

import click
from click.shell_completion import BashComplete, CompletionItem, ShellComplete, get_completion_class

from iterate.cli.commands import ROOT
from iterate.cli.options import HELP, examples
from iterate.errors import UsageError
from iterate.settings import COMPLETION
from iterate.terminal import screen

_SPECIAL = re.compile(r"[\s*?\[\]{}()<>|&;$`'\"\\!#]")
HINT = f"iterate completion prints the scripts that set {COMPLETION}"


@click.command(
    "completion",
    help="Print the completion script of a shell.\n\nThe script asks iterate at each TAB. bash must be 4.4 or later.",
    epilog=examples(
        ('eval "$(iterate completion bash)"', "in ~/.bashrc"),
        ("iterate completion zsh > _iterate", "in a folder of $fpath"),
        ("iterate completion fish | source", "in config.fish"),
    ),
)
@click.argument("shell", metavar="SHELL", type=click.Choice(("bash", "zsh", "fish")), help="bash, zsh or fish.")
@HELP
def completion(shell: str) -> int:
    """Print the script of the named shell."""
    # Not bash's own `source`, which starts bash to ask its version: the script may be made where there is none.
    screen.show(ShellComplete.source(_completer(shell)))
    return 0


def complete(instruction: str) -> int:
    """Print the completions that a script asks for, such as `zsh_complete`."""
    shell, _, wish = instruction.partition("_")
    if wish != "complete":
        raise UsageError(f"{COMPLETION} is {instruction!r}", HINT)
    asked = _completer(shell)
    try:
        asked.get_completion_args()
    except (LookupError, ValueError) as problem:
        raise UsageError("COMP_WORDS and COMP_CWORD are not as a completion script sets them", HINT) from problem
    screen.show(asked.complete() + "\n")
    return 0


class _Bash(BashComplete):
    """bash takes what is offered as it is: blanks and stars in it would be words and files."""

    @override
    def format_completion(self, item: CompletionItem[str]) -> str:
        """Type and value, quoted where the shell would read it otherwise."""
        # Quotes round a `~` or a `=` would only disturb.
        is_plain = item.type != "plain" or not _SPECIAL.search(item.value)
        return super().format_completion(item if is_plain else CompletionItem(shlex.quote(item.value)))


def _completer(shell: str) -> ShellComplete:
    kind = _Bash if shell == "bash" else get_completion_class(shell)
    if kind is None:
        raise UsageError(f"there is no completion for {shell}", HINT)
    return kind(ROOT, {}, "iterate", COMPLETION)
