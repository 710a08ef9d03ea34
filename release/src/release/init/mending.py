"""Words of a project as outlets take them: its summary, and its licence as SPDX names it."""

import re
import unicodedata
from collections.abc import Iterable

from release.errors import ConfigInvalidError, ReleaseError
from release.packagers import homebrew, licences

_BEGUN = r"\s(?:and|or|of|to|for|in|on|with|by|from|at|as|that|which|using|via)\s"
# Words that end with a full stop which ends no sentence; those with another inside, as "e.g.", are known by it.
_SHORTENED = frozenset({"etc", "vs", "cf", "incl", "approx", "resp", "dr", "mr", "mrs", "st", "inc", "ltd", "co", "no"})
_LEADING = (
    r"\s\(?(?:and|or|the|an?|of|to|for|in|on|with|by|from|that|which|is|as|at|like|such|"
    r"including|e\.g|i\.e|incl|eg|ie)$"
)
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
# The one word that a classifier of PyPI stands for. Those of the BSD family and "GPL" without a version name several.
_CLASSIFIERS = {
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "Artistic License": "Artistic-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "University of Illinois/NCSA Open Source License": "NCSA",
    "zlib/libpng License": "Zlib",
    "Zope Public License": "ZPL-2.1",
}
# What people write in the older field of metadata, without marks and the word "license".
_WORDS = {
    "mit": "MIT",
    "expat": "MIT",
    "isc": "ISC",
    "apache2": "Apache-2.0",
    "apache20": "Apache-2.0",
    "apachev2": "Apache-2.0",
    "apachesoftware20": "Apache-2.0",
    "bsd2clause": "BSD-2-Clause",
    "bsd3clause": "BSD-3-Clause",
    "3clausebsd": "BSD-3-Clause",
    "2clausebsd": "BSD-2-Clause",
    "newbsd": "BSD-3-Clause",
    "modifiedbsd": "BSD-3-Clause",
    "simplifiedbsd": "BSD-2-Clause",
    "gplv3": "GPL-3.0-only",
    "gplv3+": "GPL-3.0-or-later",
    "gplv2": "GPL-2.0-only",
    "gplv2+": "GPL-2.0-or-later",
    "lgplv3": "LGPL-3.0-only",
    "lgplv3+": "LGPL-3.0-or-later",
    "agplv3": "AGPL-3.0-only",
    "agplv3+": "AGPL-3.0-or-later",
    "mpl20": "MPL-2.0",
    "mozillapublic20": "MPL-2.0",
    "unlicense": "Unlicense",
    "zlib": "Zlib",
}
# Sentences that stand in one licence's text and no other's; the narrower before the wider.
_SENTENCES = (
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("MPL-2.0", r"Mozilla Public License,? [Vv]ersion 2\.0"),
    ("AGPL-3.0-only", r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3"),
    ("LGPL-3.0-only", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3"),
    ("LGPL-2.1-only", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1"),
    ("GPL-3.0-only", r"GNU GENERAL PUBLIC LICENSE\s+Version 3"),
    ("GPL-2.0-only", r"GNU GENERAL PUBLIC LICENSE\s+Version 2"),
    ("Unlicense", r"This is free and unencumbered software released into the public domain"),
    ("0BSD", r"for any purpose with or without fee is hereby granted\. +THE SOFTWARE"),
    ("MIT-0", r"to whom the Software is furnished to do so\. +THE SOFTWARE IS PROVIDED"),
    ("ISC", r"Permission to use, copy, modify,? and/?(?:or)? distribute this software for any purpose"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD-4-Clause", r"Redistribution and use in source and binary forms.*All advertising materials mentioning"),
    ("BSD-3-Clause-Modification", r"Redistribution and use in source and binary forms.*modified files to carry"),
    (
        "BSD-3-Clause",
        r"Redistribution and use in source and binary forms.*(?:Neither the name|may not be used to endorse)",
    ),
    ("BSD-2-Clause", r"Redistribution and use in source and binary forms"),
)


def summary(text: str, name: str) -> str:
    """A summary that all outlets take: no article, name or full stop, no more than 80 characters; empty for none."""
    found = " ".join(
        "".join(each for each in text if unicodedata.category(each) not in {"So", "Cc", "Cf"} or each.isspace()).split()
    )
    bare = _without_name(_ARTICLE.sub("", found), name)
    # "Otter that swims" is a verb without its name.
    found = (
        bare if bare == _ARTICLE.sub("", found) else re.sub(r"^(?:that|which|who)\s+", "", bare, flags=re.IGNORECASE)
    )
    found = _ARTICLE.sub("", found).strip(" -:,;")
    found = re.sub(r"command ?line", "command-line", found, flags=re.IGNORECASE)
    found = _short(found.rstrip(". "))
    found = _capital(found)
    return found if _is_fit(found, name) else ""


def _without_name(text: str, name: str) -> str:
    """Without `name is a ...`, `name: ...` or `name - ...` at the start."""
    word = r"[\s_-]?".join(map(re.escape, re.split(r"[-_]", name)))
    return re.sub(rf"^{word}\b\s*(?:\([^)]*\)\s*)?(?:is\s+|[-–—:,]+\s*)?", "", text, flags=re.IGNORECASE)  # noqa: RUF001


def _short(text: str) -> str:
    """Its first sentence if it is too long, else what comes before a comma or bracket, else whole words."""
    if len(text) <= homebrew.DESC_LENGTH:
        return text
    sentences = [match.start() for match in re.finditer(r"(?<=\w)[.!?]\s", text) if _is_end(text, match.start())]
    marks = (r"\s[(–—-]\s?|;\s|:\s", r",\s")  # noqa: RUF001
    for ends in (sentences, *([match.start() for match in re.finditer(mark, text)] for mark in marks)):
        parts = [end for end in ends if end <= homebrew.DESC_LENGTH]
        if parts and parts[-1] >= homebrew.DESC_LENGTH // 4:
            return _whole(text[: parts[-1]])
    cut = text[: homebrew.DESC_LENGTH + 1].rpartition(" ")[0].rstrip(" .,;:-")
    if (whole := _whole(cut)) != cut:
        return whole
    # In the middle of "from several sites": what comes before it is whole.
    begun = [match.start() for match in re.finditer(_BEGUN, cut)]
    return cut[: begun[-1]].rstrip(" ,;:-") if begun and begun[-1] >= homebrew.DESC_LENGTH // 2 else cut


def _is_end(text: str, at: int) -> bool:
    """Whether a full stop ends a sentence: it is none of an abbreviation, and nothing small follows."""
    word = text[:at].rpartition(" ")[2].strip("(\"'").lower()
    is_short = text[at] == "." and ("." in word or len(word) == 1 or word in _SHORTENED)
    return not is_short and not text[at + 1 :].lstrip()[:1].islower()


def _whole(cut: str) -> str:
    """Without what leads to words that are cut off."""
    cut = cut.rstrip(" .,;:-")
    while (end := re.search(_LEADING, cut, re.IGNORECASE)) is not None:
        cut = cut[: end.start()].rstrip(" .,;:-(")
    return cut


def _capital(text: str) -> str:
    first = text.partition(" ")[0]
    return text if first in {"iOS", "iPhone", "macOS"} else text[:1].upper() + text[1:]


def _is_fit(text: str, name: str) -> bool:
    try:
        homebrew.description(text, name)
    except ConfigInvalidError:
        return False
    return True


def licence(said: str, classifiers: Iterable[str], text: str) -> str:
    """The SPDX expression of a licence; empty where nobody can tell.

    Args:
        said: the expression, or what the older field of metadata says.
        classifiers: of the metadata.
        text: the licence's own.
    """
    if said and len(said) < 100 and _is_spdx(said):  # noqa: PLR2004  # the older field may hold a whole text
        return said
    named = {_CLASSIFIERS.get(each, "") for each in classified(classifiers)}
    if len(named) > 1:  # whether all of them hold, or each by itself, nothing but words can say
        either = "" not in named and re.search(r"\bor\b|/|\bdual", said, re.IGNORECASE)
        return " OR ".join(sorted(named)) if either else ""
    if named - {""}:
        return named.pop()
    short = re.sub(r"[^a-z0-9+]|licen[cs]e|version|the", "", said.lower()) if len(said) < 100 else ""  # noqa: PLR2004
    if short in _WORDS:
        return _WORDS[short]
    plain = " ".join(f"{said} {text}".split())
    return next((name for name, sentence in _SENTENCES if re.search(sentence, plain, re.IGNORECASE)), "")


def classified(classifiers: Iterable[str]) -> tuple[str, ...]:
    """The licences that classifiers name."""
    tails = (each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::"))
    return tuple(dict.fromkeys(each for each in tails if each != "OSI Approved"))


def _is_spdx(text: str) -> bool:
    try:
        licences.parse(text)
    except ReleaseError:
        return False
    return True
