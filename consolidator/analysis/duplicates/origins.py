"""Where a class comes from: written by a person or a program, and in which deployable unit."""

from __future__ import annotations

import re
from posixpath import basename, dirname

from consolidator.analysis.duplicates.shapes import in_tests
from consolidator.tree.index import Tree

_GENERATED_FILE = re.compile(r"(_pb2|_pb2_grpc)\.py$|(^|/)(migrations/\d|alembic/versions/)")
_GENERATED_HEAD = re.compile(
    rb"^\s*(#|\"\"\"|''').*(@generated|auto-?generated|generated (by|from|protocol)|do not (edit|modify))",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = 600
"""Bytes at the start of a file in which generators say so."""
_UNIT_FILES = frozenset(
    {"Dockerfile", "pyproject.toml", "requirements.txt", "setup.cfg", "setup.py"}
)


def is_generated(tree: Tree, path: str) -> bool:
    """Whether a program wrote the file, by its name or its first lines."""
    if _GENERATED_FILE.search(path):
        return True
    try:
        return bool(_GENERATED_HEAD.search(tree.read(path)[:_HEAD]))
    except OSError:
        return False


class Units:
    """Folders that are built or deployed on their own, and whether they know one another."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        folders = {dirname(p) for p in tree.all_paths if basename(p) in _UNIT_FILES}
        self._folders = tuple(
            sorted(folder for folder in folders if folder and not in_tests(folder + "/x.py"))
        )
        self._imports: set[tuple[str, str]] | None = None

    def of(self, path: str) -> str:
        """The outermost unit that holds a file; empty where none does."""
        return next((f for f in self._folders if path.startswith(f"{f}/")), "")

    def strangers(self, left: str, right: str) -> tuple[str, str] | None:
        """The units of two files, where they are two and no production file of one imports the
        other: such services may each need a copy of their own."""
        units = (self.of(left), self.of(right))
        if units[0] == units[1] or "" in units:
            return None
        known = self._edges()
        return None if units in known or units[::-1] in known else units

    def _edges(self) -> set[tuple[str, str]]:
        if self._imports is None:
            self._imports = set()
            for path in self._tree.paths:
                unit = self.of(path)
                facts = self._tree.facts(path) if unit and not in_tests(path) else None
                for fact in facts.imports if facts else ():
                    target = self._tree.absolute(path, fact.level, fact.module)
                    source = self._tree.find(target) if target else None
                    if source and (other := self.of(source)) not in ("", unit):
                        self._imports.add((unit, other))
        return self._imports
