"""Names that are put together from what callers pass: `f"{prefix}_{state}"`, `ROUTES[internal]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from consolidator.analysis.emissions.bodies.code import Expression
from consolidator.analysis.emissions.bodies.handed_on import names_in
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.uses import Use
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.binding import bind
from consolidator.analysis.emissions.values.constants import literal, texts

_DEEPEST = 4  # calls between where a part is written and where the name is put together
_MOST = 200  # ways of calling; more are not followed


@dataclass(frozen=True)
class Composition:
    """One way in which callers make an expression a text."""

    texts: frozenset[str]
    uses: tuple[Use, ...]
    """The calls on the way, the one with the written parts first."""


def free_names(expression: Expression, function: Function) -> frozenset[str]:
    """The parameters of a function that an expression depends on."""
    if function.fact is None:
        return frozenset()
    parameters = {p.name for p in function.fact.parameters if p.kind not in ("vararg", "kwarg")}
    calls = function.body.calls
    used = {path.head for path in names_in(expression, calls)}
    assigned = {a.target for a in function.body.assignments}
    return frozenset(used & parameters - assigned - {function.receiver})


def compositions(
    expression: Expression, function: Function, graph: CallGraph
) -> Iterator[Composition]:
    """Every way in which the callers of a function decide what an expression of it is."""
    names = free_names(expression, function)
    if not names:
        return
    for count, (passed, uses) in enumerate(_contexts(function, names, graph, 0)):
        if count >= _MOST:
            return
        if found := texts(graph.inference, expression, function, passed):
            yield Composition(found, uses)


def _contexts(
    function: Function, names: frozenset[str], graph: CallGraph, depth: int
) -> Iterator[tuple[Mapping[str, frozenset[str]], tuple[Use, ...]]]:
    """What callers pass for these parameters, with the calls that it comes through."""
    if depth > _DEEPEST:
        return
    for use in graph.uses(function):
        if use.call is None or not use.certain:
            continue
        given = {
            parameter.name: argument.value
            for argument, parameter in bind(use.call, function)
            if parameter.name in names and not argument.starred
        }
        known = _defaults(function, names - set(given))
        open_: dict[str, Expression] = {}
        for name, value in given.items():
            if written := texts(graph.inference, value, use.function):
                known[name] = written
            else:
                open_[name] = value
        if set(known) | set(open_) != names:
            continue
        if not open_:
            yield known, (use,)
            continue
        free = frozenset[str]().union(*(free_names(v, use.function) for v in open_.values()))
        for passed, uses in _contexts(use.function, free, graph, depth + 1) if free else ():
            found = {n: texts(graph.inference, v, use.function, passed) for n, v in open_.items()}
            if all(found.values()):
                yield known | found, (*uses, use)


def _defaults(function: Function, names: frozenset[str]) -> dict[str, frozenset[str]]:
    found = {}
    for parameter in function.fact.parameters if function.fact is not None else ():
        if parameter.name in names and parameter.default is not None:
            value = literal(parameter.default)
            if isinstance(value, str):
                found[parameter.name] = frozenset({value})
    return found
