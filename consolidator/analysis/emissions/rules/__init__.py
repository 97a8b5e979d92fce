"""The guard's rules: one file each, with its severity, its page and an example."""

from __future__ import annotations

from consolidator.analysis.emissions.rules import (
    baseline_stale,
    emission_gone,
    event_lost,
    event_weakened,
)
from consolidator.analysis.emissions.rules.rule import GuardRule

RULES: tuple[GuardRule, ...] = (
    event_lost.RULE,
    event_weakened.RULE,
    emission_gone.RULE,
    baseline_stale.RULE,
)
BY_ID = {rule.id: rule for rule in RULES}
