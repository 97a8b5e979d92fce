"""What becomes of one call of a moved class or function: its new form, nothing, or why it is left."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from consolidator.analysis.calls.adapt import (
    Left,
    NewCall,
    adapt,
    dropped,
    fits,
    means_the_same,
    referenced,
)
from consolidator.analysis.calls.evidence import plausible
from consolidator.analysis.calls.findings import shown
from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Candidates, Subject
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.signatures import Arguments, in_source_order

_EFFECTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


@dataclass
class Decision:
    """Decides about the calls of one file."""

    flow: FileFlow
    around: Surroundings

    def __call__(self, node: ast.Call, candidates: Candidates, name: str) -> NewCall | Left | None:
        if not candidates.subjects:
            return None
        arguments = Arguments.of(node)
        possible = self._possible(node, candidates, name)
        answers = {subject: adapt(subject, name, arguments) for subject in possible}
        distinct = {a for a in answers.values() if not isinstance(a, Left)}
        if not possible or not distinct:
            return self._without_answer(candidates, name, arguments, list(answers.values()))
        if any(not a.changes for a in distinct) and len(distinct) == 1:
            return None
        is_fit = any(fits(subject, name, arguments) for subject in possible)
        if is_fit and not candidates.named and name in (CALL, CONSTRUCTOR):
            return None
        if is_fit and not candidates.certain:
            same = all(
                isinstance(a, NewCall) and means_the_same(a, arguments, s, name)
                for s, a in answers.items()
            )
            positional = any(not keyword for keyword in arguments.keywords)
            if same or not positional:
                return None
            return Left("ambiguous", _both(possible[0], name))
        if len(distinct) > 1 or len(answers) > len([a for a in answers.values() if a in distinct]):
            return Left("ambiguous", _choices(answers, name))
        return self._checked(node, next(iter(distinct)), arguments, name)

    def _possible(self, node: ast.Call, candidates: Candidates, name: str) -> list[Subject]:
        if len(candidates.subjects) == 1:
            return list(candidates.subjects)
        values = [self.flow.of(argument) for argument, _ in in_source_order(node)]
        found = []
        for subject in candidates.subjects:
            signature = subject.legacy_signature(name)
            if signature is None or plausible(signature, node, values):
                found.append(subject)
        readable = [s for s in found if s.legacy_signature(name) is not None]
        return readable or found

    def _without_answer(
        self,
        candidates: Candidates,
        name: str,
        arguments: Arguments,
        answers: list[NewCall | Left],
    ) -> Left | None:
        """Fits the target: code written for it. Else the reason of the one legacy form, or all."""
        if any(fits(subject, name, arguments) for subject in candidates.subjects):
            certain_misfit = candidates.certain and not all(
                isinstance(a, Left) and "does not fit" in a.why for a in answers
            )
            if not certain_misfit:
                return None
        lefts = [a for a in answers if isinstance(a, Left)]
        if lefts:
            return lefts[0]
        first = candidates.subjects[0]
        return Left("does-not-fit", _both(first, name))

    def _checked(
        self, node: ast.Call, new: NewCall, arguments: Arguments, name: str
    ) -> NewCall | Left:
        sources = [argument for argument, _ in in_source_order(node)]
        for index in dropped(new, arguments):
            if _acts(sources[index]):
                text = shown(sources[index])
                return Left("drops-effect", f"the new form drops {text}, which does something")
        for index in _repeated(new):
            if not isinstance(sources[index], ast.Name | ast.Constant):
                return Left("repeats", f"the new form evaluates {shown(sources[index])} twice")
        if new.member and isinstance(node.func, ast.Attribute) and node.func.attr == CONSTRUCTOR:
            return Left("unbound", f"a subclass can't be set up by {new.member}, as the plan says")
        awaited = self.around.awaited_by(node)
        if new.awaiting == "add" and awaited is None and self._is_awaitable(node):
            return _in_order(replace(new, awaiting="keep"), sources)
        if new.awaiting == "add" and awaited is None and not self.around.can_await(node):
            return Left("await", f"{name} is awaited now, and the caller is not async")
        if new.awaiting == "drop" and awaited is None and not self.around.is_enter(node):
            return Left(
                "await", f"{name} is no longer a coroutine, and this one is not awaited here"
            )
        return _in_order(new, sources)

    def _is_awaitable(self, node: ast.Call) -> bool:
        """Whether the legacy call gives a coroutine though its signature does not say so."""
        gives = self.flow.of(node)
        return self.around.is_scheduled(node) or any(v.kind == "awaitable" for v in gives)


def _in_order(new: NewCall, sources: list[ast.expr]) -> NewCall | Left:
    """The new form with arguments that do something evaluated in the order in which they were."""
    arguments = new.arguments or ()
    places = [referenced(argument) for argument in arguments]
    acting = [i for place in places for i in place if _acts(sources[i])]
    if acting == sorted(acting):
        return new
    if all(argument.keyword for argument in arguments):
        by_source = sorted(range(len(arguments)), key=lambda i: (not places[i], places[i]))
        again = [i for at in by_source for i in places[at] if _acts(sources[i])]
        if again == sorted(again):
            return replace(new, arguments=tuple(arguments[i] for i in by_source))
    return Left("evaluation-order", "the new form evaluates its arguments in another order")


def _acts(node: ast.expr) -> bool:
    """Whether evaluating it may do something."""
    return any(isinstance(part, _EFFECTS) for part in ast.walk(node))


def _repeated(new: NewCall) -> list[int]:
    used = [index for argument in new.arguments or () for index in referenced(argument)]
    return sorted({index for index in used if used.count(index) > 1})


def _both(subject: Subject, name: str) -> str:
    old, new = subject.legacy_signature(name), subject.target_signature(name)
    return f"it may be meant for {old} or for {new}"


def _choices(answers: dict[Subject, NewCall | Left], name: str) -> str:
    shown = "; ".join(
        f"{subject.move.source}: {subject.legacy_signature(name) or name}" for subject in answers
    )
    return f"it may be a call of any of these: {shown}"
