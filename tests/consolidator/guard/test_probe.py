"""The recorder on real sockets, and what is made of the frames."""

from __future__ import annotations

import base64
import json
import re
import sys

import msgspec
import pytest
from trees import write_tree

from consolidator.adapters.recorder import record
from consolidator.analysis.probe.check import check_seen
from consolidator.analysis.probe.frames import read_frames
from consolidator.analysis.probe.recording import (
    Recording,
    differences,
    dump,
    load,
    recording_of,
)
from consolidator.errors import PlanError, ToolError
from consolidator.model import Finished
from consolidator.plan import CRITICAL_EVENTS
from consolidator.workflow.probe import probe

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
SERVER = r"""
import asyncio, json, re
import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
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


async def bare(a, b, c):
    await b()
    await c({"type": "websocket.accept"})
    for event in FIVE:
        await c({"type": "websocket.send", "bytes": json.dumps({"type": event}).encode()})
    await c({"type": "websocket.close"})


async def layer(scope, receive, send):
    async def forward(message):
        await send(message)

    await bare(scope, receive, forward)


async def called(app, scope):
    # a test client of one's own
    sent, first = [], [{"type": "websocket.connect"}] if scope["type"] == "websocket" else []

    async def receive():
        if not first:
            await asyncio.Event().wait()
        return first.pop()

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def under_nothing():
    sent = await called(layer, {"type": "websocket", "path": "/"})
    return [json.loads(message["bytes"])["type"] for message in sent[1:-1]]


async def under_starlette():
    sent = await called(Starlette(routes=[Mount("/inner", app=Starlette(routes=[WebSocketRoute("/", endpoint)]))]),
                        {"type": "websocket", "path": "/inner/", "headers": [], "query_string": b"", "subprotocols": []})
    return [json.loads(message["text"])["type"] for message in sent[1:-1]]


async def stream(request):
    async def body():
        for event in FIVE:
            yield f"event: {event}\r\n".encode()
            yield b'data: {"run_id": 1}\r\n\r\n'

    return StreamingResponse(body(), media_type="text/event-stream")


async def lines(request):
    return StreamingResponse((json.dumps({"type": event}) + "\n" for event in FIVE), media_type="application/x-ndjson")


async def under_http(path):
    app = Starlette(routes=[Route("/events", stream), Route("/lines", lines)])
    sent = await called(app, {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""})
    text = b"".join(message.get("body", b"") for message in sent).decode()
    return [event for event in re.findall("[a-z_]+", text) if event in FIVE]


async def under_events():
    return await under_http("/events")


async def under_lines():
    return await under_http("/lines")


class Old:
    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream; charset=utf-8")])
        for event in FIVE:
            yield f'data: {{"type": "{event}"}}\n\n'.encode()


async def under_wsgi():
    body = Old()({}, lambda status, headers: None)
    return [json.loads(part[5:])["type"] for part in body]


@pytest.mark.parametrize("start", [under_uvicorn, under_websockets, under_broadcast, under_nothing, under_starlette, under_events, under_lines, under_wsgi], ids=lambda f: f.__name__)
def test_five(start):
    assert asyncio.run(start()) == FIVE
"""


def test_every_frame_of_a_server_is_recorded_once(tmp_path):
    write_tree(tmp_path, {"test_server.py": SERVER})
    finished, lines = record([*PYTEST, "--timeout=20"], tmp_path, 60)
    assert finished.code == 0, finished.output
    flows = recording_of(read_frames(lines, CRITICAL_EVENTS).frames).flows
    assert {test.partition("under_")[2].rstrip("]") for test in flows} == {
        "uvicorn",
        "websockets",
        "broadcast",
        "nothing",
        "starlette",
        "events",
        "lines",
        "wsgi",
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
    return [p.rule for p in check_seen(read_frames(lines, events), events)]


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
    assert read_frames([*other, line("ready")], CRITICAL_EVENTS).frames == ()


def recorded(lines):
    return recording_of(read_frames(lines, CRITICAL_EVENTS).frames)


def test_the_flow_of_a_test_is_compared_whatever_its_sockets_are_called():
    before = recorded(WHOLE)
    renamed = [entry.replace('"socket": "1"', '"socket": "9"') for entry in WHOLE]
    assert list(differences(before, recorded(renamed), {})) == []
    (problem,) = differences(before, recorded(WHOLE[1:]), {})
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
    (frame,) = read_frames(lines, CRITICAL_EVENTS).frames
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
    assert [found.event for found in _frames(frame).frames] == ["agent_started"]


def test_runs_without_an_id_are_told_apart_by_their_ends():
    run = [{"type": event} for event in CRITICAL_EVENTS]
    assert list(check_seen(_frames(*run, *run), CRITICAL_EVENTS)) == []


def test_a_run_that_ends_in_an_error_is_over():
    seen = _frames({"type": "agent_started"}, {"type": "agent_error"})
    rules = {problem.rule for problem in check_seen(seen, ("agent_started", "agent_completed"))}
    assert rules == {"probe-missing"}


def problems(*lines, before=None):
    return probe(lambda: (Finished(0, ""), lines), CRITICAL_EVENTS, before).problems


RAN = json.dumps({"test": "t.py::a", "line": 7})
OPAQUE = json.dumps({"test": "t.py::a", "socket": "1", "bytes": "/w=="})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([RAN], r"1 test ran, .* not known: no frame was seen on any known transport"),
        ([RAN, OPAQUE, line("ready")], r"1 of 2 frames can't be read"),
    ],
)
def test_what_the_recorder_can_not_see_is_unknown_and_not_lost(lines, said):
    (problem,) = problems(*lines)
    assert (problem.rule, problem.severity) == ("probe-unseen", "note")
    assert re.search(said, problem.message)


