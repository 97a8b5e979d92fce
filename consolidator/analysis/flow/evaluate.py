"""What one expression can be, given what the variables around it are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from consolidator.analysis.flow.annotations import annotated, is_type_form
from consolidator.analysis.flow.narrowing import dotted_text, narrowed
from consolidator.analysis.flow.values import (
    NONE,
    NOTHING_KNOWN,
    UNKNOWN,
    Value,
    Values,
    contents,
    giving,
    holding,
    part_of,
    row,
)
from consolidator.analysis.flow.wellknown import EMPTY, Call, class_of, given_by
from consolidator.analysis.flow.world import Source

Environment = dict[str, Values]
"""Local variables, and attributes of them under their dotted text (`self.manager`)."""


(_NOTHING_IN_IT,) = EMPTY


@dataclass(frozen=True)
class Place:
    """Where a name is read: the file, and the enclosing function or class as in facts."""

    source: Source
    path: str
    scope: str = ""
    this: str = ""
    """Dotted name of the class whose body or method this is."""


class Answers(Protocol):
    """What a name, a member and a call mean, beyond one function's own variables."""

    def name(self, place: Place, dotted: str) -> Values: ...

    def member(self, owner: Value, attribute: str) -> Values: ...

    def returned(self, callee: Value) -> Values: ...

    def parent(self, class_name: str) -> Values: ...

    def absolute(self, dotted: str) -> Values: ...

    def is_own(self, callee: Value) -> bool: ...

    def fields(self, owner: Value) -> tuple[Values, ...]: ...


