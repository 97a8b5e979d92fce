"""What a function on an event's way no longer does is seen, also in code that the guard can't follow."""

from __future__ import annotations

from textwrap import dedent

import pytest

UNKNOWN_STYLE = {
    "chat/wire.py": """
        from housebus import connect


        class Wire:
            def __init__(self):
                self.link = connect()
                self.members = {}

            async def join(self, user, peer):
                self.members[user] = peer

            async def carry(self, user, kind, payload):
                peer = self.members.get(user)
                await self.link.hand(peer, kind, payload)
        """,
    "chat/runner.py": """
        from chat.wire import Wire

        NAMES = {"begin": "agent_started", "end": "agent_completed"}


        class Runner:
            def __init__(self, wire: Wire, user_id, run_id):
                self.wire, self.user_id, self.run_id = wire, user_id, run_id

            async def tell(self, stage, **fields):
                payload = dict(fields, run_id=self.run_id)
                await self.wire.carry(self.user_id, NAMES[stage], payload)

            async def run(self, question):
                await self.tell("begin", question=question)
                answer = await think(question)
                await self.tell("end", answer=answer)
                return answer


        async def think(question):
            return question[::-1]
        """,
    "chat/door.py": """
        from housebus import door
        from chat.runner import Runner
        from chat.wire import Wire

        wire = Wire()


        @door.opened("/chat")
        async def chat(peer, user_id, run_id):
            await wire.join(user_id, peer)
            async for question in peer:
                await Runner(wire, user_id, run_id).run(question)
        """,
}
EVENTS = ("agent_started", "agent_completed")


def test_a_style_that_is_not_understood_is_uncertain_and_no_failure(project):
    report = project.write(UNKNOWN_STYLE).guard(*EVENTS)
    assert {event.status for event in report.events} == {"weakened"}
    assert report.failing == ()


