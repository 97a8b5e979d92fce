"""The hierarchy as a graph: Graphviz and Mermaid. Every edge is a direct base; dashed is in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from consolidator.analysis.mro.diff import MroDiff
from consolidator.analysis.mro.report import GAP, MroReport

_LEFT_OUT = {"builtins.object", GAP}


def graph(report: MroReport) -> Any:
    """A `networkx.DiGraph` from classes to their direct bases, `object` left out; `sure` tells
    whether an edge is exact."""
    import networkx as nx  # noqa: PLC0415 - a tenth of a second that no other format needs

    drawn: Any = nx.DiGraph()
    for entry in report.classes:
        drawn.add_node(entry.qualname)
        for base in entry.direct:
            if base not in _LEFT_OUT:
                drawn.add_edge(entry.qualname, base, sure=entry.certainty == "exact")
    return drawn


def to_dot(report: MroReport, diff: MroDiff | None = None) -> str:  # noqa: ARG001 - same for all
    drawn = graph(report)
    lines = ["digraph hierarchy {", "  rankdir=BT;", "  node [shape=box];"]
    lines += (f"  {_quoted(name)};" for name in sorted(drawn))
    for source, target, sure in sorted(drawn.edges(data="sure")):
        style = "" if sure else " [style=dashed]"
        lines.append(f"  {_quoted(source)} -> {_quoted(target)}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def to_mermaid(report: MroReport, diff: MroDiff | None = None) -> str:  # noqa: ARG001
    return "\n".join(_mermaid(report)) + "\n"


def _mermaid(report: MroReport) -> Iterator[str]:
    drawn = graph(report)
    numbers = {name: f"c{number}" for number, name in enumerate(sorted(drawn))}
    yield "classDiagram"
    for name, number in numbers.items():
        yield f'  class {number}["{name.replace("<", "&lt;").replace(">", "&gt;")}"]'
    for source, target, sure in sorted(drawn.edges(data="sure")):
        yield f"  {numbers[target]} <|{'--' if sure else '..'} {numbers[source]}"
