"""Small charts as SVG text: bars, and a line over time. White behind, so that a file shows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 720
_LEFT = 150
_PLOT = WIDTH - _LEFT - 110
_BLUE, _RED, _GREY = "#2a6fb0", "#c0392b", "#666"


def bars(title: str, values: Mapping[str, float], unit: str, *, alarm: frozenset[str]) -> str:
    """One horizontal bar per value with the value behind it; those in `alarm` are red."""
    most = max(values.values(), default=0.0) or 1.0
    rows = []
    for row, (name, value) in enumerate(values.items()):
        y, long = 44 + row * 28, value / most * _PLOT
        colour = _RED if name in alarm else _BLUE
        rows.append(
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y}" height="20" width="{max(long, 1):.1f}" fill="{colour}"/>'
            f'<text x="{_LEFT + long + 6:.1f}" y="{y + 15}">{_short(value)} {escape(unit)}</text>'
        )
    return _frame(title, 56 + 28 * len(values), "".join(rows))


def over_time(
    title: str, points: Sequence[tuple[float, float]], marks: Mapping[str, float], unit: str
) -> str:
    """A line of (seconds, value); each mark is a dashed line with its name at the top."""
    end = max((at for at, _ in points), default=0.0) or 1.0
    most = max((value for _, value in points), default=0.0) or 1.0
    left, wide, top, high = 70, WIDTH - 90, 76, 200

    def x(at: float) -> float:
        return left + at / end * wide

    line = " ".join(f"{x(at):.1f},{top + high * (1 - value / most):.1f}" for at, value in points)
    named = "".join(
        f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{top - 4}" y2="{top + high}" stroke="{_GREY}" stroke-dasharray="3 4"/>'
        f'<text x="{x(at) + 3:.1f}" y="{top - 8 - 14 * (number % 3)}" fill="{_GREY}" font-size="11">{escape(name)}</text>'
        for number, (name, at) in enumerate(sorted(marks.items(), key=lambda mark: mark[1]))
    )
    axes = (
        f'<path d="M{left},{top} V{top + high} H{left + wide}" fill="none" stroke="{_GREY}"/>'
        f'<text x="{left - 6}" y="{top + 5}" text-anchor="end">{_short(most)}</text>'
        f'<text x="{left - 6}" y="{top + high}" text-anchor="end">0</text>'
        f'<text x="{left}" y="{top + high + 18}">0 s</text>'
        f'<text x="{left + wide}" y="{top + high + 18}" text-anchor="end">{end:.0f} s</text>'
    )
    drawn = f'<polyline points="{line}" fill="none" stroke="{_BLUE}" stroke-width="1.5"/>'
    return _frame(f"{title} ({unit})", top + high + 30, axes + named + drawn)


def _frame(title: str, height: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#222">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="12" y="24" font-size="15" font-weight="600">{escape(title)}</text>{body}</svg>\n'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
