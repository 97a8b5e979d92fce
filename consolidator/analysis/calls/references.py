"""Members that are named without being called: attributes, `getattr` and patch strings."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from codemods.calls import NameChange, Span
from consolidator.analysis.calls.adapt import new_name, same_by_keyword, same_by_place
from consolidator.analysis.calls.doubles import INSPECTIONS, MOCKERY, Doubles
from consolidator.analysis.calls.findings import Findings
from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Subject, Subjects
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.calls.unknown import UnknownReceivers
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.values import NONE, NOTHING_KNOWN, Value
from consolidator.analysis.flow.wellknown import last_name

_ASKING = {"hasattr", "delattr"}
_REPLACING = {"setattr", "object"}
_READING = {"getattr", "attrgetter"}
_HARMLESS = {
    *("isinstance", "issubclass", "cast", "TypeVar", "NewType", "super", "type", "id", "hash"),
    *("getattr", "hasattr", "setattr", "delattr", "object", "print", "repr", "str", "callable"),
    *("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec", "raises"),
    *("assertIsInstance", "assertNotIsInstance", "assertIs", "assertIsNot", "assertEqual"),
    *("assertRaises", "assertTrue", "assertIsNotNone", "get_type_hints", "append", "ref"),
}
"""Callees that look at a class or function and don't call it."""
_HARMLESS_KEYWORDS = {"spec", "spec_set", "bound", "response_model", "default", "return_value"}


