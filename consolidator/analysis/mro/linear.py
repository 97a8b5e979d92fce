"""The order of one class, with its certainty, its reasons and what CPython would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

from consolidator.analysis.mro.bases import TYPED_DICT_META, Bases, Reason, Refusal, read_bases
from consolidator.analysis.mro.c3 import merge
from consolidator.analysis.mro.layout import conflict
from consolidator.analysis.mro.metaclasses import changes_bases, computes_order, winner
from consolidator.analysis.mro.reassigned import Exchanged, reassigned
from consolidator.analysis.mro.values import ClassRef, ClassValue, Either, Place, Space, Unknown
from consolidator.tree.facts import ClassFact
from consolidator.tree.names import Bound
from consolidator.tree.stdlib.records import TableClass

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

Certainty = Literal["exact", "partial", "unknown"]


@dataclass(frozen=True, slots=True)
class Linear:
    """`order` holds None where a stretch is not known. `metaclass` is None where it is not known."""

    order: tuple[ClassRef | None, ...]
    bases: tuple[ClassRef | None, ...] = ()
    reasons: tuple[Reason, ...] = ()
    refusal: Refusal | None = None
    metaclass: ClassRef | None = None

    @property
    def certainty(self) -> Certainty:
        if not self.reasons and self.refusal is None:
            return "exact"
        known = [ref for ref in self.order[1:] if ref and ref.dotted != "builtins.object"]
        return (
            "partial" if known or (None not in self.order and self.refusal is None) else "unknown"
        )


class Classes:
    """Orders of the classes of one world, each computed once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._known: dict[ClassRef, Linear] = {}
        self._running: list[ClassRef] = []
        self._changing: dict[ClassRef, tuple[Reason, ...]] = {}
        self._reassigned: Exchanged | None = None
        self._bodies: dict[tuple[Space, str], dict[str, list[Bound]]] = {}

    def linear(self, ref: ClassRef) -> Linear:
        """The order of a class; a class that inherits from itself is refused as a cycle."""
        if ref in self._known:
            return self._known[ref]
        if ref in self._running:
            names = [r.dotted for r in self._running[self._running.index(ref) :]]
            refusal = Refusal("cycle", f"inherits from itself: {' -> '.join([*names, ref.dotted])}")
            return Linear((ref, None), refusal=refusal)
        self._running.append(ref)
        try:
            found = self._compute(ref)
        finally:
            self._running.pop()
        self._known[ref] = found
        return found

    def inherits(self, ref: ClassRef, dotted: str) -> bool:
        """Whether a class of this name stands in the known part of the order."""
        return any(entry is not None and entry.dotted == dotted for entry in self.linear(ref).order)

    def definer(self, ref: ClassRef, name: str) -> ClassRef | None:
        """The first class in the order, other than a builtin, that binds a name."""
        for owner in self.linear(ref).order:
            if owner is not None and not owner.dotted.startswith("builtins."):
                own = self.own_facts(owner)
                methods = self.entry(owner).methods if owner.number >= 0 else ()
                if name in methods or any(getattr(fact, "name", "") == name for fact in own):
                    return owner
        return None

    def defines(self, ref: ClassRef, name: str) -> bool:
        """Whether the class or one behind it, other than a builtin, binds a name; True where a gap
        in the order may."""
        return None in self.linear(ref).order or self.definer(ref, name) is not None

    def fact(self, ref: ClassRef) -> ClassFact | None:
        """The class statement; None for a class of the table or one that a call made."""
        if ref.space is None or ref.made_from is not None:
            return None
        facts = ref.space.tree.facts(ref.path)
        if facts is None:
            return None
        return next(
            (f for f in facts.classes if f.line == ref.line and f.qualname == ref.qualname), None
        )

    def own_facts(self, ref: ClassRef) -> list[Bound]:
        """What the class's own body binds: functions, assignments, nested classes, imports."""
        if ref.space is None or ref.made_from is not None:
            return []
        return self._members(ref.space, ref.path).get(ref.qualname, [])

    def _members(self, space: Space, path: str) -> dict[str, list[Bound]]:
        key = (space, path)
        if key not in self._bodies:
            facts = space.tree.facts(path)
            table: dict[str, list[Bound]] = {}
            if facts is not None:
                every: tuple[tuple[Bound, ...], ...] = (
                    facts.functions,
                    facts.bindings,
                    facts.classes,
                    facts.imports,
                )
                for fact in chain.from_iterable(every):
                    if fact.scope:
                        table.setdefault(fact.scope, []).append(fact)
            self._bodies[key] = table
        return self._bodies[key]

    def entry(self, ref: ClassRef) -> TableClass:
        """The row of a class of the standard library."""
        return self._evaluator.world.standard.entry(ref.number)

    def table_class(self, number: int) -> ClassRef:
        return self._evaluator.world.table_class(number)

    def root_metaclass(self) -> ClassRef:
        return self._evaluator.world.builtin("builtins.type")

    def _compute(self, ref: ClassRef) -> Linear:
        if ref.number >= 0:
            entry = self._evaluator.world.standard.entry(ref.number)
            table = self._evaluator.world.table_class
            order = tuple(table(number) for number in entry.mro)
            return Linear(order, order[1:2], metaclass=table(entry.metaclass))
        if ref.made_from is not None:
            typed = self._evaluator.world.builtin(TYPED_DICT_META) if ref.typed_dict else None
            return self._ordered(ref, Bases(ref.made_from, metaclass=typed), ())
        fact = self.fact(ref)
        if fact is None or ref.space is None:
            return Linear((ref, None), reasons=(Reason(-1, "", "its source can't be read"),))
        place = Place(ref.space, ref.path, fact.scope, fact.line)
        bases = read_bases(fact, place, self._evaluator)
        reasons = self._decorator_reasons(ref, fact, place) + self._exchanged(ref)
        if ref.provenance == "stub":
            reasons += (Reason(-1, "", "known only from a stub, as type checkers see it"),)
        found = self._ordered(ref, bases, reasons)
        if ref.space.is_compiled(ref.path) and self._may_be_compiled_away(found):
            why = f"{ref.path} is also there as machine code, which Python loads instead"
            return replace(found, reasons=(*found.reasons, Reason(-1, "", why)))
        return found

    def _may_be_compiled_away(self, linear: Linear) -> bool:
        """Whether the order holds what Cython and mypyc drop when they compile: `Generic` and its like."""
        return any(
            entry is None or (entry.number >= 0 and not entry.dotted.startswith("builtins."))
            for entry in linear.order
        )

    def _exchanges(self) -> Exchanged:
        if self._reassigned is None:
            self._reassigned = Exchanged()  # asked again while it is computed
            self._reassigned = reassigned(self._evaluator.world.project, self._evaluator)
        return self._reassigned

    def _exchanged(self, ref: ClassRef) -> tuple[Reason, ...]:
        if (where := self._exchanges().classes.get(ref)) is None:
            return ()
        return (Reason(-1, "__bases__", f"its bases are exchanged in {where}"),)

    def _changed(self, metaclass: ClassRef | None) -> tuple[Reason, ...]:
        if metaclass is None:
            return ()
        if metaclass not in self._changing:
            self._changing[metaclass] = changes_bases(metaclass, self._evaluator)
        return self._changing[metaclass]

    def _exchanged_by(
        self, metaclass: ClassRef | None, orders: Sequence[Linear | None]
    ) -> tuple[Reason, ...]:
        """A reason where a metaclass, or `__init_subclass__` of a base, exchanges bases of its heirs."""
        table = self._exchanges()
        behind = [linear for linear in orders if linear is not None]
        behind += [self.linear(metaclass)] if metaclass is not None else []
        for linear in behind:
            for entry in linear.order:
                if entry is not None and (where := table.by(entry)):
                    return (Reason(-1, "__bases__", f"bases are exchanged in {where}"),)
        return ()

    def _ordered(self, ref: ClassRef, bases: Bases, reasons: tuple[Reason, ...]) -> Linear:
        world = self._evaluator.world
        found = bases.refs or (world.builtin("builtins.object"),)
        reasons = (*bases.reasons, *reasons)
        metaclass = winner(bases, self)
        refusal = bases.refusal or metaclass.refusal or self._duplicate(found)
        orders = [self.linear(base) if base else None for base in found]
        refusal = refusal or self._cycle(orders)
        reasons += tuple(self._inherited(bases, orders)) + metaclass.reasons
        reasons += self._changed(metaclass.ref)
        reasons += self._exchanged_by(metaclass.ref, orders)
        if metaclass.ref is not None and computes_order(metaclass.ref, self._evaluator):
            why = f"metaclass {metaclass.ref.dotted} computes the order in its own mro()"
            return Linear((ref, None), found, (*reasons, Reason(-1, "", why)), None, metaclass.ref)
        order, stuck = self._merged(ref, found, orders)
        doubtful = bool(reasons)
        if stuck and refusal is None:
            message = "no consistent order of its bases: " + ", ".join(stuck)
            if doubtful:
                reasons += (Reason(-1, "", message),)
            else:
                refusal = Refusal("inconsistent-mro", message)
        if refusal is None and not doubtful:
            refusal = conflict(found, self)
        if refusal is not None:
            reasons += (Reason(-1, "", f"CPython refuses this class: {refusal.message}"),)
            order = (ref, None)
        return Linear(order, found, reasons, refusal, metaclass.ref)

    def _merged(
        self, ref: ClassRef, bases: Sequence[ClassRef | None], orders: Sequence[Linear | None]
    ) -> tuple[tuple[ClassRef | None, ...], list[str]]:
        # Every unknown stretch is an entry of its own: two of them may be different classes.
        gaps: list[ClassRef] = []

        def entries(sequence: Sequence[ClassRef | None]) -> list[ClassRef]:
            kept = []
            for entry in sequence:
                if entry is None:
                    gaps.append(ClassRef("?", "project", number=-2 - len(gaps)))
                kept.append(entry or gaps[-1])
            return kept

        heads: list[ClassRef] = []
        sequences: list[list[ClassRef]] = []
        last = self._evaluator.world.builtin("builtins.object")
        for base, order in zip(bases, orders, strict=True):
            sequence = entries(order.order if base and order else (None,))
            heads.append(sequence[0])
            sequences.append(sequence)
        merged, stuck = merge([*sequences, heads])
        order_refs = [entry for entry in merged if entry != last] + [last]
        collapsed: list[ClassRef | None] = [ref]
        for entry in order_refs:
            item = None if entry.dotted == "?" else entry
            if item is not None or collapsed[-1] is not None:
                collapsed.append(item)
        return tuple(collapsed), [entry.dotted for entry in stuck]

    def _duplicate(self, bases: Sequence[ClassRef | None]) -> Refusal | None:
        seen: set[ClassRef] = set()
        for base in bases:
            if base is not None and base in seen:
                return Refusal("duplicate-base", f"duplicate base class {base.dotted}")
            if base is not None:
                seen.add(base)
        return None

    def _cycle(self, orders: Sequence[Linear | None]) -> Refusal | None:
        for order in orders:
            if order and order.refusal and order.refusal.kind == "cycle":
                return order.refusal
        return None

    def _inherited(self, bases: Bases, orders: Sequence[Linear | None]) -> list[Reason]:
        reasons = []
        for index, order in enumerate(orders):
            if order is None or order.certainty == "exact":
                continue
            position, text = bases.origin(index)
            why = order.reasons[0].why if order.reasons else "it is not known"
            base = order.order[0]
            prefix = "" if why.startswith("base ") else f"base {base.dotted if base else '?'}: "
            reasons.append(Reason(position, text, prefix + why))
        return reasons

    def _decorator_reasons(
        self, ref: ClassRef, fact: ClassFact, place: Place
    ) -> tuple[Reason, ...]:
        reasons = []
        for text in reversed(fact.decorators):
            value = self._evaluator.decorators.apply(ClassValue(ref), text, place)
            if value == ClassValue(ref):
                continue
            why = value.why if isinstance(value, Either | Unknown) else "the name is no class then"
            reasons.append(Reason(-1, f"@{text}", why))
        return tuple(reasons)
