"""The licence texts of what is inside a program, from a report as Nuitka writes it."""

from importlib import metadata
from pathlib import Path

from tests.release import project, wheels

from release import plan, targets
from release.compile import licences
from release.product import Channel

REPORT = """\
<nuitka-compilation-report>
  <module name="otter" distribution="otter" />
  <module name="click" distribution="click" />
  <module name="click.core" distribution="click" />
  <module name="typing_extensions" distribution="typing_extensions" />
  <module name="nobody" distribution="Nobody.Knows" />
  <module name="json" />
  <included_dll name="libnobody.so.1" source_path="/nowhere/libnobody.so.1" />
  {more}
</nuitka-compilation-report>
"""


def gathered(tmp_path: Path, more: str = "") -> tuple[tuple[str, ...], set[str]]:
    """What was missing, and the files that were found."""
    otter = project.product(project.make(tmp_path / "otter"))
    report, into = tmp_path / "report.xml", tmp_path / "licenses"
    report.write_text(REPORT.format(more=more))
    planned = plan.plan(otter, channel=Channel.DEV)
    source = wheels.source(otter, planned, targets.named("linux-x64"), tmp_path, wheels.read(tmp_path))
    missing = licences.gather(source, ("otter",), ("msgspec",), report, into)
    return missing, {path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()}


def test_each_library_python_and_the_compiler_has_its_text(tmp_path: Path) -> None:
    _, found = gathered(tmp_path)
    folders = {name.partition("/")[0] for name in found} - {"common"}
    assert {"click", "typing-extensions", "nuitka", "python", "msgspec"} <= folders
    assert not any("otter" in name for name in found)
    text = (tmp_path / "licenses" / "click" / "LICENSE.txt").read_text(encoding="utf-8")
    assert "Redistributions in binary form" in text
    assert {"nuitka/LICENSE-RUNTIME.txt", "python/parts-of-python.txt"} <= found


def test_what_has_none_is_told_by_name(tmp_path: Path) -> None:
    missing, _ = gathered(tmp_path)
    assert {"nobody-knows", "libnobody.so.1"} <= set(missing)
    assert not {"click", "python", "nuitka", "otter"} & set(missing)


def test_the_parts_of_python_are_each_named_with_who_made_them(tmp_path: Path) -> None:
    gathered(tmp_path)
    text = (tmp_path / "licenses" / "python" / "parts-of-python.txt").read_text(encoding="utf-8")
    for part in ("expat", "mimalloc", "HACL*", "libmpdec", "dtoa", "SipHash24", "Mersenne Twister"):
        assert part in text


def test_a_library_out_of_a_wheel_is_covered_by_its_wheel(tmp_path: Path) -> None:
    inside = [str(file.locate()) for file in metadata.distribution("msgspec").files or [] if "_core" in file.name]
    more = f'<module name="msgspec" distribution="msgspec" /><included_dll name="x.so" source_path="{inside[0]}" />'
    missing, found = gathered(tmp_path, more)
    assert "x.so" not in missing
    assert "msgspec/LICENSE" in found
