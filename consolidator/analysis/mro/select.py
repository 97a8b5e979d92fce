"""Which files can hold the classes that were asked for, found by their bytes before any parse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from consolidator.tree.index import Tree

_WORD = re.compile(r"[^\W]+")
_BRACKET = re.compile(r"\[[^]]*\]")


def matches(qualname: str, patterns: Sequence[str]) -> bool:
    """Whether a qualname fits one of the globs (case counts); no glob fits everything."""
    return not patterns or any(fnmatchcase(qualname, pattern) for pattern in patterns)


def candidates(tree: Tree, patterns: Sequence[str]) -> list[str]:
    """Files whose module name and content together hold every literal part of one of the globs."""
    if not patterns:
        return list(tree.paths)
    found: set[str] = set()
    for pattern in patterns:
        found.update(_candidates(tree, _words(pattern)))
    return sorted(found)


def _words(pattern: str) -> list[str]:
    """Pieces of a glob that every matching qualname holds, longest first."""
    literal = _BRACKET.sub("*", pattern).replace("<locals>", "*")
    return sorted(set(_WORD.findall(literal)), key=lambda word: (-len(word), word))


def _candidates(tree: Tree, words: Sequence[str]) -> Iterable[str]:
    # A qualname is made of the module's name and of names after `class` and `def`, nothing else.
    paths: list[str] = list(tree.paths)
    for word in words:
        header = re.compile(rb"\b(?:class|def)[\s\\]+\w*" + re.escape(word.encode()))
        in_name = {path for path in paths if word in tree.module(path)}
        in_bytes = tree.containing(word, paths=[path for path in paths if path not in in_name])
        defined = (path for path in in_bytes if header.search(tree.read(path)))
        paths = sorted(in_name.union(defined))
    return paths
