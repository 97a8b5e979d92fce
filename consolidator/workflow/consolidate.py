"""The staged consolidation: a green baseline, steps that are each tested, a red step rolled back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from consolidator.model import Consolidation, Finished, Stage, Status
from consolidator.wording import counted


class Workbench(Protocol):
    """The repository under work: its tests, the toolkit's commands on it, commits on a branch."""

    def test(self) -> Finished:
        """Run the project's tests."""
        ...

    def tool(self, *arguments: str) -> tuple[Finished, Mapping[str, Any]]:
        """Run a command of this toolkit on ROOT with `--format json`; its end and its document."""
        ...

    def head(self) -> str:
        """Hash of the present commit."""
        ...

    def commit(self, message: str) -> str:
        """Commit what changed in tracked files; the new hash, or the present one."""
        ...

    def rollback(self, commit: str) -> None:
        """Bring branch and tree back to a commit."""
        ...

    def add(self, path: str) -> None:
        """Make a new file part of the next commit."""
        ...

    def choose_moves(self, kept: Collection[int] | None) -> None:
        """Let the plan have only the moves of these indices from now on; None for all again."""
        ...


BASELINE = ".consolidator-baseline.json"
"""What the guard freezes in ROOT at the end, so that CI notices each emission that goes."""
ANNOUNCED = 8
"""Details of a stage that are announced; the report has them all."""
WEAK = ("broken", "at-risk")
"""Statuses of an integration point that somebody has to look at."""

OWN = "own-module"
"""Kind of what a legacy module does with its own definitions, which follows when those are deleted."""
_REWRITES: tuple[str, ...] = ("imports", "calls")

Announce = Callable[[str], None]
Step = Callable[[str], Stage]


