"""Programs that read files and write others."""

import contextlib
import re
import sqlite3

from benchmarks.projects import terminal
from benchmarks.projects.place import Place, WrongError, must

UGLY = "def  f( a,b ) :\n  return {'a':a,\n'b' : b}\n"
TIDY = 'def f(a, b):\n    return {"a": a, "b": b}\n'


def black(place: Place) -> dict[str, str]:
    """Reformat one file, many at once in several processes, and text; look only; refuse what is no Python."""
    for name in ("one", "two", "three", "four"):
        (place.work / f"{name}.py").write_text(UGLY)
    (place.work / "broken.py").write_text("def (:\n")
    said = {
        "diff": must(place.run("black", "--diff", "one.py"), "+def f(a, b):"),
        "check": must(place.run("black", "--check", "one.py"), "exit code 1"),
        "one": place.run("black", "one.py"),
        "text": must(place.run("black", "-q", "-", stdin=UGLY), TIDY),
        "code": place.run("black", "-c", "print( 'a' )"),
        "broken": must(place.run("black", "broken.py"), "exit code 123"),
    }
    # The order of files is that in which the processes are ready.
    many = place.run("black", "two.py", "three.py", "four.py").splitlines()
    said["many"] = "\n".join(sorted(many))
    for name in ("one", "two", "three", "four"):
        if (place.work / f"{name}.py").read_text() != TIDY:
            raise WrongError(f"{name}.py was not reformatted:\n{said['many']}")
    return said


OTTERS = "id,name,kg\n1,Ann,7.5\n2,Bob,9\n"
RIVERS = "id,river\n1,Severn\n2,Thames\n"


def csvkit(place: Place) -> dict[str, str]:
    """Each of the fourteen commands."""
    (place.work / "otters.csv").write_text(OTTERS)
    (place.work / "rivers.csv").write_text(RIVERS)
    (place.work / "fixed.csv").write_text("column,start,length\nid,0,2\nname,2,3\n")
    (place.work / "fixed.txt").write_text("1 Ann\n2 Bob\n")
    (place.work / "otters.json").write_text('[{"id": 1, "name": "Ann"}]')
    with contextlib.closing(sqlite3.connect(place.work / "otters.db")) as database:
        database.execute("create table otters (id integer, name text)")
        database.execute("insert into otters values (1, 'Ann')")
        database.commit()
    said = {name: place.run(name, *words) for name, *words in _CSVKIT}
    must(said["csvlook"], "| id | name |")
    must(said["csvsql"], "Bob,Thames")
    must(said["sql2csv"], "1,Ann")
    said["csvsql, a table"] = place.run("csvsql", "--dialect", "postgresql", "otters.csv")
    said["in2csv, fixed width"] = place.run("in2csv", "--schema", "fixed.csv", "fixed.txt")
    said["csvstat, JSON"] = place.run("csvstat", "--json", "otters.csv")
    with terminal.shown([place.path("csvpy"), "otters.csv"], place.work, place.env) as shown:
        shown.until(">>>")
        shown.press("sum(int(row[0]) for row in reader if row[0].isdigit())\r")
        said["csvpy"] = place.alike(shown.until("\n3"))
    return said


_CSVKIT = (
    ("csvclean", "-a", "otters.csv"),
    ("csvcut", "-c", "name,kg", "otters.csv"),
    ("csvformat", "-T", "otters.csv"),
    ("csvgrep", "-c", "name", "-r", "^B", "otters.csv"),
    ("csvjoin", "-c", "id", "otters.csv", "rivers.csv"),
    ("csvjson", "otters.csv"),
    ("csvlook", "otters.csv"),
    ("csvsort", "-r", "-c", "kg", "otters.csv"),
    ("csvsql", "--query", "select name, river from otters join rivers using (id)", "otters.csv", "rivers.csv"),
    ("csvstack", "otters.csv", "otters.csv"),
    ("csvstat", "otters.csv"),
    ("in2csv", "otters.json"),
    ("sql2csv", "--db", "sqlite:///otters.db", "--query", "select * from otters"),
)


