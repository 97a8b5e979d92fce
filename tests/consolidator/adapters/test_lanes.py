"""Every piece is worked on once, by its own process as long as that has not fallen behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consolidator.adapters.lanes import Lanes


@given(
    pieces=st.integers(1, 30),
    jobs=st.integers(1, 4),
    turns=st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
def test_every_piece_is_taken_once_whoever_asks(pieces: int, jobs: int, turns: list[int]) -> None:
    lanes = Lanes(range(pieces), jobs)
    own = [lanes.join() for _ in range(jobs)]
    taken = [lanes.take(own[turn % jobs]) for turn in turns[:pieces]]
    assert sorted(taken) == list(range(pieces))


def test_a_process_goes_on_with_its_neighbour_and_helps_from_the_far_end() -> None:
    lanes = Lanes("abcdefgh", 2)
    first, second = lanes.join(), lanes.join()
    assert (lanes.own(first), lanes.own(second)) == ("abcd", "efgh")
    assert [lanes.take(second)] + [lanes.take(first) for _ in range(6)] == [4, 0, 1, 2, 3, 7, 6]
    assert lanes.take(second) == 5


def test_a_process_that_takes_the_place_of_another_has_a_lane_too() -> None:
    lanes = Lanes("ab", 1)
    assert [lanes.join(), lanes.join()] == [0, 0]
