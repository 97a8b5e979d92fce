"""Runs the guard on small projects."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from trees import tree_of, write_tree

from consolidator.adapters.bodies import bodies_reader
from consolidator.adapters.environment import environment_of
from consolidator.analysis.baseline import Baseline, baseline_of
from consolidator.analysis.emissions.report import GuardReport
from consolidator.plan import GuardSettings
from consolidator.workflow.guard import guard

_ENDPOINT = """
import asyncio
import enum
import functools
import threading
import weakref
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar, Generic, TypeVar, cast
import msgspec
from asgiref.sync import async_to_sync
from fastapi import BackgroundTasks, FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ws")
async def endpoint(websocket: WebSocket):
    await websocket.accept()
    await answer(websocket)


"""


class Project:
    """A folder that the guard is asked about again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.baseline: Baseline | None = None

    def write(self, files: dict[str, str | bytes]) -> Project:
        write_tree(self.root, files)
        return self

    def write_answer(self, source: str) -> Project:
        """`app.py`: a FastAPI endpoint that awaits the `answer(websocket)` of this source."""
        return self.write({"app.py": _ENDPOINT + dedent(source)})

    def replace(self, path: str, old: str, new: str) -> Project:
        """Change one text of a file, which must be there exactly once."""
        source = (self.root / path).read_text("utf-8")
        assert source.count(old) == 1, f"{old!r} occurs {source.count(old)} times in {path}"
        (self.root / path).write_text(source.replace(old, new), "utf-8")
        return self

    def freeze(self, *events: str) -> Project:
        """Accept the present state as the baseline."""
        self.baseline = None
        report = self.guard(*events)
        self.baseline = baseline_of(report)
        return self

    def guard(self, *events: str) -> GuardReport:
        return guard(
            tree_of(self.root),
            GuardSettings(events) if events else GuardSettings(),
            find_package=environment_of(self.root, cache=False).find,
            bodies=bodies_reader(1, cache=False),
            baseline=self.baseline,
            baseline_path="baseline.json",
        )

    def status(self, event: str = "agent_started") -> str:
        """The status of one event."""
        (report,) = self.guard(event).events
        return report.status

    def rules(self, *events: str) -> list[str]:
        """The rules of the findings that fail."""
        return [problem.rule for problem in self.guard(*events).failing]

    def sites(self, event: str = "agent_started") -> dict[str, tuple[str, str]]:
        """Form and reach of each site, by `path:line`."""
        (report,) = self.guard(event).events
        return {f"{s.path}:{s.line}": (s.form, s.reachable) for s in report.sites}

    def why(self, event: str = "agent_started") -> str:
        """Why the sites of an event do not reach a socket, one a line."""
        (report,) = self.guard(event).events
        return "\n".join(site.why for site in report.sites if site.reachable != "true")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
