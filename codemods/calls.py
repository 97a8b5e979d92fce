"""Calls adapted to another signature: the callee's name, the arguments, the `await`.

The caller says which calls (by their `ast` positions) and what each becomes; LibCST edits the call
expression alone, so layout and comments inside it stay and nothing outside it can change.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.edits import Edit, OverlapError, apply_edits, count_kinds
from codemods.outcome import Changed, Failed, Outcome, Skipped, Unchanged
from codemods.positions import Located, Positions


class CannotAdaptError(ValueError):
    """A change does not match what stands at its place."""


_REFERENCE = re.compile(r"\$(\d+)")
_HOLE = "_argument_{}_"
_HOLE_NAME = re.compile(r"^_argument_(\d+)_$")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place as in `ast`: lines from 1, columns in UTF-8 bytes from 0."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, node: Located) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return cls(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of the new call.

    `value` is the index of an argument of the old call (positional and keyword ones counted together,
    in source order), or source text in which `$0` stands for the old call's first argument.
    """

    value: int | str
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class CallAdaptation:
    """What one call becomes. What is None or empty stays as it is."""

    span: Span
    kind: str
    callee: str = ""
    """New last name of the callee: `a.b.old(…)` becomes `a.b.new(…)`."""
    member: str = ""
    """Added to the callee: `Old(…)` becomes `Old.member(…)`."""
    arguments: tuple[Argument, ...] | None = None
    add_await: bool = False
    parenthesised: bool = False
    """Whether an added `await` needs parentheses where the call stands."""
    dropped_await: Span | None = None
    """The `await` expression around the call that loses its keyword."""


@dataclass(frozen=True, slots=True)
class NameChange:
    """The last name of an attribute expression, or the content of a string: `old` becomes `new`.

    `span` is the whole expression's; `old` must be what it ends with (before a closing quote).
    """

    span: Span
    kind: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class AsyncWith:
    """A `with` statement that becomes an `async with` one, or the other way where not `wanted`."""

    span: Span
    wanted: bool
    kind: str = "with"


Change = CallAdaptation | NameChange | AsyncWith
_ASYNC = re.compile(r"async\b[ \t\\\r\n]*")


def adapt_calls(text: str, changes: Iterable[Change]) -> Outcome:
    """The text with all changes made. Nested calls are adapted from the inside out."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Skipped(getattr(error, "lineno", None) or 1, f"can't be parsed: {error}")
    positions = Positions(text)
    pending = sorted((_Located.of(positions, change) for change in set(changes)), key=_size)
    kinds: list[Edit] = []
    while pending:
        inner = [one for one in pending if not any(o.inside(one) for o in pending if o is not one)]
        try:
            edits = [edit for one in inner for edit in one.edits(text)]
            kinds += [edit for edit in edits if edit.kind]
            text, pending = (
                apply_edits(text, edits),
                [one.shifted(edits) for one in pending if one not in inner],
            )
        except (cst.ParserSyntaxError, OverlapError, CannotAdaptError) as error:
            return Failed(inner[0].change.span.line, f"a call could not be adapted: {error}")
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return Failed(getattr(error, "lineno", None) or 1, f"would no longer parse: {error}")
    if text == positions.text:
        return Unchanged()
    return Changed(text, count_kinds(kinds))


def _size(located: _Located) -> int:
    return located.end - located.start


@dataclass(frozen=True, slots=True)
class _Located:
    """A change with character offsets in the text as it is now."""

    change: Change
    start: int
    end: int
    await_start: int = -1

    @classmethod
    def of(cls, positions: Positions, change: Change) -> _Located:
        span = change.span
        start = positions.offset(span.line, span.column)
        if isinstance(change, AsyncWith):
            keyword = _ASYNC.match(positions.text, start)
            return cls(change, start, keyword.end() if keyword else start)
        end = positions.offset(span.end_line, span.end_column)
        if isinstance(change, CallAdaptation) and change.dropped_await:
            dropped = change.dropped_await
            return cls(change, start, end, positions.offset(dropped.line, dropped.column))
        return cls(change, start, end)

    def inside(self, other: _Located) -> bool:
        """Whether this change lies within the other one's span."""
        return other.start <= self.start and self.end <= other.end and _size(self) < _size(other)

    def shifted(self, edits: Sequence[Edit]) -> _Located:
        def moved(offset: int) -> int:
            return offset + sum(
                len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= offset
            )

        # An edit that begins where this span begins is part of it.
        start = self.start + sum(
            len(edit.text) - (edit.end - edit.start)
            for edit in edits
            if edit.end <= self.start and edit.start < self.start
        )
        return _Located(self.change, start, moved(self.end), moved(self.await_start))

    def edits(self, text: str) -> list[Edit]:
        old = text[self.start : self.end]
        if isinstance(self.change, NameChange):
            return [self._renamed(old, self.change)]
        if isinstance(self.change, AsyncWith):
            new = "async " if self.change.wanted else ""
            return [Edit(self.start, self.end, new, self.change.kind)]
        new = _adapted(old, self.change)
        if self.change.add_await:
            new = f"(await {new})" if self.change.parenthesised else f"await {new}"
        edits = [Edit(self.start, self.end, new, self.change.kind)]
        if self.await_start >= 0:
            keyword = re.compile(r"await\s*").match(text, self.await_start)
            if keyword is None or keyword.end() > self.start:
                raise CannotAdaptError("there is no await to drop")
            edits.append(Edit(self.await_start, keyword.end(), "", ""))
        return edits

    def _renamed(self, old: str, change: NameChange) -> Edit:
        tail = re.search(r"[\"']*$", old)
        end = tail.start() if tail else len(old)
        if not old[:end].endswith(change.old):
            raise CannotAdaptError(f"{old!r} does not end with {change.old!r}")
        start = self.start + end - len(change.old)
        return Edit(start, self.start + end, change.new, change.kind)


