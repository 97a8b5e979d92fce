"""What one legacy call becomes, or why it is left."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codemods.calls import Argument
from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Subject
from consolidator.analysis.calls.template import TemplateError, fill, parse_template
from consolidator.analysis.signatures import (
    Arguments,
    Binding,
    Signature,
    bind,
    corresponding,
    same_order,
)

Awaiting = Literal["keep", "add", "drop"]


@dataclass(frozen=True, slots=True)
class NewCall:
    """The adapted call. Empty or None means unchanged."""

    callee: str = ""
    member: str = ""
    arguments: tuple[Argument, ...] | None = None
    awaiting: Awaiting = "keep"
    unverified: str = ""
    """Why the new call could not be held against the target's signature; empty where it was."""

    @property
    def changes(self) -> bool:
        return bool(self.callee or self.member or self.arguments is not None) or (
            self.awaiting != "keep"
        )


@dataclass(frozen=True, slots=True)
class Left:
    """A call that is not adapted."""

    kind: str
    why: str


def adapt(subject: Subject, name: str, arguments: Arguments) -> NewCall | Left:
    """`name` is the legacy member; `__init__` for a constructor, `__call__` for a function."""
    if name in subject.move.calls:
        return _by_template(subject, name, arguments)
    new_name = subject.move.methods.get(name) or subject.move.attributes.get(name, name)
    return _by_signatures(subject, name, new_name, arguments)


def _renamed(name: str, new_name: str) -> str:
    return new_name if new_name != name and name not in (CONSTRUCTOR, CALL) else ""


# with a form from the plan


def _by_template(subject: Subject, name: str, arguments: Arguments) -> NewCall | Left:
    form = subject.move.calls[name]
    old = subject.legacy_signature(name)
    if old is None:
        if subject.legacy is None and not arguments.starred and fits(subject, name, arguments):
            return (
                NewCall()
            )  # the plan was carried out: its legacy side is gone, the call has its new form
        return Left(
            "legacy-signature", f"the signature of {subject.move.source}.{name} is not known"
        )
    binding = bind(old, arguments)
    if binding.problem:
        why = f"it does not fit {old}: {binding.problem}; the plan's form is {form.call!r}"
        return Left("does-not-fit", why)
    if binding.extra:
        return Left("does-not-fit", f"{old} takes arguments that the plan's form has no place for")
    try:
        template = parse_template(form.call)
    except TemplateError as error:
        return Left("call-form", str(error))
    filled = fill(template, old, binding)
    if isinstance(filled, str):
        return Left("does-not-fit", filled)
    new = _template_target(subject, name, template.callee)
    if new and template.callee in ("", name):
        filled = _by_keyword(filled, new)
    problem = _misfit(new, filled) if new else ""
    if problem:
        return Left("does-not-fit", f"{form.call!r} does not fit {new}: {problem}; it was {old}")
    awaiting = form.awaiting if form.awaiting != "keep" else _awaiting(old, new)
    is_class = name == CONSTRUCTOR
    return NewCall(
        callee="" if is_class else _new_callee(name, template.callee),
        member=template.callee if is_class else "",
        arguments=None if _same(filled, arguments) else filled,
        awaiting=awaiting,
        unverified="" if new else subject.doubt(),
    )


def _by_keyword(filled: Sequence[Argument], new: Signature) -> tuple[Argument, ...]:
    """Positional arguments that change places under the same method name are written as keywords: by
    position nobody, and no second run, could tell the new call from the old one."""
    kept = all(argument.keyword or argument.value == place for place, argument in enumerate(filled))
    places = [p for p in new.positional if p.kind == "positional"]
    count = sum(not argument.keyword for argument in filled)
    if kept or count > len(places) or len(places) != len(new.positional):
        return tuple(filled)
    return tuple(
        argument if argument.keyword else Argument(argument.value, places[place].name)
        for place, argument in enumerate(filled)
    )


def _new_callee(name: str, callee: str) -> str:
    return callee if callee != name else ""


def _template_target(subject: Subject, name: str, callee: str) -> Signature | None:
    return subject.target_signature(callee or name)


