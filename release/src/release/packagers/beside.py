"""Files that stand beside the packages in a repository: a README for people, and how git treats line ends.

They are the maintainers' as soon as these want them: a file whose first line is not ours is left alone.
"""

from collections.abc import Mapping

from release.model import File, Read
from release.packagers import templates
from release.packagers.quoting import Language
from release.product import Product

_FILES = (("README.md", "README.md", Language.MARKDOWN), (".gitattributes", "gitattributes", Language.PLAIN))


def files(product: Product, outlet: str, values: Mapping[str, object], held: Read) -> tuple[File, ...]:
    """The files that are not there yet, and those there that are still ours.

    They say nothing about a version, so that the channels of a product all render the same.

    Raises:
        TemplateError: a template is missing or broken.
    """
    rendered = {
        path: templates.render(product, f"{outlet}/{template}", language, values).encode()
        for path, template, language in _FILES
    }
    return tuple(
        File(path=path, content=content) for path, content in rendered.items() if _is_ours(held(path), content)
    )


def _is_ours(held: bytes | None, content: bytes) -> bool:
    return held is None or held.splitlines()[:1] == content.splitlines()[:1]
