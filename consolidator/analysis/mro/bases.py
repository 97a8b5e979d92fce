"""The bases of a class statement as CPython resolves them, `__mro_entries__` included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from consolidator.analysis.mro.values import (
    AliasValue,
    ClassRef,
    ClassValue,
    ConstantValue,
    Either,
    FunctionValue,
    InstanceValue,
    ModuleValue,
    Place,
    SequenceValue,
    SpecialValue,
    Unknown,
    Value,
    WithMetaclass,
)
from consolidator.tree.facts import ClassFact

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

Kind = Literal["inconsistent-mro", "duplicate-base", "cycle", "not-a-class", "refused"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order is in doubt. `position` is the base's, from 0; -1 is the class as a whole."""

    position: int
    expression: str
    why: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What CPython raises TypeError for. `refused` are rules of `typing`, `enum` and layouts."""

    kind: Kind
    message: str


@dataclass(frozen=True, slots=True)
class Bases:
    """Resolved bases; None stands for one that is not known."""

    refs: tuple[ClassRef | None, ...]
    reasons: tuple[Reason, ...] = ()
    refusal: Refusal | None = None
    metaclass: ClassRef | None = None
    """The explicit one; None where there is none, or it can't be told (then with a reason)."""
    origins: tuple[tuple[int, str], ...] = ()

    def origin(self, index: int) -> tuple[int, str]:
        """Position and text of the expression that a resolved base comes from."""
        if index < len(self.origins):
            return self.origins[index]
        return index, self.refs[index].dotted if self.refs and self.refs[index] else ""  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class _Base:
    position: int
    text: str
    value: Value


PROTOCOLS = frozenset(
    f"collections.abc.{name}"
    for name in (
        *("Callable", "Awaitable", "Iterable", "Iterator", "AsyncIterable", "AsyncIterator"),
        *("Hashable", "Sized", "Container", "Collection", "Reversible", "Buffer"),
    )
) | {"contextlib.AbstractContextManager", "contextlib.AbstractAsyncContextManager"}
"""What a Protocol may inherit from although it is none; source: `typing._PROTO_ALLOWLIST`."""
_NO_BASES = (ConstantValue, ModuleValue, SequenceValue)
TYPED_DICT_META = "typing._TypedDictMeta"


def read_bases(fact: ClassFact, place: Place, evaluator: Evaluator) -> Bases:
    """What CPython makes of the bases and keywords of a class statement."""
    return _Reader(evaluator).read(fact, place)


