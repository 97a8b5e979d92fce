"""What a client reads, without the frames that a test does not ask about."""

import asyncio
import json

FIVE = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]


async def next_frame(queue, *types):
    """The next frame of one of these types that reached a RecordingSocket."""
    async with asyncio.timeout(5):
        while True:
            frame = json.loads(await queue.get())
            if frame["type"] in types:
                return frame


async def read_until(client, last, types=FIVE):
    """The frames of these types that a real client receives, up to the first `last`."""
    frames = []
    async with asyncio.timeout(5):
        while not frames or frames[-1]["type"] != last:
            frame = json.loads(await client.recv())
            if frame["type"] in types:
                frames.append(frame)
    return frames
