"""Calls that look like those of a legacy method, on receivers that flow can't tell: to be looked at."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass

from consolidator.analysis.calls.adapt import is_settled
from consolidator.analysis.calls.findings import Findings, shown
from consolidator.analysis.calls.subjects import Subject, Subjects
from consolidator.analysis.flow.values import Value, Values
from consolidator.analysis.flow.world import Class
from consolidator.analysis.signatures import Arguments, bind

_SHORT = 6
"""Method names up to this length are too common to say anything outside files that name the class."""
_EVERYWHERE = frozenset(
    {
        *(name for kind in (dict, list, set, str, bytes) for name in dir(kind)),
        *("debug", "info", "warning", "error", "exception", "critical", "log"),
        *("read", "write", "close", "start", "stop", "run", "set", "result", "cancel"),
    }
)
"""Methods of containers, texts, files, loggers and tasks: they mean nothing in particular."""


@dataclass(frozen=True)
class UnknownReceivers:
    """`distinctive` are methods that only legacy classes define and that the target lacks or calls
    otherwise; `changed` all methods of which a call would have to be adapted."""

    subjects: Subjects
    distinctive: frozenset[str]
    changed: dict[str, list[Subject]]
    is_naming: bool
    """Whether the file names a class or function of the plan."""

    def call(
        self, node: ast.Call, function: ast.Attribute, receivers: Values, findings: Findings
    ) -> None:
        name = function.attr
        if name not in self.changed or not all(self._may_be(v, name) for v in receivers):
            return
        if name in self.distinctive or (self.is_naming and self._is_plausible(node, name)):
            why = f"what {shown(function.value)} is can't be told; {name} is a legacy method"
            findings.omit(function, "unknown-receiver", why)

    def string(
        self, node: ast.Constant, owner: ast.expr | None, receivers: Values, findings: Findings
    ) -> None:
        """A method named in a string: `getattr(anything, "send_message")`."""
        name = str(node.value)
        is_told = name in self.distinctive or (self.is_naming and name not in _EVERYWHERE)
        if name in self.changed and is_told and all(self._may_be(v, name) for v in receivers):
            of = f"what {shown(owner)} is can't be told; " if owner else ""
            findings.omit(node, "unknown-receiver", f"{of}{name} is a legacy method")

    def _may_be(self, value: Value, name: str) -> bool:
        """Whether a receiver of this kind may be a legacy object all the same."""
        if value.kind == "unknown":
            return True
        cls = self.subjects.world.class_of(value.name) if value.kind == "instance" else None
        if cls is None or not cls.source.first_party:
            return False
        is_protocol = any(base.partition("[")[0].endswith("Protocol") for base in cls.fact.bases)
        is_lacking = name not in self.subjects.members.of(cls)
        return is_protocol or (is_lacking and not self.subjects.members.doubt(cls))

    def _is_plausible(self, node: ast.Call, name: str) -> bool:
        if name in _EVERYWHERE:
            return False
        signatures = [s.legacy_signature(name) for s in self.changed[name]]
        return any(s is None or not bind(s, Arguments.of(node)).problem for s in signatures)


def changed_methods(subjects: Subjects) -> dict[str, list[Subject]]:
    """Public legacy methods of which a call can't stay as it is, with the moves that say so."""
    found: dict[str, list[Subject]] = {}
    for subject in subjects.all:
        if not isinstance(subject.legacy, Class):
            continue
        for name, member in subjects.members.of(subject.legacy).items():
            is_public = member.kind == "method" and not name.startswith("_")
            if is_public and not is_settled(subject, name):
                found.setdefault(name, []).append(subject)
    return found


def distinctive_names(subjects: Subjects, changed: dict[str, list[Subject]]) -> frozenset[str]:
    """Changed methods that only legacy classes define, long enough to mean them."""
    owners = {s.legacy.dotted for s in subjects.all if s.legacy is not None}
    legacy = {
        name
        for name, moved in changed.items()
        if len(name) > _SHORT
        and any(
            name in s.move.methods or name in s.move.calls or s.target_member(name) is None
            for s in moved
        )
    }
    elsewhere: Counter[str] = Counter()
    tree = subjects.world.tree
    for path in tree.containing(*(f"def {name}" for name in sorted(legacy))) if legacy else ():
        facts, module = tree.facts(path), tree.module(path)
        for function in facts.functions if facts else ():
            owner = f"{module}.{function.scope}" if module else function.scope
            if function.name in legacy and owner not in owners:
                elsewhere[function.name] += 1
    return frozenset(legacy - elsewhere.keys())
