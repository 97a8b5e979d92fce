"""The pytest plugin of `consolidator guard --probe`: says which test the recorded frames belong to.

`guard --probe` puts this folder on PYTHONPATH and loads the plugin with `-p`.
"""

from __future__ import annotations

from collections.abc import Iterator

import consolidator_layers  # type: ignore[import-not-found]  # a sibling on PYTHONPATH
import pytest


def pytest_configure() -> None:
    consolidator_layers.install()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    # Not a context variable: frames come from other threads and loops than the test's.
    consolidator_layers.Current.test = item.nodeid
    return (yield)
