"""Calls through `self` and `super()`: Python's order of a class says whose method is meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from call_cases import Result

Migrate = Callable[..., Result]

CLASSES = """\
from app.legacy import Manager
class Plain:
    volume = 11
class Loud(Manager):
    volume = 11
class Quiet(Manager):
    async def send(self, user, text): ...
class Heir({bases}):
    async def go(self): await self.send('u', {{}})
    async def up(self): await super().send('u', {{}})
"""


@pytest.mark.parametrize(
    "bases", ["Manager", "Loud", "Plain, Manager", "Plain, Loud", "Loud, Plain"]
)
def test_what_python_finds_in_the_legacy_class_is_adapted(migrate: Migrate, bases: str) -> None:
    text = migrate(CLASSES.format(bases=bases)).text
    assert "await self.deliver('u', {})" in text
    assert "await super().deliver('u', {})" in text


@pytest.mark.parametrize("bases", ["Quiet", "Plain, Quiet", "Loud, Quiet", "Quiet, Loud"])
def test_what_python_finds_in_another_class_first_stays(migrate: Migrate, bases: str) -> None:
    before = CLASSES.format(bases=bases)
    result = migrate(before)
    assert result.text == before
    assert [(o.kind, o.text) for o in result.omissions] == [("override", "def send")]


def test_super_in_a_mixin_that_knows_nothing_of_the_class_is_listed(migrate: Migrate) -> None:
    before = "class Mixin:\n    async def go(self): await super().send('u', {})\n"
    result = migrate(f"from app.legacy import Manager\n{before}class Heir(Mixin, Manager): ...\n")
    assert before in result.text
    assert [o.kind for o in result.omissions] == ["unknown-receiver"]
