"""Which parameters the arguments of a call go to, and whether they fit."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import Argument, Call, Path
from consolidator.analysis.emissions.program.function import Function
from consolidator.tree.facts import Parameter


def accepts(function: Function, call: Call) -> bool:
    """Whether a call's arguments fit a signature, as CPython would bind them."""
    signature = function.signature
    if signature is None or any(argument.starred for argument in call.arguments):
        return True
    given = len(call.arguments) - _through_class(call, function)
    if not signature.fewest <= given <= signature.most:
        return False
    if given == signature.fewest and not any(argument.keyword for argument in call.arguments):
        return signature.required.issubset(signature.by_position[:given])
    names = {argument.keyword for argument in call.arguments if argument.keyword}
    if not names <= signature.named and not signature.takes_any_name:
        return False
    filled = signature.by_position[: given - len(names)]
    if len(filled) < given - len(names) and not signature.takes_any_number:
        return False
    return names.isdisjoint(filled) and signature.required <= names.union(filled)


def _through_class(call: Call, function: Function) -> bool:
    if function.owner is None or not isinstance(call.callee, Path):
        return False
    head = call.callee.text.rpartition(".")[0]
    return (
        head.rpartition(".")[2] == function.owner.name
        and bool(function.receiver)
        and not function.has_decorator("classmethod")
    )


def bind(call: Call, target: Function) -> Iterator[tuple[Argument, Parameter]]:
    """Arguments of a call with the parameters that they go to."""
    fact = target.fact
    if fact is None:
        return
    parameters = list(fact.parameters)
    if target.receiver:
        parameters = parameters[1:]
    positional = [p for p in parameters if p.kind in ("positional", "positional-only", "vararg")]
    named = {p.name: p for p in parameters}
    rest = [p for p in parameters if p.kind == "kwarg"]
    position = 0
    for argument in call.arguments:
        if argument.starred:
            yield from ((argument, parameter) for parameter in parameters)
        elif argument.keyword:
            found = named.get(argument.keyword) or (rest[0] if rest else None)
            if found:
                yield argument, found
        elif position < len(positional):
            yield argument, positional[position]
            position += positional[position].kind != "vararg"
