"""What in a difference speaks for a fix: one row per signal.

Weights are log-odds: chosen by hand, fitted with a strong pull back to what was chosen to labelled commits
of one repository (`tests/consolidator/history/labels_zen.csv`), and some of them to two more whose change
fragments say what each change is. `detectors.py` sees them, `verdict.py` sums them. A signal counts once
per unit and is told in words, with the statement that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    weight: float
    category: str | None
    words: str


SIGNALS = {
    "guard": Signal(2.3, None, "adds a guard"),
    "branch": Signal(1.7, None, "adds a branch"),
    "raise": Signal(1.5, "error handling", "refuses what was accepted"),
    "lock": Signal(3.0, "race/concurrency", "takes a lock"),
    "retry": Signal(2.5, "reconnect", "tries again"),
    "timeout": Signal(2.5, "reconnect", "bounds a wait"),
    "cleanup": Signal(1.7, "leak/lifecycle", "cleans up"),
    "refused": Signal(1.7, "isolation/security", "turns a connection away"),
    "kept-for-later": Signal(1.0, "event loss", "keeps for later what can't be sent"),
    "bound": Signal(2.0, "leak/lifecycle", "bounds what was kept for ever"),
    "narrowed": Signal(2.0, "error handling", "narrows an exception"),
    "unswallowed": Signal(3.0, "error handling", "no longer swallows a failure"),
    "handled": Signal(2.7, "error handling", "handles a failure"),
    "awaited": Signal(3.0, "event loss", "awaits what was not awaited"),
    "serialised": Signal(2.0, "serialisation", "serialises safely"),
    "durable": Signal(2.5, "other", "writes all of it or nothing"),
    "identity": Signal(2.5, "isolation/security", "changes the key that is looked up"),
    "renamed-call": Signal(1.8, None, "calls another method"),
    "converted": Signal(1.6, None, "passes a value through another call"),
    "pattern": Signal(2.0, None, "matches something else"),
    "attribute": Signal(1.1, None, "reads or sets another attribute"),
    "argument": Signal(1.6, None, "passes other arguments"),
    "condition": Signal(2.0, None, "changes a condition"),
    "returned": Signal(1.5, None, "answers differently"),
    "ensured": Signal(2.5, "leak/lifecycle", "makes sure, whatever fails, of a step"),
    "unconditional": Signal(1.6, None, "drops a condition"),
    "looped": Signal(1.5, None, "goes through something else"),
    "tolerant": Signal(2.0, "error handling", "survives what is missing"),
    "spawned": Signal(1.5, "event loss", "no longer lets a task run unwatched"),
    "watched": Signal(1.8, "event loss", "watches a task to its end"),
    "reordered": Signal(2.0, "ordering", "changes the order of steps"),
    "snapshot": Signal(2.5, "race/concurrency", "iterates over a copy"),
    "delivered": Signal(1.0, "event loss", "sends where nothing was sent"),
    "value": Signal(0.8, None, "changes a value"),
    "called-before": Signal(2.0, None, "adds a method that was already called"),
    "restored": Signal(2.7, None, "brings back what an earlier commit removed"),
    "ported": Signal(1.5, None, "brings over what another copy already had"),
}
