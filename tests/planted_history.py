"""Repositories whose every fix is known: forks of a class that are fixed, moved, split, swept and merged.

A class is rendered from the set of fixes it has, so the truth about each fix is known by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from repositories import RepositoryBuilder

METHODS = {
    "connect": (
        "async def connect(self, user_id, socket):\n    await socket.accept()\n    self.sockets[user_id] = socket",
        "async def connect(self, user_id, socket):\n    await socket.accept()\n    async with self.lock:\n        self.sockets[user_id] = socket",
    ),
    "disconnect": (
        "async def disconnect(self, user_id):\n    socket = self.sockets[user_id]\n    del self.sockets[user_id]\n    await socket.close()",
        "async def disconnect(self, user_id):\n    socket = self.sockets.pop(user_id, None)\n    if socket is None:\n        return\n    await socket.close()",
    ),
    "send": (
        "async def send(self, user_id, message):\n    socket = self.sockets[user_id]\n    await socket.send_text(json.dumps(message))\n    self.sent += 1",
        "async def send(self, user_id, message):\n    socket = self.sockets[user_id]\n    await socket.send_text(json.dumps(message, default=str))\n    self.sent += 1",
    ),
    "broadcast": (
        "async def broadcast(self, message):\n    for user_id in self.sockets:\n        await self.send(user_id, message)",
        "async def broadcast(self, message):\n    for user_id in list(self.sockets):\n        await self.send(user_id, message)",
    ),
    "receive": (
        "async def receive(self, user_id):\n    socket = self.sockets[user_id]\n    return await socket.receive_text()",
        "async def receive(self, user_id):\n    socket = self.sockets[user_id]\n    return await asyncio.wait_for(socket.receive_text(), self.patience)",
    ),
    "notify": (
        "async def notify(self, user_id, event):\n    body = {'type': event}\n    self.send(user_id, body)",
        "async def notify(self, user_id, event):\n    body = {'type': event}\n    await self.send(user_id, body)",
    ),
    "history": (
        "def history(self, user_id, run_id):\n    kept = self.events.get(run_id)\n    return kept or []",
        "def history(self, user_id, run_id):\n    kept = self.events.get((user_id, run_id))\n    return kept or []",
    ),
    "remember": (
        "def remember(self, user_id, event):\n    queue = self.pending.setdefault(user_id, [])\n    queue.append(event)",
        "def remember(self, user_id, event):\n    queue = self.pending.setdefault(user_id, [])\n    if len(queue) >= self.max_pending:\n        queue.pop(0)\n    queue.append(event)",
    ),
    "flush": (
        "async def flush(self, user_id):\n    try:\n        await self.write(user_id)\n    except Exception:\n        return False\n    return True",
        "async def flush(self, user_id):\n    try:\n        await self.write(user_id)\n    except ConnectionError:\n        return False\n    return True",
    ),
    "write": (
        "async def write(self, user_id):\n    queue = self.pending[user_id]\n    self.pending[user_id] = []\n    await self.sockets[user_id].send_many(queue)",
        "async def write(self, user_id):\n    queue = self.pending[user_id]\n    await self.sockets[user_id].send_many(queue)\n    self.pending[user_id] = []",
    ),
}
HEADER = "import asyncio\nimport json\n\n\n"
SETUP = (
    "    def __init__(self):\n        self.sockets = {}\n        self.pending = {}\n        self.events = {}\n"
    "        self.sent = 0\n        self.patience = 30\n        self.max_pending = 100\n"
    "        self.lock = asyncio.Lock()\n"
)


@dataclass
class Copy:
    path: str
    name: str
    methods: list[str]
    fixes: set[str] = field(default_factory=set)
    logs: int = 0
    extras: int = 0
    split: str | None = None
    """Where its last methods went: the path of a mixin."""
    alien: str = "value"

    @property
    def qualname(self) -> str:
        return f"{self.path[:-3].replace('/', '.')}.{self.name}"

    @property
    def mixin(self) -> str:
        return f"{(self.split or '')[:-3].replace('/', '.')}.{self.name}Base"

    def home_of(self, method: str) -> str:
        return self.mixin if self.split and method in self._moved() else self.qualname

    def _moved(self) -> list[str]:
        return self.methods[-3:] if self.split else []

    def files(self) -> dict[str, str | bytes | None]:
        base = f"({self.name}Base)" if self.split else ""
        own = [name for name in self.methods if name not in self._moved()]
        text = f"{HEADER}class {self.name}{base}:\n{SETUP}{self._bodies(own)}"
        for number in range(self.extras):
            text += f"\n    def extra_{number}(self, {self.alien}):\n        return {self.alien} * {number} + self.sent\n"
        if self.logs:
            text = text.replace(
                "    await socket.accept()",
                "    logger.info('new')\n        await socket.accept()".replace(
                    "\n        ", "\n        "
                ),
                1,
            )
        if not self.split:
            return {self.path: text}
        mixin = f"{HEADER}class {self.name}Base:\n{self._bodies(self._moved())}"

        return {self.path: text, self.split: mixin}

    def _bodies(self, methods: list[str]) -> str:
        texts = (METHODS[name][name in self.fixes] for name in methods)
        return "".join(
            "\n" + "".join(f"    {line}\n" for line in text.splitlines()) for text in texts
        )


@dataclass(frozen=True)
class Truth:
    """What is known about one commit."""

    subject: str
    fixes: frozenset[str]
    """Methods that it fixed."""
    again: str = ""
    """The subject of the commit that brought the same change elsewhere: one of the two is the fix."""


@dataclass
class Planted:
    directory: Path
    commits: list[Truth]
    copies: list[Copy]

    def lives_in(self, truth: Truth) -> set[str]:
        return {
            copy.home_of(fix) for copy in self.copies for fix in truth.fixes if fix in copy.fixes
        }

    def missing_from(self, truth: Truth) -> set[str]:
        lacking = {
            copy.home_of(fix)
            for copy in self.copies
            for fix in truth.fixes
            if fix in copy.methods and fix not in copy.fixes
        }
        return lacking - self.lives_in(truth)


def plant(directory: Path, seed: int, steps: int = 40) -> Planted:
    """A repository of three forks, the same for the same seed."""
    return _Planter(directory, Random(seed)).plant(steps)


class _Planter:
    def __init__(self, directory: Path, random: Random) -> None:
        names = list(METHODS)
        self.random = random
        self.builder = RepositoryBuilder(directory)
        self.copies = [
            Copy(
                f"app/{folder}/websocket_{name.lower()}.py",
                f"{name}Manager",
                random.sample(names, 8),
            )
            for folder, name in (("a", "User"), ("b", "Thread"), ("c", "Admin"))
        ]
        self.commits: list[Truth] = []
        self.last: tuple[Copy, str, str] | None = None

    def plant(self, steps: int) -> Planted:
        self.write("start", {}, *self.copies)
        actions: list[Callable[[Copy], None]] = [
            *[self.fix] * 6,
            self.squash,
            self.sweep,
            self.port,
            self.merge,
            self.rename_class,
            self.move,
            self.split,
            self.revert,
            self.log,
            self.feature,
            self.pick,
            self.docs,
            self.rename_and_fix,
        ]
        for _ in range(steps):
            self.random.choice(actions)(self.random.choice(self.copies))
        self.builder.write()
        return Planted(self.builder.directory, self.commits, self.copies)

    def write(
        self,
        subject: str,
        extra: dict[str, str | bytes | None],
        *copies: Copy,
        fixes: tuple[str, ...] = (),
        body: str = "",
        parents: tuple[int, ...] | None = None,
        time: int | None = None,
    ) -> int:
        number = len(self.commits) + 1
        subject = subject if subject.startswith("Revert") else f"{subject} {number}"
        files = {path: text for copy in copies for path, text in copy.files().items()}
        mark = self.builder.commit(subject + body, extra | files, parents=parents, time=time)
        self.commits.append(Truth(subject, frozenset(fixes)))
        return mark

    def open_fixes(self, copy: Copy, count: int) -> tuple[str, ...]:
        free = [name for name in copy.methods if name not in copy.fixes]
        return tuple(self.random.sample(free, min(count, len(free))))

    def fix(
        self, copy: Copy, extra: dict[str, str | bytes | None] | None = None, count: int = 1
    ) -> None:
        chosen = self.open_fixes(copy, count)
        if chosen:
            copy.fixes |= set(chosen)
            self.write(
                self.random.choice(["a", "improve logging", "wip"]), extra or {}, copy, fixes=chosen
            )
            self.last = (copy, chosen[0], self.commits[-1].subject) if count == 1 else None

    def squash(self, copy: Copy) -> None:
        self.fix(copy, count=2)

    def sweep(self, copy: Copy) -> None:
        number = len(self.commits)
        self.fix(
            copy, {f"app/parts/part{n}.py": f"import os\nx = {number + n}\n" for n in range(60)}
        )

    def port(self, copy: Copy) -> None:
        known = sorted({fix for other in self.copies for fix in other.fixes} - copy.fixes)
        chosen = [fix for fix in known if fix in copy.methods][:1]
        if chosen:
            copy.fixes |= set(chosen)
            self.write("port", {}, copy, fixes=tuple(chosen))

    def merge(self, copy: Copy) -> None:
        base = len(self.commits)
        chosen = self.open_fixes(copy, 1)
        if chosen:
            copy.fixes |= set(chosen)
            side = self.write("side", {}, copy, fixes=chosen, parents=(base,))
            docs = self.write("docs", {f"notes{side}.md": "words\n"}, parents=(base,))
            self.write("merge", {}, copy, parents=(docs, side))
        self.last = None

    def pick(self, copy: Copy) -> None:
        base = len(self.commits)
        chosen = self.open_fixes(copy, 1)
        if chosen:
            copy.fixes |= set(chosen)
            side = self.write(
                "pick", {}, copy, fixes=chosen, parents=(base,), time=1_740_000_000 + base
            )
            self.commits[-1] = replace(self.commits[-1], again=f"again {len(self.commits) + 1}")
            again = self.write("again", {}, copy, parents=(base,), time=1_740_000_000 + base)
            self.write("merge", {}, copy, parents=(again, side))
        self.last = None

    def rename_class(self, copy: Copy) -> None:
        copy.name = f"{copy.name.rstrip('0123456789')}{len(self.commits)}"
        self.write("fix: name", {}, copy)

    def move(self, copy: Copy) -> None:
        old = copy.path
        copy.path = f"app/moved{len(self.commits)}/{old.rpartition('/')[2]}"
        self.write("fix: move", {old: None}, copy)

    def rename_and_fix(self, copy: Copy) -> None:
        old = copy.path
        copy.path = f"app/other{len(self.commits)}/{old.rpartition('/')[2]}"
        self.fix(copy, {old: None}) if self.open_fixes(copy, 1) else self.write(
            "move", {old: None}, copy
        )

    def split(self, copy: Copy) -> None:
        if copy.split is None:
            copy.split = copy.path[:-3] + "_base.py"
            self.write("fix: split", {}, copy)

    def revert(self, copy: Copy) -> None:
        if self.last is not None and self.last[1] in self.last[0].fixes:
            last, method, subject = self.last
            last.fixes.discard(method)
            self.write(f'Revert "{subject}"', {}, last)
            self.last = None

    def log(self, copy: Copy) -> None:
        copy.logs = 1 - copy.logs
        self.write("fix: logging", {}, copy)

    def feature(self, copy: Copy) -> None:
        copy.extras += 1
        self.write("more", {}, copy)

    def docs(self, copy: Copy) -> None:
        self.write("fix: words", {f"docs/websocket{len(self.commits)}.md": "words\n"})
