"""The planted truth: every commit of the legacy backend, what it does and what it is."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PLAN = FOLDER / "consolidation.toml"


@dataclass(frozen=True)
class Edit:
    """`before` becomes `after`; each must occur exactly once in its version of the file."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Sweep:
    """Every `before` in the files that match one of the globs becomes `after`."""

    files: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """What a commit does to the tree, in the order of the fields."""

    rename: tuple[tuple[str, str], ...]
    add: tuple[str, ...]
    edits: tuple[Edit, ...]
    sweeps: tuple[Sweep, ...]
    delete: tuple[str, ...]


@dataclass(frozen=True)
class Commit:
    """One row of the table. `date` is different for every commit and so names it.

    `lives_in` and `missing_from` are qualified names at HEAD: where the behaviour of a fix still
    is, and which other members of its family never received it.
    """

    author: str
    date: datetime
    subject: str
    kind: str
    change: Change
    body: str
    category: str | None
    lives_in: tuple[str, ...]
    missing_from: tuple[str, ...]
    branch: str | None
    merge: str | None


def _change(row: dict[str, Any]) -> Change:
    return Change(
        rename=tuple(row.get("rename", {}).items()),
        add=tuple(row.get("add", ())),
        edits=tuple(Edit(**edit) for edit in row.get("edit", ())),
        sweeps=tuple(
            Sweep(tuple(sweep["files"]), sweep["before"], sweep["after"])
            for sweep in row.get("sweep", ())
        ),
        delete=tuple(row.get("delete", ())),
    )


def _commit(row: dict[str, Any], authors: dict[str, str]) -> Commit:
    return Commit(
        author=authors[row["author"]],
        date=row["date"],
        subject=row["subject"],
        kind=row["kind"],
        change=_change(row),
        body=row.get("body", ""),
        category=row.get("category"),
        lives_in=tuple(row.get("lives_in", ())),
        missing_from=tuple(row.get("missing_from", ())),
        branch=row.get("branch"),
        merge=row.get("merge"),
    )


def _read() -> tuple[Commit, ...]:
    authors = tomllib.loads((FOLDER / "history" / "authors.toml").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = []
    for path in sorted((FOLDER / "history").glob("[0-9]*.toml")):
        rows += tomllib.loads(path.read_text(encoding="utf-8"))["commit"]
    return tuple(_commit(row, authors) for row in rows)


HISTORY = _read()
