"""Rows of a list, for every report that has one."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text


def bullet(text: str) -> RenderableType:
    """A row that hangs under its first words, so that a long one is still one row."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_row("  -", Text(text, overflow="fold"))
    return row
