"""Functions that return one class: they have to move with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from consolidator.analysis.duplicates.shapes import in_tests
from consolidator.analysis.duplicates.words import words
from consolidator.tree.facts import FunctionFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver

_MAKING = frozenset({"build", "create", "get", "make", "new", "obtain", "provide"})


@dataclass(frozen=True, slots=True)
class Factory:
    qualname: str
    name: str
    path: str
    line: int
    parameters: tuple[tuple[str, bool], ...]
    """Name, and whether the caller must pass it."""


def factories_of(tree: Tree, classes: Iterable[str]) -> dict[str, list[Factory]]:
    """Module-level production functions by the class that they return, in order of path and line.

    A function counts where its name starts like a factory's (`get_`, `create_`, …) and either its
    return annotation resolves to the class, or its name ends in the words of the class's name and
    its module binds that name to the class.
    """
    wanted = frozenset(classes)
    by_words = {words(name.rpartition(".")[2]): name.rpartition(".")[2] for name in wanted}
    resolver = Resolver(tree)
    found: dict[str, list[Factory]] = defaultdict(list)
    for path in tree.paths:
        facts = tree.facts(path)
        if facts is None or in_tests(path):
            continue
        for function in facts.functions:
            if (
                function.scope
                or words(function.name)[:1] == ()
                or words(function.name)[0] not in _MAKING
            ):
                continue
            returned = _returned(resolver, path, function, by_words)
            if returned in wanted:
                qualname = f"{tree.module(path)}.{function.name}"
                parameters = tuple((p.name, p.default is None) for p in function.parameters)
                found[returned].append(
                    Factory(qualname, function.name, path, function.line, parameters)
                )
    return dict(found)


def _returned(
    resolver: Resolver, path: str, function: FunctionFact, by_words: dict[tuple[str, ...], str]
) -> str:
    text = function.returns.strip("\"'").removesuffix(" | None").removeprefix("Optional[")
    name = text.removesuffix("]") if text else by_words.get(words(function.name)[1:], "")
    definitions = resolver.expression(path, name).definitions if name else ()
    return definitions[0].dotted if len(definitions) == 1 else ""