def test_frames_without_any_event_are_a_loss():
    assert {p.rule for p in problems(RAN, line("ready"))} == {"probe-missing"}


def test_what_was_seen_before_is_missed_even_where_nothing_is_seen_now():
    missed = problems(RAN, before=recorded(WHOLE))
    assert [(p.rule, p.line) for p in missed] == [("probe-unseen", 0), ("probe-differs", 7)]


def test_what_goes_to_a_broker_counts_only_where_no_client_was_sent_anything():
    published = [json.dumps({**json.loads(entry), "broker": True}) for entry in WHOLE]
    assert problems(*published) == ()
    assert problems(*published, *WHOLE) == ()
    assert problems(*published, *WHOLE[:4]) != ()
    assert {p.rule for p in problems(RAN, *published, line("welcome"))} == {"probe-missing"}


def test_a_finding_names_the_test_and_who_sent_the_frame():
    way = [["t.py", 3, "fake"], ["app/hub.py", 12, "send"], ["app/agent.py", 40, "run"]]
    late = json.dumps({**json.loads(WHOLE[1]), "way": way})
    problem = next(p for p in problems(RAN, *WHOLE, late) if p.rule == "probe-order")
    assert (problem.path, problem.line, problem.function) == ("t.py", 7, "t.py::a")
    assert problem.message.endswith(
        "; agent_thinking was sent by send (app/hub.py:12), called by run (app/agent.py:40)"
    )


def of(*events, **fields):
    return [{"type": event, **fields} for event in events]


@pytest.mark.parametrize(
    "run",
    [
        of("agent_started", *CRITICAL_EVENTS, "agent_completed"),
        [
            frame
            for pair in zip(of(*CRITICAL_EVENTS, job=1), of(*CRITICAL_EVENTS, job=2), strict=True)
            for frame in pair
        ],
        [{"stream": "user", "payload": {"event": event}} for event in CRITICAL_EVENTS],
        [{event: {"run": 1}} for event in CRITICAL_EVENTS],
        [[{"type": event} for event in CRITICAL_EVENTS]],
    ],
    ids=["agents within agents", "runs side by side", "an envelope", "a key", "a batch"],
)
def test_a_run_that_is_right_is_right_in_any_shape(run):
    assert list(check_seen(_frames(*run), CRITICAL_EVENTS)) == []


def test_a_test_of_tool_events_alone_is_no_broken_run():
    tools = [line(event, test="t.py::tools") for event in CRITICAL_EVENTS[2:4]]
    assert rules(*WHOLE, *tools) == []
    assert rules(*WHOLE, *tools[:1]) == ["probe-pairing"]
    assert rules(*WHOLE, *tools, line("agent_completed", test="t.py::tools")) == ["probe-order"]


def test_a_socket_that_came_late_is_no_broken_run():
    late = [line(event, socket="2") for event in CRITICAL_EVENTS[2:]]
    assert rules(*WHOLE, *late) == []
    gone = [line(event, socket="3") for event in CRITICAL_EVENTS[:2]]
    assert rules(*gone, *late) == []
    assert "probe-order" in rules(*late)


@pytest.mark.parametrize(
    ("entry", "event"),
    [
        ({"frame": "event agent_started of run 7"}, "agent_started"),
        ({"frame": '42["agent_started",{}]'}, ""),
        ({"frame": "agent_started or agent_completed"}, ""),
        ({"frame": "[" * 100_000}, ""),
        ({"bytes": ""}, ""),
        (
            {"bytes": base64.b64encode(msgspec.msgpack.encode({"t": "agent_started"})).decode()},
            "agent_started",
        ),
    ],
    ids=["text", "Socket.IO as text", "two names", "too deep", "nothing", "MessagePack"],
)
def test_frames_that_are_no_json(entry, event):
    seen = read_frames([json.dumps({"test": "t", "socket": "1", **entry})], CRITICAL_EVENTS)
    assert [frame.event for frame in seen.frames] == ([event] if event else [])
