"""The figures of a load test."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

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
    """A page with the rates drawn as bars."""
    counts = "".join(
        f'<tr><td>{name.replace("_", " ")}</td><td class="{_tone(name, figures)}">{figures[name]}</td></tr>'
        for name in COUNTS
    )
    rates = {
        n: p["deliveries_per_s"]
        for n, p in figures.get("phases", {}).items()
        if "deliveries_per_s" in p
    }
    return page(
        "Load test", f"<p>{escape(verdict(figures))}</p><table>{counts}</table>{_bars(rates)}"
    )


def _tone(name: str, figures: Mapping[str, Any]) -> str:
    return "bad" if name in COUNTS[2:] and figures[name] else ""


def _bars(rates: Mapping[str, float]) -> str:
    most = max(rates.values(), default=1.0) or 1.0
    bars = "".join(
        f'<text x="0" y="{row * 28 + 18}">{escape(name)}</text>'
        f'<rect x="90" y="{row * 28 + 4}" height="20" width="{rate / most * 420:.0f}" fill="#27a"/>'
        f'<text x="{96 + rate / most * 420:.0f}" y="{row * 28 + 18}">{rate:,.0f}/s</text>'
        for row, (name, rate) in enumerate(rates.items())
    )
    return (
        f'<h2>Deliveries per second</h2><svg width="620" height="{len(rates) * 28 + 8}" role="img" '
        f'style="font:13px system-ui;fill:currentColor">{bars}</svg>'
    )
