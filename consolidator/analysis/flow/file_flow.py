"""What is known about one file: the answer of the flow analysis."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from consolidator.analysis.flow.values import NOTHING_KNOWN, Values

Matters = Callable[[int, int], bool]
"""Whether the lines of a function or class (first, last) are worth going into."""


def everything(_first: int, _last: int) -> bool:
    """Nothing is passed over."""
    return True


@dataclass(frozen=True)
class FileFlow:
    """A file's syntax tree, and what each name, attribute, call and `await` in it can be.

    Code under two paths that reach the same expression gives the union of both.
    """

    path: str
    syntax: ast.Module
    values: dict[ast.expr, Values]
    absolute: Callable[[str], Values]
    """What a dotted name means from anywhere."""
    matters: Matters = everything
    """The functions and classes of which something is known."""

    def of(self, node: ast.expr) -> Values:
        """What an expression can be; unknown for code that is never reached."""
        return self.values.get(node, NOTHING_KNOWN)
