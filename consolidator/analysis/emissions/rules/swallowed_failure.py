"""A failed emission is caught and forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule
from consolidator.analysis.emissions.sites import Site

RULE = GuardRule(
    "swallowed-failure",
    "A failed emission is caught and forgotten",
    "warning",
    """
    The emission stands inside `except Exception` (or a bare `except`, or `suppress(Exception)`) that
    does not raise again. If the manager lacks the method, if the arguments no longer fit, or if the
    socket is gone, nobody notices: all five events of a real system were dead for hours that way.
    """,
    """
    try:
        await bridge.notify_agent_started("triage")
    except Exception:
        logger.debug("not sent")
    """,
    """
    Catch what can happen (`except ConnectionError`), or let the failure go on.
    """,
)

_BROAD = frozenset({"Exception", "BaseException"})


def check(context: Context) -> Iterator[Problem]:
    for site in context.sites:
        if not site.verdict or _is_only_made(site):
            continue
        for handler in site.place.handlers:
            is_broad = not handler.catches or _BROAD & {
                c.rpartition(".")[2] for c in handler.catches
            }
            if handler.swallows and is_broad:
                caught = ", ".join(handler.catches) or "everything"
                message = (
                    f"a failure to send {site.event} is lost: line {handler.line} catches {caught}"
                )
                yield RULE.problem(site, message)
                break


def _is_only_made(site: Site) -> bool:
    """Whether the event is made here and sent from elsewhere: a failure to send it is not caught here."""
    return site.form == "instance" and site.call is not None and site.call.fate == "assigned"
