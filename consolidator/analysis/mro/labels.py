"""What kind of class a class is, told from its statement and from who mentions it."""

from __future__ import annotations

import re

from consolidator.analysis.mro.linear import Classes, Linear
from consolidator.analysis.mro.values import ClassRef
from consolidator.tree.facts import ClassFact, FunctionFact

_DOUBLE = re.compile(r"^_?(Mock|Fake|Stub|Dummy|Spy)(?=[A-Z_]|$)|(Mock|Fake|Stub|Double|Spy)$")


def labels(
    ref: ClassRef, fact: ClassFact, linear: Linear, classes: Classes, *, mentioned: bool
) -> list[str]:
    """`protocol`, `abstract`, `test-double`, `wrapper`, `re-export` or `implementation`; with any of
    them `nested`, and `unreferenced` where nothing mentions the name and no test runner collects it."""
    kinds = [*_kinds(ref, fact, linear, classes)] or ["implementation"]
    if fact.scope:
        kinds.append("nested")
    if not mentioned and not _collected(ref, classes):
        kinds.append("unreferenced")
    return kinds


def _collected(ref: ClassRef, classes: Classes) -> bool:
    """Whether pytest or unittest finds the class without anyone naming it."""
    own = classes.own_facts(ref)
    tests = any(isinstance(f, FunctionFact) and f.name.startswith("test") for f in own)
    return tests or classes.inherits(ref, "unittest.case.TestCase")


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
    if _only_renames(ref, fact, linear, classes):
        kinds.append("re-export")
    return kinds


def _only_renames(ref: ClassRef, fact: ClassFact, linear: Linear, classes: Classes) -> bool:
    """Whether it is its one base of the same name over again: `class Manager(legacy.Manager): ...`."""
    base = linear.bases[0] if len(linear.bases) == 1 else None
    if base is None or base.number >= 0 or base.qualname.rpartition(".")[2] != fact.name:
        return False
    return not (classes.own_facts(ref) or fact.decorators or fact.keywords)


def _delegates(fact: ClassFact, functions: list[FunctionFact]) -> bool:
    """Whether it answers for an object that its constructor was given, by `__getattr__`."""
    made = next((function for function in functions if function.name == "__init__"), None)
    if made is None or all(function.name != "__getattr__" for function in functions):
        return False
    given = {parameter.name for parameter in made.parameters[1:]}
    return any(value in given for _, _, value in fact.self_attributes)
