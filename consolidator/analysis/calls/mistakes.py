"""What a plan says about calls, held against the signatures on both sides before any call is looked at."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Subject, Subjects
from consolidator.analysis.calls.template import Template, TemplateError, parse_template
from consolidator.analysis.flow.world import Class
from consolidator.analysis.signatures import Arguments, bind
from consolidator.errors import Mistake
from consolidator.plan import CallForm, Plan


def call_mistakes(subjects: Subjects, plan: Plan) -> list[Mistake]:
    """Every rename and form of the plan that can't be meant. What can't be read is not judged."""
    at = {id(move): f"move[{index}]" for index, move in enumerate(plan.moves)}
    found: list[Mistake] = []
    for subject in subjects.all:
        move = subject.move
        key = at[id(move)]
        for old, new in move.methods.items():
            for problem, expected in _rename(subject, old, new):
                found.append(
                    Mistake(plan.path, move.line, f"{key}.methods.{old}", problem, expected)
                )
        for name, form in move.calls.items():
            for problem, expected in _form(subject, name, form):
                found.append(
                    Mistake(plan.path, form.line, f"{key}.calls.{name}", problem, expected)
                )
    return found


def _rename(subject: Subject, old: str, new: str) -> Iterator[tuple[str, str]]:
    yield from _legacy_name(subject, old)
    yield from _target_name(subject, new)


def _legacy_name(subject: Subject, name: str) -> Iterator[tuple[str, str]]:
    legacy = subject.legacy
    if isinstance(legacy, Class) and name not in (CONSTRUCTOR, CALL):
        known = subject.members.of(legacy)
        if name not in known and not subject.members.doubt(legacy):
            yield f"{subject.move.source} has no {name!r}", _close(name, known)


def _target_name(subject: Subject, name: str) -> Iterator[tuple[str, str]]:
    target = subject.target
    if isinstance(target, Class) and name not in (CONSTRUCTOR, CALL):
        known = subject.members.of(target)
        if name not in known and not subject.doubt():
            yield f"{subject.move.target} has no {name!r}", _close(name, known)


def _form(subject: Subject, name: str, form: CallForm) -> Iterator[tuple[str, str]]:
    try:
        template = parse_template(form.call)
    except TemplateError as error:
        yield str(error), "a call such as 'send($user_id, message=$text)'"
        return
    misnamed = list(_legacy_name(subject, name))
    yield from misnamed
    if template.callee:
        yield from _target_name(subject, template.callee)
    old = subject.legacy_signature(name)
    if old is not None and not misnamed:
        used = {parameter for argument in template.arguments for parameter in argument.parameters}
        holes = ", ".join(f"${p.name}" for p in old.parameters) or "no parameters"
        for parameter in sorted(used):
            if old.named(parameter) is None:
                yield f"uses ${parameter}, which {old} does not have", holes
    yield from _misfit(subject, name, template)


def _misfit(subject: Subject, name: str, template: Template) -> Iterator[tuple[str, str]]:
    new = subject.target_signature(template.callee or name)
    if new is not None:
        arguments = Arguments(tuple(argument.keyword for argument in template.arguments))
        if problem := bind(new, arguments).problem:
            yield f"does not fit {new}: {problem}", "arguments that it takes"


def _close(name: str, known: Iterable[str]) -> str:
    public = sorted(n for n in known if not n.startswith("_"))
    close = difflib.get_close_matches(name, public, 1)
    return repr(close[0]) if close else "one of " + ", ".join(public[:12])
