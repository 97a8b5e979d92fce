"""Which class names nothing in ROOT mentions beside their own class statements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from consolidator.tree.index import Tree

_WORD = re.compile(rb"(?:\bclass[ \t]+)?[A-Za-z_\x80-\xff][\w\x80-\xff]*")
_SETTINGS = (".toml", ".cfg", ".ini", ".yaml", ".yml")
_FEW = 64  # pieces up to which a search for each is faster than reading every word
_PIECE = 8  # characters, at most


def unmentioned(tree: Tree, names: Iterable[str]) -> frozenset[str]:
    """The names that stand in no Python file and no settings file, except after `class`.

    Words in comments and strings count as mentions, and so does a namesake's: what is left is sure
    to be reached by its name nowhere in ROOT.
    """
    left = {name.encode() for name in names if name.isascii()}
    pieces = _pieces(left)
    for path in tree.all_paths:
        if not left:
            break
        if not path.endswith((".py", *_SETTINGS)):
            continue
        try:
            data = tree.read(path)
        except OSError:
            continue
        if len(pieces) > _FEW or (
            any(piece in data for piece in pieces) and any(name in data for name in left)
        ):
            left.difference_update(_WORD.findall(data))
    return frozenset(name.decode() for name in left)


def _pieces(names: Iterable[bytes]) -> list[bytes]:
    """Bytes of which every name holds at least one: names that were selected by a pattern share
    much, so that few have to be looked for."""
    holders: dict[bytes, set[bytes]] = {}
    for name in names:
        for start in range(max(1, len(name) - _PIECE + 1)):
            holders.setdefault(name[start : start + _PIECE], set()).add(name)
    left, pieces = set(names), []
    for piece in sorted(holders, key=lambda piece: (-len(holders[piece]), piece)):
        if not left.isdisjoint(holders[piece]):
            left -= holders[piece]
            pieces.append(piece)
    return pieces