class _Reader:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._classes = evaluator.classes
        self._generic = evaluator.world.builtin("typing.Generic")
        self._reasons: list[Reason] = []
        self._refusal: Refusal | None = None
        self._metaclass: ClassRef | None = None

    def read(self, fact: ClassFact, place: Place) -> Bases:
        written = [
            self._settled(_Base(index, text, value))
            for index, source in enumerate(fact.bases)
            for text, value in self._spread(source, place)
        ]
        if fact.type_parameters:
            generic = AliasValue(self._generic, "generic")
            written.append(_Base(len(fact.bases), "[…]", generic))
        for name, text in fact.keywords:
            self._keyword(name, text, place)
        bases = self._without_six(written)
        entries = [(entry, base) for base in bases for entry in self._entries(base, bases)]
        self._check_typing(fact.name, bases, entries)
        special = self._special(bases, entries)
        if special is not None:
            entries = special
        return Bases(
            tuple(entry for entry, _ in entries),
            tuple(self._reasons),
            self._refusal,
            self._metaclass,
            tuple((base.position, base.text) for _, base in entries),
        )

    def _spread(self, source: str, place: Place) -> Iterator[tuple[str, Value]]:
        if not source.startswith("*"):
            yield source, self._evaluator.text(source, place)
            return
        value = self._evaluator.text(source[1:], place)
        if isinstance(value, SequenceValue):
            yield from ((source, item) for item in value.items)
        elif value != ConstantValue(()):
            why = value.why if isinstance(value, Unknown | Either) else "it is no literal sequence"
            yield source, Unknown(f"the starred bases can't be read: {why}")

    def _settled(self, base: _Base) -> _Base:
        """The likeliest value of a base, with a reason where there are several."""
        if not isinstance(base.value, Either):
            return base
        # What can't be a base at all would have ended the module: no class then has another order.
        options = [o for o in base.value.options if not isinstance(o, _NO_BASES)]
        if len(options) == 1:
            return replace(base, value=options[0])
        self._doubt(base, base.value.why)
        return replace(base, value=(options or base.value.options)[0])

    def _doubt(self, base: _Base, why: str) -> None:
        self._reasons.append(Reason(base.position, base.text, why))

    def _keyword(self, name: str, text: str, place: Place) -> None:
        if name == "**":
            self._reasons.append(Reason(-1, f"**{text}", "the keywords may hold a metaclass"))
        if name != "metaclass":
            return
        value = self._evaluator.text(text, place)
        if isinstance(value, ClassValue):
            self._metaclass = value.ref
            return
        why = value.why if isinstance(value, Unknown | Either) else "it is no class"
        self._reasons.append(Reason(-1, f"metaclass={text}", f"the metaclass is not known: {why}"))

    def _without_six(self, bases: list[_Base]) -> list[_Base]:
        for base in bases:
            if isinstance(base.value, WithMetaclass):
                # six's temporary class calls the metaclass with the bases it was given, no others.
                if isinstance(base.value.metaclass, ClassValue):
                    self._metaclass = base.value.metaclass.ref
                return [
                    self._settled(_Base(base.position, base.text, value))
                    for value in base.value.bases
                ]
        return bases

    # __mro_entries__

    def _entries(self, base: _Base, bases: Sequence[_Base]) -> Iterator[ClassRef | None]:
        match base.value:
            case ClassValue(ref):
                yield ref
            case AliasValue(origin, "named"):
                if not any(other.value == ClassValue(origin) for other in bases):
                    yield origin
                if not any(self._brings_generic(b) for b in _after(base, bases)):
                    yield self._generic
            case AliasValue(origin, "generic") if origin == self._generic:
                if self._generic_stays(base, bases):
                    yield origin
            case AliasValue(origin):
                yield origin
            case SpecialValue("NamedTuple"):
                yield self._evaluator.world.builtin("builtins.tuple")
            case SpecialValue():
                yield self._evaluator.world.builtin("builtins.dict")
            case Unknown(why):
                self._doubt(base, why)
                yield None
            case InstanceValue(of=ref) if ref.dotted != "typing.NewType":
                self._doubt(base, f"an instance of {ref.dotted}, which may answer as it likes")
                yield None
            case other:
                self._refuse(base, other)
                yield None

    def _brings_generic(self, base: _Base) -> bool:
        match base.value:
            case AliasValue(kind="generic" | "named"):
                return True
            case ClassValue(ref) | AliasValue(origin=ref):
                # `issubclass` also sees through `types.GenericAlias`.
                return self._classes.inherits(ref, "typing.Generic")
        return False

    def _generic_stays(self, base: _Base, bases: Sequence[_Base]) -> bool:
        protocol = ClassValue(self._evaluator.world.builtin("typing.Protocol"))
        if any(other.value == protocol for other in bases):
            return False
        return not any(
            isinstance(later.value, AliasValue)
            and later.value.kind != "plain"
            and not _same(later, base)
            for later in _after(base, bases)
        )

    def _refuse(self, base: _Base, value: Value) -> None:
        kind = {
            ConstantValue: "a constant",
            FunctionValue: "a function",
            ModuleValue: "a module",
            SequenceValue: "a sequence",
            InstanceValue: "an instance of NewType",
        }.get(type(value), "no class")
        message = f"base `{base.text}` is {kind}, not a class"
        if isinstance(value, FunctionValue) and value.fact is not None and value.fact.decorators:
            self._doubt(base, f"`@{value.fact.decorators[0]}` may make anything of the function")
        elif any(reason.position == base.position for reason in self._reasons):
            self._doubt(base, message)
        elif self._refusal is None:
            self._refusal = Refusal("not-a-class", message)

    # rules that typing checks once the class is made

    def _check_typing(
        self, name: str, bases: Sequence[_Base], entries: Sequence[tuple[ClassRef | None, _Base]]
    ) -> None:
        # The check runs in `Generic.__init_subclass__`, so only where Generic is in the order.
        if not any(e and self._classes.inherits(e, "typing.Generic") for e, _ in entries):
            return
        plain = [base for base in bases if base.value == ClassValue(self._generic)]
        if name != "Protocol":  # the one name that `typing` makes an exception for
            self._only(plain, "typing refuses plain Generic as a base")
        lists = [b for b in bases if b.value == AliasValue(self._generic, "generic")]
        self._only(lists[1:], "typing refuses Generic[...] twice")
        protocol = self._evaluator.world.builtin("typing.Protocol")
        if any(entry == protocol for entry, _ in entries):
            others = [base for entry, base in entries if entry and not self._protocol(entry)]
            self._only(others, "a Protocol can only inherit from protocols")

    def _protocol(self, ref: ClassRef) -> bool:
        if ref.dotted in PROTOCOLS or ref.dotted in ("typing.Generic", "builtins.object"):
            return True
        linear = self._classes.linear(ref)
        if linear.certainty != "exact":
            return True
        direct = linear.order if ref.number >= 0 else (ref, *linear.bases)
        return any(base is not None and base.dotted == "typing.Protocol" for base in direct)

    # NamedTuple and TypedDict

    def _special(
        self, bases: Sequence[_Base], entries: list[tuple[ClassRef | None, _Base]]
    ) -> list[tuple[ClassRef | None, _Base]] | None:
        if any(base.value == SpecialValue("NamedTuple") for base in bases):
            others = [b for e, b in entries if e and e != self._generic and not _special_base(b)]
            self._only(others, "NamedTuple can only be mixed with Generic")
            return None
        typed = [base for base in bases if self._is_typed_dict(base.value)]
        if not typed:
            return None
        self._metaclass = self._evaluator.world.builtin(TYPED_DICT_META)
        typed_refs = {b.value.ref for b in typed if isinstance(b.value, ClassValue)}
        others = [
            base
            for entry, base in entries
            if entry
            and entry != self._generic
            and entry not in typed_refs
            and base not in typed
            and not self._is_typed_dict(ClassValue(entry))
        ]
        self._only(others, "TypedDict can't be mixed with other classes")
        generic = any(e and self._classes.inherits(e, "typing.Generic") for e, _ in entries)
        plain = (self._evaluator.world.builtin("builtins.dict"), typed[0])
        return [(self._generic, typed[0]), plain] if generic else [plain]

    def _is_typed_dict(self, value: Value) -> bool:
        match value:
            case SpecialValue("TypedDict"):
                return True
            case ClassValue(ref) | AliasValue(origin=ref):
                metaclass = self._classes.linear(ref).metaclass
                return metaclass is not None and metaclass.dotted == TYPED_DICT_META
        return False

    def _only(self, others: Sequence[_Base], message: str) -> None:
        if others and self._refusal is None:
            self._refusal = Refusal("refused", f"{message}: `{others[0].text}`")


def _after(base: _Base, bases: Sequence[_Base]) -> Sequence[_Base]:
    # From the first equal one, as `tuple.index` finds it: typing hands out equal aliases as one object.
    first = next(index for index, other in enumerate(bases) if _same(other, base))
    return bases[first + 1 :]


def _same(one: _Base, other: _Base) -> bool:
    return one.value == other.value and one.text == other.text


def _special_base(base: _Base) -> bool:
    return isinstance(base.value, SpecialValue)
