"""The extraction report as JSON, Markdown, HTML and text. The fixes at risk always come first."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consolidator.analysis.history.report import CommitEntry, ExtractReport
from consolidator.render.document import document
from consolidator.render.page import page

_SHORT = 10
_MOST_CODE = 12
_TEXT_ROWS = 25


def to_json(report: ExtractReport) -> dict[str, Any]:
    return document(
        report.root,
        report.files,
        report.skipped,
        revision=report.revision,
        shallow=report.shallow,
        read=report.read,
        family=list(report.family),
        canonical=list(report.canonical),
        categories=report.categories,
        at_risk=[entry.hash for entry in report.at_risk],
        commits=[msgspec.to_builtins(entry) for entry in report.commits],
    )


def to_markdown(report: ExtractReport) -> str:
    """A page to act on: fixes at risk, then by class, by category, method by method, the rest."""
    return "\n".join(
        [
            "# What the history knows",
            "",
            *_preface(report),
            *_markdown_risk(report),
            *_markdown_classes(report),
            *_markdown_categories(report),
            *_markdown_methods(report),
            *_markdown_rest(report),
        ]
    )


def to_html(report: ExtractReport) -> str:
    """The same, with a timeline of fixes per class."""
    body = [
        *(f"<p>{escape(line)}</p>" for line in _preface(report) if line),
        "<h2>Fixes at risk</h2>",
        *([_html_entry(entry) for entry in report.at_risk] or ["<p class='good'>None.</p>"]),
        "<h2>Fixes over time</h2>",
        _html_timeline(report),
        "<h2>Every fix</h2>",
        *(_html_entry(entry) for entry in report.fixes if not entry.at_risk),
    ]
    return page("What the history knows", "\n".join(body), _TIMELINE_STYLE)


def to_text(report: ExtractReport) -> RenderableType:
    """For a terminal: what is at risk, then the other fixes, newest first."""
    parts: list[RenderableType] = [Text(line) for line in _preface(report) if line]
    if report.at_risk:
        parts += [Text("\nFixes at risk", style="bold red"), _text_table(report.at_risk)]
    others = [entry for entry in report.fixes if not entry.at_risk]
    others.sort(key=lambda entry: not entry.missing_from)
    if others:
        parts += [Text("\nOther fixes", style="bold"), _text_table(others[:_TEXT_ROWS])]
    if len(others) > _TEXT_ROWS:
        parts.append(Text(f"… and {len(others) - _TEXT_ROWS} more: --format md lists all"))
    return Group(*parts)


def _preface(report: ExtractReport) -> list[str]:
    if not report.revision:
        return ["The repository has no commits yet.", ""]
    left = len(report.commits) - len(report.fixes)
    lines = [
        f"{report.read} commits read at {report.revision[:_SHORT]}, {len(report.commits)} touch the "
        f"family: {len(report.fixes)} {_plural(len(report.fixes))} ({len(report.at_risk)} at risk), {left} other.",
        "",
    ]
    if report.shallow:
        lines += ["The history is shallow: commits before its edge could not be read.", ""]
    if report.skipped:
        lines += [
            f"{len(report.skipped)} file versions could not be used; they are listed last.",
            "",
        ]
    return lines


def _plural(count: int) -> str:
    return "fix" if count == 1 else "fixes"


def _markdown_risk(report: ExtractReport) -> list[str]:
    lines = ["## Fixes at risk", ""]
    if not report.at_risk:
        return [*lines, "None: every fix found lives where it is needed.", ""]
    for entry in report.at_risk:
        absent = [name for name in entry.missing_from if name in report.canonical]
        where = ", ".join(f"`{name}`" for name in absent) or "every class of the family"
        lines += [
            f"### {_line(entry)}",
            "",
            f"Absent from {where}. {_surviving(entry)}",
            "",
            *(f"- {_code(reason)}" for reason in entry.why),
            *_markdown_facts(entry),
            *_fenced(entry.code),
        ]
    return lines


def _markdown_facts(entry: CommitEntry) -> list[str]:
    facts = (
        ("Lives in", entry.lives_in),
        ("Missing from", entry.missing_from),
        ("Tests", entry.tests),
        ("Also brought by", entry.copies),
    )
    return [
        f"- {title}: {', '.join(f'`{_code(name)}`' for name in names)}"
        for title, names in facts
        if names
    ]


def _fenced(code: Iterable[str]) -> list[str]:
    lines = [line.replace("```", "'''") for line in code]
    more = [f"# … {len(lines) - _MOST_CODE} more"] if len(lines) > _MOST_CODE else []
    return ["", "```python", *lines[:_MOST_CODE], *more, "```", ""] if lines else [""]


def _markdown_classes(report: ExtractReport) -> list[str]:
    lines = ["## Class by class", "", "| class | has | lacks |", "|---|---:|---:|"]
    names = sorted({*report.family, *report.canonical})
    for name in names:
        has = sum(name in entry.lives_in for entry in report.fixes)
        lacks = sum(name in entry.missing_from for entry in report.fixes)
        if has or lacks:
            lines.append(f"| `{name}` | {has} | {lacks} |")
    return [*lines, ""]


def _markdown_categories(report: ExtractReport) -> list[str]:
    lines = ["## By category", ""]
    for category, count in report.categories.items():
        lines += [f"### {category.capitalize()} ({count})", ""]
        lines += [
            f"- {_line(entry)}" for entry in report.fixes if (entry.category or "other") == category
        ]
        lines.append("")
    return lines


def _markdown_methods(report: ExtractReport) -> list[str]:
    lines = ["## Method by method", ""]
    by_symbol: dict[str, list[CommitEntry]] = {}
    for entry in report.fixes:
        for symbol in entry.symbols:
            by_symbol.setdefault(symbol, []).append(entry)
    for symbol in sorted(by_symbol):
        lines.append(f"- `{symbol}`")
        lines += [
            f"  - `{entry.hash[:_SHORT]}` {entry.date[:10]} {_code(entry.author)}: {_code(entry.why[0])}"
            for entry in by_symbol[symbol]
            if entry.why
        ]
    return [*lines, ""]


def _markdown_rest(report: ExtractReport) -> list[str]:
    lines = [
        "## Left out",
        "",
        "| commit | date | verdict | why | subject |",
        "|---|---|---|---|---|",
    ]
    for entry in report.commits:
        if entry.verdict != "fix":
            why = _cell(entry.why[0]) if entry.why else ""
            lines.append(
                f"| `{entry.hash[:_SHORT]}` | {entry.date[:10]} | {entry.verdict} | {why} "
                f"| {_cell(entry.subject)} |"
            )
    lines += ["", "## Not read", ""] if report.skipped else [""]
    return [*lines, *(f"- `{_code(item.path)}`: {item.reason}" for item in report.skipped), ""]


def _line(entry: CommitEntry) -> str:
    return (
        f"`{entry.hash[:_SHORT]}` {entry.date[:10]} {_code(entry.author)}: "
        f"{_code(entry.subject) or '(no subject)'} ({entry.category or 'other'})"
    )


def _surviving(entry: CommitEntry) -> str:
    said = f" The plan says: {_code(entry.acknowledged)}." if entry.acknowledged else ""
    return _share(entry) + said


def _share(entry: CommitEntry) -> str:
    if entry.reverted_by:
        return f"Taken back by `{entry.reverted_by[:_SHORT]}`."
    return f"{entry.surviving:.0%} of it survives."


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").replace("<", "&lt;").split())


def _cell(text: str) -> str:
    return _code(text).replace("|", "\\|")


_TIMELINE_STYLE = """
.lane { position: relative; height: 1.6rem; background: var(--soft); border-radius: .3rem; margin: .2rem 0 }
.lane i { position: absolute; top: .3rem; width: .8rem; height: 1rem; border-radius: .2rem; background: var(--good) }
.lane i.lost { background: var(--bad) } .name { font: 13px ui-monospace, monospace; margin-top: .6rem }
"""


def _html_timeline(report: ExtractReport) -> str:
    dates = sorted(entry.date for entry in report.fixes)
    lanes: dict[str, list[CommitEntry]] = {}
    for entry in report.fixes:
        for name in dict.fromkeys((*entry.lives_in, *entry.missing_from)):
            lanes.setdefault(name, []).append(entry)
    places = {date: index for index, date in enumerate(sorted(set(dates)))}
    last = max(len(places) - 1, 1)
    if not dates:
        return "<p>No fix was found.</p>"
    about = (
        f"<p>From {dates[0][:10]} to {dates[-1][:10]}; green: it has the fix, red: it lacks it.</p>"
    )
    return about + "\n".join(
        f"<div class='name'>{escape(name)}</div><div class='lane'>"
        + "".join(_html_mark(entry, name, places[entry.date] / last) for entry in entries)
        + "</div>"
        for name, entries in sorted(lanes.items())
    )


def _html_mark(entry: CommitEntry, name: str, place: float) -> str:
    lost = name in entry.missing_from
    title = f"{entry.date[:10]} {entry.subject} ({'missing' if lost else 'lives here'})"
    kind = " class='lost'" if lost else ""
    return f"<i{kind} style='left:{place * 97:.1f}%' title='{escape(title, quote=True)}'></i>"


def _html_entry(entry: CommitEntry) -> str:
    code = "\n".join(entry.code)
    facts = [*entry.why, *(line.removeprefix("- ") for line in _plain_facts(entry))]
    return (
        f"<details{' open' if entry.at_risk else ''}><summary><code>{entry.hash[:_SHORT]}</code> "
        f"{entry.date[:10]} {escape(entry.subject)} <b>{escape(entry.category or 'other')}</b> "
        f"{escape(_surviving(entry).replace('`', ''))}</summary>"
        f"<ul>{''.join(f'<li>{escape(fact)}</li>' for fact in facts)}</ul>"
        f"<pre>{escape(code)}</pre></details>"
    )


def _plain_facts(entry: CommitEntry) -> list[str]:
    facts = (
        ("lives in", entry.lives_in),
        ("missing from", entry.missing_from),
        ("tests", entry.tests),
        ("also brought by", entry.copies),
    )
    return [f"{title}: {', '.join(names)}" for title, names in facts if names]


def _text_table(entries: Iterable[CommitEntry]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("commit", "date", "what", "alive", "missing from"):
        table.add_column(title, justify="right" if title == "alive" else "left", overflow="fold")
    for entry in entries:
        missing = "\n".join(name.rpartition(".")[2] for name in entry.missing_from[:3])
        more = len(entry.missing_from) - 3
        done = f" ({entry.acknowledged})" if entry.acknowledged else ""
        what = f"{entry.category or 'other'}: {entry.why[0] if entry.why else entry.subject}"
        table.add_row(
            entry.hash[:_SHORT],
            entry.date[:10],
            Text(what + done),
            f"{entry.surviving:.0%}",
            Text(missing + (f"\n+{more}" if more > 0 else "")),
        )
    return table
