"""`duplicates` as JSON, text and Markdown; the HTML page is in `duplicates_page`."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consolidator.analysis.duplicates import Family, Member, Report
from consolidator.render.document import document
from consolidator.render.duplicates_matrix import classes, lettered, letters, ranked, tally
from consolidator.render.rows import bullet
from consolidator.tree.facts import Skipped
from consolidator.wording import counted

_MARKS = {"same": "=", "differs": "≠", "missing": "·"}


def to_json(report: Report, root: str, files: int, skipped: list[Skipped]) -> dict[str, Any]:
    """The document of the contract; `copies`, `canonical_lacks`, `inherited`, `changes`, `weaker` and
    `history_limit` are added to it."""
    return document(
        root,
        files,
        skipped,
        families=[_family(family) for family in report.families],
        weaker=report.weaker,
        history_limit=report.history_limit,
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
        "inherited": list(family.inherited),
        "changes": [
            {"left": c.left, "right": c.right, "together": c.together, "either": c.either}
            for c in family.changes
        ],
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
    else:
        row["bases"] = list(member.bases)
    return row


def to_text(report: Report) -> RenderableType:
    """For a terminal: one block a family, readable at 80 columns."""
    blocks: list[RenderableType] = [_block(family) for family in report.families]
    return Group(*blocks, Text(summary(report)))


def summary(report: Report) -> str:
    """One line: what was looked at and what was found."""
    families = counted(len(report.families), "family", "families")
    members = sum(len(classes(family)) for family in report.families)
    found = f"{families} with {counted(members, 'class', 'classes')}"
    weaker = f"; {report.weaker} below --min-score not shown" if report.weaker else ""
    history = f" History: {report.history_limit}." if report.history_limit else ""
    return f"{found}, of {counted(report.classes, 'class', 'classes')} looked at{weaker}.{history}"


def _block(family: Family) -> RenderableType:
    title = Text.assemble((family.name, "bold"), f": {family.kind}, score {family.score:.2f}")
    named = letters(family)
    others = [member for member in family.members if member.role == "re-export"]
    lines: list[RenderableType] = [
        _class(member, named[member.qualname], family) for member in classes(family)
    ]
    lines += [_plain(f"other name: {m.qualname}, {_used(m)}") for m in others[:_LISTED]]
    if len(others) > _LISTED:
        lines.append(_plain(f"and {counted(len(others) - _LISTED, 'other name')}"))
    lines += [bullet(lettered(reason, named)) for reason in family.why]
    if lacks := family.canonical_lacks:
        lines.append(bullet(f"{named[family.suggested_canonical]} lacks: {_some(lacks)}"))
    lines.append(bullet(tally(family)))
    if ranked(family):
        lines.append(Padding(_matrix_table(family), (0, 0, 0, 2)))
    return Group(title, *lines, "")


_LISTED = 8
"""Other names, missing methods and matrix rows shown in text; JSON and HTML have all of them."""


def _class(member: Member, letter: str, family: Family) -> RenderableType:
    chosen = " (suggested)" if member.qualname == family.suggested_canonical else ""
    alike = "" if chosen else f", alike {member.similarity:.2f}"
    head = Text.assemble((f"  {letter} ", "cyan"), (_short(member.qualname), "bold"), chosen)
    methods = counted(member.methods, "method")
    about = f"{member.path}:{member.line}\n{member.role}, {methods}, {_used(member)}"
    return Group(head, _plain(about + alike))


def _used(member: Member) -> str:
    tests = counted(member.test_importers, "test")
    return f"imported by {counted(member.importers, 'file')}, {tests}"


def _plain(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 4))


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _short(qualname: str) -> str:
    return qualname.rpartition(".")[2]


def _matrix_table(family: Family) -> RenderableType:
    named = letters(family)
    methods = ranked(family)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("= same, ≠ differs, · missing", style="dim")
    for letter in named.values():
        table.add_column(letter, style="cyan")
    for method in methods[:_LISTED]:
        table.add_row(method, *(_MARKS[family.methods[method][name]] for name in named))
    if len(methods) > _LISTED:
        table.add_row(f"and {len(methods) - _LISTED} more")
    return table


def to_markdown(report: Report) -> str:
    """For a pull request or a page: every family with its members and its method matrix."""
    parts = ["# Duplicates", "", summary(report), ""]
    for family in report.families:
        parts += [*_section(family), ""]
    return "\n".join(parts)


def _section(family: Family) -> list[str]:
    named = letters(family)
    lines = [
        f"## {family.name}",
        "",
        f"{family.kind}, score {family.score:.2f}. Suggested canonical class: `{family.suggested_canonical}`.",
        "",
        *(f"- {lettered(reason, named)}" for reason in family.why),
    ]
    if lacks := family.canonical_lacks:
        lines.append(f"- {named[family.suggested_canonical]} lacks: " + ", ".join(lacks))
    lines += [
        f"- {tally(family)}",
        "",
        "| | class | role | importers | of them tests | methods | similarity |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {named.get(m.qualname, '')} | `{m.qualname}` ({m.path}:{m.line}) | {m.role} "
        f"| {m.importers + m.test_importers} | {m.test_importers} | {m.methods} "
        f"| {m.similarity:.2f} |"
        for m in family.members
    ]
    return [*lines, "", *_matrix(family)]


def _matrix(family: Family) -> list[str]:
    named = letters(family)
    rows = [
        f"| `{method}` | "
        + " | ".join(_MARKS[family.methods[method][name]] for name in named)
        + " |"
        for method in ranked(family)
    ]
    return [
        f"| method (= same, ≠ differs, · missing) | {' | '.join(named.values())} |",
        "|---|" + "---|" * len(named),
        *rows,
    ]
