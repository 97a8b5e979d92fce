"""Every class of installed packages and of the standard library against its real order."""

from __future__ import annotations

from collections import Counter

import pytest
from mro_truth import check

PACKAGES = (
    *("libcst", "networkx", "rich", "typer", "click", "_pytest", "git", "starlette"),
    *("websockets", "uvicorn", "anyio"),
)
STANDARD = (
    *("asyncio", "collections", "concurrent", "ctypes", "email", "http", "json", "logging"),
    *("multiprocessing", "unittest", "urllib", "xml", "argparse", "ast", "configparser"),
    *("socketserver", "tarfile", "tempfile", "threading", "zipfile"),
)


@pytest.mark.parametrize("tops", [PACKAGES, STANDARD], ids=["packages", "standard library"])
def test_no_order_is_wrong_in_silence_and_nearly_all_are_exact(tops: tuple[str, ...]) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for result in check(tops):
        counts[result.verdict] += 1
        if result.verdict == "wrong":
            wrong.append(f"{result.qualname}: {result.found} is really {result.real}")
    assert not wrong
    assert sum(counts.values()) > 500
    assert counts["exact"] >= 0.98 * sum(counts.values()), counts
