"""Calls of one function or class, given by its dotted name, that match a pattern: new arguments.

For calls whose callee is known by name alone. Which method an object has is not known here: whoever
knows what receivers are gives `codemods.calls.adapt_calls` the places.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from codemods.calls import Argument, CallAdaptation, Span, adapt_calls
from codemods.moves import MoveTable
from codemods.outcome import Changed, Outcome, Skipped, Unchanged
from codemods.sites import Site
from codemods.view import View

_HOLE = re.compile(r"\$([^\W\d]\w*)")


class PatternError(ValueError):
    """A pattern that is no call, or a new form that uses what the old one does not bind."""


@dataclass(frozen=True, slots=True)
class CallPattern:
    """`app.emit(user, text=body)` matches calls of `app.emit` with one positional argument and the
    keyword `text`, in that order. In the new form `$user` and `$body` are what stood there:
    `(message=$body, user_id=$user)`, or `of($user)` to call a member of the callee instead.
    """

    callee: str
    keywords: tuple[str, ...]
    member: str
    arguments: tuple[Argument, ...]

    @classmethod
    def parse(cls, old: str, new: str) -> CallPattern:
        """Raises `PatternError`."""
        call = _call(old, old)
        holes = {ast.unparse(node): index for index, (node, _) in enumerate(_arguments(call))}
        keywords = tuple(keyword for _, keyword in _arguments(call))
        source = _HOLE.sub(r"_hole_\1", new.strip())
        form = _call(f"_{source}" if source.startswith("(") else source, new)
        arguments = tuple(
            _filled(ast.unparse(node), keyword, holes) for node, keyword in _arguments(form)
        )
        member = ast.unparse(form.func)
        return cls(ast.unparse(call.func), keywords, "" if member == "_" else member, arguments)


def rewrite_calls(text: str, pattern: CallPattern, module: str = "") -> Outcome:
    """The text with every matching call rewritten; calls of the same callee in another form are
    omissions. `module` is the file's own dotted name, for its relative imports."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Skipped(getattr(error, "lineno", None) or 1, f"can't be parsed: {error}")
    view = View(text, tree, MoveTable({}, module))
    changes = []
    for call in _calls(view, pattern.callee):
        if tuple(keyword for _, keyword in _arguments(call)) == pattern.keywords:
            changes.append(
                CallAdaptation(
                    Span.of(call), "call", member=pattern.member, arguments=pattern.arguments
                )
            )
        else:
            why = "does not match the pattern"
            view.omit(call, view.positions.of(call), "call", why)
    outcome = adapt_calls(text, changes)
    if isinstance(outcome, Changed | Unchanged):
        return replace(outcome, omissions=tuple(view.omissions))
    return outcome


def _calls(view: View, callee: str) -> Iterator[ast.Call]:
    """Calls whose callee is certainly this dotted name."""
    meant = {site.start for site in view.sites if _dotted(view, site) == callee}
    for node in ast.walk(view.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            chain = re.fullmatch(r"[\w.]+", view.positions.of(node.func))
            if chain and view.positions.span(node.func)[0] in meant:
                yield node


def _dotted(view: View, site: Site) -> str:
    """The absolute name of a chain; empty where its first name may be bound to something else."""
    bindings = view.module.find(site.names[0], site.scope)
    prefix = view.dotted(bindings[0]) if len(bindings) == 1 and bindings[0].alias else None
    return ".".join((prefix, *site.names[1:])) if prefix else ""


def _call(source: str, shown: str) -> ast.Call:
    try:
        node = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise PatternError(f"{shown!r} is not a call") from error
    is_plain = isinstance(node, ast.Call) and not any(
        keyword in ("*", "**") for _, keyword in _arguments(node)
    )
    if not isinstance(node, ast.Call) or not is_plain:
        raise PatternError(f"{shown!r} is not a call with plain arguments")
    return node


def _arguments(call: ast.Call) -> list[tuple[ast.expr, str]]:
    positional = [(a, "*" if isinstance(a, ast.Starred) else "") for a in call.args]
    return positional + [(k.value, k.arg or "**") for k in call.keywords]


def _filled(text: str, keyword: str, holes: Mapping[str, int]) -> Argument:
    unknown = [name for name in re.findall(r"_hole_(\w+)", text) if name not in holes]
    if unknown:
        raise PatternError(f"${unknown[0]} is not an argument of the old call")
    alone = text.removeprefix("_hole_")
    if text.startswith("_hole_") and alone in holes:
        return Argument(holes[alone], keyword)
    return Argument(re.sub(r"_hole_(\w+)", lambda m: f"${holes[m.group(1)]}", text), keyword)
