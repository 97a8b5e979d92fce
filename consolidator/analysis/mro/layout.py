"""Bases that CPython refuses although their order is consistent: layouts, and classes closed to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from consolidator.analysis.mro.bases import Refusal
from consolidator.analysis.mro.values import ClassRef
from consolidator.tree.facts import BindingFact

if TYPE_CHECKING:
    from consolidator.analysis.mro.linear import Classes


def conflict(bases: Sequence[ClassRef | None], classes: Classes) -> Refusal | None:
    """Why these bases, all of them known, can't be inherited from together; None where they can."""
    best: ClassRef | None = None
    for base in bases:
        if base is None:
            return None
        if closed := _closed(base, classes):
            return Refusal("refused", closed)
        solid = _solid(base, classes)
        if best is None or best in classes.linear(solid).order:
            best = solid
        elif solid not in classes.linear(best).order:
            names = f"{best.dotted} and {solid.dotted}"
            return Refusal("refused", f"multiple bases have instance lay-out conflict: {names}")
    return None


def _closed(base: ClassRef, classes: Classes) -> str | None:
    if base.number >= 0:
        return f"{base.dotted} can't be inherited from" if classes.entry(base).final else None
    metaclass = classes.linear(base).metaclass
    if metaclass is None or not classes.inherits(metaclass, "enum.EnumType"):
        return None
    return f"{base.dotted} is an enumeration with members" if _has_members(base, classes) else None


def _has_members(ref: ClassRef, classes: Classes) -> bool:
    if ref.made_from is not None:
        return True
    return any(
        isinstance(fact, BindingFact)
        and fact.form == "literal"
        and not fact.name.startswith("_")
        and not fact.guards
        for fact in classes.own_facts(ref)
    )


def _solid(ref: ClassRef, classes: Classes) -> ClassRef:
    """The class that fixes the layout of instances, as CPython's `solid_base` finds it."""
    if ref.number >= 0:
        return classes.table_class(classes.entry(ref).layout)
    if _has_slots(ref, classes):
        return ref
    best = None
    for base in classes.linear(ref).bases:
        if base is None:
            continue
        solid = _solid(base, classes)
        if best is None or best in classes.linear(solid).order:
            best = solid
    return best or ref


def _has_slots(ref: ClassRef, classes: Classes) -> bool:
    for fact in classes.own_facts(ref):
        if isinstance(fact, BindingFact) and fact.name == "__slots__" and fact.form == "literal":
            names = set(fact.value.strip("()[]{} \n").replace("'", '"').replace('"', "").split(","))
            return bool({name.strip() for name in names} - {"", "__dict__", "__weakref__"})
    return False
