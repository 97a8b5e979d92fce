"""The plan file: everything that is wrong is said at once, with file, line, key and expectation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidator.errors import PlanError
from consolidator.plan import (
    CRITICAL_EVENTS,
    CallForm,
    Plan,
    Unrelated,
    find_plan,
    parse_plan,
    read_plan,
    with_moves,
)

WHOLE = """\
[consolidation]
schema = 1
source_roots = ["src"]
exclude = ["archive/**"]

[[move]]
from = "app.manager.Manager"
to = "unified_runtime.UnifiedWebSocketManager"
methods = { send_message = "send_to_user" }
attributes = { connections = "sessions" }

[move.calls]
send = "send_to_user($user, $message)"
notify = { call = "emit($type)", await = "add" }

[[move]]
from = "app.manager.get_manager"
to = "unified_runtime.get_manager"
calls = { "__call__" = "()" }

[guard]
events = ["agent_started"]
emitters = ["unified_runtime.UnifiedWebSocketEmitter"]

[[audit.point]]
id = "registry"
title = "The registry is given the manager"
must_call = "*.AgentRegistry.set_websocket_manager"

[[keep]]
fix = "abc123"

[[drop]]
fix = "def456"
because = "the runtime numbers events"

[[unrelated]]
path = "app/kept.py"
text = "manager"
because = "only its logger is read"

[run]
test = "python -m pytest"
timeout = 60
"""


def mistakes_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(PlanError) as caught:
        parse_plan(text, "plan.toml")
    return [(mistake.line, mistake.key) for mistake in caught.value.mistakes]


def test_every_part_of_a_plan_is_read() -> None:
    plan = parse_plan(WHOLE, "plan.toml")
    manager, factory = plan.moves
    assert plan.source_roots == ("src",)
    assert plan.exclude == ("archive/**",)
    assert manager.source == "app.manager.Manager"
    assert manager.line == 6
    assert manager.methods == {"send_message": "send_to_user"}
    assert manager.attributes == {"connections": "sessions"}
    assert manager.calls["send"] == CallForm("send_to_user($user, $message)")
    assert manager.calls["notify"] == CallForm("emit($type)", "add")
    assert factory.calls == {"__call__": CallForm("()")}
    assert plan.guard.events == ("agent_started",)
    assert plan.audit_points[0].must_call == "*.AgentRegistry.set_websocket_manager"
    assert plan.keeps[0].fix == "abc123"
    assert plan.drops[0].because == "the runtime numbers events"
    assert plan.unrelated == (Unrelated("app/kept.py", "manager", "only its logger is read"),)
    assert (plan.run.test, plan.run.timeout) == ("python -m pytest", 60.0)


def test_an_empty_plan_guards_the_five_critical_events() -> None:
    plan = parse_plan("", "plan.toml")
    assert plan == Plan(path="plan.toml")
    assert plan.guard.events == CRITICAL_EVENTS


def test_five_mistakes_are_answered_at_once_each_with_its_line_and_key() -> None:
    text = """\
