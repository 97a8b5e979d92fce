"""Runs that a crash left open: which they are, and the events that close them.

Each start and end of a run is also noted in a stream of the runtime's own, in the same append as
the event, so that a restarted server knows what was open without reading every user's history.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from unified_runtime.errors import JournalError
from unified_runtime.journals.base import Journal
from unified_runtime.protocol.frames import Draft, encode_data
from unified_runtime.runs import end_agent

RUNS = "\x00runs"
"""The stream of notes. No user can have this name: see composer.encode_user."""

_PAGE = 1000

Compose = Callable[[str, str, Mapping[str, Any], str | None, str | None, str | None], list[Draft]]
"""From (user_id, event_type, data, thread_id, run_id, event_id) to what is to be appended."""


RunKey = tuple[str, str | None, str]
"""(user_id, thread_id, run_id)"""


class RunNote(msgspec.Struct):
    """`server` names the manager whose run it is; `open` is false at the end. Agents that call
    one another in one run are noted one by one."""

    server: str
    user_id: str
    thread_id: str | None
    run_id: str
    agent_name: str
    open: bool

    @property
    def key(self) -> RunKey:
        return self.user_id, self.thread_id, self.run_id


class _Noted(msgspec.Struct):
    seq: int
    data: RunNote


class _Named(msgspec.Struct):
    agent_name: str


class _Tail(msgspec.Struct):
    data: _Named


class _Seen(msgspec.Struct):
    type: str
    timestamp: str
    thread_id: str | None
    run_id: str | None
    data: dict[str, Any]


def note_of(
    draft: Draft, event_type: str, thread_id: str | None, run_id: str | None, server: str
) -> Draft | None:
    """The note that goes with a draft; none unless it starts or ends a run that has an id."""
    if run_id is None or event_type not in ("agent_started", "agent_completed"):
        return None
    agent_name = msgspec.json.decode(b"{" + draft.tail[1:], type=_Tail).data.agent_name
    opens = event_type == "agent_started"
    note = RunNote(server, draft.user_id, thread_id, run_id, agent_name, opens)
    tail = b',"data":%b}' % encode_data("run", msgspec.structs.asdict(note))
    event_id = None if draft.event_id is None else f"{draft.user_id}\x00{draft.event_id}"
    return Draft(RUNS, b'{"type":"run","seq":', tail, draft.time, event_id)


class Orphans:
    """Finds the runs of servers that are gone, and closes them.

    Notes are trimmed like events: a run is missed if more runs than the journal's retention began
    and ended during it.
    """

    def __init__(self, journal: Journal, compose: Compose) -> None:
        self._journal = journal
        self._compose = compose
        self._stream = ""
        self._after = 0
        self._open: dict[RunKey, dict[str, RunNote]] = {}
        """Per run its open agents by name, the innermost last."""

    async def close(self) -> None:
        """Each event has an id, so that neither a second crash in between nor another server that
        does the same repeats one."""
        await self._read_notes()
        servers = {agent.server for agents in self._open.values() for agent in agents.values()}
        gone = await self._journal.gone(servers)
        for agents in list(self._open.values()):
            orphans = [agent for agent in agents.values() if agent.server in gone]
            if orphans:
                await self._close(orphans)

    async def _close(self, agents: Sequence[RunNote]) -> None:
        run = agents[0]
        names = [agent.agent_name for agent in agents]
        for event_type, data in await closing_events(self._journal, run.key, names):
            closed = data.get("call_id", data["agent_name"])
            of = (run.server, run.thread_id, run.run_id, event_type, closed)
            event_id = "orphan\x00" + "\x00".join(map(str, of))
            await self._journal.append(
                self._compose(run.user_id, event_type, data, run.thread_id, run.run_id, event_id)
            )

    async def close_forever(self, seconds: float) -> None:
        """Look again every so often; a journal that is away is asked again the next time."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(JournalError):
                await self.close()

    async def _read_notes(self) -> None:
        """What was noted since the last time; everything when the numbering is another."""
        bounds = await self._journal.bounds(RUNS)
        if bounds.stream != self._stream or bounds.last < self._after:
            self._stream, self._after = bounds.stream, 0
            self._open.clear()
        async for frame in _frames(self._journal, RUNS, self._after):
            note = msgspec.json.decode(frame, type=_Noted)
            self._after = note.seq
            self._take(note.data)

    def _take(self, note: RunNote) -> None:
        agents = self._open.setdefault(note.key, {})
        if note.open:
            agents[note.agent_name] = note
        elif agents:
            end_agent(agents, note.agent_name)
        if not agents:
            del self._open[note.key]


async def closing_events(
    journal: Journal, run: RunKey, agent_names: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """What ends an orphaned run: every open call as an error, then its agents, innermost first."""
    seen = [event async for event in _events_of(journal, run)]
    return list(_closing(seen, agent_names))


def _closing(
    seen: Sequence[_Seen], agent_names: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    why = {"error": "failed", "message": "the server ended before the run did"}
    for call_id, call in _open_calls(seen).items():
        yield (
            "tool_completed",
            {
                "agent_name": call["agent_name"],
                "tool_name": call["tool_name"],
                "call_id": call_id,
                "status": "error",
                "results": why,
            },
        )
    for agent_name in reversed(agent_names):
        ended = {"agent_name": agent_name, "status": "failed", "final_response": why}
        yield "agent_completed", ended


def _open_calls(seen: Sequence[_Seen]) -> dict[str, dict[str, Any]]:
    """Of the run's last life, should its id have been used before."""
    calls: dict[str, dict[str, Any]] = {}
    agents: dict[str, None] = {}
    for event in seen:
        match event.type:
            case "agent_started":
                if not agents or event.data["agent_name"] in agents:
                    calls.clear()
                agents[event.data["agent_name"]] = None
            case "agent_completed" if agents:
                end_agent(agents, event.data["agent_name"])
            case "tool_executing":
                calls[event.data["call_id"]] = event.data
            case "tool_completed":
                calls.pop(event.data["call_id"], None)
    return calls


async def _events_of(journal: Journal, run: RunKey) -> AsyncIterator[_Seen]:
    user_id, *ids = run
    async for frame in _frames(journal, user_id):
        event = msgspec.json.decode(frame, type=_Seen)
        if [event.thread_id, event.run_id] == ids:
            yield event


async def _frames(journal: Journal, user_id: str, after: int = 0) -> AsyncIterator[bytes]:
    while True:
        page = await journal.read(user_id, after, _PAGE)
        if not page.frames:
            return
        for frame in page.frames:
            yield frame
        after = max(after, page.bounds.first - 1) + len(page.frames)
