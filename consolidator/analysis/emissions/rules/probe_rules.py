"""Rules of what `guard --probe` sees on the sockets; `analysis.probe` finds them."""

from __future__ import annotations

from consolidator.analysis.emissions.rules.rule import GuardRule

_EXAMPLE = """
consolidator guard . --probe "python -m pytest -q tests"
"""

RULES = (
    GuardRule(
        "probe-unseen",
        "The recorder saw no frame that it can read",
        "note",
        """
        Nothing is known then, so nothing is called lost and this does not fail; with `--compare` and a
        file that was recorded when there were frames it does, as `probe-differs`. Frames are seen in the
        tests' process and in Python processes below it, each once: what any ASGI application sends
        (Starlette, FastAPI, Litestar, Quart, Django Channels, Falcon, Sanic, bare ones; under a server or a
        test client) over a WebSocket, as server-sent events or as lines of JSON; the same streams of WSGI
        applications, aiohttp and Tornado; `websockets`, wsproto, aiohttp, Tornado, Socket.IO, Engine.IO,
        Flask-Sock, gevent-websocket, eventlet and Autobahn; what goes to Redis and NATS channels, where no
        client was sent an event. A frame is JSON or MessagePack and holds the event's name as a value or a
        key, or it is text that names one event. Not seen: servers that are not Python (picows, Granian and
        Robyn send from compiled code) and what a test puts in the place of a socket.
        """,
        _EXAMPLE,
        "Add a test that runs against a real server or the test client of the framework.",
    ),
    GuardRule(
        "probe-missing",
        "No test saw the event on a socket",
        "error",
        """
        The tests ran, frames were sent, and none of them was of this type. `--explain probe-unseen` says
        where the recorder looks.
        """,
        _EXAMPLE,
        "Find out where the event is lost (`guard` without `--probe`), or add a test that causes it.",
    ),
    GuardRule(
        "probe-order",
        "A run's events went out in the wrong order",
        "error",
        "On one socket and for one run, `agent_started` was not first or `agent_completed` not last. Runs "
        "within runs are fine, and so is a socket that was opened late or closed early, where another one of "
        "the test shows the rest. The functions that sent the frame are named.",
        _EXAMPLE,
        "Look at the test that is named; send `agent_completed` after everything else.",
    ),
    GuardRule(
        "probe-incomplete",
        "A run was started and never completed",
        "error",
        "A run's events ended on some socket without `agent_completed`.",
        _EXAMPLE,
        "Send `agent_completed` in a `finally`. A test that stops in the middle belongs in the baseline.",
    ),
    GuardRule(
        "probe-pairing",
        "A tool event has no partner",
        "error",
        "`tool_executing` without `tool_completed`, or the other way round, in one run on one socket.",
        _EXAMPLE,
        "Send `tool_completed` in a `finally`.",
    ),
    GuardRule(
        "probe-fields",
        "An event lacks a field that every client reads",
        "error",
        "The frame's `data` has no `agent_name`, `reasoning` or `tool_name` where the wire needs it.",
        _EXAMPLE,
        "Pass the field where the event is emitted.",
    ),
    GuardRule(
        "probe-foreign",
        "A socket was sent another user's event",
        "error",
        "Frames on one socket carry the ids of two users.",
        _EXAMPLE,
        "Look for a manager that is shared without a user id, and for ids that changed places.",
    ),
    GuardRule(
        "probe-differs",
        "A test's events are not what they were",
        "error",
        "The events that a test caused differ from those in the file given to `--compare`.",
        _EXAMPLE,
        "If the difference is meant, record anew with `--record`.",
    ),
    GuardRule(
        "probe-tests",
        "The test command failed",
        "error",
        "The command given to `--probe` ended with another code than 0.",
        _EXAMPLE,
        "Run the command by itself and mend what is red.",
    ),
)
