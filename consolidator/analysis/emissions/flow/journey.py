"""What happens to a value inside one function."""

from __future__ import annotations

from dataclasses import dataclass

from consolidator.analysis.emissions.flow.held import NOTHING, Held
from consolidator.analysis.emissions.verdict import Verdict

UNUSED = Verdict("false", "nothing is done with it")


@dataclass
class Journey:
    """What happens to a value inside one function."""

    reached: Verdict = UNUSED
    returned: Held = NOTHING
    """What the function's result holds of it."""
    kept: Held = NOTHING
    """What the object that the function is called on holds of it afterwards."""
    logged: bool = False
    used: bool = False
    """Whether a call other than a log takes it."""
    decided: bool = False
    """Whether the event's name itself mattered: another one may fare otherwise."""
