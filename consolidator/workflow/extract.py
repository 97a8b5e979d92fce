"""Which commits were fixes worth keeping: from a repository to a report."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import structs

from consolidator.analysis.history.accounts import Accounts
from consolidator.analysis.history.family import Member, Relation, Scope, members_of
from consolidator.analysis.history.judged import Judged, continued
from consolidator.analysis.history.kin import follow
from consolidator.analysis.history.links import with_copies, with_reverts
from consolidator.analysis.history.outline import FileOutline
from consolidator.analysis.history.records import Crossing, Edits, Kin, Log, Task, Touch
from consolidator.analysis.history.report import ExtractReport, decision
from consolidator.analysis.history.touching import task_of, touching
from consolidator.errors import UsageError
from consolidator.plan import Plan
from consolidator.tree.collector import without_collector
from consolidator.tree.facts import Skipped
from consolidator.tree.modules import Layout, find_layout
from consolidator.workflow.extract_library import Library, installed_members

DEFAULT_MATCH = "websocket"


class History(Protocol):
    """What the workflow needs of a repository; paths are ROOT's."""

    @property
    def shallow(self) -> bool: ...
    @property
    def identity(self) -> str: ...
    @property
    def boundaries(self) -> object: ...
    def head(self) -> str | None: ...
    def resolve(self, revision: str) -> str: ...
    def tree_at(self, revision: str) -> dict[str, str]: ...


class Reader(Protocol):
    """Reads a history, and the contents that it names."""

    def log(self, scope: Scope, revision: str) -> Log: ...
    def crossings(
        self, scope: Scope, questions: Sequence[Crossing]
    ) -> Sequence[tuple[Kin, ...]]: ...
    def relations(self, scope: Scope, blobs: Sequence[str]) -> Sequence[Relation]: ...
    def read(
        self,
        scope: Scope,
        tasks: Sequence[Task],
        files: Mapping[str, str],
        kin: Mapping[str, frozenset[str]],
    ) -> tuple[Iterable[Edits], Iterable[tuple[str, FileOutline]]]: ...


Kept = TypeVar("Kept")


class Cache(Protocol[Kept]):
    """Where something is kept between runs."""

    def get(self, question: str) -> Kept | None: ...
    def put(self, question: str, document: Kept) -> None: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """What to look at. Dates are ISO 8601, UTC unless they say otherwise, bounds included."""

    match: str | None = None
    """Text in paths or names; by default the plan's names, or `websocket` without any."""
    since: str | None = None
    until: str | None = None
    rev: str | None = None
    paths: tuple[str, ...] = ()
    limit: int | None = None
    """At most so many commits in the report, the newest."""


def run(
    root: Path,
    *,
    history: History,
    reader: Reader,
    selection: Selection,
    plan: Plan,
    library: Library | None = None,
    reports: Cache[ExtractReport] | None = None,
    judged: Cache[Judged] | None = None,
) -> ExtractReport:
    """Raises `UsageError` for a revision or date that means nothing.

    Classes that the plan moves to an installed package are read from `library`.
    """
    since = _moment(selection.since, "--since", end=False)
    until = _moment(selection.until, "--until", end=True)
    if history.head() is None and selection.rev is None:
        return _empty(root)
    revision = history.resolve(selection.rev or "HEAD")
    installed = installed_members(plan, library) if library else []
    question = repr(
        (str(root), revision, history.identity, history.boundaries, selection, plan, installed)
    )
    known = reports.get(question) if reports else None
    if known is not None:
        return known
    with without_collector():
        report = _mine(
            root, history, reader, revision, selection, plan, (since, until), installed, judged
        )
        gc.freeze()  # else all that was made is walked at once
    if reports and report.complete:
        reports.put(question, report)
    return report


