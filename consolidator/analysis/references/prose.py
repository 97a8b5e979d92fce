"""Which files are for people to read: what they say of a name, nothing follows at run time."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import basename, dirname, splitext

PROSE = frozenset({".md", ".rst", ".txt", ".adoc"})
CATALOGUES = frozenset({".po", ".pot"})
"""Translations, which say for people where each text was found."""
PAGES = frozenset(
    {
        "authors",
        "changelog",
        "changes",
        "contributing",
        "contributors",
        "copying",
        "history",
        "install",
        "licence",
        "license",
        "metadata",
        "news",
        "notice",
        "pkg-info",
        "readme",
        "todo",
    }
)
"""Files without a suffix that are prose by custom, in small letters."""

INDEXES = frozenset({"objects.inv", "searchindex.js"})
"""What Sphinx puts at the top of the pages that it builds."""


def built_pages(paths: Iterable[str]) -> frozenset[str]:
    """Folders of documentation that was built and put beside the code."""
    return frozenset(dirname(path) for path in paths if basename(path) in INDEXES)


def is_prose(path: str) -> bool:
    """Whether a file is a page, by its suffix or, without one, by its name."""
    return splitext(path)[1].lower() in PROSE or basename(path).lower() in PAGES
