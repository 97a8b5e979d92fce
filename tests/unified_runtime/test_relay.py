"""What is due to sockets that can only be awaited is sent by one task for all of them."""

import asyncio
import contextlib
import contextvars
from types import SimpleNamespace

import pytest

from unified_runtime import UnifiedWebSocketManager
from unified_runtime.close_codes import CloseCode
from unified_runtime.relay import Relay


class SlowSocket:
    """Takes `free` frames, then makes whoever sends wait until `room` is set; keeps what happened."""

    def __init__(self, free):
        self.free = free
        self.room = asyncio.Event()
        self.waiting = asyncio.Event()
        self.log = []

    async def send_text(self, data):
        self.free -= 1
        if self.free < 0:
            self.waiting.set()
            try:
                await self.room.wait()
            except asyncio.CancelledError:
                self.log.append("stopped")
                raise
        self.log.append(data)

    async def close(self, code, reason):
        self.log.append(code)


READY = 1


async def until(reached):
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - the loop's own rounds are what is waited for
            await asyncio.sleep(0)


async def slow_tab(manager, user_id="slow"):
    """Connected, and waiting for the first event."""
    socket = SlowSocket(READY)
    connection = await manager.connect_user(user_id, socket)
    await until(lambda: socket.log)
    return socket, connection


async def test_sockets_that_wait_hold_up_nobody_who_is_due_behind_them(manager, make_recorder):
    slow = [(await slow_tab(manager, f"slow-{n}"))[0] for n in range(3)]
    tabs = {f"u{n}": make_recorder() for n in range(5)}
    for user_id, tab in tabs.items():
        await manager.connect_user(user_id, tab)
        await tab.wait_for_frames(READY)
    await manager.broadcast("note", {})
    for tab in tabs.values():
        await tab.wait_for(1)
    await manager.broadcast("note", {})
    for tab in tabs.values():
        assert [event["seq"] for event in await tab.wait_for(2)] == [1, 2]
    for socket in slow:
        assert socket.waiting.is_set()
        assert len(socket.log) == READY
        socket.room.set()


async def test_what_is_emitted_while_a_socket_waits_follows_in_order(manager):
    socket, connection = await slow_tab(manager)
    await manager.emit("slow", "note", {"n": 1})
    await socket.waiting.wait()
    for n in range(2, 200):
        await manager.emit("slow", "note", {"n": n})
    assert connection.settled == 0
    socket.room.set()
    await until(lambda: connection.delivered == 199)
    assert [text.count(f'"n":{n}}}') for n, text in enumerate(socket.log)] == [0] + [1] * 199


async def test_a_send_that_waits_is_stopped_before_the_close_is_said(manager):
    socket, connection = await slow_tab(manager)
    await manager.emit("slow", "note", {})
    await socket.waiting.wait()
    connection.close(CloseCode.SLOW_CONSUMER)
    await until(lambda: isinstance(socket.log[-1], int))
    assert socket.log[READY:] == ["stopped", 4500]


async def test_a_send_that_does_not_let_itself_be_stopped_keeps_no_connection_open(manager):
    class Stubborn(SlowSocket):
        async def send_text(self, data):
            with contextlib.suppress(asyncio.CancelledError):
                await super().send_text(data)

    socket = Stubborn(READY)
    connection = await manager.connect_user("slow", socket)
    await until(lambda: socket.log)
    await manager.emit("slow", "note", {})
    await socket.waiting.wait()
    connection.close(CloseCode.SLOW_CONSUMER)
    await until(lambda: not manager.is_connected("slow"))


async def test_nothing_is_sent_to_a_socket_once_it_is_disconnected(manager, make_recorder):
    socket, _ = await slow_tab(manager)
    await manager.emit("slow", "note", {})
    await socket.waiting.wait()
    await manager.disconnect_user("slow", socket)
    assert socket.log[READY:] == ["stopped"]
    tab = make_recorder()
    await manager.connect_user("u1", tab)
    await manager.emit("u1", "note", {})
    await tab.wait_for(1)


async def test_a_first_event_is_on_its_way_before_its_emitter_goes_on(manager, tab):
    await tab.wait_for_frames(READY)
    await manager.emit("u1", "note", {})
    assert len(tab.events) == 1


async def test_after_a_first_event_turns_grow_until_they_are_left_to_the_clock(monkeypatch):
    now = 1.0
    monkeypatch.setattr("unified_runtime.relay.time", SimpleNamespace(monotonic=lambda: now))

    class Taken:
        due = False

        def begin_send(self, task):
            taken.append(self)

    async def turns(events):
        """How many were sent in each turn that emitting one by one gave up."""
        given = []
        for _ in range(events):
            relay.add(Taken())
            if relay.pressing:
                before = len(taken)
                await asyncio.sleep(0)
                given.append(len(taken) - before)
        await asyncio.sleep(0)
        return given

    relay, taken = Relay(), []
    assert await turns(1000) == [1, 6, 7, 14, 28, 56, 112, 224, 448]
    assert await turns(1000) == []
    now += 1
    assert await turns(3) == [1]
    assert len(taken) == 2003


who = contextvars.ContextVar("who", default="nobody")


async def test_no_send_sees_the_context_of_another_user():
    seen = []

    class Socket:
        async def send_text(self, data):
            seen.append(who.get())

    async with UnifiedWebSocketManager() as manager:
        for user_id in ("u1", "u2"):
            who.set(user_id)
            await manager.connect_user(user_id, Socket())
        await until(lambda: len(seen) == 2)
        assert seen == ["u1", "u2"]
        await manager.emit("u1", "note", {})
        await manager.emit("u2", "note", {})
        await until(lambda: len(seen) == 4)
        assert seen[2:] == ["nobody", "nobody"]


@pytest.mark.parametrize("error", [OSError("gone"), asyncio.CancelledError()])
async def test_a_socket_that_fails_ends_its_own_connection_only(manager, make_recorder, error):
    class Failing(SlowSocket):
        async def send_text(self, data):
            await super().send_text(data)
            if self.free < 0:
                raise error

    socket = Failing(READY)
    await manager.connect_user("u0", socket)
    await until(lambda: socket.log)
    socket.room.set()
    tabs = [make_recorder() for _ in range(3)]
    for tab in tabs:
        await manager.connect_user("u1", tab)
        await tab.wait_for_frames(READY)
    await manager.broadcast("note", {})
    for tab in tabs:
        await tab.wait_for(1)
    await until(lambda: not manager.is_connected("u0"))
    assert manager.connection_count() == 3


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="needs Python 3.12")
async def test_tasks_that_run_at_once_send_everything_too(manager, tab):
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    for n in range(100):
        await manager.emit("u1", "note", {"n": n})
    assert [e["seq"] for e in await tab.wait_for(100)] == list(range(1, 101))
