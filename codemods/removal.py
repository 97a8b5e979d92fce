"""Taking module-level definitions out of a file, with what served them alone."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from codemods.computed import own_lookups
from codemods.edits import Edit, apply_edits
from codemods.moves import Moves, MoveTable
from codemods.outcome import Changed, Failed, Outcome, Skipped, Unchanged
from codemods.scopes import ImportStatement
from codemods.statement import Rewrite, replacement, rewrite_statements, runs
from codemods.view import View

Statement = ast.stmt
_COMMENT_LINE = re.compile(r"[ \t]*#")


def remove_definitions(
    text: str,
    removals: Mapping[str, str],
    is_public: Callable[[str], bool] = lambda _: True,
) -> Outcome:
    """Removes module-level names: classes, functions, assignments, imported names, `__all__` entries.

    `removals` maps each name to the dotted name that stands for it from now on: where the rest of the
    file still uses it, it is imported in the definition's place. Imports that only the removed code
    used go too, unless `is_public` says that other files take them from here.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Skipped(getattr(error, "lineno", None) or 1, f"can't be parsed: {error}")
    removal = _Removal(View(text, tree, MoveTable({})), removals, is_public)
    while removal.adopt_private_names():
        pass
    edits, kinds = removal.run()
    return _finished(text, edits, kinds)


