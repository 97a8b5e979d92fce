"""A user's stream without a socket: positions, gaps and the shared tail."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unified_runtime.close_codes import CloseCode
from unified_runtime.errors import ProtocolError
from unified_runtime.protocol.frames import Resume, parse_client_frame, resume_from_query
from unified_runtime.protocol.states import TABLE, IllegalStepError, State, Step, advance
from unified_runtime.protocol.stream import Bounds, Start, Tail, start_of


@given(
    last=st.integers(0, 50),
    kept=st.integers(0, 50),
    seq=st.integers(0, 60),
    same=st.booleans(),
)
def test_resumed_is_never_said_with_a_hole_behind_it(last, kept, seq, same):
    bounds = Bounds("s", max(1, last - kept + 1), last)
    start = start_of(bounds, Resume(seq, "s" if same else "other"), settled=seq)
    following = list(range(max(start.after + 1, bounds.first), last + 1))
    if start.resumed:
        assert same
        assert following == list(range(seq + 1, last + 1))
        assert start.gap is None
    else:
        assert start.gap is not None
        assert following == list(range(start.gap.last + 1, last + 1))
        assert start.gap.first == start.position + 1


@pytest.mark.parametrize(
    ("bounds", "resume", "start"),
    [
        (Bounds("s", 1, 9), None, Start(7, False, None)),
        (Bounds("s", 1, 0), None, Start(0, False, None)),
        (Bounds("s", 1, 5), None, Start(5, False, None)),
        (Bounds("s", 9, 9), None, Start(7, False, (8, 8, "trimmed"))),
        (Bounds("s", 1, 9), Resume(9, "s"), Start(9, True, None)),
        (Bounds("s", 10, 9), Resume(9, "s"), Start(9, True, None)),
        (Bounds("s", 1, 9), Resume(0), Start(0, True, None)),
        (Bounds("s", 4, 9), Resume(0), Start(0, False, (1, 3, "trimmed"))),
        (Bounds("s", 4, 9), Resume(3, "s"), Start(3, True, None)),
        (Bounds("s", 4, 9), Resume(2, "s"), Start(2, False, (3, 3, "trimmed"))),
        (Bounds("s", 4, 9), Resume(10, "s"), Start(0, False, (1, 3, "new_stream"))),
        (Bounds("s", 4, 9), Resume(5, "x"), Start(0, False, (1, 3, "new_stream"))),
        (Bounds("s", 4, 9), Resume(5), Start(0, False, (1, 3, "new_stream"))),
    ],
)
def test_each_position_has_one_answer(bounds, resume, start):
    assert start_of(bounds, resume, settled=7) == start


@given(
    arrivals=st.lists(st.integers(1, 40), max_size=80),
    count=st.integers(1, 10),
    limit=st.integers(1, 8),
    positions=st.lists(st.integers(0, 40), min_size=1, max_size=5),
)
def test_a_tail_gives_exactly_what_follows_or_sends_to_the_journal(
    arrivals, count, limit, positions
):
    """However notifications are lost, doubled or late, no reader is given a wrong frame."""
    tail = Tail(max_count=count, max_bytes=10_000)
    for seq in arrivals:
        tail.push(seq, b"%d" % seq)
        for position in positions:
            frames = tail.after(position, limit)
            if frames is not None:
                assert frames == [b"%d" % (position + 1 + i) for i in range(len(frames))]
                assert len(frames) <= limit


def test_a_tail_is_bounded_in_count_and_bytes():
    tail = Tail(max_count=4, max_bytes=1000)
    for seq in range(1, 100):
        tail.push(seq, b"x")
        assert len(tail.after(tail.first - 1, 100)) <= 4
    tail.push(100, b"x" * 2000)
    assert tail.after(99, 1) == [b"x" * 2000]
    tail.push(101, b"y")
    assert tail.after(100, 1) == [b"y"]


def test_a_second_notification_of_the_same_event_changes_nothing():
    tail = Tail(10, 1000)
    assert tail.push(5, b"5")
    assert not tail.push(5, b"5")
    assert tail.after(4, 10) == [b"5"]
    assert tail.holes == 0


def test_a_hole_is_counted_and_empties_the_tail():
    tail = Tail(10, 1000)
    tail.push(5, b"5")
    assert tail.push(8, b"8")
    assert tail.holes == 1
    assert tail.after(5, 10) is None
    assert tail.after(7, 10) == [b"8"]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_the_table_alone_decides_what_a_connection_may_do(state, step):
    if (state, step) in TABLE:
        assert advance(state, step) is TABLE[state, step]
    else:
        with pytest.raises(IllegalStepError, match=step.name):
            advance(state, step)


def test_nothing_follows_a_close():
    assert not [step for state, step in TABLE if state is State.CLOSED]


def answer(parse):
    """The close code that the peer's bytes earn; None when they are right."""
    try:
        parse()
    except ProtocolError as error:
        return error.code
    return None


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_malformed(text):
    assert answer(lambda: parse_client_frame(text, 1000)) in (None, CloseCode.MALFORMED)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["resume", "ack", "ping", "auth", "ready"]) | _json,
            "seq": st.integers() | _json,
            "stream": st.text() | _json,
            "token": st.text() | _json,
        },
    )
)
def test_any_object_is_a_frame_or_malformed(frame):
    text = json.dumps(frame)
    assert answer(lambda: parse_client_frame(text, 10_000)) in (None, CloseCode.MALFORMED)


@given(st.dictionaries(st.sampled_from(["seq", "stream"]), st.text(max_size=20)))
def test_any_query_is_a_position_or_none_or_malformed(query):
    assert answer(lambda: resume_from_query(query)) in (None, CloseCode.MALFORMED)
