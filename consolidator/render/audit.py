"""The audit's report in the formats that people and CI servers read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consolidator.analysis.audit.report import (
    AuditReport,
    Evidence,
    LostFix,
    MissingMember,
    Point,
    SignatureConflict,
    Use,
)
from consolidator.render.document import document
from consolidator.render.page import page
from consolidator.render.rows import bullet
from consolidator.wording import counted

_STYLES = {"ok": "green", "broken": "red", "at-risk": "yellow", "not-found": "dim"}
_CALLERS_SHOWN = 5
_ROWS_SHOWN = 40


def to_json(report: AuditReport) -> dict[str, Any]:
    extra = {"since": report.since} if report.since else {}
    return document(
        report.root,
        report.files,
        report.skipped,
        points=[_point(point) for point in report.points],
        missing_members=[_missing(missing) for missing in report.missing],
        signature_conflicts=[asdict(conflict) for conflict in report.conflicts],
        shrunk_bodies=[asdict(shrunk) for shrunk in report.shrunk],
        unraised_exceptions=[asdict(never) for never in report.unraised],
        mixed_identifiers=[asdict(mixed) for mixed in report.mixed],
        lost_fixes=[asdict(lost) for lost in report.lost_fixes],
        dangling_references=[asdict(dangling) for dangling in report.dangling],
        already_missing=[_missing(missing) for missing in report.already_missing],
        unread=list(report.unread),
        **extra,
    )


def _point(point: Point) -> dict[str, Any]:
    return {
        "id": point.id,
        "title": point.title,
        "status": point.status,
        "why": point.why,
        "evidence": [asdict(evidence) for evidence in point.evidence],
    }


def _missing(missing: MissingMember) -> dict[str, Any]:
    return {
        "legacy": missing.legacy,
        "member": missing.member,
        "used_by": [asdict(use) for use in missing.used_by],
        "canonical": missing.canonical,
        "suggestion": missing.suggestion,
        "asked_by": [asdict(use) for use in missing.asked_by],
        "certain": missing.certain,
        "why": missing.why,
    }


def to_text(report: AuditReport) -> RenderableType:
    points = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("integration point", "status", "places"):
        points.add_column(title, justify="right" if title == "places" else "left")
    for point in report.points:
        status = Text(point.status, style=_STYLES[point.status])
        points.add_row(point.title, status, str(len(point.evidence)))
    lines: list[RenderableType] = [points]
    lines += [_line(text) for text in _listed(report)]
    lines.append(Text(summary(report)))
    return Group(*lines)


def _line(text: str) -> RenderableType:
    return bullet(text.strip()) if text.startswith("  ") else Text(text)


def _listed(report: AuditReport) -> list[str]:
    """Every section as plain lines, the long ones cut with the number of what is left out."""
    lines: list[str] = []
    for point in report.points:
        bad = _bad(point)
        if bad or (point.why and point.status in ("broken", "at-risk")):
            lines += ["", f"{point.title}: {point.status}{': ' + point.why if point.why else ''}"]
            lines += _cut([f"  {e.path}:{e.line}: {e.why or e.text}" for e in bad])
    for title, rows in _sections(report):
        if rows:
            lines += ["", title, *_cut([f"  {row}" for row in rows])]
    return [*lines, ""]


def _bad(point: Point) -> list[Evidence]:
    return [e for e in point.evidence if e.verdict in ("broken", "at-risk")]


def _cut(rows: list[str]) -> list[str]:
    if len(rows) <= _ROWS_SHOWN:
        return rows
    return [*rows[:_ROWS_SHOWN], f"  and {len(rows) - _ROWS_SHOWN} more (all of them in JSON)"]


def _sections(report: AuditReport) -> list[tuple[str, list[str]]]:
    short = _short_names(report)
    left = [c for c in report.conflicts if not c.adapted]
    adapted = [c for c in report.conflicts if c.adapted]
    return [
        ("Missing members", [_missing_line(missing, short) for missing in report.missing]),
        (
            "Calls that do not fit",
            [f"{c.path}:{c.line}: {short[c.legacy]}.{c.member}: {c.why}" for c in left],
        ),
        (
            "Calls that `migrate calls` adapts",
            _by_member(adapted, short),
        ),
        (
            "Methods that do less",
            [f"{s.path}:{s.line}: {s.canonical}: {s.why}" for s in report.shrunk],
        ),
        (
            "Fixes that the replacement lacks: decide them with [[keep]] or [[drop]]",
            [f"{f.fix[:12]} {f.category}: {f.subject}{_lives(f)}" for f in report.lost_fixes],
        ),
        (
            "Exceptions that callers catch and the replacement never raises",
            [
                f"{u.path}:{u.line}: {u.exception} of {short[u.legacy]}.{u.member}"
                for u in report.unraised
            ],
        ),
        ("Identifiers mixed up", [f"{m.path}:{m.line}: {m.why}" for m in report.mixed]),
        (
            "Other files that name what moves away",
            [f"{d.path}:{d.line}: {d.names}" for d in report.dangling],
        ),
        (
            "Missing on the legacy class already",
            [
                f"{short[m.legacy]} has no {m.member!r}, used by {_places((*m.used_by, *m.asked_by))}"
                for m in report.already_missing
            ],
        ),
        ("Not examined", _by_reason(report.unread)),
    ]


def _lives(lost: LostFix) -> str:
    return f" (lives in {', '.join(lost.lives_in)})" if lost.lives_in else ""


def _by_reason(unread: Iterable[str]) -> list[str]:
    names: dict[str, list[str]] = {}
    for entry in unread:
        name, _, why = entry.partition(": ")
        names.setdefault(why, []).append(name)
    return [
        f"{why}: {', '.join(found[:3])}" + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        for why, found in names.items()
    ]


def _short_names(report: AuditReport) -> dict[str, str]:
    """The legacy and canonical names without their modules where no other bears the same."""
    names = {unraised.legacy for unraised in report.unraised}
    for missing in (*report.missing, *report.already_missing):
        names |= {missing.legacy, missing.canonical}
    for conflict in report.conflicts:
        names |= {conflict.legacy, conflict.canonical}
    last = {name: name.rpartition(".")[2] for name in names}
    counts = Counter(last.values())
    return {name: short if counts[short] == 1 else name for name, short in last.items()}


def _by_member(conflicts: list[SignatureConflict], short: Mapping[str, str]) -> list[str]:
    counts = Counter((c.legacy, c.member, c.why) for c in conflicts)
    return [
        f"{short[legacy]}.{member}: {count} {'calls' if count > 1 else 'call'}; {why}"
        for (legacy, member, why), count in sorted(counts.items())
    ]


def _missing_line(missing: MissingMember, short: Mapping[str, str]) -> str:
    callers = _places(missing.used_by)
    asked = f"; asked for by {_places(missing.asked_by)}" if missing.asked_by else ""
    hint = f" ({missing.suggestion})" if missing.suggestion else ""
    doubt = "" if missing.certain else f" [uncertain: {missing.why}]"
    used = f"used by {callers}" if missing.used_by else "not called"
    owners = f"{short[missing.canonical]} has no {missing.member!r} of {short[missing.legacy]}"
    return f"{owners}, {used}{asked}{hint}{doubt}"


def _places(uses: tuple[Use, ...]) -> str:
    shown = ", ".join(f"{use.path}:{use.line}" for use in uses[:_CALLERS_SHOWN])
    more = f" and {len(uses) - _CALLERS_SHOWN} more" if len(uses) > _CALLERS_SHOWN else ""
    return shown + more


def summary(report: AuditReport) -> str:
    """One line of counts."""
    bad = sum(point.status in ("broken", "at-risk") for point in report.points)
    adapted = sum(conflict.adapted for conflict in report.conflicts)
    since = f" worse than at {report.since}" if report.since else ""
    lost = len(report.lost_fixes)
    fixes = f", {counted(lost, 'fix', 'fixes')} at risk" if lost else ""
    return (
        f"{bad} of {len(report.points)} points broken or at risk, "
        f"{counted(len(report.missing), 'missing member')}, "
        f"{counted(len(report.conflicts) - adapted, 'call that does not fit', 'calls that do not fit')}, {adapted} that "
        f"`migrate calls` adapts{fixes}{since}"
    )


def to_markdown(report: AuditReport) -> str:
    lines = ["# Audit", "", summary(report), "", "| point | status | why |", "|---|---|---|"]
    lines += [f"| {p.title} | {p.status} | {_cell(p.why)} |" for p in report.points]
    for point in report.points:
        if point.evidence:
            lines += ["", f"## {point.title}", "", "| place | source | |", "|---|---|---|"]
            lines += [
                f"| `{e.path}:{e.line}` | `{_cell(e.text)}` | {e.verdict}: {_cell(e.why)} |"
                for e in point.evidence
            ]
    for title, rows in _sections(report):
        if rows:
            lines += ["", f"## {title}", "", *(f"- {row}" for row in rows)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def to_html(report: AuditReport) -> str:
    rows = "".join(
        f"<tr><td>{escape(p.title)}</td><td class={_CLASSES[p.status]}>{p.status}</td>"
        f"<td>{escape(p.why)}</td></tr>"
        for p in report.points
    )
    parts = [
        f"<p>{escape(summary(report))}</p>",
        f"<table><tr><th>point<th>status<th>why</tr>{rows}</table>",
    ]
    for point in report.points:
        if point.evidence:
            places = "".join(
                f"<tr><td><code>{escape(e.path)}:{e.line}</code></td><td><code>{escape(e.text)}</code>"
                f"</td><td class={_VERDICTS[e.verdict]}>{escape(e.why or e.verdict)}</td></tr>"
                for e in point.evidence
            )
            parts.append(
                f"<details><summary>{escape(point.title)}</summary><table>{places}</table></details>"
            )
    for title, lines in _sections(report):
        if lines:
            listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
            parts.append(f"<h2>{escape(title)}</h2><ul>{listed}</ul>")
    return page("Audit", "\n".join(parts))


_CLASSES = {"ok": "good", "broken": "bad", "at-risk": "warn", "not-found": "none"}
_VERDICTS = {"ok": "good", "broken": "bad", "at-risk": "warn", "seen": "none"}
