"""What a shell command would do, as needs: every command in it, every file that it names, and what would be lost.

The first call imports the grammar (25 ms); later ones take a millisecond or so.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from iterate.permissions import border, effects, git, grave, programs, script, wrappers
from iterate.permissions.border import Place
from iterate.permissions.effects import Touch
from iterate.permissions.globbing import MOST_NAMES, names
from iterate.permissions.need import Deed, Need
from iterate.permissions.patterns import SYSTEM, is_secret
from iterate.permissions.steps import Command, Opened, Problem, Shown
from iterate.permissions.words import Word, literal

# How deep texts may hold texts.
DEEPEST = 8
MOST_NEEDS = 400
# Commands that make other places appear inside, and commands whose words are for people.
LINKING = frozenset({"ln", "link", "mount", "bindfs"})
SAYING = frozenset({"git", "gh", "glab", "export", "jj", "hg", "svn"})
# How many files of a folder that is searched are looked at for secrets among them.
MOST_SEEN = 1000
# Commands after which what they take away is elsewhere.
MOVING = frozenset({"mv", "gmv"})
# Commands that show the names of files, and not what is in them.
LISTING = frozenset({"ls", "dir", "find", "gfind", "fd", "fdfind", "du", "df", "tree", "stat", "realpath", "readlink"})
# Commands that look at nothing of the folder they run in.
PLACELESS = frozenset(
    {
        "echo", "printf", "true", "false", ":", "exit", "return", "break", "continue", "test", "shift", "sleep", "seq",
        "expr", "date", "set",
    }
)  # fmt: skip


def needs(
    text: str,
    root: Path,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    scratch: Path | None = None,
    kept_bytes: int = grave.KEPT_BYTES,
) -> tuple[Need, ...]:
    """What a command needs a word for.

    Args:
        text: as it is given to `bash -c`.
        root: the project's folder, resolved.
        directory: where it runs; the project's folder unless given.
        environment: what it runs with, and nothing else: variables in its words are read from there.
        scratch: a folder outside the project that may be read, written and emptied, because all in it is its own.
        kept_bytes: how much the undo keeps of what it removes or overwrites in the project; 0 where it keeps nothing.
    """
    taker = _Taker(root, dict(environment or {}), scratch)
    taker.kept_bytes = kept_bytes
    try:
        taker.take(text, (directory or root,), 0, frozenset())
    except RecursionError:
        why = "it is nested too deep"
        taker.needs.append(Need(deed="bash", subject=text, is_opaque=True, is_grave=True, why=why, via=text))
    found = tuple(dict.fromkeys(taker.needs))
    if len(found) > MOST_NEEDS:
        why = "it does more than can be judged"
        return (*found, Need(deed="bash", subject=text, is_opaque=True, is_grave=True, why=why, via=text))
    return found or (Need(deed="bash", subject=text.strip(), is_look=True, why="it does nothing", via=text),)


def touched(
    text: str, root: Path, directory: Path, environment: Mapping[str, str], *, scratch: Path | None = None
) -> tuple[dict[Path, str], tuple[Path, ...]]:
    """The paths inside the project that a command writes or removes, by how; and all others that its words name.

    How is `removes`, `overwrites`, `writes` or `changes`, as far as a table knows the program.
    """
    taker = _Taker(root, dict(environment), scratch)
    taker.is_naming = True
    with suppress(RecursionError):
        taker.take(text, (directory,), 0, frozenset())
    return taker.touches, tuple(dict.fromkeys(path for path in taker.named if path not in taker.touches))


class _Taker:
    def __init__(self, root: Path, environment: dict[str, str], scratch: Path | None) -> None:
        self.needs: list[Need] = []
        self.touches: dict[Path, str] = {}
        self.kept_bytes = grave.KEPT_BYTES
        self._gone: list[Path] = []
        # What would be left in the project's folder, once something is removed there.
        self._left: set[str] | None = None
        self._held = False
        self.is_naming, self.named = False, list[Path]()
        self._root = root
        self._scratch_path = scratch
        self._links_made = False
        self._scratch = None if scratch is None else os.path.realpath(scratch).rstrip("/") + "/"
        self._environment = environment
        self._home = environment.get("HOME", "")

    def take(self, text: str, folders: Sequence[Path | None], depth: int, outer: frozenset[str]) -> None:
        if depth > DEEPEST:
            self._cannot(Problem(text=text, why="texts hold texts too deep", is_whole=True))
            return
        read = script.read(text, folders, self._environment, self._home, outer)
        for step in read.steps:
            match step:
                case Problem():
                    self._cannot(step)
                case Opened():
                    self._opened(step)
                case Shown():
                    why = "its name says that it holds a key"
                    self.needs.append(Need(deed="read", subject=f"${step.name}", via=step.text, why=why))
                case Command():
                    self._command(step, depth, (), step.text)

    def _cannot(self, problem: Problem) -> None:
        lost = grave.of_text(problem.text)
        if self.is_naming:
            words = [literal(each) for each in re.split(r"[\s;&|()<>\"'`]+", problem.text) if each]
            self.named += self._mentioned(words, (self._root,))
        self.needs.append(
            Need(
                deed="bash",
                subject=problem.text.strip() or "(nothing)",
                is_opaque=True,
                is_grave=problem.is_whole or bool(lost),
                why=lost or problem.why,
                via=problem.text,
            )
        )

    def _opened(self, opened: Opened) -> None:
        word = opened.word
        if word.value is None or word.is_glob:
            kind: Literal["overwrites", "writes"] = "overwrites" if opened.is_emptied else "writes"
            lost = grave.unknown_touch(Touch(word=word, kind=kind), self.kept_bytes) if opened.deed == "edit" else ""
            self.needs.append(_unknown_place(word, opened.text, lost))
            return
        if border.is_nowhere(word.value):
            return
        if opened.deed == "edit":
            touch = Touch(word=word, kind="overwrites" if opened.is_emptied else "writes")
            self._touch(touch, opened.folders, opened.text)
        else:
            self._file("read", word, opened.folders, opened.text)

    def _command(self, command: Command, depth: int, sets: tuple[str, ...], via: str) -> None:
        words = command.words
        sets += tuple(name for name, _ in command.assigned if not wrappers.HARMLESS.fullmatch(name))
        if words[0].value is None or words[0].is_glob or not words[0].value:
            self._nameless(command, via)
            return
        inside = wrappers.inside(words, is_fed=command.is_fed)
        name = wrappers.base(words[0])
        match inside.kind:
            case "none":
                if words[0].value != "export" or command.assigned:
                    self._single(command, name, sets, via, depth)
            case "opaque":
                self._add(command, sets, via, is_opaque=True, why=inside.why, lost=self._lost_in(command, name))
                self._named(command, words[1:], via)
                self._started(command, depth)
            case "script":
                self._add(command, sets, via, is_look=self._is_found_outside(words[0]), why="what it runs is judged")
                self.take(inside.script, command.folders, depth + 1, frozenset())
            case "command":
                self._add(command, sets, via, is_look=self._is_found_outside(words[0]), why="what it starts is judged")
                self._inner(command, inside.words, depth, (*sets, *inside.sets), inside.folder)
            case "also":
                self._beside(command, name, sets, via, inside.why, depth)
                for each in filter(None, (inside.words, *inside.more)):
                    self._inner(command, each, depth, (*sets, *inside.sets), None)

    def _beside(self, command: Command, name: str, sets: tuple[str, ...], via: str, why: str, depth: int) -> None:
        if name in ("find", "gfind"):
            self._single(command, name, sets, via, depth)
        else:
            self._add(command, sets, via, why=why)

    def _inner(
        self, command: Command, words: tuple[Word, ...], depth: int, sets: tuple[str, ...], folder: Word | None
    ) -> None:
        if depth > DEEPEST:
            self._cannot(Problem(text=command.text, why="commands start commands too deep", is_whole=True))
            return
        folders = command.folders
        if folder is not None:
            folders = tuple(self._within(each, folder) for each in folders)
        inner = Command(words=words, text=command.text, folders=folders, is_fed=True, fed=command.fed)
        self._command(inner, depth + 1, sets, command.text)

    def _within(self, folder: Path | None, word: Word) -> Path | None:
        if word.value is None or word.is_glob or (folder is None and not word.value.startswith("/")):
            return None
        return Path(os.path.realpath((folder or Path("/")) / word.value))

    def _nameless(self, command: Command, via: str) -> None:
        lost = ""
        for word in command.words[1:]:
            for place in self._places(word, command.folders):
                touch = Touch(word=word, kind="removes", is_deep=True)
                lost = lost or grave.of_touch(touch, place, self._root, self._home, self.kept_bytes)
        self._add(command, (), via, is_opaque=True, why="which program it starts is not known", lost=lost)

    def _lost_in(self, command: Command, name: str) -> str:
        lost = grave.of_words(name, command.words)
        # What an interpreter or another machine is told to do stands in the words.
        texts = [*(word.shown for word in command.words[1:]), command.fed]
        return lost or next((why for text in texts if (why := grave.of_text(text))), "")

    def _started(self, command: Command, depth: int) -> None:
        """Need a word for what would be lost if a program that no table knows starts what its words say."""
        if depth > DEEPEST:
            return
        for at, word in enumerate(command.words[1:], 1):
            name = wrappers.base(word)
            inner = _Taker(self._root, self._environment, self._scratch_path)
            inner.kept_bytes = self.kept_bytes
            if name in effects.TABLE or name in grave.COMMANDS or name in wrappers.SHELLS:
                words = command.words[at:]
                again = Command(words=words, text=command.text, folders=command.folders, is_fed=True)
                inner._command(again, DEEPEST, (), command.text)  # Of its own kind.
            elif (first := re.match(r"\s*(?:sudo\s+)?(\w+)\s", word.value or "")) and first[1] in effects.TABLE:
                inner.take(word.value or "", command.folders, DEEPEST, frozenset())
            self.needs += [need for need in inner.needs if need.is_grave]

    def _single(self, command: Command, name: str, sets: tuple[str, ...], via: str, depth: int) -> None:
        """One command that starts nothing that is known of."""
        words = command.words
        look = self._look(command, name) if not sets else None
        folders = command.folders
        if look and look.folder is not None:
            folders = tuple(self._within(each, look.folder) for each in folders)
        why = ""
        if look and name == "git" and any(each is None or git.starts_programs(each) for each in folders):
            look, why = None, "the repository's settings start programs"
        lost = grave.of_words(name, words)
        touches = effects.touches(name, words)
        had = len(self._gone)
        for touch in touches:
            lost = self._touch(touch, folders, command.text) or lost
        if name in MOVING:
            del self._gone[had:]
        emptied = self._emptied(self._gone[had:])
        if name not in PLACELESS:
            self._folders(folders, command.text)
        touched = {id(touch.word) for touch in touches}
        rest = [word for word in words[1:] if id(word) not in touched]
        if look:
            for word in look.files or ([literal(".")] if look.is_deep else []):
                self._file("read", word, folders, command.text)
                if name not in LISTING:
                    self._secrets(word, folders, command.text, has_hidden=look.has_hidden)
            rest = [word for word in rest if word.head.startswith("-")]
        lost = lost or emptied
        self._add(command, sets, via, is_look=look is not None, why=why, lost=lost)
        self._named(command, rest, via)
        self._links_made = self._links_made or name in LINKING
        if look is None and not touches and name not in SAYING:
            self._started(command, depth)

    def _emptied(self, gone: Sequence[Path]) -> str:
        """Why it is grave that these are removed, too: nothing of the project is left that has no dot in front."""
        if not gone:
            return ""
        if self._left is None:
            self._left = grave.shown(self._root)
            self._held = bool(self._left)
        self._left.difference_update(path.name for path in gone if path.parent == self._root)
        return "it removes all that is in the project's folder" if self._held and not self._left else ""

    def _look(self, command: Command, name: str) -> programs.Look | None:
        words = command.words
        if not self._is_found_outside(words[0]):
            return None
        if name in ("find", "gfind"):
            words = tuple(_without_actions(words))
        return programs.look_at(name, words)

    def _is_found_outside(self, word: Word) -> bool:
        """Whether the program is one of the system, and not one that the project brings under its name."""
        text = word.value or ""
        if "/" in text:
            return text.startswith(SYSTEM) and ".." not in text
        for folder in self._environment.get("PATH", "").split(":"):
            if not os.path.isabs(folder) or border.is_below(folder, self._root):  # noqa: PTH117
                if not folder or os.path.lexists(self._root / folder / text) or not os.path.isabs(folder):  # noqa: PTH117
                    return False
            elif os.path.lexists(f"{folder}/{text}"):
                return True
        return True

    def _add(
        self,
        command: Command,
        sets: Sequence[str],
        via: str,
        *,
        is_look: bool = False,
        is_opaque: bool = False,
        why: str = "",
        lost: str = "",
    ) -> None:
        given = [f"{name}={word.shown}" for name, word in command.assigned if not wrappers.HARMLESS.fullmatch(name)]
        words = (*given, *(word.shown for word in command.words))
        self.needs.append(
            Need(
                deed="bash",
                subject=" ".join(_shown(word) for word in [*map(literal, given), *command.words]),
                words=words,
                is_look=is_look and not sets,
                is_opaque=is_opaque or bool(sets) or any(word.is_many for word in command.words),
                is_grave=bool(lost),
                why=lost or why or (f"it sets {', '.join(sets)}" if sets else ""),
                via=via,
            )
        )

    def _touch(self, touch: Touch, folders: Sequence[Path | None], text: str) -> str:
        """Need a word for what happens at a path; why that is grave."""
        if touch.word.value is None:
            lost = grave.unknown_touch(touch, self.kept_bytes)
            self.needs.append(_unknown_place(touch.word, text, lost))
            return lost
        lost = ""
        if self._links_made and touch.kind in ("removes", "overwrites"):
            lost = "the same text makes links, which it may lead through"
        if touch.word.is_glob and touch.kind == "removes":
            lost = self._of_wild(touch, folders)
        for place in self._places(touch.word, folders, is_followed=touch.kind != "removes"):
            if self._is_free(place):
                continue
            if place.where == "inside" and self.touches.get(place.path) != "removes":
                self.touches[place.path] = touch.kind
                self._gone += [place.path] * (touch.kind == "removes" and not touch.is_some)
            found = lost or grave.of_touch(touch, place, self._root, self._home, self.kept_bytes)
            self.needs += [
                Need(deed=n.deed, subject=n.subject, via=text, why=found or n.why, is_grave=bool(found))
                for n in border.needs("edit", place, text)
            ]
            lost = lost or found
        return lost

    def _of_wild(self, touch: Touch, folders: Sequence[Path | None]) -> str:
        """Why a pattern is grave that fits everything in a folder which must not be emptied."""
        head, _, name = (touch.word.value or "").rpartition("/")
        if re.sub(r"[*?.\[\]!^]", "", name) or re.search(r"[*?\[]", head):
            return ""
        for place in self._places(Word(text=head, value=head or "."), folders):
            whole = Touch(word=touch.word, kind="removes", is_deep=True)
            if found := grave.of_touch(whole, place, self._root, self._home, self.kept_bytes):
                return found
        return ""

    def _file(self, deed: Deed, word: Word, folders: Sequence[Path | None], text: str) -> None:
        if word.value == "-":
            return
        if word.value is None:
            self.needs.append(_unknown_place(word, text))
            return
        for place in self._places(word, folders):
            if not self._is_free(place):
                self.needs += border.needs(deed, place, text)

    def _secrets(self, word: Word, folders: Sequence[Path | None], text: str, *, has_hidden: bool) -> None:
        """Need a word for the secrets below a folder that is read as a whole, as far as they are soon found."""
        for place in self._places(word, folders):
            if place.where == "inside" and place.path.is_dir():
                for path in _secret_files(place.path, has_hidden=has_hidden):
                    found = border.place(self._root, path)
                    made = border.needs("read", found, text, f"it is below {place.subject}")
                    self.needs += [replace(need, is_found=True) for need in made]

    def _named(self, command: Command, rest: Sequence[Word], via: str) -> None:
        """Need a word for paths outside that other words name, also inside of options."""
        first = command.words[0]
        if self.is_naming:
            self.named += self._mentioned(command.words[1:], command.folders)
        for word in (first, *rest):
            if word.value is None and word.text.startswith("~"):
                self.needs.append(_unknown_place(word, via))
            for text in _paths_in(word, is_first=word is first):
                for place in self._places(Word(text=text, value=text), command.folders):
                    if place.where != "inside" and not self._is_free(place):
                        self.needs += border.needs("read", place, via)

    def _mentioned(self, words: Sequence[Word], folders: Sequence[Path | None]) -> Iterator[Path]:
        """Paths inside the project that words may name, whatever the program makes of them."""
        for word in words[:MOST_NAMES]:
            text = word.value if word.value is not None and "\0" not in word.value else ""
            for each in dict.fromkeys((text, text.rpartition("=")[2])):
                for place in self._places(literal(each), folders) if each else ():
                    if place.where == "inside" and place.subject != "." and place.path.parent.is_dir():
                        yield place.path

    def _folders(self, folders: Sequence[Path | None], text: str) -> None:
        for folder in folders:
            if folder is None:
                why = "the folder that it runs in is not known"
                self.needs.append(Need(deed="outside", subject="(unknown folder)", via=text, why=why))
            elif (place := border.place(self._root, folder)).where != "inside" and not self._is_free(place):
                self.needs += border.needs("read", place, text, "it runs outside the project")

    def _is_free(self, place: Place) -> bool:
        """Whether nobody minds what happens there: a device that keeps nothing, or the folder of its own."""
        path = str(place.path)
        is_own = self._scratch is not None and f"{path}/".startswith(self._scratch)
        return place.where == "outside" and (is_own or border.is_nowhere(path))

    def _places(self, word: Word, folders: Sequence[Path | None], *, is_followed: bool = True) -> Iterator[Place]:
        text = word.value or ""
        for folder in folders:
            if folder is None and not text.startswith("/"):
                why = "the folder that it runs in is not known"
                yield Place(where="unknown", path=Path(os.devnull), subject=text, why=why)
                continue
            for each in names(text, folder or self._root) if word.is_glob else [text]:
                # `~` was taken out before; here it is a name.
                name = f"./{each}" if each.startswith("~") else each
                yield border.place(self._root, name, folder, is_followed=is_followed)


def _secret_files(folder: Path, *, has_hidden: bool) -> Iterator[Path]:
    seen, left = 0, [str(folder)]
    while left and seen < MOST_SEEN:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.name.startswith(".") and not has_hidden:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        left += [entry.path] * (entry.name not in (".git", "node_modules"))
                    elif is_secret(entry.name):
                        yield Path(entry.path)
        except OSError:
            continue


def _unknown_place(word: Word, text: str, lost: str = "") -> Need:
    why = lost or f"which file {word.text} is, is not known"
    return Need(deed="outside", subject=word.text, via=text, why=why, is_grave=bool(lost))


def _shown(word: Word) -> str:
    if word.value is None:
        return word.text
    return word.text if word.is_glob and word.text else shlex.quote(word.value)


def _without_actions(words: Sequence[Word]) -> Iterator[Word]:
    is_inside = False
    for word in words:
        if word.value in ("-exec", "-execdir", "-ok", "-okdir"):
            is_inside = True
        if not is_inside:
            yield word
        if word.value in (";", "+"):
            is_inside = False


def _paths_in(word: Word, *, is_first: bool) -> Iterator[str]:
    """Texts in a word that may be paths which lead out."""
    text = word.value if word.value is not None else word.head
    if "://" in text or (is_first and ("/" not in text or text.startswith(SYSTEM))):
        return
    candidates = {text, text.partition("=")[2], re.sub(r"^-{1,2}\w", "", text) if text.startswith("-") else ""}
    for each in candidates:
        if each == "/" and each is not text:
            continue  # A delimiter, as in `cut -d/`.
        if each == ".." or each.startswith(("/", "../")) or "/.." in each or (each and each is text and "/" in each):
            yield each
