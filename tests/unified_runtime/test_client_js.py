"""The browser's client in node, with a socket, a clock and a dice of our own."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import unified_runtime

NODE = shutil.which("node")
DRIVER = Path(__file__).parent / "client_js.mjs"
CLIENT = Path(unified_runtime.__file__).parent / "web" / "client.js"

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

READY = {"type": "ready", "stream": "s", "seq": 0, "resumed": False}
PONG = {"type": "pong"}


def note(seq, event_type="note"):
    return {"type": event_type, "seq": seq, "stream": "s", "timestamp": "t", "data": {}}


@pytest.fixture(scope="module")
def drive():
    """`drive(step, …, option=…)`: each step is a method of the newest socket, `pass` (milliseconds),
    `close` or `settle` (promises), with its arguments; `tokens` become a function that gives the next."""
    command = [NODE, DRIVER, CLIENT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:

        def drive(*steps, **options):
            script = [step if isinstance(step, tuple) else (step,) for step in steps]
            node.stdin.write(json.dumps({"options": options, "steps": script}) + "\n")
            node.stdin.flush()
            return json.loads(node.stdout.readline())

        yield drive
        node.stdin.close()


def kinds(result, kind):
    return [facts for name, *facts in result["seen"] if name == kind]


def test_it_resumes_behind_the_last_event_that_it_handed_over(drive):
    done = drive("open", ("say", READY), ("say", note(1)), ("say", note(2)), ("end", 1006), ("pass", 125),
                 "open", ("say", READY | {"seq": 2, "resumed": True}), ("say", note(3)), token="t")  # fmt: skip
    assert kinds(done, "note") == [[1], [2], [3]]
    assert [one["url"] for one in done["opened"]] == [
        "ws://h/ws?x=1",
        "ws://h/ws?x=1&stream=s&seq=2",
    ]
    assert done["opened"][0]["protocols"] == ["wire", "bearer.t"]
    assert done["position"] == {"stream": "s", "seq": 3}


def test_a_missing_number_is_asked_for_again_and_a_repeat_dropped(drive):
    done = drive("open", ("say", READY), ("say", note(1)), ("say", note(1)), ("say", note(3)), ("pass", 125),
                 "open", ("say", READY | {"seq": 1}), ("say", note(2)), ("say", note(3)))  # fmt: skip
    assert kinds(done, "note") == [[1], [2], [3]]
    assert done["opened"][1]["url"].endswith("stream=s&seq=1")


def test_a_gap_is_said_and_read_over(drive):
    gap = {"type": "gap", "from": 1, "to": 4, "reason": "trimmed"}
    done = drive("open", ("say", READY), ("say", gap), ("say", note(5)))
    assert (kinds(done, "gap"), kinds(done, "note")) == ([[4]], [[5]])


def test_a_numbering_that_began_anew_is_followed(drive):
    done = drive("open", ("say", READY | {"stream": "new"}), ("say", note(1)), stream="old", seq=7)
    assert kinds(done, "note") == [[1]]
    assert done["position"] == {"stream": "new", "seq": 1}


def test_events_of_an_application_never_look_like_the_clients_own(drive):
    done = drive("open", ("say", READY), ("say", note(1, "state")), ("say", note(2, "event")))
    assert [facts[0] for facts in kinds(done, "state")] == ["open"]
    assert kinds(done, "event") == [[1], [2]]


def test_a_half_open_connection_is_left_and_made_again(drive):
    done = drive("open", ("say", READY), ("pass", 20_000), ("pass", 9_999), ("say", PONG), ("pass", 10_001),
                 ("pass", 10_000), ("pass", 125))  # fmt: skip
    assert len(done["opened"]) == 2
    assert done["opened"][0]["sent"] == ['{"type":"ping"}'] * 3
    assert kinds(done, "state")[-2:] == [["waiting", 1006, 125], ["connecting"]]


def test_a_connection_that_brought_only_a_beginning_makes_the_next_wait_longer(drive):
    beginning = ("open", ("say", READY), ("end", 4501))
    done = drive(*beginning, ("pass", 125), *beginning, ("pass", 250), *beginning)
    assert [facts[2] for facts in kinds(done, "state") if facts[0] == "waiting"] == [125, 250, 500]


def test_an_event_ends_the_patience(drive):
    useful = ("open", ("say", READY), ("say", note(1)), ("end", 4501))
    done = drive(*useful, ("pass", 125), "open", ("say", note(2)), ("end", 4501))
    assert [facts[2] for facts in kinds(done, "state") if facts[0] == "waiting"] == [125, 125]


@pytest.mark.parametrize("code", [4400, 4401, 4403, 4413, 4429, 4499])
def test_a_refusal_is_said_and_not_tried_again(drive, code):
    done = drive("open", ("end", code, "no"), ("pass", 100_000))
    assert (len(done["opened"]), kinds(done, "state")[-1]) == (1, ["refused", code])


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1012, 4500, 4505])
def test_every_other_end_is_tried_again(drive, code):
    assert len(drive("open", ("end", code), ("pass", 125))["opened"]) == 2


def test_nothing_goes_on_after_close(drive):
    done = drive(
        "open", ("say", READY), "close", ("say", note(1)), ("end", 1006), ("pass", 100_000)
    )
    assert (len(done["opened"]), kinds(done, "note"), done["timers"]) == (1, [], 0)
    done = drive("open", ("end", 1006), "close", ("pass", 100_000))
    assert (len(done["opened"]), done["timers"]) == (1, 0)


def test_a_token_function_is_asked_for_each_connection(drive):
    done = drive("settle", "open", ("end", 1006), ("pass", 125), "settle", ("pass", 250), "settle", "open",
                 tokens=["first", None, "second"])  # fmt: skip
    assert [one["protocols"][1] for one in done["opened"]] == ["bearer.first", "bearer.second"]
    waits = [facts for facts in kinds(done, "state") if facts[0] == "waiting"]
    assert waits == [["waiting", 1006, 125], ["waiting", 1006, 250]]


@pytest.mark.parametrize("tokens", [["first"], [None]])
def test_a_token_that_comes_after_close_opens_nothing(drive, tokens):
    done = drive("close", "settle", ("pass", 100_000), tokens=tokens)
    assert (done["opened"], done["timers"]) == ([], 0)