def remove_star_imports(text: str, moves: Moves, emptied: Container[str]) -> Outcome:
    """Removes `from module import *` where the module has nothing left to give."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Skipped(getattr(error, "lineno", None) or 1, f"can't be parsed: {error}")
    view = View(text, tree, moves)
    removed: dict[ImportStatement, Rewrite] = {
        statement: Rewrite(replaced={0: []})
        for statement in view.module.imports
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*"
        if view.source(statement) in emptied
    }
    edits = list(rewrite_statements(view.positions, view.module.blocks, removed))
    return _finished(text, edits, {"import": len(removed)})


def read_by(text: str, names: Iterable[str]) -> Set[str]:
    """Module-level names of a file that the definitions of some others read."""
    view = View(text, ast.parse(text), MoveTable({}))
    removal = _Removal(view, dict.fromkeys(names, ""), lambda _: True)
    return removal.read_inside()


def made_anew(tree: ast.Module, name: str) -> Iterator[ast.stmt]:
    """Statements of module level that make something else of a name, out of what it was:
    `Thing = wrapped(Thing)`, `NAMES += ["more"]`."""
    for place in _places(tree.body):
        match place.statement:
            case ast.AugAssign(target=ast.Name(id=target)) if target == name:
                yield place.statement
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) if (
                name in _bound(place.statement)
                and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value))
            ):
                yield place.statement


def _finished(text: str, edits: list[Edit], kinds: Mapping[str, int]) -> Outcome:
    after = apply_edits(text, edits)
    if after == text:
        return Unchanged()
    try:
        ast.parse(after)
    except SyntaxError as error:
        return Failed(error.lineno or 1, f"would no longer parse: {error}")
    return Changed(after, kinds)


@dataclass(frozen=True, slots=True)
class _Place:
    """A statement of module level (or under a condition there) with its block."""

    statement: Statement
    block: list[Statement]
    nested: bool


class _Removal:
    def __init__(
        self, view: View, removals: Mapping[str, str], is_public: Callable[[str], bool]
    ) -> None:
        self._view = view
        self._removals = removals
        self._is_public = is_public
        self._kinds: Counter[str] = Counter()
        self._cuts: list[tuple[int, int]] = []
        self._places: dict[str, list[_Place]] = {}
        self._spans: list[tuple[int, int]] = []
        self._gone: set[Statement] = set()
        self._lookups = list(own_lookups(view))
        for name in removals:
            self._take(name)

    def _take(self, name: str) -> None:
        every = _places(self._view.tree.body)
        self._places[name] = [place for place in every if name in _bound(place.statement)]
        definitions = (p.statement for p in self._places[name] if not self._is_import(p))
        self._spans += map(self._extent, definitions)

    def adopt_private_names(self) -> bool:
        """Takes up private names that only removed code has used; whether there were any."""
        found = [
            name
            for name, bindings in self._view.module.scope.bindings.items()
            if name.startswith("_") and not name.startswith("__") and name not in self._places
            if all(binding.statement is None for binding in bindings)
            if self._lost_its_uses(name)
        ]
        for name in found:
            self._take(name)
        return bool(found)

    def run(self) -> tuple[list[Edit], Mapping[str, int]]:
        edits: list[Edit] = []
        staying = {name for name in self._places if not all(map(self._inside, self._uses(name)))}
        imports = self._unneeded_imports(self._places.keys() - staying)
        self._gone = self._leaving(staying)
        self._gone |= {statement for statement, r in imports.items() if r.removes(statement)}
        for name, places in self._places.items():
            edits += self._remove(name, places, stays=name in staying)
        edits += self._cut_runs()
        blocks = self._view.module.blocks
        edits += rewrite_statements(self._view.positions, blocks, imports, self._gone)
        edits += self._exports(self._places.keys() - staying)
        return edits, dict(sorted(self._kinds.items()))

    def _leaving(self, staying: Container[str]) -> set[Statement]:
        """The definitions that go; an import takes the place of the first of a name that stays."""
        return {
            place.statement
            for name, places in self._places.items()
            for place in [p for p in places if not self._is_import(p)][name in staying :]
        }

    @staticmethod
    def _is_import(place: _Place) -> bool:
        return isinstance(place.statement, ast.Import | ast.ImportFrom)

    # uses

    def _inside(self, offset: int) -> bool:
        return any(start <= offset < end for start, end in self._spans)

    def _uses(self, binding_name: str) -> Iterator[int]:
        """Where a module-level name is read, or may be by its text."""
        yield from self._reads(binding_name)
        for node, pattern in self._lookups:
            if pattern.fullmatch(binding_name):
                yield self._view.positions.span(node)[0]

    def _reads(self, binding_name: str) -> Iterator[int]:
        home = self._view.module.scope.bindings.get(binding_name)
        for site in self._view.sites:
            is_named = site.names[0] == binding_name
            if is_named and self._view.module.find(binding_name, site.scope) is home:
                yield site.start

    def read_inside(self) -> Set[str]:
        """Module-level names that the removed code reads, its own not among them."""
        scope = self._view.module.scope
        found = {
            site.names[0]
            for site in self._view.sites
            if self._inside(site.start) and site.names[0] in scope.bindings
            if self._view.module.find(site.names[0], site.scope) is scope.bindings[site.names[0]]
        }
        return found - self._places.keys()

    # statements

    def _remove(self, name: str, places: list[_Place], *, stays: bool) -> Iterator[Edit]:
        for index, place in enumerate(p for p in places if not self._is_import(p)):
            self._kinds["definition"] += 1
            if stays and index == 0:
                start, end = self._extent(place.statement)
                new = replacement(self._removals[name], name).statement
                yield Edit(start, end, new, "")
            elif place.nested and self._is_last_of(place):
                start, end = self._extent(place.statement)
                yield Edit(start, end, "pass", "")
            else:
                self._cuts.append(self._lines(place.statement))

    def _is_last_of(self, place: _Place) -> bool:
        """Whether nothing else of a block stays."""
        return place.statement is place.block[-1] and self._gone.issuperset(place.block)

    def _extent(self, statement: Statement) -> tuple[int, int]:
        start, end = self._view.positions.span(statement)
        decorators = getattr(statement, "decorator_list", [])
        if decorators:
            first = self._view.positions.span(decorators[0])[0]
            start = self._view.text.rindex("@", 0, first)
        return start, end

    def _lines(self, statement: Statement) -> tuple[int, int]:
        """The statement's lines, with the comment right above; less where it shares a line."""
        positions, text = self._view.positions, self._view.text
        start, end = self._extent(statement)
        line = positions.line_start(start)
        rest = text[end : positions.line_end(end)].strip()
        if text[line:start].strip() or rest.startswith(";"):
            following = re.compile(r"\s*;\s*").match(text, end)
            return start, following.end() if following else end
        while line and _COMMENT_LINE.match(text, positions.line_start(line - 1)):
            line = positions.line_start(line - 1)
        return line, positions.next_line(end)

    def _cut_runs(self) -> Iterator[Edit]:
        """Removed lines, neighbours together, so that the wider of the gaps around them stays."""
        runs: list[list[int]] = []
        for start, end in sorted(set(self._cuts)):
            if runs and not self._view.text[runs[-1][1] : start].strip():
                runs[-1][1] = end
            else:
                runs.append([start, end])
        for start, end in runs:
            yield Edit(*self._with_blank_lines(start, end), "", "")

    def _with_blank_lines(self, start: int, end: int) -> tuple[int, int]:
        positions, text = self._view.positions, self._view.text
        first, last = start, end
        while first and not text[positions.line_start(first - 1) : first].strip():
            first = positions.line_start(first - 1)
        while last < len(text) and not text[last : positions.line_end(last)].strip():
            last = positions.next_line(last)
        above, below = text.count("\n", first, start), text.count("\n", end, last)
        if not first:
            return first, last
        if last == len(text) or above < below:
            return first, end if last < len(text) else last
        return start, last

    # imports

    def _unneeded_imports(self, gone: Set[str]) -> dict[ImportStatement, Rewrite]:
        """Imports of names that are gone, and those that only removed code has used."""
        statements: dict[ImportStatement, Rewrite] = {}
        for name, bindings in self._view.module.scope.bindings.items():
            for binding in bindings:
                if binding.statement is None or binding.alias is None:
                    continue
                if name in gone or self._lost_its_uses(name):
                    index = binding.statement.names.index(binding.alias)
                    statements.setdefault(binding.statement, Rewrite()).replaced[index] = []
                    self._kinds["import"] += 1
        return statements

    def _lost_its_uses(self, name: str) -> bool:
        if name in self._view.exports:
            return False
        reads = list(self._reads(name))
        if not reads or not all(map(self._inside, reads)) or self._is_public(name):
            return False
        return all(map(self._inside, self._uses(name)))

    # __all__

    def _exports(self, gone: Set[str]) -> Iterator[Edit]:
        for statement in self._view.tree.body:
            value = _exported(statement)
            if value is None:
                continue
            texts = [e.value if isinstance(e, ast.Constant) else None for e in value.elts]
            removed = [i for i, text in enumerate(texts) if text in gone]
            if removed:
                self._kinds["export"] += len(removed)
                yield from self._shorten(value, removed)

    def _shorten(self, value: ast.List | ast.Tuple, removed: list[int]) -> Iterator[Edit]:
        kept = [element for i, element in enumerate(value.elts) if i not in removed]
        if not kept:
            start, end = self._view.positions.span(value)
            yield Edit(start, end, "[]" if isinstance(value, ast.List) else "()", "")
            return
        if isinstance(value, ast.Tuple) and len(kept) == 1:
            start, end = self._view.positions.span(value)
            yield Edit(start, end, f"({self._view.positions.of(kept[0])},)", "")
            return
        for run in runs(removed):
            start = self._view.positions.span(value.elts[run[0]])[0]
            end = self._view.positions.span(value.elts[run[-1]])[1]
            after = re.compile(r"[ \t]*,[ \t]*").match(self._view.text, end)
            before = re.compile(r",[ \t]*$").search(self._view.text, 0, start)
            if after is None and before is not None and before.end() == start:
                yield Edit(before.start(), end, "", "")
            else:
                yield self._cut_element(start, after.end() if after else end)

    def _cut_element(self, start: int, end: int) -> Edit:
        positions, text = self._view.positions, self._view.text
        line, rest = positions.line_start(start), text[end : positions.line_end(end)].strip()
        if not text[line:start].strip() and (not rest or rest.startswith("#")):
            return Edit(line, positions.next_line(end), "", "")
        return Edit(start, end, "", "")


def _places(body: list[Statement], *, nested: bool = False) -> Iterator[_Place]:
    for statement in body:
        yield _Place(statement, body, nested)
        if isinstance(statement, ast.If | ast.Try | ast.TryStar | ast.With):
            blocks = [statement.body, getattr(statement, "orelse", [])]
            blocks += [handler.body for handler in getattr(statement, "handlers", ())]
            blocks.append(getattr(statement, "finalbody", []))
            for block in blocks:
                yield from _places(block, nested=True)


def _bound(statement: Statement) -> list[str]:
    """Names that a statement binds by itself."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return [statement.targets[0].id] if isinstance(statement.targets[0], ast.Name) else []
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    return []


def _exported(statement: Statement) -> ast.List | ast.Tuple | None:
    """The literal that a statement assigns or adds to `__all__`."""
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        target = statement.target
    value = getattr(statement, "value", None)
    is_all = isinstance(target, ast.Name) and target.id == "__all__"
    return value if is_all and isinstance(value, ast.List | ast.Tuple) else None