def _mine(
    root: Path,
    history: History,
    reader: Reader,
    revision: str,
    selection: Selection,
    plan: Plan,
    dates: tuple[float, float],
    installed: list[Member],
    judged: Cache[Judged] | None,
) -> ExtractReport:
    scope = _scope(selection, plan)
    log = reader.log(scope, revision)
    tree = history.tree_at(revision)
    defining, speaking = _family_paths(scope, log.touches, tree, reader)
    kin = follow(log.touches, scope, defining, partial(reader.crossings, scope))
    paths = defining | speaking | kin.keys()
    chosen = touching(log.touches[::-1], scope, paths)
    tasks = [task_of(commit, scope, paths, kin) for commit in chosen]
    files = {path: tree[path] for path in sorted(paths & tree.keys())}
    question = repr((history.identity, scope))
    judging = continued(judged.get(question) if judged else None, chosen, tasks)
    edits, outlines = reader.read(scope, tasks[len(judging.mined) :], files, kin)
    layout = find_layout([*tree, *paths], plan.source_roots)
    members = {member.qualname: member for member in installed}
    members |= _members(outlines, layout, plan)
    ledger = Accounts(members, plan, layout)
    before = [ledger.entry(item) for item in judging.mined]
    entries = [*before, *(ledger.entry(item) for item in judging.go_on(chosen, edits))][::-1]
    mined = judging.mined
    complete = all(item.complete for item in mined)
    if judged and complete:
        judged.put(question, judging)
    entries = with_copies(mined, entries)
    entries = [
        structs.replace(entry, acknowledged=decision(entry, plan))
        for entry in with_reverts(mined, entries)
    ]
    kept = [
        entry
        for item, entry in zip(mined[::-1], entries, strict=True)
        if dates[0] <= item.commit.time <= dates[1]
    ]
    skipped = sorted({trouble for item in mined for trouble in item.troubles})
    return ExtractReport(
        root=str(root),
        revision=revision,
        files=len(paths),
        skipped=tuple(Skipped(path, 0, reason) for path, reason in skipped),
        complete=complete,
        read=log.read,
        shallow=history.shallow,
        family=tuple(sorted(ledger.classes)),
        canonical=ledger.canonical,
        commits=tuple(kept[: selection.limit]),
    )


def _moment(text: str | None, option: str, *, end: bool) -> float:
    if text is None:
        return float("inf") if end else float("-inf")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is no date (expected ISO 8601, like 2025-09-30 or 2025-09-30T12:00)"
        ) from None
    if end and len(text) <= len("2025-09-30"):
        moment = moment.replace(hour=23, minute=59, second=59)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _empty(root: Path) -> ExtractReport:
    return ExtractReport(
        root=str(root),
        revision="",
        files=0,
        skipped=(),
        read=0,
        shallow=False,
        family=(),
        canonical=(),
        commits=(),
    )


def _scope(selection: Selection, plan: Plan) -> Scope:
    ends = [name for move in plan.moves for name in (move.source, move.target)]
    names = frozenset(leaf for name in ends if (leaf := name.rpartition(".")[2]))
    match = selection.match
    if match is None:
        match = "" if names else DEFAULT_MATCH
    return Scope(match, names, selection.paths, plan.exclude)


def _family_paths(
    scope: Scope, commits: Sequence[Touch], tree: dict[str, str], reader: Reader
) -> tuple[frozenset[str], frozenset[str]]:
    """Paths that ever held a member, by their name or by what their first or last version defines; and
    those that only spoke of one."""
    last: dict[str, str] = {}
    first: dict[str, str] = {}
    for commit in commits:
        for change in commit.changes:
            if change.new and scope.admits(change.path):
                last.setdefault(change.path, change.new)
                first[change.path] = change.new
    last |= {path: blob for path, blob in tree.items() if scope.admits(path)}
    named = {path for path in last if scope.names_path(path)}
    wanted: dict[str, set[str]] = {}
    for versions in (first, last):
        for path in versions.keys() - named:
            wanted.setdefault(versions[path], set()).add(path)
    blobs = sorted(wanted)
    found: dict[Relation, set[str]] = {"defines": named, "mentions": set(), "none": set()}
    for blob, relation in zip(blobs, reader.relations(scope, blobs), strict=True):
        found[relation] |= wanted[blob]
    return frozenset(named), frozenset(found["mentions"] - named)


def _members(
    outlines: Iterable[tuple[str, FileOutline]], layout: Layout, plan: Plan
) -> dict[str, Member]:
    ends = {name for move in plan.moves for name in (move.source, move.target)}
    return {
        member.qualname: member
        for path, outline in outlines
        for member in members_of(path, outline, layout)
        if member.qualname in ends
        or any(unit.name in outline.wanted for unit in member.units.values())
    }
