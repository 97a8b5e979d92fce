"""Names that a file takes from somewhere else now: the same thing by another path is no change of behaviour."""

from __future__ import annotations

import ast
import re

from consolidator.analysis.history.cutting import Units

_CHAIN = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def other_paths(old: str, new: str) -> list[tuple[str, str]]:
    """The dotted names in which two statements in normal form differ; empty where they differ in
    anything else, or in what such names end with."""
    if _CHAIN.sub("_", old) != _CHAIN.sub("_", new):
        return []
    chains = zip(_CHAIN.findall(old), _CHAIN.findall(new), strict=True)
    found = [(one, other) for one, other in chains if one != other]
    same_end = all(one.rpartition(".")[2] == other.rpartition(".")[2] for one, other in found)
    return found if same_end else []


def imported(units: Units) -> set[str]:
    """What the imports of a module bind."""
    nodes = (statement.node for statement in units[""].statements) if "" in units else ()
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
