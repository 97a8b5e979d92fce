"""Which files are tests: what they emit reaches no user."""

from __future__ import annotations

import re

_FOLDER = re.compile(r"(^|/)(tests?|testing|e2e|fixtures|test_[^/]*|[^/]*_tests?)/")
_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$")


def is_test(path: str) -> bool:
    return bool(_FOLDER.search(path) or _FILE.search(path))
