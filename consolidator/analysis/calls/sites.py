"""Every use of a moved class or function in one file, with what becomes of it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from codemods.calls import CallAdaptation, NameChange, Span
from codemods.outcome import Omission
from codemods.positions import Positions
from consolidator.analysis.calls.adapt import (
    Left,
    NewCall,
    adapt,
    dropped,
    fits,
    means_the_same,
)
from consolidator.analysis.calls.evidence import plausible
from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Candidates, Subject, Subjects
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.calls.template import TemplateError, parse_template
from consolidator.analysis.flow.inference import FileFlow
from consolidator.analysis.flow.values import NONE, Value
from consolidator.analysis.signatures import Arguments, in_source_order

Change = CallAdaptation | NameChange
_ASSERTIONS = {
    *("assert_called_with", "assert_called_once_with", "assert_any_call"),
    *("assert_awaited_with", "assert_awaited_once_with", "assert_any_await"),
}
_INSPECTIONS = {"call_args", "call_args_list", "await_args", "await_args_list", "mock_calls"}
_NAMING_CALLS = {"getattr", "hasattr", "setattr", "delattr", "object", "attrgetter"}
_EFFECTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


@dataclass
class Sites:
    """Collects the changes and omissions of one file."""

    subjects: Subjects
    flow: FileFlow
    positions: Positions
    distinctive: Collection[str]
    """Member names by which a legacy call is known even if its receiver is not."""
    changes: list[Change] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)

    def collect(self) -> None:
        self._around = Surroundings(self.flow.syntax)
        self._handled: set[ast.AST] = set()
        skipped = list(self.subjects.legacy_definitions(self.flow.path))
        for node in ast.walk(self.flow.syntax):
            line = getattr(node, "lineno", 0)
            if any(first <= line <= last for first, last in skipped):
                continue
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Attribute) and node not in self._handled:
                self._attribute(node)

    # calls

    def _call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _ASSERTIONS and isinstance(node.func.value, ast.Attribute):
                self._assertion(node, node.func.value)
                return
            if self._method_call(node, node.func):
                return
        self._named_members(node)
        callees = self.flow.of(node.func) - {NONE}
        kinds = {value.kind for value in callees}
        if kinds == {"class"}:
            for value in sorted(callees, key=lambda value: value.name)[:1]:
                if len({v.name for v in callees}) == 1 and not _is_subscripted(node.func):
                    self._adapt(node, value, CONSTRUCTOR)
        elif kinds == {"function"} and len({v.name for v in callees}) == 1:
            value = min(callees, key=lambda value: value.via)
            self._adapt_with(node, self.subjects.of_function(value), CALL)

    def _method_call(self, node: ast.Call, function: ast.Attribute) -> bool:
        """Whether the receiver is one that the plan concerns."""
        receivers = self.flow.of(function.value) - {NONE}
        owners = {(v.kind, v.name) for v in receivers}
        concerned = [
            v for v in receivers if v.kind in ("instance", "class") and self.subjects.concerns(v)
        ]
        if not concerned:
            if not any(v.kind in ("instance", "class", "module") for v in receivers):
                self._unknown_receiver(function)
            return False
        self._handled.add(function)
        value = min(concerned, key=lambda value: (value.name, value.via))
        if len(owners) > 1:
            self._several(node, function, concerned)
        elif value.kind == "class" and not _is_static(self.subjects, value, function.attr):
            self._handled.discard(function)
            return False
        else:
            self._adapt(node, value, function.attr)
        return True

    def _several(self, node: ast.Call, function: ast.Attribute, concerned: list[Value]) -> None:
        name = function.attr
        for value in concerned:
            candidates = self.subjects.of_instance(value, name)
            if any(s.knows(name) and not self._is_settled(s, name) for s in candidates.subjects):
                self._omit(
                    node, "ambiguous-receiver", f"{_shown(function.value)} can be several things"
                )
                return

    @staticmethod
    def _is_settled(subject: Subject, name: str) -> bool:
        return not {name} & (subject.move.methods.keys() | subject.move.calls.keys()) and (
            subject.target_member(name) is not None
        )

    def _adapt(self, node: ast.Call, value: Value, name: str) -> None:
        self._adapt_with(node, self.subjects.of_instance(value, name), name)

    def _adapt_with(self, node: ast.Call, candidates: Candidates, name: str) -> None:
        found = self._decide(node, candidates, name)
        if isinstance(found, Left):
            self._omit(node, found.kind, found.why)
        elif found is not None:
            self._write(node, found, name)

    def _decide(self, node: ast.Call, candidates: Candidates, name: str) -> NewCall | Left | None:
        if not candidates.subjects:
            return None
        arguments = Arguments.of(node)
        possible = self._possible(node, candidates, name)
        answers = {subject: adapt(subject, name, arguments) for subject in possible}
        distinct = {a for a in answers.values() if not isinstance(a, Left)}
        if not possible or not distinct:
            return self._without_answer(candidates, name, arguments, list(answers.values()))
        if any(not a.changes for a in distinct) and len(distinct) == 1:
            return None
        is_fit = any(fits(subject, name, arguments) for subject in possible)
        if is_fit and not candidates.named and name in (CALL, CONSTRUCTOR):
            return None
        if is_fit and not candidates.certain:
            same = all(
                isinstance(a, NewCall) and means_the_same(a, arguments, s, name)
                for s, a in answers.items()
            )
            positional = any(not keyword for keyword in arguments.keywords)
            if same or not positional:
                return None
            return Left("ambiguous", _both(possible[0], name))
        if len(distinct) > 1 or len(answers) > len([a for a in answers.values() if a in distinct]):
            return Left("ambiguous", _choices(answers, name))
        return self._checked(node, next(iter(distinct)), arguments, name)

    def _possible(self, node: ast.Call, candidates: Candidates, name: str) -> list[Subject]:
        if len(candidates.subjects) == 1:
            return list(candidates.subjects)
        values = [self.flow.of(argument) for argument, _ in in_source_order(node)]
        found = []
        for subject in candidates.subjects:
            signature = subject.legacy_signature(name)
            if signature is None or plausible(signature, node, values):
                found.append(subject)
        readable = [s for s in found if s.legacy_signature(name) is not None]
        return readable or found

    def _without_answer(
        self,
        candidates: Candidates,
        name: str,
        arguments: Arguments,
        answers: list[NewCall | Left],
    ) -> Left | None:
        """Fits the target: code written for it. Else the reason of the one legacy form, or all."""
        if any(fits(subject, name, arguments) for subject in candidates.subjects):
            certain_misfit = candidates.certain and not all(
                isinstance(a, Left) and "does not fit" in a.why for a in answers
            )
            if not certain_misfit:
                return None
        lefts = [a for a in answers if isinstance(a, Left)]
        if lefts:
            return lefts[0]
        first = candidates.subjects[0]
        return Left("does-not-fit", _both(first, name))

    def _checked(
        self, node: ast.Call, new: NewCall, arguments: Arguments, name: str
    ) -> NewCall | Left:
        sources = [argument for argument, _ in in_source_order(node)]
        for index in dropped(new, arguments):
            if any(isinstance(part, _EFFECTS) for part in ast.walk(sources[index])):
                text = _shown(sources[index])
                return Left("drops-effect", f"the new form drops {text}, which does something")
        for index in _repeated(new):
            if not isinstance(sources[index], ast.Name | ast.Constant):
                return Left("repeats", f"the new form evaluates {_shown(sources[index])} twice")
        awaited = self._around.awaited_by(node)
        if new.awaiting == "add" and awaited is None and not self._around.can_await(node):
            return Left("await", f"{name} is awaited now, and the caller is not async")
        if new.awaiting == "drop" and awaited is None and not self._is_double_setup(node):
            return Left(
                "await", f"{name} is no longer a coroutine, and this one is not awaited here"
            )
        return new

    def _is_double_setup(self, node: ast.Call) -> bool:
        return self._around.is_enter(node)

    def _write(self, node: ast.Call, new: NewCall, name: str) -> None:
        if new.unverified:
            self._omit(node, "unverified", f"rewritten, but not checked: {new.unverified}")
        awaited = self._around.awaited_by(node)
        self.changes.append(
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

    def _assertion(self, node: ast.Call, method: ast.Attribute) -> None:
        value = self._concerned(method.value)
        if value is None:
            return
        self._handled.add(method)
        candidates = self.subjects.of_instance(value, method.attr)
        found = self._decide(node, candidates, method.attr)
        if isinstance(found, Left):
            self._omit(node, found.kind, found.why)
        elif found is not None:
            if found.callee:
                self._rename(method, found.callee, "mock")
            if found.arguments is not None:
                self.changes.append(
                    CallAdaptation(Span.of(node), "mock", arguments=found.arguments)
                )

    # attributes and names in strings

    def _attribute(self, node: ast.Attribute) -> None:
        value = self._concerned(node.value)
        if value is None or node.attr.startswith("__"):
            return
        candidates = self.subjects.of_instance(value, node.attr)
        knowing = [s for s in candidates.subjects if s.knows(node.attr)]
        new = {self._new_name(subject, node.attr) for subject in knowing}
        if len(new) != 1:
            if len(new) > 1:
                self._omit(node, "ambiguous", f"{node.attr} moves to {', '.join(sorted(new))}")
            return
        subject, name = knowing[0], new.pop()
        if not candidates.certain and name != node.attr and subject.target_member(node.attr):
            return
        if name == node.attr:
            self._kept_attribute(node, subject)
        elif why := self._unsafe_reference(node, value, subject):
            self._omit(node, "method-reference", why)
        else:
            self._rename(node, name, "mock" if value.mock else "attribute")

    def _kept_attribute(self, node: ast.Attribute, subject: Subject) -> None:
        if subject.target_member(node.attr) is None and not subject.doubt():
            why = f"{subject.move.target} has no {node.attr!r}"
            self._omit(node, "missing-member", why)

    def _unsafe_reference(self, node: ast.Attribute, value: Value, subject: Subject) -> str:
        """Why a method that is not called here can't just be renamed."""
        if node.attr in subject.move.attributes:
            return ""
        parent = self._around.parent(node)
        if value.mock:
            if isinstance(parent, ast.Attribute) and parent.attr in _INSPECTIONS:
                return f"{parent.attr} looks at arguments as the legacy method took them"
            return ""
        if node.attr in subject.move.calls:
            return f"the method is passed on, and the plan changes how {node.attr} is called"
        return ""

    @staticmethod
    def _new_name(subject: Subject, name: str) -> str:
        move = subject.move
        if name in move.calls:
            try:
                return parse_template(move.calls[name].call).callee or name
            except TemplateError:
                return name
        return move.attributes.get(name) or move.methods.get(name, name)

    def _named_members(self, node: ast.Call) -> None:
        """`getattr(manager, "send")`, `patch.object(Manager, "send")`, `patch("a.b.Manager.send")`."""
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        strings = [
            a for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)
        ]
        if len(strings) != 1:
            return
        string = strings[0]
        if name in _NAMING_CALLS and len(node.args) > 1 and string is node.args[1]:
            value = self._concerned(node.args[0], classes=True)
            if value is not None:
                self._member_string(string, value, str(string.value))
        elif string is node.args[0] and "." in str(string.value) and name in ("patch", "setattr"):
            owner, _, member = str(string.value).rpartition(".")
            for value in self._named_class(owner):
                self._member_string(string, value, member)

    def _named_class(self, dotted: str) -> Iterator[Value]:
        world = self.subjects.world
        found = world.definition(world.project, world.resolver.absolute(dotted))
        value = Value("class", getattr(found, "dotted", ""), dotted.rpartition(".")[2])
        if found is not None and self.subjects.concerns(value):
            yield value

    def _member_string(self, node: ast.Constant, value: Value, member: str) -> None:
        candidates = self.subjects.of_instance(value, member)
        knowing = [s for s in candidates.subjects if s.knows(member)]
        new = {self._new_name(subject, member) for subject in knowing}
        if not candidates.certain and any(s.target_member(member) for s in knowing):
            return
        if len(new) == 1 and (name := new.pop()) != member:
            self.changes.append(NameChange(Span.of(node), "string", member, name))
        elif knowing and knowing[0].target_member(member) is None and not knowing[0].doubt():
            self._omit(node, "missing-member", f"{knowing[0].move.target} has no {member!r}")

    # helpers

    def _concerned(self, node: ast.expr, *, classes: bool = False) -> Value | None:
        receivers = self.flow.of(node) - {NONE}
        if len({(v.kind, v.name) for v in receivers}) != 1:
            return None
        value = min(receivers, key=lambda value: value.via)
        if value.kind == "instance" or (classes and value.kind == "class"):
            return value if self.subjects.concerns(value) else None
        return None

    def _unknown_receiver(self, function: ast.Attribute) -> None:
        if function.attr in self.distinctive:
            why = f"what {_shown(function.value)} is can't be told; {function.attr} is a legacy method"
            self._omit(function, "unknown-receiver", why)

    def _rename(self, node: ast.Attribute, name: str, kind: str) -> None:
        self.changes.append(NameChange(Span.of(node), kind, node.attr, name))

    def _omit(self, node: ast.expr, kind: str, why: str) -> None:
        start, _ = self.positions.span(node)
        line, column = self.positions.place(start)
        text = " ".join(self.positions.of(node).split())
        self.omissions.append(Omission(self.flow.path, line, column, text[:200], kind, why))


