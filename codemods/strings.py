"""Strings that name things by their dotted path: patch targets, lazy imports, settings, docstrings."""

from __future__ import annotations

from codemods.view import View


def move_strings(view: View) -> None:
    """Edits every string that names a moved thing."""