class Consolidator:
    """Runs the stages in order; after one that fails, the rest is `not run`.

    `surveys` are stages that only look; they come between the baseline and the audit. `moves` names
    the plan's moves in order: with them, a rewrite that turns the tests red is bisected.
    """

    def __init__(
        self,
        bench: Workbench,
        announce: Announce,
        surveys: Sequence[tuple[str, Step]] = (),
        moves: Sequence[str] = (),
    ) -> None:
        self._bench = bench
        self._announce = announce
        self._surveys = surveys
        self._moves = moves
        self._omissions: list[Mapping[str, Any]] = []
        self._events: list[Mapping[str, Any]] = []
        self._base = ""
        self._rewrites = _REWRITES

    def run(self, root: str, branch: str, base: str) -> Consolidation:
        """Every stage in order, on a branch that starts at the commit `base`."""
        self._base = base
        stages: list[Stage] = []
        for title, step in self._steps():
            if stages and stages[-1].status in ("failed", "rolled back", "not run"):
                stages.append(Stage(step.__name__.strip("_"), title, "not run"))
                continue
            self._announce(title)
            stages.append(step(title))
            self._announce(f"  {stages[-1].status}: {stages[-1].summary}")
            for detail in stages[-1].details[:ANNOUNCED]:
                self._announce(f"    {detail}")
        return Consolidation(
            root, branch, base, tuple(stages), tuple(self._omissions), tuple(self._events)
        )

    def _steps(self) -> Iterator[tuple[str, Step]]:
        yield "Baseline: the tests before anything is touched", self._baseline
        yield from self._surveys
        yield "Audit: what this plan would break", self._audit
        yield (
            "Rewrite: every import and every call onto the new classes, then the tests",
            self._rewrite,
        )
        yield "Delete: what nothing refers to any more, then the tests", self._delete
        yield "Hierarchy: no class that CPython would refuse", self._hierarchy
        yield "Guard: the critical events still reach a transport", self._guard

    def _baseline(self, title: str) -> Stage:
        tests = self._bench.test()
        if tests.code:
            summary = f"the tests are red before anything was touched (exit {tests.code})"
            return Stage("baseline", title, "failed", summary, _tail(tests))
        return Stage("baseline", title, "ok", last_line(tests.output))

    def _audit(self, title: str) -> Stage:
        finished, document = self._bench.tool("audit")
        if finished.code > 1:
            return broken("audit", title, finished)
        missing = document.get("missing_members", ())
        weak = [p for p in document.get("points", ()) if p["status"] in WEAK]
        conflicts = document.get("signature_conflicts", ())
        adapted = sum(bool(conflict.get("adapted")) for conflict in conflicts)
        summary = (
            f"{counted(len(missing), 'missing member')}, {counted(adapted, 'call')} to adapt, "
            f"{len(conflicts) - adapted} that can't be adapted, "
            f"{counted(len(weak), 'integration point')} broken or at risk"
        )
        details = tuple(f"{p['id']}: {p['status']}" for p in document.get("points", ()))
        return Stage("audit", title, "findings" if finished.code else "ok", summary, details)

    def _rewrite(self, title: str) -> Stage:
        before = self._bench.head()
        stage, omissions = self._rewritten(title)
        if stage.status == "rolled back" and any(o["kind"] == OWN for o in omissions or ()):
            self._announce(
                "  tests are red, and legacy modules use what they define: deleting it too"
            )
            self._rewrites = (*_REWRITES, "delete")
            stage, omissions = self._rewritten(title)
        self._omissions += omissions or ()
        if stage.status == "rolled back" and omissions is not None and len(self._moves) > 1:
            culprits = self._culprits(before)
            details = (f"green without: {culprits}", *stage.details)
            return Stage(stage.name, title, stage.status, f"{stage.summary} ({culprits})", details)
        return stage

    def _rewritten(self, title: str) -> tuple[Stage, list[Mapping[str, Any]] | None]:
        """The stage, rolled back if its tests are red, and what was left and listed; None if a command
        failed, so that nothing was tested."""
        before = self._bench.head()
        omissions: list[Mapping[str, Any]] = []
        changed = 0
        for kind in self._rewrites:
            finished, document = self._bench.tool("migrate", kind, "--apply")
            if "changed" not in document:
                self._bench.rollback(before)
                return broken("rewrite", title, finished, "rolled back"), None
            omissions += document.get("omissions", ())
            changed += len(document["changed"])
        left = f"{counted(len(omissions), 'reference')} left and listed"
        return self._tested("rewrite", title, f"{counted(changed, 'file edit')}, {left}"), omissions

    def _culprits(self, before: str) -> str:
        """The moves without any one of which the tests are green; the whole plan is known to be red.

        Bisection over prefixes names a candidate in few runs. Moves need one another, so it counts
        only if the plan is green without it; else each move is left out in turn.
        """
        self._announce("  tests are red: looking for the move without which they are green")
        every = range(len(self._moves))
        green, red = 0, len(every)
        while red - green > 1:
            middle = (green + red) // 2
            if self._is_green(range(middle), before):
                green = middle
            else:
                red = middle
        found = [index for index in (red - 1,) if self._is_green_without(index, before)]
        if not found:
            found = [index for index in every if self._is_green_without(index, before)]
        self._bench.choose_moves(None)
        return ", ".join(self._moves[index] for index in found) or "no single move"

    def _is_green_without(self, index: int, before: str) -> bool:
        return self._is_green([i for i in range(len(self._moves)) if i != index], before)

    def _is_green(self, kept: Collection[int], before: str) -> bool:
        self._bench.choose_moves(kept)
        documents = [self._bench.tool("migrate", kind, "--apply")[1] for kind in self._rewrites]
        applied = all("changed" in document for document in documents)
        green = applied and self._bench.test().code == 0
        self._bench.rollback(before)
        return green

    def _delete(self, title: str) -> Stage:
        finished, document = self._bench.tool("migrate", "delete", "--apply")
        if "changed" not in document:
            self._bench.rollback(self._bench.head())
            return broken("delete", title, finished, "rolled back")
        blocked = document.get("omissions", ())
        summary = f"{counted(len(document['changed']), 'file')} emptied of legacy code or removed"
        if blocked:
            summary += f", {len(blocked)} references keep the rest"
        details = tuple(f"{o['path']}:{o['line']}: {o['why']}" for o in blocked)
        stage = self._tested("delete", title, summary)
        if stage.status == "rolled back" or not blocked:
            return stage
        return replace(stage, status="findings", details=(*stage.details, *details))

    def _tested(self, name: str, title: str, summary: str) -> Stage:
        # Committed before the tests run, so that what they leave behind is never part of it.
        before = self._bench.head()
        commit = self._bench.commit(f"consolidator: {name}: {summary}")
        tests = self._bench.test()
        if tests.code:
            self._bench.rollback(before)
            red = f"tests red after: {summary}"
            return Stage(name, title, "rolled back", red, _tail(tests))
        worse = self._worse_than(before)
        status: Status = "findings" if worse else "ok"
        return Stage(name, title, status, f"{summary}; {last_line(tests.output)}", worse, commit)

    def _worse_than(self, commit: str) -> tuple[str, ...]:
        """What the audit finds now and did not find at an earlier commit, a line each."""
        finished, document = self._bench.tool("audit", "--since", commit)
        if finished.code > 1:
            return (f"the audit could not be compared: exit {finished.code}",)
        return tuple(_audit_lines(document)) if finished.code else ()

    def _hierarchy(self, title: str) -> Stage:
        finished, document = self._bench.tool("mro-report")
        if finished.code > 1:
            return broken("hierarchy", title, finished)
        errors = document.get("errors", ())
        summary = (
            f"{len(document.get('classes', ()))} classes, {len(errors)} that CPython would refuse"
        )
        details = tuple(f"{e['path']}:{e['line']}: {e['message']}" for e in errors)
        return Stage("hierarchy", title, "findings" if errors else "ok", summary, details)

    def _guard(self, title: str) -> Stage:
        finished, document = self._bench.tool("guard")
        if finished.code > 1:
            return broken("guard", title, finished)
        self._events += document.get("events", ())
        ok = sum(event["status"] == "ok" for event in self._events)
        summary = f"{ok} of {len(self._events)} events alive"
        status: Status = "ok"
        if finished.code:
            _, compared = self._bench.tool("guard", "--since", self._base)
            # Functions that sent an event were deleted on purpose; an event that went with them is `lost`.
            meant = ("emission-gone", "way-broken")
            found = compared.get("findings", ())
            worse = [f for f in found if f["rule"] not in meant and not f["baseline"]]
            if worse or not compared:
                return Stage("guard", title, "failed", summary, _finding_lines(compared))
            status, summary = "findings", f"{summary}, as before"
        details = _finding_lines(document)
        self._bench.tool("guard", "--update-baseline")
        self._bench.add(BASELINE)
        commit = self._bench.commit("consolidator: guard: freeze which functions send which events")
        return Stage("guard", title, status, f"{summary}; frozen in {BASELINE}", details, commit)