def litecli(place: Place) -> dict[str, str]:
    """A table from a file, in three forms, and a conversation on a terminal."""
    with contextlib.closing(sqlite3.connect(place.work / "otters.db")) as database:
        database.execute("create table otters (name text, kg real)")
        database.executemany("insert into otters values (?, ?)", [("Ann", 7.5), ("Bob", 9)])
        database.commit()
    query = "select * from otters"
    said = {
        "table": must(place.run("litecli", "-t", "otters.db", "-e", query), "| Ann  | 7.5 |"),
        "plain": place.run("litecli", "otters.db", "-e", query),
        "CSV": place.run("litecli", "--csv", "otters.db", "-e", query),
        "an error": place.run("litecli", "otters.db", "-e", "select * from badgers"),
    }
    with terminal.shown([place.path("litecli"), "otters.db"], place.work, place.env) as shown:
        shown.until("otters.db>")
        shown.press(".schema otters\r")
        shown.until("CREATE TABLE otters")
        shown.press("select sum(kg) from otters;\r")
        said["conversation"] = place.alike(shown.until("16.5"))
        shown.press("exit\r")
        said["conversation, its end"] = f"exit code {shown.left()}"
    return said


PROFILED = """\
import time, json, sys

def slow():
    end = time.perf_counter() + 0.2
    while time.perf_counter() < end:
        json.dumps(list(range(100)))

slow()
print("done", sys.argv[1:])
"""


def pyinstrument(place: Place) -> dict[str, str]:
    """Profile a script: as text, as JSON, and as a page with what it needs inside; look at a kept one again."""
    (place.work / "script.py").write_text(PROFILED)
    text = must(place.run("pyinstrument", "script.py", "a"), "slow  script.py", "done ['a']")
    data = must(place.run("pyinstrument", "-r", "json", "script.py"), '"function": "slow"')
    page = place.run("pyinstrument", "-r", "html", "-o", "page.html", "script.py")
    kept = place.run("pyinstrument", "-r", "session", "-o", "kept.pyisession", "script.py")
    again = must(place.run("pyinstrument", "--load", "kept.pyisession"), "slow  script.py")
    must((place.work / "page.html").read_text(), "slow", "<script>")
    module = place.run("pyinstrument", "-m", "json.tool", "--help")
    # Times and samples are never the same: which functions were seen is.
    return {
        "text": _functions(text),
        "JSON": " ".join(sorted(set(re.findall(r'"function": "(slow|<module>)"', data)))),
        "page": page,
        "session": kept,
        "loaded": _functions(again),
        "module": "\n".join(line for line in module.splitlines() if line.startswith(("exit", "usage"))),
    }


def _functions(text: str) -> str:
    wanted = ("exit code", "done", "Program:")
    lines = [line for line in text.splitlines() if line.startswith(wanted)]
    return "\n".join([*lines, *sorted(set(re.findall(r"\b(slow|<module>) +script\.py", text)))])


def pybase64(place: Place) -> dict[str, str]:
    """A file there and back, by the extension module, which says so; refuse what is no base64."""
    (place.work / "otters.txt").write_bytes(bytes(range(256)) * 1000)
    coded = place.run("pybase64", "encode", "otters.txt", "-o", "otters.b64")
    said = {
        "which code": must(place.run("pybase64", "--version"), "C extension active"),
        "encode": coded,
        "encode, for addresses": place.run("pybase64", "encode", "-u", "-", stdin="??>>"),
        "decode": place.run("pybase64", "decode", "otters.b64", "-o", "again.txt"),
        "no base64": place.run("pybase64", "decode", "-", stdin="a*"),
    }
    if (place.work / "again.txt").read_bytes() != (place.work / "otters.txt").read_bytes():
        raise WrongError("what came back is another file")
    return said
