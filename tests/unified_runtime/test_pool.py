"""The pool of emitters: bounded, one per run, and its leaks named."""

import asyncio

import pytest

from unified_runtime import (
    Limits,
    UnifiedWebSocketManager,
    UserExecutionContext,
)


async def test_the_pool_is_bounded_and_names_who_holds_on():
    holds, waits = UserExecutionContext("u1", "t", "r1"), UserExecutionContext("u1", "t", "r2")
    async with UnifiedWebSocketManager(limits=Limits(emitters=1)) as manager:

        async def run():
            async with manager.emitter(waits) as emitter:
                return await emitter.emit("note", {})

        async with manager.emitter(holds):
            waiting, given_up = asyncio.create_task(run()), asyncio.create_task(run())
            await manager.emit("u2", "note", {})
            await asyncio.sleep(0)
            given_up.cancel()
            assert manager.emitters_held_longer_than(-1) == [holds]
            assert manager.emitters_held_longer_than(60) == []
            assert not waiting.done()
        async with asyncio.timeout(10):
            assert await waiting == 1
        assert manager.stats()["emitters"]["in_use"] == 0


async def test_the_pool_gives_each_run_its_own_emitter_and_takes_it_back(manager):
    one, two = UserExecutionContext("u1", "t", "r1"), UserExecutionContext("u1", "t", "r2")
    async with (
        manager.emitter(one) as first,
        manager.emitter(one) as again,
        manager.emitter(two) as second,
    ):
        assert first is again
        assert first is not second
        assert (first.context, second.context) == (one, two)
        assert manager.stats()["emitters"]["in_use"] == 2
    with pytest.raises(ValueError, match="agent"):
        async with manager.emitter(one):
            raise ValueError("agent")
    assert manager.stats()["emitters"] == {"in_use": 0, "made": 3, "shared": 1}


async def test_an_emitter_taken_before_the_start_is_known_after_it():
    manager = UnifiedWebSocketManager()
    async with manager.emitter(UserExecutionContext("u1", "t1", "r1")) as emitter:
        await emitter.emit("note", {})
        assert manager.stats()["emitters"]["in_use"] == 1
    assert manager.stats()["emitters"]["in_use"] == 0
    await manager.aclose()
