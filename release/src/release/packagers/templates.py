"""The one door to jinja2: a template and its values become bytes; refuses undefined names and half a file.

jinja2 is imported when the first template is rendered, so that planning does not wait for it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from release import errors
from release.model import Product
from release.packagers import quoting

if TYPE_CHECKING:
    from jinja2 import Environment

_HINT = "templates hold loops and look-ups only; the names they may use are in the packager of that folder"


def render(product: Product, packager: str, file: str, values: Mapping[str, object]) -> str:
    """Render `<templates>/<packager>/<file>.j2`, with one newline at the end.

    Raises:
        TemplateError: it is missing, is malformed, or uses a name that nobody defines.
    """
    import jinja2

    folder = product.root / product.templates / packager
    path = folder / f"{file}.j2"
    try:
        return _environment(folder).get_template(path.name).render(values).rstrip("\n") + "\n"
    except jinja2.TemplateNotFound as error:
        raise errors.TemplateError(
            f"{folder / (error.name or path.name)} is missing",
            hint="every packager of the fleet has a template",
        ) from None
    except jinja2.TemplateSyntaxError as error:
        raise errors.TemplateError(f"{path}:{error.lineno}: {error.message}", hint=_HINT) from None
    except (jinja2.TemplateError, TypeError) as error:
        raise errors.TemplateError(f"{path}:{_line(error, path)}: {error}", hint=_HINT) from error


def _environment(folder: Path) -> "Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # nothing here is HTML: every value passes a filter of its language
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "ruby": quoting.ruby,
        "ruby_inside": quoting.ruby_inside,
        "heredoc": quoting.heredoc,
        "bash": quoting.bash,
        "json": quoting.json,
        "powershell": quoting.powershell,
        "systemd": quoting.systemd,
    }
    return environment


def _line(error: Exception, path: Path) -> int:
    """The template line that raised: jinja2 puts it into the traceback under the template's own name."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
