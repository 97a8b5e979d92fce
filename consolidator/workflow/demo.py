"""The demo: the bundled legacy backend consolidated, and the guard put to the proof at the end."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from consolidator.model import Consolidation, Finished, Stage
from consolidator.plan import PLAN_NAME
from consolidator.workflow.consolidate import Announce, Consolidator, Step, Workbench, broken
from consolidator.workflow.survey import surveys

BRANCH = "consolidator/run"
PAGES = {
    "hierarchy.html": ("mro-report", "--match", "*WebSocket*"),
    "duplicates.html": ("duplicates",),
    "extraction_report_websocket.md": ("extract", "--match", "websocket"),
    "audit.md": ("audit",),
}
"""Reports on the legacy backend, written before anything moves."""


class DemoBench(Workbench, Protocol):
    """A workbench that can also write a report to a file."""

    def page(self, target: Path, *arguments: str) -> Finished:
        """Write a command's report to `target`, in the format of its suffix."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """One emission that was taken out, and whether the guard noticed."""

    event: str
    path: str
    line: int
    noticed: bool


@dataclass(frozen=True, slots=True)
class Demo:
    """Consolidates `backend`, which is on its branch already, and writes to the folder `report`."""

    bench: DemoBench
    backend: Path
    report: Path
    reviewed_plan: str
    announce: Announce

    def consolidate(self, base: str) -> Consolidation:
        """The staged consolidation, with a drafted and then the reviewed plan."""
        looks: Sequence[tuple[str, Step]] = [
            *surveys(self.bench, "websocket"),
            ("Plan: a draft from the duplicates, then the reviewed plan of the sample", self._plan),
            ("Reports: pages about the legacy backend", self._pages),
        ]
        return Consolidator(self.bench, self.announce, looks).run(str(self.backend), BRANCH, base)

    def _plan(self, title: str) -> Stage:
        plan = self.backend / PLAN_NAME
        finished, _ = self.bench.tool("plan")
        if not plan.exists():
            return broken("plan", title, finished)
        draft = plan.read_text("utf-8")
        (self.report / "draft-consolidation.toml").write_text(draft, "utf-8")
        plan.write_text(self.reviewed_plan, "utf-8")
        self.bench.add(PLAN_NAME)
        commit = self.bench.commit("Plan the consolidation")
        moves = self.reviewed_plan.count("[[move]]")
        summary = f"{draft.count('[[move]]')} moves drafted; the reviewed plan has {moves}"
        return Stage("plan", title, "ok", summary, (), commit)

    def _pages(self, title: str) -> Stage:
        for name, arguments in PAGES.items():
            finished = self.bench.page(self.report / name, *arguments)
            if finished.code > 1:
                return broken("pages", title, finished)
        return Stage("pages", title, "ok", ", ".join(PAGES))

    def prove_guard(self) -> Iterator[Probe]:
        """Take out each live emission, one at a time, ask the guard, and put it back."""
        _, document = self.bench.tool("guard")
        for event, path, line in live_sites(document):
            file = self.backend / path
            source = file.read_bytes()
            file.write_bytes(without_statement(source.decode(), line).encode())
            finished, _ = self.bench.tool("guard")
            file.write_bytes(source)
            yield Probe(event, path, line, noticed=finished.code == 1)


def live_sites(document: Any) -> list[tuple[str, str, int]]:
    """Event, path and line of every emission in a guard report that can run."""
    return [
        (event["event"], site["path"], site["line"])
        for event in document["events"]
        for site in event["sites"]
        if site["reachable"] is not False
    ]


def without_statement(source: str, line: int) -> str:
    """Source with the innermost statement at a line replaced by `pass`. ValueError if there is none."""
    statements = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    if not statements:
        raise ValueError(f"no statement at line {line}")
    innermost = max(statements, key=lambda node: (node.lineno, node.col_offset))
    lines = source.splitlines(keepends=True)
    first, last = innermost.lineno - 1, innermost.end_lineno or innermost.lineno
    indent = lines[first][: innermost.col_offset]
    return "".join([*lines[:first], f"{indent}pass\n", *lines[last:]])
