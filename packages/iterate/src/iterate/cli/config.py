"""`iterate config ...`: the files of settings. It works on the files themselves; the server reads them when needed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iterate import settings
from iterate.cli import offers
from iterate.cli.options import HELP, JSON, examples
from iterate.errors import ConfigInvalid, NoHome, NotConfirmed, SettingUnset
from iterate.settings import Settings
from iterate.terminal import screen

if TYPE_CHECKING:
    from iterate.config.layers import Loaded


def _known_keys(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The names of settings that begin so; behind a name of one's own, such as that of a provider, the keys below."""
    from iterate.config.schema import ANY, EACH, keys

    begun = incomplete.split(".")
    found: list[str] = []
    for key in keys():
        path = key.path
        if EACH in path or len(path) < len(begun):
            continue
        pairs = list(zip(path, begun, strict=False))
        if all(want in (ANY, said) and said for want, said in pairs[:-1]) and path[len(begun) - 1].startswith(
            begun[-1]
        ):
            found.append(".".join((*begun[:-1], *path[len(begun) - 1 :])))
    return [each for each in found if ANY not in each.split(".")[len(begun) - 1 :]]


KEY = click.argument("key", metavar="KEY", help="The name such as limits.steps.", shell_complete=_known_keys)
PROJECT = click.option("--project", is_flag=True, help="The project's own file instead of yours.")


@click.command(
    "list",
    help="Show every setting that somebody says and who says it.\n\nWhat may be a secret is shown as ***.",
)
@click.option("--all", "is_whole", is_flag=True, help="Show also what is built in.")
@JSON
@HELP
def list_settings(*, is_whole: bool, as_json: bool) -> int:
    """Show what counts in this folder."""
    from iterate.config import named, secrets
    from iterate.config.strict import dotted

    loaded = _loaded()
    rows = [
        (dotted(each.key), secrets.hidden(each.key, each.value), each.source)
        for each in named.values(loaded, is_whole=is_whole)
    ]
    if as_json:
        facts = {
            "settings": [
                {
                    "key": key,
                    "value": value,
                    "layer": source.layer,
                    "file": None if source.file is None else str(source.file),
                    "line": source.line,
                }
                for key, value, source in rows
            ],
            "files": [str(each) for each in loaded.files],
            "left_out": [{"file": str(each.file), "key": each.key, "why": each.why} for each in loaded.left_out],
        }
        screen.show_json_line(json.dumps(facts, ensure_ascii=False))
        return 0
    from iterate.config.change import spelt

    texts = [(f"{key} = {spelt(value)}", source) for key, value, source in rows]
    width = min(max((len(text) for text, _ in texts), default=0), 48)
    for text, source in texts:
        place = f"  {source.file}:{source.line}" if source.file is not None else ""
        screen.show(f"{text:<{width}}  {source.layer}{place}\n")
    if not texts:
        screen.show("nothing is set; iterate config list --all shows what is built in\n")
    _tell_left_out(loaded)
    return 0


@click.command(
    "get",
    help=(
        "Print the value of a setting.\n\n"
        "Text is printed as it is and everything else as TOML. "
        f"Exits with {SettingUnset.exit_code} when nothing is set."
    ),
    epilog=examples(("iterate config get model", "what counts here"), ("iterate config get limits", "a whole table")),
)
@KEY
@click.option("--project", is_flag=True, help="What the project's own file says.")
@JSON
@HELP
def get(key: str, *, project: bool, as_json: bool) -> int:
    """Print one value."""
    from iterate.config import change, named

    path = named.keys(key)
    found = named.said(_file(settings.read(), project=True), path) if project else named.value(_loaded(), path)
    if as_json:
        screen.show_json_line(json.dumps(found, ensure_ascii=False))
    elif isinstance(found, dict):
        rows = ((str(name), each) for name, each in found.items() if each is not None)
        screen.show("".join(f"{change.key_spelt(name)} = {change.spelt(each)}\n" for name, each in rows))
    else:
        screen.show(f"{found if isinstance(found, str) else change.spelt(found)}\n")
    return 0


@click.command(
    "set",
    help=(
        "Change a setting in your file of settings.\n\n"
        "The value is TOML or plain text. Comments and the order of the file stay as they are."
    ),
    epilog=examples(
        ("iterate config set model openai/gpt-5", "for all projects"),
        ("iterate config set --project limits.steps 20", "for this one"),
        ("iterate config set instructions '[\"docs/*.md\"]'", "a list"),
    ),
)
@KEY
@click.argument("value", metavar="VALUE", shell_complete=offers.setting_values, help="The new value.")
@PROJECT
@JSON
@HELP
def set_(key: str, value: str, *, project: bool, as_json: bool) -> int:
    """Write one value."""
    from iterate.config import change, named, writing

    path = named.keys(key)
    wanted = named.read(value, path)
    file = _file(settings.read(), project=project)
    is_changed = writing.change(file, lambda text: change.put(text, path, wanted), is_private=not project)
    if as_json:
        screen.show_json({"file": str(file), "changed": is_changed})
    else:
        screen.show(f"{file}{'' if is_changed else ': it says so already'}\n")
    _tell_other(path, project=project)
    return 0


