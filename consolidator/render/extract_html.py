"""The extraction report as one page, with a timeline of fixes per class."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from consolidator.analysis.history.report import CommitEntry, ExtractReport
from consolidator.render.extract import (
    SHORT,
    absent,
    decided,
    fate,
    places,
    preface,
    superseded,
    what,
)
from consolidator.render.page import page

_WIDTH = 98.0
"""Per cent of a lane within which marks may start."""
_LABEL = 8.0
_LAST_LABEL = 94.0
_STYLE = """
.lane { position: relative; height: 1.5rem; background: var(--soft); border-radius: .3rem; margin: .15rem 0 }
.lane a { position: absolute; top: .25rem; width: .55rem; height: 1rem; border-radius: .15rem; background: var(--good) }
.lane a.lost { background: var(--bad) } .name { font: 13px ui-monospace, monospace; margin-top: .6rem; overflow-wrap: anywhere }
.axis { position: relative; height: 1.3rem; font-size: 12px } .axis span { position: absolute; border-left: 1px solid var(--line); padding-left: .2rem }
.key i { display: inline-block; width: .55rem; height: .8rem; border-radius: .15rem; background: var(--good) } .key i.lost { background: var(--bad) }
td { overflow-wrap: anywhere } .risk td:nth-child(5) { min-width: 5rem } .risk td:nth-child(-n+3) { white-space: nowrap }
"""


def to_html(report: ExtractReport) -> str:
    body = [
        *(f"<p>{escape(line)}</p>" for line in preface(report) if line),
        "<h2>Fixes at risk</h2>",
        _risk(report) if report.at_risk else "<p class='good'>None.</p>",
        *_uneven(report),
        "<h2>Fixes over time</h2>",
        _timeline(report),
        "<h2>Fix by fix</h2>",
        *(_entry(entry) for entry in report.at_risk),
        *(_entry(entry) for entry in report.fixes if not entry.at_risk),
        f"<p>{escape(superseded(report))}.</p>" if report.superseded else "",
        *_skipped(report),
    ]
    return page("What the history knows", "\n".join(body), _STYLE)


def _risk(report: ExtractReport) -> str:
    return f"<p>The most urgent first.</p>{_table(report.at_risk, report)}"


def _uneven(report: ExtractReport) -> list[str]:
    if not report.uneven:
        return []
    words = "<p>If the copy that has it goes, so does the fix.</p>"
    return ["<h2>Fixes that some copy lacks</h2>", words, _table(report.uneven, report)]


def _table(entries: Sequence[CommitEntry], report: ExtractReport) -> str:
    rows = "\n".join(_row(number, entry, report) for number, entry in enumerate(entries, 1))
    heads = ("", "commit", "date", "what it does", "lives in", "absent from")
    titles = "".join(f"<th>{title}</th>" for title in heads)
    return f"<table class='risk'><tr>{titles}</tr>\n{rows}</table>"


def _row(number: int, entry: CommitEntry, report: ExtractReport) -> str:
    wheres = dict.fromkeys(where for _, where in places(entry)[:2])
    lives = "<br>".join(f"<code>{escape(where)}</code>" for where in wheres)
    lacking = "<br>".join(f"<code>{escape(name)}</code>" for name in absent(entry, report))
    cells = (
        str(number),
        f"<a href='#{entry.hash}'><code>{entry.hash[:SHORT]}</code></a>",
        entry.date[:10],
        escape(what(entry) + decided(entry)),
        lives or "nowhere",
        lacking or "every class",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _timeline(report: ExtractReport) -> str:
    """Lanes by class; every day with a fix is one step, so that idle months and wrong clocks take no room."""
    days = sorted({entry.date[:10] for entry in report.fixes})
    lanes: dict[str, list[CommitEntry]] = {}
    for entry in report.fixes:
        for name in dict.fromkeys((*entry.lives_in, *entry.missing_from)):
            lanes.setdefault(name, []).append(entry)
    if not lanes:
        return "<p>No fix lives in a class, and no class lacks one.</p>"
    steps = {day: index * _WIDTH / max(len(days) - 1, 1) for index, day in enumerate(days)}
    about = (
        f"<p class='key'>From {days[0]} to {days[-1]}, one step for each day with a fix. "
        "<i></i> it has the fix <i class='lost'></i> it lacks it</p>"
    )
    busiest = sorted(lanes, key=lambda name: (-len(lanes[name]), name))
    return about + _axis(steps) + "\n".join(_lane(name, lanes[name], steps) for name in busiest)


def _axis(steps: dict[str, float]) -> str:
    """A label wherever a month begins, if there is room for it."""
    begins: dict[str, float] = {}
    for day, place in steps.items():
        begins.setdefault(day[:7], place)
    shown = ""
    free = 0.0
    for month, place in begins.items():
        if free <= place < _LAST_LABEL:
            shown += f"<span style='left:{place:.1f}%'>{month}</span>"
            free = place + _LABEL
    return f"<div class='axis'>{shown}</div>"


def _lane(name: str, entries: list[CommitEntry], steps: dict[str, float]) -> str:
    has = sum(name in entry.lives_in for entry in entries)
    lacks = sum(name in entry.missing_from for entry in entries)
    marks = "".join(_mark(entry, name, steps[entry.date[:10]]) for entry in entries)
    return (
        f"<div class='name'>{escape(name)}: has {has}, lacks {lacks}</div>"
        f"<div class='lane'>{marks}</div>"
    )


def _mark(entry: CommitEntry, name: str, place: float) -> str:
    lost = name in entry.missing_from
    title = f"{entry.date[:10]} {what(entry)} ({'missing' if lost else 'lives here'})"
    kind = " class='lost'" if lost else ""
    about = escape(title, quote=True)
    return f"<a{kind} href='#{entry.hash}' style='left:{place:.1f}%' title='{about}'></a>"


def _entry(entry: CommitEntry) -> str:
    facts = [*entry.why, *_facts(entry)]
    code = f"<pre>{escape(chr(10).join(entry.code))}</pre>" if entry.code else ""
    return (
        f"<details id='{entry.hash}'{' open' if entry.at_risk else ''}><summary>"
        f"<code>{entry.hash[:SHORT]}</code> {entry.date[:10]} {escape(entry.subject)} "
        f"<b>{escape(entry.category or 'other')}</b> {escape(fate(entry))}</summary>"
        f"<ul>{''.join(f'<li>{escape(fact)}</li>' for fact in facts)}</ul>{code}</details>"
    )


def _facts(entry: CommitEntry) -> list[str]:
    lives = [f"{symbol} ({where})" for symbol, where in places(entry)]
    facts = (
        ("by", (entry.author,)),
        ("lives in", lives),
        ("missing from", entry.missing_from),
        ("tests", entry.tests),
        ("also brought by", entry.copies),
    )
    return [f"{title}: {', '.join(names)}" for title, names in facts if names and names[0]]


def _skipped(report: ExtractReport) -> list[str]:
    items = "".join(
        f"<li><code>{escape(item.path)}</code>: {escape(item.reason)}</li>"
        for item in report.skipped
    )
    return ["<h2>Not read</h2>", f"<ul>{items}</ul>"] if items else []
