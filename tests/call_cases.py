"""A small backend with a legacy manager, and the class that takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from codemods.outcome import Omission
from consolidator.plan import Plan, parse_plan

LEGACY = """
    class Manager:
        def __init__(self, limit=10): self.active = {}
        async def send(self, user: str, text: dict): ...
        async def push(self, text: str, user_id: str): ...
        def count(self): ...
        async def close(self): ...
        def connect(self, user_id, socket, thread_id=None): ...
        async def gone(self, user_id): ...

    class Emitter:
        def __init__(self, user_id: str, manager: Manager): ...
        async def thinking(self, thought, step=None): ...
        async def paired(self, one, two): ...

    class Lease:
        def __enter__(self): return self
        def __exit__(self, *error): ...

    class AsyncLease:
        async def __aenter__(self): return self
        async def __aexit__(self, *error): ...

    def get_manager() -> Manager: ...
"""

NEW = """
    class Unified:
        def __init__(self, *, journal=None): self.connections = {}
        async def deliver(self, user_id: str, message: dict): ...
        async def push(self, user_id: str, text: str): ...
        async def total(self): ...
        def close(self): ...
        async def connect(self, user_id, socket, *, thread_id=None): ...

    class UnifiedEmitter:
        def __init__(self, manager, context): ...
        @classmethod
        def for_run(cls, *, manager, user_id): ...
        async def emit_thinking(self, data): ...
        async def emit_pair(self, two, one, /): ...

    class UnifiedLease:
        async def __aenter__(self): return self
        async def __aexit__(self, *error): ...

    class PlainLease:
        def __enter__(self): return self
        def __exit__(self, *error): ...

    def manager() -> Unified: ...
"""

PLAN = """
    [[move]]
    from = "app.legacy.Manager"
    to = "app.new.Unified"
    methods = { send = "deliver", count = "total" }
    attributes = { active = "connections" }

    [[move]]
    from = "app.legacy.Emitter"
    to = "app.new.UnifiedEmitter"
    [move.calls]
    __init__ = "for_run(manager=$manager, user_id=$user_id)"
    thinking = "emit_thinking({'reasoning': $thought})"
    paired = "emit_pair($two, $one)"

    [[move]]
    from = "app.legacy.Lease"
    to = "app.new.UnifiedLease"

    [[move]]
    from = "app.legacy.AsyncLease"
    to = "app.new.PlainLease"

    [[move]]
    from = "app.legacy.get_manager"
    to = "app.new.manager"
"""


@dataclass(frozen=True)
class Result:
    text: str
    omissions: tuple[Omission, ...]

    @property
    def kinds(self) -> list[str]:
        return [omission.kind for omission in self.omissions]


def plan_of(text: str) -> Plan:
    return parse_plan(dedent(text), "consolidation.toml")
