"""Every place of a file that names something by a chain: code, string annotations, `getattr` pairs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from codemods.lazy import last_name
from codemods.positions import Positions
from codemods.scopes import Module, Scope, Text, Use

READERS = frozenset({"getattr", "hasattr"})
_REPLACERS = frozenset({"setattr", "delattr", "object"})
_NAMERS = READERS | _REPLACERS
Spans = tuple[tuple[int, int], ...]


@dataclass(eq=False)
class Site:
    """A dotted chain. Where it stands is found out when it is asked for: few sites ever are. Not frozen,
    because a file has thousands."""

    names: tuple[str, ...]
    scope: Scope
    place: Callable[[], Spans]
    """Where each `names[:k+1]` starts and ends."""
    annotates: bool = False
    apart: bool = False
    """The last name stands in a string of its own, as in `patch.object(module, "name")`."""
    replaced: bool = False
    """The name is replaced there, not read."""

    @cached_property
    def spans(self) -> Spans:
        """Parentheses inside of a chain belong to it: `(a.b).c` starts before `a.b` does."""
        return self.place()

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """`ends[k]` is where `names[:k+1]` ends."""
        return tuple(end for _, end in self.spans)


def find_sites(text: str, positions: Positions, module: Module) -> Iterator[Site]:
    """All sites, in no particular order."""
    apart = {id(member_owner(call)): call for call, _ in module.calls if names_member(call)}
    for use in module.uses:
        place = partial(_place, positions, use)
        call = apart.get(id(use.nodes[-1]))
        if call is None:
            yield Site(use.names, use.scope, place, replaced=_is_replaced(use))
            continue
        name, at = member_name(text, positions, call)
        replaced = replaces_member(call)
        both = partial(_extended, place, at)
        yield Site((*use.names, name), use.scope, both, apart=True, replaced=replaced)
    for string in module.texts:
        if string.annotates:
            yield from _in_annotation(text, positions, string)


def _is_replaced(use: Use) -> bool:
    """`module.name = …` and `del module.name` replace what whoever else has the module reads of it."""
    return len(use.names) > 1 and not isinstance(use.nodes[-1].ctx, ast.Load)


def _place(positions: Positions, use: Use) -> Spans:
    return tuple(positions.span(node) for node in use.nodes)


def _extended(place: Callable[[], Spans], end: int) -> Spans:
    spans = place()
    return (*spans, (spans[-1][0], end))


def names_member(call: ast.Call) -> bool:
    """Whether a call names an attribute of its first argument in its second: `getattr(x, "name")`."""
    name = _argument(call, 1, "attribute", "name") if _reads_member(call) else None
    is_text = isinstance(name, ast.Constant) and isinstance(name.value, str)
    return is_text and isinstance(name, ast.Constant) and str(name.value).isidentifier()


def replaces_member(call: ast.Call) -> bool:
    """Whether it replaces that attribute: `setattr(x, "name", …)`, `patch.object(x, "name")`."""
    return last_name(call.func) in _REPLACERS


def member_owner(call: ast.Call) -> ast.expr | None:
    """That first argument."""
    return _argument(call, 0, "target", "obj")


def member_name(text: str, positions: Positions, call: ast.Call) -> tuple[str, int]:
    """That attribute, and the offset where it ends."""
    literal = _argument(call, 1, "attribute", "name")
    assert isinstance(literal, ast.Constant)
    name, (start, end) = str(literal.value), positions.span(literal)
    return name, start + text[start:end].rfind(name) + len(name)


def _reads_member(call: ast.Call) -> bool:
    return last_name(call.func) in _NAMERS and member_owner(call) is not None


def _argument(call: ast.Call, index: int, *names: str) -> ast.expr | None:
    if len(call.args) > index:
        return call.args[index]
    return next((keyword.value for keyword in call.keywords if keyword.arg in names), None)


def _in_annotation(text: str, positions: Positions, string: Text) -> Iterator[Site]:
    """The chains in a string annotation, and in the strings inside of it."""
    start, end = positions.span(string.node)
    for names, spans in _chains(text[start:end], string.node):
        placed = tuple((start + first, start + last) for first, last in spans)
        yield Site(names, string.scope, partial(tuple, placed), annotates=True)


def is_written_plainly(source: str, value: str) -> bool:
    """Whether a string literal shows its value as one piece, without escapes or parts."""
    return value.isascii() and "\n" not in value and value in source


def _chains(source: str, literal: ast.Constant) -> Iterator[tuple[tuple[str, ...], Spans]]:
    """The chains that a literal's text names, with their spans in its `source`."""
    value = str(literal.value)
    if not is_written_plainly(source, value):
        return
    try:
        parsed = ast.parse(value.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return
    base = source.index(value) + len(value) - len(value.lstrip())
    for node in _named(parsed.body):
        if isinstance(node, ast.Constant):
            first, last = base + node.col_offset, base + (node.end_col_offset or 0)
            inner = _chains(source[first:last], node)
            shift = first
        else:
            inner = iter([_parts(node)])
            shift = base
        for names, spans in inner:
            yield names, tuple((shift + start, shift + end) for start, end in spans)


def _named(node: ast.AST) -> Iterator[ast.expr]:
    """Names, chains and strings in a type."""
    is_chain = isinstance(node, ast.Attribute) and bool(_parts(node)[0])
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    if isinstance(node, ast.expr) and (isinstance(node, ast.Name) or is_chain or is_text):
        yield node
    elif not (isinstance(node, ast.Subscript) and last_name(node.value) == "Literal"):
        for child in ast.iter_child_nodes(node):
            yield from _named(child)


def _parts(node: ast.expr) -> tuple[tuple[str, ...], Spans]:
    names: list[str] = []
    spans: list[tuple[int, int]] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        spans.append((node.col_offset, node.end_col_offset or 0))
        node = node.value
    if not isinstance(node, ast.Name):
        return (), ()
    spans.append((node.col_offset, node.end_col_offset or 0))
    return (node.id, *reversed(names)), tuple(reversed(spans))
