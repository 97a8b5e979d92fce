"""Subclasses that replace a legacy method: under their new base nothing calls the replacement."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.outcome import Omission
from consolidator.analysis.calls.subjects import Subject, Subjects
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.wellknown import last_name
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


def made_overrides(
    subjects: Subjects, flow: FileFlow, node: ast.Call
) -> Iterator[tuple[ast.expr, str]]:
    """What `type("Name", (Legacy,), {…})`, or another call that makes a class, overrides, and why it is
    never called."""
    bases, members = _of_made(node)
    if not isinstance(bases, ast.Tuple | ast.List):
        return
    values = {value for base in bases.elts for value in flow.of(base) if value.kind == "class"}
    for value in sorted(values, key=lambda value: value.name):
        if not isinstance(members, ast.Dict):
            if members is not None and subjects.concerns(value):
                yield members, f"what this gives a class made from {value.name} can't be read"
            continue
        for key in members.keys:
            name = key.value if isinstance(key, ast.Constant) else ""
            if key is None or not isinstance(name, str) or name.startswith("__"):
                continue
            for subject in subjects.of_instance(value, name).subjects:
                if _is_orphaned(subject, name, is_value=False):
                    move = subject.move
                    why = f"overrides {move.source}.{name}, which {move.target} never calls"
                    yield key, why + _instead(subject, name)


def _of_made(node: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """The bases and the members of the class that a call makes; neither for another call."""
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    args: list[ast.expr | None] = [*node.args, None, None, None, None]
    maker = last_name(node.func)
    if maker == "make_dataclass":
        return named.get("bases"), named.get("namespace")
    if maker == "new_class":
        return args[1] or named.get("bases"), args[3] or named.get("exec_body")
    if maker == "type" or isinstance(args[2], ast.Dict):
        return args[1], args[2]
    return None, None


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