[consolidation]
schema = 2
source_root = ["."]
[[move]]
from = "a.B"
to = "not a name"
[[move]]
to = "x.Y"
[guard]
events = "agent_started"
"""
    assert mistakes_of(text) == [
        (2, "consolidation.schema"),
        (3, "consolidation.source_root"),
        (6, "move[0].to"),
        (7, "move[1].from"),
        (10, "guard.events"),
    ]


def test_a_mistake_says_what_was_expected() -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan("[consolidation]\nsource_root = []\n", "plan.toml")
    assert str(caught.value) == (
        "plan.toml:2: consolidation.source_root: is not a known key (expected 'source_roots')"
    )


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("# a plan\nmoves = 1\n", 2, "moves"),
        ("\n[moves]\na = 1\n", 2, "moves"),
        ("\n\n[moves.more]\na = 1\n", 3, "moves"),
        ("[run]\n[[moves]]\na = 1\n[[moves]]\na = 2\n", 2, "moves"),
        ("\nmoves.more.most = 1\n", 2, "moves"),
        ("move = 1\n", 1, "move"),
        ("\n[move]\nfrom = 'a.B'\n", 2, "move"),
        ("\nguard.event = []\n", 2, "guard.event"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_key_that_nobody_knows_is_named_with_its_line(
    text: str, line: int, key: str, nested: bool
) -> None:
    if nested:
        text = re.sub(r"^(\[+)", r"\1tool.consolidator.", text, flags=re.M)
        text = f"[project]\nmoves = 0\n[tool.consolidator]\n{text}"
    with pytest.raises(PlanError) as caught:
        parse_plan(text, "plan.toml", nested=nested)
    found = [(mistake.line, mistake.key) for mistake in caught.value.mistakes]
    assert found[0] == (line + 3 * nested, key)


def test_a_wrong_setting_of_a_pyproject_is_named_with_its_line() -> None:
    text = "[project]\n[tool.consolidator]\nexclude = ['a']\nschema = 2\n"
    with pytest.raises(PlanError, match=r"plan.toml:4: consolidation.schema: is 2"):
        parse_plan(text, "plan.toml", nested=True)


def test_one_name_can_not_move_to_two_places() -> None:
    twice = '[[move]]\nfrom="a.B"\nto="x.Y"\n[[move]]\nfrom="a.B"\nto="x.Z"\n'
    assert mistakes_of(twice) == [(5, "move[1].from")]


def test_a_name_can_not_move_to_itself() -> None:
    assert mistakes_of('[[move]]\nfrom="a.B"\nto="a.B"\n') == [(3, "move[0].to")]


@pytest.mark.parametrize(
    ("calls", "key"),
    [
        ('send = "no call"', "move[0].calls.send"),
        ("send = 3", "move[0].calls.send"),
        ('send = { call = "f()", await = "maybe" }', "move[0].calls.send"),
        ('send = { call = "f()", wait = "add" }', "move[0].calls.send.wait"),
    ],
)
def test_a_call_form_that_is_no_call_is_a_mistake(calls: str, key: str) -> None:
    text = f'[[move]]\nfrom="a.B"\nto="x.Y"\n[move.calls]\n{calls}\n'
    assert mistakes_of(text) == [(5, key)]


def test_invalid_toml_names_the_line() -> None:
    assert mistakes_of('[consolidation]\nschema = "\n')[0][0] == 2


def test_a_plan_with_some_of_its_moves_keeps_all_else_unchanged() -> None:
    whole = parse_plan(WHOLE, "plan.toml")
    first, second = (parse_plan(with_moves(WHOLE, [index]), "plan.toml") for index in (0, 1))
    assert first.moves == whole.moves[:1]
    assert [move.source for move in second.moves] == ["app.manager.get_manager"]
    assert (first.guard, first.keeps, first.drops, first.run) == (
        whole.guard,
        whole.keeps,
        whole.drops,
        whole.run,
    )
    assert parse_plan(with_moves(WHOLE, []), "plan.toml").moves == ()
    assert with_moves(WHOLE, range(2)) == WHOLE


def test_a_pyproject_holds_the_same_plan_below_tool_consolidator(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.consolidator]\nexclude = ["old/**"]\n'
        '[[tool.consolidator.move]]\nfrom = "a.B"\nto = "c.D"\n'
    )
    found = find_plan(tmp_path)
    assert found == tmp_path / "pyproject.toml"
    plan = read_plan(found)
    assert plan.exclude == ("old/**",)
    assert (plan.moves[0].source, plan.moves[0].line) == ("a.B", 5)


def test_a_plan_file_of_its_own_comes_before_the_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.consolidator]\n")
    (tmp_path / "consolidation.toml").write_text("")
    assert find_plan(tmp_path) == tmp_path / "consolidation.toml"


def test_a_pyproject_without_our_table_is_no_plan(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nconsolidator = 1\n")
    assert find_plan(tmp_path) is None


def test_a_plan_that_can_not_be_read_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"nowhere\.toml: can't be read"):
        read_plan(tmp_path / "nowhere.toml")


def _tables(values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    keys = st.sampled_from(["from", "to", "calls", "events", "point", "fix", "test", "schema"])
    return st.dictionaries(keys, values, max_size=3)


_values = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text("ab.$()", max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), _tables(inner)),
    max_leaves=8,
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_toml(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@given(
    st.dictionaries(
        st.sampled_from(
            ["consolidation", "move", "guard", "audit", "keep", "drop", "unrelated", "run", "odd"]
        ),
        _values,
        max_size=4,
    )
)
def test_any_toml_gives_a_plan_or_a_plan_error(tables: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in tables.items())
    try:
        plan = parse_plan(text, "plan.toml")
    except PlanError:
        return
    assert all(move.source and move.target for move in plan.moves)
