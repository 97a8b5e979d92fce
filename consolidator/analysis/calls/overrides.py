"""Subclasses that replace a legacy method: under their new base nothing calls the replacement."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.outcome import Omission
from consolidator.analysis.calls.subjects import Subject, Subjects
from consolidator.analysis.flow.world import Class


def overrides(subjects: Subjects, path: str) -> Iterator[Omission]:
    """Methods, properties and attributes in the classes of a file that override what moves."""
    facts = subjects.world.tree.facts(path)
    moving = {s.legacy for s in subjects.all}
    for fact in facts.classes if facts else ():
        resolution = subjects.world.resolver.expression(path, fact.name, fact.scope)
        cls = subjects.world.definition(subjects.world.project, resolution)
        if isinstance(cls, Class) and cls not in moving:
            yield from _in_class(subjects, cls)
            yield from _mixed_in(subjects, cls)


def _in_class(subjects: Subjects, cls: Class) -> Iterator[Omission]:
    above = list(subjects.world.lineage(cls))[1:]
    for subject in subjects.all:
        if subject.legacy not in above and subject.target not in above:
            continue
        for name, line, column, text in _defined(cls):
            if not name.startswith("__") and _is_orphaned(subject, name, text == name):
                move = subject.move
                why = (
                    f"{cls.fact.name} overrides {move.source}.{name}, which {move.target} never "
                    f"calls{_instead(subject, name)}"
                )
                yield Omission(cls.path, line, column, text, "override", why)


def _mixed_in(subjects: Subjects, cls: Class) -> Iterator[Omission]:
    """What a class gets from a base that stands before the legacy one and knows nothing of it."""
    world = subjects.world
    above = [list(world.lineage(base)) for base in world.bases(cls)[0]]
    for subject in subjects.all:
        ends = (subject.legacy, subject.target)
        heirs = [any(end in lineage for end in ends) for lineage in above]
        if True not in heirs:
            continue
        move, fact = subject.move, cls.fact
        seen = {name for name, _, _, _ in _defined(cls)}
        for other in (o for lineage in above[: heirs.index(True)] for o in lineage):
            for name, _, _, text in _defined(other):
                if name in seen or name.startswith("__"):
                    continue
                if _is_orphaned(subject, name, text == name):
                    seen.add(name)
                    why = (
                        f"{fact.name} has {name} from {other.dotted} in place of that of "
                        f"{move.source}, which {move.target} never calls{_instead(subject, name)}"
                    )
                    shown = f"class {fact.name}"
                    yield Omission(cls.path, fact.line, fact.column, shown, "override", why)


def _instead(subject: Subject, name: str) -> str:
    """What is called instead, so that a person can give the override that name and those parameters:
    whether its body still does the right thing then is not for a tool to say."""
    move, form = subject.move, subject.move.calls.get(name)
    new = move.methods.get(name) or move.attributes.get(name) or (form and form.call.split("(")[0])
    if not new or new == name:
        return ""
    signature = subject.target_signature(new)
    return f": it calls {signature or new}, so this has to become that to be called again"


def _defined(cls: Class) -> Iterator[tuple[str, int, int, str]]:
    for name, function in cls.functions.items():
        yield name, function.fact.line, function.fact.column, f"def {name}"
    for name, bindings in cls.attributes.items():
        if name not in cls.functions:
            yield name, bindings[0].line, bindings[0].column, name


def _is_orphaned(subject: Subject, name: str, is_value: bool) -> bool:
    """Whether nothing in the target asks for the name any more. A value in place of a value says
    something of its own class only."""
    move = subject.move
    if name in move.methods or name in move.calls or name in move.attributes:
        return True
    member = subject.legacy_member(name)
    is_hook = member is not None and not (is_value and member.kind == "attribute")
    return is_hook and subject.target_member(name) is None
