"""Objects that are handed over at start-up, and what happens when they are not."""

from __future__ import annotations

import pytest

APPLICATION = {
    "app.py": """
        class Bridge:
            async def notify_agent_started(self, websocket):
                await websocket.send_json({"type": "agent_started"})


        class Engine:
            def __init__(self):
                self._bridge = None

            def set_bridge(self, bridge):
                self._bridge = bridge

            async def run(self, websocket):
                if self._bridge is None:
                    return
                await self._bridge.notify_agent_started(websocket)


        async def main(websocket):
            engine = Engine()
            engine.set_bridge(Bridge())
            await engine.run(websocket)
        """
}


@pytest.fixture
def app(project):
    return project.write(APPLICATION)


def test_a_setter_that_is_called_wires_the_emission(app):
    assert app.status() == "ok", app.why()


def test_a_setter_that_nobody_calls_leaves_it_unwired(app):
    app.replace("app.py", "    engine.set_bridge(Bridge())\n", "")
    assert app.status() == "lost"


def test_a_helper_that_always_raises_ends_the_path(app):
    app.replace(
        "app.py",
        "    await engine.run(websocket)",
        "    check(engine)\n    await engine.run(websocket)\n\n\n"
        "def check(engine):\n    print(engine)\n    raise RuntimeError",
    )
    assert app.status() == "lost"


def test_a_name_that_nothing_binds_loses_the_event(app):
    app.replace("app.py", "await engine.run", "await engin.run")
    assert app.status() == "lost"


def test_a_constant_of_another_module_can_switch_it_off(project):
    project.write(
        {
            "flags.py": "SEND_EVENTS = False\n",
            "app.py": """
                from flags import SEND_EVENTS


                async def main(websocket):
                    if not SEND_EVENTS:
                        return
                    await websocket.send_json({"type": "agent_started"})
                """,
        }
    )
    assert project.status() == "lost"
    project.write({"flags.py": "import os\nSEND_EVENTS = os.environ.get('SEND')\n"})
    assert project.status() == "ok"


def test_a_flag_that_somebody_sets_can_run(project):
    project.write(
        {
            "flags.py": "SEND = False\n",
            "app.py": """
                import flags


                def turn_on():
                    flags.SEND = True


                async def main(websocket):
                    turn_on()
                    if flags.SEND:
                        await websocket.send_json({"type": "agent_started"})
                """,
        }
    )
    assert project.status() == "ok"


def test_what_a_protocol_does_in_its_methods_does_not_matter(project):
    project.write(
        {
            "app.py": """
                from typing import Protocol


                class Sends(Protocol):
                    async def push(self, websocket, kind):
                        print("a protocol")


                class Sender:
                    async def push(self, websocket, kind):
                        await websocket.send_json({"type": kind})


                async def main(websocket, sender: Sends):
                    await sender.push(websocket, "agent_started")
                """
        }
    )
    assert project.status() == "ok", project.why()


def test_a_static_method_is_called_through_its_class(project):
    project.write(
        {
            "app.py": """
                class Sender:
                    @staticmethod
                    async def push(websocket, kind):
                        await websocket.send_json({"type": kind})


                async def main(websocket):
                    await Sender.push(websocket, "agent_started")
                """
        }
    )
    assert project.status() == "ok", project.why()
