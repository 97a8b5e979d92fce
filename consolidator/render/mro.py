"""`mro-report` in every format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import RenderableType

from consolidator.analysis.mro.consumers import Consumers
from consolidator.analysis.mro.diff import MroDiff
from consolidator.analysis.mro.report import ClassReport, MroReport
from consolidator.render.document import document, dumps
from consolidator.render.mro_graph import to_dot, to_mermaid
from consolidator.render.mro_pages import to_html, to_markdown
from consolidator.render.mro_text import to_text


def to_json(report: MroReport, diff: MroDiff | None = None) -> dict[str, Any]:
    """The document of the contract; `diff` is present only with `--diff`."""
    body = {} if diff is None else {"diff": _diff(diff)}
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
        **body,
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
        "parser": entry.parser,
        "labels": list(entry.labels),
        "diamonds": list(entry.diamonds),
        "shadowed": [
            {"kind": s.kind, "name": s.name, "winner": s.winner, "hidden": s.hidden, "line": s.line}
            for s in entry.shadowed
        ],
        "dead_supers": [{"method": c.method, "line": c.line} for c in entry.dead_supers],
        **({} if entry.consumers is None else {"consumers": _consumers(entry.consumers)}),
    }


def _consumers(used: Consumers) -> dict[str, Any]:
    members = {name: list(paths) for name, paths in used.members.items()}
    return {
        "impact": used.impact,
        "importers": list(used.importers),
        "members": members,
        "other_names": list(used.other_names),
    }


def _diff(diff: MroDiff) -> dict[str, Any]:
    return {
        "revision": diff.revision,
        "added": list(diff.added),
        "gone": list(diff.gone),
        "changed": [
            {
                "qualname": entry.qualname,
                "path": entry.path,
                "line": entry.line,
                "before": list(entry.before),
                "after": list(entry.after),
                "methods": [
                    {"name": m.name, "before": m.before, "after": m.after} for m in entry.methods
                ],
            }
            for entry in diff.changed
        ],
    }


Renderer = Callable[[MroReport, MroDiff | None], str | RenderableType]

RENDERERS: dict[str, Renderer] = {
    "text": to_text,
    "json": lambda report, diff: dumps(to_json(report, diff)),
    "md": to_markdown,
    "html": to_html,
    "dot": to_dot,
    "mermaid": to_mermaid,
}
