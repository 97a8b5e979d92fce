"""The guard's report in the formats that people and CI servers read."""

from __future__ import annotations

from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consolidator.analysis.emissions.report import EventReport, GuardReport, Problem, SiteReport
from consolidator.render.document import document
from consolidator.render.page import page
from consolidator.wording import counted

_REACHABLE: dict[str, bool | str] = {"true": True, "false": False, "unknown": "unknown"}
_STYLES = {"error": "red", "warning": "yellow", "note": ""}
_COLOURS = {"ok": "green", "weakened": "yellow", "lost": "red"}


def to_json(report: GuardReport) -> dict[str, Any]:
    return document(
        report.root,
        report.files,
        report.skipped,
        events=[
            {"event": e.event, "sites": [_site(site) for site in e.sites], "status": e.status}
            for e in report.events
        ],
        findings=[_finding(problem) for problem in report.findings],
    )


def _site(site: SiteReport) -> dict[str, Any]:
    return {
        "path": site.path,
        "line": site.line,
        "form": site.form,
        "function": site.function,
        "reachable": _REACHABLE[site.reachable],
        "why": site.why,
    }


def _finding(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "event": problem.event,
        "path": problem.path,
        "line": problem.line,
        "message": problem.message,
        "baseline": problem.baseline,
        "severity": problem.severity,
        "function": problem.function,
    }


def to_text(report: GuardReport) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("event", "status", "reaching", "uncertain", "dead"):
        table.add_column(
            title, justify="right" if title in ("reaching", "uncertain", "dead") else "left"
        )
    for event in report.events:
        counts = _counts(event)
        table.add_row(
            event.event, Text(event.status, style=_COLOURS[event.status]), *map(str, counts)
        )
    lines: list[RenderableType] = [table, Text()]
    for problem in report.findings:
        style = _STYLES[problem.severity] if not problem.baseline else "dim"
        known = _mark(problem)
        lines.append(
            Text(f"{_place(problem)}{problem.rule}{known}: {problem.message}", style=style)
        )
    if report.events and not any(event.sites for event in report.events):
        lines.append(
            Text("A project with other events names them in its plan, under [guard] events.")
        )
    lines.append(Text(_summary(report)))
    return Group(*lines)


def _counts(event: EventReport) -> tuple[int, int, int]:
    found = [site.reachable for site in event.sites]
    return found.count("true"), found.count("unknown"), found.count("false")


def _mark(problem: Problem) -> str:
    if problem.baseline:
        return " (baseline)"
    return " (note)" if problem.severity == "note" else ""


def _place(problem: Problem) -> str:
    if not problem.path:
        return ""
    return f"{problem.path}:{problem.line}: " if problem.line else f"{problem.path}: "


def _summary(report: GuardReport) -> str:
    new = len(report.failing)
    frozen = sum(problem.baseline for problem in report.findings)
    notes = len(report.findings) - new - frozen
    noted = f", {counted(notes, 'note')}" if notes else ""
    skipped = (
        f", {counted(len(report.skipped), 'file')} could not be read" if report.skipped else ""
    )
    return f"{counted(new, 'finding')}, {frozen} in the baseline{noted}{skipped}"


def to_markdown(report: GuardReport) -> str:
    lines = [
        "# Guard",
        "",
        "| event | status | reaching | uncertain | dead |",
        "|---|---|--:|--:|--:|",
    ]
    for event in report.events:
        reaching, uncertain, dead = _counts(event)
        lines.append(f"| `{event.event}` | {event.status} | {reaching} | {uncertain} | {dead} |")
    lines += ["", "## Findings", ""]
    for problem in report.findings:
        known = _mark(problem)
        lines.append(
            f"- `{_place(problem).rstrip(': ')}` **{problem.rule}**{known}: {problem.message}"
        )
    if not report.findings:
        lines.append("None.")
    for event in report.events:
        lines += [
            "",
            f"## `{event.event}`",
            "",
            "| site | form | reaches | why |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{s.path}:{s.line}` `{s.function}` | {s.form} | {s.reachable} | {s.why} |"
            for s in event.sites
        ]
    return "\n".join(lines) + "\n"


def to_html(report: GuardReport) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(e.event)}</code></td><td>{e.status}</td>"
        + "".join(f"<td class=num>{count}</td>" for count in _counts(e))
        + "</tr>"
        for e in report.events
    )
    found = "".join(
        f"<li><code>{escape(_place(p))}</code> <b>{escape(p.rule)}</b>: {escape(p.message)}</li>"
        for p in report.findings
    )
    sites = "".join(
        f"<tr><td><code>{escape(e.event)}</code></td><td><code>{escape(s.path)}:{s.line}</code></td>"
        f"<td>{escape(s.form)}</td><td>{s.reachable}</td><td>{escape(s.why)}</td></tr>"
        for e in report.events
        for s in e.sites
    )
    body = (
        "<table><tr><th>event<th>status<th>reaching<th>uncertain<th>dead</tr>"
        f"{rows}</table><h2>Findings</h2><ul>{found or '<li>None.'}</ul><h2>Sites</h2>"
        f"<table><tr><th>event<th>site<th>form<th>reaches<th>why</tr>{sites}</table>"
    )
    return page("Guard", body)
