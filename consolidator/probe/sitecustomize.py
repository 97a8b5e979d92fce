"""Python runs this at the start of every process below the tests, so that their servers are recorded too.

A `sitecustomize` of the project or of the system runs after it, as it would have without this one.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

import consolidator_layers  # type: ignore[import-not-found]  # a sibling on PYTHONPATH

consolidator_layers.install()
_here = Path(__file__).parent
_spec = PathFinder.find_spec(
    "sitecustomize", [p for p in sys.path if Path(p or ".").resolve() != _here]
)
if _spec is not None and _spec.loader is not None:
    _module = module_from_spec(_spec)
    sys.modules["sitecustomize"] = _module
    _spec.loader.exec_module(_module)
