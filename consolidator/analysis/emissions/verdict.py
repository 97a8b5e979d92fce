"""An answer with its certainty and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Certainty = Literal["true", "false", "unknown"]
_ORDER: dict[Certainty, int] = {"false": 0, "unknown": 1, "true": 2}


@dataclass(frozen=True)
class Verdict:
    """`why` says what decided it, in words. A verdict is false in a boolean sense if it is "false"."""

    certainty: Certainty
    why: str = ""
    cause: str = ""
    """The id of the rule that explains the reason, where there is one."""

    def __bool__(self) -> bool:
        return self.certainty != "false"

    @property
    def is_certain(self) -> bool:
        return self.certainty == "true"

    def best(self, other: Verdict) -> Verdict:
        """The stronger of two answers of which one is enough."""
        return other if _ORDER[other.certainty] > _ORDER[self.certainty] else self

    def both(self, other: Verdict) -> Verdict:
        """The weaker of two answers that must both hold."""
        return other if _ORDER[other.certainty] < _ORDER[self.certainty] else self
