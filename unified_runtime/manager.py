"""The one manager: emit to a user from anywhere, connect sockets, see what goes on."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from threading import get_ident
from typing import Any

from unified_runtime.bridge import AgentWebSocketBridge
from unified_runtime.connection import Connection
from unified_runtime.context import UserExecutionContext
from unified_runtime.emitter import UnifiedWebSocketEmitter
from unified_runtime.endpoint import Endpoint, Read, is_accepted, known_or_authenticated
from unified_runtime.errors import JournalError, ManagerStateError, NotCriticalError
from unified_runtime.events import CRITICAL_EVENTS, parts_of_message
from unified_runtime.factory import EmitterFactory
from unified_runtime.handshake import Authenticate
from unified_runtime.journals.base import Journal
from unified_runtime.life import Life
from unified_runtime.limits import Limits
from unified_runtime.names import as_text, different_users
from unified_runtime.protocol.frames import Draft, Resume
from unified_runtime.runs import EngineRun, RunKey
from unified_runtime.sinks import Sink, Transport

_log = logging.getLogger(__name__)

_TURN = 0.005
"""Seconds of emitting after which others get a turn of the loop, because a journal in memory never
suspends. What is emitted within one turn is written at once."""


class UnifiedWebSocketManager(Life):
    """Journals events and brings them to every connection of their user.

    Belongs to the event loop on which it is first awaited. When that loop no longer runs, the
    next loop that awaits the manager takes it over: the journal is kept, connections died with
    their loop. While it runs, other loops and threads use `emit_threadsafe`.

    Runs that a crashed process left open are closed as `failed` when the next manager starts, or
    with a journal that several servers share, once a crashed one's lease has run out.
    """

    def __init__(
        self,
        *,
        journal: Journal | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        synonyms: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """`synonyms` repeats fields under names that an older frontend reads, per event type:
        `{"agent_thinking": {"reasoning": "thought"}}`."""
        super().__init__(journal, limits or Limits(), clock, synonyms)
        self._factory = EmitterFactory(self, max_runs=self._limits.emitters)
        self._emitted = 0
        self._turn_ends = 0.0

    @property
    def limits(self) -> Limits:
        return self._limits

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            self._factory = EmitterFactory(self, max_runs=self._limits.emitters)
        super()._move_to(loop)

    # Emission

    async def emit(
        self,
        user_id: str,
        event_type: str,
        data: Mapping[str, Any],
        *,
        thread_id: str | None = None,
        run_id: str | None = None,
        event_id: str | None = None,
    ) -> int:
        """Journal the event, let it go to the user's connections, and return its number.

        Never waits for a socket. Repeated with the same `event_id` it returns the first number
        and sends nothing; for a start or end that an ExecutionEngine says (see AgentRun) it sends
        nothing either. Raises EventError (nothing was kept), JournalError (not acknowledged;
        a repeat with the same `event_id` is safe) or ManagerStateError. If the caller is
        cancelled, the event is wholly there or wholly not: not if the journal was not yet
        reached, else as the journal decides, which keeps it unless it fails.
        """
        draft = self._composer.compose(user_id, event_type, data, thread_id, run_id, event_id)
        del data  # encoded; hundreds may wait for a commit, and it may be large
        if draft.said:
            return _said_by_engine(draft, event_type)
        try:
            if not self._started_here():
                await self._use_running_loop()
            appended = self._journal.append([draft])
        except BaseException:
            self._composer.take_back([draft])
            raise
        hub = self._sessions.hub
        hub.appending += 1
        try:
            seq = (await appended)[0]
        except JournalError:
            self._composer.take_back([draft])
            raise
        finally:
            hub.appending -= 1
        self._emitted += 1
        if hub.relay.pressing:
            await asyncio.sleep(0)
        elif time.monotonic() > self._turn_ends:
            await self._end_turn()
        return seq

    async def _end_turn(self) -> None:
        """One round of the loop wakes the writers, the next lets them write. One emitter gives up its
        turn for all: a journal that wakes hundreds at once has had them wait already."""
        self._turn_ends = time.monotonic() + _TURN
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._turn_ends = time.monotonic() + _TURN

    async def emit_critical_event(
        self,
        user_id: str,
        event_type: str,
        data: Mapping[str, Any],
        *,
        thread_id: str | None = None,
        run_id: str | None = None,
        event_id: str | None = None,
    ) -> int:
        """`emit` for the five critical events; any other type raises NotCriticalError.

        Fields that the wire requires and `data` lacks are filled as `ledger.RunLedger` states.
        """
        if event_type not in CRITICAL_EVENTS:
            raise NotCriticalError(event_type, CRITICAL_EVENTS)
        return await self.emit(
            user_id, event_type, data, thread_id=thread_id, run_id=run_id, event_id=event_id
        )

    def emit_threadsafe(
        self,
        user_id: str,
        event_type: str,
        data: Mapping[str, Any],
        *,
        thread_id: str | None = None,
        run_id: str | None = None,
        event_id: str | None = None,
    ) -> Future[int]:
        """`emit` from any thread or loop; the future ends once the journal holds the event.

        The event is checked and encoded here, so EventError is raised at the call. Events of one
        thread keep their order; on the loop's own thread those of `emit` and `broadcast` too. While
        many come, the first of a burst is held back for at most 20 ms, so that each user's are
        written at once. Blocks while `Limits.backlog_events` wait for the loop, except on the loop's
        own thread. Raises ManagerStateError before the manager was started on a loop, after
        `aclose`, and in a forked child.
        """
        self._check_alive()
        if self._inbox is None:
            raise ManagerStateError(
                "start the manager on its event loop first: `async with manager`, or where there is"
                " no loop `with manager.in_background()`"
            )
        draft = self._composer.compose(user_id, event_type, data, thread_id, run_id, event_id)
        if draft.said:
            return self._inbox.settled(_said_by_engine(draft, event_type))
        future = self._inbox.put(draft)
        if get_ident() == self._started_by:
            self._inbox.own = future
            self._started_on = None  # so that the next `emit` looks, and no other has to
        return future

    async def broadcast(
        self, event_type: str, data: Mapping[str, Any], *, users: Iterable[str] | None = None
    ) -> dict[str, int]:
        """One event to each of `users`, by default to everyone connected to this server; encoded once.

        Each user gets it in the own numbering, journaled like any other. Returns the number per
        user. Critical events need every field here, as they belong to no run.
        """
        if not self._started_here():
            await self._use_running_loop()
        hub = self._sessions.hub
        user_ids = hub.user_ids if users is None else different_users(users)
        drafts = self._composer.compose_for_all(user_ids, event_type, data)
        hub.appending += len(drafts)
        try:
            numbers = await self._journal.append(drafts)
        finally:
            hub.appending -= len(drafts)
        self._emitted += len(numbers)
        if time.monotonic() > self._turn_ends:
            await self._end_turn()
        return dict(zip(user_ids, numbers, strict=True))

    async def send_to_user(self, user_id: str, message: Mapping[str, Any]) -> int:
        """Emit a message of the older shape: `type` with `data` or `payload`.

        `thread_id`, `run_id` and `event_id` are taken from the message if it has them. Raises
        PayloadError when the type is missing or both or neither of `data` and `payload` are there.
        """
        event_type, data = parts_of_message(message)
        return await self.emit(
            user_id,
            event_type,
            data,
            thread_id=message.get("thread_id"),
            run_id=message.get("run_id"),
            event_id=message.get("event_id"),
        )

    # Connections

    async def connect_user(
        self,
        user_id: str,
        websocket: Transport,
        *,
        thread_id: str | None = None,
        resume: Resume | None = None,
    ) -> Connection:
        """Send this user's events to an accepted websocket until `disconnect_user`.

        For an endpoint that reads the socket itself; it may pass what it reads to
        `Connection.receive`. Starts behind `resume`, else behind what the user's connections
        were given before: the last event that was acknowledged, or sent to those that never
        acknowledge; events emitted while the user was away follow. `thread_id` only labels the
        connection. A connected socket keeps its connection; SocketInUseError if it is another
        user's. Raises ConnectionRefusedByLimitError.
        """
        await self._use_running_loop()
        return await self._sessions.connect(user_id, websocket, thread_id, resume)

    async def open_connection(
        self,
        user_id: str,
        sink: Sink,
        *,
        thread_id: str | None = None,
        address: str | None = None,
    ) -> Connection:
        """Register a connection: events journaled from now on will reach it once it is served.

        To be followed by `serve` or `start_writer`, or by `Connection.ended` if that is not to be.
        Raises ConnectionRefusedByLimitError.
        """
        await self._use_running_loop()
        return await self._sessions.open(user_id, sink, thread_id=thread_id, address=address)

    async def serve(self, connection: Connection, read: Read, resume: Resume | None) -> None:
        """Write to and read from an opened connection until it ends."""
        await self._sessions.serve(connection, read, resume)

    def start_writer(
        self, connection: Connection, resume: Resume | None, *, wait_for_frame: bool
    ) -> asyncio.Task[None]:
        """For a shell that reads by itself: write to an opened connection until the task ends."""
        return self._sessions.start_writer(connection, resume, wait_for_frame=wait_for_frame)

    async def disconnect_user(self, user_id: str, websocket: Transport) -> None:
        """Stop writing to a websocket given to `connect_user`; unknown ones are no error."""
        await self._sessions.disconnect(user_id, websocket)

    async def serve_connection(
        self,
        websocket: Any,
        *,
        user_id: str | None = None,
        authenticate: Authenticate | None = None,
        origins: Iterable[str] | None = None,
    ) -> None:
        """Be the endpoint of a Starlette-shaped websocket, to its close; accept it if that is not done.

        The user is `user_id`, when the caller knows it already, else what `authenticate` makes
        of the handshake; one of them must be given. Returns when the connection has ended.
        """
        endpoint = Endpoint(self, known_or_authenticated(user_id, authenticate), origins=origins)
        await endpoint(
            websocket.scope, websocket.receive, websocket.send, accepted=is_accepted(websocket)
        )

    def is_connected(self, user_id: str) -> bool:
        return self._sessions.hub.count(user_id) > 0

    def connection_count(self, user_id: str | None = None) -> int:
        """Open connections of one user, or of all."""
        return self._sessions.hub.count(user_id)

    def connected_users(self) -> list[str]:
        """Everyone with an open connection to this server, in the order of their first."""
        return self._sessions.hub.user_ids

    def stats(self) -> dict[str, Any]:
        """Counters of this loop. `lost` must stay 0: it counts events that were trimmed before a
        connected reader could be sent them; `healed`, lost notifications made up for.
        """
        return self._sessions.stats() | {
            "emitted": self._emitted + (0 if self._inbox is None else self._inbox.emitted),
            "waiting_from_threads": 0 if self._inbox is None else len(self._inbox),
            "emitters": self._factory.stats(),
        }

    # Runs

    def create_agent_bridge(self, context: UserExecutionContext) -> AgentWebSocketBridge:
        return AgentWebSocketBridge(self, context)

    def emitter(
        self, context: UserExecutionContext
    ) -> AbstractAsyncContextManager[UnifiedWebSocketEmitter]:
        """The context's emitter from the pool, given back on every way out of the block."""
        return self._factory.emitter(context)

    def emitters_held_longer_than(self, seconds: float) -> list[UserExecutionContext]:
        """The runs whose `emitter` block has been open for so long: likely leaks, oldest first."""
        return self._factory.held_longer_than(seconds)

    def begin_engine_run(self, context: UserExecutionContext, engine_run: EngineRun) -> None:
        """For ExecutionEngine: until `end_engine_run` it says the start and the end of the agent."""
        self._composer.ledger.begin_engine_run(_key_of(context), engine_run)

    async def close_calls(
        self, context: UserExecutionContext, engine_run: EngineRun, results: Mapping[str, Any]
    ) -> None:
        """For ExecutionEngine: what its agent left open ends as an error with these `results`."""
        for call_id, call in self._composer.ledger.open_calls(_key_of(context), engine_run):
            await self.emit(
                context.user_id,
                "tool_completed",
                {
                    "agent_name": call.agent_name,
                    "tool_name": call.tool_name,
                    "call_id": call_id,
                    "status": "error",
                    "results": results,
                },
                thread_id=context.thread_id,
                run_id=context.run_id,
            )

    def end_engine_run(self, context: UserExecutionContext, engine_run: EngineRun) -> None:
        self._composer.ledger.end_engine_run(_key_of(context), engine_run)


def _key_of(context: UserExecutionContext) -> RunKey:
    return as_text(context.user_id), context.thread_id, context.run_id


def _said_by_engine(draft: Draft, event_type: str) -> int:
    _log.info("%s said by hand in a run whose engine says it: not sent again", event_type)
    return draft.said