@click.command("unset", help="Remove a setting from your file of settings.")
@KEY
@PROJECT
@JSON
@HELP
def unset(key: str, *, project: bool, as_json: bool) -> int:
    """Remove one value."""
    from iterate.config import change, named, writing
    from iterate.config.strict import dotted

    path = named.keys(key)
    file = _file(settings.read(), project=project)

    def edit(text: str) -> str:
        after = change.take(text, path)
        if after is None:
            raise SettingUnset(f"{file} does not say {dotted(path)}", "iterate config list says which file does")
        return after

    writing.change(file, edit, is_private=not project)
    if as_json:
        screen.show_json({"file": str(file), "changed": True})
    else:
        screen.show(f"{file}\n")
    return 0


@click.command("path", help="Print where your file of settings is.\n\nIt need not be there.")
@PROJECT
@JSON
@HELP
def path(*, project: bool, as_json: bool) -> int:
    """Print the path of a file."""
    file = _file(settings.read(), project=project)
    if as_json:
        screen.show_json({"file": str(file), "exists": file.exists()})
    else:
        screen.show(f"{file}\n")
    return 0


@click.command(
    "edit",
    help="Open your file of settings in your editor and check it afterwards.\n\n$VISUAL or $EDITOR says which editor.",
)
@PROJECT
@JSON
@HELP
def edit(*, project: bool, as_json: bool) -> int:
    """Let the person edit, and say what is wrong with the result."""
    from iterate.cli import editor
    from iterate.config import layers

    here = settings.read()
    file = _file(here, project=project)
    editor.edit(here, file, is_private=not project)
    layers.check(here, settings.directory(), settings.environment())
    if as_json:
        screen.show_json({"file": str(file), "exists": file.exists()})
    else:
        screen.show(f"{file}\n")
    _tell_left_out(_loaded())
    return 0


@click.command("schema", help="Print the JSON schema of the files of settings.")
@click.option("--json", "_as_json", is_flag=True, help="Print it on one line.")
@HELP
def schema(*, _as_json: bool) -> int:
    """Print the schema."""
    from iterate.config.schema import schema as made

    screen.show_json_line(json.dumps(made(), ensure_ascii=False, indent=None if _as_json else 2))
    return 0


@click.command(
    "trust",
    help=(
        "Let the files of this project count in full.\n\n"
        "Until then its settings and agents and commands may only make things stricter. A file that changes is not "
        "trusted any more. Without a terminal to ask on, nothing is trusted without --yes: "
        f"exit code {NotConfirmed.exit_code}."
    ),
    epilog=examples(
        ("iterate config trust", "show what would count and ask"),
        ("iterate config trust --revoke", "trust nothing of this project any more"),
    ),
)
@click.option("--revoke", is_flag=True, help="Trust them no more.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@JSON
@HELP
def trust(*, revoke: bool, yes: bool, as_json: bool) -> int:
    """Remember the files of the project as they are now, or forget them."""
    from iterate.cli import trusting

    return trusting.revoke(as_json=as_json) if revoke else trusting.trust(yes=yes, as_json=as_json)


def _loaded() -> "Loaded":
    from iterate.config import layers

    return layers.load(settings.read(), settings.directory(), settings.environment(), is_strict=True)


def _file(here: Settings, *, project: bool) -> Path:
    if project:
        from iterate.config import layers
        from iterate.config.root import root_of

        directory = settings.directory()
        if not directory:
            raise ConfigInvalid("the folder that this runs in is gone", "change to another folder")
        return layers.project_file(root_of(Path(directory), here.home))
    if here.config is None:
        raise NoHome("nothing says where your file of settings is")
    return here.config


def _tell_left_out(loaded: "Loaded") -> None:
    for each in loaded.left_out:
        screen.note(f"{each.key} of {each.file} does not count: {each.why}")


def _tell_other(path: tuple[str, ...], *, project: bool) -> None:
    """Say it where the value that was written is not the one that counts."""
    from iterate.config.layers import Layer
    from iterate.config.strict import dotted

    loaded = _loaded()
    source = loaded.sources.get(path)
    if project:
        _tell_left_out(loaded)
    elif source is not None and source.layer is not Layer.USER:
        place = "the environment" if source.file is None else f"{source.file}:{source.line}"
        screen.note(f"what counts here is said elsewhere: {dotted(path)} in {place}")
