"""Every reference to some names, as a list: what a move of them would touch, and what it would not."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from codemods.imports import collect
from codemods.mentions import find_mentions
from codemods.outcome import one_line
from codemods.positions import Positions
from codemods.view import View
from consolidator.analysis.references.candidates import find_candidates
from consolidator.analysis.references.file_moves import FileMoves
from consolidator.analysis.references.paths import paths_in_strings
from consolidator.analysis.references.rewrite import view_of
from consolidator.analysis.references.routes import Routes
from consolidator.analysis.references.texts import (
    decoded,
    left_alone,
    other_files,
    own_tables,
    treatment,
)
from consolidator.plan import Move
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver
from consolidator.tree.source import SourceText

_AWAY = "consolidator_away_"
"""Names are moved to places that can't exist, each to its own, so that every edit tells its source."""
_MARK = re.compile(rf"{_AWAY}(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """One place that names `source`. Lines count from 1, columns (characters) from 0."""

    path: str
    line: int
    column: int
    text: str
    kind: str
    source: str
    is_guess: bool = False
    """Whether it may as well refer to nothing of the sort (see `Omission`)."""


def find_references(
    tree: Tree, sources: Sequence[str], renamed: Container[str] = ()
) -> list[Reference]:
    """Every reference to the sources, through any number of re-exports, sorted; to those that are `renamed`
    also by what they say of themselves.

    What a defining module does with its own names is not listed.
    """
    moves = tuple(
        Move(name, f"{_AWAY}{i}.{name}{'_' * (name in renamed)}") for i, name in enumerate(sources)
    )
    routes = Routes(tree, Resolver(tree), moves)
    found = set(_in_python(routes, sources)) | set(_in_texts(routes, sources))
    return sorted(found)


def _in_python(routes: Routes, sources: Sequence[str]) -> Iterator[Reference]:
    for path in find_candidates(routes):
        source, syntax = routes.tree.source(path), routes.tree.syntax(path)
        if isinstance(source, SourceText) and isinstance(syntax, ast.Module):
            view = view_of(routes, path, source, syntax)
            collect(view)
            yield from _of_view(view, path, sources)
            for omission, name in paths_in_strings(routes, view, path):
                place = omission.line, omission.column
                yield Reference(path, *place, omission.text, omission.kind, name, omission.is_guess)


def _of_view(view: View, path: str, sources: Sequence[str]) -> Iterator[Reference]:
    for edit in view.edits:
        for name in _marked(edit.text, sources):
            yield _reference(view, path, edit.start, edit.kind or "attribute", name)
    for statement, rewrite in view.statements.items():
        entries = [entry for new in rewrite.replaced.values() for entry in new]
        written = " ".join(
            [rewrite.module, *(entry.statement for entry in (*entries, *rewrite.added))]
        )
        start = view.positions.span(statement)[0]
        for name in _marked(written, sources):
            yield _reference(view, path, start, "import", name)
    for omission in view.omissions:
        said = " ".join((omission.why, *omission.leads_to))
        names = list(_marked(said, sources)) or _mentioned(view, omission.text, sources)
        for name in names:
            place = omission.line, omission.column
            yield Reference(path, *place, omission.text, omission.kind, name, omission.is_guess)


def _mentioned(view: View, text: str, sources: Sequence[str]) -> list[str]:
    mentions = find_mentions(text.strip("\"'"), view.moves)
    return sorted({name for mention in mentions for name in _marked(mention.new, sources)})


def _reference(view: View, path: str, offset: int, kind: str, name: str) -> Reference:
    line, column = view.positions.place(offset)
    start, end = view.positions.line_start(offset), view.positions.line_end(offset)
    return Reference(path, line, column, one_line(view.text[start:end]), kind, name)


def _marked(text: str, sources: Sequence[str]) -> Iterator[str]:
    yield from (sources[int(mark)] for mark in dict.fromkeys(_MARK.findall(text)))


def _in_texts(routes: Routes, sources: Sequence[str]) -> Iterable[Reference]:
    for path, data in other_files(routes):
        text, _ = decoded(data)
        positions = Positions(text)
        kind, _ = treatment(routes, path, docs=True)
        leave = own_tables(path, text)
        for mention, names in left_alone(routes, path, text):
            place = positions.place(mention.start)
            yield from (Reference(path, *place, mention.text, kind, name) for name in names)
        for mention in find_mentions(text, FileMoves(routes, path)):
            if any(start <= mention.start < end for start, end in leave):
                continue
            line, column = positions.place(mention.start)
            for name in _marked(mention.new + mention.why, sources):
                shown = one_line(mention.text)
                yield Reference(path, line, column, shown, mention.kind or kind, name)
