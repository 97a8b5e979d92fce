"""A small backend whose every call leaves a trace, the class that takes its place, and their plan.

Both sides record a call in the same words, so that what a program does is the same trace before and
after its calls were adapted.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TRACE = """
    CALLS = []
    def record(op, **arguments): CALLS.append((op, arguments))
"""

LEGACY = """
    from app.trace import record

    class Manager:
        level = 1
        def __init__(self, limit: int = 10, owner: str = "nobody"):
            record("make", limit=limit, owner=owner)
            self.active = {}
        async def send(self, user: str, text: dict): record("send", user=user, text=text)
        async def push(self, text: str, user_id: str): record("push", text=text, user=user_id)
        def count(self): record("count"); return 3
        async def close(self): record("close")
        def announce(self, text, loud=False): record("announce", text=text, loud=loud)
        def drop(self, user_id, reason="left"): record("drop", user=user_id)
        def plain(self, a, b=2, *rest, **more): record("plain", a=a, b=b, rest=rest, more=more)
        @staticmethod
        def key(user_id): record("key", user=user_id); return user_id
        @classmethod
        def build(cls, owner: str): return cls(owner=owner)
        @property
        def size(self): record("size"); return 1
        def __enter__(self): record("enter"); return self
        def __exit__(self, *error): record("exit")
        def gone(self): record("gone")
        def ping(self): return self._ping()
        async def _ping(self): record("ping")

    class Lease:
        async def __aenter__(self): record("lease"); return Manager()
        async def __aexit__(self, *error): record("unlease")

    def get_manager() -> Manager: return Manager()
    async def make_manager() -> Manager: return Manager()
    def notify(user: str, text: str): record("notify", user=user, text=text)
"""

NEW = """
    from app.trace import record

    class Unified:
        level = 1
        def __init__(self, *, owner: str = "nobody", capacity: int = 10):
            record("make", limit=capacity, owner=owner)
            self.connections = {}
        async def deliver(self, user_id: str, message: dict): record("send", user=user_id, text=message)
        async def push(self, user_id: str, text: str): record("push", text=text, user=user_id)
        async def total(self): record("count"); return 3
        def close(self): record("close")
        async def ping(self): record("ping")
        def broadcast(self, body, urgent=False): record("announce", text=body["text"], loud=urgent)
        def remove(self, user_id): record("drop", user=user_id)
        def simple(self, a, b=2, *rest, **more): record("plain", a=a, b=b, rest=rest, more=more)
        @staticmethod
        def key_for(user_id): record("key", user=user_id); return user_id
        @classmethod
        def create(cls, owner: str): return cls(owner=owner)
        @property
        def extent(self): record("size"); return 1
        async def __aenter__(self): record("enter"); return self
        async def __aexit__(self, *error): record("exit")

    class UnifiedLease:
        async def __aenter__(self): record("lease"); return Unified()
        async def __aexit__(self, *error): record("unlease")

    def manager() -> Unified: return Unified()
    async def new_manager() -> Unified: return Unified()
    def tell(text: str, user: str): record("notify", user=user, text=text)
"""

PLAN = """
    [[move]]
    from = "app.legacy.Manager"
    to = "app.new.Unified"
    methods = { send = "deliver", count = "total", plain = "simple", key = "key_for", build = "create" }
    attributes = { active = "connections", size = "extent" }
    [move.calls]
    __init__ = "(owner=$owner, capacity=$limit)"
    announce = "broadcast({'text': $text}, urgent=$loud)"
    drop = "remove($user_id)"
    [[move]]
    from = "app.legacy.Lease"
    to = "app.new.UnifiedLease"
    [[move]]
    from = "app.legacy.get_manager"
    to = "app.new.manager"
    [[move]]
    from = "app.legacy.make_manager"
    to = "app.new.new_manager"
    [[move]]
    from = "app.legacy.notify"
    to = "app.new.tell"
"""

IMPORTS = "from app.legacy import Manager, Lease, get_manager, make_manager, notify\n"
Trace = list[tuple[str, dict[str, Any]]]


def tree(use: str, more: dict[str, str]) -> dict[str, str]:
    """The files of a program that uses the legacy class."""
    return {
        "app/__init__.py": "",
        "app/trace.py": TRACE,
        "app/legacy.py": LEGACY,
        "app/new.py": NEW,
        "app/use.py": f"{IMPORTS}{use}",
        **more,
    }


def execute(root: Path) -> Trace:
    """Import `app.use` below `root` and run its `main`; the calls that it made."""
    with _importing(root):
        result = importlib.import_module("app.use").main()
        if asyncio.iscoroutine(result):
            asyncio.run(result)
        return list(sys.modules["app.trace"].CALLS)


@contextmanager
def _importing(root: Path) -> Iterator[None]:
    _forget()
    sys.path.insert(0, str(root))
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        sys.path.remove(str(root))
        _forget()


def _forget() -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "app"]:
        del sys.modules[name]
