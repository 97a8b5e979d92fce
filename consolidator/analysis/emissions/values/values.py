"""What an expression can be: instances, classes, functions, found by following assignments and calls.

Flow-insensitive inside a function: a local variable is everything that it is ever assigned.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from consolidator.analysis.emissions.bodies.code import (
    Assignment,
    Call,
    Choice,
    Element,
    Entered,
    Expression,
    Group,
    Item,
    Member,
    Path,
    Result,
    Text,
    Value,
    last_name,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.program.program import Program
from consolidator.analysis.emissions.values.possible import EMPTY, UNKNOWN, Bound, Values, union
from consolidator.tree.names import Definition, Resolution

_BUILTINS = frozenset({*dir(builtins), "__file__", "__name__", "__class__", "__path__", "__doc__"})
_DEEPEST = 12  # steps of inference; real chains are shorter, and circles must end
QUEUES = frozenset(
    {"create_memory_object_stream", "open_memory_channel"}
    | {"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "JoinableQueue", "ContextVar", "deque"}
)
"""What is made by these holds what is put into it for whoever takes it out."""
REFERENCES = frozenset({"ref", "WeakMethod", "proxy"})
"""Calls that give a weak reference, which gives the object when it is called."""
ADAPTERS = frozenset({"async_to_sync", "sync_to_async"})
"""Calls that give a function which does what the one that they are given does."""
_STANDING_FOR_THEIR_FIRST = REFERENCES | ADAPTERS
_WRAPPERS = frozenset({"Optional", "Union", "Annotated", "Final", "ClassVar", "Awaitable"})
_CONTAINERS = frozenset(
    {"list", "set", "frozenset", "tuple", "deque", "dict", "defaultdict", "Sequence", "Iterable"}
    | {"Iterator", "AsyncIterator", "AsyncIterable", "Mapping", "MutableMapping", "Collection"}
    | {"List", "Set", "Tuple", "Dict", "Deque", "DefaultDict", "WeakValueDictionary", "Queue"}
)


def in_order(functions: Iterable[Function]) -> list[Function]:
    """By file and line. Sets have no order of their own, and inference stops at a depth."""
    return sorted(functions, key=lambda f: (f.path, f.body.line, f.qualname))


def _sorted(classes: Iterable[Definition]) -> list[Definition]:
    return sorted(classes, key=lambda cls: (cls.path, cls.line, cls.dotted))


@dataclass
class Inference:
    """Values of one program. Answers are remembered, so the program must not change."""

    program: Program
    _busy: set[object] = field(default_factory=set)
    _known: dict[object, Values] = field(default_factory=dict)

    def of(self, expression: Expression, function: Function) -> Values:
        """What an expression of a function's body can be."""
        match expression:
            case Path():
                return self._path(expression.text, function)
            case Result():
                return self.result(function.body.calls[expression.call], function)
            case Member():
                return self.attribute(self.of(expression.owner, function), expression.name)
            case Item() | Element():
                return self.of(expression.owner, function).elements or UNKNOWN
            case Entered():
                return self._entered(self.of(expression.manager, function))
            case Choice():
                return union(self.of(option, function) for option in expression.options)
            case Group():
                return Values(elements=union(self.of(v, function) for v in expression.values))
            case Value(value=None):
                return Values(nothing=True)
            case _:
                return UNKNOWN

    def _remember(self, key: object, compute: Iterator[Values]) -> Values:
        if key in self._known:
            return self._known[key]
        if key in self._busy or len(self._busy) > _DEEPEST:
            return UNKNOWN
        self._busy.add(key)
        try:
            answer = union(compute)
        finally:
            self._busy.discard(key)
        if not self._busy:
            self._known[key] = answer
        return answer

    # names

    def _path(self, text: str, function: Function) -> Values:
        head, *rest = text.split(".")
        current = self._head(head, function)
        if current is None:
            return self._global(text, function)
        for name in rest:
            current = self.attribute(current, name)
        return current

    def _head(self, name: str, function: Function) -> Values | None:
        """What a local name is; None where the function does not bind it."""
        if name == function.receiver:
            return self._receiver(function)
        enclosing: Function | None = function
        while enclosing is not None and enclosing.qualname:
            if any(a.target == name for a in enclosing.body.assignments):
                return self._local(name, enclosing)
            if self._has_parameter(name, enclosing):
                return self.parameter(name, enclosing)
            if enclosing is not function and name == enclosing.receiver:
                return self._receiver(enclosing)
            enclosing = self.around(enclosing)
        return None

    def head(self, path: Path, function: Function) -> Values | None:
        """What the first part of a name is in a function; None where the function does not bind it."""
        return self._head(path.head, function)

    def is_unbound(self, name: str, function: Function) -> bool:
        """Whether a name is bound nowhere: using it raises NameError."""
        if name in _BUILTINS or self._head(name, function) is not None:
            return False
        facts = self.program.tree.facts(function.path)
        if facts is None or facts.has_getattr or any(fact.name == "*" for fact in facts.imports):
            return False
        resolver = self.program.resolver
        scope = function.scope
        while scope:
            if resolver.bindings(function.path, name, scope):
                return False
            scope = scope.removesuffix(".<locals>").rpartition(".")[0]
        module = self.program.function(function.path, "")
        at_top = module is not None and any(
            a.target.partition(".")[0] == name for a in module.body.assignments
        )
        return not at_top and not resolver.bindings(function.path, name)

    def around(self, function: Function) -> Function | None:
        """The function that a function is defined in."""
        outer, found, _ = function.qualname.rpartition(".<locals>")
        return self.program.function(function.path, outer) if found else None

    def _receiver(self, function: Function) -> Values:
        owner = self.program.definition_of(function)
        if owner is None:
            return UNKNOWN
        if function.has_decorator("classmethod"):
            return Values(classes=frozenset({owner}))
        return Values(instances=frozenset({owner}))

    @staticmethod
    def _has_parameter(name: str, function: Function) -> bool:
        return function.fact is not None and any(p.name == name for p in function.fact.parameters)

    def _local(self, name: str, function: Function) -> Values:
        def assigned() -> Iterator[Values]:
            if self._has_parameter(name, function):
                yield self.parameter(name, function)
            for found in (*function.body.assignments, *function.additions):
                if found.target == name:
                    yield self._assigned(found, function)

        return self._remember((function, name), assigned())

    def _assigned(self, assignment: Assignment, function: Function) -> Values:
        if assignment.into_item:
            return Values(elements=self.of(assignment.value, function))
        if assignment.annotation:
            declared = self.annotation(assignment.annotation, function.path, function.scope)
            if declared.is_known or declared.elements:
                return replace(declared, made=self.of(assignment.value, function).made)
        return self.of(assignment.value, function)

    def parameter(self, name: str, function: Function) -> Values:
        """What a parameter can be: as annotated, else what the callers pass is unknown."""
        assert function.fact is not None
        for parameter in function.fact.parameters:
            if parameter.name == name and parameter.annotation:
                return self.annotation(parameter.annotation, function.path, function.fact.scope)
        return UNKNOWN

    def _global(self, text: str, function: Function) -> Values:
        head, *rest = text.split(".")
        parts = [head]
        scope = function.fact.scope if function.fact is not None else ""
        found = self.program.resolver.expression(function.path, head, function.scope or scope)
        current = self.meaning(found)
        for name in rest:
            parts.append(name)
            resolution = self.program.resolver.expression(
                function.path, ".".join(parts), function.scope or scope
            )
            if any(d.kind in ("class", "function", "module") for d in resolution.definitions):
                current = self.meaning(resolution)
            else:
                current = self.attribute(current, name)
        return current

    def meaning(self, resolution: Resolution) -> Values:
        """Definitions as values."""
        if not resolution.definitions:
            return UNKNOWN
        return union(self._defined(definition) for definition in resolution.definitions)

    def _defined(self, definition: Definition) -> Values:
        match definition.kind:
            case "class":
                return Values(classes=frozenset({definition}))
            case "function":
                found = self.program.function(definition.path, definition.qualname)
                return Values(functions=frozenset({found})) if found else UNKNOWN
            case "variable":
                return self._variable(definition)
            case _:
                return Values(
                    outside=frozenset({definition.dotted}), open=definition.kind != "module"
                )

    def _variable(self, definition: Definition) -> Values:
        def assigned() -> Iterator[Values]:
            for function in self.program.functions(definition.path):
                for found in function.body.assignments:
                    is_own = not function.qualname or self._is_global(found.target, function)
                    if found.target == definition.qualname and is_own:
                        yield self._assigned(found, function)
            for where, addition in self.additions_to(definition):
                yield self._assigned(addition, where)

        values = self._remember(definition, assigned())
        return values if values != EMPTY else UNKNOWN

    def additions_to(self, variable: Definition) -> Iterator[tuple[Function, Assignment]]:
        """What is put into a variable of a module or class, wherever it is imported."""
        name = variable.qualname.rpartition(".")[2]
        for index in (self.program.additions, self.program.assigned):
            for where, addition in index.get(name, ()):
                if addition.into_item and self.names(addition.target, where) == variable:
                    yield where, addition

    def named_tuple(self, callee: Expression, function: Function) -> tuple[str, ...] | None:
        """The fields of `Event = namedtuple("Event", "name detail")`; None for anything else."""
        variable = self.names(callee.text, function) if isinstance(callee, Path) else None
        module = self.program.function(variable.path, "") if variable else None
        if variable is None or module is None:
            return None
        for assignment in module.body.assignments:
            if assignment.target != variable.qualname or not isinstance(assignment.value, Result):
                continue
            call = module.body.calls[assignment.value.call]
            if last_name(call.callee) == "namedtuple" and len(call.arguments) > 1:
                names = call.arguments[1].value
                if isinstance(names, Text):
                    return tuple(names.value.replace(",", " ").split())
                if isinstance(names, Group):
                    return tuple(n.value for n in names.values if isinstance(n, Text))
        return None

    def names(self, text: str, function: Function) -> Definition | None:
        """The one variable of a module or class that a dotted name means in a function."""
        head = text.partition(".")[0]
        if head == function.receiver or (function.qualname and self._binds(head, function)):
            return None
        found = self.program.resolver.expression(function.path, text, function.scope).definitions
        return found[0] if len(found) == 1 and found[0].kind == "variable" else None

    def _binds(self, name: str, function: Function) -> bool:
        return self._has_parameter(name, function) or (
            any(a.target == name and not a.into_item for a in function.body.assignments)
            and not self._is_global(name, function)
        )

    def _is_global(self, name: str, function: Function) -> bool:
        return bool(
            self.program.resolver.bindings(function.path, name)
        ) and not self._has_parameter(name, function)

    # attributes

    def attribute(self, owner: Values, name: str) -> Values:
        """What an attribute of these values can be."""

        def found() -> Iterator[Values]:
            for instance in _sorted(owner.instances):
                yield self._member(instance, name)
            for cls in _sorted(owner.classes):
                yield self._member(cls, name)
            if owner.outside:
                yield Values(outside=frozenset(f"{o}.{name}" for o in owner.outside), open=True)
            if owner.elements and name in ("get", "pop", "popleft", "values", "items", "copy"):
                yield Values(elements=owner.elements, open=True)

        values = union(found())
        return values | UNKNOWN if owner.open else values

    def _member(self, cls: Definition, name: str) -> Values:
        overriding = [
            method
            for child in self.program.descendants(cls)
            if (method := self.program.function(child.path, f"{child.qualname}.{name}"))
        ]
        method = self.program.method(cls, name)
        if method is not None:
            if method.has_decorator("property", "cached_property"):
                return union(self.returned(m) for m in (method, *overriding))
            return Values(functions=frozenset({method, *overriding}))
        if overriding:
            return Values(functions=frozenset(overriding), open=True)
        if self._is_member_of_enumeration(cls, name):
            return Values(instances=frozenset({cls}), open=True)
        return self._field(cls, name)

    def _is_member_of_enumeration(self, cls: Definition, name: str) -> bool:
        fact = self.program.class_fact(cls)
        bases = (base.rpartition(".")[2] for base in fact.bases) if fact is not None else ()
        return any(base.endswith(("Enum", "Flag")) for base in bases) and bool(
            self.program.resolver.bindings(cls.path, name, cls.qualname)
        )

    def _field(self, cls: Definition, name: str) -> Values:
        def assigned() -> Iterator[Values]:
            for relative in (*self.program.ancestors(cls), *self.program.descendants(cls)):
                yield from self._field_of(relative, name)

        return self._remember((cls, name, "field"), assigned())

    def _field_of(self, cls: Definition, name: str) -> Iterator[Values]:
        if not cls.path:
            return
        for bound in self.program.resolver.bindings(cls.path, name, cls.qualname):
            if annotation := getattr(bound, "annotation", ""):
                yield self.annotation(annotation, cls.path, cls.qualname)
        for function, assignment in self.program.fields(cls, name):
            yield self._assigned(assignment, function)
        for function, addition in self.program.additions.get(name, ()):
            owner = function.owner
            is_own = owner is not None and (function.path, owner.qualname) == (
                cls.path,
                cls.qualname,
            )
            if is_own and addition.target == f"{function.receiver}.{name}":
                yield self._assigned(addition, function)

    def has_member(self, cls: Definition, name: str) -> bool:
        """Whether instances of a class or of its subclasses have this attribute."""
        relatives = (*self.program.ancestors(cls), *self.program.descendants(cls))
        return any(
            self.program.function(c.path, f"{c.qualname}.{name}") is not None
            or bool(self.program.resolver.bindings(c.path, name, c.qualname))
            or any(True for _ in self.program.fields(c, name))
            for c in relatives
            if c.path
        )

    # calls

    def result(self, call: Call, function: Function) -> Values:
        """What a call gives, awaited or not."""
        callee = self.of(call.callee, function)
        place = frozenset({(function.path, call.line, call.column)})
        found = Values(instances=callee.classes, made=place if callee.classes else frozenset())
        if isinstance(call.callee, Path) and call.callee.text == "super":
            return self._super(function)
        if isinstance(call.callee, Path) and call.callee.text == "getattr":
            return self._getattr(call, function)
        name = last_name(call.callee)
        if name == "partial" and call.arguments:
            return self._partial(call, function)
        if name in _STANDING_FOR_THEIR_FIRST and call.arguments:
            return self.of(call.arguments[0].value, function)
        if name == "cast" and len(call.arguments) == 2:
            wanted = call.arguments[0].value
            text = wanted.text if isinstance(wanted, Path) else ""
            return self.annotation(text, function.path, function.scope, function)
        # What is called and can't be is a weak reference to it.
        found |= Values(instances=frozenset(self.uncallable(callee.instances)))
        found |= union(self.returned(target) for target in in_order(callee.functions))
        if callee.outside:
            found |= Values(outside=frozenset(f"{name}()" for name in callee.outside), open=True)
            if name in QUEUES:
                # Some give two ends: both stand for the queue between them.
                found |= Values(made=place, elements=replace(found, made=place, open=True))
        if callee.elements is not None and not callee.made:
            is_view = isinstance(call.callee, Path) and call.callee.last in (
                "values",
                "items",
                "copy",
            )
            return callee if is_view else callee.elements
        if isinstance(call.callee, Path) and call.callee.text in ("list", "tuple", "set", "sorted"):
            return union(self.of(a.value, function) for a in call.arguments)
        return found if found != EMPTY else UNKNOWN

    def _super(self, function: Function) -> Values:
        owner = self.program.definition_of(function)
        following = self.program.after(owner) if owner else []
        return Values(instances=frozenset(following)) if following else UNKNOWN

    def uncallable(self, instances: Iterable[Definition]) -> Iterator[Definition]:
        """Classes among these whose instances can't be called."""
        return (cls for cls in instances if self.program.method(cls, "__call__") is None)

    def _partial(self, call: Call, function: Function) -> Values:
        first, *rest = call.arguments
        if first.starred or any(argument.starred for argument in rest):
            return UNKNOWN
        keywords = tuple(argument.keyword for argument in rest if argument.keyword)
        inner = self.of(first.value, function)
        made = (Bound(f, len(rest) - len(keywords), keywords) for f in inner.functions)
        return Values(bound=frozenset(made), open=inner.open or not inner.functions)

    def _getattr(self, call: Call, function: Function) -> Values:
        from consolidator.analysis.emissions.values.constants import texts  # noqa: PLC0415

        if len(call.arguments) < 2:
            return UNKNOWN
        names = texts(self, call.arguments[1].value, function)
        owner = self.of(call.arguments[0].value, function)
        return union(self.attribute(owner, name) for name in sorted(names)) if names else UNKNOWN

    def returned(self, function: Function) -> Values:
        """What a call of this function gives."""

        def returned() -> Iterator[Values]:
            fact = function.fact
            if fact is None:
                return
            if fact.returns:
                declared = self.annotation(fact.returns, function.path, fact.scope, function)
                if declared.is_known or declared.elements is not None:
                    yield declared
                    return
            for found in function.body.returns:
                yield self.of(found.value, function)

        values = self._remember((function, "returns"), returned())
        return values if values != EMPTY else UNKNOWN

    def _entered(self, manager: Values) -> Values:
        found = EMPTY
        for instance in _sorted(manager.instances):
            enter = self.program.method(instance, "__aenter__") or self.program.method(
                instance, "__enter__"
            )
            found |= self.returned(enter) if enter else UNKNOWN
        if manager.elements is not None:
            found |= manager.elements
        return found if found != EMPTY else manager

    # annotations

    def annotation(
        self, text: str, path: str, scope: str, function: Function | None = None
    ) -> Values:
        """What a value with this annotation can be."""
        node = _parsed(text)
        return UNKNOWN if node is None else self._annotated(node, path, scope, function)

    def _annotated(
        self, node: ast.expr, path: str, scope: str, function: Function | None
    ) -> Values:
        match node:
            case ast.Constant(value=None):
                return Values(nothing=True)
            case ast.Constant(value=str(text)):
                return self.annotation(text, path, scope, function)
            case ast.BinOp(op=ast.BitOr()):
                left = self._annotated(node.left, path, scope, function)
                return left | self._annotated(node.right, path, scope, function)
            case ast.Name(id="Self") if function is not None and (
                owner := self.program.definition_of(function)
            ):
                return Values(instances=frozenset({owner}))
            case ast.Name() | ast.Attribute():
                return self._instance(ast.unparse(node), path, scope)
            case ast.Subscript():
                return self._generic(node, path, scope, function)
            case _:
                return UNKNOWN

    def _instance(self, name: str, path: str, scope: str) -> Values:
        resolution = self.program.resolver.expression(path, name, scope)
        if any(definition.kind == "variable" for definition in resolution.definitions):
            return UNKNOWN  # a type variable, or another name for a type
        named = self.meaning(resolution)
        return Values(instances=named.classes, outside=named.outside, open=not named.classes)

    def _generic(
        self, node: ast.Subscript, path: str, scope: str, function: Function | None
    ) -> Values:
        name = ast.unparse(node.value).rpartition(".")[2]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        parts = [self._annotated(part, path, scope, function) for part in inner]
        if name == "Annotated":
            return parts[0]
        if name in _WRAPPERS:
            optional = Values(nothing=True) if name == "Optional" else EMPTY
            return union([*parts, optional])
        if name in ("type", "Type"):
            return Values(classes=parts[0].instances, open=parts[0].open)
        if name == "Coroutine":
            return parts[-1]
        if name in _CONTAINERS or name.endswith(("Generator", "ContextManager")):
            element = parts[0] if name.endswith("Generator") else parts[-1]
            return Values(elements=element)
        return self._instance(ast.unparse(node.value), path, scope)


@cache
def _parsed(annotation: str) -> ast.expr | None:
    try:
        return ast.parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
