"""Which files are the product: what tests, examples and check-up scripts emit reaches no user."""

from __future__ import annotations

import re

_FOLDER = re.compile(
    r"(^|/)(tests?|testing|e2e|fixtures|test_[^/]*|[^/]*_tests?|scripts?|examples?|benchmarks?)/"
)
_FILE = re.compile(
    r"(^|/)((test|validate|verify|check|benchmark|demo|debug|example)_[^/]*|[^/]*_test|conftest)\.py$"
)


def is_product(path: str) -> bool:
    return not (_FOLDER.search(path) or _FILE.search(path))
