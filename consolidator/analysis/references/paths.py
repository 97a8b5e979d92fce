"""Files of modules that move, named by their path: `COPY app/old.py`, `omit = app/old/*`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.outcome import Omission
from codemods.view import View
from consolidator.analysis.references.routes import Routes

WHY = "is the path of a file that moves"


def path_mentions(routes: Routes, text: str) -> Iterator[tuple[int, str, str]]:
    """Offset, text and module of every path of a moved file, from the root of the tree on."""
    for path, source in routes.moved_paths.items():
        if path in text:
            whole = rf"(?:(?<![\w./-])|(?<=(?<![\w.-])/)|(?<=(?<![\w/-])\./)){re.escape(path)}"
            end = "" if path.endswith("/") else r"(?![\w/-])"
            for match in re.finditer(whole + end, text):
                yield match.start(), match.group(), source


def paths_in_strings(routes: Routes, view: View, path: str) -> Iterator[tuple[Omission, str]]:
    """Strings of a Python file that hold the path of a moved file; with the module."""
    for text in view.module.texts:
        is_docstring = text.node in view.module.docstrings
        for _, shown, source in path_mentions(routes, str(text.node.value)):
            line, column = view.positions.place(view.positions.span(text.node)[0])
            kind = "docstring" if is_docstring else "text"
            yield Omission(path, line, column, shown, kind, WHY), source
