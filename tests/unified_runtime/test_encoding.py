"""What values become on the wire, and which are refused."""

import dataclasses
import enum
import math
from collections import UserDict
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec import Raw

from unified_runtime.errors import (
    PayloadError,
)


class Undumpable:
    def model_dump(self, *, mode):
        raise RuntimeError("no")


class Unreadable(UserDict):
    def __iter__(self):
        raise RuntimeError("no")


class RawInside(enum.Enum):
    BROKEN = Raw(b"} nonsense {")
    TWO_LINES = Raw(b"[1,\n2]")
    NO_TEXT = Raw(b'"\xff"')
    WELL_FORMED = Raw(b'{"a":1}')


@dataclasses.dataclass
class Holder:
    held: object


class Lying(dict):
    """Hides what it holds from everyone but the encoder."""

    def __iter__(self):
        return iter(())

    def values(self):
        return []

    items = keys = values


def _cycle():
    data = {}
    data["self"] = data
    return data


@pytest.mark.parametrize(
    "data",
    [
        {"x": object()},
        {"x": 1 + 2j},
        {"x": "\ud800"},
        {("a", "b"): 1},
        {"x": open},
        _cycle(),
        {"x": Undumpable()},
        Unreadable(),
        {"x": 10**5000},
        {"x": Raw(b"1")},
        {"x": [{"y": (Raw(b'1,"z":2'),)}]},
        {"x": Holder(Raw(b"]"))},
        Lying(x=Raw(b"}")),
        {"x": Lying(y=Raw(b"}"))},
        {"x": RawInside.BROKEN},
        {"x": RawInside.TWO_LINES},
        {"x": RawInside.NO_TEXT},
        {"x": RawInside.WELL_FORMED},
        {"x": [{"y": RawInside.WELL_FORMED}]},
        {RawInside.WELL_FORMED: 1},
        {True: 1},
        {1: "a", "1": "b"},
        {"x": [{"y": {1: "a", "1": "b"}}]},
        {1.0: "a", "1.0": "b"},
    ],
    ids=[
        "object",
        "complex",
        "lone surrogate",
        "tuple key",
        "function",
        "cycle",
        "a model that raises",
        "a mapping that raises",
        "more digits than Python prints",
        "raw text",
        "raw text deep inside",
        "raw text in a dataclass",
        "raw text in a lying mapping",
        "raw text in a lying mapping inside",
        "broken raw text as an enum's value",
        "raw text of two lines as an enum's value",
        "raw bytes that are no text as an enum's value",
        "raw text as an enum's value",
        "raw text as an enum's value deep inside",
        "raw text as the value of an enum that is a key",
        "a key that is a truth",
        "a number beside its text",
        "a number beside its text deep inside",
        "a fraction beside its text",
    ],
)
async def test_what_json_cannot_carry_is_refused_at_the_call(manager, data):
    with pytest.raises(PayloadError):
        await manager.emit("u1", "note", data)
    assert await manager.emit("u1", "note", {}) == 1


async def test_values_beyond_json_have_a_stated_form(manager, tab):
    class Colour(enum.Enum):
        RED = "red"

    class Text(str):
        __slots__ = ()

    class Number(float):
        """As numpy's are."""

    class Count(int):
        pass

    @dataclasses.dataclass
    class Point:
        x: int

    class Model:
        """As pydantic's models dump themselves."""

        def model_dump(self, *, mode):
            return {"dumped for": mode}

    at = datetime(2026, 11, 22, tzinfo=UTC)
    await manager.emit(
        "u1",
        "note",
        {
            "datetime": at,
            "uuid": UUID(int=1),
            "decimal": Decimal("1.10"),
            "bytes": b"ab",
            "dataclass": Point(1),
            "pydantic": Model(),
            "enum": Colour.RED,
            "mapping": UserDict(a=1),
            "kind of text": Text("x"),
            "kinds of number": [Number(1.5), Number("nan"), Count(3)],
            "set": {1},
            "tuple": (1, 2),
            "huge int": 2**70,
            "nan": math.nan,
            "infinity": math.inf,
            "int key": {1: "one"},
        },
    )
    [event] = await tab.wait_for(1)
    assert event["data"] == {
        "datetime": "2026-11-22T00:00:00Z",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "decimal": "1.10",
        "bytes": "YWI=",
        "dataclass": {"x": 1},
        "pydantic": {"dumped for": "json"},
        "enum": "red",
        "mapping": {"a": 1},
        "kind of text": "x",
        "kinds of number": [1.5, None, 3],
        "set": [1],
        "tuple": [1, 2],
        "huge int": 2**70,
        "nan": None,
        "infinity": None,
        "int key": {"1": "one"},
    }


class CaseInsensitive(str):
    __slots__ = ()

    def __eq__(self, other):
        return str.lower(self) == str.lower(other)

    def __hash__(self):
        return hash(str.lower(self))


async def test_kinds_of_text_are_the_texts_that_they_are(manager, make_recorder):
    """numpy's, a template's, an ORM's, and one by which two users would be the same."""
    capital, small = CaseInsensitive("Bob"), CaseInsensitive("bob")
    tabs = {"Bob": make_recorder(), "bob": make_recorder()}
    for user, tab in zip((capital, small), tabs.values(), strict=True):
        await manager.connect_user(user, tab)
    for user in (capital, small):
        note = CaseInsensitive("note")
        await manager.emit(user, note, {"for": user}, thread_id=user, run_id=user, event_id=user)
    for name, tab in tabs.items():
        [event] = await tab.wait_for(1)
        assert (event["user_id"], event["data"]["for"]) == (name, name)
