"""Rewrites of Python source: text in, outcome out; no disk, no printing, nothing raised over a bad file.

    >>> from codemods import Changed, MoveTable, move_references
    >>> outcome = move_references("from app.old import Thing\\n", MoveTable({"app.old.Thing": "new.Fresh"}))
    >>> outcome.text if isinstance(outcome, Changed) else outcome
    'from new import Fresh as Thing\\n'

The same rewrites are commands of LibCST's runner in `codemods.commands`. `codemods.testing` has the
helper that checks a case three ways.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codemods.call_patterns import CallPattern, PatternError, rewrite_calls
    from codemods.calls import (
        Argument,
        AsyncWith,
        CallAdaptation,
        NameChange,
        Span,
        adapt_calls,
    )
    from codemods.imports import move_references
    from codemods.moves import MoveTable
    from codemods.outcome import Changed, Failed, Omission, Outcome, Skipped, Unchanged
    from codemods.removal import remove_definitions
    from codemods.view import Options

_HOMES = {
    "move_references": "imports",
    "MoveTable": "moves",
    "Options": "view",
    "remove_definitions": "removal",
    "rewrite_calls": "call_patterns",
    "CallPattern": "call_patterns",
    "PatternError": "call_patterns",
    "adapt_calls": "calls",
    "Argument": "calls",
    "AsyncWith": "calls",
    "CallAdaptation": "calls",
    "NameChange": "calls",
    "Span": "calls",
    "Changed": "outcome",
    "Failed": "outcome",
    "Omission": "outcome",
    "Outcome": "outcome",
    "Skipped": "outcome",
    "Unchanged": "outcome",
}
__all__ = [
    "Argument",
    "AsyncWith",
    "CallAdaptation",
    "CallPattern",
    "Changed",
    "Failed",
    "MoveTable",
    "NameChange",
    "Omission",
    "Options",
    "Outcome",
    "PatternError",
    "Skipped",
    "Span",
    "Unchanged",
    "adapt_calls",
    "move_references",
    "remove_definitions",
    "rewrite_calls",
]


def __getattr__(name: str) -> object:
    # LibCST takes longer to import than most commands run: it is loaded with the first rewrite.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"codemods.{_HOMES[name]}"), name)
