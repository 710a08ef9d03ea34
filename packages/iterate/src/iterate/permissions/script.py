"""A shell command taken apart: every simple command in it, every file it opens, and where each of them runs.

The grammar is tree-sitter's, the judge is bash: where the two may read a text differently, or where it does something
that no table here knows, there is a `Problem`, and a problem asks.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from iterate.permissions import heredoc
from iterate.permissions import words as word_reading
from iterate.permissions.steps import Command, Opened, Problem, Script, Shown, Step, parsed
from iterate.permissions.variables import DYNAMIC, SECRET_NAME, SETTERS, SHELL_VARIABLES
from iterate.permissions.whereabouts import MOVES, Whereabouts, joined
from iterate.permissions.words import Word

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 60
MOST_ROUNDS = 8
# Words that are grammar where a command begins; as the name of a command they show that the tree is wrong.
KEYWORDS = frozenset(
    {
        "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function",
        "select", "{", "}", "[[", "]]", "!",
    }
)  # fmt: skip
_BLANK = re.compile(r"(?:[ \t\n]|\\\n)*[ \t\n](?:[ \t\n]|\\\n)*")
_PLAIN_EXPANSION = re.compile(r"\$\{#?[A-Za-z_]\w*(?:(?::?[-+?]|##?|%%?|//?|\^\^?|,,?)[^@]*|:\s*\d+(?::\d+)?)?\}")


def read(
    text: str,
    folders: Iterable[Path | None],
    environment: Mapping[str, str],
    home: str,
    outer: frozenset[str] = frozenset(),
) -> Script:
    """The steps of a text that bash would run; `outer` are the functions that were defined around it."""
    folders = tuple(folders)
    root = parsed(text)
    if isinstance(root, Problem):
        return Script(steps=(root,))
    source = text.encode()
    reader = _Reader(source, folders, environment, home, outer)
    if len(folders) == 1 and folders[0] is not None:
        reader.stands_in(folders[0])
    reader.prepare(root)
    reader.visit(root, 0)
    return Script(steps=tuple(reader.steps))


class _Reader:
    def __init__(
        self,
        source: bytes,
        folders: tuple[Path | None, ...],
        environment: Mapping[str, str],
        home: str,
        outer: frozenset[str],
    ) -> None:
        self.steps: list[Step] = []
        self._where = Whereabouts(folders, environment, home)
        self._source = source
        self._environment = environment
        self._home = home
        self._variables: dict[str, str | None] = {n: v for n, v in environment.items() if not DYNAMIC.fullmatch(n)}
        self._counts: dict[str, int] = {}
        self.functions: set[str] = set(outer)
        self._moves = re.search(rb"\b(?:cd|pushd|popd|eval|source)\b|(?:^|[\s;&|])\.\s", source) is not None
        # Whether somebody writes into the input of what comes, and the text that says what.
        self._is_fed, self._fed = False, ""
        compound, assignment = self._compound, self._assignment
        self._kinds: dict[str, Callable[[Node, int], None]] = {
            **dict.fromkeys(("program", "compound_statement", "do_group", "if_statement"), compound),
            **dict.fromkeys(("else_clause", "elif_clause", "negated_command", "case_statement", "case_item"), compound),
            **dict.fromkeys(("variable_assignment", "variable_assignments"), assignment),
            "list": self._list,
            "pipeline": self._pipeline,
            "while_statement": self._loop,
            "for_statement": self._for,
            "redirected_statement": self._redirected,
            "command": self._command,
            "declaration_command": self._declaration,
            "unset_command": self._unset,
            "test_command": self._test,
            "c_style_for_statement": self._counting,
        }

    def stands_in(self, folder: Path) -> None:
        """It begins there for sure, so $PWD is known until it goes elsewhere."""
        self._variables["PWD"] = str(folder)

    def prepare(self, root: "Node") -> None:
        """Find what is assigned anywhere: it is unknown until one place alone says what it is."""
        nodes = [root]
        while nodes:
            node = nodes.pop()
            nodes += node.children
            name = None
            if node.type in ("variable_assignment", "for_statement"):
                name = node.child_by_field_name("name") or node.child_by_field_name("variable")
            elif node.type in ("declaration_command", "unset_command", "command"):
                self._assigned_by_words(node)
            if name is not None:
                text = re.split(r"\W", self._text(name))[0]
                self._counts[text] = self._counts.get(text, 0) + 1
                self._variables[text] = None
        if re.search(rb"\b(?:eval|source)\b|(?:^|[\s;&|])\.\s|:?=[^}]*\}", self._source):
            # Anything may be assigned there.
            self._variables = dict.fromkeys(self._variables)

    def _assigned_by_words(self, node: "Node") -> None:
        # read, declare, getopts, printf -v ...: any word that could be a name may be one.
        for name in re.findall(r"[A-Za-z_]\w*", self._text(node)):
            if node.type != "command" or SETTERS.search(self._text(node)):
                self._counts[name] = 2
                self._variables[name] = None

    def _text(self, node: "Node") -> str:
        return self._source[node.start_byte : node.end_byte].decode()

    def _problem(self, node: "Node", why: str) -> None:
        self.steps.append(Problem(text=self._text(node), why=why))

    def visit(self, node: "Node", depth: int) -> None:
        """Take apart one statement."""
        if depth > DEEPEST:
            self._problem(node, "it is nested too deep")
            return
        match node.type:
            case "subshell" | "command_substitution" | "process_substitution":
                text = self._text(node)
                # bash takes $'...' out too early in there, and reads what it held as commands.
                if node.type != "subshell" and ("$'" in text or not heredoc.is_last(text)):
                    self._problem(node, "bash reads its substitution in another way")
                before = self._where.possible
                self._compound(node, depth + 1)
                self._where.possible = before
            case "function_definition":
                body = node.child_by_field_name("body")
                if body is not None:
                    self._apart(body, depth + 1)
                for each in node.children_by_field_name("redirect"):
                    self._redirect(each, depth + 1)
                self._defined(node)
            case "comment" | "heredoc_body":
                pass
            case "((" if not node.is_named:
                self._problem(node, "it is calculated")
            case kind if node.is_named:
                self._kinds.get(kind, self._words_of_one)(node, depth + 1)
            case _:
                pass

    def _compound(self, node: "Node", depth: int) -> None:
        if node.type == "compound_statement" and self._text(node).startswith("(("):
            self._arithmetic(node)
            return
        if node.type == "compound_statement" and not re.match(r"\{\s", self._text(node)):
            self._problem(node, "its braces are a word")
        for child in node.children:
            self.visit(child, depth)

    def _list(self, node: "Node", depth: int) -> None:
        """Statements with `&&` between them: behind a `cd` it is there, because else they would not run."""
        chain = _chain(node)
        if len(chain) == 1:
            self._compound(node, depth)
            return
        before = self._where.possible
        for each in chain:
            self._where.stay()
            self.visit(each, depth)
            if each.type == "command" and self._where.reached:
                self._where.possible = self._where.reached
        self._where.possible = joined(before, self._where.possible)

    def _pipeline(self, node: "Node", depth: int) -> None:
        before, outer = (self._is_fed, self._fed), self._where.possible
        for number, child in enumerate(node.named_children):
            if number:
                self._is_fed, self._fed = True, self._text(node)
            self.visit(child, depth)
        self._is_fed, self._fed = before
        self._where.possible = joined(outer, self._where.possible)

    def _unset(self, node: "Node", depth: int) -> None:
        self._words_of(node, depth)
        if "[" in self._text(node):
            self._problem(node, "an index is calculated")

    def _defined(self, node: "Node") -> None:
        """From here on its name is a function, if it surely is defined: not in a branch, a pipe or the background."""
        name = node.child_by_field_name("name")
        if name is not None and self._is_sure(node):
            self.functions.add(self._text(name))

    def _is_sure(self, node: "Node") -> bool:
        """Whether a statement surely ran, in this very shell, when the ones behind it do."""
        parent, after = node.parent, node.next_sibling
        is_plain = parent is not None and parent.type == "program" and (after is None or after.type in (";", "\n"))
        return is_plain and not re.search(rb"\bunset\b", self._source)

    def _loop(self, node: "Node", depth: int, body: "Node | None" = None) -> None:
        if re.search(r"\b(?:cd|pushd|popd)\b", self._text(node)):
            self._where.lose()
        for child in [body] if body is not None else node.children:
            self.visit(child, depth)

    def _apart(self, body: "Node", depth: int) -> None:
        """The body of a function, which runs wherever it is called."""
        before = self._where.possible
        if self._moves:
            self._where.lose()
        fed, self._is_fed = self._is_fed, True
        self.visit(body, depth)
        self._where.possible, self._is_fed = joined(before, self._where.possible), fed

    def _counting(self, node: "Node", depth: int) -> None:
        self._problem(node, "names are calculated")
        body = node.child_by_field_name("body")
        if body is not None:
            self._loop(node, depth, body)

    def _for(self, node: "Node", depth: int) -> None:
        name = node.child_by_field_name("variable")
        body = node.child_by_field_name("body")
        given = node.children_by_field_name("value")
        values = [word for each in given for word in self._word(each, depth)]
        if name is None or body is None or not all(self._is_apart(one, other) for one, other in pairwise(given)):
            self._problem(node, "its loop is not understood")
            return
        key = self._text(name)
        is_known = all(word.value is not None and not word.is_glob for word in values)
        once = self._counts.get(key) == 1 and is_known and 0 < len(values) <= MOST_ROUNDS
        for word in values if once else [None]:
            self._variables[key] = word.value if word else None
            self._loop(node, depth, body)
        self._variables[key] = None

    def _redirected(self, node: "Node", depth: int) -> None:
        redirects = node.children_by_field_name("redirect")
        body = node.child_by_field_name("body")
        before = (self._is_fed, self._fed)
        if any(not self._text(each).lstrip("0123456789").startswith(">") for each in redirects):
            self._is_fed, self._fed = True, self._text(node)
        if body is not None:
            self.visit(body, depth)
        self._is_fed, self._fed = before
        for each in redirects:
            self._redirect(each, depth)

    def _redirect(self, node: "Node", depth: int) -> None:
        match node.type:
            case "file_redirect":
                self._file(node, depth)
            case "herestring_redirect":
                for child in node.named_children:
                    self._word(child, depth)
            case "heredoc_redirect":
                self._heredoc(node, depth)
            case _:
                self._problem(node, "its redirection is not understood")

    def _file(self, node: "Node", depth: int) -> None:
        operator = next((child.type for child in node.children if not child.is_named), "")
        targets = [word for each in node.children_by_field_name("destination") for word in self._word(each, depth)]
        for word in targets:
            is_copy = operator in (">&", "<&", "<&-", ">&-") and re.fullmatch(r"\d+-?|-", word.value or "")
            if is_copy or (word.value is None and word.text.startswith((">(", "<("))):
                continue
            self.steps.append(
                Opened(
                    deed="read" if operator in ("<", "<&") else "edit",
                    word=word,
                    text=self._text(node),
                    folders=self._where.possible,
                    is_emptied=operator in (">", ">|", "&>", ">&"),
                )
            )
        if operator not in ("<", ">", ">>", ">|", "&>", "&>>", ">&", "<&", "<&-", ">&-") or len(targets) > 1:
            self._problem(node, "its redirection is not understood")

    def _heredoc(self, node: "Node", depth: int) -> None:
        start = next((self._text(child) for child in node.children if child.type == "heredoc_start"), "'")
        is_literal = bool(re.search(r"['\"\\]", start))
        for child in node.children:
            if child.type == "heredoc_body":
                if not is_literal:
                    self._inner(child, depth)
                    if not heredoc.is_understood(child, self._source):
                        self._problem(child, "its here-document starts something that is not understood")
            elif child.type == "file_redirect":
                self._redirect(child, depth)
            elif child.type in ("pipeline", "list", "command", "redirected_statement"):
                self.visit(child, depth)
            elif child.is_named and child.type not in ("heredoc_start", "heredoc_end", "file_descriptor"):
                # What follows on the line of the `<<`.
                self._problem(child, "what follows a here-document on its line is not understood")
        if not heredoc.ends_where_bash_ends_it(node, start, self._source):
            self._problem(node, "where its here-document ends is not understood")

    def _inner(self, node: "Node", depth: int) -> None:
        """What is started inside a word."""
        if depth > DEEPEST:
            self._problem(node, "it is nested too deep")
            return
        for child in node.children:
            match child.type:
                case "command_substitution" | "process_substitution":
                    before = self._is_fed
                    self._is_fed = True
                    self.visit(child, depth)
                    self._is_fed = before
                case "arithmetic_expansion":
                    self._arithmetic(child)
                    self._inner(child, depth + 1)
                case "expansion" | "simple_expansion":
                    self._expansion(child)
                    self._inner(child, depth + 1)
                case _:
                    self._inner(child, depth + 1)

    def _arithmetic(self, node: "Node") -> None:
        # A name in there is calculated, and what its value says is run: a[$(...)].
        if re.search(r"[^\d\s+\-*/%()<>=!&|^~?:,$]", self._text(node)):
            self._problem(node, "names are calculated")

    def _expansion(self, node: "Node") -> None:
        text = self._text(node)
        name = re.match(r"\$\{?(\w+)", text)
        if name and name[1] in self._environment and SECRET_NAME.search(name[1]):
            self.steps.append(Shown(name=name[1], text=text))
        if node.type == "expansion" and not _PLAIN_EXPANSION.fullmatch(text):
            self._problem(node, "its expansion may run something")

    def _word(self, node: "Node", depth: int) -> list[Word]:
        if node.type in ("command_substitution", "process_substitution"):
            before, self._is_fed = self._is_fed, True
            self.visit(node, depth + 1)
            self._is_fed = before
        elif node.type == "arithmetic_expansion":
            self._arithmetic(node)
            self._inner(node, depth + 1)
        else:
            if node.type in ("expansion", "simple_expansion"):
                self._expansion(node)
            self._inner(node, depth + 1)
        if not _is_one(node) or (node.type == "word" and re.search(r"(?<!\\)\s", self._text(node))):
            self._problem(node, "where its words end is not understood")
        return word_reading.read(node, self._source, self._variables, self._home)

    def _words_of(self, node: "Node", depth: int) -> list[Word]:
        return [word for child in node.named_children for word in self._word(child, depth)]

    def _words_of_one(self, node: "Node", depth: int) -> None:
        """Something named that is no statement: the value of a `case`, a pattern, a condition."""
        known = {
            "word", "string", "raw_string", "ansi_c_string", "concatenation", "simple_expansion", "expansion", "number",
            "extglob_pattern", "regex", "variable_name", "translated_string", "arithmetic_expansion",
        }  # fmt: skip
        self._word(node, depth)
        if node.type not in known:
            self._problem(node, f"{node.type.replace('_', ' ')} is not understood")

    def _command(self, node: "Node", depth: int) -> None:
        words: list[Word] = []
        assigned: list[tuple[str, Word]] = []
        fed = self._is_fed
        before: Node | None = None
        for child in node.children:
            if child.type == "variable_assignment":
                assigned += self._values(child, depth)
            elif child.type.endswith("_redirect"):
                self._redirect(child, depth)
                fed = fed or not self._text(child).lstrip("0123456789").startswith(">")
            elif child.type in ("(", ")") or (not child.is_named and child.type not in ("$", "==", "=~")):
                self._problem(node, "its words are not understood")
            else:
                if before is not None and not self._is_apart(before, child):
                    self._problem(node, "where its words end is not understood")
                words += self._word(child, depth)
            before = child
        if re.search(r"\S\\\n", self._text(node)):
            self._problem(node, "a line goes on in the middle of a word")
        if words:
            self._said(node, words, assigned, is_fed=fed)

    def _is_apart(self, one: "Node", other: "Node") -> bool:
        """Whether there is a blank between two words: else bash may take them for one."""
        return _BLANK.fullmatch(self._source[one.end_byte : other.start_byte].decode()) is not None

    def _said(self, node: "Node", words: list[Word], assigned: list[tuple[str, Word]], *, is_fed: bool) -> None:
        name = words[0].value
        if name in KEYWORDS:
            self._problem(node, "its grammar is not understood")
        if name in MOVES:
            self._variables["PWD"] = None
            self._where.move(words)
        elif name not in self.functions or name is None:
            self.steps.append(
                Command(
                    words=tuple(words),
                    assigned=tuple(assigned),
                    text=self._text(node),
                    folders=self._where.possible,
                    is_fed=is_fed,
                    fed=(self._fed or self._text(node)) if is_fed else "",
                )
            )
        if name in ("eval", "source", ".") and self._moves:
            self._where.lose()

    def _values(self, node: "Node", depth: int) -> list[tuple[str, Word]]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        text = self._text(name) if name is not None else self._text(node)
        if not re.fullmatch(r"[A-Za-z_]\w*", text):
            self._inner(node, depth)
            self._problem(node, "an index is calculated")
        if value is None:
            return [(text, word_reading.literal(""))]
        if value.type == "array":
            self._words_of(value, depth)
            return [(text, word_reading.unknown())]
        words = self._word(value, depth)
        return [(text, words[0] if len(words) == 1 else word_reading.unknown(self._text(value)))]

    def _assignment(self, node: "Node", depth: int) -> None:
        each = [node] if node.type == "variable_assignment" else node.named_children
        for name, word in (pair for one in each for pair in self._values(one, depth)):
            if name in self._environment or SHELL_VARIABLES.fullmatch(name):
                self._problem(node, f"{name} changes what later commands do")
            if self._counts.get(name) == 1 and self._is_sure(node) and not DYNAMIC.fullmatch(name):
                self._variables[name] = None if word.is_glob else word.value

    def _declaration(self, node: "Node", depth: int) -> None:
        kind = node.children[0].type if node.children else ""
        if not node.named_children:
            self._problem(node, "it shows the environment, which may hold keys")
        plain = 0
        for child in node.named_children:
            if child.type == "variable_assignment":
                for name, word in self._values(child, depth):
                    if kind == "export":
                        # As if it stood before every command that follows.
                        self.steps.append(
                            Command(
                                words=(word_reading.literal("export"),),
                                assigned=((name, word),),
                                text=self._text(node),
                                folders=self._where.possible,
                            )
                        )
                    elif name in self._environment or SHELL_VARIABLES.fullmatch(name):
                        self._problem(node, f"{name} changes what later commands do")
            else:
                plain += 1
                self._word(child, depth)
        if re.search(r"\s-\w*[iInx]|\s-p", self._text(node)) or (plain and "[" in self._text(node)):
            self._problem(node, "what it declares is not understood")

    def _test(self, node: "Node", depth: int) -> None:
        self._inner(node, depth)
        if not re.match(r"\[\[?\s", self._text(node)) or "<<" in self._text(node):
            self._problem(node, "its brackets are a word, or hold a here-document")
        if re.search(r"\s-(?:v|R|eq|ne|lt|le|gt|ge)\s", self._text(node)) and re.search(
            r"\s-[vR]\s|\[\[.*[A-Za-z_$]\w*.*-(?:eq|ne|lt|le|gt|ge)|-(?:eq|ne|lt|le|gt|ge)\s+[^\d\s-]", self._text(node)
        ):
            self._problem(node, "names are calculated")


def _chain(node: "Node") -> list["Node"]:
    """What `&&` alone joins, in order."""
    match node.children:
        case [left, between, right] if node.type == "list" and between.type == "&&":
            return [*_chain(left), right]
        case _:
            return [node]


def _is_one(node: "Node") -> bool:
    """Whether the pieces of a word lie side by side, as bash wants them."""
    if node.type not in ("concatenation", "command_name"):
        return True
    return all(one.end_byte == other.start_byte for one, other in pairwise(node.children))