def broken(name: str, title: str, finished: Finished, status: Status = "failed") -> Stage:
    """A stage whose command could not do its work, with the end of what it said."""
    lines = (finished.errors or finished.output).strip().splitlines()
    return Stage(name, title, status, f"exit {finished.code}", tuple(lines[-ANNOUNCED:]))


def _audit_lines(document: Mapping[str, Any]) -> Iterator[str]:
    for missing in document.get("missing_members", ()):
        callers = len(missing["used_by"])
        yield f"missing: {missing['legacy']}.{missing['member']}, used in {callers} places"
    for conflict in document.get("signature_conflicts", ()):
        if not conflict.get("adapted"):
            yield f"{conflict['path']}:{conflict['line']}: {conflict['member']}: {conflict['why']}"
    for shrunk in document.get("shrunk_bodies", ()):
        yield f"{shrunk['path']}:{shrunk['line']}: {shrunk['canonical']}: {shrunk['why']}"
    for mixed in document.get("mixed_identifiers", ()):
        yield f"{mixed['path']}:{mixed['line']}: {mixed['why']}"
    for point in document.get("points", ()):
        if point["status"] in WEAK:
            yield f"{point['id']}: {point['status']}"


def _finding_lines(document: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{f['path']}:{f['line']}: {f['rule']}: {f['message']}"
        for f in document.get("findings", ())
    )


def _tail(finished: Finished, lines: int = 30) -> tuple[str, ...]:
    return tuple(f"{finished.output}\n{finished.errors}".strip().splitlines()[-lines:])


def last_line(output: str) -> str:
    """The last line that says something: where test runners print their verdict."""
    lines = [line.strip(" =") for line in output.splitlines() if line.strip(" =")]
    return lines[-1] if lines else ""
