"""The extraction report as JSON and for a terminal. The fixes at risk always come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from consolidator.analysis.history.report import CommitEntry, ExtractReport
from consolidator.render.document import document
from consolidator.wording import counted

SHORT = 10
"""Digits of a hash."""
_ROWS = 20
_NAMED = 3


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


def to_text(report: ExtractReport) -> RenderableType:
    """For a terminal: what is at risk, the most urgent first, then the other fixes, newest first."""
    parts: list[RenderableType] = [Text(line) for line in preface(report) if line]
    if report.at_risk:
        parts += [Text("\nFixes at risk", style="bold red"), *_rows(report.at_risk, report)]
    if report.uneven:
        parts += [Text("\nFixes that some copy lacks", style="bold"), *_rows(report.uneven, report)]
    apart = {entry.hash for entry in (*report.at_risk, *report.uneven, *report.superseded)}
    others = [entry for entry in report.fixes if entry.hash not in apart]
    if others:
        parts += [Text("\nOther fixes", style="bold"), *_rows(others, report)]
    if report.superseded:
        parts.append(Text(f"\n{superseded(report)}; --format md lists them."))
    return Group(*parts)


def superseded(report: ExtractReport) -> str:
    """How many fixes went with the code that they mended, as the beginning of a sentence."""
    number = len(report.superseded)
    words = "fix lives" if number == 1 else "fixes live"
    return f"{number} {words} nowhere any more, and neither does the code mended"


def _rows(entries: Sequence[CommitEntry], report: ExtractReport) -> list[RenderableType]:
    left = len(entries) - _ROWS
    more = [Text(f"… and {left} more: --format md lists all")] if left > 0 else []
    names = short_names(report)
    return [*(part for entry in entries[:_ROWS] for part in _item(entry, names)), *more]


def short_names(report: ExtractReport) -> dict[str, str]:
    """Of each class its own name, with as much of its module as tells it from the others."""
    names = {*report.family, *report.canonical}
    tails = {
        name: [".".join(name.split(".")[-n:]) for n in range(1, name.count(".") + 2)]
        for name in names
    }
    times = Counter(tail for each in tails.values() for tail in each)
    return {
        name: next(tail for tail in each if times[tail] == 1 or tail == name)
        for name, each in tails.items()
    }


def _item(entry: CommitEntry, short: Mapping[str, str]) -> Iterator[RenderableType]:
    """What it is; then what it does, where, and who lacks it, each on a line of its own."""
    said = f", {entry.acknowledged}" if entry.acknowledged else ""
    about = f"{entry.date[:10]}  {entry.category or 'other'}, {entry.surviving:.0%} alive{said}"
    yield Text.assemble((entry.hash[:SHORT], "bold"), f"  {about}")
    wheres = list(dict.fromkeys(where for _, where in places(entry)))
    facts = (
        ("", [entry.why[0] if entry.why else entry.subject]),
        ("lives in ", wheres),
        ("missing from ", [short.get(name, name) for name in entry.missing_from]),
    )
    for title, values in facts:
        more = [f"{len(values) - _NAMED} more"] if len(values) > _NAMED else []
        line = f"{title}{', '.join([*values[:_NAMED], *more])}"
        if values:
            yield Padding(Text(line), (0, 0, 0, 4))


def what(entry: CommitEntry) -> str:
    """A line on what a fix does."""
    return f"{entry.category or 'other'}: {entry.why[0] if entry.why else entry.subject}"


def decided(entry: CommitEntry) -> str:
    """What the plan says about it, in brackets."""
    return f" ({entry.acknowledged})" if entry.acknowledged else ""


def preface(report: ExtractReport) -> list[str]:
    """What was read, in plain sentences; an empty one ends a paragraph."""
    if not report.revision:
        return ["The repository has no commits yet.", ""]
    left = len(report.commits) - len(report.fixes)
    lines = [
        f"{counted(report.read, 'commit')} read at {report.revision[:SHORT]}, {len(report.commits)} touch the "
        f"family: {counted(len(report.fixes), 'fix', 'fixes')} ({len(report.at_risk)} at risk), {left} other.",
        "",
    ]
    if report.shallow:
        lines += ["The history is shallow: commits before its edge could not be read.", ""]
    if not report.complete:
        lines += ["The repository lacks contents of some versions; what they hold is unknown.", ""]
    if report.skipped:
        lines += [
            f"{counted(len(report.skipped), 'file version')} could not be used; {_LISTED}.",
            "",
        ]
    return lines


_LISTED = "--format json, md and html list them"


def places(entry: CommitEntry) -> list[tuple[str, str]]:
    """Where a fix lives now: what holds it, and in which file and line."""
    return [
        (place.symbol, f"{place.path}:{place.line}" if place.line else place.path)
        for place in entry.places
    ]


def absent(entry: CommitEntry, report: ExtractReport) -> list[str]:
    """The replacements that lack a fix; without a plan, whatever class lacks it."""
    wanted = report.canonical or entry.missing_from
    return [name for name in entry.missing_from if name in wanted]


def fate(entry: CommitEntry) -> str:
    """What became of a fix, in a sentence or two."""
    lost = entry.reverted_by
    share = f"{entry.surviving:.0%} of it survives."
    said = f" The plan says: {entry.acknowledged}." if entry.acknowledged else ""
    return (f"Taken back by {lost[:SHORT]}." if lost else share) + said
