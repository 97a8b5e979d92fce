"""A manager, its copy, edits that mend it, and the question what its history holds."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from consolidator.adapters.git import open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.analysis.history.report import CommitEntry, ExtractReport
from consolidator.plan import Plan
from consolidator.workflow.extract import Selection, run

HERE = "app.websocket.manager.WebSocketManager"
THERE = "app.websocket.other.WebSocketConnections"
MANAGER = dedent(
    """
    import json


    class WebSocketManager:
        def __init__(self):
            self.connections = {}
            self.counts = {}

        async def connect(self, user_id, websocket):
            await websocket.accept()
            self.connections[user_id] = websocket
            self.counts[user_id] = 0

        async def disconnect(self, user_id):
            del self.connections[user_id]

        async def send(self, user_id, message):
            websocket = self.connections[user_id]
            await websocket.send_text(json.dumps(message))
            self.counts[user_id] += 1

        async def broadcast(self, message):
            for user_id in self.connections:
                await self.send(user_id, message)
    """
).lstrip()
HUB = dedent(
    """
    class WebSocketHub:
        def __init__(self):
            self.rooms = {}
            self.sent = 0

        async def join_room(self, room, client):
            await client.accept()
            self.rooms.setdefault(room, []).append(client)

        async def leave_room(self, room, client):
            self.rooms[room].remove(client)

        async def publish(self, room, payload):
            frame = encode({"room": room, **payload})
            for client in self.rooms[room]:
                await client.send_text(frame)
            self.sent += 1
    """
).lstrip()

GUARD = ("        del self.connections[user_id]", "        self.connections.pop(user_id, None)")
LOCKED = (
    "        websocket = self.connections[user_id]\n        await websocket.send_text(json.dumps(message))",
    "        async with self.lock_of(user_id):\n            websocket = self.connections[user_id]\n"
    "            await websocket.send_text(json.dumps(message))",
)
COPIED = (
    "        for user_id in self.connections:",
    "        for user_id in list(self.connections):",
)
ABSENT = (
    "        websocket = self.connections[user_id]\n        await",
    "        websocket = self.connections.get(user_id)\n        if websocket is None:\n"
    "            raise LookupError(user_id)\n        await",
)
DATES = ("json.dumps(message)", "json.dumps(message, default=str)")


def edited(text: str, *edits: tuple[str, str]) -> str:
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return text


FORK = edited(MANAGER, ("class WebSocketManager", "class WebSocketConnections"))


def extract(root: Path, plan: Plan | None = None, **selection: object) -> ExtractReport:
    repository = open_repository(root)
    assert repository is not None
    chosen = Selection(**selection)  # type: ignore[arg-type]
    return run(
        root,
        history=repository,
        reader=CommitReader(repository, 1, cache=False),
        selection=chosen,
        plan=plan or Plan(),
    )


def entry(report: ExtractReport, subject: str) -> CommitEntry:
    return next(commit for commit in report.commits if commit.subject == subject)
