"""The staged consolidation on a bench made by hand: what is run, what stops, what is rolled back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consolidator.model import Finished
from consolidator.workflow.consolidate import Consolidator

CLEAN: dict[str, dict[str, Any]] = {
    "audit": {"points": [], "missing_members": [], "signature_conflicts": []},
    "imports": {"changed": [{"path": "a.py"}], "omissions": []},
    "calls": {"changed": [], "omissions": []},
    "delete": {"changed": [{"path": "old.py"}], "omissions": []},
    "mro-report": {"classes": [], "errors": []},
    "guard": {"events": [{"event": "agent_started", "status": "ok", "sites": []}], "findings": []},
}


class Bench:
    """A repository that remembers commits; tests are red at the commits that were said to be."""

    def __init__(
        self, red: tuple[str, ...] = (), answers: dict[str, tuple[int, Any]] | None = None
    ):
        self.history = ["base"]
        self.calls: list[str] = []
        self.kept: set[int] | None = None
        self.culprit: int | None = None
        self.needed: set[int] = set()
        self._red = red
        self._answers = answers or {}

    def test(self) -> Finished:
        self.calls.append("test")
        red = any(word in self.history[-1] for word in self._red)
        if self.kept is not None and self.culprit is not None:
            red = self.culprit in self.kept or not self.needed <= self.kept
        return Finished(1, "== 1 failed ==") if red else Finished(0, "== 3 passed ==")

    def tool(self, *arguments: str) -> tuple[Finished, Mapping[str, Any]]:
        name = arguments[1] if arguments[0] == "migrate" else arguments[0]
        asked = f"{name} --since" if "--since" in arguments else name
        self.calls.append(asked)
        code, document = self._answers.get(asked, self._answers.get(name, (0, CLEAN[name])))
        return Finished(code, "", "it broke" if code > 1 else ""), document

    def head(self) -> str:
        return self.history[-1]

    def commit(self, message: str) -> str:
        self.history.append(message)
        return message

    def rollback(self, commit: str) -> None:
        del self.history[self.history.index(commit) + 1 :]

    def add(self, path: str) -> None:
        self.calls.append(f"add {path}")

    def choose_moves(self, kept: Collection[int] | None) -> None:
        self.kept = None if kept is None else set(kept)


def statuses(bench: Bench) -> dict[str, str]:
    outcome = Consolidator(bench, lambda _: None).run(".", "branch", "base")
    return {stage.name: stage.status for stage in outcome.stages}


def test_a_clean_run_tests_after_each_step_that_writes() -> None:
    bench = Bench()
    assert set(statuses(bench).values()) == {"ok"}
    assert bench.calls == [
        "test", "audit", "imports", "calls", "test", "audit --since", "delete", "test", "audit --since",
        "mro-report", "guard", "guard", "add .consolidator-baseline.json",
    ]  # fmt: skip


def test_nothing_is_touched_when_the_baseline_is_red() -> None:
    bench = Bench(red=("base",))
    assert statuses(bench)["baseline"] == "failed"
    assert bench.calls == ["test"]


def test_a_rewrite_whose_tests_turn_red_is_rolled_back_and_nothing_follows() -> None:
    bench = Bench(red=("rewrite",))
    found = statuses(bench)
    assert found["rewrite"] == "rolled back"
    assert (found["delete"], found["guard"]) == ("not run", "not run")
    assert bench.history == ["base"]


OWN = {"path": "old.py", "line": 9, "column": 4, "text": "Old", "kind": "own-module", "why": "…"}


def test_a_legacy_module_that_uses_its_own_class_is_rewritten_together_with_the_deletion() -> None:
    """Adapted callers meet an object of the legacy class until then: the tests can't be green before."""
    bench = Bench(
        red=(" 1 file edit",), answers={"imports": (0, CLEAN["imports"] | {"omissions": [OWN]})}
    )
    outcome = Consolidator(bench, lambda _: None).run(".", "branch", "base")
    assert {stage.status for stage in outcome.stages} == {"ok"}
    assert list(outcome.omissions) == [OWN]
    assert bench.calls[2:10] == [
        "imports", "calls", "test", "imports", "calls", "delete", "test", "audit --since",
    ]  # fmt: skip


