"""The front door of the library: what it lists is there, and it costs nothing until it is used."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import codemods


def test_the_list_and_reality_agree() -> None:
    namespace: dict[str, object] = {}
    exec("from codemods import *", namespace)
    assert set(codemods.__all__) <= namespace.keys()
    assert sorted(codemods._HOMES) == sorted(codemods.__all__) == codemods.__all__
    for name, home in codemods._HOMES.items():
        module = getattr(getattr(codemods, name), "__module__", f"codemods.{home}")
        assert module in (f"codemods.{home}", "types", "typing")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rewrite'"):
        _ = codemods.rewrite  # type: ignore[attr-defined]


def test_importing_it_loads_no_parser() -> None:
    code = "import sys, codemods; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_its_example_is_true() -> None:
    assert doctest.testmod(codemods).failed == 0
