"""What the configuration names must exist."""

import importlib
import re
from pathlib import Path

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config"
DOTTED = re.compile(r"\b(?:chat_backend|unified_runtime)(?:\.\w+)+")
NAMES = sorted({name for path in CONFIG.iterdir() for name in DOTTED.findall(path.read_text())})


@pytest.mark.parametrize("dotted", NAMES)
def test_a_configured_name_exists(dotted):
    module, _, name = dotted.rpartition(".")
    assert hasattr(importlib.import_module(module), name)


def test_something_is_configured():
    assert NAMES
