"""Laws of the call rewrites, over the standard library's own sources."""

from __future__ import annotations

import ast
import sysconfig
from functools import lru_cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.call_patterns import CallPattern, rewrite_calls
from codemods.calls import Argument, CallAdaptation, Span, adapt_calls
from codemods.outcome import Changed, Unchanged

LIBRARY = Path(sysconfig.get_path("stdlib"))
SOURCES = sorted(path for path in LIBRARY.glob("*.py") if path.stat().st_size < 60_000)
MARK = "renamed_here"


@lru_cache(maxsize=64)
def source(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


@lru_cache(maxsize=64)
def calls(path: Path) -> tuple[ast.Call, ...]:
    """Calls with a named callee and plain arguments, in the order of their ends."""
    found = [
        node
        for node in ast.walk(ast.parse(source(path)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and not any(isinstance(argument, ast.Starred) for argument in node.args)
        and all(keyword.arg for keyword in node.keywords)
    ]
    return tuple(sorted(found, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0)))


@st.composite
def chosen(draw: st.DrawFn) -> tuple[str, list[ast.Call]]:
    """A file and a few of its calls; some lie inside one another."""
    path = draw(st.sampled_from(SOURCES))
    nodes = calls(path)
    picked = draw(st.lists(st.sampled_from(nodes), max_size=6, unique=True)) if nodes else []
    return source(path), picked


def last_name(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def renamed(node: ast.Call, name: str) -> CallAdaptation:
    return CallAdaptation(Span.of(node), "call", callee=name)


def text_of(outcome: object, before: str) -> str:
    assert isinstance(outcome, Changed | Unchanged), outcome
    return outcome.text if isinstance(outcome, Changed) else before


@settings(max_examples=60, deadline=None)
@given(chosen())
def test_the_order_of_the_changes_does_not_matter(case: tuple[str, list[ast.Call]]) -> None:
    text, nodes = case
    changes = [renamed(node, MARK) for node in nodes]
    assert adapt_calls(text, changes) == adapt_calls(text, changes[::-1])


@settings(max_examples=60, deadline=None)
@given(chosen())
def test_a_change_and_its_opposite_give_the_same_bytes(case: tuple[str, list[ast.Call]]) -> None:
    text, nodes = case
    names = {f"{MARK}_{index}": last_name(node) for index, node in enumerate(nodes)}
    changes = [renamed(node, mark) for node, mark in zip(nodes, names, strict=True)]
    after = text_of(adapt_calls(text, changes), text)
    marked = [n for n in ast.walk(ast.parse(after)) if isinstance(n, ast.Call)]
    back = [renamed(node, names[last_name(node)]) for node in marked if last_name(node) in names]
    assert len(back) == len(nodes)
    assert text_of(adapt_calls(after, back), after) == text


@settings(max_examples=60, deadline=None)
@given(chosen())
def test_lines_outside_the_calls_stay_as_they_are(case: tuple[str, list[ast.Call]]) -> None:
    text, nodes = case
    changes = [
        CallAdaptation(
            Span.of(node),
            "call",
            callee=MARK,
            arguments=tuple(
                Argument(i, f"k{i}") for i in range(len(node.args) + len(node.keywords))
            ),
        )
        for node in nodes
    ]
    after = text_of(adapt_calls(text, changes), text)
    touched = {n for node in nodes for n in range(node.lineno, (node.end_lineno or 0) + 1)}
    old, new = text.splitlines(keepends=True), after.splitlines(keepends=True)
    assert len(new) == len(old)
    assert all(a == b for n, (a, b) in enumerate(zip(old, new, strict=True), 1) if n not in touched)


@settings(max_examples=60, deadline=None)
@given(chosen())
def test_arguments_written_as_they_are_change_nothing(case: tuple[str, list[ast.Call]]) -> None:
    text, nodes = case
    changes = []
    for node in nodes:
        keywords = [""] * len(node.args) + [keyword.arg or "" for keyword in node.keywords]
        arguments = tuple(Argument(i, keyword) for i, keyword in enumerate(keywords))
        changes.append(CallAdaptation(Span.of(node), "call", arguments=arguments))
    assert adapt_calls(text, changes) == Unchanged()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SOURCES))
def test_a_pattern_run_twice_is_a_pattern_run_once(path: Path) -> None:
    text = source(path)
    pattern = CallPattern.parse("os.path.join(one, two)", "(path=$two, base=$one)")
    after = text_of(rewrite_calls(text, pattern), text)
    assert isinstance(rewrite_calls(after, pattern), Unchanged)