def _misfit(new: Signature, filled: Sequence[Argument]) -> str:
    return bind(new, Arguments(tuple(argument.keyword for argument in filled))).problem


def _same(filled: Sequence[Argument], arguments: Arguments) -> bool:
    """Whether the new arguments are the old ones, untouched."""
    return [(a.value, a.keyword) for a in filled] == list(enumerate(arguments.keywords))


def dropped(new: NewCall, arguments: Arguments) -> list[int]:
    """Indices of old arguments that the new call no longer has."""
    if new.arguments is None:
        return []
    kept = {index for argument in new.arguments for index in referenced(argument)}
    return [index for index in range(len(arguments.keywords)) if index not in kept]


def referenced(argument: Argument) -> list[int]:
    """Indices of the old arguments that a new one holds, in the order of its text."""
    if isinstance(argument.value, int):
        return [argument.value]
    return [int(found) for found in re.findall(r"\$(\d+)", argument.value)]


# from the two signatures


def _by_signatures(
    subject: Subject, name: str, new_name: str, arguments: Arguments
) -> NewCall | Left:
    old = subject.legacy_signature(name)
    new = subject.target_signature(new_name)
    if new is None and old is None and subject.target_member(new_name) is not None:
        return NewCall(_renamed(name, new_name))  # what both keep in an attribute
    if new is None:
        return _without_target(subject, name, new_name)
    if old is None:
        return _without_legacy(subject, name, new_name, new, arguments)
    renamed = _renamed(name, new_name)
    awaiting = _awaiting(old, new)
    if arguments.starred:
        if _interchangeable(old, new):
            return NewCall(renamed, awaiting=awaiting)
        return Left("does-not-fit", f"it passes * or ** arguments, and {old} is not {new}")
    binding = bind(old, arguments)
    if binding.problem:
        return Left(
            "does-not-fit", f"it does not fit {old}: {binding.problem}; the new one is {new}"
        )
    written = _rewritten(old, new, binding, arguments)
    if isinstance(written, str):
        return Left("does-not-fit", f"{written}; it was {old}, the new one is {new}")
    return NewCall(renamed, arguments=written, awaiting=awaiting)


def _without_target(subject: Subject, name: str, new_name: str) -> NewCall | Left:
    doubt = subject.doubt()
    if not doubt:
        return Left("missing-member", subject.lacking(name, new_name))
    if renamed := _renamed(name, new_name):
        return NewCall(renamed, unverified=doubt)
    return NewCall()


def _without_legacy(
    subject: Subject, name: str, new_name: str, new: Signature, arguments: Arguments
) -> NewCall | Left:
    problem = "" if arguments.starred else bind(new, arguments).problem
    if problem:
        known = f"{subject.move.source}.{name} is not known" if subject.legacy else "it is gone"
        return Left(
            "does-not-fit", f"it does not fit {new}: {problem}; as for the old one, {known}"
        )
    renamed = _renamed(name, new_name)
    if renamed and any(not keyword for keyword in arguments.keywords):
        return NewCall(renamed, unverified=f"the signature of {subject.move.source} is not known")
    return NewCall(renamed)


def _rewritten(
    old: Signature, new: Signature, binding: Binding, arguments: Arguments
) -> tuple[Argument, ...] | str | None:
    """New arguments, None where the old ones fit as they are, or why there are none."""
    names = {index: name for name, index in binding.arguments.items()}
    pairs = corresponding(old, new, list(binding.arguments))
    if isinstance(pairs, str):
        return pairs
    count = len(arguments.keywords)
    positional = [names[i] for i in range(count) if not arguments.keywords[i] and i in names]
    keep_places = same_order(new, pairs, positional)
    written = []
    for index in range(count):
        keyword = arguments.keywords[index]
        if index in names and (keyword or not keep_places):
            keyword = pairs[names[index]]
        elif index not in names and not keyword and not keep_places:
            return "arguments passed to *args can't be named"
        written.append(Argument(index, keyword))
    if problem := _misfit(new, written):
        return problem
    return None if _same(written, arguments) else tuple(written)


