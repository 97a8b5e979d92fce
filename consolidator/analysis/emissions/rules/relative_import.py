"""A relative import in a package that defines the emitters."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "relative-import",
    "A guarded package imports relatively",
    "warning",
    """
    The packages that define the emitters of the plan are imported from everywhere. A relative import
    in them makes a second copy of the module, with its own manager and its own connections, as soon as
    a file is run or imported by another path.
    """,
    """
    from .manager import UnifiedWebSocketManager
    """,
    """
    Write the whole name: `from app.websocket.manager import UnifiedWebSocketManager`.
    """,
)


def check(context: Context) -> Iterator[Problem]:
    tree = context.program.tree
    packages = {
        definition.module.partition(".")[0]
        for definition in context.emitter_classes
        if tree.is_first_party(definition.module)
    }
    for path in context.program.paths:
        module, facts = tree.module(path), tree.facts(path)
        if module.partition(".")[0] not in packages or facts is None:
            continue
        for fact in facts.imports:
            if fact.level:
                written = f"{'.' * fact.level}{fact.module}"
                message = f"{module} imports {fact.name} from {written}"
                yield Problem(RULE.id, "", module, path, fact.line, message, RULE.severity)
