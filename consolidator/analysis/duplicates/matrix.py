"""The method matrix: every method by every member, and which class the others should become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from consolidator.analysis.duplicates.bodies import Bodies, Body
from consolidator.analysis.duplicates.records import Signature, Verdict
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.tree.facts import FunctionFact

_UNCOMPARED = frozenset({"__repr__", "__str__", "__doc__", "__slots__", "__hash__"})


def methods_of(shape: Shape, ancestors: Sequence[Shape], bodies: Bodies) -> dict[str, Signature]:
    """Its methods by name: its own, then those of `ancestors`, which are in order of resolution."""
    found: dict[str, Signature] = {}
    for current in (shape, *ancestors):
        for name, fact in current.methods.items():
            if name not in found and name not in _UNCOMPARED:
                found[name] = _signature(current, fact, bodies.of(current))
    return found


def _signature(shape: Shape, fact: FunctionFact, body: Body | None) -> Signature:
    parameters = fact.parameters
    static = any(d.rpartition(".")[2] == "staticmethod" for d in fact.decorators)
    if parameters and not static:
        parameters = parameters[1:]
    method = body.methods.get(fact.name) if body else None
    return Signature(
        parameters=tuple(_shown(p.name, p.kind) for p in parameters),
        required=tuple(
            p.name for p in parameters if p.default is None and p.kind not in ("vararg", "kwarg")
        ),
        is_async=fact.is_async,
        path=shape.path,
        line=fact.line,
        end_line=fact.end_line,
        exact=method.exact if method and not method.hollow else b"",
    )


def _shown(name: str, kind: str) -> str:
    return {"vararg": "*", "kwarg": "**"}.get(kind, "") + name


def matrix(
    signatures: Mapping[str, Mapping[str, Signature]], canonical: str
) -> dict[str, dict[str, Verdict]]:
    """Verdicts by method, then by member. `signatures` is by member, then by method.

    A member's method is the `same` as the canonical class's where body and signature are equal but
    for names of locals. Where the canonical class lacks the method, the version that most members
    have is the measure. A method without a body of its own (of a protocol) is measured by its
    signature.
    """
    names = sorted({name for methods in signatures.values() for name in methods})
    return {name: _row(name, signatures, canonical) for name in names}


def _row(
    name: str, signatures: Mapping[str, Mapping[str, Signature]], canonical: str
) -> dict[str, Verdict]:
    versions = {member: methods.get(name) for member, methods in signatures.items()}
    measure = versions.get(canonical) or _usual([v for v in versions.values() if v is not None])
    return {member: _verdict(version, measure) for member, version in versions.items()}


def _usual(versions: Sequence[Signature]) -> Signature:
    counts = Counter((v.exact, v.parameters, v.is_async) for v in versions)
    return max(versions, key=lambda v: counts[v.exact, v.parameters, v.is_async])


def _verdict(version: Signature | None, measure: Signature) -> Verdict:
    if version is None:
        return "missing"
    if version is measure:
        return "same"
    if (version.parameters, version.is_async) != (measure.parameters, measure.is_async):
        return "differs"
    if version.exact and measure.exact:
        return "same" if version.exact == measure.exact else "differs"
    return "same"


def suggest_canonical(
    candidates: Sequence[Shape], importers: Mapping[str, int], family_concepts: Counter[str]
) -> Shape:
    """The class that most production files import; then the one that covers most of the family's
    methods, is not nested, and is largest. Ties go to the first by name."""

    def rank(shape: Shape) -> tuple[int, int, float, int, str]:
        covered = sum(family_concepts[name] for name in shape.concepts)
        nested = 1 if shape.fact.scope else 0
        return (nested, -importers.get(shape.qualname, 0), -covered, -shape.lines, shape.qualname)

    return min(candidates, key=rank)
