"""Calls that are adapted, before and after `migrate imports`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from call_cases import PLAN, Result, plan_of
from trees import tree_of

from consolidator.analysis.call_sites import plan_calls
from consolidator.analysis.changes import FileChange

Migrate = Callable[..., Result]
OLD = "from app.legacy import Manager, Emitter, get_manager, Lease, AsyncLease\n"
MOVED = (
    "from app.new import Unified as Manager, UnifiedEmitter as Emitter, manager as get_manager, "
    "UnifiedLease as Lease, PlainLease as AsyncLease\n"
)

CASES = {
    "a method gets its new name": (
        "async def f(m: Manager): await m.send('u', text=t)",
        "async def f(m: Manager): await m.deliver('u', message=t)",
    ),
    "an attribute gets its new name": (
        "def f(m: Manager): m.active = {}",
        "def f(m: Manager): m.connections = {}",
    ),
    "a call that becomes async is awaited": (
        "async def f(m: Manager): return m.count() + 1",
        "async def f(m: Manager): return await m.total() + 1",
    ),
    "an await in front of an attribute gets parentheses": (
        "async def f(m: Manager): return m.count().real",
        "async def f(m: Manager): return (await m.total()).real",
    ),
    "a template writes the arguments": (
        "async def f(e: Emitter): await e.thinking(a or b)",
        "async def f(e: Emitter): await e.emit_thinking({'reasoning': a or b})",
    ),
    "a constructor becomes a classmethod": (
        "e = Emitter('u', get_manager())",
        "e = Emitter.for_run(manager=get_manager(), user_id='u')",
    ),
    "a constructor with a keyword": (
        "e = Emitter(manager=get_manager(), user_id='u')",
        "e = Emitter.for_run(manager=get_manager(), user_id='u')",
    ),
    "a factory's result is known": (
        "async def f(): await get_manager().send('u', 't')",
        "async def f(): await get_manager().deliver('u', 't')",
    ),
    "arguments that act keep their order": (
        "e = Emitter(first(), second())",
        "e = Emitter.for_run(user_id=first(), manager=second())",
    ),
    "what is entered becomes async": (
        "async def f():\n    with Lease() as lease: ...",
        "async def f():\n    async with Lease() as lease: ...",
    ),
    "what is entered is no longer async": (
        "async def f():\n    async with AsyncLease() as lease: ...",
        "async def f():\n    with AsyncLease() as lease: ...",
    ),
    "a method on the class": (
        "async def f(m): await Manager.send(m, 'u', t)",
        "async def f(m): await Manager.deliver(m, 'u', t)",
    ),
    "a keyword of a double": (
        "from unittest.mock import Mock\nm = Mock(spec=Manager, send=None)",
        "from unittest.mock import Mock\nm = Mock(spec=Manager, deliver=None)",
    ),
    "a method that a patch replaces": (
        "from unittest.mock import patch\ndef test():\n"
        "    with patch.object(Manager, 'send') as sent: sent.assert_called_with('u', text=t)",
        "from unittest.mock import patch\ndef test():\n"
        "    with patch.object(Manager, 'deliver') as sent: sent.assert_called_with('u', message=t)",
    ),
    "a name in getattr": (
        "def f(m: Manager): return getattr(m, 'send')",
        "def f(m: Manager): return getattr(m, 'deliver')",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("imports", [OLD, MOVED], ids=["before imports", "after imports"])
def test_it_becomes(migrate: Migrate, imports: str, before: str, after: str) -> None:
    result = migrate(f"{imports}{before}\n")
    assert result.text == f"{imports}{after}\n"
    assert result.omissions == ()


def test_an_await_that_is_no_longer_needed_goes(migrate: Migrate) -> None:
    result = migrate(f"{OLD}async def f(m: Manager): await m.close()\n")
    assert result.text == f"{OLD}async def f(m: Manager): m.close()\n"


def test_two_strings_in_another_order_are_named_never_swapped(migrate: Migrate) -> None:
    result = migrate(f"{OLD}async def f(m: Manager): await m.push(a, b)\n")
    assert result.text == f"{OLD}async def f(m: Manager): await m.push(text=a, user_id=b)\n"


def test_what_became_keyword_only_is_named(migrate: Migrate) -> None:
    result = migrate(f"{OLD}async def f(m: Manager): m.connect('u', s, 't')\n")
    expected = "await m.connect(user_id='u', socket=s, thread_id='t')"
    assert expected in result.text


def test_mocks_with_a_spec_and_their_assertions_follow(migrate: Migrate) -> None:
    body = """
        from unittest.mock import AsyncMock, Mock, patch
        from app.legacy import Emitter, Manager
        def test_it():
            m = Mock(spec=Manager)
            m.send = AsyncMock(return_value=None)
            m.send.assert_awaited_once_with('u', text='hi')
            e = Mock(spec=Emitter)
            e.thinking.assert_awaited_with('hm')
            with patch.object(Manager, 'send'), patch('app.legacy.Manager.count'): ...
    """
    text = migrate(body).text
    assert "m.deliver = AsyncMock(return_value=None)" in text
    assert "m.deliver.assert_awaited_once_with('u', message='hi')" in text
    assert "e.emit_thinking.assert_awaited_with({'reasoning': 'hm'})" in text
    assert "patch.object(Manager, 'deliver'), patch('app.legacy.Manager.total')" in text


def test_two_legacy_classes_of_one_name_are_told_apart_by_the_types_of_arguments(
    migrate: Migrate,
) -> None:
    files = {
        "app/one.py": "class E:\n    def __init__(self, who: str, m: 'M'): ...\nclass M: ...\n",
        "app/two.py": "class E:\n    def __init__(self, m: 'M', who: str): ...\nclass M: ...\n",
        "app/target.py": "class T:\n    def __init__(self, *, m, who): ...\nclass M: ...\n",
    }
    plan = """
        [[move]]
        from = "app.one.E"
        to = "app.target.T"
        [[move]]
        from = "app.two.E"
        to = "app.target.T"
    """
    body = "from app.target import M, T as E\nE('u', M())\nE(M(), 'u')\n"
    assert migrate(body, plan, files).text.endswith("E(who='u', m=M())\nE(m=M(), who='u')\n")


def test_two_legacy_classes_whose_call_becomes_the_same_are_adapted(migrate: Migrate) -> None:
    files = {
        "app/one.py": "class E:\n    def tell(self, who): ...\n",
        "app/two.py": "class P:\n    def tell(self, who): ...\n",
        "app/target.py": "class T:\n    def told(self, who): ...\n",
    }
    plan = """
        [[move]]
        from = "app.one.E"
        to = "app.target.T"
        methods = { tell = "told" }
        [[move]]
        from = "app.two.P"
        to = "app.target.T"
        methods = { tell = "told" }
    """
    body = "from app.one import E\nfrom app.two import P\ndef f(x: P): x.tell(1)\nf(E())\n"
    result = migrate(body, plan, files)
    assert "x.told(1)" in result.text
    assert result.omissions == ()


def test_without_evidence_the_choice_is_left_to_a_human(migrate: Migrate) -> None:
    files = {
        "app/one.py": "class E:\n    def __init__(self, who, run): ...\n",
        "app/two.py": "class E:\n    def __init__(self, run, who): ...\n",
        "app/target.py": "class T:\n    def __init__(self, *, who, run): ...\n",
    }
    plan = """
        [[move]]
        from = "app.one.E"
        to = "app.target.T"
        [[move]]
        from = "app.two.E"
        to = "app.target.T"
    """
    body = "from app.target import T as E\nE(a, b)\n"
    result = migrate(body, plan, files)
    assert result.text == body
    assert result.kinds == ["ambiguous"]


SAME_NAME = {
    "app/one.py": "class Bridge:\n    def told(self, tool, agent): ...\n",
    "app/target.py": "class Bridge:\n    def told(self, agent, tool): ...\n",
}
SAME_NAME_PLAN = '[[move]]\nfrom = "app.one.Bridge"\nto = "app.target.Bridge"\n'


def test_a_target_of_the_same_name_is_not_taken_for_the_legacy_class(migrate: Migrate) -> None:
    body = "from app.target import Bridge\nBridge().told(a, b)\n"
    result = migrate(body, SAME_NAME_PLAN, SAME_NAME)
    assert result.text == body
    assert result.kinds == ["ambiguous"]


def test_the_journal_of_the_last_migration_says_what_a_name_meant(migrate: Migrate) -> None:
    before = b"from app.one import Bridge\nBridge().told(a, b)\n"
    after = b"from app.target import Bridge\nBridge().told(a, b)\n"
    last = [FileChange("app/use.py", before, after)]
    result = migrate(after.decode(), SAME_NAME_PLAN, SAME_NAME, last)
    assert result.text.endswith("Bridge().told(tool=a, agent=b)\n")


def test_a_journal_of_a_file_that_changed_since_says_nothing(migrate: Migrate) -> None:
    before = b"from app.one import Bridge\n"
    last = [FileChange("app/use.py", before, b"from app.target import Bridge\n")]
    body = "from app.target import Bridge\nBridge().told(new, code)\n"
    assert migrate(body, SAME_NAME_PLAN, SAME_NAME, last).text == body


def test_a_file_in_latin_1_keeps_its_encoding(tmp_path: Path, migrate: Migrate) -> None:
    migrate("")
    data = "# -*- coding: latin-1 -*-\r\n# Grüße\r\n".encode("latin-1")
    data += b"from app.legacy import get_manager\r\nget_manager().active\r\n"
    (tmp_path / "app/use.py").write_bytes(data)
    (change,) = plan_calls(tree_of(tmp_path), plan_of(PLAN)).changes
    assert change.after == data.replace(b"active", b"connections")