def _interchangeable(old: Signature, new: Signature) -> bool:
    """Whether every call that fits the old one fits the new one and means the same."""
    before = [(p.name, p.kind) for p in old.parameters]
    after = [(p.name, p.kind) for p in new.parameters]
    rest = new.parameters[len(before) :]
    return after[: len(before)] == before and all(
        p.default is not None or p.kind in ("vararg", "kwarg") for p in rest
    )


def _awaiting(old: Signature | None, new: Signature | None) -> Awaiting:
    if old is None or new is None or old.awaited == new.awaited:
        return "keep"
    return "add" if new.awaited else "drop"


def same_by_place(subject: Subject, name: str) -> str:
    """Why the method, handed on to be called elsewhere, can't stand for the new one; empty where it
    can: arguments by position reach what corresponds, and both are awaited or neither is."""
    if name in subject.move.calls:
        return f"the plan changes how {name} is called"
    old = subject.legacy_signature(name)
    new = subject.target_signature(_renamed(name, subject.move.methods.get(name, "")) or name)
    if old is None or new is None:
        return ""
    if old.awaited != new.awaited:
        return f"{old} became {new}"
    if _interchangeable(old, new):
        return ""
    names = [p.name for p in old.positional]
    pairs = corresponding(old, new, names)
    required = bind(new, Arguments(tuple("" for _ in names))).problem
    if isinstance(pairs, str) or required or not same_order(new, pairs, names):
        return f"{old} and {new} take other arguments"
    return ""


def same_by_keyword(subject: Subject, name: str) -> set[str]:
    """Parameters that the new method has under another name, or not at all."""
    old = subject.legacy_signature(name)
    new = subject.target_signature(new_name(subject, name))
    if old is None or new is None:
        return set()
    return {p.name for p in old.parameters if p.kind != "positional-only" and not new.takes(p.name)}


def is_settled(subject: Subject, name: str) -> bool:
    """Whether a call of the legacy method means the same on the target, whatever its arguments."""
    move = subject.move
    if name in move.methods or name in move.calls or name in move.attributes:
        return False
    old, new = subject.legacy_signature(name), subject.target_signature(name)
    if old is None or new is None:
        return subject.target_member(name) is not None
    return old.awaited == new.awaited and _interchangeable(old, new)


def replaceable(subject: Subject, name: str, *, awaits: bool | None) -> str:
    """Why what takes the legacy method's place can't take the new one's; empty where it can.
    `awaits` tells a double that can be awaited (or not) from other replacements."""
    old = subject.legacy_signature(name)
    new = subject.target_signature(new_name(subject, name))
    if old is None or new is None:
        return ""
    if old.awaited != new.awaited and awaits is not new.awaited:
        return f"{old} became {new}: what replaces it has to be awaited {'now' if new.awaited else 'no more'}"
    if awaits is None and (name in subject.move.calls or not _interchangeable(old, new)):
        return f"what replaces it is called otherwise now: {old} became {new}"
    return ""


def new_name(subject: Subject, name: str) -> str:
    """What the plan calls a member now."""
    move = subject.move
    if name in move.calls:
        try:
            return parse_template(move.calls[name].call).callee or name
        except TemplateError:
            return name
    return move.attributes.get(name) or move.methods.get(name, name)


def fits(subject: Subject, name: str, arguments: Arguments) -> bool:
    """Whether the call fits the target as it is."""
    signature = subject.target_signature(name)
    return signature is not None and not bind(signature, arguments).problem


def means_the_same(new: NewCall, arguments: Arguments, subject: Subject, name: str) -> bool:
    """Whether the call as it is already reaches the same parameters of the target as the adapted one."""
    if new.callee or new.member or new.awaiting != "keep":
        return False
    if new.arguments is None:
        return True
    signature = subject.target_signature(name)
    if signature is None:
        return False
    return _reached(signature, new.arguments) == _reached(
        signature, [Argument(i, keyword) for i, keyword in enumerate(arguments.keywords)]
    )


def _reached(signature: Signature, arguments: Sequence[Argument]) -> Mapping[str, int | str] | None:
    binding = bind(signature, Arguments(tuple(a.keyword for a in arguments)))
    if binding.problem or binding.extra:
        return None
    return {name: arguments[index].value for name, index in binding.arguments.items()}
