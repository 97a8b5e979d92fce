"""What a sink says of a write that has not ended is what slow clients are told from dead ones by."""

import asyncio

import pytest

from unified_runtime.endpoint import AsgiSink
from unified_runtime.sinks import TextSink


class Peer:
    """Takes a message whenever it is `let`."""

    def __init__(self):
        self.gates = asyncio.Queue()
        self.asked = asyncio.Semaphore(0)

    async def take(self, message):
        self.asked.release()
        await self.gates.get()

    send_text = take

    def let(self):
        self.gates.put_nowait(None)


@pytest.fixture(params=["asgi", "text"])
async def written(request):
    """(sink, peer)"""
    peer = Peer()
    if request.param == "text":
        return TextSink(peer), peer
    return AsgiSink(asyncio.Event().wait, peer.take, None, accepted=True), peer


async def test_a_peer_that_takes_one_message_after_the_other_is_not_stalled(written):
    sink, peer = written
    sending = asyncio.create_task(sink.send([b"{}"] * 3))
    begun = []
    for _ in range(3):
        await peer.asked.acquire()
        begun.append(sink.writing_since)
        peer.let()
    await sending
    assert begun[0] < begun[1] < begun[2]
    assert sink.writing_since is None