@dataclass
class Evaluator:
    """Values of expressions at one place. `seen` is told each name, attribute and call it reads."""

    answers: Answers
    place: Place
    environment: Environment = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    """Names that are variables of this function: not looked up outside even before assignment."""
    outer: tuple[Environment, ...] = ()
    """Variables of the enclosing functions, innermost first."""
    seen: Callable[[ast.expr, Values], None] | None = None
    yielded: set[Value] = field(default_factory=set)
    """What the body yields, as a generator."""
    shared: frozenset[str] = frozenset()
    """Local variables that functions in it assign too (`nonlocal`): never certain."""

    def value(self, node: ast.expr | None) -> Values:
        if node is None:
            return NOTHING_KNOWN
        handler = _HANDLERS.get(type(node))
        if handler is None:
            self.read_all(ast.iter_child_nodes(node))
            return NOTHING_KNOWN
        values = handler(self, node)
        if self.seen is not None:
            self.seen(node, values)
        return values

    def read_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            if isinstance(node, ast.expr):
                self.value(node)
            elif not isinstance(node, ast.expr_context):
                self.read_all(ast.iter_child_nodes(node))

    def annotation(self, node: ast.expr | str) -> Values:
        return annotated(node, self._named)

    def _named(self, dotted: str) -> Values:
        return self.answers.name(self.place, dotted)

    # names and attributes

    def _name(self, node: ast.Name) -> Values:
        if node.id in self.environment:
            return self.environment[node.id]
        if node.id in self.local:
            return NOTHING_KNOWN
        for variables in self.outer:
            if node.id in variables:
                return variables[node.id]
        return self._named(node.id)

    def _attribute(self, node: ast.Attribute) -> Values:
        owners = self.value(node.value)
        if node.attr == "__class__":
            return class_of(owners)
        found: set[Value] = set()
        for owner in owners - {NONE}:
            found |= self.answers.member(owner, node.attr)
        known = self.environment.get(dotted_text(node), frozenset())
        if known - {NONE, UNKNOWN}:
            return known | frozenset(found - {UNKNOWN})
        return frozenset(found) or NOTHING_KNOWN

    # calls

    def _call(self, node: ast.Call) -> Values:
        callees = self.value(node.func)
        arguments = [self.value(argument) for argument in node.args]
        keywords = {keyword.arg: self.value(keyword.value) for keyword in node.keywords}
        is_own = any(self.answers.is_own(callee) for callee in callees)
        given = None if is_own else given_by(Call(self, node, arguments, keywords))
        return self.called(callees) if given is None else given

    def called(self, callees: Values) -> Values:
        """What calling any of the values gives."""
        found: set[Value] = set()
        for callee in callees - {NONE}:
            found |= self.answers.returned(callee)
        return frozenset(found) or NOTHING_KNOWN

    def alias(self, types: Iterable[ast.expr]) -> Values:
        """A name for one of several types."""
        meant: Values = frozenset().union(*map(self.annotation, types))
        return frozenset({Value("alias", of=meant)}) if meant - {UNKNOWN} else NOTHING_KNOWN

    # protocols of Python: iteration, context managers

    def iterated(self, values: Values) -> Values:
        """What a loop over any of the values gives; over None there is none."""
        found: set[Value] = set()
        for value in values - {NONE}:
            if value.kind == "instance":
                found |= self._through(value, "__iter__") | self._through(value, "__aiter__")
            elif value != _NOTHING_IN_IT:
                found |= contents(frozenset({value}), "items")
        known = frozenset(found)
        is_instance = any(value.kind == "instance" for value in values)
        return (known - {UNKNOWN} if is_instance else known) or NOTHING_KNOWN

    def _through(self, owner: Value, method: str) -> Values:
        return contents(self.called(self.answers.member(owner, method)), "items")

    def entered(self, values: Values, *, is_async: bool) -> Values:
        """What `with` (or `async with`) binds."""
        found: set[Value] = set()
        for value in values:
            if value.kind == "context":
                found |= value.of
            elif value.kind == "instance":
                enter = "__aenter__" if is_async else "__enter__"
                given = self.called(self.answers.member(value, enter))
                found |= (contents(given, "awaitable") if is_async else given) - {UNKNOWN}
            else:
                found.add(UNKNOWN)
        return frozenset(found) or NOTHING_KNOWN

    # the rest

    def _await(self, node: ast.Await) -> Values:
        return contents(self.value(node.value), "awaitable")

    def _constant(self, node: ast.Constant) -> Values:
        return frozenset({NONE}) if node.value is None else NOTHING_KNOWN

    def narrow(self, test: ast.expr, *, holds: bool = True) -> Environment:
        """What a condition says about variables."""
        return narrowed(test, self.annotation, holds=holds)

    def _where(self, known: Environment, node: ast.expr) -> Values:
        """An expression that is only evaluated while more is known."""
        if not known:
            return self.value(node)
        outside = self.environment
        self.environment = outside | known
        values = self.value(node)
        self.environment = outside
        return values

    def _either(self, node: ast.IfExp) -> Values:
        self.value(node.test)
        otherwise = self._where(self.narrow(node.test, holds=False), node.orelse)
        return self._where(self.narrow(node.test), node.body) | otherwise

    def _boolean(self, node: ast.BoolOp) -> Values:
        is_and = isinstance(node.op, ast.And)
        known: Environment = {}
        values = []
        for part in node.values:
            values.append(self._where(known, part))
            known |= self.narrow(part, holds=is_and)
        if not is_and:
            return frozenset().union(*(part - {NONE} for part in values[:-1]), values[-1])
        return values[-1] | {NONE}

    def _assigned(self, node: ast.NamedExpr) -> Values:
        values = self.value(node.value)
        self.environment[node.target.id] = values
        return values

    def _row(self, node: ast.Tuple) -> Values:
        if any(isinstance(element, ast.Starred) for element in node.elts):
            return self._items(node)
        return row(*map(self.value, node.elts))

    def _items(self, node: ast.List | ast.Tuple | ast.Set) -> Values:
        if not node.elts:
            return EMPTY
        found: set[Value] = set()
        for element in node.elts:
            if isinstance(element, ast.Starred):
                found |= self.iterated(self.value(element.value))
            else:
                found |= self.value(element)
        return holding("items", frozenset(found)) if found else NOTHING_KNOWN

    def _mapping(self, node: ast.Dict) -> Values:
        if not node.values:
            return EMPTY
        self.read_all(key for key in node.keys if key is not None)
        values: Values = frozenset().union(*(self.value(value) for value in node.values))
        return holding("items", values) if values else NOTHING_KNOWN

    def _subscript(self, node: ast.Subscript) -> Values:
        owners = self.value(node.value)
        self.value(node.slice)
        holders = frozenset(value for value in owners if value.kind in ("items", "tuple"))
        if isinstance(node.slice, ast.Slice):
            return holding("items", contents(holders, "items"))
        if holders and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return part_of(holders, node.slice.value)
        if holders:
            return contents(holders, "items")
        if is_type_form(node):
            return self.alias([node])
        found: set[Value] = set()
        for owner in owners - {NONE}:
            if owner.kind == "instance":
                found |= self.called(self.answers.member(owner, "__getitem__"))
            else:
                found.add(owner if owner.kind == "class" else UNKNOWN)
        return frozenset(found) or NOTHING_KNOWN

    def _comprehension(self, node: Any) -> Values:
        outside = dict(self.environment)
        for generator in node.generators:
            items = self.iterated(self.value(generator.iter))
            self.bind(generator.target, items)
            for test in generator.ifs:
                self.value(test)
                self.environment |= self.narrow(test)
        if isinstance(node, ast.DictComp):
            self.value(node.key)
            values = self.value(node.value)
        else:
            values = self.value(node.elt)
        self.environment = outside
        return holding("items", values)

    def _lambda(self, node: ast.Lambda) -> Values:
        outside = dict(self.environment)
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                self.environment[argument.arg] = NOTHING_KNOWN
        given = self.value(node.body)
        self.environment = outside
        return giving(given)

    def _yield(self, node: ast.Yield) -> Values:
        self.yielded |= self.value(node.value) if node.value else {NONE}
        return NOTHING_KNOWN

    def _yield_from(self, node: ast.YieldFrom) -> Values:
        self.yielded |= self.iterated(self.value(node.value))
        return NOTHING_KNOWN

    def _starred(self, node: ast.Starred) -> Values:
        return self.value(node.value)

    def bind(self, target: ast.expr, values: Values) -> None:
        """Assign to a target; the parts of an unpacked one get the items."""
        if isinstance(target, ast.Name):
            self.environment[target.id] = values | {UNKNOWN} if target.id in self.shared else values
            self._forget(target.id + ".")
        elif isinstance(target, ast.Attribute):
            self.value(target.value)
            if text := dotted_text(target):
                self.environment[text] = values
                self._forget(text + ".")
        elif isinstance(target, ast.Tuple | ast.List):
            starred = any(isinstance(element, ast.Starred) for element in target.elts)
            for index, element in enumerate(target.elts):
                length = len(target.elts)
                known = self.iterated(values) if starred else self._part(values, index, length)
                self.bind(element, known)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, holding("items", values))
        elif isinstance(target, ast.Subscript) and (text := dotted_text(target.value)):
            self.read_all(ast.iter_child_nodes(target))
            self.add(text, values)
        else:
            self.read_all(ast.iter_child_nodes(target))

    def _part(self, values: Values, index: int, length: int) -> Values:
        rows: set[Value] = set()
        for value in values - {NONE}:
            fields = self.answers.fields(value) if value.kind == "instance" else ()
            if fields:
                rows |= row(*fields)
            elif value.kind == "instance":
                rows |= holding("items", self.iterated(frozenset({value})))
            else:
                rows.add(value)
        return part_of(frozenset(rows), index, length)

    def put(self, container: ast.expr, values: Values) -> None:
        """Put something more into what an expression is, where that is a variable."""
        if text := dotted_text(container):
            self.add(text, values)

    def add(self, container: str, values: Values) -> bool:
        """Put something more into a container that a variable holds; whether it is known to be one."""
        held = self.environment.get(container, NOTHING_KNOWN)
        is_known = all(value.kind in ("items", "none") for value in held)
        if is_known:
            self.environment[container] = held | {Value("items", of=values)}
        return is_known

    def _forget(self, prefix: str) -> None:
        for name in [name for name in self.environment if name.startswith(prefix)]:
            del self.environment[name]


_HANDLERS: dict[type[ast.expr], Callable[[Evaluator, Any], Values]] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.Await: Evaluator._await,
    ast.Constant: Evaluator._constant,
    ast.IfExp: Evaluator._either,
    ast.BoolOp: Evaluator._boolean,
    ast.NamedExpr: Evaluator._assigned,
    ast.List: Evaluator._items,
    ast.Tuple: Evaluator._row,
    ast.Set: Evaluator._items,
    ast.Dict: Evaluator._mapping,
    ast.Subscript: Evaluator._subscript,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.DictComp: Evaluator._comprehension,
    ast.Lambda: Evaluator._lambda,
    ast.Starred: Evaluator._starred,
    ast.Yield: Evaluator._yield,
    ast.YieldFrom: Evaluator._yield_from,
}