def _adapted(source: str, change: CallAdaptation) -> str:
    # The parentheses let a call that spans lines stand alone.
    newline = "\r\n" if "\r\n" in source else "\n"
    call = cst.parse_expression(
        f"({source}{newline})", cst.PartialParserConfig(default_newline=newline)
    )
    if not isinstance(call, cst.Call):
        raise CannotAdaptError(f"{source!r} is not a call")
    function = call.func
    if change.callee:
        function = _renamed_callee(function, change.callee)
    if change.member:
        function = cst.Attribute(function, cst.Name(change.member))
    changed = call.with_changes(func=function, lpar=(), rpar=())
    if change.arguments is not None:
        changed = changed.with_changes(args=_arguments(call.args, change.arguments))
        if not change.arguments:
            changed = changed.with_changes(whitespace_before_args=cst.SimpleWhitespace(""))
    return cst.Module([], default_newline=newline).code_for_node(changed)


def _renamed_callee(function: cst.BaseExpression, name: str) -> cst.BaseExpression:
    if isinstance(function, cst.Attribute):
        return function.with_changes(attr=cst.Name(name))
    if isinstance(function, cst.Name):
        return function.with_changes(value=name)
    raise CannotAdaptError("the callee has no name")


def _arguments(old: Sequence[cst.Arg], new: Sequence[Argument]) -> list[cst.Arg]:
    built = [_argument(old, argument) for argument in new]
    kept = [argument.value for argument in new]
    if kept == list(range(len(old))):
        return built
    separator = next((arg.comma for arg in old[:-1]), cst.MaybeSentinel.DEFAULT)
    spaced = [_followed_by(arg, separator, _NO_SPACE) for arg in built[:-1]]
    if not built:
        return []
    if not old:
        return built
    return [*spaced, _followed_by(built[-1], old[-1].comma, old[-1].whitespace_after_arg)]


_NO_SPACE = cst.SimpleWhitespace("")


def _followed_by(
    arg: cst.Arg,
    comma: cst.Comma | cst.MaybeSentinel,
    space: cst.BaseParenthesizableWhitespace,
) -> cst.Arg:
    """The argument with what stands after it taken from another place, unless a comment is there."""
    if _has_comment(arg.comma) or _has_comment(arg.whitespace_after_arg):
        return arg
    return arg.with_changes(comma=comma, whitespace_after_arg=space)


def _has_comment(node: cst.CSTNode | cst.MaybeSentinel) -> bool:
    return isinstance(node, cst.CSTNode) and "#" in cst.Module([]).code_for_node(node)


def _argument(old: Sequence[cst.Arg], argument: Argument) -> cst.Arg:
    if isinstance(argument.value, int):
        arg = old[argument.value]
        keyword = cst.Name(argument.keyword) if argument.keyword else None
        if keyword is None and arg.keyword is None:
            return arg
        if keyword is not None and arg.keyword is not None and arg.keyword.value == keyword.value:
            return arg
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        return arg.with_changes(
            keyword=keyword,
            equal=equal if keyword else cst.MaybeSentinel.DEFAULT,
            value=_delimited(arg.value),
        )
    text = _REFERENCE.sub(lambda found: _HOLE.format(found.group(1)), argument.value)
    value = cst.parse_expression(text).visit(_Filler([arg.value for arg in old]))
    assert isinstance(value, cst.BaseExpression)
    keyword = cst.Name(argument.keyword) if argument.keyword else None
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(_delimited(value), keyword, equal if keyword else cst.MaybeSentinel.DEFAULT)


_PARENTHESISED_ALONE = (cst.GeneratorExp, cst.NamedExpr, cst.Yield)
_ATOMS = (
    *(cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.Imaginary),
    *(cst.SimpleString, cst.FormattedString, cst.List, cst.Dict, cst.Set, cst.ListComp),
    *(cst.DictComp, cst.SetComp, cst.Ellipsis),
)
_DELIMITED = (cst.Arg, cst.DictElement, cst.Element, cst.Index, cst.FormattedStringExpression)


def _delimited(value: cst.BaseExpression) -> cst.BaseExpression:
    """What may stand alone as the only argument, but not as one of several."""
    if isinstance(value, _PARENTHESISED_ALONE) and not value.lpar:
        return _parenthesised(value)
    return value


def _parenthesised(value: cst.BaseExpression) -> cst.BaseExpression:
    return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


class _Filler(cst.CSTTransformer):
    """Puts old arguments into the holes of a new one, with parentheses where precedence asks."""

    def __init__(self, values: Sequence[cst.BaseExpression]) -> None:
        super().__init__()
        self._values = values
        self._parents: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._parents.append(node)
        return super().on_visit(node)

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        self._parents.pop()
        if not isinstance(original_node, cst.Name):
            return updated_node
        hole = _HOLE_NAME.match(original_node.value)
        if hole is None:
            return updated_node
        value = self._values[int(hole.group(1))]
        parent = self._parents[-1] if self._parents else None
        if original_node.lpar:
            has_own = bool(getattr(value, "lpar", ()))
            return value if has_own else _parenthesised(value)
        if parent is None or isinstance(parent, _DELIMITED) or isinstance(value, _ATOMS):
            return _delimited(value)
        return value if getattr(value, "lpar", ()) else _parenthesised(value)
