"""Cutting by indentation finds what the syntax tree finds, whatever stands in strings."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from consolidator.analysis.history.cutting import cut, cut_by_tree
from consolidator.analysis.history.statements import UnparsableError

PIECES = (
    '"""',
    "'''",
    '"',
    "'",
    "#",
    "\n",
    "\\",
    "x = ",
    "a",
    "f",
    "r",
    " + ",
    "(",
    ")",
)
LINES = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def module(first: str, inside: str, last: str) -> str:
    indented = inside.replace("\n", "\n        ")
    return (
        f"{first}\nclass A:\n    def one(self):\n        {indented}\n        return 1\n\n"
        f"    def two(self):\n        return 2\n\n{last}\ndef three():\n    return 3\n"
    )


@given(LINES, LINES, LINES)
def test_units_are_those_of_the_tree(first: str, inside: str, last: str) -> None:
    text = module(first, inside, last)
    try:
        ast.parse(text)
    except SyntaxError:
        return
    try:
        found = cut(text)
    except UnparsableError:
        return
    assert set(found) == set(cut_by_tree(text))
    assert all(found[name].text.strip() in text for name in ("A.two", "three") if name in found)
