"""`duplicates` as one HTML page: families with their tree, method matrix and differing bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from textwrap import dedent

from consolidator.analysis.duplicates import Family, Member, Report, Signature
from consolidator.render.duplicates import summary
from consolidator.render.duplicates_matrix import classes, lettered, letters, ranked, tally
from consolidator.render.page import page
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree
from consolidator.wording import counted

_STYLE = """
body { max-width: 96rem } section { margin-bottom: 3rem } .wide { overflow-x: auto }
#filter { width: min(30rem, 100%) } td code { overflow-wrap: anywhere } td.kind { white-space: nowrap }
td.same { color: var(--good) } td.differs { color: var(--warn); font-weight: 600 } td.missing { opacity: .45 }
.matrix td, .matrix th { text-align: center } .matrix td:first-child { text-align: left }
.matrix td:nth-child(n+2), .matrix th:nth-child(n+2) { min-width: 4rem }
.sides { grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)) }
.sides pre { margin: 0; max-height: 40rem } .sides figure { margin: 0; min-width: 0 } figcaption { font-size: .85em }
.sides mark { background: #fa03; color: inherit; display: inline-block; width: 100% }
.tree, .tree ul { list-style: none; padding-left: 1.2rem; border-left: 1px solid var(--line) } .tree { margin-left: .2rem }
tr.chosen { background: #2a71 } .place { opacity: .7; font-size: .85em } b.letter { margin-right: .3rem }
"""


_FILTER = """
<script>
const box = document.getElementById("filter");
box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase().split(/\\s+/);
  for (const part of document.querySelectorAll("[data-words]"))
    part.hidden = !wanted.every(word => part.dataset.words.includes(word));
});
</script>
"""
"""Hides the rows and sections of which a word typed says nothing; without scripts all is shown."""


def to_html(report: Report, tree: Tree) -> str:
    """One page for a person; sources of the differing methods come from `tree`."""
    body = [f'<p id="top">{escape(summary(report))}</p>', _contents(report)]
    body += [_family(number, family, tree) for number, family in enumerate(report.families, 1)]
    return page("Duplicates", "\n".join(body) + _FILTER, _STYLE)


def _words(family: Family) -> str:
    """What a family can be found by: its kind and the names of its classes."""
    names = (member.qualname for member in classes(family))
    return escape(" ".join([family.kind, *names]).lower(), quote=True)


def _contents(report: Report) -> str:
    rows = [
        f'<tr data-words="{_words(family)}"><td><a href="#f{number}">{escape(family.name)}</a></td><td class="kind">{family.kind}</td>'
        f"<td>{family.score:.2f}</td><td>{len(classes(family))}</td>"
        f"<td><code>{escape(family.suggested_canonical)}</code></td></tr>"
        for number, family in enumerate(report.families, 1)
    ]
    head = "<tr><th>family</th><th>kind</th><th>score</th><th>classes</th><th>suggested</th></tr>"
    search = '<p><input id="filter" type="search" placeholder="Show only families that name …"></p>'
    return f'{search}<div class="wide"><table>{head}{"".join(rows)}</table></div>'


def _family(number: int, family: Family, tree: Tree) -> str:
    named = letters(family)
    reasons = [*family.why, tally(family)]
    why = "".join(f"<li>{escape(lettered(reason, named))}</li>" for reason in reasons)
    lacks = ", ".join(f"<code>{escape(name)}</code>" for name in family.canonical_lacks)
    chosen = f"<p>Suggested: {_letter(named[family.suggested_canonical])}"
    return (
        f'<section id="f{number}" data-words="{_words(family)}"><h2>{escape(family.name)}</h2>'
        f"<p>{family.kind}, score {family.score:.2f}</p>"
        f"{_members(family)}<ul>{why}</ul>"
        f"{chosen}<code>{escape(family.suggested_canonical)}</code>"
        f"{f', which lacks {lacks}' if lacks else ''}</p>"
        f"{_tree(family)}{_matrix(family, number)}"
        f"<h3>Bodies that differ</h3>{''.join(_bodies(family, number, tree)) or '<p>None.</p>'}"
        '<p><a href="#top">All families</a></p></section>'
    )


def _letter(letter: str) -> str:
    return f'<b class="letter">{letter}</b>'


def _members(family: Family) -> str:
    doubles = [member for member in family.members if member.role == "test-double"]
    named = letters(family)
    count = counted(len(doubles), "test double")
    folded = f"<details><summary>{count}</summary>{_table(doubles)}</details>"
    return _table(classes(family), named, family.suggested_canonical) + (folded if doubles else "")


def _table(
    members: Sequence[Member], named: Mapping[str, str] | None = None, chosen: str = ""
) -> str:
    rows = [
        f"<tr{' class=chosen' if member.qualname == chosen else ''}>"
        f"<td>{_letter(named[member.qualname]) if named else ''}"
        f"<code>{escape(member.qualname)}</code><br>{_place(member.path, member.line)}</td>"
        f"<td>{member.role}</td><td>{member.importers}</td><td>{member.test_importers}</td>"
        f"<td>{member.methods}</td><td>{member.similarity:.2f}</td></tr>"
        for member in members
    ]
    head = (
        "<tr><th>class</th><th>role</th><th>importers</th><th>tests</th>"
        "<th>methods</th><th>alike</th></tr>"
    )
    return f'<div class="wide"><table>{head}{"".join(rows)}</table></div>'


def _place(path: str, line: int) -> str:
    return f'<span class="place">{escape(path)}:{line}</span>'


def _tree(family: Family) -> str:
    """Bases, the classes below them, and below each class its other names."""
    by_base: dict[str, list[Member]] = {}
    for member in classes(family):
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
    letter = _letter(letters(family)[member.qualname])
    return f"<li>{letter}<code>{escape(member.qualname)}</code> ({member.role}){below}</li>"


def _matrix(family: Family, number: int) -> str:
    named = letters(family)
    head = "".join(f'<th title="{escape(name)}">{letter}</th>' for name, letter in named.items())
    rows = []
    for method in ranked(family):
        verdicts = family.methods[method]
        cells = "".join(f'<td class="{verdicts[m]}">{verdicts[m]}</td>' for m in named)
        shown = f"<code>{escape(method)}</code>"
        if _differs(family, method):
            shown = f'<a href="#f{number}-{escape(method)}">{shown}</a>'
        rows.append(f"<tr><td>{shown}</td>{cells}</tr>")
    return (
        f'<h3>Methods</h3><div class="wide matrix"><table>'
        f"<tr><th>method</th>{head}</tr>{''.join(rows)}</table></div>"
    )


def _differs(family: Family, method: str) -> bool:
    return any(family.methods[method][name] == "differs" for name in letters(family))


def _bodies(family: Family, number: int, tree: Tree) -> Iterator[str]:
    named = letters(family)
    for method in ranked(family):
        if not _differs(family, method):
            continue
        having = [name for name in named if method in family.signatures[name]]
        if family.suggested_canonical in having:
            having.remove(family.suggested_canonical)
            having.insert(0, family.suggested_canonical)
        first = _lines(family.signatures[having[0]][method], tree)
        sides = [
            _side(
                f"{_letter(named[name])}{escape(name)}",
                family.signatures[name][method],
                first,
                tree,
            )
            for name in having
        ]
        yield (
            f"<details><summary><code>{escape(method)}</code> in "
            f'{len(having)} classes</summary><div class="sides" id="f{number}-{escape(method)}">'
            f"{''.join(sides)}</div></details>"
        )


def _side(title: str, signature: Signature, first: Sequence[str], tree: Tree) -> str:
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
    caption = f"{title} {_place(signature.path, signature.line)}"
    return f"<figure><figcaption>{caption}</figcaption><pre>{text}</pre></figure>"


def _bare(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines]


def _lines(signature: Signature, tree: Tree) -> list[str]:
    source = tree.source(signature.path)
    if isinstance(source, Unreadable):
        return [source.reason]
    lines = (source.line(number) for number in range(signature.line, signature.end_line + 1))
    return dedent("\n".join(lines)).split("\n")
