"""Registry injection and engine notifier: whether the pieces that send events are ever given the
manager or bridge."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from consolidator.analysis.audit.code import (
    CodeFile,
    FunctionDef,
    arguments_of,
    body_does_nothing,
    called_name,
    is_abstract,
    is_none,
)
from consolidator.analysis.audit.points.base import IntegrationPoint, Judgement, by_worst
from consolidator.analysis.audit.report import Evidence

_TRANSPORT = (
    r"(web_?socket|ws|socket|notif\w*|emitter|bridge|event_bus|broadcast\w*|connection_manager)"
)
SETTER = re.compile(rf"^(set|inject|attach|configure|bind|use|with)_\w*{_TRANSPORT}\w*$", re.I)
NOTIFIER = re.compile(
    rf"^_?((web_?socket|ws|event|agent)_)*{_TRANSPORT}(_(manager|notifier|bridge|emitter))?$", re.I
)
_ENGINE = re.compile(r"(Engine|Executor|Runner|Orchestrator|Supervisor|Dispatcher)$")


def _setters(file: CodeFile) -> Iterator[Evidence]:
    for function in file.functions:
        if SETTER.match(function.name) and not file.is_test and not is_abstract(function):
            yield _definition(file, function)
    for call in file.calls:
        name = called_name(call)
        if not SETTER.match(name) or not isinstance(call.func, ast.Attribute) or file.is_test:
            continue
        passed = [value for _, value in arguments_of(call)]
        if passed and is_none(passed[0]):
            yield file.evidence(call, "broken", f"{name} is given None")
        elif _forwards(file, call, name):
            yield file.evidence(call, "seen", "passes on what it was given itself")
        else:
            yield file.evidence(call)


def _definition(file: CodeFile, function: FunctionDef) -> Evidence:
    if body_does_nothing(function) and not _in_protocol(file, function):
        return file.evidence(
            function, "broken", f"{function.name} does nothing with what it is given"
        )
    return file.evidence(function, "seen", "definition")


def _in_protocol(file: CodeFile, function: FunctionDef) -> bool:
    owner = file.around.parent(function)
    return isinstance(owner, ast.ClassDef) and any(
        "Protocol" in ast.unparse(b) for b in owner.bases
    )


def _forwards(file: CodeFile, call: ast.Call, name: str) -> bool:
    outer = file.enclosing(call)
    return outer is not None and bool(SETTER.match(outer.name)) and outer.name == name


def _judge_injection(evidence: Sequence[Evidence]) -> Judgement:
    status, why = by_worst(evidence)
    if status != "not-found":
        return status, why
    if any(e.why == "definition" for e in evidence):
        return "broken", "the setter is defined, but no production code calls it"
    return "not-found", ""


REGISTRY = IntegrationPoint(
    "registry-injection",
    "The agent registry is given the WebSocket manager at start-up",
    ("set_", "inject_", "attach_", "configure_", "bind_"),
    _setters,
    _judge_injection,
    only=rf"(set|inject|attach|configure|bind|use|with)_\w*{_TRANSPORT}",
)


def _engines(file: CodeFile) -> Iterator[Evidence]:
    """Constructions of engines, by the names of their arguments; definitions say which ones matter."""
    if file.is_test:
        return
    for cls in file.classes:
        for function in cls.body:
            if isinstance(function, ast.FunctionDef) and function.name == "__init__":
                for argument in [*function.args.args, *function.args.kwonlyargs]:
                    if _ENGINE.search(cls.name) and NOTIFIER.match(argument.arg):
                        why = f"definition of {cls.name} takes {argument.arg}"
                        yield file.evidence(function, "seen", why)
    for call in file.calls:
        name = called_name(call)
        if not _ENGINE.search(name) or not name[:1].isupper():
            continue
        notifiers = [(k, v) for k, v in arguments_of(call) if _is_notifier(k, v)]
        if any(is_none(value) for _, value in notifiers):
            yield file.evidence(call, "broken", f"{name} is built with None as its notifier")
        elif notifiers:
            yield file.evidence(call, "ok", f"{name} is built with {notifiers[0][0] or 'one'}")
        else:
            yield file.evidence(call, "seen", f"{name} is built without a notifier by name")


def _is_notifier(keyword: str, value: ast.expr) -> bool:
    if keyword:
        return bool(NOTIFIER.match(keyword))
    name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return bool(NOTIFIER.match(name))


def _judge_engines(evidence: Sequence[Evidence]) -> Judgement:
    status, why = by_worst(evidence)
    if status != "not-found":
        return status, why
    wanting = {e.why.split()[2] for e in evidence if e.why.startswith("definition")}
    built = {e.why.split()[0] for e in evidence if e.why.endswith("by name")}
    if lacking := sorted(wanting & built):
        return "at-risk", f"{', '.join(lacking)} takes a notifier and is built without one"
    if wanting:
        return (
            "at-risk",
            f"{', '.join(sorted(wanting))} takes a notifier; no production code builds it",
        )
    return "not-found", ""


ENGINE = IntegrationPoint(
    "engine-notifier",
    "Every execution engine is built with a notifier that is not None",
    ("Engine", "Executor", "Runner", "Orchestrator", "Supervisor", "Dispatcher"),
    _engines,
    _judge_engines,
    only=r"\b[A-Z]\w*(Engine|Executor|Runner|Orchestrator|Supervisor|Dispatcher)\(|__init__",
)
