"""Warning filters, `action:message:category:module:line`, as pytest's marks and settings have them.

The category is the dotted path of a class. The message and the module are patterns: what they say of names
is no path, and a message reads as whoever warns has written it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FILTERS = "filterwarnings"
"""The name of pytest's mark and of its setting, without which a text has no filters."""
_ACTION = r"(?:ignore|error|always|default|module|once)"
_CATEGORY = re.compile(rf"{_ACTION}:[^:]*:[ \t]*(?P<category>[^\W\d]\w*(?:\.\w+)+)[ \t]*(?::|\Z)")
_MESSAGE = re.compile(r"\b(?:ignore|error|always|default|once):(?P<message>[^\s:\"'][^:\"'\n]*)")
"""Not `module: …` with a blank, which is a key in other files."""


def category(written: str) -> tuple[int, int] | None:
    """Where the dotted path of the category stands in a filter."""
    match = _CATEGORY.match(written)
    return match.span("category") if match else None


def filter_messages(text: str) -> Iterator[tuple[int, int]]:
    """Where the messages of the filters of a text stand."""
    if FILTERS in text:
        yield from (match.span("message") for match in _MESSAGE.finditer(text))
