"""Classes written by hand that take a legacy class's place: what is called on them changes its name too."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from codemods.outcome import Omission
from consolidator.analysis.calls.passing import callees
from consolidator.analysis.calls.subjects import Subject, Subjects
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.world import Class
from consolidator.analysis.signatures import Arguments, bind, in_source_order, signature_of
from consolidator.tree.facts import ClassFact

_DOUBLE = (
    r"(?:Async|Counting|Double|Dummy|Failing|Fake|InMemory|Mock|Noop|Null|Recording|Spy|Stub|Test)"
)
Changed = dict[str, list[Subject]]
"""Methods of which calls have to be adapted, with the moves that say so."""


def named_doubles(subjects: Subjects, changed: Changed) -> Iterator[Omission]:
    """Classes of ROOT that are called like a double of a legacy class (`FakeManager`) and have its
    methods."""
    tree = subjects.world.tree
    for subject in subjects.all:
        name = re.escape(subject.legacy_name)
        double = re.compile(rf"_?(?:{_DOUBLE}_?)+{name}|_?{name}(?:_?{_DOUBLE})+")
        for path in tree.containing(subject.legacy_name):
            facts = tree.facts(path)
            for cls in facts.classes if facts else ():
                if facts is None or not double.fullmatch(cls.name):
                    continue
                own = [f.name for f in facts.functions if f.scope == cls.qualname]
                if why := _why(subject, cls, own, changed):
                    yield Omission(path, cls.line, cls.column, f"class {cls.name}", "double", why)


def passed_doubles(
    subjects: Subjects, flow: FileFlow, node: ast.Call, changed: Changed
) -> Iterator[tuple[ast.expr, str]]:
    """Arguments of a call that stand in for an object of the plan: the parameter has its type, and they
    are of another class with methods of the same names."""
    if not (node.args or node.keywords):
        return
    given = in_source_order(node)
    for callee in flow.of(node.func):
        for function, is_bound in callees(subjects, callee):
            binding = bind(signature_of(function.fact, bound=is_bound), Arguments.of(node))
            for parameter in function.fact.parameters:
                index = binding.arguments.get(parameter.name)
                if index is None or not parameter.annotation:
                    continue
                words = set(re.findall(r"\w+", parameter.annotation))
                argument, _ = given[index]
                for subject in subjects.all:
                    if {subject.legacy_name, subject.target_name} & words:
                        yield from _of_argument(subjects, flow, argument, subject, changed)


def _of_argument(
    subjects: Subjects, flow: FileFlow, argument: ast.expr, subject: Subject, changed: Changed
) -> Iterator[tuple[ast.expr, str]]:
    for value in sorted(flow.of(argument), key=lambda value: value.name):
        cls = subjects.world.class_of(value.name) if value.kind == "instance" else None
        if cls is None or not cls.source.first_party or subjects.concerns(value):
            continue
        if why := _why(subject, cls.fact, cls.functions, changed):
            yield argument, why


def _why(subject: Subject, cls: ClassFact, own: Collection[str], changed: Changed) -> str:
    if not isinstance(subject.legacy, Class) or cls is subject.legacy.fact:
        return ""
    methods = sorted(name for name in own if subject in changed.get(name, ()))
    if not methods:
        return ""
    move = subject.move
    return f"{cls.name} stands in for {move.source} with {', '.join(methods)}, called otherwise now"
