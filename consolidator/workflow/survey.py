"""What there is before anything moves: hierarchy, copies, and the fixes that each copy holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consolidator.model import Stage
from consolidator.wording import counted
from consolidator.workflow.consolidate import Step, Workbench, broken


def surveys(bench: Workbench, match: str) -> list[tuple[str, Step]]:
    """Stages that only look, with the commands a person would use; `match` narrows the history."""

    def survey_hierarchy(title: str) -> Stage:
        finished, document = bench.tool("mro-report")
        if finished.code > 1:
            return broken("survey_hierarchy", title, finished)
        classes = document["classes"]
        exact = sum(entry["certainty"] == "exact" for entry in classes)
        summary = (
            f"{counted(len(classes), 'class', 'classes')}, {exact} with an exact MRO, "
            f"{counted(len(document['errors']), 'error')}"
        )
        return Stage("survey_hierarchy", title, "ok", summary)

    def survey_duplicates(title: str) -> Stage:
        finished, document = bench.tool("duplicates")
        if finished.code > 1:
            return broken("survey_duplicates", title, finished)
        families = document["families"]
        summary = f"{counted(len(families), 'family', 'families')} of the same class"
        details = tuple(_family(family) for family in families[:12])
        return Stage("survey_duplicates", title, "ok", summary, details)

    def survey_history(title: str) -> Stage:
        finished, document = bench.tool("extract", "--match", match)
        if finished.code > 1:
            return broken("survey_history", title, finished)
        fixes = [commit for commit in document["commits"] if commit["verdict"] == "fix"]
        at_risk = [commit for commit in fixes if commit["missing_from"]]
        summary = f"{counted(len(fixes), 'fix', 'fixes')} found, {len(at_risk)} of them missing from some copy"
        details = tuple(_fix(commit) for commit in at_risk[:12])
        return Stage("survey_history", title, "ok", summary, details)

    return [
        ("Classes: who inherits from whom", survey_hierarchy),
        ("Duplicates: the same class written more than once", survey_duplicates),
        ("History: the fixes that each copy holds", survey_history),
    ]


def _family(family: Mapping[str, Any]) -> str:
    members = len(family["members"])
    return f"{family['name']}: {counted(members, 'member')} ({family['kind']}), keep {family['suggested_canonical']}"


def _fix(commit: Mapping[str, Any]) -> str:
    missing = ", ".join(_short(name) for name in commit["missing_from"][:3])
    return f"{commit['hash'][:10]} {commit['category'] or 'fix'}: “{commit['subject']}” missing from {missing}"


def _short(qualname: str) -> str:
    """The class with its module: copies share the class name alone."""
    return ".".join(qualname.split(".")[-2:])
