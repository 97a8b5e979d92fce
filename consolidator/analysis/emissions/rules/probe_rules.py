"""Rules of what `guard --probe` sees on the sockets; `analysis.probe` finds them."""

from __future__ import annotations

from consolidator.analysis.emissions.rules.rule import GuardRule

_EXAMPLE = """
consolidator guard . --probe "python -m pytest -q tests"
"""

RULES = (
    GuardRule(
        "probe-missing",
        "No test saw the event on a socket",
        "error",
        """
        The tests ran, and no frame of this type went out on any WebSocket of any server they started.
        Frames of Starlette, FastAPI, uvicorn, `websockets`, aiohttp, Django Channels, Litestar, Tornado,
        Quart, Sanic and Flask-Sock are seen, in the tests' process and in Python processes below it, where
        the frame is JSON and names the event by `type`, `event`, `kind`, `name` or any other key.
        """,
        _EXAMPLE,
        "Find out where the event is lost (`guard` without `--probe`), or add a test that causes it.",
    ),
    GuardRule(
        "probe-order",
        "A run's events went out in the wrong order",
        "error",
        "On one socket and for one run, `agent_started` was not first or `agent_completed` not last.",
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
