"""Titles in reStructuredText: a line under one, or over it, that is shorter than the title is an error."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from codemods.edits import Edit

_TITLE = re.compile(r"([ \t]*)([rRuU]?(?:\"\"\"|'''))?([^\r\n]*?)[ \t]*\r?$", re.M)
"""A title, which may be the first line of a docstring."""
_LINE = re.compile(r"[ \t]*(([^\w\s])\2{3,})[ \t]*\r?$", re.M)


def title_lines(text: str, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits that lengthen the lines of the titles that some edits make longer. None is shortened."""
    grown: Counter[int] = Counter()
    for edit in edits:
        if "\n" not in edit.text:
            start = text.rfind("\n", 0, edit.start) + 1
            grown[start] += len(edit.text) - (edit.end - edit.start)
    for start, more in grown.items():
        title, end = _TITLE.match(text, start), text.find("\n", start)
        under = _LINE.match(text, end + 1) if end >= 0 else None
        if title is None or under is None:
            continue
        inset = 0 if title[2] else max(len(title[1]) - (under.start(1) - under.start()), 0)
        width = inset + len(title[3])
        over = _LINE.match(text, text.rfind("\n", 0, start - 1) + 1) if start else None
        missing = width + more - len(under[1])
        for line in (over, under) if width <= len(under[1]) < width + more else ():
            if line is not None and line[1] == under[1]:
                yield Edit(line.end(1), line.end(1), under[2] * missing, "")
