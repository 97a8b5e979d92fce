"""Which pytest fixture a parameter of a test or of another fixture gets: found by its name, as pytest does."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from posixpath import dirname

from consolidator.analysis.flow.parametrize import may_parametrize
from consolidator.analysis.flow.world import Function, Source, World

_FIXTURE = "fixture"
_MARKS = "pytestmark"
_UNREAD = "mark.parametrize(...)"
"""What stands for marks that are too long to be kept: any parameter may be given values."""


class Fixtures:
    """The fixtures of a world; answers are remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, str], Function | None] = {}

    def given(
        self,
        source: Source,
        path: str,
        scope: str,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        name: str,
    ) -> Function | None:
        """The nearest fixture of that name: in the class of the function (`scope`), in the file, then in each
        `conftest.py` above it. None where there is none, where a mark gives the parameter other values,
        and where the nearest one can't be told."""
        decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
        is_test = function.name.startswith("test") and "test" in path
        if not (is_test or _is_fixture(decorators)) or not source.first_party:
            return None
        owner = scope if scope and not scope.endswith("<locals>") else ""
        if any(may_parametrize(mark, name) for mark in (*decorators, *_marks(source, path, owner))):
            return None
        for found in self._nearest(source, path, owner, name):
            if found is None or (found.path, found.fact.line) != (path, function.lineno):
                return found
        return None

    def _nearest(
        self, source: Source, path: str, owner: str, name: str
    ) -> Iterator[Function | None]:
        """The fixtures of a name, the nearest first; None stands for one that can't be told."""
        module = source.tree.module(path)
        cls = self._world.class_of(f"{module}.{owner}") if owner else None
        for ancestor in self._world.lineage(cls) if cls else ():
            if (method := ancestor.functions.get(name)) and _is_fixture(method.fact.decorators):
                yield method
        for place in _files(path):
            yield from self._in_file(source, place, name)

    def _in_file(self, source: Source, path: str, name: str) -> Iterator[Function | None]:
        facts = source.tree.facts(path) if source.tree.module(path) else None
        if facts is None:
            return
        for fact in facts.functions:
            if not fact.scope and name in map(_name, fact.decorators):
                dotted = f"{source.tree.module(path)}.{fact.qualname}"
                yield Function(source, path, dotted, fact)
                return
        stars = any(fact.name == "*" and not fact.scope for fact in facts.imports)
        if not stars and not source.resolver.bindings(path, name):
            return
        resolution = source.resolver.lookup(path, name)
        things = self._world.definitions(source, resolution)
        fixtures = [t for t in things if isinstance(t, Function) and _is_fixture(t.fact.decorators)]
        if len(things) != 1 or resolution.reasons:
            yield from [None] * bool(fixtures or not things)
        elif fixtures and not any(map(_name, fixtures[0].fact.decorators)):
            yield fixtures[0]


def _marks(source: Source, path: str, owner: str) -> Iterator[str]:
    """What marks the class and the file of a test, as source."""
    facts = source.tree.facts(path)
    for bound in facts.bindings if facts else ():
        if bound.name == _MARKS and bound.scope in ("", owner):
            yield bound.value or _UNREAD
    for cls in facts.classes if facts else ():
        if cls.qualname == owner:
            yield from cls.decorators


def _is_fixture(decorators: Iterable[str]) -> bool:
    return any(text.partition("(")[0].rpartition(".")[2] == _FIXTURE for text in decorators)


def _name(decorator: str) -> str:
    """The name that a decorator gives a fixture; empty where it is the function's."""
    if not _is_fixture([decorator]) or "name" not in decorator:
        return ""
    call = ast.parse(decorator, mode="eval").body
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""


def _files(path: str) -> Iterator[str]:
    yield path
    folder = dirname(path)
    while True:
        conftest = f"{folder}/conftest.py" if folder else "conftest.py"
        if conftest != path:
            yield conftest
        if not folder:
            return
        folder = dirname(folder)
