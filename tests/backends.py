"""Reads the backends of `cases/backends`: a project each, ways to break it, and harmless edits.

`=== PATH` begins a file; `=== break: NAME` and `=== harmless: NAME` begin an edit, whose hunks name their
file by `@ PATH` and give the lines that go (`-`) and those that come (`+`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "cases" / "backends"


@dataclass(frozen=True)
class Hunk:
    path: str
    old: str
    new: str

    def applied(self, source: str) -> str:
        """The file after the edit. Raises ValueError unless the old lines occur exactly once."""
        count = f"\n{source}".count(f"\n{self.old}")
        if count != 1:
            raise ValueError(f"{self.path}: {self.old!r} occurs {count} times")
        return f"\n{source}".replace(f"\n{self.old}", f"\n{self.new}")[1:]


@dataclass(frozen=True)
class Edit:
    name: str
    hunks: tuple[Hunk, ...]

    def applied(self, files: Mapping[str, str]) -> dict[str, str]:
        """The project's files after the edit."""
        edited = dict(files)
        for hunk in self.hunks:
            edited[hunk.path] = hunk.applied(edited[hunk.path])
        return edited


@dataclass(frozen=True)
class Backend:
    name: str
    files: Mapping[str, str]
    breaks: tuple[Edit, ...]
    harmless: tuple[Edit, ...]


@dataclass
class _Section:
    title: str
    lines: list[str] = field(default_factory=list)


def backends(folder: Path = FOLDER) -> list[Backend]:
    return [_backend(path) for path in sorted(folder.glob("*.txt"))]


def _backend(path: Path) -> Backend:
    sections = list(_sections(path.read_text("utf-8")))
    edits = {"break": [], "harmless": []}
    files = {}
    for section in sections:
        kind, colon, name = section.title.partition(": ")
        if colon:
            edits[kind].append(Edit(name, tuple(_hunks(section.lines))))
        else:
            files[section.title] = "\n".join(section.lines).strip("\n") + "\n"
    return Backend(path.stem, files, tuple(edits["break"]), tuple(edits["harmless"]))


def _sections(text: str) -> Iterator[_Section]:
    section: _Section | None = None
    for line in text.splitlines():
        if line.startswith("=== "):
            if section is not None:
                yield section
            section = _Section(line.removeprefix("=== "))
        elif section is not None:
            section.lines.append(line)
    if section is not None:
        yield section


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    path, old, new = "", "", ""
    for line in [*lines, "@ "]:
        if line.startswith("@ "):
            if path:
                yield Hunk(path, old, new)
            path, old, new = line.removeprefix("@ "), "", ""
        elif line.startswith("-"):
            old += line[1:] + "\n"
        elif line.startswith("+"):
            new += line[1:] + "\n"
        elif line:
            raise ValueError(f"an edit of {path} holds {line!r}")
