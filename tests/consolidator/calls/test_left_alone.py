"""Calls that must not be edited, and what is said about them."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from call_cases import Result

Migrate = Callable[..., Result]

UNTOUCHED = {
    "a receiver of unknown type": "async def f(m):\n    await m.send('u', 'hi')\n",
    "a receiver of another class with the same method": """
        class Mail:
            def send(self, user, text): ...
        Mail().send('u', 'hi')
    """,
    "code that was written for the new class": """
        from app.new import Unified
        async def f(m: Unified):
            await m.deliver('u', 'hi')
            await m.push('u', 'hi')
            m.connections.clear()
    """,
    "a local function of the same name": "def get_manager(): ...\nget_manager()\n",
    "a subclass that is made in its own way": """
        from app.legacy import Emitter
        class Own(Emitter):
            def __init__(self, title): ...
        Own('title')
    """,
    "a method that a subclass has of its own": """
        from app.legacy import Manager
        class Quiet(Manager):
            def count(self): return 0
            def twice(self): return self.count() * 2
    """,
    "text and comments": "'''m.send(user, text)'''\n# m.send(user, text)\n",
}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_it_stays(migrate: Migrate, body: str) -> None:
    assert migrate(body).text == dedent(body).lstrip("\n")


OMITTED = {
    "does-not-fit": """
        from app.legacy import Manager
        async def f(m: Manager, a, b):
            await m.send(a, text=b, extra=1)
    """,
    "missing-member": """
        from app.legacy import Manager
        async def f(m: Manager): await m.gone('u')
    """,
    "await": """
        from app.legacy import Manager
        def f(m: Manager): return m.count()
    """,
    "ambiguous-receiver": """
        from app.legacy import Manager
        from app.new import Unified
        async def f(m: Manager | str): await m.send('u', 'hi')
    """,
    "method-reference": """
        from app.legacy import Emitter, Manager
        from functools import partial
        def f(m: Manager, on):
            on(m.count)
            on(m.push)
            partial(Emitter, 'u')
    """,
    "unbound": """
        from app.legacy import Manager
        async def f(m: Manager): await Manager.push(m, 'hi', 'u')
    """,
    "evaluation-order": """
        from app.legacy import Emitter
        async def f(e: Emitter): await e.paired(first(), second())
    """,
    "override": """
        from app.legacy import Manager
        class Loud(Manager):
            async def send(self, user, text): ...
    """,
    "drops-effect": """
        from app.legacy import Emitter
        async def f(e: Emitter, next_step): await e.thinking('hm', step=next_step())
    """,
}


@pytest.mark.parametrize(("kind", "body"), OMITTED.items(), ids=OMITTED.keys())
def test_it_stays_and_is_listed(migrate: Migrate, kind: str, body: str) -> None:
    result = migrate(body)
    assert result.text == dedent(body).lstrip("\n")
    assert kind in result.kinds


def test_an_override_is_listed_with_the_method_that_is_called_instead(migrate: Migrate) -> None:
    result = migrate(OMITTED["override"])
    (why,) = [omission.why for omission in result.omissions if omission.kind == "override"]
    assert "Loud overrides app.legacy.Manager.send" in why
    assert "it calls async deliver(user_id, message)" in why


def test_a_subclass_can_not_be_set_up_by_a_classmethod(migrate: Migrate) -> None:
    body = """
        from app.legacy import Emitter
        class Own(Emitter):
            def __init__(self, user, manager):
                super().__init__(user, manager)
    """
    result = migrate(body)
    assert result.text == dedent(body).lstrip("\n")
    assert result.kinds == ["unbound"]


def test_what_a_double_has_of_its_own_is_not_missing(migrate: Migrate) -> None:
    body = "from unittest.mock import Mock\nfrom app.legacy import Manager\n"
    body += "m = Mock(spec=Manager)\nm.reset_mock()\nm.configure_mock(x=1)\n"
    assert migrate(body).omissions == ()


def test_a_call_that_does_not_fit_is_listed_with_both_signatures(migrate: Migrate) -> None:
    plan = """
        [[move]]
        from = "app.legacy.Manager"
        to = "app.new.Unified"
        methods = { gone = "deliver" }
    """
    result = migrate(
        "from app.legacy import Manager\nasync def f(m: Manager): await m.gone('u')\n", plan
    )
    (omission,) = result.omissions
    assert "gone(user_id)" in omission.why
    assert "deliver(user_id, message)" in omission.why
    assert (omission.line, omission.column) == (2, 31)


def test_parameters_that_share_no_name_and_no_type_are_never_matched_by_place(
    migrate: Migrate,
) -> None:
    files = {
        "app/old.py": "class A:\n    def put(self, x, y): ...\n",
        "app/other.py": "class B:\n    def put(self, q, r): ...\n",
    }
    plan = '[[move]]\nfrom = "app.old.A"\nto = "app.other.B"\n'
    result = migrate("from app.old import A\nA().put('a', 'b')\n", plan, files)
    assert result.kinds == ["does-not-fit"]


UNLIKE = {
    "settings of two classes": ("beat: 'Beat' = None", "journal: 'Journal' = None"),
    "settings of the same type": ("retries: int = 3", "limit: int = 100"),
    "another unit": ("timeout: float", "timeout_ms: int"),
    "two things of one owner": ("connection_id", "connection_timeout"),
    "an object and its key": ("user: 'User'", "user_id: str"),
}


@pytest.mark.parametrize(("old", "new"), UNLIKE.values(), ids=UNLIKE.keys())
def test_a_parameter_at_the_same_place_is_not_the_same_parameter(
    migrate: Migrate, old: str, new: str
) -> None:
    files = {
        "app/old.py": f"class A:\n    def __init__(self, {old}): ...\n",
        "app/other.py": f"class B:\n    def __init__(self, {new}): ...\n",
    }
    plan = '[[move]]\nfrom = "app.old.A"\nto = "app.other.B"\n'
    name = old.partition(":")[0]
    body = f"from app.old import A\nA({name}=x)\n"
    result = migrate(body, plan, files)
    assert result.text == body
    assert result.kinds == ["does-not-fit"]


def test_a_distinctive_legacy_method_on_an_unknown_receiver_is_listed(migrate: Migrate) -> None:
    files = {
        "app/old.py": "class A:\n    def send_to_everybody(self): ...\n",
        "app/other.py": "class B:\n    def broadcast(self): ...\n",
    }
    plan = """
        [[move]]
        from = "app.old.A"
        to = "app.other.B"
        methods = { send_to_everybody = "broadcast" }
    """
    result = migrate("def f(m): m.send_to_everybody()\n", plan, files)
    assert result.kinds == ["unknown-receiver"]


def test_the_legacy_definition_itself_is_left_for_deletion(migrate: Migrate) -> None:
    files = {
        "app/old.py": """
            class A:
                def put(self): return self.get()
                def get(self): ...
        """,
        "app/other.py": "class B:\n    def fetch(self): ...\n    def put(self): ...\n",
    }
    plan = """
        [[move]]
        from = "app.old.A"
        to = "app.other.B"
        methods = { get = "fetch" }
    """
    assert migrate("", plan, files).omissions == ()


MADE = {
    "a literal": "type('Loud', (Manager,), {'volume': 11, 'send': send})",
    "below an heir": "type('Loud', (dict, Heir), {'send': send})",
    "another metaclass": "ABCMeta('Loud', (Manager,), {'send': send})",
    "members from elsewhere": "type('Loud', (Manager,), members)",
    "a body": "types.new_class('Loud', (Manager,), {}, lambda space: space.update(members))",
    "a dataclass": "make_dataclass('Loud', [], bases=(Manager,), namespace={'send': send})",
}
_BEFORE = """\
import types
from abc import ABCMeta
from dataclasses import make_dataclass
from app.legacy import Manager
class Heir(Manager): ...
async def send(self, user, text): ...
members = {'send': send}
"""


@pytest.mark.parametrize("call", MADE.values(), ids=MADE.keys())
def test_what_a_class_made_by_a_call_overrides_is_listed(migrate: Migrate, call: str) -> None:
    result = migrate(f"{_BEFORE}Loud = {call}\n")
    assert result.text == f"{_BEFORE}Loud = {call}\n"
    assert [o.line for o in result.omissions if o.kind == "override"] == [8]


@pytest.mark.parametrize(
    "call",
    [
        "type('Loud', (Manager,), {'volume': 11, '__init__': send})",
        "type('Loud', (Plain,), {'send': send})",
        "print('Loud', (Manager,), members)",
        "isinstance(members, (Manager, dict))",
    ],
)
def test_a_call_that_overrides_nothing_of_what_moves_is_not_an_override(
    migrate: Migrate, call: str
) -> None:
    result = migrate(f"{_BEFORE}class Plain: ...\nLoud = {call}\n")
    assert "override" not in result.kinds


_SHAPES = {
    "app/old.py": """
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
            y: int = 0
        @dataclass
        class Pair:
            first: int
            second: int = 0
    """,
    "app/other.py": """
        from dataclasses import dataclass
        @dataclass
        class Place:
            y: int
            x: int = 0
        @dataclass
        class Two:
            first: int
            second: int = 0
    """,
}
_SHAPE_PLAN = """
    [[move]]
    from = "app.old.Point"
    to = "app.other.Place"
    [[move]]
    from = "app.old.Pair"
    to = "app.other.Two"
"""


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        ("Point(1, y)", ["pattern"]),
        ("[Point(1), *_]", ["pattern"]),
        ("Point(x=1, y=y)", []),
        ("Point()", []),
        ("Pair(1, y)", []),
        ("complex(1)", []),
    ],
)
def test_a_pattern_by_place_of_a_class_with_another_order_is_listed(
    migrate: Migrate, pattern: str, kinds: list[str]
) -> None:
    body = (
        "from app.old import Pair, Point\n"
        f"def f(it):\n    match it:\n        case {pattern}:\n            return it\n"
    )
    result = migrate(body, _SHAPE_PLAN, _SHAPES)
    assert (result.text, [o.kind for o in result.omissions]) == (body, kinds)
