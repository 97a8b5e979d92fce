"""What in a difference is taken for a mend, what is not, and how far a subject is believed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from consolidator.analysis.history.cutting import cut
from consolidator.analysis.history.delta import compare, without_renames
from consolidator.analysis.history.detectors import detect
from consolidator.analysis.history.records import Evidence, FileEdit, UnitEdit
from consolidator.analysis.history.verdict import Touched, judge


def signals(before: str, after: str) -> set[str]:
    delta = compare("app.py", [cut(dedent(before))], cut(dedent(after)))
    return {evidence.signal for unit in delta.units for evidence in detect(unit)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cookie.output(header='')", "cookie.output(header='').strip()"),
        ("{'amount': amount}", "{'amount': str(amount)}"),
        ("ours + headers", "ours + list(headers)"),
    ],
)
def test_a_value_that_takes_one_more_call_is_a_sign_of_a_mend(before: str, after: str) -> None:
    made = "def made(cookie, amount, ours, headers):\n    value = {}\n    return value\n"
    assert "converted" in signals(made.format(before), made.format(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("open_socket(host)", "open_socket(Host(host))"),
        ("str(amount)", "amount"),
        ("encode(amount)", "encode(amount)  # exact"),
    ],
    ids=["a class made", "a call less", "a comment"],
)
def test_not_every_other_call_is_a_conversion(before: str, after: str) -> None:
    made = "def made(host, amount):\n    value = {}\n    return value\n"
    assert "converted" not in signals(made.format(before), made.format(after))


def test_another_pattern_is_a_sign_and_the_same_spelled_otherwise_is_none() -> None:
    text = "VALUE = re.compile({})\n"
    assert "pattern" in signals(text.format(r'b"[\x00-\x1f]"'), text.format(r'b"[\x00-\x08]"'))
    assert not signals(text.format(r'b"[\x00-\x1F]"'), text.format(r'b"[\x00-\x1f]"'))


def test_a_handler_that_catches_more_is_a_sign_and_one_that_catches_less_is_not() -> None:
    text = "def read(reader):\n    try:\n        reader.read()\n    except {}:\n        return\n"
    one, both = text.format("ValueError"), text.format("(OSError, ValueError)")
    assert "handled" in signals(one, both)
    assert "handled" not in signals(both, one)


LIMITED = """
def read({}):
    length = stream.length()
    {}
    return stream.read(length)
"""
PLAIN = LIMITED.format("stream, limit", "stream.seek(0)")


def test_a_guard_that_asks_for_what_was_there_is_a_mend() -> None:
    guard = "if length > limit:\n        raise TooLong(length)"
    assert {"guard", "raise"} <= signals(PLAIN, LIMITED.format("stream, limit", guard))


def test_a_guard_that_asks_for_a_new_parameter_is_none() -> None:
    before = LIMITED.format("stream", "stream.seek(0)")
    after = LIMITED.format("stream, limit=None", "if limit is not None:\n        raise TooLong()")
    assert not signals(before, after) & {"guard", "branch", "raise", "condition"}


def test_a_guard_beside_a_new_parameter_still_counts() -> None:
    before = LIMITED.format("stream", "stream.seek(0)")
    after = LIMITED.format("stream, limit=None", "if length < 0:\n        raise TooShort()")
    assert {"guard", "raise"} <= signals(before, after)


def test_a_guard_within_a_new_loop_is_part_of_what_is_new() -> None:
    loop = "for part in stream.parts():\n        if part.empty:\n            continue\n        part.load()"
    assert not signals(PLAIN, LIMITED.format("stream, limit", loop)) & {"guard", "branch"}


@pytest.mark.parametrize("asked", ["self.config.top_k", "settings.top_k", "os.getenv('TOP_K')"])
def test_a_condition_on_a_setting_switches_and_mends_nothing(asked: str) -> None:
    switch = f"if {asked} is None:\n        return None"
    assert "guard" not in signals(PLAIN, LIMITED.format("stream, limit", switch))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('event.get("reason", "")', 'event.get("reason", "") or ""'),
        ("event.hub.active.request", "event.hub.active.request or (None, 0)"),
    ],
)
def test_what_stands_in_for_nothing_is_a_sign_of_a_mend(before: str, after: str) -> None:
    text = "def told(event):\n    value = {}\n    return value\n"
    assert "tolerant" in signals(text.format(before), text.format(after))
    assert "tolerant" not in signals(text.format(after), text.format(before))


def test_a_condition_of_two_parts_stands_in_for_nothing() -> None:
    text = "def told(event, other):\n    value = {}\n    return value\n"
    assert "tolerant" not in signals(text.format("event"), text.format("event or other"))


USING = """
{imports}

def read(self, client, action):
    if isinstance(action, {thing}):
        {sender}.send(action)
