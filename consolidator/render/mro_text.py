"""`mro-report` for the terminal: one class in detail, many as one tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree as Drawing

from consolidator.analysis.mro.bases import Reason
from consolidator.analysis.mro.consumers import Consumers
from consolidator.analysis.mro.diff import MroDiff
from consolidator.analysis.mro.report import GAP, ClassReport, MroReport
from consolidator.wording import counted

_DETAILED = 12
"""Classes up to which each one is shown with its methods; beyond, one tree of the hierarchy."""
_NAMED = 8
"""Inherited methods of one class that are named; of more only the number is told."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line, whatever the width: `head` is kept, `tail` loses its beginning where it must."""

    head: str
    tail: str
    gap: str = "  "

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - len(self.head) - len(self.gap)
        tail = self.tail
        if len(tail) > room:
            tail = f"…{tail[1 - room :]}" if room > 1 else ""
        yield Text(f"{self.head}{self.gap}{tail}".rstrip(), no_wrap=True, overflow="ellipsis")


def _last(qualname: str) -> str:
    return qualname.rpartition(".")[2]


def to_text(report: MroReport, diff: MroDiff | None = None) -> RenderableType:
    parts: list[RenderableType] = [Text(summary(report)), Text()]
    if len(report.classes) <= _DETAILED:
        parts += (_details(entry) for entry in report.classes)
    else:
        parts.append(_hierarchy(report))
        parts += _doubts(report)
    if report.errors:
        parts.append(Text("\nRefused by CPython", style="bold red"))
        parts += (
            Text(f"  {e.path}:{e.line}: {e.qualname}: {e.kind}: {e.message}") for e in report.errors
        )
    if report.skipped:
        parts.append(Text("\nNot read", style="bold"))
        parts += (Text(f"  {s.path}:{s.line}: {s.reason}") for s in report.skipped)
    parts += (Text(f"note: {note}") for note in report.notes)
    if diff is not None:
        parts += _diff(diff)
    return Group(*parts)


def _diff(diff: MroDiff) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text(f"\nSince {diff.revision}" + ("" if diff else ": nothing changed"))
    ]
    for what, names in (("added", diff.added), ("gone", diff.gone)):
        if names:
            parts.append(Text(f"  {what}: {counted(len(names), 'class', 'classes')}"))
            parts += (_folded(name) for name in names)
    if diff.changed:
        parts.append(Text(f"  changed: {counted(len(diff.changed), 'class', 'classes')}"))
    for entry in diff.changed:
        parts.append(_folded(entry.qualname))
        if entry.before != entry.after:
            parts.append(_folded(f"order was {' > '.join(entry.before)}", 6))
            parts.append(_folded(f"order is  {' > '.join(entry.after)}", 6))
        for method in entry.methods:
            before, after = method.before or "(nothing)", method.after or "(nothing)"
            parts.append(_folded(f"{method.name}: {before} -> {after}", 6))
    return parts


def _folded(text: str, indent: int = 4) -> RenderableType:
    """A line that may take several, each as far in as the first."""
    return Padding(Text(text, overflow="fold"), (0, 0, 0, indent))


def summary(report: MroReport) -> str:
    """Counts, in one sentence without a full stop."""
    counts = Counter(entry.certainty for entry in report.classes)
    certain = ", ".join(f"{counts[kind]} {kind}" for kind in ("exact", "partial", "unknown"))
    return (
        f"{counted(len(report.classes), 'class', 'classes')} in {counted(report.files, 'file')}, for Python {report.python}: "
        f"{certain}; {len(report.errors)} refused"
    )


def _details(entry: ClassReport) -> RenderableType:
    drawing = Drawing(Text(f"{entry.qualname}  {entry.path}:{entry.line}", style="bold"))
    drawing.add(Text(", ".join(entry.labels)))
    order = drawing.add(f"order ({entry.certainty})")
    for name in entry.order:
        order.add(_Line("", f"{name}  {entry.provenance.get(name, '')}".rstrip(), ""))
    for reason in entry.reasons:
        drawing.add(Text(f"in doubt: {why(reason)}", style="yellow"))
    if own := [n for n, m in entry.methods.items() if m.defined_in == entry.qualname]:
        methods = drawing.add(f"defines {counted(len(own), 'method')}")
        for name in own:
            behind = ", ".join(entry.methods[name].overrides)
            methods.add(Text(f"{name}" + (f"  overrides {behind}" if behind else "")))
    inherited: dict[str, list[str]] = {}
    for name, method in entry.methods.items():
        if method.defined_in != entry.qualname:
            inherited.setdefault(method.defined_in, []).append(name)
    if inherited:
        branch = drawing.add("inherits")
        for owner, names in inherited.items():
            which = f": {', '.join(names)}" if len(names) <= _NAMED else ""
            branch.add(Text(f"{counted(len(names), 'method')} of {owner}{which}"))
    if entry.consumers is not None:
        _consumers(drawing, entry.consumers)
    for call in entry.dead_supers:
        drawing.add(Text(f"super().{call.method}() in line {call.line} reaches nothing", "yellow"))
    for name in entry.diamonds:
        drawing.add(Text(f"diamond: {name} is reached through several bases"))
    for hidden in entry.shadowed:
        drawing.add(Text(_shadow(hidden.kind, hidden.name, hidden.winner, hidden.hidden), "yellow"))
    return drawing


