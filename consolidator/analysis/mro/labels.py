"""What kind of class a class is, told from its statement."""

from __future__ import annotations

import re

from consolidator.analysis.mro.linear import Classes, Linear
from consolidator.analysis.mro.values import ClassRef
from consolidator.tree.facts import ClassFact, FunctionFact

_DOUBLE = re.compile(r"^_?(Mock|Fake|Stub|Dummy|Spy)(?=[A-Z_]|$)|(Mock|Fake|Stub|Double|Spy)$")


def labels(ref: ClassRef, fact: ClassFact, linear: Linear, classes: Classes) -> list[str]:
    """`protocol`, `abstract`, `test-double`, `wrapper` or `implementation`, and `nested` with any."""
    kinds = [*_kinds(ref, fact, linear, classes)] or ["implementation"]
    return [*kinds, "nested"] if fact.scope else kinds


def _kinds(ref: ClassRef, fact: ClassFact, linear: Linear, classes: Classes) -> list[str]:
    direct = {base.dotted for base in linear.bases if base is not None}
    functions = [own for own in classes.own_facts(ref) if isinstance(own, FunctionFact)]
    kinds = []
    if direct & {"typing.Protocol", "typing_extensions.Protocol"}:
        kinds.append("protocol")
    elif any("abstractmethod" in d for function in functions for d in function.decorators):
        kinds.append("abstract")
    inherits_double = any(e and e.dotted.startswith("unittest.mock.") for e in linear.order)
    if _DOUBLE.search(fact.name) or inherits_double:
        kinds.append("test-double")
    if _delegates(fact, functions):
        kinds.append("wrapper")
    return kinds


def _delegates(fact: ClassFact, functions: list[FunctionFact]) -> bool:
    """Whether it answers for an object that its constructor was given, by `__getattr__`."""
    made = next((function for function in functions if function.name == "__init__"), None)
    if made is None or all(function.name != "__getattr__" for function in functions):
        return False
    given = {parameter.name for parameter in made.parameters[1:]}
    return any(value in given for _, _, value in fact.self_attributes)
