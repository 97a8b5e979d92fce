"""The pytest plugin of `consolidator guard --probe`: says which test the recorded frames belong to.

`guard --probe` puts this folder on PYTHONPATH and loads the plugin with `-p`.
"""

from __future__ import annotations

from collections.abc import Iterator

import consolidator_frames  # type: ignore[import-not-found]  # siblings on PYTHONPATH
import consolidator_layers  # type: ignore[import-not-found]
import pytest


def pytest_configure() -> None:
    consolidator_layers.install()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    # Not a context variable: frames come from other threads and loops than the test's.
    consolidator_frames.Current.test = item.nodeid
    consolidator_frames.write({"test": item.nodeid, "line": (item.location[1] or 0) + 1})
    return (yield)
