"""Which pytest fixture a parameter of a test or of another fixture gets: found by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from posixpath import dirname

from consolidator.analysis.flow.world import Function, Source


class Fixtures:
    """Fixtures by name, file by file; answers are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Function]] = {}

    def given(
        self,
        source: Source,
        path: str,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        name: str,
    ) -> Function | None:
        """The nearest fixture of that name: in the file, then in each `conftest.py` above it."""
        is_test = function.name.startswith("test") or any(
            "fixture" in ast.unparse(decorator) for decorator in function.decorator_list
        )
        if not is_test or not source.first_party:
            return None
        for place in _files(path):
            fixture = self._in_file(source, place).get(name)
            if fixture is not None and fixture.fact.line != function.lineno:
                return fixture
        return None

    def _in_file(self, source: Source, path: str) -> dict[str, Function]:
        if path not in self._known:
            facts = source.tree.facts(path) if source.tree.module(path) else None
            module = source.tree.module(path)
            self._known[path] = {
                fact.name: Function(source, path, f"{module}.{fact.qualname}", fact)
                for fact in (facts.functions if facts else ())
                if any("fixture" in decorator for decorator in fact.decorators)
            }
        return self._known[path]


def _files(path: str) -> Iterator[str]:
    yield path
    folder = dirname(path)
    while True:
        yield f"{folder}/conftest.py" if folder else "conftest.py"
        if not folder:
            return
        folder = dirname(folder)
