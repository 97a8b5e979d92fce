"""Every use of a moved class or function in one file, with what becomes of it."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import replace

from codemods.calls import AsyncWith, CallAdaptation, Span
from codemods.positions import Positions
from consolidator.analysis.calls.adapt import Left, NewCall, is_settled, same_by_place
from consolidator.analysis.calls.decision import Decision
from consolidator.analysis.calls.doubles import ASSERTIONS, MOCKERY
from consolidator.analysis.calls.findings import Findings, shown
from consolidator.analysis.calls.overrides import made_overrides
from consolidator.analysis.calls.references import References
from consolidator.analysis.calls.stand_ins import passed_doubles
from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Candidates, Subject, Subjects
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.calls.unknown import UnknownReceivers
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.values import NONE, Value, Values
from consolidator.analysis.flow.wellknown import last_name

_ENTERING = {True: "__aenter__", False: "__enter__"}


class Sites:
    """Collects the changes and omissions of one file."""

    def __init__(
        self,
        subjects: Subjects,
        flow: FileFlow,
        positions: Positions,
        unknown: UnknownReceivers,
    ) -> None:
        self.findings = Findings(flow.path, positions)
        self._subjects = subjects
        self._flow = flow
        self._unknown = unknown
        self._around = Surroundings(flow.syntax, flow.matters)
        self._decide = Decision(flow, self._around)
        self._references = References(subjects, flow, self._around, self.findings, unknown)
        self._handled: set[ast.AST] = set()

    def collect(self) -> Findings:
        skipped = list(self._subjects.legacy_definitions(self._flow.path))
        for node in self._around.nodes:
            line = getattr(node, "lineno", 0)
            if any(first <= line <= last for first, last in skipped):
                continue
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Attribute) and node not in self._handled:
                self._references.attribute(node)
            elif isinstance(node, ast.With | ast.AsyncWith):
                self._with(node)
            elif isinstance(node, ast.MatchClass) and node.patterns:
                self._pattern(node)
        return self.findings

    # calls

    def _call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ASSERTIONS:
                self._assertion(node, node.func.value)
                return
            if node.func.attr != "__class__" and self._method_call(node, node.func):
                self._references.handed_on(node)
                return
        self._references.named_members(node)
        self._references.handed_on(node)
        self._references.doubles.made(node)
        for member, why in made_overrides(self._subjects, self._flow, node):
            self.findings.omit(member, "override", why)
        for double, why in passed_doubles(self._subjects, self._flow, node, self._unknown.changed):
            self.findings.omit(double, "double", why)
        if last_name(node.func) in ("enter_context", "enter_async_context") and node.args:
            self._entered_elsewhere(node)
        callees = self._flow.of(node.func) - {NONE}
        kinds = {value.kind for value in callees}
        if not kinds <= {"class", "function", "method"}:
            if kinds & {"class", "function"}:
                self._several_callees(node, callees)
            return
        if len({(value.name, value.member) for value in callees}) != 1:
            self._several_callees(node, callees)
            return
        value = min(callees, key=lambda value: value.via)
        if value.kind == "function":
            self._adapt_with(node, self._subjects.of_function(value), CALL)
        elif value.kind == "method":
            self._bound_method(node, value)
        elif not value.mock:
            self._adapt(node, value, CONSTRUCTOR)

    def _bound_method(self, node: ast.Call, value: Value) -> None:
        """`send = manager.send; send(…)`: the method gets its new name where it is fetched, so here
        only the arguments change."""
        candidates = self._subjects.of_instance(value, value.member)
        is_renamed = not any(
            same_by_place(s, value.member) for s in candidates.subjects if s.knows(value.member)
        )
        if isinstance(node.func, ast.Attribute) or value.mock or not is_renamed:
            return
        found = self._decide(node, candidates, value.member)
        if isinstance(found, NewCall) and found.arguments is not None:
            self._write(node, replace(found, callee="", member=""), value.member)
        elif isinstance(found, Left):
            self.findings.omit(node, found.kind, found.why)

    def _several_callees(self, node: ast.Call, callees: Collection[Value]) -> None:
        for value in sorted(callees, key=lambda value: value.name):
            is_class = value.kind == "class"
            candidates = (
                self._subjects.of_instance(value, CONSTRUCTOR)
                if is_class
                else self._subjects.of_function(value)
            )
            key = CONSTRUCTOR if is_class else CALL
            if any(same_by_place(subject, key) for subject in candidates.subjects):
                why = f"{shown(node.func)} can be several things"
                self.findings.omit(node, "ambiguous-receiver", why)
                return

    def _method_call(self, node: ast.Call, function: ast.Attribute) -> bool:
        """Whether the receiver is one that the plan concerns."""
        receivers = self._flow.of(function.value) - {NONE}
        concerned = [
            v for v in receivers if v.kind in ("instance", "class") and self._subjects.concerns(v)
        ]
        if not concerned:
            self._unknown.call(node, function, receivers, self.findings)
            return False
        self._handled.add(function)
        value = min(concerned, key=lambda value: (value.name, value.via))
        if value.mock and function.attr.startswith(MOCKERY):
            self._references.doubles.recorded(function)
            return True
        if not self._is_one(receivers, function.attr):
            if not self._agreed(node, receivers, function.attr):
                self._several(node, function, concerned)
        elif value.kind == "class" and not _is_static(self._subjects, value, function.attr):
            return self._unbound(node, function, value)
        else:
            self._adapt(node, value, function.attr)
        return True

    def _agreed(self, node: ast.Call, receivers: Values, name: str) -> bool:
        """Adapts the call where it becomes the same, whichever of the values the receiver is."""
        each = [self._subjects.of_instance(v, name) for v in receivers if v.kind == "instance"]
        if len(each) != len(receivers) or not all(c.certain for c in each):
            return False
        found = {self._decide(node, candidates, name) for candidates in each}
        new = next(iter(found))
        if len(found) != 1 or not isinstance(new, NewCall):
            return False
        self._write(node, new, name)
        return True

    def _is_one(self, receivers: Values, name: str) -> bool:
        """Whether the member is the same one, whichever of the values the receiver is."""
        if len({(v.kind, v.name) for v in receivers}) == 1:
            return True
        each = [self._subjects.of_instance(v, name) for v in receivers]
        is_instance = all(v.kind == "instance" for v in receivers)
        return is_instance and bool(each[0].subjects) and all(c == each[0] for c in each)

    def _unbound(self, node: ast.Call, function: ast.Attribute, value: Value) -> bool:
        """`Manager.send(manager, …)`: renamed where nothing else changes."""
        candidates = self._subjects.of_instance(value, function.attr)
        knowing = [s for s in candidates.subjects if s.knows(function.attr)]
        reasons = [why for s in knowing if (why := same_by_place(s, function.attr))]
        if not reasons or not candidates.certain:
            self._handled.discard(function)
            return False
        self.findings.omit(node, "unbound", f"it is called on the class itself, and {reasons[0]}")
        return True

    def _several(self, node: ast.Call, function: ast.Attribute, concerned: list[Value]) -> None:
        name = function.attr
        for value in concerned:
            candidates = self._subjects.of_instance(value, name)
            if any(s.knows(name) and not is_settled(s, name) for s in candidates.subjects):
                why = f"{shown(function.value)} can be several things"
                self.findings.omit(node, "ambiguous-receiver", why)
                return

    def _adapt(self, node: ast.Call, value: Value, name: str) -> None:
        self._adapt_with(node, self._subjects.of_instance(value, name), name)

    def _adapt_with(self, node: ast.Call, candidates: Candidates, name: str) -> None:
        found = self._decide(node, candidates, name)
        if isinstance(found, Left):
            self.findings.omit(node, found.kind, found.why)
        elif found is not None:
            self._write(node, found, name)

    def _write(self, node: ast.Call, new: NewCall, name: str) -> None:
        if new.unverified:
            self.findings.omit(node, "unverified", f"rewritten, but not checked: {new.unverified}")
        awaited = self._around.awaited_by(node)
        self.findings.changes.append(
            CallAdaptation(
                Span.of(node),
                "constructor" if name == CONSTRUCTOR else "call",
                callee=new.callee,
                member=new.member,
                arguments=new.arguments,
                add_await=new.awaiting == "add" and awaited is None,
                parenthesised=self._around.is_head(node),
                dropped_await=Span.of(awaited) if awaited and new.awaiting == "drop" else None,
            )
        )

    # assertions of test doubles

    def _assertion(self, node: ast.Call, method: ast.expr) -> None:
        value, name = self._asserted(method)
        if value is None:
            return
        self._handled.add(method)
        candidates = self._subjects.of_instance(value, name)
        found = self._decide(node, candidates, name)
        if isinstance(found, Left):
            self.findings.omit(node, found.kind, found.why)
        elif found is not None:
            if found.callee and isinstance(method, ast.Attribute):
                self.findings.rename(method, found.callee, "mock")
            if found.arguments is not None:
                span = Span.of(node)
                self.findings.changes.append(
                    CallAdaptation(span, "mock", arguments=found.arguments)
                )

    def _asserted(self, method: ast.expr) -> tuple[Value | None, str]:
        """The double and the method of it that an assertion is about."""
        if isinstance(method, ast.Attribute):
            value = self._references.concerned(method.value, classes=True)
            if value is not None:
                return value, method.attr
        doubles = [v for v in self._flow.of(method) if v.kind == "method" and v.mock]
        if len(doubles) != 1 or isinstance(method, ast.Attribute):
            return None, ""
        return Value("instance", doubles[0].name, doubles[0].via), doubles[0].member

    # patterns

    def _pattern(self, node: ast.MatchClass) -> None:
        """`case Point(0, y)`: places follow `__match_args__`, which a dataclass has from its fields."""
        for value in self._flow.of(node.cls):
            if value.kind != "class":
                continue
            for subject in self._subjects.of_instance(value, CONSTRUCTOR).subjects:
                members = [
                    of("__match_args__") for of in (subject.legacy_member, subject.target_member)
                ]
                why = "they say their __match_args__" if any(members) else ""
                if why := why or same_by_place(subject, CONSTRUCTOR):
                    self.findings.omit(
                        node.cls, "pattern", f"its values are matched by place, and {why}"
                    )
                    return

    # context managers

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        is_async = isinstance(node, ast.AsyncWith)
        for item in node.items:
            value = self._references.concerned(item.context_expr)
            if value is None:
                continue
            candidates = self._subjects.of_instance(value, _ENTERING[is_async])
            name = _ENTERING[is_async]
            for subject in candidates.subjects:
                if not subject.knows(name) or subject.doubt():
                    continue
                if subject.target_member(name) is None:
                    self._enter_otherwise(node, item.context_expr, subject)
                    break

    def _entered_elsewhere(self, node: ast.Call) -> None:
        """`stack.enter_context(Manager())`."""
        is_async = last_name(node.func) == "enter_async_context"
        name = _ENTERING[is_async]
        value = self._references.concerned(node.args[0])
        for subject in self._subjects.of_instance(value, name).subjects if value else ():
            if subject.knows(name) and not subject.doubt() and not subject.target_member(name):
                why = f"{subject.move.target} has no {name}"
                self.findings.omit(node.args[0], "context-manager", why)
                return

    def _enter_otherwise(
        self, node: ast.With | ast.AsyncWith, entered: ast.expr, subject: Subject
    ) -> None:
        is_async = isinstance(node, ast.AsyncWith)
        if subject.target_member(_ENTERING[not is_async]) is None:
            why = f"{subject.move.target} is no context manager"
        elif len(node.items) > 1:
            why = f"{subject.move.target} is entered otherwise than the managers beside it"
        elif not is_async and not self._around.can_await(entered):
            why = f"{subject.move.target} is entered by `async with`, and the caller is not async"
        else:
            self.findings.changes.append(AsyncWith(Span.of(node), wanted=not is_async))
            return
        self.findings.omit(entered, "context-manager", why)


def _is_static(subjects: Subjects, value: Value, name: str) -> bool:
    """Whether calling the member on the class itself passes no instance."""
    cls = subjects.world.class_of(value.name)
    for ancestor in subjects.world.lineage(cls) if cls else ():
        if function := ancestor.functions.get(name):
            return bool(function.decorators & {"classmethod", "staticmethod"})
    return False
