"""Words that name an event and send nothing, and near misses of an event's name."""

from __future__ import annotations

import pytest

MENTIONS = {
    "a comment": "# send agent_started here\n",
    "a docstring": '"""Sends agent_started."""\n',
    "a log": 'import logging\nlogging.getLogger(__name__).info("agent_started")\n',
    "a print": 'def main():\n    print("agent_started")\n',
    "a comparison": 'def main(kind):\n    return kind == "agent_started"\n',
    "a membership": 'def main(kind):\n    return kind in ("agent_started", "x")\n',
    "a list of names": 'EVENTS = ["agent_started"]\n',
    "an int enum": (
        "from enum import IntEnum\n\n\nclass Kind(IntEnum):\n    AGENT_STARTED = 1\n\n\n"
        "async def main(websocket):\n    await websocket.send_json({'type': Kind.AGENT_STARTED})\n"
    ),
    "a longer name": (
        'async def main(websocket):\n    await websocket.send_json({"type": "subagent_started"})\n'
    ),
    "a method of that name that sends something else": (
        "class Emitter:\n    async def emit_agent_started(self, websocket):\n"
        '        await websocket.send_json({"type": "agent_begun"})\n\n\n'
        "async def main(websocket):\n    await Emitter().emit_agent_started(websocket)\n"
    ),
    "a metric": 'def main(metrics):\n    metrics.increment("agent_started")\n',
}


@pytest.mark.parametrize("mention", MENTIONS)
def test_it_is_no_emission(project, mention):
    project.write({"app.py": MENTIONS[mention]})
    assert project.sites() == {}
    assert project.status() == "lost"


SENDING = 'async def main(websocket):\n    await websocket.send_json({"type": "agent_started"})\n'


@pytest.mark.parametrize(
    "path", ["tests/test_app.py", "tests/conftest.py", "app/test_app.py", "scripts/try.py"]
)
def test_what_a_test_or_a_script_emits_reaches_no_user(project, path):
    project.write({path: SENDING, "app/__init__.py": ""})
    assert project.sites() == {}