"""


def shown(before: dict[str, str], after: dict[str, str]) -> set[str]:
    deltas = [
        compare("app.py", [cut(USING.format_map(before))], cut(USING.format_map(after))),
    ]
    units = (unit for file in without_renames(deltas) for unit in file.units)
    return {evidence.signal for unit in units for evidence in detect(unit)}


def test_a_name_that_imports_bring_from_elsewhere_is_no_sign_and_another_object_is_one() -> None:
    before = {"imports": "from app import old, bus", "thing": "old.Thing", "sender": "bus"}
    moved = {**before, "imports": "import app.new\nfrom app import bus", "thing": "app.new.Thing"}
    bare = {**before, "imports": "from app.new import Thing\nfrom app import bus", "thing": "Thing"}
    assert not shown(before, moved)
    assert not shown(before, bare)
    assert shown(before, {**moved, "sender": "self.bus"})
    assert shown({**moved, "thing": "Thing"}, moved)
    assert shown({**before, "sender": "self.bus"}, {**before, "sender": "client.bus"})


def score(subject: str, *, spoken: bool) -> float:
    file = FileEdit("app.py", "changed")
    seen = (("Manager.send", Evidence("branch", "if waiting")),)
    return judge(Touched(subject, (file,), spoken=spoken, evidence=seen)).score


MENDING = (
    "Avoid a second answer",
    "Don't lose what waits",
    "Handle closed sockets",
    "Prevent it from hanging",
    "Answer correctly when nobody listens",
    "Sockets are no longer stuck",
)
MAKING = (
    "Add a way to close",
    "feat: rooms of one user",
    "[runtime] Support named rooms",
    "rooms: allow names",
    "Refactor the manager of rooms",
    "Rename rooms to channels",
    "Bump the version of black",
)


@pytest.mark.parametrize("subject", MENDING)
def test_a_subject_that_speaks_of_failure_speaks_for_a_fix(subject: str) -> None:
    assert score(subject, spoken=True) > score(subject, spoken=False)


@pytest.mark.parametrize("subject", MAKING)
def test_a_subject_that_speaks_of_making_speaks_against_it(subject: str) -> None:
    assert score(subject, spoken=True) < score("Rooms of one user", spoken=True)


@pytest.mark.parametrize("subject", ["The address is shown", "Additional rooms are closed"])
def test_a_word_that_only_begins_like_another_is_not_taken_for_it(subject: str) -> None:
    assert score(subject, spoken=True) == score("Rooms of one user", spoken=True)


@pytest.mark.parametrize("subject", [*MENDING, *MAKING[:1], *MAKING[2:4]])
def test_where_subjects_say_nothing_such_words_weigh_nothing(subject: str) -> None:
    assert score(subject, spoken=False) == score("Rooms of one user", spoken=False)


@pytest.mark.parametrize(
    "subject",
    ["Fix type hints of rooms", "Fix typos", "mypy fixes (#12)", "fixed some docs of rooms"],
)
@pytest.mark.parametrize("spoken", [True, False])
def test_who_fixes_what_never_runs_fixes_nothing(subject: str, spoken: bool) -> None:
    assert score(subject, spoken=spoken) <= score("Rooms of one user", spoken=spoken)
    assert score("Fix rooms of one user", spoken=spoken) > score(subject, spoken=spoken)


SMALL_MENDS = {
    "a task is watched": (
        "watched",
        "self.tasks.append(loop.create_task(self.beat()))",
        "task = loop.create_task(self.beat())\n    task.add_done_callback(self.tasks.remove)\n    self.tasks.append(task)",
    ),
    "what is kept has a bound": ("bound", "self.kept = {}", "self.kept = deque(maxlen=100)"),
    "a loop can end": (
        "condition",
        "while True:\n        await self.beat()",
        "while not self.closing.is_set():\n        await self.beat()",
    ),
    "a value is copied before it is used": (
        "converted",
        "await self.send(message)",
        "message = dict(message)\n    await self.send(message)",
    ),
    "an answer is computed otherwise": (
        "returned",
        "return len(self.connections)",
        "return sum(1 for each in self.connections.values() if not each.closed)",
    ),
    "a separator is not prose": (
        "value",
        "await self.send(json.dumps(message))",
        "await self.send(json.dumps(message) + '\\n')",
    ),
    "an unknown user is turned away": (
        "refused",
        "await websocket.accept()",
        "if not user_id:\n        await websocket.close(code=4401)\n        return\n    await websocket.accept()",
    ),
    "what can't be sent is kept": (
        "kept-for-later",
        "await self.send(message)",
        "if self.away:\n        self.backlog.append(message)\n        return\n    await self.send(message)",
    ),
}


@pytest.mark.parametrize("what", SMALL_MENDS)
def test_a_small_mend_shows(what: str) -> None:
    signal, before, after = SMALL_MENDS[what]
    made = "async def acts(self, user_id, websocket, message, loop):\n    {}\n"
    assert signal in signals(made.format(before), made.format(after))
    other_way = signals(made.format(after), made.format(before))
    assert signal not in other_way or signal in {"condition", "returned", "value"}


def test_a_guard_on_a_new_parameter_counts_only_where_it_asks_what_is_kept() -> None:
    before = "def drop(self, user):\n    del self.connections[user]\n"
    after = "def drop(self, user, socket=None):\n    if {}:\n        return\n    del self.connections[user]\n"
    assert "guard" not in signals(before, after.format("socket == user"))
    assert "guard" in signals(before, after.format("self.connections[user] is not socket"))


def test_a_constant_that_gets_a_name_is_no_sign() -> None:
    made = "async def acts(self):\n    await asyncio.sleep({})\n"
    assert not signals(made.format("30"), made.format("PAUSE_SECONDS"))


def test_a_refactoring_is_not_said_to_change_nothing() -> None:
    unit = UnitEdit(
        "acts", "", "changed", ("beat=self.beat()",), rewritten=(("f(self.beat())", "f(beat)"),)
    )
    said = judge(Touched("a", (FileEdit("app.py", "changed", (unit,)),))).why
    assert said == ("nothing in what has changed speaks for a fix",)


def test_steps_that_changed_places_are_told_and_fields_that_did_are_not() -> None:
    steps = "class Hub:\n    def end(self):\n        self.flush()\n        self.close()\n"
    turned = "class Hub:\n    def end(self):\n        self.close()\n        self.flush()\n"
    delta = compare("app.py", [cut(steps)], cut(turned)).units[0]
    assert [(one.signal, one.detail) for one in detect(delta)] == [
        ("reordered", "self.close() before self.flush()")
    ]
    assert not signals("class Hub:\n    a = 1\n    b = 2\n", "class Hub:\n    b = 2\n    a = 1\n")
