"""The extraction report as a page to act on: the fixes at risk, then by class, by category, method by
method with who changed it and why, then what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from consolidator.analysis.history.report import CommitEntry, ExtractReport
from consolidator.render.extract import (
    SHORT,
    absent,
    decided,
    fate,
    places,
    preface,
    short_names,
    superseded,
    what,
)

_MOST_CODE = 12
_MOST_PLACES = 6


def to_markdown(report: ExtractReport) -> str:
    return "\n".join(
        [
            "# What the history knows",
            "",
            *preface(report),
            *_risk(report),
            *_uneven(report),
            *_classes(report),
            *_categories(report),
            *_methods(report),
            *_superseded(report),
            *_rest(report),
        ]
    )


def _risk(report: ExtractReport) -> list[str]:
    lines = ["## Fixes at risk", ""]
    if not report.at_risk:
        return [*lines, "None: every fix found lives where it is needed.", ""]
    if not report.canonical:
        lines += [
            "They live nowhere any more, although the code that they mended still stands.",
            "",
        ]
    lines += [
        'The most urgent first. Keep one with `[[keep]] fix = "…"` once the replacement has it, or give it',
        'up with `[[drop]] fix = "…"` and `because = "…"`, in the plan.',
        "",
        *_table(report.at_risk, report),
        "",
    ]
    for number, entry in enumerate(report.at_risk, 1):
        lines += [
            f"### {number}. {_line(entry)}",
            "",
            f"Absent from {_lacking(entry, report)}. {_code(fate(entry))}",
            "",
            *(f"- {_code(reason)}" for reason in entry.why),
            *_facts(entry),
            *_fenced(entry.code),
        ]
    return lines


def _uneven(report: ExtractReport) -> list[str]:
    if not report.uneven:
        return []
    return [
        "## Fixes that some copy lacks",
        "",
        "If the copy that has it goes, so does the fix.",
        "",
        *_table(report.uneven, report),
        "",
    ]


def _superseded(report: ExtractReport) -> list[str]:
    if not report.superseded:
        return []
    lines = [f"- {_line(entry)}" for entry in report.superseded]
    return ["## Superseded", "", f"{superseded(report)}.", "", *lines, ""]


def _table(entries: Sequence[CommitEntry], report: ExtractReport) -> list[str]:
    short = short_names(report)
    return [
        "| | commit | what it does | lives in | absent from |",
        "|---:|---|---|---|---|",
        *(_row(number, entry, report, short) for number, entry in enumerate(entries, 1)),
    ]


def _row(number: int, entry: CommitEntry, report: ExtractReport, short: Mapping[str, str]) -> str:
    wheres = dict.fromkeys(where for _, where in places(entry)[:2])
    lives = ", ".join(f"`{where}`" for where in wheres) or "nowhere"
    names = dict.fromkeys(short.get(name, name) for name in absent(entry, report))
    lacking = ", ".join(f"`{name}`" for name in names)
    return (
        f"| {number} | `{entry.hash[:SHORT]}` {entry.date[:10]} | {_cell(what(entry) + decided(entry))} "
        f"| {_cell(lives, code=True)} | {lacking or 'every class'} |"
    )


def _lacking(entry: CommitEntry, report: ExtractReport) -> str:
    names = ", ".join(f"`{name}`" for name in absent(entry, report))
    return names or "every class of the family"


def _facts(entry: CommitEntry) -> list[str]:
    lives = [f"{symbol} ({where})" for symbol, where in places(entry)]
    facts: tuple[tuple[str, Sequence[str]], ...] = (
        ("Lives in", lives),
        ("Missing from", entry.missing_from),
        ("Tests", entry.tests),
        ("Also brought by", entry.copies),
    )
    return [f"- {title}: {_names(names)}" for title, names in facts if names]


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_PLACES
    shown = ", ".join(f"`{_code(name)}`" for name in names[:_MOST_PLACES])
    return f"{shown} and {more} more" if more > 0 else shown


def _fenced(code: Iterable[str]) -> list[str]:
    lines = [line.replace("```", "'''") for line in code]
    more = [f"# … {len(lines) - _MOST_CODE} more"] if len(lines) > _MOST_CODE else []
    return ["", "```python", *lines[:_MOST_CODE], *more, "```", ""] if lines else [""]


def _classes(report: ExtractReport) -> list[str]:
    lines = ["## Class by class", "", "| class | has | lacks |", "|---|---:|---:|"]
    names = sorted({*report.family, *report.canonical})
    for name in names:
        has = sum(name in entry.lives_in for entry in report.fixes)
        lacks = sum(name in entry.missing_from for entry in report.fixes)
        if has or lacks:
            lines.append(f"| `{name}` | {has} | {lacks} |")
    return [*lines, ""]


def _categories(report: ExtractReport) -> list[str]:
    lines = ["## By category", ""]
    for category, count in report.categories.items():
        lines += [f"### {category.capitalize()} ({count})", ""]
        lines += [
            f"- {_line(entry)}" for entry in report.fixes if (entry.category or "other") == category
        ]
        lines.append("")
    return lines


def _methods(report: ExtractReport) -> list[str]:
    """The reason told is the one that names the method, where there is one."""
    lines = ["## Method by method", ""]
    by_symbol: dict[str, list[CommitEntry]] = {}
    for entry in report.fixes:
        for symbol in entry.symbols:
            by_symbol.setdefault(symbol, []).append(entry)
    for symbol in sorted(by_symbol):
        lines.append(f"- `{symbol}`")
        lines += [
            f"  - `{entry.hash[:SHORT]}` {entry.date[:10]} {_code(entry.author)}: {_code(why)}"
            for entry in by_symbol[symbol]
            if (why := _why(entry, symbol))
        ]
    return [*lines, ""]


def _why(entry: CommitEntry, symbol: str) -> str:
    own = [why for why in entry.why if any(symbol.endswith(name) for name in _named(why))]
    return (own or [f"beside: {why}" for why in entry.why] or [""])[0]


def _named(why: str) -> list[str]:
    """The method that a reason speaks of: `takes a lock in Manager.send: …`."""
    place = why.partition(": ")[0].rpartition(" in ")[2]
    return [f".{place}"] if place else []


def _rest(report: ExtractReport) -> list[str]:
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
                f"| `{entry.hash[:SHORT]}` | {entry.date[:10]} | {entry.verdict} | {why} "
                f"| {_cell(entry.subject)} |"
            )
    lines += ["", "## Not read", ""] if report.skipped else [""]
    return [*lines, *(f"- `{_code(item.path)}`: {item.reason}" for item in report.skipped), ""]


def _line(entry: CommitEntry) -> str:
    return (
        f"`{entry.hash[:SHORT]}` {entry.date[:10]} {_code(entry.author)}: "
        f"{_code(entry.subject) or '(no subject)'} ({entry.category or 'other'})"
    )


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").replace("<", "&lt;").split())


def _cell(text: str, *, code: bool = False) -> str:
    return (text if code else _code(text)).replace("|", "\\|")
