"""Uses of legacy members held against what the replacements offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from consolidator.analysis.audit.report import MissingMember, SignatureConflict, Use
from consolidator.analysis.audit.uses import MemberUse
from consolidator.analysis.calls.adapt import Left, adapt
from consolidator.analysis.calls.subjects import CONSTRUCTOR, Subject
from consolidator.analysis.calls.template import TemplateError, parse_template
from consolidator.analysis.flow.world import Class
from consolidator.analysis.members import Member


def new_name(subject: Subject, member: str) -> str:
    """What the plan says the member is called from now on."""
    move = subject.move
    if member in move.calls and member != CONSTRUCTOR:
        try:
            return parse_template(move.calls[member].call).callee or member
        except TemplateError:
            return member
    return move.methods.get(member) or move.attributes.get(member) or member


def missing_members(uses: Iterable[MemberUse]) -> list[MissingMember]:
    """One entry a member, with every caller. Members that the legacy class lacks itself come with
    `already`: the plan does not break them."""
    grouped: dict[tuple[Subject, str], list[MemberUse]] = defaultdict(list)
    for use in uses:
        if use.member == CONSTRUCTOR or not isinstance(use.subject.target, Class):
            continue
        if use.subject.target_member(new_name(use.subject, use.member)) is None:
            grouped[use.subject, use.member].append(use)
    return sorted(_missing(subject, member, found) for (subject, member), found in grouped.items())


def _missing(subject: Subject, member: str, uses: Sequence[MemberUse]) -> MissingMember:
    def places(*, asked: bool) -> tuple[Use, ...]:
        return tuple(sorted({Use(u.path, u.line) for u in uses if (u.form == "asked") is asked}))

    doubt = subject.doubt()
    was_there = subject.legacy_member(member) is not None
    why = doubt
    renamed = new_name(subject, member)
    if renamed != member:
        why = f"the plan renames it to {renamed!r}, which {subject.move.target} lacks"
    return MissingMember(
        subject.move.source,
        member,
        subject.move.target,
        places(asked=False),
        places(asked=True),
        suggestion(subject, member),
        certain=not doubt,
        already=not was_there and _is_known(subject),
        why=why,
    )


def _is_known(subject: Subject) -> bool:
    """Whether all members of the legacy class are known."""
    return isinstance(subject.legacy, Class) and not subject.members.doubt(subject.legacy)


def suggestion(subject: Subject, member: str) -> str:
    """A public member of the target that may do the same, with the evidence; empty without one."""
    old = subject.legacy_member(member)
    if old is None or not isinstance(subject.target, Class):
        return ""
    taken = {name for name in subject.members.of(subject.target) if subject.legacy_member(name)}
    best, score, evidence = "", 0.0, ""
    for name, new in subject.members.of(subject.target).items():
        if name.startswith("_") or name in taken or new.kind != old.kind:
            continue
        points, said = _likeness(old, new)
        if points > score:
            best, score, evidence = name, points, said
    return f"{best!r} may do the same: {evidence}" if score >= 0.5 else ""


_FILLER = {"get", "is", "the", "to", "for", "of", "a", "all", "user"}


def _likeness(old: Member, new: Member) -> tuple[float, str]:
    words, others = _words(old.name), _words(new.name)
    shared = words & others
    name_score = len(shared) / max(len(words | others), 1)
    before = {p.name for p in old.signature.parameters} if old.signature else set()
    after = {p.name for p in new.signature.parameters} if new.signature else set()
    common = before & after
    parameter_score = len(common) / max(len(before | after), 1) if before or after else 0.3
    said = []
    if shared:
        said.append(f"its name says {', '.join(sorted(shared))} too")
    if common:
        said.append(f"both take {', '.join(sorted(common))}")
    if not shared:
        parameter_score *= 0.8
    return 0.6 * name_score + 0.4 * parameter_score, " and ".join(said)


_SAME_DEED = (
    {"remove", "drop", "delete", "unregister", "disconnect", "discard", "detach", "clear"},
    {"add", "register", "connect", "attach", "join", "subscribe", "open"},
    {"send", "emit", "push", "deliver", "publish", "notify", "dispatch"},
    {"close", "shutdown", "stop", "aclose", "cleanup", "terminate"},
)
"""Verbs by which such classes say the same."""


def _words(name: str) -> set[str]:
    words = {word.rstrip("s") for word in name.lower().split("_") if word} - _FILLER
    deeds = {min(verbs) for verbs in _SAME_DEED if words & verbs}
    said = words - set().union(*_SAME_DEED) | deeds
    return said or {name.lower()}


def signature_conflicts(uses: Iterable[MemberUse]) -> list[SignatureConflict]:
    """Uses that the replacement's member does not take as they are."""
    found = [conflict for use in uses if (conflict := _conflict(use)) is not None]
    return sorted(set(found))


def _conflict(use: MemberUse) -> SignatureConflict | None:
    subject = use.subject
    if not isinstance(subject.target, Class):
        return None
    name = new_name(subject, use.member)
    old, new = subject.legacy_member(use.member), subject.target_member(name)
    if use.member != CONSTRUCTOR:
        if new is None:
            return None
        if old is not None and old.kind != new.kind and "method" in (old.kind, new.kind):
            return _said(use, f"was a {old.kind}, is a {new.kind}")
    if use.form != "call" or use.arguments is None:
        return None
    answer = adapt(subject, use.member, use.arguments)
    if isinstance(answer, Left):
        return None if answer.kind == "missing-member" else _said(use, answer.why)
    if answer.arguments is not None or answer.awaiting != "keep" or answer.member:
        return _said(use, _adaptation(use), adapted=True)
    if use.result_used and _returns_nothing(new) and not _returns_nothing(old):
        return _said(use, f"its result is used, and {name} gives none")
    return None


def _adaptation(use: MemberUse) -> str:
    old = use.subject.legacy_signature(use.member)
    name = new_name(use.subject, use.member)
    new = use.subject.target_signature(name)
    return f"was {old}, is {new or use.subject.move.calls[use.member].call}: the call has to change"


def _returns_nothing(member: Member | None) -> bool:
    return (
        member is not None
        and member.signature is not None
        and member.signature.returns.strip("\"' ") == "None"
    )


def _said(use: MemberUse, why: str, *, adapted: bool = False) -> SignatureConflict:
    move = use.subject.move
    return SignatureConflict(use.path, use.line, move.source, move.target, use.member, why, adapted)
