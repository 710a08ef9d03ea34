"""The one door to jinja2: a template and its values become text, and every value in it is quoted.

A template may look values up, loop and say `if`. What it prints has to come out of a filter of the file's
language (quoting.py): anything else is an error that names file and line, so no review has to find it.
jinja2 is imported when the first template is rendered.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from release import errors
from release.packagers import quoting
from release.packagers.quoting import Language
from release.product import Product

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

    type _Finalize = Callable[[Context, object], object]


def render(product: Product, file: str, language: Language, values: Mapping[str, object]) -> str:
    """Render `<templates>/<file>.j2`, with one newline at the end.

    Args:
        product: whose templates.
        file: the packager's name, a slash, and the name of the rendered file.
        language: of the rendered file; decides which filters there are.
        values: the names that the template may use.

    Raises:
        TemplateError: it is missing or malformed, uses a name that nobody defines, or prints a value that
            no filter quoted.
    """
    import jinja2

    path = product.root / product.templates / f"{file}.j2"
    hint = f"values pass a filter of {language}: {', '.join(quoting.filters(language))}; see docs/templates.md"
    try:
        return _environment(path.parent, language).get_template(path.name).render(values).rstrip("\n") + "\n"
    except jinja2.TemplateNotFound as error:
        raise errors.TemplateError(
            f"{path.parent / (error.name or path.name)} is missing",
            hint="copy the folder of that name from the release tool's own packaging; docs/release.toml.md says more",
        ) from None
    except jinja2.TemplateSyntaxError as error:
        raise errors.TemplateError(f"{path}:{error.lineno}: {error.message}", hint=hint) from None
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise errors.TemplateError(f"{path}:{_line(error, path)}: {error}", hint=hint) from error


def _environment(folder: Path, language: Language) -> "Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # nothing here is HTML: every value passes a filter of its language
        finalize=_printable(),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # None of jinja2's own: some give text that nobody quoted, also where `finalize` is not asked.
    environment.filters = dict(quoting.filters(language))
    environment.globals = {}
    return environment


def _printable() -> "_Finalize":
    """What jinja2 asks before it prints a value."""
    import jinja2

    # With a context jinja2 asks while it renders, where the line is known, and not while it compiles.
    @jinja2.pass_context
    def printable(_context: "Context", value: object) -> object:
        if not isinstance(value, quoting.Quoted):
            raise TypeError(f"the value {value!s:.80} is printed without a filter")
        return value

    return printable


def _line(error: Exception, path: Path) -> int:
    """The template line that raised: jinja2 puts it into the traceback under the template's own name."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
