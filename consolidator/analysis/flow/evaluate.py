"""What one expression can be, given what the variables around it are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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
    holding,
    part_of,
    row,
)
from consolidator.analysis.flow.world import Source

Environment = dict[str, Values]
"""Local variables, and attributes of them under their dotted text (`self.manager`)."""

_MOCKS = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock"}
_EMPTY: Values = frozenset({Value("items")})
_ITEM_METHODS = {"get", "pop", "setdefault", "popleft", "popitem", "__getitem__"}


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
        special = self._special(node, arguments, keywords)
        if special is not None:
            return special
        found: set[Value] = set()
        for callee in callees - {NONE}:
            found |= self.answers.returned(callee)
        return frozenset(found) or NOTHING_KNOWN

    def _special(
        self, node: ast.Call, arguments: list[Values], keywords: dict[str | None, Values]
    ) -> Values | None:
        name = _last_name(node.func)
        if name in _MOCKS or name == "create_autospec":
            spec = keywords.get("spec") or keywords.get("spec_set")
            if spec is None and arguments:
                spec = arguments[0]
            return _doubles(spec or NOTHING_KNOWN, name, node)
        if name == "cast" and len(node.args) == 2:
            return self.annotation(node.args[0])
        if name == "super" and isinstance(node.func, ast.Name) and self.place.this:
            return self.answers.parent(self.place.this)
        if name in ("wait_for", "shield", "create_task", "ensure_future") and arguments:
            return arguments[0]
        if name in ("enter_context", "enter_async_context") and arguments:
            given = contents(arguments[0], "context")
            return given if name == "enter_context" else holding("awaitable", given)
        if name == "TypeVar":
            return self._type_variable(node)
        if name == "object" and isinstance(node.func, ast.Attribute) and len(arguments) > 1:
            return _replaced_method(arguments[0], node.args[1])
        if name == "gather" and arguments:
            return holding("awaitable", row(*(contents(a, "awaitable") for a in arguments)))
        if name == "enumerate" and isinstance(node.func, ast.Name) and arguments:
            return holding("items", row(NOTHING_KNOWN, contents(arguments[0], "items")))
        if name == "zip" and isinstance(node.func, ast.Name) and arguments:
            return holding("items", row(*(contents(a, "items") for a in arguments)))
        if name in ("dict", "list", "set", "defaultdict", "deque", "OrderedDict") and not arguments:
            return _EMPTY
        if name in ("max", "min") and len(arguments) == 1:
            return contents(arguments[0], "items")
        if name == "filter" and isinstance(node.func, ast.Name) and len(arguments) == 2:
            return holding("items", contents(arguments[1], "items"))
        if name == "next" and isinstance(node.func, ast.Name) and arguments:
            return contents(arguments[0], "items")
        if isinstance(node.func, ast.Attribute) and node.func.attr in _ITEM_METHODS:
            holders = frozenset(v for v in self.value(node.func.value) if v.kind == "items")
            return contents(holders, "items") | {NONE} if holders else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("values", "copy", "items"):
            holders = frozenset(v for v in self.value(node.func.value) if v.kind == "items")
            if holders and node.func.attr == "items":
                return holding("items", row(NOTHING_KNOWN, contents(holders, "items")))
            return holders or None
        if name in ("list", "tuple", "set", "sorted", "reversed", "iter") and arguments:
            return frozenset(v for v in arguments[0] if v.kind == "items") or None
        return None

    def _type_variable(self, node: ast.Call) -> Values:
        bounds = [keyword.value for keyword in node.keywords if keyword.arg == "bound"]
        return self._alias(bounds or node.args[1:])

    def _alias(self, types: Iterable[ast.expr]) -> Values:
        meant: Values = frozenset().union(*map(self.annotation, types))
        return frozenset({Value("alias", of=meant)}) if meant - {UNKNOWN} else NOTHING_KNOWN

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
            return _EMPTY
        found: set[Value] = set()
        for element in node.elts:
            if isinstance(element, ast.Starred):
                found |= contents(self.value(element.value), "items")
            else:
                found |= self.value(element)
        return holding("items", frozenset(found)) if found else NOTHING_KNOWN

    def _mapping(self, node: ast.Dict) -> Values:
        if not node.values:
            return _EMPTY
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
            return self._alias([node])
        return frozenset(v for v in owners if v.kind == "class") or NOTHING_KNOWN

    def _comprehension(self, node: Any) -> Values:
        outside = dict(self.environment)
        for generator in node.generators:
            items = contents(self.value(generator.iter), "items")
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
        self.value(node.body)
        self.environment = outside
        return NOTHING_KNOWN

    def _starred(self, node: ast.Starred) -> Values:
        return self.value(node.value)

    def bind(self, target: ast.expr, values: Values) -> None:
        """Assign to a target; the parts of an unpacked one get the items."""
        if isinstance(target, ast.Name):
            self.environment[target.id] = values
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
                known = contents(values, "items") if starred else part_of(values, index, length)
                self.bind(element, known)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, holding("items", values))
        elif isinstance(target, ast.Subscript) and (text := dotted_text(target.value)):
            self.read_all(ast.iter_child_nodes(target))
            self.add(text, values)
        else:
            self.read_all(ast.iter_child_nodes(target))

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


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _replaced_method(owners: Values, name: ast.expr) -> Values | None:
    """`patch.object(owner, "method")`: entered, it gives the double of that method."""
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return None
    known = frozenset(
        Value("method", owner.name, owner.via, name.value, mock=True)
        for owner in owners
        if owner.kind in ("instance", "class")
    )
    return holding("context", known) if known else None


def _doubles(spec: Values, name: str, call: ast.Call) -> Values:
    # create_autospec(Class) doubles the class itself unless instance=True.
    wants_instance = name != "create_autospec" or any(
        keyword.arg == "instance" and getattr(keyword.value, "value", False) is True
        for keyword in call.keywords
    )
    found = set()
    for value in spec:
        if value.kind == "instance" or (value.kind == "class" and wants_instance):
            found.add(replace(value, kind="instance", mock=True))
        elif value.kind == "class":
            found.add(replace(value, mock=True))
    return frozenset(found) or NOTHING_KNOWN


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
}
