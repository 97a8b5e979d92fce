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

from codemods.mentions import find_mentions, places, said
from consolidator.analysis.references.routes import FileMoves, Routes
from consolidator.tree.facts import ModuleFacts
from consolidator.tree.parse import LIBCST
from consolidator.tree.source import SourceText

_CHAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_RUN = re.compile(r"[\w.\s\"'()\\]+")
"""All that the names of a chain, and what may stand between them, consist of."""
_JUNK = r"[\s\"'()\\]+"
_APART = re.compile(rf"(?<![\s\"'()\\]){_JUNK}\.|\.{_JUNK}")
"""A dot with other things beside it than names: another line, a closing bracket or quote, as in
`(a.b).c`, `import_module("a.b").c` and `"a.b." "c"`."""
_AROUND_COMMENT = re.compile(r"#.*\n\s*\.\s*[^\W\d]|\.[ \t]*#.*\n\s*[^\W\d]")
_QUOTED = re.compile(r"[\"'](\.*[^\W\d][\w.]*)[\"']")


def can_refer(routes: Routes, path: str) -> bool:
    """Whether a rewrite may find anything in a file; False is certain."""
    facts, source = routes.tree.facts(path), routes.tree.source(path)
    if facts is None or facts.parser == LIBCST or not isinstance(source, SourceText):
        return True
    if routes.tree.module(path) in routes.holders:
        return True
    moves = FileMoves(routes, path)
    if _imports_moved(routes, path, facts, moves) or _AROUND_COMMENT.search(source.text):
        return True
    text = _without_imports(source, facts)
    dotted_names = dict.fromkeys(_dotted_names(routes, path, facts, text))
    if any(routes.may_lead(dotted, path) for dotted in dotted_names):
        return True
    return next(find_mentions(text, moves), None) is not None


def _imports_moved(routes: Routes, path: str, facts: ModuleFacts, moves: FileMoves) -> bool:
    for fact in facts.imports:
        source = routes.tree.absolute(path, fact.level, fact.module)
        if source is None:
            continue
        if moves.imported(source, source):
            return True
        if fact.name == "*":
            if moves.star(source):
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


def _dotted_names(routes: Routes, path: str, facts: ModuleFacts, text: str) -> Iterator[str]:
    """Every dotted name that code or strings of the file can mean and that ends as a moved name, or a
    module of one, does."""
    imported = _imported(routes, path, facts)
    named = said(text, routes.needles)
    quoted = set(_QUOTED.findall(text))
    ends = routes.needles | routes.holder_tails
    roots = {
        local
        for local, meant in imported.items()
        if named & quoted or any(name.rpartition(".")[2] in ends for name in meant)
    }
    for root, *rest in _chains(text, said(text, ends | roots)):
        meant = imported.get(root, ())
        for start in (root, *meant):
            yield from _telling(routes, start, rest)
        for start in meant:
            yield from (".".join((start, *rest, name)) for name in named & quoted)
    around = list(_around(routes.tree.module(path)))
    for module in quoted:
        bare = module.strip(".")
        if bare.rpartition(".")[2] in routes.module_tails:
            for dotted in (bare, *(f"{package}.{bare}" for package in around)):
                yield dotted
                if routes.tree.find(dotted, path) is not None:
                    yield from (f"{dotted}.{name}" for name in named)


def _chains(text: str, words: Set[str]) -> Iterator[list[str]]:
    """Every chain of names that has one of the words."""
    written: set[str] = set()
    reached = 0
    for place, _ in places(text, words):
        if place >= reached:
            start = place
            while start and _RUN.match(text[start - 1]):
                start -= 1
            run = _RUN.match(text, start)
            assert run is not None
            reached = run.end()
            written.update(
                _CHAIN.findall(run.group()), _CHAIN.findall(_APART.sub(".", run.group()))
            )
    return (dotted.split(".") for dotted in sorted(written))


def _telling(routes: Routes, start: str, rest: list[str]) -> Iterator[str]:
    """The beginnings of a chain, from its `start` on, that end as a moved name, or a module of one,
    does."""
    for end in range(len(rest) + 1):
        name = rest[end - 1] if end else start.rpartition(".")[2]
        if name in routes.needles or name in routes.holder_tails:
            yield ".".join((start, *rest[:end]))


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
