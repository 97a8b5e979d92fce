"""Groups of entry points. Their names are public: other projects announce plugins under them, so a group
keeps the name that it shares with a module which moves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.lazy import last_name
from codemods.scopes import Text
from codemods.view import View

GROUP = "names a group of entry points, under which other projects may announce theirs"
_SAID = "entry_points"
_TAKERS = frozenset({_SAID, "iter_entry_points", "get_group_all"})
_TABLE = re.compile(
    r"^[ \t]*\[[^\]\n]*(?:entry-points|poetry\.plugins)[ \t]*\.(?P<group>[^\]\n]+)\]", re.M
)
_SECTION = re.compile(r"^\[options\.entry_points\][^\n]*\n(?P<body>(?:(?!\[)[^\n]*\n?)*)", re.M)
_KEY = re.compile(r"^(?P<group>[^\s=#;]+)[ \t]*=", re.M)


def group_names(text: str) -> Iterator[tuple[int, int]]:
    """Where groups are named in the settings of a project (pyproject.toml, setup.cfg)."""
    if "entry-points" in text or "poetry.plugins" in text:
        yield from (match.span("group") for match in _TABLE.finditer(text))
    for section in _SECTION.finditer(text) if _SAID in text else ():
        keys = _KEY.finditer(text, *section.span("body"))
        yield from (match.span("group") for match in keys)


def report_groups(view: View) -> None:
    """Lists the strings that name a group like something that moves, and settles them."""
    if not any(taker in view.text for taker in _TAKERS):
        return
    keys = _keys(view)
    for text in view.module.texts:
        if text.node in keys or _is_taken(text):
            name = str(text.node.value)
            landing = view.moves.looked_up(name)
            view.settled.add(text.node)
            view.moved_literals.add(text.node)
            if landing:
                shown = view.positions.of(text.node)
                view.omit(text.node, shown, "group", GROUP, [landing])


def _is_taken(text: Text) -> bool:
    """Whether a string is the group in `entry_points(group="…")`, `entry_points().select(group="…")`."""
    call = text.call
    if call is None:
        return False
    given = [word.value for word in call.keywords if word.arg == "group"]
    first = call.args[:1] if last_name(call.func) in _TAKERS else []
    return any(text.node is value for value in (*given, *first))


def _keys(view: View) -> set[ast.AST]:
    """The keys of `setup(entry_points={…})`, and of a table of that name."""
    tables: list[ast.expr | None] = []
    for node in view.nodes:
        if isinstance(node, ast.keyword) and node.arg == _SAID:
            tables.append(node.value)
        elif isinstance(node, ast.Assign):
            names = (last_name(target).lower() for target in node.targets)
            tables += [node.value] if _SAID in names else []
    return {
        key
        for table in tables
        if isinstance(table, ast.Dict)
        for key in table.keys
        if key is not None
    }
