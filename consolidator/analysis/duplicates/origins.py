"""Where a class comes from: written by a person or a program, and in which deployable unit."""

from __future__ import annotations

import re
from posixpath import basename, dirname

from consolidator.analysis.duplicates.shapes import in_tests
from consolidator.tree.index import Tree

_GENERATED_FILE = re.compile(
    r"(_pb2|_pb2_grpc|_generated)\.py$|(^|/)(migrations/\d|alembic/versions/|_?(auto_?gen|generated)/)"
)
_HEAD = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\s+|#.*\n|[rRuU]?(?P<q>\"\"\"|''')(?:(?!(?P=q))[\s\S]){0,4000}(?P=q))*"
)
"""A file's first comments and docstring, in which generators say so."""
_GENERATED = re.compile(
    rb"@generated|auto-?generated|generated (by|from|protocol)|do not (edit|modify)", re.IGNORECASE
)
_START = 8192
_MANIFESTS = frozenset({"gapic_metadata.json"})
"""Files that a generator leaves beside what it wrote."""
_VERSION = re.compile(r"(?<![^_/.])v\d+((a|b|alpha|beta|rc)\d*)?(?![^_/.])")
"""A part of a path that numbers an interface: `v1`, `v2beta1`."""
_UNSETTLED = re.compile(r"(?<![^/])(alpha|beta|preview)/")
"""A folder that holds what an interface may become."""
_UNIT_FILES = frozenset(
    {"Dockerfile", "pyproject.toml", "requirements.txt", "setup.cfg", "setup.py"}
)


class Generators:
    """Which files of a tree a program wrote: by their names, their first lines, or a manifest."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._folders = tuple(
            f"{dirname(path)}/" for path in tree.all_paths if basename(path) in _MANIFESTS
        )
        self._known: dict[str, bool] = {}

    def wrote(self, path: str) -> bool:
        """Whether it is generated; read when first asked."""
        if path not in self._known:
            self._known[path] = self._look(path)
        return self._known[path]

    def _look(self, path: str) -> bool:
        if _GENERATED_FILE.search(path) or path.startswith(self._folders):
            return True
        try:
            start = self._tree.read(path)[:_START]
        except OSError:
            return False
        head = _HEAD.match(start)
        return bool(head and _GENERATED.search(head[0]))


def versions(left: str, right: str) -> tuple[str, str] | None:
    """The versions of two paths that differ in nothing else: `api/v1/users.py` and
    `api/v2/users.py`, `tickets_v1.py` and `tickets_v2.py`, `beta/users.py` and `users.py`."""
    a, b = _VERSION.search(left), _VERSION.search(right)
    if a and b and a[0] != b[0] and _VERSION.sub("v", left) == _VERSION.sub("v", right):
        return a[0], b[0]
    settled = _UNSETTLED.sub("", left), _UNSETTLED.sub("", right)
    if left == right or settled[0] != settled[1]:
        return None
    found = [_UNSETTLED.search(path) for path in (left, right)]
    one, other = (match[1] if match else "the settled version" for match in found)
    return one, other


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
