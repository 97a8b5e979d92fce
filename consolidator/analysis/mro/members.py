"""Which definition of each method wins, what it overrides, and what hides what by accident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consolidator.analysis.mro.values import ClassRef
from consolidator.tree.facts import BindingFact, FunctionFact, ImportFact

if TYPE_CHECKING:
    from consolidator.analysis.mro.linear import Classes, Linear

_OVERLOADS = ("overload", "setter", "getter", "deleter", "register")
OBJECT = "builtins.object"


@dataclass(frozen=True, slots=True)
class Method:
    """The class whose definition wins, and those behind it in the order that define it too."""

    defined_in: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A definition that nobody can reach, or that a sibling hides: probably by accident.

    `twice`: defined two times in one class body. `sibling`: two bases, neither of which inherits
    from the other, define it, and the class itself does not decide.
    """

    kind: str
    name: str
    winner: str
    hidden: str
    line: int


class Members:
    """Members of the classes of one world."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._own: dict[ClassRef, tuple[frozenset[str], frozenset[str]]] = {}

    def own(self, ref: ClassRef) -> tuple[frozenset[str], frozenset[str]]:
        """The methods of a class's own body, and all names that it binds."""
        if ref not in self._own:
            self._own[ref] = self._read(ref)
        return self._own[ref]

    def _read(self, ref: ClassRef) -> tuple[frozenset[str], frozenset[str]]:
        if ref.number >= 0:
            entry = self._classes.entry(ref)
            methods = frozenset(entry.methods)
            return methods, methods | frozenset(entry.attributes)
        own = self._classes.own_facts(ref)
        methods = frozenset(fact.name for fact in own if isinstance(fact, FunctionFact))
        names = frozenset(
            fact.local if isinstance(fact, ImportFact) else fact.name
            for fact in own
            if not (isinstance(fact, BindingFact) and fact.form in ("annotation", "del"))
        )
        return methods, names

    def methods(self, linear: Linear) -> dict[str, Method]:
        """Every method that an instance has, by name. Those that only `object` defines are left out;
        methods that a decorator or a metaclass adds are not seen."""
        definers: dict[str, list[str]] = {}
        callable_names: set[str] = set()
        for ref in linear.order:
            if ref is None:
                continue
            methods, names = self.own(ref)
            if ref.dotted != OBJECT:
                callable_names |= methods
            for name in names:
                definers.setdefault(name, []).append(ref.dotted)
        return {
            name: Method(definers[name][0], tuple(definers[name][1:]))
            for name in sorted(callable_names)
        }

    def shadowed(self, linear: Linear) -> list[Shadowed]:
        """Definitions hidden by accident: in the class's own body, or between its bases."""
        ref = linear.order[0]
        if ref is None or ref.number >= 0:
            return []
        return [*self._twice(ref), *self._siblings(ref, linear)]

    def _twice(self, ref: ClassRef) -> list[Shadowed]:
        last: dict[str, FunctionFact] = {}
        found = []
        for fact in self._classes.own_facts(ref):
            if not isinstance(fact, FunctionFact) or fact.guards:
                continue
            earlier = last.get(fact.name)
            if earlier is not None and not (_belongs_together(fact) or _belongs_together(earlier)):
                found.append(Shadowed("twice", fact.name, ref.dotted, ref.dotted, earlier.line))
            last[fact.name] = fact
        return found

    def _siblings(self, ref: ClassRef, linear: Linear) -> list[Shadowed]:
        if len(linear.bases) < 2:
            return []
        own = self.own(ref)[1]
        found = []
        inside = [r for r in linear.order[1:] if r is not None and r.number < 0]
        for index, winner in enumerate(inside):
            behind = self._classes.linear(winner).order
            for hidden in inside[index + 1 :]:
                if hidden in behind or self._joined(winner, hidden, linear):
                    continue
                both = self.own(winner)[0] & self.own(hidden)[0] - own
                found += [
                    Shadowed("sibling", name, winner.dotted, hidden.dotted, ref.line)
                    for name in sorted(both)
                    if not _is_dunder(name)
                ]
        return found

    def _joined(self, winner: ClassRef, hidden: ClassRef, linear: Linear) -> bool:
        """Whether one of the bases already inherits from both, so that it is not decided here."""
        return any(
            winner in order and hidden in order
            for base in linear.bases
            if base is not None
            for order in [self._classes.linear(base).order]
        )


def diamonds(linear: Linear, classes: Classes) -> list[str]:
    """Classes that are reached through two or more bases (`object` and `Generic` left out)."""
    reached: dict[str, int] = {}
    for base in linear.bases:
        if base is not None:
            for ref in classes.linear(base).order:
                if ref is not None:
                    reached[ref.dotted] = reached.get(ref.dotted, 0) + 1
    plain = {OBJECT, "typing.Generic", "typing.Protocol", "abc.ABC"}
    return sorted(name for name, count in reached.items() if count > 1 and name not in plain)


def _belongs_together(fact: FunctionFact) -> bool:
    return any(word in decorator for decorator in fact.decorators for word in _OVERLOADS)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
