"""Receivers by flow: what every name, attribute and call of a file is, across files and packages."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from consolidator.analysis.flow.evaluate import Evaluator, Place
from consolidator.analysis.flow.file_flow import FileFlow, Matters, everything
from consolidator.analysis.flow.fixtures import Fixtures
from consolidator.analysis.flow.results import (
    decorated,
    gives_itself,
    is_awaited_fixture,
    makes_context,
    through,
)
from consolidator.analysis.flow.scopes import functions_in
from consolidator.analysis.flow.values import (
    NONE,
    NOTHING_KNOWN,
    UNKNOWN,
    Kind,
    Value,
    Values,
    contents,
    holding,
)
from consolidator.analysis.flow.walk import Walker, function_result
from consolidator.analysis.flow.world import Class, Function, Source, World
from consolidator.tree.facts import BindingFact, Unreadable
from consolidator.tree.names import Definition, live_bindings

_DEPTH = 12
"""Calls and attributes followed from one expression; deeper ones are unknown."""
_KEPT_FILES = 200


Worth = Callable[[str, int, int], bool]
"""Whether the lines of a file (path, first, last) are worth reading."""


class Flow:
    """Flow analysis of one world; answers are remembered."""

    def __init__(
        self,
        world: World,
        worth: Worth | None = None,
        passed: Mapping[tuple[str, str], Values] = MappingProxyType({}),
    ) -> None:
        """`worth` says of lines of ROOT whether reading a function there can tell anything;
        by default everything is read. `passed` is what calls are known to pass to parameters, by the
        dotted name of the function and the parameter's own."""
        self.world = world
        self._worth = worth
        self._passed = passed
        self._names: dict[tuple[str, str, str, str], Values] = {}
        self._members: dict[tuple[str, str], Values] = {}
        self._returned: dict[tuple[str, str], Values] = {}
        self._attributes: dict[str, dict[str, Values]] = {}
        self._fixtures = Fixtures(world)
        self._functions_at: OrderedDict[
            tuple[str, str], dict[int, ast.FunctionDef | ast.AsyncFunctionDef]
        ] = OrderedDict()
        self._pending: set[tuple[str, ...]] = set()
        self._cut: set[tuple[str, ...]] = set()
        self._provisional: dict[tuple[str, str], Values] = {}

    def file(self, path: str, matters: Matters = everything) -> FileFlow | None:
        """Everything known about a file of ROOT; None where it can't be parsed.

        `matters` is asked for the first and last line of each function and class; those that it
        denies are passed over, and nothing is known about what is in them.
        """
        syntax = self.world.tree.syntax(path)
        if isinstance(syntax, Unreadable):
            return None
        values: dict[ast.expr, Values] = {}

        def seen(node: ast.expr, known: Values) -> None:
            before = values.get(node)
            values[node] = known if before is None else before | known

        place = Place(self.world.project, path)
        evaluator = Evaluator(self, place, seen=seen)
        Walker(evaluator, self.parameter, matters=matters).run(syntax.body)
        return FileFlow(path, syntax, values, self.absolute, matters)

    # names

    def name(self, place: Place, dotted: str) -> Values:
        """What a dotted name means at a place, beyond local variables."""
        key = (place.source.tree.root, place.path, place.scope, dotted)
        if key not in self._names:
            resolution = place.source.resolver.expression(place.path, dotted, place.scope)
            if not resolution.definitions:
                self._names[key] = NOTHING_KNOWN
            else:
                via = dotted.rpartition(".")[2]
                found: Values = frozenset().union(
                    *(
                        self._defined(place.source, thing, via)
                        for thing in self.world.definitions(place.source, resolution)
                    )
                )
                self._names[key] = found | {UNKNOWN} if resolution.reasons else found
        return self._names[key]

    def _defined(self, source: Source, thing: Class | Function | Definition, via: str) -> Values:
        if isinstance(thing, Class | Function):
            kind: Kind = "class" if isinstance(thing, Class) else "function"
            return frozenset({Value(kind, thing.dotted, via)})
        if thing.kind == "module" or (thing.kind == "external" and not thing.qualname):
            return frozenset({Value("module", thing.dotted)})
        if thing.kind == "external":
            last = thing.qualname.rpartition(".")[2]
            is_class = last[:1].isupper() and not last.isupper()
            return frozenset({Value("class" if is_class else "function", thing.dotted, via)})
        if thing.kind == "variable":
            return self._variable(source, thing)
        return NOTHING_KNOWN

    def _variable(self, source: Source, definition: Definition) -> Values:
        key = ("variable", source.tree.root, definition.path, definition.qualname)
        if key in self._pending or len(self._pending) > _DEPTH:
            return NOTHING_KNOWN
        self._pending.add(key)
        scope, _, name = definition.qualname.rpartition(".")
        bound = source.resolver.bindings(definition.path, name, scope)
        live = [fact for fact in live_bindings(bound) if isinstance(fact, BindingFact)]
        annotations = [f for f in bound if isinstance(f, BindingFact) and f.annotation]
        values = self._bound(Place(source, definition.path, scope), annotations or live)
        self._pending.discard(key)
        return values

    def _bound(self, place: Place, bindings: list[BindingFact]) -> Values:
        """What assignments say, without None where one says more: it is what the name starts as."""
        found: set[Value] = set()
        evaluator = Evaluator(self, place)
        for fact in bindings:
            declared = evaluator.annotation(fact.annotation) if fact.annotation else NOTHING_KNOWN
            found |= declared if declared - {UNKNOWN} else self._text(evaluator, fact.value)
        return frozenset(found) or NOTHING_KNOWN

    @staticmethod
    def _text(evaluator: Evaluator, text: str) -> Values:
        try:
            return evaluator.value(ast.parse(text.strip() or "...", mode="eval").body)
        except (SyntaxError, ValueError):
            return NOTHING_KNOWN

    def absolute(self, dotted: str) -> Values:
        """What a dotted name means from anywhere, members of what it leads to included."""
        resolution = self.world.resolver.absolute(dotted)
        things = self.world.definitions(self.world.project, resolution)
        via = dotted.rpartition(".")[2]
        if things:
            found = [self._defined(self.world.project, thing, via) for thing in things]
            return frozenset().union(*found)
        head, _, last = dotted.rpartition(".")
        owners = self.absolute(head) - {NONE} if head else frozenset()
        return frozenset().union(*(self.member(v, last) for v in owners)) or NOTHING_KNOWN

    # members

    def member(self, owner: Value, attribute: str) -> Values:
        """What `owner.attribute` is."""
        if owner.kind == "module":
            return self._of_module(owner.name, attribute)
        if owner.kind not in ("instance", "class"):
            return NOTHING_KNOWN
        cls = self.world.class_of(owner.name)
        if cls is None:
            return NOTHING_KNOWN
        for ancestor in self.world.lineage(cls):
            if function := ancestor.functions.get(attribute):
                if function.is_property and owner.kind == "instance":
                    return self.result(function)
                return frozenset(
                    {Value("method", owner.name, owner.via, attribute, mock=owner.mock)}
                )
            values = self._own_attribute(ancestor, attribute)
            if values is not None:
                return values
        return NOTHING_KNOWN

    def _of_module(self, module: str, attribute: str) -> Values:
        source = self.world.project
        resolution = source.resolver.absolute(f"{module}.{attribute}")
        things = self.world.definitions(source, resolution)
        found: Values = frozenset().union(*(self._defined(source, t, attribute) for t in things))
        return found if found and not resolution.reasons else found | {UNKNOWN}

    def _own_attribute(self, cls: Class, attribute: str) -> Values | None:
        key = (cls.dotted, attribute)
        if key in self._members:
            return self._members[key]
        if attribute not in cls.attributes and attribute not in cls.instance_attributes:
            return None
        bindings = list(cls.attributes.get(attribute, ()))
        place = Place(cls.source, cls.path, cls.fact.qualname, cls.dotted)
        declared = [fact for fact in bindings if fact.annotation]
        values = self._bound(place, declared) if declared else NOTHING_KNOWN
        if not values - {UNKNOWN, NONE}:
            assigned = set(self._bound(place, bindings)) if bindings and not declared else set()
            assigned |= self._assigned(cls).get(attribute, frozenset())
            values = frozenset(assigned) or NOTHING_KNOWN
        if not any(pending[0] in ("attributes", "variable") for pending in self._pending):
            self._members[key] = values
        return values

    def _assigned(self, cls: Class) -> dict[str, Values]:
        """What the methods of a class set its attributes to. Read twice: an attribute may be set from
        another one."""
        key = ("attributes", cls.dotted)
        if cls.dotted in self._attributes and key not in self._pending:
            return self._attributes[cls.dotted]
        if key in self._pending or len(self._pending) > _DEPTH:
            return self._attributes.get(cls.dotted, {})
        self._pending.add(key)
        for _ in range(2):
            self._attributes[cls.dotted] = self._read_methods(cls)
        self._pending.discard(key)
        return self._attributes[cls.dotted]

    def _read_methods(self, cls: Class) -> dict[str, Values]:
        lines = [line for _, line, _ in cls.fact.self_attributes]
        found: dict[str, set[Value]] = {}
        for function in cls.functions.values():
            fact = function.fact
            is_setting = any(fact.line <= line <= fact.end_line for line in lines)
            if not is_setting and not (self._worth and self._is_worth(function)):
                continue
            walked = self._walk(function)
            self_name = fact.parameters[0].name if fact.parameters else "self"
            for text, values in (walked.assigned if walked else {}).items():
                owner, _, attribute = text.rpartition(".")
                if owner == self_name:
                    found.setdefault(attribute, set()).update(values)
        return {attribute: frozenset(values) for attribute, values in found.items()}

    def parent(self, class_name: str) -> Values:
        """What `super()` is inside a class."""
        cls = self.world.class_of(class_name)
        above = self.world.above(cls) if cls else None
        return frozenset({Value("instance", above.dotted)}) if above else NOTHING_KNOWN

    def fields(self, owner: Value) -> tuple[Values, ...]:
        """What an instance of a NamedTuple holds, place by place; nothing for other classes."""
        cls = self.world.class_of(owner.name)
        for ancestor in self.world.lineage(cls) if cls else ():
            if any(base.rpartition(".")[2] == "NamedTuple" for base in ancestor.fact.bases):
                return tuple(self.member(owner, name) for name in ancestor.attributes)
        return ()

    # calls

    def is_own(self, callee: Value) -> bool:
        """Whether what is called is written in ROOT: then its name says nothing of its own."""
        if callee.kind == "function":
            function = self.world.function_of(callee.name)
            return function is not None and function.source.first_party
        cls = self.world.class_of(callee.name) if callee.kind in ("class", "method") else None
        return cls is not None and cls.source.first_party and not callee.mock

    def returned(self, callee: Value) -> Values:
        """What calling a value gives."""
        if callee.kind == "class":
            return frozenset({replace(callee, kind="instance")})
        if callee.kind == "function":
            function = self.world.function_of(callee.name)
            if function is None:
                return NOTHING_KNOWN
            return through(self.result(function), callee.via, function.fact.name)
        if callee.kind == "method":
            return self._method_result(callee)
        if callee.kind == "callable":
            return callee.of
        if callee.kind == "instance":
            calls = self.member(callee, "__call__")
            return frozenset().union(*(self.returned(call) for call in calls))
        return NOTHING_KNOWN

    def _method_result(self, callee: Value) -> Values:
        cls = self.world.class_of(callee.name)
        for ancestor in self.world.lineage(cls) if cls else ():
            if function := ancestor.functions.get(callee.member):
                if gives_itself(function):
                    values = frozenset({replace(callee, kind="instance", member="")})
                    return holding("awaitable", values) if function.fact.is_async else values
                return through(self.result(function), callee.via, callee.name.rpartition(".")[2])
        return NOTHING_KNOWN

    def result(self, function: Function) -> Values:
        """What a call of a function gives: its annotation, else what its body returns."""
        key = (function.source.tree.root, function.dotted)
        if key in self._returned:
            return self._returned[key]
        if key in self._provisional:
            return self._provisional[key]
        pending = ("result", *key)
        if pending in self._pending or len(self._pending) > _DEPTH:
            self._cut.add(pending)
            return NOTHING_KNOWN
        self._pending.add(pending)
        values = self._declared_result(function)
        if self._is_worth_reading(function) and not values - {UNKNOWN}:
            values = self._inferred_result(function)
        self._pending.discard(pending)
        self._remember(key, pending, values)
        return values

    def _remember(self, key: tuple[str, str], pending: tuple[str, ...], values: Values) -> None:
        """An answer that met an unfinished one holds only until that one is finished."""
        self._cut.discard(pending)
        if self._cut:
            self._provisional[key] = values
        else:
            self._returned[key] = values
        if not self._pending:
            self._cut.clear()
            self._provisional.clear()

    def _is_worth_reading(self, function: Function) -> bool:
        """Whether the body can say more than the annotation. Installed packages are taken at their
        word."""
        declared = function.fact.returns.strip("\"' ")
        said_nothing = declared in ("", "Any", "object", "typing.Any")
        return function.source.first_party and said_nothing and self._is_worth(function)

    def _is_worth(self, thing: Function) -> bool:
        if self._worth is None or not thing.source.first_party:
            return True
        return self._worth(thing.path, thing.fact.line, thing.fact.end_line)

    def _declared_result(self, function: Function) -> Values:
        fact = function.fact
        if not fact.returns:
            return NOTHING_KNOWN
        place = Place(function.source, function.path, fact.scope)
        values = Evaluator(self, place).annotation(fact.returns)
        if fact.returns.strip("\"' ") == "Self":
            owner = function.dotted.rpartition(".")[0]
            values = frozenset({Value("instance", owner)})
        return decorated(function, values, yields=contents(values, "items"))

    def _inferred_result(self, function: Function) -> Values:
        walked = self._walk(function)
        if walked is None:
            return NOTHING_KNOWN
        yields = frozenset(walked.evaluator.yielded)
        if makes_context(function) or (yields and "fixture" in function.decorators):
            return decorated(function, NOTHING_KNOWN, yields=yields or NOTHING_KNOWN)
        node = self._node(function)
        result = NOTHING_KNOWN if node is None else function_result(node, walked)
        return contents(result, "awaitable") if is_awaited_fixture(function) else result

    def _walk(self, function: Function) -> Walker | None:
        node = self._node(function)
        if node is None:
            return None
        scope = function.fact.scope
        owner = (
            function.dotted.rpartition(".")[0] if scope and not scope.endswith("<locals>") else ""
        )
        here = Place(function.source, function.path, scope, owner)
        return Walker(Evaluator(self, here), self.parameter, nested=False).function(node)

    def _node(self, function: Function) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        key = (function.source.tree.root, function.path)
        if key not in self._functions_at:
            syntax = function.source.tree.syntax(function.path)
            body = [] if isinstance(syntax, Unreadable) else syntax.body
            self._functions_at[key] = {node.lineno: node for node in functions_in(body)}
            if len(self._functions_at) > _KEPT_FILES:
                self._functions_at.popitem(last=False)
        return self._functions_at[key].get(function.fact.line)

    # parameters

    def parameter(
        self, place: Place, function: ast.FunctionDef | ast.AsyncFunctionDef, argument: ast.arg
    ) -> Values:
        """What a parameter can be beyond its annotation: what pytest passes to it, where a fixture has
        its name, and what calls pass to it."""
        known = self._fixture(place, function, argument)
        module = place.source.tree.module(place.path)
        scope = place.scope.removesuffix(".<locals>")
        passed = self._passed.get((f"{module}.{scope}" if module else scope, argument.arg))
        return known | passed if passed else known

    def _fixture(
        self, place: Place, function: ast.FunctionDef | ast.AsyncFunctionDef, argument: ast.arg
    ) -> Values:
        scope = place.scope.removesuffix(".<locals>").rpartition(".")[0]
        fixture = self._fixtures.given(place.source, place.path, scope, function, argument.arg)
        return NOTHING_KNOWN if fixture is None else self.result(fixture)
