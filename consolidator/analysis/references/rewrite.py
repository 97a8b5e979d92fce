"""Every reference of a tree moved: candidates found, aliases known, then file by file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from codemods.computed import own_lookups
from codemods.imports import rewrite_view
from codemods.mentions import move_mentions
from codemods.outcome import Changed, Failed, Omission, Unchanged
from codemods.positions import Positions
from codemods.removal import made_anew
from codemods.scopes import Module
from codemods.view import Options, View
from consolidator.analysis.changes import FileChange, Rewriting
from consolidator.analysis.references.bare_imports import bare_imports
from consolidator.analysis.references.candidates import find_candidates
from consolidator.analysis.references.file_moves import FileMoves
from consolidator.analysis.references.patches import lost_patches
from consolidator.analysis.references.paths import paths_in_strings
from consolidator.analysis.references.relevance import can_refer
from consolidator.analysis.references.routes import Routes
from consolidator.analysis.references.texts import (
    decoded,
    modules_of_one_word,
    move_text,
    other_files,
)
from consolidator.analysis.spread import Spread, one_by_one
from consolidator.plan import Plan
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver
from consolidator.tree.parse import LIBCST
from consolidator.tree.source import SourceText

_HANDFUL = 8
"""Files: enough for rewriting them to take longer than handing them out."""


def plan_imports(
    tree: Tree,
    plan: Plan,
    earlier: Rewriting | None = None,
    *,
    options: Options = Options(),  # noqa: B008
    spread: Spread = one_by_one,
) -> Rewriting:
    """What moving every reference of the plan would write, and what it would leave.

    Where the tree is what an `earlier` run made of it, only the files that were changed are looked at.
    """
    routes = Routes(tree, Resolver(tree), plan.moves)
    if earlier is None:
        only, python = None, find_candidates(routes, spread)
    else:
        only = frozenset(change.path for change in earlier.changes)
        python = sorted(path for path in only if path.endswith(".py"))
        routes.needles |= earlier.names
    routes.look_ahead(len(python))
    python += [path for path in _stubs(routes) if only is None or path in only]
    tree.prefetch(python)
    texts = (path for path, _ in other_files(routes, only))
    handfuls = chain.from_iterable(_handfuls(tree, paths) for paths in (python, texts))
    work = partial(_rewrite, routes, options)
    changes: list[FileChange] = []
    omissions: list[Omission] = []
    for result in chain.from_iterable(spread(work, handfuls)):
        if isinstance(result, FileChange):
            changes.append(result)
        else:
            omissions.append(result)
    if earlier is None:
        edited = (change.path for change in changes if change.path.endswith(".py"))
        omissions += lost_patches(tree, plan.moves, edited)
    changes.sort(key=lambda change: change.path)
    return Rewriting(tuple(changes), tuple(sorted(omissions)), frozenset(routes.needles))


def _handfuls(tree: Tree, paths: Iterable[str]) -> Iterator[Sequence[str]]:
    """Some files at a time: a large one with smaller ones, the largest first, so that all cores end
    together."""
    falling = sorted(paths, key=lambda path: -len(tree.read(path)))
    count = -(-len(falling) // _HANDFUL)
    yield from (falling[start::count] for start in range(count))


def _rewrite(routes: Routes, options: Options, paths: Sequence[str]) -> list[FileChange | Omission]:
    found: list[FileChange | Omission] = []
    for path in paths:
        if not path.endswith((".py", ".pyi")):
            found += move_text(routes, path, docs=options.docs)
        elif can_refer(routes, path):
            found += rewrite_file(routes, path, options)
    return found


def _stubs(routes: Routes) -> list[str]:
    """Stub files that can name a moved thing. Nothing is re-exported through one."""
    stubs = [path for path in routes.tree.all_paths if path.endswith(".pyi")]
    return routes.tree.containing(*routes.needles, paths=stubs)


def view_of(
    routes: Routes,
    path: str,
    source: SourceText,
    syntax: ast.Module,
    options: Options = Options(),  # noqa: B008
) -> View:
    """A parsed file as the rewrites see it."""
    facts = routes.tree.facts(path)
    is_complete = facts is None or facts.parser != LIBCST
    return View(source.text, syntax, FileMoves(routes, path), options, is_complete)


def _unreadable(
    routes: Routes, path: str, source: SourceText | Unreadable, syntax: ast.Module | Unreadable
) -> Iterator[Omission]:
    """What a file that can't be parsed says about moved names; it is never written to."""
    refusal = source if isinstance(source, Unreadable) else syntax
    reason = refusal.reason if isinstance(refusal, Unreadable) else ""
    text, _ = decoded(routes.tree.read(path))
    why = f"is in a file that can't be parsed: {reason}"
    outcome = move_mentions(text, FileMoves(routes, path), kind="unparsed", why=why)
    if isinstance(outcome, Unchanged):
        yield from (replace(omission, path=path) for omission in outcome.omissions)
    positions = Positions(text)
    for mention, _ in modules_of_one_word(routes, text):
        before = text[positions.line_start(mention.start) : mention.start]
        if before.lstrip().startswith("import "):
            line, column = positions.place(mention.start)
            yield Omission(path, line, column, mention.text, "unparsed", why)


