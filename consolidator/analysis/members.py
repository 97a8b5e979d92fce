"""What a class offers to its callers: methods, properties and attributes, with their signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from consolidator.analysis.flow.world import Class, Function, World
from consolidator.analysis.signatures import Signature, signature_of
from consolidator.tree.facts import Parameter

MemberKind = Literal["method", "property", "attribute"]


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    kind: MemberKind
    defined_in: str
    """Dotted name of the class that defines it."""
    path: str
    line: int
    signature: Signature | None = None
    """Of methods only, as a caller of an instance sees it."""
    function: Function | None = None


class Members:
    """Members of classes, inherited ones included; answers are remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, dict[str, Member]] = {}

    def of(self, cls: Class) -> dict[str, Member]:
        """All members by name, sorted; private ones too."""
        if cls.dotted not in self._known:
            found: dict[str, Member] = {}
            for ancestor in self._world.lineage(cls):
                for member in own_members(ancestor):
                    found.setdefault(member.name, member)
            self._known[cls.dotted] = dict(sorted(found.items()))
        return self._known[cls.dotted]

    def find(self, cls: Class, name: str) -> Member | None:
        return self.of(cls).get(name)

    def doubt(self, cls: Class) -> str:
        """Why the class may have members that were not read; empty where it can't."""
        if "__getattr__" in self.of(cls):
            return f"{cls.fact.name} answers any name through __getattr__"
        if unread := self._world.unread_bases(cls):
            return f"{cls.fact.name} inherits from {', '.join(sorted(set(unread)))}, which can't be read"
        return ""

    def constructor(self, cls: Class) -> Signature | None:
        """How the class is called; None where that can't be read."""
        for ancestor in self._world.lineage(cls):
            function = ancestor.functions.get("__init__") or ancestor.functions.get("__new__")
            if function is not None:
                return signature_of(function.fact, cls.fact.name, bound=True)
            if any("dataclass" in text or "define" in text for text in ancestor.fact.decorators):
                return Signature(cls.fact.name, self._fields(cls))
            if self._world.bases(ancestor)[1]:
                return None
        return Signature(cls.fact.name, ())

    def _fields(self, cls: Class) -> tuple[Parameter, ...]:
        """Parameters of a generated `__init__`, base classes first."""
        fields: dict[str, Parameter] = {}
        for ancestor in reversed(list(self._world.lineage(cls))):
            for name, bindings in ancestor.attributes.items():
                fact = bindings[-1]
                if (
                    not fact.annotation
                    or "ClassVar" in fact.annotation
                    or "init=False" in fact.value
                ):
                    continue
                has_default = fact.form != "annotation"
                default = fact.value or "..." if has_default else None
                fields[name] = Parameter(name, "positional", default, fact.annotation)
        return tuple(fields.values())


def own_members(cls: Class) -> list[Member]:
    """What the class's own body and methods define."""
    found = []
    for name, function in cls.functions.items():
        fact = function.fact
        if function.is_property:
            found.append(Member(name, "property", cls.dotted, cls.path, fact.line, None, function))
        else:
            static = "staticmethod" in function.decorators
            signature = signature_of(fact, bound=not static)
            found.append(
                Member(name, "method", cls.dotted, cls.path, fact.line, signature, function)
            )
    for name, bindings in cls.attributes.items():
        found.append(Member(name, "attribute", cls.dotted, cls.path, bindings[0].line))
    lines = {name: line for name, line, _ in reversed(cls.fact.self_attributes)}
    found += [Member(name, "attribute", cls.dotted, cls.path, line) for name, line in lines.items()]
    return found
