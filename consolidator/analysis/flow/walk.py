"""One body of code, statement by statement: variables change, branches join, loops run twice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from consolidator.analysis.flow.evaluate import Environment, Evaluator, Place
from consolidator.analysis.flow.narrowing import dotted_text, matched
from consolidator.analysis.flow.scopes import (
    arguments,
    assigned_from_inside,
    default_values,
    is_generator,
    local_names,
)
from consolidator.analysis.flow.values import (
    NONE,
    NOTHING_KNOWN,
    UNKNOWN,
    Value,
    Values,
    holding,
)
from consolidator.analysis.flow.wellknown import injected

_PUTTING = {"append", "appendleft", "add", "insert", "setdefault"}

ParameterValues = Callable[[Place, ast.FunctionDef | ast.AsyncFunctionDef, ast.arg], Values]
"""What an unannotated parameter is known to be (a pytest fixture, say)."""


@dataclass
class Walker:
    """Walks a body once. Functions and classes defined in it are walked after it, with its variables."""

    evaluator: Evaluator
    parameters: ParameterValues
    nested: bool = True
    """Whether to go into functions and classes defined in the body."""
    matters: Callable[[int, int], bool] = lambda _first, _last: True
    """Whether the lines of a function or class are worth going into."""
    returned: set[Value] = field(default_factory=set)
    assigned: dict[str, set[Value]] = field(default_factory=dict)
    """Everything that each name or dotted attribute was ever set to in the body."""
    _later: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = field(
        default_factory=list
    )

    def run(self, body: list[ast.stmt]) -> None:
        self._body(body)
        if self.nested:
            for definition in self._later:
                if not self.matters(definition.lineno, definition.end_lineno or definition.lineno):
                    continue
                if isinstance(definition, ast.ClassDef):
                    self._class(definition)
                else:
                    self.function(definition)

    def _variables(self) -> tuple[Environment, ...]:
        own = {name: frozenset(values) for name, values in self.assigned.items()}
        for name in self.evaluator.local:
            own.setdefault(name, self.evaluator.environment.get(name, NOTHING_KNOWN))
        return (own, *self.evaluator.outer)

    # definitions

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Walker:
        """Walk a function that is defined here, and answer with what was learnt in it."""
        here = self.evaluator.place
        qualname = f"{here.scope}.{node.name}" if here.scope else node.name
        in_class = bool(here.scope) and not here.scope.endswith("<locals>")
        place = Place(here.source, here.path, f"{qualname}.<locals>", here.this)
        outer = self.evaluator.outer if in_class or not here.scope else self._variables()
        inner = Walker(
            Evaluator(
                self.evaluator.answers,
                place,
                local=local_names(node),
                outer=outer,
                seen=self.evaluator.seen,
                shared=assigned_from_inside(node),
            ),
            self.parameters,
            self.nested,
            self.matters,
        )
        inner.enter(node, in_class, self._injected(node))
        inner.run(node.body)
        return inner

    def _injected(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Values]:
        return injected(replace(self.evaluator, seen=None), node.decorator_list)

    def enter(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        in_class: bool,
        given: Sequence[Values] = (),
    ) -> None:
        """Bind the parameters; `given` is what decorators pass to the first ones."""
        evaluator = self.evaluator
        decorators = {_last(decorator) for decorator in node.decorator_list}
        defaults = default_values(node.args)
        takes_self = in_class and "staticmethod" not in decorators
        for index, argument in enumerate(arguments(node.args)):
            place = index - takes_self
            if takes_self and index == 0:
                is_class = "classmethod" in decorators or node.name == "__new__"
                kind: Any = "class" if is_class else "instance"
                values = frozenset({Value(kind, evaluator.place.this)})
            elif place < len(given):
                values = given[place]
            else:
                values = self._parameter(node, argument, defaults.get(argument))
            if argument in (node.args.vararg, node.args.kwarg):
                values = holding("items", values)
            evaluator.environment[argument.arg] = values

    def _parameter(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        argument: ast.arg,
        default: ast.expr | None,
    ) -> Values:
        declared = (
            self.evaluator.annotation(argument.annotation) if argument.annotation else NOTHING_KNOWN
        )
        passed = self.parameters(self.evaluator.place, node, argument)
        if declared - {UNKNOWN}:
            return declared | (passed - {UNKNOWN})
        if default is not None and not passed - {UNKNOWN} and argument.annotation is None:
            return self._default(default)
        return passed

    def _default(self, default: ast.expr) -> Values:
        """What a parameter without annotation is: what FastAPI gets from a dependency; else anything,
        and its default among it."""
        evaluator = replace(self.evaluator, local=frozenset(), seen=None)
        if not (isinstance(default, ast.Call) and _last(default) == "Depends" and default.args):
            return evaluator.value(default) | {UNKNOWN}
        given: set[Value] = set()
        for callee in evaluator.value(default.args[0]):
            for value in evaluator.answers.returned(callee):
                is_wrapped = value.kind in ("awaitable", "items", "context")
                given |= value.of if is_wrapped else {value}
        return frozenset(given) or NOTHING_KNOWN

    def _class(self, node: ast.ClassDef) -> None:
        here = self.evaluator.place
        qualname = f"{here.scope}.{node.name}" if here.scope else node.name
        module = here.source.tree.module(here.path)
        dotted = f"{module}.{qualname}" if module else qualname
        outer = self._variables() if here.scope.endswith("<locals>") else self.evaluator.outer
        Walker(
            Evaluator(
                self.evaluator.answers,
                Place(here.source, here.path, qualname, dotted),
                outer=outer,
                seen=self.evaluator.seen,
            ),
            self.parameters,
            matters=self.matters,
        ).run(node.body)

    # statements

    def _body(self, body: Iterable[ast.stmt]) -> bool:
        """Walk statements; whether control reaches the end."""
        for statement in body:
            handler = _STATEMENTS.get(type(statement))
            if handler is None:
                self.evaluator.read_all(ast.iter_child_nodes(statement))
            elif handler(self, statement) is False:
                return False
        return True

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.evaluator.read_all(node.decorator_list)
        if isinstance(node, ast.ClassDef):
            self.evaluator.read_all([*node.bases, *(k.value for k in node.keywords)])
        else:
            self.evaluator.read_all(d for d in [*node.args.defaults, *node.args.kw_defaults] if d)
        if node not in self._later:
            self._later.append(node)

    def _bind(self, target: ast.expr, values: Values) -> None:
        self.evaluator.bind(target, values)
        if text := dotted_text(target):
            self.assigned.setdefault(text, set()).update(values)
        elif isinstance(target, ast.Subscript):
            self._put(target.value, values)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                if text := dotted_text(element):
                    known = self.evaluator.environment.get(text, NOTHING_KNOWN)
                    self.assigned.setdefault(text, set()).update(known)

    def _assign(self, node: ast.Assign) -> None:
        values = self.evaluator.value(node.value)
        for target in node.targets:
            pairs = _unpacked(target, node.value)
            if pairs:
                for part, value in pairs:
                    self._bind(part, self.evaluator.value(value))
            else:
                self._bind(target, values)

    def _annotated(self, node: ast.AnnAssign) -> None:
        declared = self.evaluator.annotation(node.annotation)
        values = self.evaluator.value(node.value) if node.value else NOTHING_KNOWN
        known = values - {UNKNOWN, NONE}
        self._bind(node.target, declared if declared - {UNKNOWN} else known or NOTHING_KNOWN)

    def _augmented(self, node: ast.AugAssign) -> None:
        self.evaluator.value(node.value)
        self._bind(node.target, NOTHING_KNOWN)

    def _expression(self, node: ast.Expr) -> None:
        self.evaluator.value(node.value)
        match node.value:
            case ast.Call(func=ast.Attribute(held, name), args=[*_, last]) if name in _PUTTING:
                self._put(held, self.evaluator.value(last))

    def _put(self, container: ast.expr, values: Values) -> None:
        """`items[key] = x`, `items.append(x)` and the like."""
        text = dotted_text(container)
        if text and (self.evaluator.add(text, values) or "." in text):
            self.assigned.setdefault(text, set()).add(Value("items", of=values))

    def _return(self, node: ast.Return) -> bool:
        self.returned |= self.evaluator.value(node.value) if node.value else {NONE}
        return False

    def _leave(self, node: ast.stmt) -> bool:
        self.evaluator.read_all(ast.iter_child_nodes(node))
        return False

    # branches

    def _branch(self, body: list[ast.stmt], start: Environment) -> Environment | None:
        """Variables at the end of a body; None where control never gets there."""
        self.evaluator.environment = dict(start)
        return self.evaluator.environment if self._body(body) else None

    def _join(self, ends: list[Environment | None], start: Environment) -> bool:
        reached = [end for end in ends if end is not None]
        self.evaluator.environment = _joined(reached) if reached else dict(start)
        return bool(reached)

    def _if(self, node: ast.If) -> bool:
        self.evaluator.value(node.test)
        start = dict(self.evaluator.environment)
        held = start | self.evaluator.narrow(node.test)
        otherwise = start | self.evaluator.narrow(node.test, holds=False)
        ends = [self._branch(node.body, held), self._branch(node.orelse, otherwise)]
        return self._join(ends, start)

    def _assert(self, node: ast.Assert) -> None:
        self.evaluator.value(node.test)
        if node.msg:
            self.evaluator.value(node.msg)
        self.evaluator.environment |= self.evaluator.narrow(node.test)

    def _loop(self, node: ast.For | ast.AsyncFor) -> bool:
        items = self.evaluator.iterated(self.evaluator.value(node.iter))
        start = dict(self.evaluator.environment)
        self._bind(node.target, items)
        return self._repeat(node.body, node.orelse, start)

    def _while(self, node: ast.While) -> bool:
        self.evaluator.value(node.test)
        start = dict(self.evaluator.environment)
        self.evaluator.environment = start | self.evaluator.narrow(node.test)
        return self._repeat(node.body, node.orelse, start)

    def _repeat(self, body: list[ast.stmt], orelse: list[ast.stmt], start: Environment) -> bool:
        inside = dict(self.evaluator.environment)
        for _ in range(2):
            end = self._branch(body, inside)
            after = _joined([inside, end]) if end is not None else inside
            if after == inside:
                break
            inside = after
        joined = _joined([start, inside])
        self._join([self._branch(orelse, joined), joined], start)
        return True

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            values = self.evaluator.value(item.context_expr)
            if item.optional_vars is not None:
                is_async = isinstance(node, ast.AsyncWith)
                self._bind(item.optional_vars, self.evaluator.entered(values, is_async=is_async))
        return self._body(node.body)

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        start = dict(self.evaluator.environment)
        body_end = self._branch(node.body, start)
        partly = _joined([start, self.evaluator.environment])
        ends = []
        if body_end is not None:
            ends.append(self._branch(node.orelse, body_end))
        for handler in node.handlers:
            if handler.type:
                self.evaluator.value(handler.type)
            caught = {handler.name: self._caught(handler.type)} if handler.name else {}
            ends.append(self._branch(handler.body, partly | caught))
        reached = self._join(ends, partly)
        return self._body(node.finalbody) and reached

    def _caught(self, types: ast.expr | None) -> Values:
        each = types.elts if isinstance(types, ast.Tuple) else [types] if types else []
        return frozenset().union(*map(self.evaluator.annotation, each)) or NOTHING_KNOWN

    def _match(self, node: ast.Match) -> bool:
        self.evaluator.value(node.subject)
        start = dict(self.evaluator.environment)
        ends: list[Environment | None] = [start]
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchClass | ast.MatchValue):
                    named = part.cls if isinstance(part, ast.MatchClass) else part.value
                    self.evaluator.value(named)
            found = matched(node.subject, case.pattern, self.evaluator.annotation)
            if case.guard:
                self.evaluator.environment = start | found
                self.evaluator.value(case.guard)
                found |= self.evaluator.narrow(case.guard)
            ends.append(self._branch(case.body, start | found))
        return self._join(ends, start)


def function_result(node: ast.FunctionDef | ast.AsyncFunctionDef, walked: Walker) -> Values:
    """What a call of a function gives, from what its body returns or yields."""
    if is_generator(node):
        return holding("items", frozenset(walked.evaluator.yielded) or NOTHING_KNOWN)
    values = frozenset(walked.returned) or frozenset({NONE})
    is_async = isinstance(node, ast.AsyncFunctionDef)
    return frozenset({Value("awaitable", of=values)}) if is_async else values


def _joined(environments: list[Environment]) -> Environment:
    """Variables after branches meet. A name that one branch lacks is what the others say (on that
    branch it would be unbound); an attribute that one branch did not set is not known to be set."""
    names = {name for environment in environments for name in environment}
    joined: Environment = {}
    for name in names:
        held = [environment[name] for environment in environments if name in environment]
        if "." not in name or len(held) == len(environments):
            joined[name] = frozenset().union(*held)
    return joined


def _unpacked(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    pair = (ast.Tuple, ast.List)
    if isinstance(target, pair) and isinstance(value, pair):
        starred = any(isinstance(e, ast.Starred) for e in [*target.elts, *value.elts])
        if len(target.elts) == len(value.elts) and not starred:
            return list(zip(target.elts, value.elts, strict=True))
    return []


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


_STATEMENTS: dict[type[ast.stmt], Callable[[Walker, Any], bool | None]] = {
    ast.FunctionDef: Walker._define,
    ast.AsyncFunctionDef: Walker._define,
    ast.ClassDef: Walker._define,
    ast.Assign: Walker._assign,
    ast.AnnAssign: Walker._annotated,
    ast.AugAssign: Walker._augmented,
    ast.Expr: Walker._expression,
    ast.Return: Walker._return,
    ast.Raise: Walker._leave,
    ast.If: Walker._if,
    ast.Assert: Walker._assert,
    ast.For: Walker._loop,
    ast.AsyncFor: Walker._loop,
    ast.While: Walker._while,
    ast.With: Walker._with,
    ast.AsyncWith: Walker._with,
    ast.Try: Walker._try,
    ast.TryStar: Walker._try,
    ast.Match: Walker._match,
}