def test_a_red_rewrite_is_rolled_back_where_the_deletion_does_not_help() -> None:
    bench = Bench(
        red=("rewrite",), answers={"imports": (0, CLEAN["imports"] | {"omissions": [OWN]})}
    )
    assert statuses(bench)["rewrite"] == "rolled back"
    assert bench.history == ["base"]


def test_a_red_deletion_leaves_the_tested_rewrite_in_place() -> None:
    bench = Bench(red=("delete",))
    assert statuses(bench)["delete"] == "rolled back"
    assert len(bench.history) == 2
    assert "rewrite" in bench.history[-1]


def test_a_tool_failure_is_never_taken_for_success() -> None:
    bench = Bench(answers={"calls": (3, {})})
    assert statuses(bench)["rewrite"] == "rolled back"
    assert bench.history == ["base"]


LOST = {
    "path": "",
    "line": 0,
    "rule": "event-lost",
    "message": "nothing builds it",
    "baseline": False,
}


def test_a_lost_event_fails_the_run() -> None:
    lost = {
        "events": [{"event": "agent_started", "status": "lost", "sites": []}],
        "findings": [LOST],
    }
    outcome = Consolidator(Bench(answers={"guard": (1, lost)}), lambda _: None).run(
        ".", "b", "base"
    )
    assert not outcome.ok
    assert outcome.stages[-1].summary == "0 of 1 events alive"


def test_an_event_that_was_lost_before_the_run_does_not_fail_it() -> None:
    lost = {"events": [{"event": "agent_started", "status": "lost", "sites": []}], "findings": []}
    nothing_worse = {"events": [], "findings": [{**LOST, "baseline": True}]}
    bench = Bench(answers={"guard": (1, lost), "guard --since": (0, nothing_worse)})
    outcome = Consolidator(bench, lambda _: None).run(".", "b", "base")
    assert outcome.ok
    assert outcome.stages[-1].status == "findings"
    assert outcome.stages[-1].summary.startswith("0 of 1 events alive, as before")


def test_each_step_says_what_the_audit_finds_since_the_step_before() -> None:
    missing = {"legacy": "app.Hub", "member": "push", "used_by": [{"path": "a.py", "line": 1}]}
    worse = {"missing_members": [missing], "signature_conflicts": [], "points": []}
    outcome = Consolidator(Bench(answers={"audit --since": (1, worse)}), lambda _: None).run(
        ".", "b", "base"
    )
    assert outcome.ok
    found = {stage.name: stage for stage in outcome.stages}
    for name in ("rewrite", "delete"):
        assert found[name].status == "findings"
        assert found[name].details == ("missing: app.Hub.push, used in 1 places",)


def test_what_was_left_behind_is_kept_for_the_report() -> None:
    omission = {"path": "a.py", "line": 1, "column": 0, "text": "x", "kind": "prose", "why": "docs"}
    answer = {"changed": [], "omissions": [omission]}
    outcome = Consolidator(Bench(answers={"imports": (0, answer)}), lambda _: None).run(
        ".", "b", "c"
    )
    assert outcome.omissions == (omission,)


@settings(deadline=None)
@given(st.integers(2, 20), st.data())
def test_the_move_without_which_the_tests_are_green_is_named(
    count: int, data: st.DataObject
) -> None:
    """Even where other moves are only green together."""
    bench = Bench(red=("rewrite",))
    bench.culprit = data.draw(st.integers(0, count - 1))
    others = [index for index in range(count) if index != bench.culprit]
    bench.needed = data.draw(st.sets(st.sampled_from(others)))
    moves = [f"app.C{number}" for number in range(count)]
    outcome = Consolidator(bench, lambda _: None, (), moves).run(".", "b", "base")
    rewrite = next(stage for stage in outcome.stages if stage.name == "rewrite")
    assert f"(app.C{bench.culprit})" in rewrite.summary
    assert (bench.history, bench.kept) == (["base"], None)
