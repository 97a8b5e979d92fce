"""What callers hand to a function: the values of its parameters, and of what keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from consolidator.analysis.emissions.bodies.code import (
    Argument,
    Assignment,
    Call,
    Choice,
    Element,
    Expression,
    Group,
    Item,
    Path,
    Result,
    last_name,
    owner_of,
)
from consolidator.analysis.emissions.callers.transports import SENDS
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.binding import accepts, bind
from consolidator.analysis.emissions.values.possible import EMPTY, UNKNOWN, Values, union
from consolidator.analysis.emissions.values.values import REFERENCES, in_order
from consolidator.tree.names import Definition

if TYPE_CHECKING:
    from consolidator.analysis.emissions.callers.calls import CallGraph

_DEEPEST = 6  # callers of callers
_CALLERS = 50
"""What more callers pass says nothing about one of them."""
_MOST = 60
"""Functions handed on that are tried for a call of an unknown one."""
_ELEMENTS = frozenset({"get", "pop", "popleft", "popitem", "get_nowait", "setdefault", "values"})
_SAME = frozenset(
    {"list", "tuple", "set", "sorted", "reversed", "iter", "copy", "items", "frozenset"}
)
_OPEN = Values(open=True)


class Passed:
    """Looks at call sites where inference by assignments and annotations knows nothing; with
    `tells_objects` also where these know the class, and not the place that makes the object."""

    def __init__(self, graph: CallGraph, *, tells_objects: bool = False) -> None:
        self._graph = graph
        self._program = graph.program
        self._busy: set[object] = set()
        self._known: dict[tuple[Function, str], Values] = {}
        self._asked: dict[tuple[Function, str], Values] = {}
        """What is known within one question, where circles and depth may have cut something off."""
        self._cut = False
        self._tells_objects = tells_objects

    def of(self, expression: Expression, function: Function) -> Values:
        """What an expression can be by what callers pass; unknown where that says nothing."""
        found = self._value(expression, function)
        if not self._busy:
            self._asked.clear()
        return found if found != EMPTY else UNKNOWN

    def _value(self, expression: Expression, function: Function) -> Values:
        known = self._graph.inference.of(expression, function)
        if known.made or known.outside or (known.is_known and not self._tells_objects):
            return known
        found = self._looked_up(expression, function)
        if self._tells_objects and not found.made and (found.instances or known.instances):
            return found | UNKNOWN  # of a known class, but nobody knows which object
        # What the callers say is no less than what the syntax says, and it says what that is.
        return found | Values(nothing=known.nothing, elements=known.elements) if found else known

    def _looked_up(self, expression: Expression, function: Function) -> Values:
        match expression:
            case Path():
                found = self._name(expression.text, function)
                if found == EMPTY and "." in expression.text and expression.last in SENDS:
                    return Values(outside=frozenset({expression.text}), open=True)
                return found
            case Choice():
                return union(self._value(option, function) for option in expression.options)
            case Group():
                return Values(elements=union(self._value(v, function) for v in expression.values))
            case Element() | Item():
                return self._value(expression.owner, function).elements or EMPTY
            case Result():
                return self._result(function.body.calls[expression.call], function)
        return EMPTY

    def _result(self, call: Call, function: Function) -> Values:
        owner, name = owner_of(call.callee), last_name(call.callee)
        if owner is not None and name in _ELEMENTS | _SAME:
            held = self._value(owner, function)
            if held.elements is not None:
                return held if name in _SAME | {"values"} else held.elements
        if call.arguments and (name in REFERENCES or (owner is None and name in _SAME)):
            return self._value(call.arguments[0].value, function)
        callee = self._value(call.callee, function)
        made = frozenset({(function.path, call.line, call.column)})
        found = Values(instances=callee.classes, made=made if callee.classes else frozenset())
        found |= Values(instances=frozenset(self._graph.inference.uncallable(callee.instances)))
        return found | union(self._returned(target) for target in in_order(callee.functions))

    def _returned(self, function: Function) -> Values:
        known = self._graph.inference.returned(function)
        is_enough = known.is_known and not self._tells_objects
        if is_enough or ("return", function) in self._busy:
            return known
        self._busy.add(("return", function))
        try:
            return union(self._value(found.value, function) for found in function.body.returns)
        finally:
            self._busy.discard(("return", function))

    # names

    def _name(self, text: str, function: Function) -> Values:
        key = (function, text)
        if key in self._known:
            return self._known[key]
        if key in self._asked:
            self._cut = True
            return self._asked[key]
        if key in self._busy or len(self._busy) >= _DEEPEST:
            self._cut = True
            return EMPTY
        self._busy.add(key)
        outer, self._cut = self._cut, False
        try:
            found = union(self._named(text, function))
        finally:
            self._busy.discard(key)
            was_cut, self._cut = self._cut, self._cut or outer
        known = self._asked if was_cut and self._busy else self._known
        known[key] = found
        return found

    def _named(self, text: str, function: Function) -> Iterator[Values]:
        head, _, rest = text.partition(".")
        if rest:
            if head == function.receiver and "." not in rest:
                cls = self._program.definition_of(function)
                yield from self._kept(rest, self._program.ancestors(cls) if cls else ())
            else:
                owner = self._value(Path(text.rpartition(".")[0]), function)
                yield from self._attributes(owner, text.rpartition(".")[2])
            return
        yield from self._arguments(text, function)
        own = (*function.body.assignments, *function.additions)
        if function.qualname and any(a.target == text for a in own):
            yield from (self._assigned(a, function) for a in own if a.target == text)
        elif (variable := self._graph.inference.names(text, function)) is not None:
            yield from self._variable(variable)
        elif (around := self._graph.inference.around(function)) is not None:
            yield self._name(text, around)

    def _attributes(self, owner: Values, name: str) -> Iterator[Values]:
        if owner.outside:
            yield Values(outside=frozenset(f"{o}.{name}" for o in owner.outside), open=True)
        for cls in sorted(owner.instances, key=lambda cls: (cls.path, cls.line)):
            method = self._program.method(cls, name)
            if method is None:
                yield from self._kept(name, self._program.ancestors(cls))
            elif method.has_decorator("property", "cached_property"):
                yield self._returned(method)
            else:
                yield Values(functions=frozenset({method}))

    def _variable(self, variable: Definition) -> Iterator[Values]:
        for where in self._program.functions(variable.path):
            for found in where.body.assignments:
                is_own = found.target == variable.qualname
                if is_own and (not where.qualname or found.into_item):
                    yield self._assigned(found, where)
        for where, addition in self._graph.inference.additions_to(variable):
            yield self._assigned(addition, where)

    def _assigned(self, assignment: Assignment, function: Function) -> Values:
        value = self._value(assignment.value, function)
        return Values(elements=value) if assignment.into_item else value

    def _arguments(self, name: str, function: Function) -> Iterator[Values]:
        for caller, argument in self.arguments(name, function):
            yield self._value(argument.value, caller)
        yield from self._decorated(name, function)

    def _decorated(self, name: str, function: Function) -> Iterator[Values]:
        """A decorator's first parameter is what it decorates."""
        fact = function.fact
        first = fact.parameters[0].name if fact is not None and fact.parameters else ""
        if name != first or function.receiver:
            return
        around = function.qualname.partition(".<locals>")[0].rpartition(".")[2]
        for decorated in self._program.decorated_by(around):
            if isinstance(decorated, Function):
                yield Values(functions=frozenset({decorated}))
            else:
                yield Values(classes=frozenset({decorated}))

    def _kept(self, name: str, classes: Iterable[Definition]) -> Iterator[Values]:
        """What a field of these classes is assigned, and what is put into it."""
        relatives = list(classes)
        for relative in relatives:
            for where, assignment in self._program.fields(relative, name):
                yield self._assigned(assignment, where)
        own = {(cls.path, cls.qualname) for cls in relatives}
        for where, addition in self._program.additions.get(name, ()):
            owner = where.owner
            if owner is not None and (where.path, owner.qualname) in own:
                yield self._assigned(addition, where)

    def arguments(self, name: str, function: Function) -> Iterator[tuple[Function, Argument]]:
        """Callers, with what they pass as this parameter."""
        if function.fact is None or not any(p.name == name for p in function.fact.parameters):
            return
        uses = self._graph.uses(function)
        for use in uses if len(uses) <= _CALLERS else ():
            for argument, parameter in bind(use.call, function) if use.call is not None else ():
                if parameter.name == name and not argument.starred:
                    yield use.function, argument

    def callbacks(self, call: Call, function: Function) -> list[Function]:
        """Functions that somebody hands on, and that take a call's arguments: any of them may be what
        an unknown callee is. Those of the caller's own file come first."""
        fitting = [f for f in self._handed_on if accepts(f, call) and f is not function]
        return sorted(fitting, key=lambda f: f.path != function.path)[:_MOST]

    @cached_property
    def _handed_on(self) -> list[Function]:
        found: set[Function] = set()
        for path in self._program.paths:
            for user in self._program.functions(path):
                for expression, _, _ in user.body.handed_on if not user.is_library else ():
                    if isinstance(expression, Path) and expression.last in self._program.by_name:
                        found |= self._graph.inference.of(expression, user).functions
        return [f for f in in_order(found) if not f.is_library]
