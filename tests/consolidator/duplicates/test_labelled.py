"""The labelled set: what is reported as one thing, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest
from labelled.field import FIELD, FIELD_DIFFERENT, FIELD_SAME
from labelled.held_out import HELD_OUT, HELD_OUT_DIFFERENT, HELD_OUT_SAME
from labelled.pairs import Pair, files, pairs
from labelled.second_unseen import SECOND, SECOND_DIFFERENT, SECOND_SAME
from labelled.unseen import UNSEEN, UNSEEN_DIFFERENT, UNSEEN_SAME
from trees import tree_of, write_tree

from consolidator.analysis.duplicates import Report, find_duplicates

PAIRS = pairs()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return find_duplicates(tree_of(write_tree(tmp_path_factory.mktemp("labelled"), dict(files()))))


def said_to_be_one(report: Report, pair: Pair) -> bool:
    """Whether a family holds both, neither as a mere double."""
    return any(
        {pair.left, pair.right} <= {m.qualname for m in family.members if m.role != "test-double"}
        for family in report.families
    )


def test_the_set_has_two_hundred_pairs_of_which_sixty_are_hard_negatives() -> None:
    hard = [pair for pair in PAIRS if pair.category.startswith("hard")]
    assert len({(pair.left, pair.right) for pair in PAIRS}) == len(PAIRS) >= 200
    assert len(hard) >= 60
    assert not any(pair.same for pair in hard)


def test_every_label_names_classes_that_are_there(tmp_path: Path) -> None:
    tree = tree_of(write_tree(tmp_path, dict(files())))
    there = {
        f"{tree.module(path)}.{fact.qualname}"
        for path in tree.paths
        if (facts := tree.facts(path))
        for fact in facts.classes
    }
    assert {name for pair in PAIRS for name in (pair.left, pair.right)} <= there


@pytest.mark.parametrize("category", sorted({p.category for p in PAIRS if not p.same}))
def test_different_things_are_never_one_family(report: Report, category: str) -> None:
    wrong = [p for p in PAIRS if p.category == category and said_to_be_one(report, p)]
    assert wrong == []


@pytest.mark.parametrize("category", sorted({p.category for p in PAIRS if p.same}))
def test_one_thing_written_twice_is_found(report: Report, category: str) -> None:
    missed = [p for p in PAIRS if p.category == category and not said_to_be_one(report, p)]
    assert missed == []


def test_a_double_is_listed_with_the_family_that_it_imitates_or_nowhere(report: Report) -> None:
    roles = {m.qualname: m.role for family in report.families for m in family.members}
    assert roles.get("tests.fakes.FakeMailGateway", "test-double") == "test-double"


def test_pairs_written_after_the_thresholds_were_set(tmp_path: Path) -> None:
    report = find_duplicates(tree_of(write_tree(tmp_path, dict(HELD_OUT))))
    families = [{member.qualname for member in family.members} for family in report.families]
    wrong = [pair for pair in HELD_OUT_DIFFERENT if any({*pair} <= names for names in families)]
    missed = [pair for pair in HELD_OUT_SAME if not any({*pair} <= names for names in families)]
    assert wrong == []
    assert missed == []


def test_pairs_of_other_trades(tmp_path: Path) -> None:
    report = find_duplicates(tree_of(write_tree(tmp_path, dict(UNSEEN))))
    families = [{m.qualname for m in f.members if m.role != "test-double"} for f in report.families]
    wrong = [pair for pair in UNSEEN_DIFFERENT if any({*pair} <= names for names in families)]
    missed = [pair for pair in UNSEEN_SAME if not any({*pair} <= names for names in families)]
    assert wrong == []
    assert missed == []
    # Its methods lie in a base and a mixin, each of which alone says less.
    assert {"jobs.whole.NightlyScheduler", "cron.scheduler.CronScheduler"} in families


def test_pairs_modelled_on_packages_that_were_got_wrong(tmp_path: Path) -> None:
    report = find_duplicates(tree_of(write_tree(tmp_path, dict(FIELD))))
    families = [{m.qualname for m in f.members if m.role != "test-double"} for f in report.families]
    assert [pair for pair in FIELD_DIFFERENT if any({*pair} <= names for names in families)] == []
    assert [pair for pair in FIELD_SAME if not any({*pair} <= names for names in families)] == []


def test_their_held_out_half(tmp_path: Path) -> None:
    report = find_duplicates(tree_of(write_tree(tmp_path, dict(SECOND))))
    families = [{m.qualname for m in f.members if m.role != "test-double"} for f in report.families]
    wrong = [pair for pair in SECOND_DIFFERENT if any({*pair} <= names for names in families)]
    assert wrong == []
    assert [pair for pair in SECOND_SAME if not any({*pair} <= names for names in families)] == []


def test_an_older_version_of_an_interface_is_suspected_below_the_default_score_and_said_why(
    tmp_path: Path,
) -> None:
    tree = tree_of(write_tree(tmp_path, dict(FIELD)))
    (family,) = find_duplicates(tree, match=["*.OrderView"], min_score=0.1).families
    assert family.score < 0.5
    assert "v1 and v2 of one interface: the older may have to stay as it is" in family.why
