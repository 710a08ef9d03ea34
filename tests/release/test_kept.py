"""Templates as they were compiled: kept while nothing changed that they were compiled from, and of the tool alone."""

from pathlib import Path
from types import CodeType

import jinja2
import pytest

from release.packagers.kept import Kept, beside


class Counted(jinja2.Environment):
    """Says how often it compiled."""

    compiled = 0

    def _compile(self, source: str, filename: str) -> CodeType:
        self.compiled += 1
        return super()._compile(source, filename)


def world(folder: Path) -> tuple[Path, Path]:
    """A template, and a module that says how it is compiled."""
    template, module = folder / "templates" / "some" / "file.j2", folder / "compiling.py"
    template.parent.mkdir(parents=True)
    template.write_text("Hello {{ name }}")
    module.write_text("one")
    return template, module


def compiled(template: Path, module: Path, *, shipped: str = "templates") -> int:
    """How often a start of its own compiles the template, which comes out well."""
    folder = module.parent
    kept = Kept(folder / shipped, folder / "kept", str(module))
    environment = Counted(loader=jinja2.FileSystemLoader(template.parent), bytecode_cache=kept)
    assert environment.get_template(template.name).render(name="you") == template.read_text().replace(
        "{{ name }}", "you"
    )
    return environment.compiled


def test_a_template_is_compiled_once_until_it_or_what_compiles_it_changes(tmp_path: Path) -> None:
    template, module = world(tmp_path)
    assert [compiled(template, module) for _ in range(3)] == [1, 0, 0]
    template.write_text("Good day {{ name }}")
    assert [compiled(template, module) for _ in range(2)] == [1, 0]
    module.write_text("three")
    assert [compiled(template, module) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("size", [0, 5, 40, 70, 200])
def test_a_file_that_is_not_whole_counts_for_nothing(tmp_path: Path, size: int) -> None:
    template, module = world(tmp_path)
    compiled(template, module)
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:size])
    assert [compiled(template, module) for _ in range(2)] == [1, 0]


def test_a_project_s_own_templates_are_not_kept(tmp_path: Path) -> None:
    template, module = world(tmp_path)
    assert [compiled(template, module, shipped="elsewhere") for _ in range(2)] == [1, 1]
    assert not (tmp_path / "kept").exists()


def test_where_nothing_can_be_kept_templates_are_compiled_each_time(tmp_path: Path) -> None:
    template, module = world(tmp_path)
    (tmp_path / "kept").write_text("a file where the folder would be")
    assert [compiled(template, module) for _ in range(2)] == [1, 1]


def test_they_lie_where_python_keeps_modules(tmp_path: Path) -> None:
    assert beside(str(tmp_path / "module.py")).parent == tmp_path / "__pycache__"
