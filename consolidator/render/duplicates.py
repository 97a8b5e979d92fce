"""`duplicates` as JSON, text and Markdown; the HTML page is in `duplicates_page`."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consolidator.analysis.duplicates import Family, Member, Report
from consolidator.render.document import document
from consolidator.tree.facts import Skipped

_MARKS = {"same": "=", "differs": "≠", "missing": "·"}


def to_json(report: Report, root: str, files: int, skipped: list[Skipped]) -> dict[str, Any]:
    """The document of the contract; `copies`, `canonical_lacks` and `weaker` are added to it."""
    return document(
        root,
        files,
        skipped,
        families=[_family(family) for family in report.families],
        weaker=report.weaker,
    )


def _family(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "kind": family.kind,
        "members": [_member(member) for member in family.members],
        "methods": {name: dict(verdicts) for name, verdicts in family.methods.items()},
        "suggested_canonical": family.suggested_canonical,
        "score": family.score,
        "why": list(family.why),
        "copies": [
            {
                "left": copy.left,
                "right": copy.right,
                "similarity": copy.similarity,
                "relation": copy.relation,
            }
            for copy in family.copies
        ],
        "canonical_lacks": list(family.canonical_lacks),
    }


def _member(member: Member) -> dict[str, Any]:
    row: dict[str, Any] = {
        "qualname": member.qualname,
        "path": member.path,
        "line": member.line,
        "role": member.role,
        "importers": member.importers,
        "test_importers": member.test_importers,
        "methods": member.methods,
        "similarity": member.similarity,
    }
    if member.target:
        row["target"] = member.target
    return row


def to_text(report: Report) -> RenderableType:
    """For a terminal: one block a family, readable at 80 columns."""
    blocks: list[RenderableType] = [_block(family) for family in report.families]
    return Group(*blocks, Text(summary(report)))


def summary(report: Report) -> str:
    """One line: what was looked at and what was found."""
    count = len(report.families)
    members = sum(
        member.role in ("implementation", "wrapper", "protocol")
        for family in report.families
        for member in family.members
    )
    found = f"{count} {'family' if count == 1 else 'families'} with {members} classes"
    weaker = f"; {report.weaker} below --min-score not shown" if report.weaker else ""
    return f"{found}, of {report.classes} classes looked at{weaker}."


def _block(family: Family) -> RenderableType:
    title = Text.assemble(
        (family.name, "bold"), f"  {family.kind}, score {family.score:.2f}", overflow="fold"
    )
    return Group(
        title,
        Padding(_members(family), (0, 0, 0, 2)),
        Padding(_facts(family), (0, 0, 1, 2)),
    )


def _members(family: Family) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("")
    table.add_column("alike", justify="right")
    table.add_column("used by", justify="right")
    table.add_column("methods", justify="right")
    table.add_column("role")
    table.add_column("class", overflow="fold")
    for member in family.members:
        if member.role == "test-double":
            continue
        chosen = "→" if member.qualname == family.suggested_canonical else " "
        used = f"{member.importers}+{member.test_importers}"
        alike = "" if member.role == "re-export" else f"{member.similarity:.2f}"
        place = f"{member.qualname}\n{member.path}:{member.line}"
        table.add_row(chosen, alike, used, str(member.methods), member.role, place)
    return table


def _facts(family: Family) -> RenderableType:
    lines = [f"- {reason}" for reason in family.why]
    doubles = sum(member.role == "test-double" for member in family.members)
    if doubles:
        lines.append(f"- {doubles} test double{'s' if doubles > 1 else ''} imitate it")
    lacks = family.canonical_lacks
    if lacks:
        more = f" and {len(lacks) - 8} more" if len(lacks) > 8 else ""
        lines.append(f"- {family.suggested_canonical} lacks: {', '.join(lacks[:8])}{more}")
    return Text("\n".join(lines))


def to_markdown(report: Report) -> str:
    """For a pull request or a page: every family with its members and its method matrix."""
    parts = ["# Duplicates", "", summary(report), ""]
    for family in report.families:
        parts += [*_section(family), ""]
    return "\n".join(parts)


def _section(family: Family) -> list[str]:
    lines = [
        f"## {family.name}",
        "",
        f"{family.kind}, score {family.score:.2f}. Suggested canonical class: `{family.suggested_canonical}`.",
        "",
        *(f"- {reason}" for reason in family.why),
        "",
        "| class | role | importers | of them tests | methods | similarity |",
        "|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| `{m.qualname}` ({m.path}:{m.line}) | {m.role} | {m.importers + m.test_importers} "
        f"| {m.test_importers} | {m.methods} | {m.similarity:.2f} |"
        for m in family.members
    ]
    return [*lines, "", *_matrix(family)]


def _matrix(family: Family) -> list[str]:
    members = [m for m in family.members if m.role in ("implementation", "wrapper", "protocol")]
    keys = [f"{number}. `{member.qualname}`" for number, member in enumerate(members, 1)]
    numbers = " | ".join(str(number) for number in range(1, len(members) + 1))
    rows = [
        f"| `{name}` | " + " | ".join(_MARKS[verdicts[m.qualname]] for m in members) + " |"
        for name, verdicts in family.methods.items()
        if any(verdicts[m.qualname] != "missing" for m in members)
    ]
    return [
        *keys,
        "",
        f"| method (= same, ≠ differs, · missing) | {numbers} |",
        "|---|" + "---|" * len(members),
        *rows,
    ]