def _shown(node: ast.expr) -> str:
    return ast.unparse(node)[:80]


def _is_subscripted(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript)


def _is_static(subjects: Subjects, value: Value, name: str) -> bool:
    """Whether calling the member on the class itself passes no instance."""
    cls = subjects.world.class_of(value.name)
    for ancestor in subjects.world.lineage(cls) if cls else ():
        if function := ancestor.functions.get(name):
            return bool(function.decorators & {"classmethod", "staticmethod"})
    return False


def _repeated(new: NewCall) -> list[int]:
    text = " ".join(
        f"${a.value}" if isinstance(a.value, int) else a.value for a in new.arguments or ()
    )
    return [i for i in range(50) if len([w for w in _words(text) if w == f"${i}"]) > 1]


def _words(text: str) -> list[str]:
    spaced = "".join(c if c.isalnum() or c == "$" else " " for c in text)
    return spaced.split()


def _both(subject: Subject, name: str) -> str:
    old, new = subject.legacy_signature(name), subject.target_signature(name)
    return f"it may be meant for {old} or for {new}"


def _choices(answers: dict[Subject, NewCall | Left], name: str) -> str:
    shown = "; ".join(
        f"{subject.move.source}: {subject.legacy_signature(name) or name}" for subject in answers
    )
    return f"it may be a call of any of these: {shown}"
