"""Sphinx's directives: `.. autoclass:: Thing` below `.. currentmodule:: app.old`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.mentions import Mention
from codemods.moves import Moves

_DIRECTIVE = re.compile(
    r"^[ \t]*\.\.[ \t]+(?:py:)?(?:(?:current|auto)?(module)|(?:auto)?(?:class|function|data|exception|method"
    r"|attribute|decorator))::[ \t]+([\w.]+)[ \t]*(?:\(.*)?\r?$",
    re.M,
)
_WHY = "is read below the module that a directive names"


def directives(text: str, moves: Moves) -> Iterator[Mention]:
    """What a page documents by a name that counts from the module above it."""
    if "module::" not in text:
        return
    module = ""
    for match in _DIRECTIVE.finditer(text):
        if match[1]:
            module = match[2]
        elif module and not moves.needles.isdisjoint(match[2].split(".")):
            landing = moves.imported(f"{module}.{match[2]}", module)
            if landing and not moves.imported(match[2]):
                yield Mention(match.start(2), match[2], landing.target or "", landing.doubt or _WHY)
