"""Members that are named without being called: attributes, `getattr` and patch strings, test doubles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.calls import Argument, CallAdaptation, NameChange, Span
from consolidator.analysis.calls.adapt import same_by_place
from consolidator.analysis.calls.findings import Findings
from consolidator.analysis.calls.subjects import CONSTRUCTOR, Subject, Subjects
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.calls.template import TemplateError, parse_template
from consolidator.analysis.flow.inference import FileFlow
from consolidator.analysis.flow.values import NONE, Value
from consolidator.analysis.signatures import Arguments

MOCKERY = (
    *("assert_", "return_value", "side_effect", "call_", "await_", "called", "awaited", "mock_"),
    *("reset_mock", "configure_mock", "attach_mock", "method_calls"),
)
"""How the attributes begin that every test double has besides those of its spec."""
_INSPECTIONS = {
    *("call_args", "call_args_list", "await_args", "await_args_list", "mock_calls"),
    *("assert_has_calls", "assert_has_awaits"),
}
_RECORDS = {"mock_calls", "method_calls", "assert_has_calls", "assert_has_awaits"}
_NAMING_CALLS = {"getattr", "hasattr", "setattr", "delattr", "object", "attrgetter"}
_LATER = {"partial", "partialmethod"}


@dataclass
class References:
    """Looks at one file; what it finds goes to `findings`."""

    subjects: Subjects
    flow: FileFlow
    around: Surroundings
    findings: Findings

    def concerned(self, node: ast.expr, *, classes: bool = False) -> Value | None:
        """The one object (or class) of the plan that an expression is."""
        receivers = self.flow.of(node) - {NONE}
        if len({(v.kind, v.name) for v in receivers}) != 1:
            return None
        value = min(receivers, key=lambda value: value.via)
        if value.kind == "instance" or (classes and value.kind == "class"):
            return value if self.subjects.concerns(value) else None
        return None

    def attribute(self, node: ast.Attribute) -> None:
        value = self.concerned(node.value, classes=True)
        if value is None or node.attr.startswith("__"):
            return
        if value.mock and node.attr.startswith(MOCKERY):
            self.recorded(node)
            return
        candidates = self.subjects.of_instance(value, node.attr)
        knowing = [s for s in candidates.subjects if s.knows(node.attr)]
        new = {new_name(subject, node.attr) for subject in knowing}
        if len(new) != 1:
            if len(new) > 1:
                why = f"{node.attr} moves to {', '.join(sorted(new))}"
                self.findings.omit(node, "ambiguous", why)
            return
        subject, name = knowing[0], new.pop()
        if not candidates.certain and (name == node.attr or subject.target_member(node.attr)):
            self._missing(node, subject, node.attr)
        elif why := self._unsafe(node, value, subject):
            self.findings.omit(node, "method-reference", why)
        elif name == node.attr:
            self._missing(node, subject, node.attr)
        else:
            self.findings.rename(node, name, "mock" if value.mock else "attribute")

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
        is_len = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "len"
        return is_len or isinstance(parent, ast.UnaryOp | ast.Assert | ast.If)

    def _missing(self, node: ast.expr, subject: Subject, name: str) -> None:
        if subject.target_member(name) is None and not subject.doubt():
            self.findings.omit(node, "missing-member", f"{subject.move.target} has no {name!r}")

    def _unsafe(self, node: ast.Attribute, value: Value, subject: Subject) -> str:
        """Why a method that is not called here can't just be renamed."""
        if node.attr in subject.move.attributes:
            return ""
        parent = self.around.parent(node)
        if value.mock:
            if isinstance(parent, ast.Attribute) and parent.attr in _INSPECTIONS:
                return f"{parent.attr} looks at arguments as the legacy method took them"
            return ""
        if not isinstance(node.ctx, ast.Load) or isinstance(parent, ast.Attribute):
            return ""
        why = same_by_place(subject, node.attr)
        return f"the method is passed on, and {why}" if why else ""

    # classes that are called elsewhere

    def called_later(self, node: ast.Call) -> None:
        """`partial(Class, …)`, `field(default_factory=Class)`: the call is not here to be adapted."""
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        later = list(node.args[:1]) if name in _LATER else []
        later += [k.value for k in node.keywords if k.arg == "default_factory"]
        for argument in later:
            for value in self.flow.of(argument):
                subjects = [
                    *self.subjects.of_instance(value, CONSTRUCTOR).subjects,
                    *self.subjects.of_function(value).subjects,
                ]
                key = "__call__" if value.kind == "function" else CONSTRUCTOR
                reasons = [why for s in subjects if (why := same_by_place(s, key))]
                if value.kind in ("class", "function") and reasons:
                    self.findings.omit(
                        argument, "method-reference", f"it is called elsewhere, and {reasons[0]}"
                    )

    # strings and keywords

    def named_members(self, node: ast.Call) -> None:
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
            value = self.concerned(node.args[0], classes=True)
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
        new = {new_name(subject, member) for subject in knowing}
        if not candidates.certain and any(s.target_member(member) for s in knowing):
            return
        if len(new) == 1 and (name := new.pop()) != member:
            self.findings.changes.append(NameChange(Span.of(node), "string", member, name))
        elif knowing:
            self._missing(node, knowing[0], member)

    def double(self, node: ast.Call) -> None:
        """`Mock(spec=Manager, send=…)`: keywords that set what a member does."""
        made = {v for v in self.flow.of(node) if v.mock and v.kind == "instance"}
        if len(made) != 1:
            return
        value = made.pop()
        keywords = Arguments.of(node).keywords
        renamed = list(keywords)
        for index, keyword in enumerate(keywords):
            candidates = self.subjects.of_instance(value, keyword)
            knowing = [s for s in candidates.subjects if s.knows(keyword)]
            new = {new_name(subject, keyword) for subject in knowing}
            known = candidates.certain or all(not s.target_member(keyword) for s in knowing)
            if known and len(new) == 1:
                renamed[index] = new.pop()
        if renamed != list(keywords):
            arguments = tuple(Argument(i, keyword) for i, keyword in enumerate(renamed))
            self.findings.changes.append(CallAdaptation(Span.of(node), "mock", arguments=arguments))


def new_name(subject: Subject, name: str) -> str:
    """What the plan calls a member now."""
    move = subject.move
    if name in move.calls:
        try:
            return parse_template(move.calls[name].call).callee or name
        except TemplateError:
            return name
    return move.attributes.get(name) or move.methods.get(name, name)
