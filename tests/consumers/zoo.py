"""A project with what other people's projects have: data, an extension module, plugins, several scripts."""

import struct
from pathlib import Path

from tests.release import project

FILES = {
    "LICENSE": "Do as you like.\n",
    "README.md": "# zoo\n",
    ".gitignore": "dist/\n",
    "pyproject.toml": """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "zoo"
version = "1.2.3"
description = "Holds animals"
dependencies = ["jinja2", "pygments"]
scripts = { zoo = "zoo.main:main", zebra = "zoo.main:zebra" }
gui-scripts = { zoo-window = "zoo.main:window" }
entry-points."zoo.plugins" = { one = "zoo.plugins.one:VALUE" }

[tool.setuptools]
packages = ["zoo", "zoo.plugins", "tests"]
package-dir = { "" = "src" }
script-files = ["bin/zoo-feed"]
package-data = { zoo = ["data/*", "data/*/*", "templates/*", "locale/*/*/*"] }
""",
    "setup.py": (
        "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('zoo._fast', ['src/zoo/_fast.c'])])\n"
    ),
    "src/zoo/_fast.c": """\
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", 0, -1, methods};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
""",
    "src/zoo/__init__.py": "",
    "src/tests/__init__.py": "raise SystemExit('tests were run')\n",
    "src/zoo/__main__.py": "import sys\n\nfrom zoo.main import main\n\nsys.exit(main())\n",
    "src/zoo/plugins/__init__.py": "",
    "src/zoo/plugins/one.py": "VALUE = 1\n",
    "src/zoo/plugins/two.py": "VALUE = 2\n",
    "src/zoo/plugins/three.py": "import sys\n\nprint(__name__, sys.argv[1:])\n",
    # As setup.py's `scripts=[...]`: a file, and no function that anything could call.
    "bin/zoo-feed": "#!/usr/bin/env python3\nimport sys\nfrom zoo.plugins.two import VALUE\n\n"
    "def main(): return VALUE\n\nprint(__name__, main(), sys.argv)\nsys.exit(3 if sys.argv[1:] == ['fail'] else 0)\n",
    "src/zoo/data/a.txt": "data\n",
    "src/zoo/data/{{ name }}/setup.py": "{{ name }} = 1\n",
    "src/zoo/data/app.py": "raise SystemExit('a template was run')\n",
    "src/zoo/templates/t.txt": "Hello {{ name }}",
    "release.toml": """\
name = "zoo"
summary = "Holds animals"
repository = "acme/zoo"
license = "MIT"
committer = "Zoo <zoo@example.invalid>"

[build]
scripts = ["zoo", "zebra", "zoo-window", "zoo-feed"]
packages = ["zoo"]
executable = "zoo.bin"
targets = ["linux-x64-baseline"]
""",
}


def make(folder: Path) -> Path:
    """Write the project and commit it."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    main = Path(__file__).with_name("zoo.py.txt").read_text(encoding="utf-8")
    (folder / "src/zoo/main.py").write_text(main, encoding="utf-8")
    words = folder / "src/zoo/locale/de/LC_MESSAGES/zoo.mo"
    words.parent.mkdir(parents=True)
    words.write_bytes(_catalogue({"": "Content-Type: text/plain; charset=UTF-8\n", "Hello": "Hallo"}))
    project.git(folder, "init", "-q", "-b", "main")
    project.commit(folder, "first")
    project.git(folder, "tag", "v1.2.3")
    return folder


def _catalogue(words: dict[str, str]) -> bytes:
    """Translations as gettext reads them."""
    count, texts = len(words), b""
    keys: list[tuple[int, int]] = []
    values: list[tuple[int, int]] = []
    start = 28 + 16 * count
    for rows, side in ((keys, words.keys()), (values, words.values())):
        for text in side:
            rows.append((len(text.encode()), start + len(texts)))
            texts += text.encode() + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0)
    return head + b"".join(struct.pack("<2I", *row) for row in keys + values) + texts
