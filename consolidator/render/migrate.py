"""A migration as a unified diff, a summary, JSON and Markdown."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from codemods.outcome import Omission
from consolidator.analysis.changes import FileChange, Migration
from consolidator.tree.facts import Unreadable
from consolidator.tree.source import decode
from consolidator.wording import counted

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NO_NEWLINE = "\\ No newline at end of file\n"


def to_json(migration: Migration) -> dict[str, Any]:
    """The keys of the contract."""
    return {
        "changed": [
            {"path": change.path, "edits": change.edits, "kinds": dict(change.kinds)}
            for change in migration.changes
        ],
        "omissions": [
            {
                "path": omission.path,
                "line": omission.line,
                "column": omission.column,
                "text": omission.text,
                "kind": omission.kind,
                "why": omission.why,
            }
            for omission in migration.omissions
        ],
        "already_broken": [
            {"path": b.path, "line": b.line, "module": b.module, "name": b.name}
            for b in migration.already_broken
        ],
    }


def to_diff(changes: Iterable[FileChange]) -> str:
    """A unified diff that `git apply` takes (for files in UTF-8)."""
    return "".join(line for change in changes for line in _diff(change))


def _diff(change: FileChange) -> Iterator[str]:
    old, new = _lines(change.before), _lines(change.after or b"")
    names = (f"a/{change.path}", f"b/{change.path}" if change.after is not None else "/dev/null")
    for line in difflib.unified_diff(old, new, *names):
        if line.endswith(("\n", "\r")):
            yield line
        else:
            yield f"{line}\n{_NO_NEWLINE}"


def _lines(data: bytes) -> list[str]:
    source = decode(data)
    text = data.decode("latin-1") if isinstance(source, Unreadable) else source.text
    return _LINE.findall(text)


def to_text(migration: Migration, *, applied: bool) -> str:
    """Counts, then every reference that stays, by file."""
    kinds = _kinds(migration.changes)
    edits = sum(kinds.values())
    verb = "changed" if applied else "would change"
    files = counted(len(migration.changes), "file")
    lines = [f"{files} {verb}, {counted(edits, 'edit')}"]
    lines += (f"  {count:6} {kind}" for kind, count in kinds.items())
    lines.append(f"{counted(len(migration.omissions), 'reference')} left for you")
    lines += _listed(migration.omissions)
    if broken := len(migration.already_broken):
        were = "was" if broken == 1 else "were"
        lines.append(f"{counted(broken, 'import')} {were} already broken")
    lines += (f"skipped {s.path}:{s.line}: {s.reason}" for s in migration.skipped)
    return "\n".join(lines) + "\n"


_MANY = 5
"""From so many references on that are left for one reason, the reason is said once."""


def _listed(omissions: Sequence[Omission]) -> Iterator[str]:
    """References in the order of files, then those that share their reason, most common first. One that
    a file repeats has one line, with all its places."""
    counts = Counter((omission.kind, omission.why) for omission in omissions)
    places: dict[tuple[str, str, str, str], list[str]] = {}
    for o in omissions:
        key = (o.path, o.text, o.kind, o.why)
        places.setdefault(key, []).append(f"{o.line}:{o.column + 1}")
    lines = {key: f"{key[0]}:{', '.join(found)}: {key[1]}" for key, found in places.items()}
    for (_, _, kind, why), line in lines.items():
        if counts[kind, why] < _MANY:
            yield f"  {line} [{kind}] {why}"
    for reason, count in counts.most_common():
        if count >= _MANY:
            yield f"  {count} x [{reason[0]}] {reason[1]}"
            yield from (f"    {line}" for key, line in lines.items() if key[2:] == reason)


def to_markdown(migration: Migration, *, applied: bool) -> str:
    """The summary as a page: what changed, what stays and why."""
    verb = "Changed" if applied else "Would change"
    lines = ["# Migration", "", f"{verb} {counted(len(migration.changes), 'file')}.", ""]
    lines += _table(
        ("file", "edits", "kinds"),
        (
            (f"`{c.path}`", str(c.edits), ", ".join(f"{k} {n}" for k, n in c.kinds.items()))
            for c in migration.changes
        ),
    )
    lines += ["## References that stay", ""]
    lines += _table(
        ("place", "reference", "kind", "why"),
        (
            (f"`{o.path}:{o.line}`", f"`{_cell(o.text)}`", o.kind, _cell(o.why))
            for o in migration.omissions
        ),
    )
    lines += ["## Imports that were broken before", ""]
    lines += _table(
        ("place", "module", "name"),
        ((f"`{b.path}:{b.line}`", f"`{b.module}`", b.name) for b in migration.already_broken),
    )
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return ["None.", ""]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _kinds(changes: Iterable[FileChange]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for change in changes:
        total.update(change.kinds)
    return dict(sorted(total.items()))
