"""The recorder on real sockets, and what is made of the frames."""

from __future__ import annotations

import json
import sys

import pytest
from trees import write_tree

from consolidator.adapters.recorder import record
from consolidator.analysis.probe import (
    Recording,
    check_frames,
    differences,
    dump,
    load,
    read_frames,
    recording_of,
)
from consolidator.errors import PlanError, ToolError
from consolidator.model import Finished
from consolidator.plan import CRITICAL_EVENTS
from consolidator.workflow.probe import probe

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
SERVER = """
import asyncio, json
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
import uvicorn
from websockets.asyncio.client import connect
from websockets.asyncio.server import broadcast, serve

FIVE = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]


async def endpoint(websocket):
    await websocket.accept()
    for event in FIVE:
        await websocket.send_json({"type": event})
    await websocket.close()


async def plain(socket):
    for event in FIVE:
        await socket.send(json.dumps({"type": event}))


async def read(url):
    async with connect(url) as client:
        return [json.loads(frame)["type"] async for frame in client]


async def under_uvicorn():
    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="websockets-sansio"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    seen = await read(f"ws://127.0.0.1:{port}/")
    server.should_exit = True
    await task
    return seen


async def under_websockets():
    async with serve(plain, "127.0.0.1", 0) as server:
        return await read(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def under_broadcast():
    async def handler(websocket):
        for event in FIVE:
            broadcast([websocket], json.dumps({"type": event}))

    async with serve(handler, "127.0.0.1", 0) as server:
        return await read(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize("start", [under_uvicorn, under_websockets, under_broadcast])
def test_five(start):
    assert asyncio.run(start()) == FIVE
"""


def test_every_frame_of_a_server_is_recorded_once(tmp_path):
    write_tree(tmp_path, {"test_server.py": SERVER})
    finished, lines = record(PYTEST, tmp_path, 60)
    assert finished.code == 0, finished.output
    flows = recording_of(read_frames(lines, CRITICAL_EVENTS)).flows
    assert set(flows) == {
        "test_server.py::test_five[under_uvicorn]",
        "test_server.py::test_five[under_websockets]",
        "test_server.py::test_five[under_broadcast]",
    }
    assert all(flow == (CRITICAL_EVENTS,) for flow in flows.values())


def test_a_command_that_can_not_be_started_is_a_failure_of_the_tool(tmp_path):
    with pytest.raises(ToolError, match="no-such-command"):
        probe(lambda: record(["no-such-command"], tmp_path, 5), CRITICAL_EVENTS, None)


def test_a_test_command_that_takes_too_long_is_stopped(tmp_path):
    slow = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    with pytest.raises(ToolError, match="stopped after"):
        probe(lambda: record(slow, tmp_path, 0.5), CRITICAL_EVENTS, None)


def line(event, test="t.py::a", socket="1", **fields):
    frame = json.dumps({"type": event, "user_id": "ada", "run_id": "r", **fields})
    return json.dumps({"test": test, "socket": socket, "frame": frame})


def rules(*lines, events=CRITICAL_EVENTS):
    return [p.rule for p in check_frames(read_frames(lines, events), events)]


WHOLE = [line(event) for event in CRITICAL_EVENTS]


def test_a_whole_run_is_right():
    assert rules(*WHOLE) == []


def test_two_runs_on_one_socket_are_two_runs():
    assert rules(*WHOLE, *(line(event, run_id="s") for event in CRITICAL_EVENTS)) == []


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (WHOLE[:4], "probe-missing"),
        ([WHOLE[1], WHOLE[0], *WHOLE[2:]], "probe-order"),
        ([*WHOLE, WHOLE[1]], "probe-order"),
        ([*WHOLE, line("agent_started", run_id="s")], "probe-incomplete"),
        ([*WHOLE[:3], *WHOLE[4:]], "probe-pairing"),
        ([*WHOLE, line("agent_started", user_id="bo", run_id="r2")], "probe-foreign"),
        ([line("agent_started", seq=1, data={}), *WHOLE[1:]], "probe-fields"),
    ],
)
def test_what_is_wrong_with_a_run_is_named(lines, rule):
    assert rule in rules(*lines)


