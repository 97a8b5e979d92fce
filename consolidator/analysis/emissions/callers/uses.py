"""A place that uses a function."""

from __future__ import annotations

from dataclasses import dataclass

from consolidator.analysis.emissions.bodies.code import Call
from consolidator.analysis.emissions.program.function import Function

NO_PLACE = -1
"""The place of a use that stands under no condition."""


@dataclass(frozen=True)
class Use:
    """A place that calls a function or hands it on as a value."""

    function: Function
    """The one whose body it is in."""
    line: int
    place: int
    call: Call | None
    """None where the function is handed on, not called."""
    certain: bool
    """False where the receiver is unknown and only the name fits."""
    reaches: Function | None = None
    """What the call runs, where the call itself does not say so."""
