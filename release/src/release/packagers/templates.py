"""The one door to jinja2: a template and its values become text, and every value in it is quoted.

A template may look values up, loop and say `if`. What it prints has to come out of a filter of the file's
language (quoting.py): anything else is an error that names file and line, so no review has to find it.
The tool carries a template for everything; a project has one of its own by having the file.
jinja2 is imported when the first template is rendered.
"""

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from release import errors
from release.packagers import quoting
from release.packagers.quoting import Language
from release.product import Product

SHIPPED = Path(__file__).parent.parent / "templates"
ENDING = ".j2"

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

    type _Finalize = Callable[[Context, object], object]


def render(product: Product, file: str, language: Language, values: Mapping[str, object]) -> str:
    """Render a template, the project's own or else the tool's, with one newline at the end.

    Args:
        product: whose own templates, those below its `templates`, come before the tool's.
        file: the packager's name, a slash, and the name of the rendered file.
        language: of the rendered file; decides which filters there are.
        values: the names that the template may use.

    Raises:
        TemplateError: it is missing or malformed, uses a name that nobody defines, or prints a value that
            no filter quoted.
    """
    import jinja2

    name, folders = f"{file.rpartition('/')[2]}{ENDING}", _folders(product, file)
    path = next((folder / name for folder in folders if (folder / name).is_file()), folders[0] / name)
    hint = f"values pass a filter of {language}: {', '.join(quoting.filters(language))}; see docs/templates.md"
    try:
        return _environment(folders, language).get_template(name).render(values).rstrip("\n") + "\n"
    except jinja2.TemplateNotFound as error:
        raise errors.TemplateError(
            f"{folders[0] / (error.name or name)} is missing, and the tool has none of that name",
            hint="release templates list shows those that there are",
        ) from None
    except jinja2.TemplateSyntaxError as error:
        raise errors.TemplateError(f"{error.filename or path}:{error.lineno}: {error.message}", hint=hint) from None
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise errors.TemplateError(f"{_line(error, folders, path)}: {error}", hint=hint) from error


def _folders(product: Product, file: str) -> tuple[Path, ...]:
    """Where a packager's templates lie: the project's own, then the tool's."""
    packager = file.rpartition("/")[0]
    return (product.root / product.templates / packager, SHIPPED / packager)


def _environment(folders: tuple[Path, ...], language: Language) -> "Environment":
    """Where templates are looked for."""
    # What was compiled is kept while it is looked for in the same files; jinja2 looks whether they changed.
    return _keeping(folders, language, tuple(sorted(path for folder in folders for path in folder.glob(f"*{ENDING}"))))


@functools.cache
def _keeping(folders: tuple[Path, ...], language: Language, _files: tuple[Path, ...]) -> "Environment":
    import jinja2

    from release.packagers import kept

    environment = jinja2.Environment(
        bytecode_cache=None
        if sys.dont_write_bytecode
        else kept.Kept(SHIPPED, kept.beside(__file__), __file__, quoting.__file__),
        loader=jinja2.FileSystemLoader(folders),
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


def _line(error: Exception, folders: tuple[Path, ...], path: Path) -> str:
    """The template and line that raised: jinja2 puts them into the traceback under the template's own name."""
    trace, found = error.__traceback__, f"{path}:0"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.parent in folders and file.suffix == ENDING:
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