def test_frames_that_are_no_guarded_events_are_left_out():
    other = [
        json.dumps({"test": "t", "socket": "1", "frame": frame}) for frame in ("x", "[]", "{}")
    ]
    assert read_frames([*other, line("ready")], CRITICAL_EVENTS) == []


def test_the_flow_of_a_test_is_compared_whatever_its_sockets_are_called():
    before = recording_of(read_frames(WHOLE, CRITICAL_EVENTS))
    renamed = [entry.replace('"socket": "1"', '"socket": "9"') for entry in WHOLE]
    assert list(differences(before, recording_of(read_frames(renamed, CRITICAL_EVENTS)))) == []
    (problem,) = differences(before, recording_of(read_frames(WHOLE[1:], CRITICAL_EVENTS)))
    assert (problem.rule, problem.function, problem.path) == ("probe-differs", "t.py::a", "t.py")


def test_a_recording_is_read_as_it_was_written():
    recording = Recording({"t.py::a": (("agent_started",), ("agent_started", "agent_completed"))})
    assert load(dump(recording), "r.json") == recording


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 9, "flows": {}}', '{"schema": 1}'])
def test_a_file_that_is_no_recording_is_refused(text):
    with pytest.raises(PlanError, match=r"r\.json"):
        load(text, "r.json")


def test_red_tests_are_a_finding():
    seen = probe(lambda: (Finished(1, "1 failed"), WHOLE), CRITICAL_EVENTS, None)
    assert [p.rule for p in seen.problems] == ["probe-tests"]


SUBPROCESS = '''
import asyncio, json, subprocess, sys
import pytest
from websockets.asyncio.client import connect

SERVER = """
import asyncio, json
from websockets.asyncio.server import serve

async def handle(socket):
    await socket.send(json.dumps({"kind": "agent_started"}))

async def main():
    async with serve(handle, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
"""


async def read(port):
    async with connect(f"ws://127.0.0.1:{port}") as client:
        return await client.recv()


def test_a_server_of_its_own():
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert "agent_started" in asyncio.run(read(int(server.stdout.readline())))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
'''


def test_a_server_in_a_process_below_the_tests_is_recorded(tmp_path):
    write_tree(tmp_path, {"test_it.py": SUBPROCESS})
    finished, lines = record(PYTEST, tmp_path, 60)
    assert finished.code == 0, finished.output
    (frame,) = read_frames(lines, CRITICAL_EVENTS)
    assert (frame.test, frame.event) == ("test_it.py::test_a_server_of_its_own", "agent_started")


def test_a_sitecustomize_of_the_project_still_runs(tmp_path, monkeypatch):
    files = {
        "site/sitecustomize.py": "import builtins\nbuiltins.customized = True\n",
        "test_it.py": "def test_it():\n    assert customized\n",
    }
    write_tree(tmp_path, files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    finished, _ = record(PYTEST, tmp_path, 60)
    assert finished.code == 0, finished.output


def _frames(*contents):
    entries = [{"test": "t.py::t", "socket": "s", "frame": json.dumps(c)} for c in contents]
    return read_frames([json.dumps(entry) for entry in entries], CRITICAL_EVENTS)


@pytest.mark.parametrize(
    "frame",
    [
        {"kind": "agent_started"},
        {"event": "agent_started"},
        {"what": "agent_started", "type": "event"},
        ["agent_started", {"run": "r"}],
    ],
    ids=["kind", "event", "another key", "a pair"],
)
def test_an_event_is_known_whatever_the_key_is_called(frame):
    assert [found.event for found in _frames(frame)] == ["agent_started"]


def test_runs_without_an_id_are_told_apart_by_their_ends():
    run = [{"type": event} for event in CRITICAL_EVENTS]
    assert list(check_frames(_frames(*run, *run), CRITICAL_EVENTS)) == []


def test_a_run_that_ends_in_an_error_is_over():
    seen = _frames({"type": "agent_started"}, {"type": "agent_error"})
    rules = {problem.rule for problem in check_frames(seen, ("agent_started", "agent_completed"))}
    assert rules == {"probe-missing"}
