"""Values that pass between layers which do not know one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "findings", "failed", "rolled back", "not run"]


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended. `output` is stdout and, for tests, stderr after it."""

    code: int
    output: str
    errors: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    title: str
    status: Status
    summary: str = ""
    details: tuple[str, ...] = ()
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Consolidation:
    """What a run did, stage by stage. `ok` only if every stage ran and none went wrong."""

    root: str
    branch: str
    base: str
    stages: tuple[Stage, ...] = ()
    omissions: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()

    @property
    def ok(self) -> bool:
        return bool(self.stages) and all(s.status in ("ok", "findings") for s in self.stages)
