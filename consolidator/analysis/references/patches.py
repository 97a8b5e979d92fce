"""Patches of what moved code reads in the module that it leaves: at its new home they have no effect."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set

from codemods.outcome import Omission
from codemods.removal import read_by
from consolidator.analysis.references.readers import local_name
from consolidator.plan import Move
from consolidator.tree.index import Tree
from consolidator.tree.source import SourceText

_TARGET = r"\(\s*(?:target\s*=\s*)?"
_PATCHED = re.compile(
    rf"(?:patch\w*|object|setattr|delattr){_TARGET}"
    r"(?:[\"'](?P<said>[\w.]+)\.(?P<of_said>\w+)[\"']"
    r"|(?P<known>[\w.]+)\s*,\s*(?:attribute\s*=\s*)?[\"'](?P<of_known>\w+)[\"'])"
)
_ASSIGNED = re.compile(r"^[ \t]*(?P<known>[^\W\d][\w.]*)\.(?P<of_known>\w+)[ \t]*=(?!=)", re.M)
_WORDS = (b"patch", b"setattr")


def lost_patches(tree: Tree, moves: Iterable[Move], paths: Iterable[str]) -> Iterator[Omission]:
    """What some files patch in a module that moved code has left, and that this code reads."""
    leaving: dict[str, set[str]] = defaultdict(set)
    for move in moves:
        module, _, name = move.source.rpartition(".")
        home = tree.find(module) if tree.find(move.source) is None else None
        if home is not None:
            leaving[home].add(name)
    if not leaving:
        return
    read: dict[str, Set[str]] = {}
    patching = (path for path in paths if any(word in tree.read(path) for word in _WORDS))
    for path, line, home, name in replacements(tree, patching, leaving.keys()):
        if home not in read:
            source = tree.source(home)
            text = source.text if isinstance(source, SourceText) else ""
            read[home] = read_by(text, leaving[home]) - leaving[home] if text else frozenset()
        if name in read[home]:
            yield lost(tree, path, line, home, name)


def lost(tree: Tree, path: str, line: int, home: str, name: str) -> Omission:
    """A patch in `path` of a name of the module `home`, which what left that module reads."""
    dotted = f"{tree.module(home)}.{name}"
    why = f"what left {home} reads {dotted} too: to patch it there has no effect on that"
    return Omission(path, line, 0, dotted, "patch", why)


def replacements(
    tree: Tree, paths: Iterable[str], homes: Set[str]
) -> Iterator[tuple[str, int, str, str]]:
    """File, line, module's file and name wherever some code puts something else in the place of a name
    of some modules: `patch("module.name")`, `setattr(module, "name", …)`, `module.name = …`."""
    for path in paths:
        text = tree.read(path).decode("utf-8", "replace")
        spelled: dict[str, str | None] = {}
        for match in _matches(text):
            said = match.groupdict().get("said")
            owner = said or match["known"]
            if owner not in spelled:
                dotted = said or _meant(tree, path, owner)
                spelled[owner] = tree.find(dotted, path) if dotted else None
            home = spelled[owner]
            if home is not None and home in homes and home != path:
                name = match["of_said"] if said else match["of_known"]
                start = match.start(match.lastindex or 0)
                yield path, text.count("\n", 0, start) + 1, home, name


def _matches(text: str) -> Iterator[re.Match[str]]:
    for match in _PATCHED.finditer(text):
        if not text[match.start() - 1 : match.start()].isalnum():  # `dispatch(` is none
            yield match
    yield from _ASSIGNED.finditer(text)


def _meant(tree: Tree, path: str, owner: str) -> str:
    """The dotted name of what a file spells so, as far as imports say it; empty where none does."""
    head, dot, rest = owner.partition(".")
    facts = tree.facts(path)
    for fact in facts.imports if facts else ():
        source = tree.absolute(path, fact.level, fact.module)
        if source is not None and local_name(fact) == head:
            whole = f"{source}.{fact.name}" if fact.name else source
            return f"{whole if fact.name or fact.asname else head}{dot}{rest}"
    return ""
