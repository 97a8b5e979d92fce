"""`mro-report` as Markdown and as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from consolidator.analysis.mro.diff import MroDiff
from consolidator.analysis.mro.report import ClassReport, MroReport
from consolidator.render.mro_text import heirs, summary, why
from consolidator.render.page import page


def to_markdown(report: MroReport, diff: MroDiff | None = None) -> str:
    return "\n".join(_markdown(report, diff)) + "\n"


def _markdown(report: MroReport, diff: MroDiff | None) -> Iterator[str]:
    yield "# Inheritance\n"
    yield f"{summary(report)}.\n"
    if report.errors:
        yield "## Refused by CPython\n"
        yield "| class | where | kind | message |\n|---|---|---|---|"
        for error in report.errors:
            where = f"{error.path}:{error.line}"
            yield f"| `{error.qualname}` | {where} | {error.kind} | {_cell(error.message)} |"
        yield ""
    if diff is not None:
        yield from _markdown_diff(diff)
    yield "## Classes\n"
    for entry in report.classes:
        yield from _markdown_class(entry)
    for skipped in report.skipped:
        yield f"Not read: {skipped.path}:{skipped.line}: {skipped.reason}\n"
    for note in report.notes:
        yield f"Note: {note}.\n"


def _markdown_class(entry: ClassReport) -> Iterator[str]:
    yield f"### `{entry.qualname}`\n"
    yield f"{entry.path}:{entry.line}, {', '.join(entry.labels)}, {entry.certainty}\n"
    yield "Order: " + ", ".join(f"`{name}`" for name in entry.order) + "\n"
    for line in _remarks(entry):
        yield f"- {line}"
    own = [(n, m) for n, m in entry.methods.items() if m.defined_in == entry.qualname]
    overriding = [(name, method) for name, method in own if method.overrides]
    if overriding:
        yield "\n| method | overrides |\n|---|---|"
        for name, method in overriding:
            yield f"| `{name}` | {', '.join(f'`{o}`' for o in method.overrides)} |"
    yield ""


def _remarks(entry: ClassReport) -> Iterator[str]:
    for reason in entry.reasons:
        yield f"In doubt: {why(reason)}"
    for name in entry.diamonds:
        yield f"Diamond: {name} is reached through several bases"
    for hidden in entry.shadowed:
        if hidden.kind == "twice":
            yield f"Hidden: {hidden.name} is defined twice; only the last counts"
        else:
            yield f"Hidden: {hidden.hidden}.{hidden.name} is behind {hidden.winner}.{hidden.name}"
    for call in entry.dead_supers:
        yield f"super().{call.method}() in line {call.line} reaches nothing"
    if entry.consumers is not None:
        count = len(entry.consumers.importers)
        yield f"A change is {entry.consumers.impact}: {count} other files import it"
        for name, paths in entry.consumers.members.items():
            yield f"{name} is named in {len(paths)} of them"


def _markdown_diff(diff: MroDiff) -> Iterator[str]:
    yield f"## Since {diff.revision}\n"
    if not diff:
        yield "Nothing changed.\n"
        return
    for word, names in (("Added", diff.added), ("Gone", diff.gone)):
        for name in names:
            yield f"- {word}: `{name}`"
    for entry in diff.changed:
        yield f"- Changed: `{entry.qualname}`"
        if entry.before != entry.after:
            yield f"  - order: {', '.join(entry.before)} → {', '.join(entry.after)}"
        for method in entry.methods:
            before, after = method.before or "nothing", method.after or "nothing"
            yield f"  - `{method.name}`: {before} → {after}"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def to_html(report: MroReport, diff: MroDiff | None = None) -> str:
    return page("Inheritance", "\n".join(_html(report, diff)))


def _html(report: MroReport, diff: MroDiff | None) -> Iterator[str]:
    yield f"<p>{escape(summary(report))}.</p>"
    if report.errors:
        yield "<h2>Refused by CPython</h2><table><tr><th>class<th>where<th>kind<th>message</tr>"
        for error in report.errors:
            cells = (error.qualname, f"{error.path}:{error.line}", error.kind, error.message)
            yield "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "</tr>"
        yield "</table>"
    if diff is not None:
        yield f"<pre>{escape(chr(10).join(_markdown_diff(diff)))}</pre>"
    yield "<h2>Hierarchy</h2><ul>"
    children = heirs(report)
    known = {entry.qualname for entry in report.classes}
    for name in sorted(children.keys() - known):
        yield f"<li><code>{escape(name)}</code>"
        yield from _html_heirs(name, children, frozenset())
    yield "</ul><h2>Classes</h2>"
    for entry in report.classes:
        yield from _html_class(entry)
    for skipped in report.skipped:
        yield f"<p class=warn>{escape(f'Not read: {skipped.path}:{skipped.line}: {skipped.reason}')}</p>"
    for note in report.notes:
        yield f"<p>{escape(note)}</p>"


def _html_heirs(
    name: str, children: Mapping[str, list[ClassReport]], seen: frozenset[str]
) -> Iterator[str]:
    """The classes below one, as a list in its item; a circle of names ends."""
    if name in seen or name not in children:
        return
    yield "<ul>"
    for entry in children[name]:
        anchor = escape(f"#{entry.path}:{entry.line}", quote=True)
        label = escape(entry.qualname.rpartition(".")[2])
        yield f'<li><a href="{anchor}">{label}</a>'
        yield from _html_heirs(entry.qualname, children, seen | {name})
    yield "</ul>"


def _html_class(entry: ClassReport) -> Iterator[str]:
    mark = "good" if entry.certainty == "exact" else "warn"
    yield (
        f'<details id="{escape(f"{entry.path}:{entry.line}", quote=True)}">'
        f"<summary><code>{escape(entry.qualname)}</code> "
        f'<span class="{mark}">{entry.certainty}</span> {escape(", ".join(entry.labels))}</summary>'
    )
    yield f"<p>{escape(entry.path)}:{entry.line}</p><ol start=0>"
    for name in entry.order:
        yield f"<li><code>{escape(name)}</code> {escape(entry.provenance.get(name, ''))}</li>"
    yield "</ol><ul>"
    yield from (f"<li>{escape(line)}</li>" for line in _remarks(entry))
    yield "</ul>"
    if entry.methods:
        yield "<table><tr><th>method<th>defined in<th>overrides</tr>"
        for name, method in entry.methods.items():
            cells = (name, method.defined_in, ", ".join(method.overrides))
            yield "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "</tr>"
        yield "</table>"
    yield "</details>"
