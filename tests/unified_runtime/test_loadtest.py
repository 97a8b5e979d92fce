"""The load test finds nothing wrong with this server, and would find what is wrong."""

import asyncio
import json
import sys

import pytest

from unified_runtime import create_app
from unified_runtime.loadtest.clients import LoadClient, Tally, _Frame
from unified_runtime.loadtest.phases import percentiles
from unified_runtime.loadtest.timeline import histogram


async def loadtest(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "unified_runtime.loadtest", "--json", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode, json.loads(out) if out else None


async def test_a_small_load_passes_every_phase():
    code, report = await loadtest("--users", "12", "--events", "5")
    assert code == 0
    assert report["ok"] is True
    assert report["connections"] == 13
    assert report["sent"] >= 12 * 5 * 3
    assert {report[key] for key in ("lost", "repeated", "out_of_order", "foreign")} == {0}
    assert list(report["phases"]) == [
        "fan_out", "streams", "threads", "paced", "drops", "away", "stalled",
    ]  # fmt: skip
    assert report["phases"]["stalled"]["cut"] == 1
    assert report["server"]["lost"] == 0


async def test_it_watches_a_server_that_emits_by_itself(manager, serving, url):
    app = create_app(manager, authenticate=lambda handshake: handshake.token)
    async with serving(app) as base:

        async def emit():
            while True:
                await manager.broadcast("tick", {}, users=[f"user-{n}" for n in range(5)])
                await asyncio.sleep(0.005)

        emitting = asyncio.create_task(emit())
        code, report = await loadtest("--url", f"{base}/ws", "--users", "5", "--seconds", "1")
        emitting.cancel()
    assert (code, report["ok"], report["never_connected"]) == (0, True, 0)
    assert report["delivered"] > 0


async def test_the_address_may_name_the_user_and_a_token_serve_all(manager, serving):
    def authenticate(handshake):
        return handshake.query.get("user") if handshake.token == "secret" else None

    await manager.broadcast("tick", {}, users=[f"user-{n}" for n in range(3)])
    async with serving(create_app(manager, authenticate=authenticate)) as base:
        code, report = await loadtest(
            "--url", f"{base}/ws?user={{user}}", "--token", "secret", "--users", "3", "--seconds", "1"
        )  # fmt: skip
    assert (code, report["delivered"], report["never_connected"]) == (0, 3, 0)
    assert report["reconnects"] > 0


async def test_wrong_options_are_bad_usage():
    assert await loadtest("--users", "0") == (2, None)


FAULTS = ("lost", "repeated", "out_of_order", "foreign")


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        ([(1, "u"), (3, "u")], "lost"),
        ([(1, "u"), (3, "u"), (2, "u")], "out_of_order"),
        ([(1, "u"), (1, "u")], "repeated"),
        ([(1, "other")], "foreign"),
    ],
)
def test_what_is_wrong_is_counted(frames, fault):
    tally = Tally()
    client = LoadClient("ws://127.0.0.1/", "u", tally)
    client._take(_Frame("ready", stream="s"))
    for seq, user in frames:
        client._take(_Frame("note", seq, "s", user))
    assert {name: getattr(tally, name) for name in FAULTS} == dict.fromkeys(FAULTS, 0) | {fault: 1}
    assert not tally.clean


@pytest.mark.parametrize(("first", "last", "lost"), [(3, 7, 5), (1, 0, 1)])
def test_a_gap_is_counted_as_loss(first, last, lost):
    tally = Tally()
    client = LoadClient("ws://127.0.0.1/", "u", tally)
    client._take(_Frame("ready", seq=2, stream="s"))
    client._take(_Frame("gap", first=first, last=last))
    assert tally.lost == lost


def test_percentiles_are_in_milliseconds():
    assert percentiles([]) == {}
    assert percentiles([n / 1000 for n in range(100)]) == {"p50_ms": 50.0, "p99_ms": 99.0}


def test_the_histogram_skips_no_bucket_in_between():
    assert histogram([]) == []
    assert histogram([0.0001, 0.0009, 0.0009]) == [(0.25, 1), (0.5, 0), (1.0, 2)]
