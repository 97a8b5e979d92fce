"""What was found in one file: edits to make, and uses that are left to a human."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from codemods.calls import AsyncWith, CallAdaptation, NameChange, Span
from codemods.outcome import Omission
from codemods.positions import Positions

Change = CallAdaptation | NameChange | AsyncWith


@dataclass
class Findings:
    path: str
    positions: Positions
    changes: list[Change] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)

    def rename(self, node: ast.Attribute, name: str, kind: str) -> None:
        """Give the last name of an attribute expression another one."""
        self.changes.append(NameChange(Span.of(node), kind, node.attr, name))

    def omit(self, node: ast.expr, kind: str, why: str) -> None:
        """List a use that is left as it is."""
        start, _ = self.positions.span(node)
        line, column = self.positions.place(start)
        text = " ".join(self.positions.of(node).split())
        self.omissions.append(Omission(self.path, line, column, text[:200], kind, why))


def shown(node: ast.expr) -> str:
    """An expression in a message."""
    return ast.unparse(node)[:80]
