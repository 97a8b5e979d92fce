"""Calls adapted in text: layout and everything around the call stay."""

from __future__ import annotations

import ast

import pytest

from codemods.calls import Argument, CallAdaptation, NameChange, Span, adapt_calls
from codemods.outcome import Changed, Failed, Skipped, Unchanged


def located(text: str, source: str, **change: object) -> CallAdaptation:
    """The adaptation of the one call in `text` that is written as `source`."""
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    (call,) = [c for c in calls if ast.get_source_segment(text, c) == source]
    return CallAdaptation(Span.of(call), "call", **change)  # type: ignore[arg-type]


def adapted(text: str, *changes: CallAdaptation | NameChange) -> str:
    outcome = adapt_calls(text, changes)
    assert isinstance(outcome, Changed), outcome
    ast.parse(outcome.text)
    return outcome.text


def test_no_change_leaves_the_text_alone() -> None:
    assert adapt_calls("m.send(1)\n", []) == Unchanged()


def test_a_change_to_what_is_already_there_is_no_change() -> None:
    text = "m.send(u)\n"
    assert adapt_calls(text, [located(text, "m.send(u)", callee="send")]) == Unchanged()


def test_text_that_does_not_parse_is_skipped() -> None:
    outcome = adapt_calls("m.send(\n", [])
    assert isinstance(outcome, Skipped)


def test_a_span_that_holds_no_call_fails_and_writes_nothing() -> None:
    outcome = adapt_calls("m + 1\n", [CallAdaptation(Span(1, 0, 1, 5), "call", callee="x")])
    assert isinstance(outcome, Failed)


def test_a_renamed_callee_keeps_layout_comments_and_trailing_comma() -> None:
    text = "m.send(\n    u,  # who\n    {'a': 1},\n)  # end\n"
    call = "m.send(\n    u,  # who\n    {'a': 1},\n)"
    assert adapted(text, located(text, call, callee="emit")) == text.replace("send", "emit")


def test_only_the_last_name_of_the_callee_changes() -> None:
    text = "send.send(send)\n"
    assert adapted(text, located(text, "send.send(send)", callee="emit")) == "send.emit(send)\n"


def test_arguments_are_named_in_place_without_changing_their_order() -> None:
    text = "m.send(f(), g())\n"
    named = (Argument(0, "user"), Argument(1, "text"))
    changed = adapted(text, located(text, "m.send(f(), g())", arguments=named))
    assert changed == "m.send(user=f(), text=g())\n"


def test_a_comment_follows_its_argument_to_another_place() -> None:
    text = "m.send(\n    a,  # first\n    b,\n)\n"
    swapped = (Argument(1), Argument(0))
    changed = adapted(text, located(text, text.rstrip(), arguments=swapped))
    assert "a,  # first" in changed
    assert changed.index("b") < changed.index("a")


def test_a_call_without_arguments_can_get_some() -> None:
    text = "X()\n"
    changed = adapted(text, located(text, "X()", arguments=(Argument("None", "manager"),)))
    assert changed == "X(manager=None)\n"


def test_a_class_call_becomes_a_call_of_its_classmethod() -> None:
    text = "e = Emitter(m, u)\n"
    change = located(text, "Emitter(m, u)", member="for_run", arguments=(Argument(0, "manager"),))
    assert adapted(text, change) == "e = Emitter.for_run(manager=m)\n"


@pytest.mark.parametrize(
    ("source", "template", "expected"),
    [
        ("f(x)", "{'a': $0}", "f({'a': x})"),
        ("f(x if y else z)", "{'a': $0}", "f({'a': x if y else z})"),
        ("f(a + b)", "$0 * 2", "f((a + b) * 2)"),
        ("f(a + b)", "($0) / 100", "f((a + b) / 100)"),
        ("f((a + b))", "($0) / 100", "f((a + b) / 100)"),
        ("f(i for i in x)", "[$0, 1]", "f([(i for i in x), 1])"),
        ("f(x)", "f'{$0}'", "f(f'{x}')"),
        ("f(-x)", "$0 ** 2", "f((-x) ** 2)"),
    ],
)
def test_an_old_argument_gets_parentheses_only_where_it_needs_them(
    source: str, template: str, expected: str
) -> None:
    change = located(source, source, arguments=(Argument(template),))
    assert adapted(source, change) == expected


def test_a_lone_generator_gets_its_parentheses_when_it_is_named() -> None:
    text = "f(i for i in x)\n"
    changed = adapted(text, located(text, "f(i for i in x)", arguments=(Argument(0, "items"),)))
    assert changed == "f(items=(i for i in x))\n"


def test_nested_calls_are_adapted_from_the_inside_out() -> None:
    text = "m.send(E(u, 1).title, E(v, 2))\n"
    changes = [
        located(text, "m.send(E(u, 1).title, E(v, 2))", arguments=(Argument(1), Argument(0))),
        located(text, "E(u, 1)", member="of", arguments=(Argument(1), Argument(0))),
        located(text, "E(v, 2)", member="of"),
    ]
    assert adapted(text, *changes) == "m.send(E.of(v, 2), E.of(1, u).title)\n"


def test_a_chain_of_calls_that_begin_at_one_place_is_adapted_whole() -> None:
    text = "E(a).start(b)\n"
    changes = [
        located(text, "E(a)", member="of"),
        located(text, "E(a).start(b)", callee="begin", add_await=True),
    ]
    assert adapted(text, *changes) == "await E.of(a).begin(b)\n"


def test_await_is_added_with_parentheses_where_the_call_is_a_head() -> None:
    text = "async def f():\n    return m.get(u).name\n"
    change = located(text, "m.get(u)", add_await=True, parenthesised=True)
    assert "(await m.get(u)).name" in adapted(text, change)


def test_await_is_dropped_and_the_call_stays() -> None:
    text = "async def f():\n    await  (m.close())\n"
    waiting = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Await))
    change = located(text, "m.close()", dropped_await=Span.of(waiting))
    assert adapted(text, change) == "async def f():\n    (m.close())\n"


def test_columns_count_bytes_where_the_line_holds_more_than_ascii() -> None:
    text = "x = 'Überfahrt', m.send('ü')\n"
    assert "m.emit('ü')" in adapted(text, located(text, "m.send('ü')", callee="emit"))


def test_crlf_stays() -> None:
    text = "m.send(\r\n    u,\r\n    v,\r\n)\r\n"
    changed = adapted(text, located(text, text.rstrip(), callee="emit"))
    assert changed == text.replace("send", "emit")


def test_a_call_that_spans_lines_without_parentheses_of_its_own_is_adapted() -> None:
    text = "x = (m\n     .send(u))\n"
    changed = adapted(text, located(text, "m\n     .send(u)", callee="emit"))
    assert changed == "x = (m\n     .emit(u))\n"


def test_the_last_name_of_an_attribute_or_the_end_of_a_string_changes() -> None:
    text = "a.send\n'x.M.send'\n"
    body = ast.parse(text).body
    changes = [
        NameChange(Span.of(s.value), "name", "send", "emit")  # type: ignore[attr-defined]
        for s in body
    ]
    assert adapted(text, *changes) == "a.emit\n'x.M.emit'\n"
