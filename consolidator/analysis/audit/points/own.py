"""Points of a project's own: production code must call what a pattern names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from consolidator.analysis.audit.code import CodeFile, called_name
from consolidator.analysis.audit.points.base import IntegrationPoint, Judgement
from consolidator.analysis.audit.report import Evidence
from consolidator.plan import AuditPoint

_WILD = re.compile(r"[*?\[]")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def own_point(point: AuditPoint) -> IntegrationPoint:
    """`must_call` is a glob over dotted names. If the part before the last is a plain class name, the
    receiver must fit it: by its own name, by being that class's `self`, or in a file that names it."""
    before, _, last = point.must_call.rpartition(".")
    owner = before.rpartition(".")[2]
    owner = "" if _WILD.search(owner) or not owner[:1].isupper() else owner

    def read(file: CodeFile) -> Iterator[Evidence]:
        for call in file.calls if not file.is_test else ():
            name = called_name(call)
            if not name or not fnmatchcase(name, last):
                continue
            if not owner or _fits(file, call, owner):
                yield file.evidence(call)
            else:
                yield file.evidence(call, "seen", f"nothing says that this is a {owner}")

    def judge(evidence: Sequence[Evidence]) -> Judgement:
        if any(e.verdict == "ok" for e in evidence):
            return "ok", ""
        if evidence:
            return "at-risk", f"{last} is only called on what may be no {owner}"
        return "broken", f"nothing calls {point.must_call}"

    start = _WILD.split(last)[0]
    return IntegrationPoint(point.id, point.title, (start or "(",), read, judge)


def _fits(file: CodeFile, call: ast.Call, owner: str) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    receiver = ast.unparse(call.func.value)
    if receiver in ("self", "cls", "super()"):
        return any(cls.name == owner and _holds(cls, call) for cls in file.classes)
    words = {word.lower() for word in _WORD.findall(owner)}
    said = {word.lower() for word in _WORD.findall(receiver)}
    # `registry` for AgentRegistry: the last word says what a thing is.
    kind = _WORD.findall(owner)[-1].lower() if words else ""
    return kind in said or words <= said or bool(re.search(rf"\b{owner}\b", file.text))


def _holds(cls: ast.ClassDef, call: ast.Call) -> bool:
    return cls.lineno <= call.lineno <= (cls.end_lineno or cls.lineno)
