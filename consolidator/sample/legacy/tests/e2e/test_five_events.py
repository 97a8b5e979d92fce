import json

from websockets.asyncio.client import connect

from tests.frames import FIVE, read_until


async def ask(client, text, **extra):
    await client.send(json.dumps({"type": "user_message", "text": text, **extra}))


async def test_a_question_shows_all_five_events_in_order(address):
    async with connect(f"ws://{address}/ws?token=token-of-ada") as client:
        await ask(client, "When does the boat leave?")
        frames = await read_until(client, "agent_completed")
    assert [frame["type"] for frame in frames] == FIVE


async def test_each_event_says_what_the_page_shows(address):
    async with connect(f"ws://{address}/ws?token=token-of-bo") as client:
        await ask(client, "What is the price of a ticket?")
        started, thinking, executing, completed, done = await read_until(client, "agent_completed")
    assert started["data"]["agent_name"] == "triage"
    assert "fares" in thinking["data"]["reasoning"]
    assert executing["data"]["tool_name"] == "fares"
    assert executing["data"]["parameters"] == {"question": "What is the price of a ticket?"}
    assert completed["data"]["results"]["adult"] == "31.90"
    assert completed["data"]["status"] == "ok"
    assert done["data"]["final_response"].startswith("fares:")
    assert done["data"]["status"] == "completed"


async def test_a_tool_that_fails_is_completed_with_an_error(address):
    async with connect(f"ws://{address}/ws?token=token-of-cy") as client:
        await ask(client, "Is it broken?")
        frames = await read_until(client, "agent_completed")
    assert [frame["type"] for frame in frames] == FIVE
    assert frames[3]["data"]["status"] == "error"


async def test_an_agent_that_fails_is_completed_as_failed(address):
    async with connect(f"ws://{address}/ws?token=token-of-di") as client:
        await ask(client, "Hello?", agent="unavailable")
        frames = await read_until(client, "agent_error", types=[*FIVE, "agent_error"])
    assert [frame["type"] for frame in frames] == [
        "agent_started",
        "agent_thinking",
        "agent_completed",
        "agent_error",
    ]
    assert frames[2]["data"]["status"] == "failed"


async def test_both_tabs_of_a_user_see_the_run(address):
    url = f"ws://{address}/ws?token=token-of-eve"
    async with connect(url) as first, connect(url) as second:
        await ask(second, "When does the boat leave?")
        for client in (first, second):
            frames = await read_until(client, "agent_completed")
            assert [frame["type"] for frame in frames] == FIVE


async def test_a_user_sees_no_run_of_another(address):
    async with (
        connect(f"ws://{address}/ws?token=token-of-flo") as flo,
        connect(f"ws://{address}/ws?token=token-of-gus") as gus,
    ):
        await ask(flo, "What is the price of a ticket?")
        await read_until(flo, "agent_completed")
        await ask(gus, "Is there a storm?")
        frames = await read_until(gus, "agent_completed")
    assert {frame["user_id"] for frame in frames} == {"gus"}
    assert "weather" in frames[1]["data"]["reasoning"]
