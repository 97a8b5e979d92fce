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
        if len(pieces) > _FEW:
            left.difference_update(_WORD.findall(data))
            continue
        for piece, sharing in pieces.items():
            if sharing and piece in data:
                found = {name for name in sharing if name in data and _mentions(data, name)}
                sharing.difference_update(found)
                left -= found
    return frozenset(name.decode() for name in left)


def _mentions(data: bytes, name: bytes) -> bool:
    """Whether a name stands in a file as a whole word, other than after `class`."""
    word = re.compile(rb"(\bclass[ \t]+)?(?<![\w\x80-\xff])%b(?![\w\x80-\xff])" % name)
    return any(match[1] is None for match in word.finditer(data))


def _pieces(names: Iterable[bytes]) -> dict[bytes, set[bytes]]:
    """Names by bytes that each of them holds: names that were selected by a pattern share much, so that
    few have to be looked for."""
    holders: dict[bytes, set[bytes]] = {}
    for name in names:
        for start in range(max(1, len(name) - _PIECE + 1)):
            holders.setdefault(name[start : start + _PIECE], set()).add(name)
    left, pieces = set(names), {}
    for piece in sorted(holders, key=lambda piece: (-len(holders[piece]), piece)):
        if sharing := holders[piece] & left:
            left -= sharing
            pieces[piece] = sharing
    return pieces
