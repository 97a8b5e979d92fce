"""`duplicates` as one HTML page: families, method matrix, members and differing bodies side by side."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from consolidator.analysis.duplicates import Family, Report, Signature
from consolidator.render.duplicates import summary
from consolidator.render.page import page
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree

_STYLE = """
td.same { color: var(--good) } td.differs { color: var(--warn); font-weight: 600 } td.missing { opacity: .45 }
.matrix td, .matrix th { text-align: center } .matrix td:first-child { text-align: left }
.sides pre { margin: 0; max-height: 30rem } .sides figure { margin: 0 } figcaption { font-size: .85em }
tr.chosen { font-weight: 600 }
"""
_SHOWN = frozenset({"implementation", "wrapper", "protocol"})


def to_html(report: Report, tree: Tree) -> str:
    """One page for a person; sources of the differing methods come from `tree`."""
    body = [f"<p>{escape(summary(report))}</p>", _contents(report)]
    body += [_family(number, family, tree) for number, family in enumerate(report.families, 1)]
    return page("Duplicates", "\n".join(body), _STYLE)


def _contents(report: Report) -> str:
    rows = [
        f'<tr><td><a href="#f{number}">{escape(family.name)}</a></td><td>{family.kind}</td>'
        f"<td>{family.score:.2f}</td><td>{_count(family)}</td>"
        f"<td><code>{escape(family.suggested_canonical)}</code></td></tr>"
        for number, family in enumerate(report.families, 1)
    ]
    head = "<tr><th>family</th><th>kind</th><th>score</th><th>classes</th><th>suggested</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _count(family: Family) -> int:
    return sum(member.role in _SHOWN for member in family.members)


def _family(number: int, family: Family, tree: Tree) -> str:
    why = "".join(f"<li>{escape(reason)}</li>" for reason in family.why)
    return (
        f'<section id="f{number}"><h2>{escape(family.name)}</h2>'
        f"<p>{family.kind}, score {family.score:.2f}</p><ul>{why}</ul>"
        f"{_members(family)}{_matrix(family)}{''.join(_bodies(family, tree))}</section>"
    )


def _members(family: Family) -> str:
    rows = []
    for member in family.members:
        chosen = ' class="chosen"' if member.qualname == family.suggested_canonical else ""
        rows.append(
            f"<tr{chosen}><td><code>{escape(member.qualname)}</code><br>"
            f"<small>{escape(member.path)}:{member.line}</small></td><td>{member.role}</td>"
            f"<td>{member.importers}</td><td>{member.test_importers}</td>"
            f"<td>{member.methods}</td><td>{member.similarity:.2f}</td></tr>"
        )
    head = (
        "<tr><th>class</th><th>role</th><th>importers</th><th>tests</th>"
        "<th>methods</th><th>similarity</th></tr>"
    )
    return f"<table>{head}{''.join(rows)}</table>"


def _matrix(family: Family) -> str:
    members = [member.qualname for member in family.members if member.role in _SHOWN]
    head = "".join(f"<th><small>{escape(_short(name))}</small></th>" for name in members)
    rows = []
    for name, verdicts in family.methods.items():
        if all(verdicts[member] == "missing" for member in members):
            continue
        cells = "".join(f'<td class="{verdicts[m]}">{verdicts[m]}</td>' for m in members)
        rows.append(f"<tr><td><code>{escape(name)}</code></td>{cells}</tr>")
    return (
        f'<details open><summary>Method matrix</summary><table class="matrix">'
        f"<tr><th>method</th>{head}</tr>{''.join(rows)}</table></details>"
    )


def _short(qualname: str) -> str:
    return ".".join(qualname.split(".")[-2:])


def _bodies(family: Family, tree: Tree) -> Iterator[str]:
    shown = {member.qualname for member in family.members if member.role in _SHOWN}
    for name, verdicts in family.methods.items():
        if not any(verdicts[member] == "differs" for member in shown):
            continue
        sides = [
            _side(member, methods[name], tree)
            for member, methods in family.signatures.items()
            if member in shown and name in methods
        ]
        yield (
            f"<details><summary><code>{escape(name)}</code></summary>"
            f'<div class="sides">{"".join(sides)}</div></details>'
        )


def _side(member: str, signature: Signature, tree: Tree) -> str:
    source = tree.source(signature.path)
    if isinstance(source, Unreadable):
        text = source.reason
    else:
        lines = range(signature.line, signature.end_line + 1)
        text = "\n".join(source.line(number) for number in lines)
    caption = f"{escape(_short(member))} <small>{escape(signature.path)}:{signature.line}</small>"
    return f"<figure><figcaption>{caption}</figcaption><pre>{escape(text)}</pre></figure>"
