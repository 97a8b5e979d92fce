"""What a plan says about calls is checked before any call: file, line, key, and what was expected."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from call_cases import PLAN, Result

from consolidator.errors import PlanError

Migrate = Callable[..., Result]
MOVE = '[[move]]\nfrom = "app.legacy.Manager"\nto = "app.new.Unified"\n'

SOUND = {
    "the plan of the other tests": PLAN,
    "a class that can't be read": (
        '[[move]]\nfrom = "elsewhere.Manager"\nto = "nowhere.Unified"\nmethods = { any = "thing" }\n'
    ),
    "a form that leaves out what has a default": (
        f'{MOVE}[move.calls]\nconnect = "connect($user_id, socket=$socket)"\n'
    ),
}
MISTAKES = {
    "a legacy method that does not exist": (
        'methods = { sned = "deliver" }',
        ["consolidation.toml:1: move[0].methods.sned:", "Manager has no 'sned'", "expected 'send'"],
    ),
    "a new method that does not exist": (
        'methods = { send = "delivr" }',
        ["move[0].methods.send:", "app.new.Unified has no 'delivr'", "expected 'deliver'"],
    ),
    "a form that is no call": (
        '[move.calls]\nsend = "deliver($user, **$text)"',
        ["consolidation.toml:5: move[0].calls.send:", "passes ** arguments", "expected a call"],
    ),
    "a form with a parameter that the legacy signature lacks": (
        '[move.calls]\nsend = "deliver($who, $text)"',
        [
            "consolidation.toml:5:",
            "uses $who, which async send(user, text)",
            "expected $user, $text",
        ],
    ),
    "a form of a method that does not exist": (
        '[move.calls]\nsend = "delivr($user, $text)"',
        ["move[0].calls.send:", "has no 'delivr'", "expected 'deliver'"],
    ),
    "a form that the new signature does not take": (
        '[move.calls]\nsend = "deliver($user, body=$text)"',
        ["move[0].calls.send:", "does not fit async deliver(user_id, message)", "'body'"],
    ),
}


@pytest.mark.parametrize("plan", SOUND.values(), ids=SOUND.keys())
def test_it_is_no_mistake(migrate: Migrate, plan: str) -> None:
    migrate("", plan)


@pytest.mark.parametrize(("text", "shown"), MISTAKES.values(), ids=MISTAKES.keys())
def test_it_is_a_mistake(migrate: Migrate, text: str, shown: list[str]) -> None:
    with pytest.raises(PlanError) as raised:
        migrate("", MOVE + text)
    for part in shown:
        assert part in str(raised.value)


def test_all_mistakes_are_told_at_once(migrate: Migrate) -> None:
    with pytest.raises(PlanError) as raised:
        migrate("", f'{MOVE}methods = {{ sned = "deliver", count = "totl" }}')
    assert len(raised.value.mistakes) == 2