BREAKS = {
    "the call is gone": ("chat/runner.py", "await self.wire.carry(", "print("),
    "the name is gone from the table": ("chat/runner.py", '"begin": "agent_started", ', ""),
    "another name in the table": ("chat/runner.py", "agent_started", "agent_start"),
    "a call is not awaited": ("chat/runner.py", "await self.wire.carry", "self.wire.carry"),
    "ids change places": ("chat/door.py", "wire, user_id, run_id)", "wire, run_id, user_id)"),
    "another's id": ("chat/runner.py", "carry(self.user_id", "carry(self.run_id"),
    "a wire of its own": ("chat/door.py", "Runner(wire,", "Runner(Wire(),"),
    "nobody joins": ("chat/door.py", "    await wire.join(user_id, peer)\n", ""),
    "joining keeps nothing": ("chat/wire.py", "self.members[user] = peer", "pass"),
    "a dead flag": (
        "chat/wire.py",
        "await self.link.hand(peer, kind, payload)",
        "if False:\n            await self.link.hand(peer, kind, payload)",
    ),
    "a return in between": (
        "chat/wire.py",
        "await self.link.hand(",
        "if user.startswith('test'):\n            return\n        await self.link.hand(",
    ),
    "the method has another name": ("chat/wire.py", "async def carry", "async def carry_on"),
    "the method takes less": ("chat/wire.py", "user, kind, payload):", "user, kind):"),
    "one of two calls of a name is gone": (
        "chat/runner.py",
        '        await self.tell("end", answer=answer)\n',
        "",
    ),
    "the end is told first": (
        "chat/runner.py",
        '        await self.tell("begin", question=question)\n        answer = await think(question)\n'
        '        await self.tell("end", answer=answer)\n',
        '        answer = await think(question)\n        await self.tell("end", answer=answer)\n'
        '        await self.tell("begin", question=question)\n',
    ),
    "a return before the end": (
        "chat/runner.py",
        "answer = await think(question)",
        "answer = await think(question)\n        if answer:\n            return answer",
    ),
    "a stage that no table knows": ("chat/runner.py", 'self.tell("begin"', 'self.tell("start"'),
    "one of the calls under a flag": (
        "chat/runner.py",
        '        await self.tell("end"',
        '        if self.verbose:\n            await self.tell("end"',
    ),
    "another of the parameters": ("chat/wire.py", "hand(peer, kind,", "hand(peer, user,"),
    "the door is not opened": ("chat/door.py", '@door.opened("/chat")\n', ""),
    "the runner is not run": ("chat/door.py", ".run(question)", ".wire"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_of_code_that_is_not_understood_is_seen(project, name):
    project.write(UNKNOWN_STYLE).freeze(*EVENTS)
    project.replace(*BREAKS[name])
    assert project.rules(*EVENTS)


HARMLESS = {
    "a local renamed": ("chat/runner.py", "payload", "body"),
    "a helper in between": (
        "chat/runner.py",
        "        await self.wire.carry(self.user_id, NAMES[stage], payload)\n",
        "        await self._out(NAMES[stage], payload)\n\n"
        "    async def _out(self, kind, payload):\n"
        "        await self.wire.carry(self.user_id, kind, payload)\n",
    ),
    "keywords": (
        "chat/door.py",
        "Runner(wire, user_id, run_id)",
        "Runner(wire, user_id=user_id, run_id=run_id)",
    ),
    "another log": (
        "chat/wire.py",
        "        await self.link.hand(",
        "        print('agent_started', user)\n        await self.link.hand(",
    ),
    "the socket is asked first": (
        "chat/wire.py",
        "        await self.link.hand(",
        "        if peer is None:\n            return\n        await self.link.hand(",
    ),
    "a guard for a type checker": (
        "chat/runner.py",
        '        await self.tell("end", answer=answer)\n        return answer',
        "        if answer is None:\n            return None\n"
        '        await self.tell("end", answer=answer)\n        return answer',
    ),
    "the whole run is refused aloud": (
        "chat/runner.py",
        '        await self.tell("begin", question=question)\n',
        "        if not question:\n            raise ValueError('no question')\n"
        '        await self.tell("begin", question=question)\n',
    ),
    "an unrelated function": (
        "chat/runner.py",
        "async def think(",
        "def count(words):\n    return len(words)\n\n\nasync def think(",
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_edit_of_code_that_is_not_understood_is_no_alarm(project, name):
    project.write(UNKNOWN_STYLE).freeze(*EVENTS)
    path, old, new = HARMLESS[name]
    source = (project.root / path).read_text("utf-8")
    project.write({path: source.replace(old, new)})
    assert project.rules(*EVENTS) == []


def test_a_function_that_moves_with_its_users_is_no_alarm(project):
    project.write(UNKNOWN_STYLE).freeze(*EVENTS)
    wire = (project.root / "chat/wire.py").read_text("utf-8")
    (project.root / "chat/wire.py").unlink()
    files = {"chat/lines.py": wire}
    for path in ("chat/runner.py", "chat/door.py"):
        source = (project.root / path).read_text("utf-8")
        files[path] = source.replace("chat.wire", "chat.lines")
    project.write(files)
    assert project.rules(*EVENTS) == []


def test_a_table_that_moves_to_a_module_of_its_own_is_no_alarm(project):
    table = "ORDERS = {}\nORDERS['think'] = think\n"
    runner = dedent(UNKNOWN_STYLE["chat/runner.py"]).replace(
        "await think(", "await ORDERS['think']("
    )
    think = "\n\nasync def think(question):\n    return question[::-1]\n"
    assert think in runner
    project.write({**UNKNOWN_STYLE, "chat/runner.py": runner + "\n\n" + table}).freeze(*EVENTS)
    project.write({"chat/orders.py": think + "\n\n" + table})
    moved = "from chat.orders import ORDERS\n" + runner.replace(think, "")
    project.write({"chat/runner.py": moved})
    assert project.rules(*EVENTS) == []
    project.write({"chat/orders.py": think + "\n\nORDERS = {}\n"})
    assert project.rules(*EVENTS)


def test_a_logger_that_goes_with_its_function_is_no_alarm(project):
    logger = "import logging\nlogger = logging.getLogger(__name__)\n"
    runner = UNKNOWN_STYLE["chat/runner.py"]
    project.write({**UNKNOWN_STYLE, "chat/runner.py": logger + dedent(runner)}).freeze(*EVENTS)
    project.write({"chat/runner.py": runner})
    assert project.rules(*EVENTS) == []


def test_a_renamed_method_is_no_alarm_where_its_callers_follow(project):
    project.write(UNKNOWN_STYLE).freeze(*EVENTS)
    for path in ("chat/wire.py", "chat/runner.py"):
        project.replace(path, "carry(", "deliver(")
    assert project.rules(*EVENTS) == []


def test_the_finding_says_what_is_missing_and_where(project):
    project.write(UNKNOWN_STYLE).freeze(*EVENTS)
    project.replace("chat/wire.py", "self.members[user] = peer", "pass")
    (problem,) = [p for p in project.guard(*EVENTS).failing if p.function == "chat.wire.Wire.join"]
    assert (problem.rule, problem.path, problem.line) == ("way-broken", "chat/wire.py", 9)
    assert "no longer puts anything into members" in problem.message
