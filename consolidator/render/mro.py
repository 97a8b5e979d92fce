"""`mro-report` as JSON and text."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree as Drawing

from consolidator.analysis.mro.report import ClassReport, MroReport
from consolidator.render.document import document

_DETAILED = 12
"""Classes up to which each one is shown with its methods; beyond, one tree of the hierarchy."""


def to_json(report: MroReport) -> dict[str, Any]:
    return document(
        report.root,
        report.files,
        report.skipped,
        python=report.python,
        notes=list(report.notes),
        classes=[_class(entry) for entry in report.classes],
        errors=[
            {
                "qualname": error.qualname,
                "path": error.path,
                "line": error.line,
                "kind": error.kind,
                "message": error.message,
            }
            for error in report.errors
        ],
    )


def _class(entry: ClassReport) -> dict[str, Any]:
    return {
        "qualname": entry.qualname,
        "path": entry.path,
        "line": entry.line,
        "bases": list(entry.bases),
        "mro": list(entry.order),
        "certainty": entry.certainty,
        "reasons": [
            {"position": r.position, "expression": r.expression, "why": r.why}
            for r in entry.reasons
        ],
        "provenance": dict(entry.provenance),
        "methods": {
            name: {"defined_in": method.defined_in, "overrides": list(method.overrides)}
            for name, method in entry.methods.items()
        },
        "diamonds": list(entry.diamonds),
        "shadowed": [
            {
                "kind": s.kind,
                "name": s.name,
                "winner": s.winner,
                "hidden": s.hidden,
                "line": s.line,
            }
            for s in entry.shadowed
        ],
    }


def to_text(report: MroReport) -> RenderableType:
    parts: list[RenderableType] = [Text(_summary(report)), Text()]
    if len(report.classes) <= _DETAILED:
        parts += (_details(entry) for entry in report.classes)
    else:
        parts.append(_hierarchy(report))
    if report.errors:
        parts.append(Text("\nRefused by CPython", style="bold red"))
        parts += (
            Text(f"  {e.path}:{e.line}: {e.qualname}: {e.kind}: {e.message}") for e in report.errors
        )
    if report.skipped:
        parts.append(Text("\nNot read", style="bold"))
        parts += (Text(f"  {s.path}:{s.line}: {s.reason}") for s in report.skipped)
    parts += (Text(f"note: {note}") for note in report.notes)
    return Group(*parts)


def _summary(report: MroReport) -> str:
    counts = Counter(entry.certainty for entry in report.classes)
    certain = ", ".join(f"{counts[kind]} {kind}" for kind in ("exact", "partial", "unknown"))
    return (
        f"{len(report.classes)} classes in {report.files} files, for Python {report.python}: "
        f"{certain}; {len(report.errors)} refused"
    )


def _details(entry: ClassReport) -> RenderableType:
    drawing = Drawing(Text(f"{entry.qualname}  {entry.path}:{entry.line}", style="bold"))
    order = drawing.add(f"order ({entry.certainty})")
    for name in entry.order:
        order.add(Text(f"{name}  {entry.provenance.get(name, '')}".rstrip()))
    for reason in entry.reasons:
        place = f"base {reason.position + 1} " if reason.position >= 0 else ""
        drawing.add(Text(f"in doubt: {place}{reason.expression}: {reason.why}", style="yellow"))
    if own := [n for n, m in entry.methods.items() if m.defined_in == entry.qualname]:
        methods = drawing.add(f"defines {len(own)} methods")
        for name in own:
            behind = ", ".join(entry.methods[name].overrides)
            methods.add(Text(f"{name}" + (f"  overrides {behind}" if behind else "")))
    if inherited := Counter(
        m.defined_in for m in entry.methods.values() if m.defined_in != entry.qualname
    ):
        branch = drawing.add("inherits")
        for owner, count in inherited.items():
            branch.add(Text(f"{count} methods of {owner}"))
    for name in entry.diamonds:
        drawing.add(Text(f"diamond: {name} is reached through several bases"))
    for hidden in entry.shadowed:
        drawing.add(Text(_shadow(hidden.kind, hidden.name, hidden.winner, hidden.hidden), "yellow"))
    return drawing


def _shadow(kind: str, name: str, winner: str, hidden: str) -> str:
    if kind == "twice":
        return f"hidden: {name} is defined twice; only the last counts"
    return f"hidden: {hidden}.{name} is behind {winner}.{name}"


def _hierarchy(report: MroReport) -> RenderableType:
    """All classes under their first known base, as one tree per root."""
    children: dict[str, list[ClassReport]] = {}
    for entry in report.classes:
        parent = next((name for name in entry.order[1:2]), "?")
        children.setdefault(parent, []).append(entry)
    known = {entry.qualname for entry in report.classes}
    roots = [Drawing(Text(name, "bold")) for name in sorted(children) if name not in known]
    for root in roots:
        _grow(root, str(root.label), children, frozenset())
    return Group(*roots)


def _grow(
    branch: Drawing, name: str, children: dict[str, list[ClassReport]], seen: frozenset[str]
) -> None:
    if name in seen:
        return
    for entry in children.get(name, ()):
        mark = "" if entry.certainty == "exact" else f"  ({entry.certainty})"
        text = Text(f"{entry.qualname}{mark}", no_wrap=True, overflow="ellipsis")
        _grow(branch.add(text), entry.qualname, children, seen | {name})