@dataclass
class References:
    """Looks at one file; what it finds goes to `findings`."""

    subjects: Subjects
    flow: FileFlow
    around: Surroundings
    findings: Findings
    unknown: UnknownReceivers
    doubles: Doubles = field(init=False)

    def __post_init__(self) -> None:
        self.doubles = Doubles(self.subjects, self.flow, self.around, self.findings)

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
            self.doubles.recorded(node)
            return
        if isinstance(node.ctx, ast.Store):
            self.doubles.replaced(node, value, node.attr, self.around.assigned_to(node))
        candidates = self.subjects.of_instance(value, node.attr)
        knowing = [s for s in candidates.subjects if s.knows(node.attr)]
        new = {new_name(subject, node.attr) for subject in knowing}
        if len(new) != 1:
            if len(new) > 1:
                why = f"{node.attr} moves to {', '.join(sorted(new))}"
                self.findings.omit(node, "ambiguous", why)
            return
        subject, name = knowing[0], new.pop()
        if value.mock:
            self.doubles.asked(node, subject, node.attr)
        if not candidates.certain and (name == node.attr or subject.target_member(node.attr)):
            self._missing(node, subject, node.attr)
        elif why := self._unsafe(node, value, subject):
            self.findings.omit(node, "method-reference", why)
        elif name == node.attr:
            self._missing(node, subject, node.attr)
        else:
            self.findings.rename(node, name, "mock" if value.mock else "attribute")

    def _missing(self, node: ast.expr, subject: Subject, name: str) -> None:
        if subject.target_member(name) is None and not subject.doubt():
            self.findings.omit(node, "missing-member", subject.lacking(name, name))

    def _unsafe(self, node: ast.Attribute, value: Value, subject: Subject) -> str:
        """Why a method that is not called here can't just be renamed."""
        if node.attr in subject.move.attributes:
            return ""
        parent = self.around.parent(node)
        if value.mock:
            if isinstance(parent, ast.Attribute) and parent.attr in INSPECTIONS:
                return f"{parent.attr} looks at arguments as the legacy method took them"
            return ""
        if not isinstance(node.ctx, ast.Load) or isinstance(parent, ast.Attribute):
            return ""
        why = same_by_place(subject, node.attr)
        return f"the method is passed on, and {why}" if why else ""

    # what is called elsewhere

    def handed_on(self, node: ast.Call) -> None:
        """`partial(Class, …)`, `on_close=manager.disconnect`: the call is not here to be adapted."""
        name = last_name(node.func)
        arguments = [] if name in _HARMLESS else list(node.args)
        arguments += [
            k.value
            for k in node.keywords
            if k.arg not in _HARMLESS_KEYWORDS and name not in _HARMLESS
        ]
        for argument in arguments:
            found = self.flow.of(argument) - {NONE}
            if len(found) != 1 or next(iter(found)).mock:
                continue
            value = next(iter(found))
            subjects, key = self._behind(value)
            reasons = [why for s in subjects if (why := same_by_place(s, key))]
            is_named_here = value.kind == "method" and isinstance(argument, ast.Attribute)
            if reasons and not is_named_here:
                why = f"it is called elsewhere, and {reasons[0]}"
                self.findings.omit(argument, "method-reference", why)
            elif not reasons:
                self._by_keyword(node, argument, subjects, key)

    def _by_keyword(
        self, node: ast.Call, argument: ast.expr, subjects: tuple[Subject, ...], key: str
    ) -> None:
        """Whoever calls it may name arguments as the legacy signature does."""
        for subject in subjects:
            changed = same_by_keyword(subject, key)
            if not changed:
                continue
            is_partial = last_name(node.func) in ("partial", "partialmethod")
            if is_partial and not any(keyword.arg in changed for keyword in node.keywords):
                continue
            old = subject.legacy_signature(key)
            new = subject.target_signature(new_name(subject, key))
            why = f"it is called elsewhere, where keywords must change: {old} became {new}"
            self.findings.omit(argument, "method-reference", why)
            return

    def _behind(self, value: Value) -> tuple[tuple[Subject, ...], str]:
        if value.kind == "method":
            candidates = self.subjects.of_instance(value, value.member)
            knowing = tuple(s for s in candidates.subjects if s.knows(value.member))
            return (knowing if candidates.certain else ()), value.member
        if value.kind == "class":
            candidates = self.subjects.of_instance(value, CONSTRUCTOR)
            return (candidates.subjects if candidates.named else ()), CONSTRUCTOR
        if value.kind == "function":
            candidates = self.subjects.of_function(value)
            return (candidates.subjects if candidates.named else ()), CALL
        return (), ""

    # strings

    def named_members(self, node: ast.Call) -> None:
        """`getattr(manager, "send")`, `patch.object(Manager, "send")`, `patch("a.b.Manager.send")`."""
        name = last_name(node.func)
        strings = [
            a for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)
        ]
        if name == "methodcaller" and strings and strings[0] is node.args[0]:
            self.unknown.string(strings[0], None, NOTHING_KNOWN, self.findings)
        if name in ("getattr", "setattr") and len(node.args) > 1 and not strings:
            self._computed_member(node)
        if len(strings) != 1:
            return
        string = strings[0]
        text = str(string.value)
        is_second = len(node.args) > 1 and string is node.args[1]
        if name in _ASKING | _REPLACING | _READING and is_second:
            value = self.concerned(node.args[0], classes=True)
            if value is not None:
                self._member_string(string, value, text, reads=name in _READING)
                self._replaced(node, value, text, name, 2)
            else:
                given = node.args[0]
                self.unknown.string(string, given, self.flow.of(given) - {NONE}, self.findings)
        elif string is node.args[0] and "." in text and name in ("patch", "setattr"):
            owner, _, member = text.rpartition(".")
            for value in sorted(self.flow.absolute(owner), key=lambda v: v.name):
                if value.kind in ("instance", "class") and self.subjects.concerns(value):
                    self._member_string(string, value, member)
                    self._replaced(node, value, member, name, 1)

    def _computed_member(self, node: ast.Call) -> None:
        """`getattr(manager, action)`: whatever the variable holds has to be a new name."""
        value = self.concerned(node.args[0], classes=True)
        if value is None or value.mock:
            return
        subjects = [s for s in self.subjects.all if self._renames(s, value)]
        if subjects:
            why = f"which member of {subjects[0].move.target} is meant can't be told"
            self.findings.omit(node.args[1], "method-reference", why)

    def _renames(self, subject: Subject, value: Value) -> bool:
        """Whether members of a value go by other names, or are called otherwise, from now on."""
        changed = any(subject in subjects for subjects in self.unknown.changed.values())
        return changed and subject in self.subjects.of_instance(value, CONSTRUCTOR).subjects

    def _replaced(self, node: ast.Call, value: Value, member: str, name: str, place: int) -> None:
        given = [k.value for k in node.keywords if k.arg == "new"]
        if name in ("object", "patch", "setattr"):
            given += node.args[place : place + 1]
        self.doubles.replaced(node, value, member, given[0] if given else None)

    def _member_string(
        self, node: ast.Constant, value: Value, member: str, *, reads: bool = False
    ) -> None:
        candidates = self.subjects.of_instance(value, member)
        knowing = [s for s in candidates.subjects if s.knows(member)]
        new = {new_name(subject, member) for subject in knowing}
        if not candidates.certain and any(s.target_member(member) for s in knowing):
            return
        reasons = [why for s in knowing if reads and (why := same_by_place(s, member))]
        if reasons and not value.mock:
            self.findings.omit(node, "method-reference", f"the method is fetched, and {reasons[0]}")
        elif len(new) == 1 and (name := new.pop()) != member:
            self.findings.changes.append(NameChange(Span.of(node), "string", member, name))
        elif knowing:
            self._missing(node, knowing[0], member)
