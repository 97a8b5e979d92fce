"""The report of a staged consolidation."""

from __future__ import annotations

from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consolidator.model import Consolidation, Stage
from consolidator.render.page import page

_STYLES = {
    "ok": "green",
    "findings": "yellow",
    "failed": "red",
    "rolled back": "red",
    "not run": "dim",
}


def to_json(report: Consolidation) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "branch": report.branch,
        "base": report.base,
        "stages": [
            {
                "name": stage.name,
                "title": stage.title,
                "status": stage.status,
                "summary": stage.summary,
                "details": list(stage.details),
                "commit": stage.commit,
            }
            for stage in report.stages
        ],
        "omissions": list(report.omissions),
        "events": list(report.events),
    }


def to_text(report: Consolidation) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for stage in report.stages:
        status = Text(stage.status, style=_STYLES[stage.status])
        table.add_row(status, Text(stage.title.partition(":")[0]), Text(stage.summary))
    return Group(table, Text(f"\n{verdict(report)}"))


def verdict(report: Consolidation) -> str:
    """One sentence: whether the consolidation stands, and where it is."""
    if report.ok:
        return f"The consolidation stands on branch {report.branch}, tested at every step."
    culprit = next(stage for stage in report.stages if stage.status in ("failed", "rolled back"))
    return f"Stopped at “{culprit.title}”: {culprit.summary}"


def to_markdown(report: Consolidation) -> str:
    parts = ["# Consolidation report", "", verdict(report), ""]
    parts += [f"Branch `{report.branch}`, from `{report.base[:12]}`.", ""]
    parts += ["| stage | status | what came out |", "|---|---|---|"]
    parts += [
        f"| {stage.title.partition(':')[0]} | {stage.status} | {_cell(stage.summary)} |"
        for stage in report.stages
    ]
    for stage in report.stages:
        parts += _details(stage)
    parts += _events(report)
    parts += ["", f"## References left as they were ({len(report.omissions)})", ""]
    parts += [f"- `{o['path']}:{o['line']}` {o['kind']}: {o['why']}" for o in report.omissions] or [
        "None."
    ]
    return "\n".join(parts) + "\n"


def _details(stage: Stage) -> list[str]:
    if not stage.details:
        return []
    return ["", f"## {stage.title}", "", "```text", *stage.details, "```"]


def _events(report: Consolidation) -> list[str]:
    rows = [
        "",
        "## The critical events",
        "",
        "| event | status | where it is sent |",
        "|---|---|---|",
    ]
    for event in report.events:
        sites = [
            f"`{site['path']}:{site['line']}`"
            for site in event["sites"]
            if site["reachable"] is not False
        ]
        rows.append(f"| `{event['event']}` | {event['status']} | {' '.join(sites[:4])} |")
    return rows if report.events else []


def to_html(report: Consolidation) -> str:
    rows = "".join(
        f'<tr><td>{escape(stage.title)}</td><td class="{_tone(stage)}">{stage.status}</td>'
        f"<td>{escape(stage.summary)}</td></tr>"
        for stage in report.stages
    )
    details = "".join(
        f"<details><summary>{escape(stage.title)}</summary><pre>{escape(chr(10).join(stage.details))}"
        "</pre></details>"
        for stage in report.stages
        if stage.details
    )
    head = "<table><tr><th>stage</th><th>status</th><th>what came out</th></tr>"
    body = f"<p>{escape(verdict(report))}</p>{head}{rows}</table>{details}"
    return page("Consolidation report", body)


def _tone(stage: Stage) -> str:
    return {"ok": "good", "findings": "warn"}.get(stage.status, "bad")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
