"""A draft plan from families: what moves where, which methods answer to which, and what is uncertain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from consolidator.analysis.duplicates import Family, Member, Report, Signature
from consolidator.analysis.duplicates.words import concept
from consolidator.analysis.factories import Factory

_IMPORTABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_ALIKE = 0.5
"""Similarity of bodies below which a move needs a decision whatever the names say."""
_HEADER = """\
# A draft: read it before anything is migrated. It was written from the duplicates found, by names,
# methods and bodies; it knows nothing of what the code is meant to do. What it can't know:
# - whether the suggested class is the right one to keep (change every `to` of its family);
# - how arguments are passed on where signatures differ: add `calls` (see `migrate calls --help`);
# - wiring, configuration, strings built at run time. `consolidator audit` lists what would break.
# Lines with "uncertain" need a decision. Delete the moves that you do not want.

[consolidation]
schema = 1
"""


@dataclass(frozen=True, slots=True)
class Rename:
    """A method that the canonical class has under another name, and how that is known."""

    old: str
    new: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Draft:
    text: str
    moves: int
    uncertain: int
    """Comments that ask for a decision."""


def draft_plan(
    report: Report, targets: Mapping[str, str], factories: Mapping[str, Sequence[Factory]]
) -> Draft:
    """The text of a plan. `targets` gives the canonical class of families by their name, in place of
    the suggested one; `factories` the functions that return a class, by its qualified name."""
    writer = _Writer()
    for family in report.families:
        writer.family(family, targets.get(family.name, family.suggested_canonical), factories)
    text = _HEADER + "".join(f"{line}\n" for line in writer.lines)
    return Draft(text, writer.moves, sum("uncertain" in line for line in writer.lines))


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.moves = 0
        self._sources: set[str] = set()

    def family(
        self, family: Family, target: str, factories: Mapping[str, Sequence[Factory]]
    ) -> None:
        known = {member.qualname: member for member in family.members}
        self.lines += ["", f"# {'-' * 8} {family.name}: {family.kind}, score {family.score:.2f}"]
        self._comment(family.why)
        if target not in known:
            self._comment(
                [f"uncertain: {target} is not in this family; its methods are not compared"]
            )
        elif not _IMPORTABLE.fullmatch(target):
            self._comment([f"uncertain: {target} can't be imported; choose another --to"])
            return
        for member in family.members:
            if member.qualname != target and member.role != "test-double":
                self._member(member, target, family)
        self._factories(family, target, factories)

    def _member(self, member: Member, target: str, family: Family) -> None:
        if not _IMPORTABLE.fullmatch(member.qualname):
            self.lines.append("")
            self._comment(
                [
                    f"uncertain: {member.qualname} ({member.path}:{member.line}) can't be imported "
                    "by name and so can't be moved; change it by hand"
                ]
            )
            return
        if member.role == "re-export" and member.target != target:
            self._comment(
                [f"{member.qualname} is another name of {member.target}; it moves with it"]
            )
            return
        methods = family.signatures.get(target)
        renames = renames_to(family.signatures[member.qualname], methods) if methods else []
        notes = list(_notes(member, target, family, {rename.old for rename in renames}))
        self._move(member.qualname, target, renames, notes)

    def _move(
        self, source: str, target: str, renames: Sequence[Rename], notes: Iterable[str]
    ) -> None:
        if source in self._sources or source == target:
            return
        self._sources.add(source)
        self.moves += 1
        self.lines.append("")
        self._comment(notes)
        self.lines += ["[[move]]", f"from = {_quoted(source)}", f"to = {_quoted(target)}"]
        if renames:
            self.lines.append("[move.methods]")
            self.lines += [f"{r.old} = {_quoted(r.new)}  # {r.evidence}" for r in renames]

    def _factories(
        self, family: Family, target: str, factories: Mapping[str, Sequence[Factory]]
    ) -> None:
        own = factories.get(target, ())
        for member in family.members:
            if member.role in ("test-double", "re-export") or member.qualname == target:
                continue
            for factory in factories.get(member.qualname, ()):
                self._factory(factory, member.qualname, target, own)

    def _factory(self, factory: Factory, made: str, target: str, own: Sequence[Factory]) -> None:
        answers = [other for other in own if other.parameters == factory.parameters]
        if answers:
            chosen = next((o for o in answers if o.name == factory.name), answers[0])
            note = f"returns {made}; takes the same arguments"
            self._move(factory.qualname, chosen.qualname, (), [note])
            return
        why = "none with its parameters" if own else "no function is known that"
        self.lines.append("")
        self._comment(
            [
                f"uncertain: {factory.qualname} ({factory.path}:{factory.line}) returns {made}; "
                f"{why} returns {target}",
            ]
        )

    def _comment(self, notes: Iterable[str]) -> None:
        for note in notes:
            first, *rest = wrap(note, 96, break_long_words=False, break_on_hyphens=False) or [""]
            self.lines += [f"# {first}", *(f"#   {line}" for line in rest)]


def renames_to(own: Mapping[str, Signature], canonical: Mapping[str, Signature]) -> list[Rename]:
    """Public methods that the canonical class has under another name: equal bodies first, then equal
    signatures under one concept (`emit_x`, `notify_x`). A name is proposed once only."""
    lacking = [name for name in own if name not in canonical and not name.startswith("_")]
    free = [name for name in canonical if name not in own and not name.startswith("_")]
    found: list[Rename] = []
    for old in lacking:
        for new, evidence in _answers(old, own[old], canonical, free):
            found.append(Rename(old, new, evidence))
            free.remove(new)
            break
    return sorted(found, key=lambda rename: rename.old)


def _answers(
    old: str, signature: Signature, canonical: Mapping[str, Signature], free: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for new in free:
        if signature.exact and signature.exact == canonical[new].exact:
            yield new, "same body"
    for new in free:
        other = canonical[new]
        one_signature = (other.parameters, other.is_async) == (
            signature.parameters,
            signature.is_async,
        )
        if one_signature and concept(new) == concept(old):
            yield new, "same signature, same words but for the verb"


def _notes(member: Member, target: str, family: Family, renamed: set[str]) -> Iterator[str]:
    used = f"{member.importers} production and {member.test_importers} test files import it"
    yield f"{member.role}, {member.path}:{member.line}; {used}"
    if member.role == "protocol":
        yield "uncertain: a protocol; annotations that name it will name the class"
    if member.role == "wrapper":
        yield "uncertain: a wrapper; what it adds around each call is lost"
    if doubt := _unlike(member, target, family):
        yield f"uncertain: {doubt}"
    canonical = family.signatures.get(target)
    if canonical is None or member.role == "re-export":
        return
    own = family.signatures[member.qualname]
    lacking = [n for n in own if n not in canonical and n not in renamed and not n.startswith("_")]
    if lacking:
        yield f"uncertain: {target} has no {', '.join(sorted(lacking))}"
    for name in sorted(own):
        other = canonical.get(name)
        if (
            other
            and (not name.startswith("_") or name == "__init__")
            and _calls_differ(own[name], other)
        ):
            yield f"uncertain: {name}: {_shown(own[name])} becomes {_shown(other)}"


def _unlike(member: Member, target: str, family: Family) -> str:
    """Why a member may do something else than the class that takes its place."""
    if member.role not in ("implementation", "wrapper"):
        return ""
    measured = target == family.suggested_canonical
    alike = f" (similarity {member.similarity:.2f})" if measured else ""
    if family.kind == "same-role":
        return f"only the role is shared with {target}, not the code{alike}"
    if measured and member.similarity < _ALIKE:
        return f"little of its code is like that of {target}{alike}"
    return ""


def _calls_differ(left: Signature, right: Signature) -> bool:
    return (left.parameters, left.is_async) != (right.parameters, right.is_async)


def _shown(signature: Signature) -> str:
    prefix = "async " if signature.is_async else ""
    return f"{prefix}({', '.join(signature.parameters)})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