def own_uses(routes: Routes, view: View, path: str) -> Iterator[Omission]:
    """What a defining module does with the definition that moves, outside of what moves with it."""
    module = routes.tree.module(path)
    names = routes.leaving.get(module, {}).keys()
    if not names:
        return
    moved = routes.moved_lines(path)
    for site in view.sites:
        name = site.names[0]
        own = view.module.scope.bindings.get(name)
        if name not in names or (own and all(view.landing(b).target for b in own)):
            continue  # an import that follows the move needs nothing put in its place
        home = view.module.find(name, site.scope)
        line, column = view.positions.place(site.start)
        text = view.text[site.start : site.ends[-1]]
        if own:
            if home is own and not _within(line, moved):
                yield Omission(path, line, column, text, "own-module", _OWN)
        elif not home and not routes.resolver.lookup(path, name).definitions:
            yield Omission(path, line, column, text, "own-module", _GONE)
    for node, pattern in own_lookups(view):
        line, column = view.positions.place(view.positions.span(node)[0])
        if not _within(line, moved) and any(map(pattern.fullmatch, names)):
            yield Omission(path, line, column, view.positions.of(node), "own-module", _OWN)
    for name in sorted(names):
        found = rebound(path, view.positions, view.tree, view.module, name)
        yield from (omission for omission in found if not _within(omission.line, moved))


def rebound(
    path: str, positions: Positions, tree: ast.Module, module: Module, name: str
) -> Iterator[Omission]:
    """Where a module binds a name of it again, in functions or to what it makes of it: that takes no
    import in its place."""
    found = [(node, _REBOUND) for node in module.rebound(name)]
    found += [(node, _MADE_ANEW) for node in made_anew(tree, name)]
    for node, why in found:
        line, column = positions.place(positions.span(node)[0])
        yield Omission(path, line, column, name, "own-module", why)


_OWN = "is read by the module that defines it (`migrate delete` puts an import in the definition's place)"
_REBOUND = "is bound again by a function of the module that defines it: what reads the new home sees none of that"
_MADE_ANEW = "is made anew here, out of what it was: what reads the new home sees none of that"
_GONE = "is read by the module that defined it, which has it no more and doesn't import it"


def _within(line: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first <= line <= last for first, last in spans)


def rewrite_file(
    routes: Routes,
    path: str,
    options: Options = Options(),  # noqa: B008
) -> Iterator[FileChange | Omission]:
    """What becomes of a Python file, and what is left in it, whether or not it can refer to a move."""
    source, syntax = routes.tree.source(path), routes.tree.syntax(path)
    if not isinstance(source, SourceText) or not isinstance(syntax, ast.Module):
        yield from _unreadable(routes, path, source, syntax)
        return
    view = view_of(routes, path, source, syntax, options)
    outcome = rewrite_view(view)
    yield from own_uses(routes, view, path)
    yield from (omission for omission, _ in paths_in_strings(routes, view, path))
    yield from bare_imports(routes, view, path)
    if isinstance(outcome, Changed | Unchanged):
        yield from (replace(omission, path=path) for omission in outcome.omissions)
    if isinstance(outcome, Changed):
        after = source.encode(outcome.text)
        yield FileChange(path, routes.tree.read(path), after, outcome.kinds)
    if isinstance(outcome, Failed):
        why = f"this file can't be rewritten: {outcome.reason}"
        yield Omission(path, outcome.line, 0, path, "file", why)
