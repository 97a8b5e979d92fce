"""Whether a file that holds a moved name as a word can refer to it at all: asked of its imports and its
text, before it is parsed.

Most files that say `Manager` mean another one. To be left out, a file must have no import that leads to
a move and no chain of names that could. What is asked here is wider than what the rewrite does: a chain
counts whatever stands between its names and whatever scope they are read in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Set
from itertools import islice
from typing import NamedTuple

from codemods.computed import OWN_LOOKUPS
from codemods.lazy import IMPORTERS
from codemods.loose import WHOLE
from codemods.mentions import find_mentions, places, said
from codemods.positions import Positions
from consolidator.analysis.references.bare_imports import leaves_effects
from consolidator.analysis.references.file_moves import FileMoves
from consolidator.analysis.references.paths import may_join_paths, path_mentions
from consolidator.analysis.references.routes import Routes
from consolidator.tree.facts import ModuleFacts
from consolidator.tree.parse import LIBCST
from consolidator.tree.source import SourceText

_CHAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_RUN = re.compile(r"[\w.\s\"'()\\]+")
"""All that the names of a chain, and what may stand between them, consist of."""
_JUNK = r"[\s\"'()\\]+"
_APART = re.compile(rf"(?<![\s\"'()\\]){_JUNK}\.(?:{_JUNK})?|\.{_JUNK}")
"""A dot with other things beside it than names: another line, a closing bracket or quote, as in
`a . b`, `(a.b).c`, `import_module("a.b").c` and `"a.b." "c"`."""
_DOT = re.compile(rf"(?:{_JUNK})?\.")
"""What joins a word to another one behind it; backwards, to one before it."""
_AROUND_COMMENT = (
    re.compile(r"#.*\n\s*\.\s*[^\W\d]"),
    re.compile(r"\.[ \t]*#.*\n\s*[^\W\d]"),
)
"""A chain of names with a comment in it, as two patterns: each is found by its first character."""
_TELLS = frozenset("\"'`{}<>\\~!")
_IN_CODE = re.compile(r"(?:\b(?:import|from)|-m)\s+\Z")
_NEAR = 30
"""Characters before a word in which an `import` is looked for: more blanks than that stand nowhere."""
_MOST = 1000
"""Names from which on parsing a file costs less than following each, as in a package that lists hundreds."""
_FAR = 200
"""Characters in which the arguments of a call are looked for."""
_COMPUTED = re.compile(
    rf"\b(?:{'|'.join(sorted(IMPORTERS))})\(\s*(?![\"'][^\"'\n]*[\"']\s*[,)])(.{{1,{_FAR}}})", re.S
)
"""A call of an importer with anything but one literal, and what follows: more than its arguments."""
_FUNCTION = re.compile(r"^([ \t]*)(?:async[ \t]+)?def[ \t]+(\w+)", re.M)
_UNFINISHED = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t(]*[\"'{]")
_OPEN = re.compile(r" import \(?[\"'{]")
"""What code that is written has where an import ends before its names."""
MAY_COMPUTE = re.compile(rb"import(?:_module\(|__\(| \(?[\"'{])")
"""What a file has that computes an import; one pattern that begins with a word, as looking for each way of
writing it takes six times as long."""
_WORD = re.compile(r"[^\W\d]\w*")
_QUOTED = re.compile(r"\.*[^\W\d][\w.]*")


def can_refer(routes: Routes, path: str) -> bool:
    """Whether a rewrite may find anything in a file; False is certain."""
    facts, source = routes.tree.facts(path), routes.tree.source(path)
    if facts is None or facts.parser == LIBCST or not isinstance(source, SourceText):
        return True
    moves = FileMoves(routes, path)
    if (
        moves.old_module
        or _uses_own(routes, path, source.text)
        or _imports_moved(routes, path, facts, moves, source.text)
        or any(pattern.search(source.text) for pattern in _AROUND_COMMENT)
        or any(path_mentions(routes.files.paths, source.text))
        or computes_import(routes, path, source.text)
        or leaves_effects(routes, path, facts)
    ):
        return True
    text = _without_imports(source, facts)  # one text for all that ask for its words
    names = set(islice(_names(routes, path, facts, text), _MOST))
    return (
        len(names) == _MOST
        or any(_leads(routes, path, name) for name in names)
        or next(find_mentions(text, moves), None) is not None
        or may_join_paths(routes, text)
        or any(f'"{label}.' in text or f"'{label}." in text for label in routes.labels.sources)
        or _finds_by_name(routes, text, moves)
    )


def computes_import(routes: Routes, path: str, text: str) -> bool:
    """Whether an import of a name that is put together may mean a module that moves or that moved names
    leave: it, or a call of the function around it, says a part of that module's name, or it counts from a
    package above it; or code that is written imports names from there which are put together."""
    imports = any(name in text for name in IMPORTERS)
    for match in _COMPUTED.finditer(text) if imports else ():
        asked = [match[1], *_given(text, match.start())]
        if any(not routes.module_parts.isdisjoint(_WORD.findall(said_here)) for said_here in asked):
            return True
        is_own = "__package__" in match[1] or "__name__" in match[1]
        if is_own and _is_above(routes, path):
            return True
    written = _OPEN.search(text) is not None
    return written and any(match[1] in routes.holders for match in _UNFINISHED.finditer(text))


def _given(text: str, place: int) -> Iterator[str]:
    """What follows each call of the functions around a place: more than their arguments."""
    inside = place - text.rfind("\n", 0, place) - 1
    line = text[place - inside : place]
    inside = len(line) - len(line.lstrip())
    for function in reversed(list(_FUNCTION.finditer(text, 0, place))):
        if len(function[1]) < inside:
            inside = len(function[1])
            for start, end in places(text, [function[2]]):
                if text[end : end + 1] == "(" and start != function.start(2):
                    yield text[end : end + _FAR]


def _finds_by_name(routes: Routes, text: str, moves: FileMoves) -> bool:
    """Whether a string of a file may be the name by which a class that is renamed is looked up."""
    finds, names = routes.registers.possible(text)
    return any(moves.found_by_name(name, for_certain=finds) for name in names)


def _is_above(routes: Routes, path: str) -> bool:
    own = routes.tree.module(path)
    package = own if routes.tree.is_package(path) else own.rpartition(".")[0]
    return any(f"{source}.".startswith((f"{own}.", f"{package}.")) for source in routes.targets)


def _uses_own(routes: Routes, path: str, text: str) -> bool:
    """Whether a module says one of its own moved names outside of what moves."""
    module = routes.tree.module(path)
    if module not in routes.holders:
        return False
    if any(word in text for word in OWN_LOOKUPS):
        return True
    moved, positions = routes.moved_lines(path), Positions(text)
    lines = (positions.place(start)[0] for start, _ in places(text, routes.leaving[module]))
    return any(not any(first <= line <= last for first, last in moved) for line in lines)


def _imports_moved(
    routes: Routes, path: str, facts: ModuleFacts, moves: FileMoves, text: str
) -> bool:
    for fact in facts.imports:
        source = routes.tree.absolute(path, fact.level, fact.module)
        if source is None:
            continue
        if moves.imported(source, source):
            return True
        if fact.name == "*":
            names = moves.star(source).keys()
            if said(text, names) or any(map(moves.used_elsewhere, names)):
                return True
        elif fact.name == "__all__":
            if moves.holds_moved(source):
                return True
        elif fact.name and moves.imported(f"{source}.{fact.name}", source):
            return True
    return False


def _without_imports(source: SourceText, facts: ModuleFacts) -> str:
    """The text of a file without its import statements, of which its facts tell more."""
    spans = {(f.line, f.column, f.end_line, f.end_column) for f in facts.imports}
    parts, end = [], 0
    for line, column, end_line, end_column in sorted(spans):
        parts.append(source.text[end : source.offset(line, column)])
        end = source.offset(end_line, end_column)
    return ";".join([*parts, source.text[end:]])


class _Name(NamedTuple):
    """A dotted name that code or strings of a file can mean."""

    dotted: str
    is_whole: bool = True
    """Whether it may stand for itself, so that a module handed on whole is one. The beginning of a longer
    chain does not."""


def _leads(routes: Routes, path: str, name: _Name) -> bool:
    is_module = name.is_whole and routes.holds_moved(name.dotted, path)
    return is_module or routes.may_lead(name.dotted, path)


def _names(routes: Routes, path: str, facts: ModuleFacts, text: str) -> Iterator[_Name]:
    """Every name that ends as a moved one, or a module of one, does."""
    imported = _imported(routes, path, facts)
    named = said(text, routes.needles)
    quoted = _quoted(routes, text)
    apart = named & quoted
    ends = routes.needles | routes.holder_tails
    roots = {
        local
        for local, meant in imported.items()
        if apart or any(name.rpartition(".")[2] in ends for name in meant)
    }
    for root, *rest in _chains(text, said(text, ends | roots)):
        meant = imported.get(root, ())
        if rest or (_leads(routes, path, _Name(root)) and _is_told(text, root)):
            yield from _telling(routes, root, rest)
        for start in meant:
            yield from _telling(routes, start, rest)
            yield from (_Name(".".join((start, *rest, name))) for name in apart)
    around = list(_around(routes.tree.module(path)))
    for module in quoted:
        bare = module.strip(".")
        tail = bare.rpartition(".")[2]
        if tail in routes.module_tails:
            for dotted in (bare, *(f"{package}.{bare}" for package in around)):
                if tail in routes.holder_tails or not routes.needles.isdisjoint(dotted.split(".")):
                    yield _Name(dotted)
                if routes.tree.find(dotted, path) is not None:
                    yield from (_Name(f"{dotted}.{name}") for name in named)


def _quoted(routes: Routes, text: str) -> set[str]:
    """What stands between two quotes and ends as a module, or is a moved name."""
    pieces = set(text.replace("'", '"').split('"'))
    paths = (piece for piece in pieces if "." in piece)
    tails = routes.module_tails
    return {
        *pieces.intersection(routes.needles),
        *pieces.intersection(tails),
        *(p for p in paths if p.strip(".").rpartition(".")[2] in tails and _QUOTED.fullmatch(p)),
    }


def _is_told(text: str, word: str) -> bool:
    """Whether a word by itself stands anywhere as strings and roles say a module. In code, its import
    tells what it means."""
    return any(
        not _TELLS.isdisjoint(text[max(start - 2, 0) : start] + text[end : end + 2])
        or _IN_CODE.search(text, max(start - _NEAR, 0), start)
        for start, end in places(text, [word])
    )


def _chains(text: str, words: Set[str]) -> Iterator[list[str]]:
    """Every chain of names that has one of the words."""
    written: set[str] = set()
    backwards, length = text[::-1], len(text)
    reached = 0
    for place, end in places(text, words):
        if not (_DOT.match(text, end) or _DOT.match(backwards, length - place)):
            written.add(text[place:end])
        elif place >= reached:
            before = _RUN.match(backwards, length - end)
            assert before is not None
            run = _RUN.match(text, length - before.end())
            assert run is not None
            reached = run.end()
            written.update(_CHAIN.findall(run.group()))
            joined, count = _APART.subn(".", run.group())
            if count:
                written.update(_CHAIN.findall(joined))
    chains = (dotted.split(".") for dotted in sorted(written))
    return (chain for chain in chains if not words.isdisjoint(chain))


def _telling(routes: Routes, start: str, rest: list[str]) -> Iterator[_Name]:
    """The beginnings of a chain, from its `start` on, that end as a moved name, or a module of one,
    does."""
    whole = len(rest) - (bool(rest) and rest[-1] in WHOLE)
    for end in range(len(rest) + 1):
        name = rest[end - 1] if end else start.rpartition(".")[2]
        if name in routes.needles or name in routes.holder_tails:
            yield _Name(".".join((start, *rest[:end])), end >= whole)


def _imported(routes: Routes, path: str, facts: ModuleFacts) -> dict[str, set[str]]:
    """What each local name stands for, in whichever scope it is imported."""
    imported: dict[str, set[str]] = defaultdict(set)
    for fact in facts.imports:
        source = routes.tree.absolute(path, fact.level, fact.module)
        if source is None or fact.name == "*":
            continue
        if fact.name:
            imported[fact.local].add(f"{source}.{fact.name}")
        else:
            imported[fact.local].add(source if fact.asname else source.partition(".")[0])
    return imported


def _around(module: str) -> Iterator[str]:
    """The packages around a module, and itself: what relative names can count from."""
    while module:
        yield module
        module = module.rpartition(".")[0]
