"""Objects of the plan that calls pass to parameters without a type: what such a parameter may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from consolidator.analysis.calls.subjects import Subjects
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.values import NONE, UNKNOWN, Value, Values
from consolidator.analysis.flow.world import Function
from consolidator.analysis.signatures import Arguments, bind, in_source_order, signature_of

Passed = dict[tuple[str, str], Values]
"""By the dotted name of a function and the name of a parameter."""


def passed_in(subjects: Subjects, flow: FileFlow) -> Passed:
    """What the calls of one file pass to functions of ROOT, as far as the plan concerns it."""
    found: Passed = {}
    for node in flow.values:
        if isinstance(node, ast.Call) and (node.args or node.keywords):
            given = {
                index: values
                for index, (argument, _) in enumerate(in_source_order(node))
                if (values := _concerning(subjects, flow.of(argument)))
            }
            if given:
                _bind(subjects, flow, node, given, found)
    return found


def _bind(
    subjects: Subjects, flow: FileFlow, node: ast.Call, given: Mapping[int, Values], found: Passed
) -> None:
    for callee in flow.of(node.func) - {NONE, UNKNOWN}:
        for function, is_bound in callees(subjects, callee):
            binding = bind(signature_of(function.fact, bound=is_bound), Arguments.of(node))
            for name, index in binding.arguments.items():
                if index in given:
                    key = (function.dotted, name)
                    found[key] = found.get(key, frozenset()) | given[index]


def callees(subjects: Subjects, callee: Value) -> Iterator[tuple[Function, bool]]:
    """The functions of ROOT that calling a value runs, and whether the call leaves out the first
    parameter."""
    world = subjects.world
    moving = {s.legacy for s in subjects.all} | {s.target for s in subjects.all}
    if callee.kind == "function":
        function = world.function_of(callee.name)
        if function is not None and function.source.first_party and function not in moving:
            yield function, False
        return
    name = "__init__" if callee.kind == "class" else callee.member
    cls = world.class_of(callee.name) if callee.kind in ("class", "method") else None
    for ancestor in world.lineage(cls) if cls else ():
        if ancestor in moving:
            return
        if function := ancestor.functions.get(name):
            if function.source.first_party:
                yield function, "staticmethod" not in function.decorators
            return


def _concerning(subjects: Subjects, values: Values) -> Values:
    kinds = ("instance", "class", "method")
    return frozenset(value for value in values if value.kind in kinds and subjects.concerns(value))


def kept_in(subjects: Subjects, passed: Passed) -> frozenset[str]:
    """Attributes in which methods keep what they are passed."""
    found: set[str] = set()
    for method, parameter in passed:
        function = subjects.world.function_of(method)
        cls = subjects.world.class_of(method.rpartition(".")[0])
        if function is None or cls is None:
            continue
        lines = range(function.fact.line, function.fact.end_line + 1)
        found |= {
            n for n, line, value in cls.fact.self_attributes if value == parameter if line in lines
        }
    return frozenset(found)


def joined(tables: list[Passed]) -> Passed:
    """What any of the tables says."""
    found: Passed = {}
    for table in tables:
        for key, values in table.items():
            found[key] = found.get(key, frozenset()) | values
    return found