def why(reason: Reason) -> str:
    """A reason in one line: which base, what it says, why that is not enough."""
    place = f"base {reason.position + 1}, " if reason.position >= 0 else ""
    text = f"`{reason.expression}`: " if reason.expression else ""
    return f"{place}{text}{reason.why}"


def _consumers(drawing: Drawing, used: Consumers) -> None:
    tests = sum(is_test_path(path) for path in used.importers)
    count = len(used.importers)
    who = (
        f"{counted(count, 'other file')} import{'s' if count == 1 else ''} it, {tests} of them tests"
        if count
        else "no other file imports it"
    )
    branch = drawing.add(Text(f"a change is {used.impact}: {who}"))
    if used.other_names:
        names = branch.add("is also called")
        for name in used.other_names:
            names.add(_Line("", name, ""))
    for name, paths in sorted(used.members.items(), key=lambda item: (-len(item[1]), item[0])):
        branch.add(Text(f"{name}  in {counted(len(paths), 'file')}"))


def is_test_path(path: str) -> bool:
    """Whether a file belongs to tests, by the names of its folders and its own."""
    parts = path.split("/")
    return any(p in ("tests", "test") or p.startswith(("test_", "conftest")) for p in parts)


def _doubts(report: MroReport) -> list[RenderableType]:
    doubtful = [entry for entry in report.classes if entry.reasons]
    if not doubtful:
        return []
    return [Text("\nIn doubt", style="bold yellow"), *_doubt_lines(doubtful)]


def _doubt_lines(doubtful: list[ClassReport]) -> Iterator[RenderableType]:
    """The place and the reason of each; heirs of a class in the list are only counted."""
    known = tuple(f"base {entry.qualname}: " for entry in doubtful)
    heirs = 0
    for entry in doubtful:
        if entry.reasons[0].why.startswith(known):
            heirs += 1
            continue
        yield _Line(f"  {_last(entry.qualname)}", f"{entry.path}:{entry.line}")
        yield Padding(Text(why(entry.reasons[0])), (0, 0, 0, 6))
    if heirs:
        yield Text(f"  and {heirs} that inherit from these")


def _shadow(kind: str, name: str, winner: str, hidden: str) -> str:
    if kind == "twice":
        return f"hidden: {name} is defined twice; only the last counts"
    return f"hidden: {hidden}.{name} is behind {winner}.{name}"


def _hierarchy(report: MroReport) -> RenderableType:
    """All classes under their first known base, as one tree per root; unknown bases come last."""
    children = heirs(report)
    known = {entry.qualname for entry in report.classes}
    tops = sorted(children.keys() - known, key=lambda name: (name == GAP, name))
    roots = [Drawing(Text(name, "bold")) for name in tops]
    for root in roots:
        _grow(root, str(root.label), children, frozenset())
    return Group(*roots)


def heirs(report: MroReport) -> dict[str, list[ClassReport]]:
    """Each class of the report under the one that follows it in its order, `?` where that is open."""
    children: dict[str, list[ClassReport]] = {}
    for entry in report.classes:
        parent = next((name for name in entry.order[1:2]), GAP)
        children.setdefault(parent, []).append(entry)
    return children


def _grow(
    branch: Drawing, name: str, children: dict[str, list[ClassReport]], seen: frozenset[str]
) -> None:
    if name in seen:
        return
    for entry in children.get(name, ()):
        mark = "" if entry.certainty == "exact" else f" ({entry.certainty})"
        line = _Line(f"{_last(entry.qualname)}{mark}", f"{entry.path}:{entry.line}")
        _grow(branch.add(line), entry.qualname, children, seen | {name})
