"""The figures of a load test."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consolidator.render.charts import bars, over_time
from consolidator.render.page import page

COUNTS = ("sent", "delivered", "lost", "repeated", "out_of_order", "foreign")
PHASES = {
    "fan_out": "one event to everyone",
    "streams": "each user's own events",
    "threads": "emitted from threads",
    "paced": "at a steady pace",
    "drops": "a tenth dropped mid-stream",
    "away": "users away, then back",
    "stalled": "a tenth stopped reading",
}


def verdict(figures: Mapping[str, Any]) -> str:
    """One sentence: whether anything was lost."""
    faults = [f"{figures[name]} {name.replace('_', ' ')}" for name in COUNTS[2:] if figures[name]]
    users = f"{figures['users']} users, {figures['connections']} connections"
    return f"{users}: " + (", ".join(faults) if faults else "nothing lost, repeated or misdirected")


def to_text(figures: Mapping[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for heading in ("phase", "what", "deliveries", "per second"):
        table.add_column(
            heading, justify="right" if heading[0] in "dp" and heading != "phase" else "left"
        )
    for name, phase in figures.get("phases", {}).items():
        table.add_row(name, PHASES.get(name, ""), *_rates(phase))
    counts = "  ".join(f"{name.replace('_', ' ')} {figures[name]}" for name in COUNTS)
    latency = ""
    if "p50_ms" in figures:
        latency = f"p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms, steady pace\n"
    return Group(table, Text(f"\n{counts}\n{latency}{verdict(figures)}"))


def _rates(phase: Mapping[str, Any]) -> tuple[str, str]:
    rate = phase.get("deliveries_per_s")
    return str(phase.get("delivered", "")), f"{rate:,.0f}" if rate else ""


def to_markdown(figures: Mapping[str, Any]) -> str:
    rows = [
        f"| {name} | {PHASES.get(name, '')} | {' | '.join(_rates(phase))} |"
        for name, phase in figures.get("phases", {}).items()
    ]
    counts = [f"| {name.replace('_', ' ')} | {figures[name]} |" for name in COUNTS]
    head = ["# Load test", "", verdict(figures), "", "| events | count |", "|---|---|", *counts, ""]
    return "\n".join(
        [*head, "| phase | what | deliveries | per second |", "|---|---|---|---|", *rows, ""]
    )


def to_html(figures: Mapping[str, Any]) -> str:
    """A page with the counts and every picture."""
    counts = "".join(
        f'<tr><td>{name.replace("_", " ")}</td><td class="{_tone(name, figures)}">{figures[name]}</td></tr>'
        for name in COUNTS
    )
    drawn = "".join(f"<p>{svg}</p>" for svg in pictures(figures).values())
    return page("Load test", f"<p>{escape(verdict(figures))}</p><table>{counts}</table>{drawn}")


def _tone(name: str, figures: Mapping[str, Any]) -> str:
    return "bad" if name in COUNTS[2:] and figures[name] else ""


def pictures(figures: Mapping[str, Any]) -> dict[str, str]:
    """SVG text by file name; a picture without figures is left out."""
    counts = {name.replace("_", " "): float(figures[name] or 0) for name in COUNTS}
    faults = frozenset(name.replace("_", " ") for name in COUNTS[2:])
    drawn = {"counts.svg": bars("Events", counts, "", alarm=faults)}
    phases = figures.get("phases", {})
    rates = {n: p["deliveries_per_s"] for n, p in phases.items() if "deliveries_per_s" in p}
    if rates:
        drawn["rates.svg"] = bars("Deliveries per second", rates, "/s", alarm=frozenset())
    if figures.get("latencies"):
        buckets = {f"up to {_ms(bound)} ms": count for bound, count in figures["latencies"]}
        drawn["latency.svg"] = bars("Latency of deliveries", buckets, "", alarm=frozenset())
    if "stalled" in phases:
        drawn["stalled.svg"] = _beside_stalled(phases["stalled"])
    if figures.get("timeline", {}).get("at"):
        drawn["timeline.svg"] = _timeline(figures["timeline"])
    return drawn


def _ms(bound: float) -> str:
    return f"{bound:,.2f}".rstrip("0").rstrip(".")


def _beside_stalled(phase: Mapping[str, float]) -> str:
    seconds = {
        "nobody stalled": phase["others_seconds_before"],
        f"{phase['stalled']:.0f} stalled": phase["others_seconds"],
    }
    return bars("The same events to all who read, seconds", seconds, "s", alarm=frozenset())


def _timeline(timeline: Mapping[str, Any]) -> str:
    at, delivered = [0.0, *timeline["at"]], [0, *timeline["delivered"]]
    points = [
        (at[n], (delivered[n] - delivered[n - 1]) / (at[n] - at[n - 1])) for n in range(1, len(at))
    ]
    return over_time("Deliveries", points, timeline["marks"], "per second")
