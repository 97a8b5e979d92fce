"""`duplicates` as one HTML page: families with their tree, method matrix and differing bodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import escape
from textwrap import dedent

from consolidator.analysis.duplicates import Family, Member, Report, Signature
from consolidator.render.duplicates import summary
from consolidator.render.page import page
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree

_STYLE = """
td.same { color: var(--good) } td.differs { color: var(--warn); font-weight: 600 } td.missing { opacity: .45 }
.matrix { overflow-x: auto } .matrix td, .matrix th { text-align: center } .matrix td:first-child { text-align: left }
.sides pre { margin: 0; max-height: 30rem } .sides figure { margin: 0; min-width: 0 } figcaption { font-size: .85em }
.sides mark { background: #fa03; color: inherit; display: inline-block; width: 100% }
.tree, .tree ul { list-style: none; padding-left: 1.2rem; border-left: 1px solid var(--line) } .tree { margin-left: .2rem }
tr.chosen { font-weight: 600 } .place { opacity: .7; font-size: .85em }
"""
_CLASSES = frozenset({"implementation", "wrapper", "protocol"})


def to_html(report: Report, tree: Tree) -> str:
    """One page for a person; sources of the differing methods come from `tree`."""
    body = [f"<p>{escape(summary(report))}</p>", _contents(report)]
    body += [_family(number, family, tree) for number, family in enumerate(report.families, 1)]
    return page("Duplicates", "\n".join(body), _STYLE)


def _contents(report: Report) -> str:
    rows = [
        f'<tr><td><a href="#f{number}">{escape(family.name)}</a></td><td>{family.kind}</td>'
        f"<td>{family.score:.2f}</td><td>{len(_classes(family))}</td>"
        f"<td><code>{escape(family.suggested_canonical)}</code></td></tr>"
        for number, family in enumerate(report.families, 1)
    ]
    head = "<tr><th>family</th><th>kind</th><th>score</th><th>classes</th><th>suggested</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _classes(family: Family) -> list[Member]:
    return [member for member in family.members if member.role in _CLASSES]


def _family(number: int, family: Family, tree: Tree) -> str:
    why = "".join(f"<li>{escape(reason)}</li>" for reason in family.why)
    lacks = ", ".join(f"<code>{escape(name)}</code>" for name in family.canonical_lacks)
    chosen = f"<p>Suggested: <code>{escape(family.suggested_canonical)}</code>"
    return (
        f'<section id="f{number}"><h2>{escape(family.name)}</h2>'
        f"<p>{family.kind}, score {family.score:.2f}</p><ul>{why}</ul>"
        f"{chosen}{f', which lacks {lacks}' if lacks else ''}</p>"
        f"{_members(family)}{_tree(family)}{_matrix(family)}"
        f"<h3>Bodies that differ</h3>{''.join(_bodies(family, tree))}</section>"
    )


def _members(family: Family) -> str:
    doubles = [member for member in family.members if member.role == "test-double"]
    folded = f"<details><summary>{len(doubles)} test doubles</summary>{_table(doubles)}</details>"
    chosen = family.suggested_canonical
    return _table(_classes(family), chosen) + (folded if doubles else "")


def _table(members: Sequence[Member], chosen: str = "") -> str:
    rows = [
        f"<tr{' class=chosen' if member.qualname == chosen else ''}>"
        f"<td><code>{escape(member.qualname)}</code><br>{_place(member.path, member.line)}</td>"
        f"<td>{member.role}</td><td>{member.importers}</td><td>{member.test_importers}</td>"
        f"<td>{member.methods}</td><td>{member.similarity:.2f}</td></tr>"
        for member in members
    ]
    head = (
        "<tr><th>class</th><th>role</th><th>importers</th><th>tests</th>"
        "<th>methods</th><th>similarity</th></tr>"
    )
    return f"<table>{head}{''.join(rows)}</table>"


def _place(path: str, line: int) -> str:
    return f'<span class="place">{escape(path)}:{line}</span>'


def _tree(family: Family) -> str:
    """Bases, the classes below them, and below each class its other names."""
    by_base: dict[str, list[Member]] = {}
    for member in _classes(family):
        by_base.setdefault(", ".join(member.bases) or "no base", []).append(member)
    items = [
        f"<li>{escape(base)}<ul>{''.join(_branch(member, family) for member in members)}</ul></li>"
        for base, members in by_base.items()
    ]
    return f'<h3>Tree</h3><ul class="tree">{"".join(items)}</ul>'


def _branch(member: Member, family: Family) -> str:
    names = "".join(
        f"<li>= <code>{escape(other.qualname)}</code> {_place(other.path, other.line)}, "
        f"imported by {other.importers + other.test_importers}</li>"
        for other in family.members
        if other.target == member.qualname
    )
    below = f"<ul>{names}</ul>" if names else ""
    return f"<li><code>{escape(member.qualname)}</code> ({member.role}){below}</li>"


def _matrix(family: Family) -> str:
    members = [member.qualname for member in _classes(family)]
    head = "".join(f"<th><small>{escape(_short(name))}</small></th>" for name in members)
    rows = []
    for name, verdicts in family.methods.items():
        if all(verdicts[member] == "missing" for member in members):
            continue
        cells = "".join(f'<td class="{verdicts[m]}">{verdicts[m]}</td>' for m in members)
        rows.append(f"<tr><td><code>{escape(name)}</code></td>{cells}</tr>")
    return (
        f'<h3>Methods</h3><div class="matrix"><table>'
        f"<tr><th>method</th>{head}</tr>{''.join(rows)}</table></div>"
    )


def _short(qualname: str) -> str:
    return ".".join(qualname.split(".")[-2:])


def _bodies(family: Family, tree: Tree) -> Iterator[str]:
    shown = [member.qualname for member in _classes(family)]
    for name, verdicts in family.methods.items():
        if not any(verdicts[member] == "differs" for member in shown):
            continue
        having = [member for member in shown if name in family.signatures[member]]
        first = _lines(family.signatures[having[0]][name], tree)
        sides = [_side(member, family.signatures[member][name], first, tree) for member in having]
        yield (
            f"<details><summary><code>{escape(name)}</code> in {len(having)} classes</summary>"
            f'<div class="sides">{"".join(sides)}</div></details>'
        )


def _side(member: str, signature: Signature, first: Sequence[str], tree: Tree) -> str:
    lines = _lines(signature, tree)
    same: set[int] = set()
    for block in SequenceMatcher(
        None, _bare(first), _bare(lines), autojunk=False
    ).get_matching_blocks():
        same.update(range(block.b, block.b + block.size))
    text = "\n".join(
        escape(line) if at in same or not line.strip() else f"<mark>{escape(line)}</mark>"
        for at, line in enumerate(lines)
    )
    caption = f"{escape(_short(member))} {_place(signature.path, signature.line)}"
    return f"<figure><figcaption>{caption}</figcaption><pre>{text}</pre></figure>"


def _bare(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines]


def _lines(signature: Signature, tree: Tree) -> list[str]:
    source = tree.source(signature.path)
    if isinstance(source, Unreadable):
        return [source.reason]
    lines = (source.line(number) for number in range(signature.line, signature.end_line + 1))
    return dedent("\n".join(lines)).split("\n")
