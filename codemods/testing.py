"""Checking a rewrite three ways: the text that was expected, still Python, nothing left for a second run."""

from __future__ import annotations

import ast
from collections.abc import Callable

from codemods.outcome import Changed, Outcome

Rewrite = Callable[[str], Outcome]
"""A rewrite with its options bound: text in, outcome out."""


def assert_rewrite(rewrite: Rewrite, before: str, after: str | None = None) -> Outcome:
    """Asserts that `before` becomes `after` (None: stays as it is) and returns the outcome, so that
    the caller can look at its omissions."""
    outcome = rewrite(before)
    text = outcome.text if isinstance(outcome, Changed) else before
    expected = before if after is None else after
    assert text == expected, f"expected:\n{expected}\nbut got ({outcome}):\n{text}"
    ast.parse(text)
    second = rewrite(text)
    assert not isinstance(second, Changed), f"a second run changed it again:\n{second.text}"
    return outcome
