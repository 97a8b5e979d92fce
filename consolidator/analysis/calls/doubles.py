"""Test doubles of moved classes: what they are asked about calls, and what they are made to do."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from codemods.calls import Argument, CallAdaptation, Span
from consolidator.analysis.calls.adapt import new_name, replaceable
from consolidator.analysis.calls.findings import Findings
from consolidator.analysis.calls.subjects import Candidates, Subject, Subjects
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.values import Value
from consolidator.analysis.flow.wellknown import last_name
from consolidator.analysis.signatures import Arguments

MOCKERY = (
    *("assert_", "return_value", "side_effect", "call_", "await_", "called", "awaited", "mock_"),
    *("reset_mock", "configure_mock", "attach_mock", "method_calls"),
)
"""How the attributes begin that every test double has besides those of its spec."""
ASSERTIONS = {
    *("assert_called_with", "assert_called_once_with", "assert_any_call"),
    *("assert_awaited_with", "assert_awaited_once_with", "assert_any_await"),
}
"""Assertions that take the arguments of the call."""
INSPECTIONS = {
    *("call_args", "call_args_list", "await_args", "await_args_list", "mock_calls"),
    *("assert_has_calls", "assert_has_awaits"),
}
"""What shows the arguments of calls."""
_RECORDS = {"mock_calls", "method_calls", "assert_has_calls", "assert_has_awaits"}
_ASKED = {
    "assert_awaited": "assert_called",
    "assert_awaited_once": "assert_called_once",
    "assert_awaited_with": "assert_called_with",
    "assert_awaited_once_with": "assert_called_once_with",
    "assert_any_await": "assert_any_call",
    "assert_not_awaited": "assert_not_called",
    "await_count": "call_count",
}
"""What only the double of a coroutine answers, and what the double of a function does."""
_PLAIN, _ASYNC = {"Mock", "MagicMock"}, {"AsyncMock"}


@dataclass
class Doubles:
    """Looks at the doubles in one file; what it finds goes to `findings`."""

    subjects: Subjects
    flow: FileFlow
    around: Surroundings
    findings: Findings

    def recorded(self, node: ast.Attribute) -> None:
        """`double.mock_calls`, `double.assert_has_calls`: calls of any member, in one list."""
        if node.attr in _RECORDS and not self._is_counted(node):
            why = f"{node.attr} looks at calls of the legacy methods under their names"
            self.findings.omit(node, "method-reference", why)

    def _is_counted(self, node: ast.Attribute) -> bool:
        """Whether only the number of the calls matters: `len(…)`, `not …`, `… == []`."""
        parent = self.around.parent(node)
        if isinstance(parent, ast.Compare):
            others = [parent.left, *parent.comparators]
            return all(o is node or (isinstance(o, ast.List) and not o.elts) for o in others)
        is_len = isinstance(parent, ast.Call) and last_name(parent.func) == "len"
        return is_len or isinstance(parent, ast.UnaryOp | ast.Assert | ast.If)

    def asked(self, node: ast.Attribute, subject: Subject, name: str) -> None:
        """`double.method.assert_awaited_once`, where the method is no coroutine any more."""
        parent = self.around.parent(node)
        if not isinstance(parent, ast.Attribute) or "await" not in parent.attr:
            return
        old, new = subject.legacy_signature(name), subject.target_signature(new_name(subject, name))
        if old is None or new is None or new.awaited or not old.awaited:
            return
        if parent.attr in _ASKED:
            self.findings.rename(parent, _ASKED[parent.attr], "mock")
        else:
            self.findings.omit(parent, "mock", f"{new} is no coroutine: nothing awaits its double")

    def made(self, node: ast.Call) -> None:
        """`Mock(spec=Manager, send=…)`: keywords that set what a member does."""
        doubles = {v for v in self.flow.of(node) if v.mock and v.kind == "instance"}
        if len(doubles) != 1:
            return
        value = doubles.pop()
        keywords = Arguments.of(node).keywords
        renamed = list(keywords)
        for index, keyword in enumerate(keywords):
            candidates = self.subjects.of_instance(value, keyword)
            knowing = [s for s in candidates.subjects if s.knows(keyword)]
            new = {new_name(subject, keyword) for subject in knowing}
            if is_known(candidates, knowing, keyword) and len(new) == 1:
                renamed[index] = new.pop()
        if renamed != list(keywords):
            arguments = tuple(Argument(i, keyword) for i, keyword in enumerate(renamed))
            self.findings.changes.append(CallAdaptation(Span.of(node), "mock", arguments=arguments))

    def replaced(
        self, node: ast.expr, value: Value, name: str, replacement: ast.expr | None
    ) -> None:
        """`Manager.send = …`, `patch.object(manager, "send", …)`: what takes the method's place must
        be called as the new method is."""
        candidates = self.subjects.of_instance(value, name)
        knowing = [s for s in candidates.subjects if s.legacy_signature(name) is not None]
        if replacement is None or not is_known(candidates, knowing, name):
            return
        made = last_name(replacement.func) if isinstance(replacement, ast.Call) else ""
        for subject in knowing:
            why = replaceable(subject, name, awaits=_awaits(made))
            if why:
                self.findings.omit(node, "replacement", why)
                return


def _awaits(made: str) -> bool | None:
    """Whether a double can be awaited; None where it is something else that replaces the method."""
    if made in _PLAIN:
        return False
    return True if made in _ASYNC else None


def is_known(candidates: Candidates, knowing: list[Subject], name: str) -> bool:
    """Whether a member is certainly the legacy one, not the target's own of the same name."""
    return bool(knowing) and (candidates.certain or all(not s.target_member(name) for s in knowing))
