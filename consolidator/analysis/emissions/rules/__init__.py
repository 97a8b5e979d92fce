"""The guard's rules: one file each, with its severity, its page and an example."""

from __future__ import annotations

from consolidator.analysis.emissions.rules import (
    baseline_stale,
    connections_in_module,
    deaf_client,
    emission_bypass,
    emission_gone,
    event_lost,
    event_weakened,
    fake_event,
    field_missing,
    fix_gone,
    not_awaited,
    order_impossible,
    probe_rules,
    relative_import,
    second_emitter,
    swallowed_failure,
    unpaired_tool,
    way_broken,
    wrong_id,
)
from consolidator.analysis.emissions.rules.rule import GuardRule

CHECKS = (
    event_lost,
    event_weakened,
    emission_bypass,
    swallowed_failure,
    not_awaited,
    order_impossible,
    unpaired_tool,
    wrong_id,
    deaf_client,
    field_missing,
    second_emitter,
    connections_in_module,
    relative_import,
    fake_event,
)
"""Modules with a `RULE` and a `check` of the program."""

RULES: tuple[GuardRule, ...] = (
    *(module.RULE for module in CHECKS),
    emission_gone.RULE,
    way_broken.RULE,
    baseline_stale.RULE,
    fix_gone.RULE,
    *probe_rules.RULES,
)
BY_ID = {rule.id: rule for rule in RULES}
