"""The ledger against histories whose every fix is known by construction."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_truth import planted_figures


@pytest.mark.parametrize("seeds", [range(3), range(100, 103)], ids=["first", "others"])
def test_fixes_are_told_and_found_through_everything_that_happens_to_them(
    tmp_path: Path, seeds: range
) -> None:
    for question, found in planted_figures(tmp_path, seeds).items():
        assert found.right > 0, question
        assert found.precision >= 0.95, (question, found)
        assert found.recall >= 0.95, (question, found)
