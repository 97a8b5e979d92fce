"""Text and truth of expressions, where they can be known without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from consolidator.analysis.emissions.bodies.code import (
    Assignment,
    Call,
    Choice,
    Element,
    Expression,
    Group,
    Item,
    Joined,
    Member,
    Path,
    Result,
    Text,
    Value,
    last_name,
    owner_of,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.values import Inference
from consolidator.tree.names import Definition

_COPIES = frozenset({"frozenset", "set", "tuple", "list", "dict", "MappingProxyType"})
_MOST = 32  # alternatives; more are not followed


def texts(
    inference: Inference,
    expression: Expression,
    function: Function,
    passed: Mapping[str, frozenset[str]] | None = None,
) -> frozenset[str]:
    """Every text that an expression can be; empty where that can't be known. `passed` is what the
    function's parameters are."""
    return _Texts(inference, function, passed).of(expression, 0)


def entries(
    inference: Inference, expression: Expression, function: Function
) -> dict[str, frozenset[str]] | None:
    """The keys of a dict with the texts that they lead to, or the elements of another container; None
    where it is not written out whole."""
    return _Texts(inference, function).entries(expression)


def joined(parts: Sequence[frozenset[str]]) -> frozenset[str]:
    """Every text that parts make together; nothing where one is unknown, or where they are too many."""
    count = 1
    for part in parts:
        count *= len(part)
    if not 0 < count <= _MOST:
        return frozenset()
    return frozenset("".join(combination) for combination in product(*parts))


class _Texts:
    def __init__(
        self,
        inference: Inference,
        function: Function,
        passed: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._inference = inference
        self._function = function
        self._passed = passed or {}

    def of(self, expression: Expression, depth: int) -> frozenset[str]:
        if depth > 8:
            return frozenset()
        match expression:
            case Text():
                return frozenset({expression.value})
            case Path():
                return self._path(expression.text, depth + 1)
            case Joined():
                return joined([self.of(part, depth + 1) for part in expression.parts])
            case Choice():
                return self._any(expression.options, depth)
            case Item():
                return self._item(expression, depth)
            case Element():
                return self._elements(expression.owner, depth)
            case Member() if expression.name == "value":
                return self.of(expression.owner, depth + 1)
            case Result():
                return self._call(self._function.body.calls[expression.call], depth)
        return frozenset()

    def _any(self, options: Iterable[Expression], depth: int) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for option in options:
            found |= self.of(option, depth + 1)
        return found

    def _path(self, text: str, depth: int) -> frozenset[str]:
        head, _, last = text.rpartition(".")
        if text in self._passed:
            return self._passed[text]
        local = [a for a in self._function.body.assignments if a.target == text]
        if local and self._function.qualname:
            return self._assigned(local, depth)
        program, function = self._inference.program, self._function
        found: frozenset[str] = frozenset()
        resolution = program.resolver.expression(function.path, text, self._scope())
        for definition in resolution.definitions:
            if definition.kind == "variable":
                found |= self._variable(definition, depth)
        for where, assignment in self._class_level(text):
            found |= _Texts(self._inference, where).of(assignment.value, depth + 1)
        if not found and head and last == "value":
            return self._path(head, depth + 1)
        if not found and last == "name" and self._path(head, depth + 1):
            return frozenset({head.rpartition(".")[2]})
        return found

    def _class_level(self, text: str) -> Iterator[tuple[Function, Assignment]]:
        """What a class body assigns to `self.NAME`, where no method assigns anything else."""
        head, _, name = text.partition(".")
        program = self._inference.program
        cls = program.definition_of(self._function)
        if cls is None or not name or "." in name or head != self._function.receiver:
            return
        for ancestor in program.ancestors(cls):
            found = list(program.fields(ancestor, name))
            if found:
                yield from (f for f in found if not any(w.qualname for w, _ in found))
                return

    def _scope(self) -> str:
        return self._function.scope

    def _assigned(self, assignments: Iterable[Assignment], depth: int) -> frozenset[str]:
        return self._any([a.value for a in assignments if not a.into_item], depth)

    def _variable(self, definition: Definition, depth: int) -> frozenset[str]:
        module = self._inference.program.function(definition.path, "")
        if module is None:
            return frozenset()
        elsewhere = _Texts(self._inference, module)
        found: frozenset[str] = frozenset()
        for assignment in module.body.assignments:
            if assignment.target == definition.qualname and not assignment.into_item:
                found |= elsewhere.of(assignment.value, depth + 1) or elsewhere._automatic(
                    assignment.value, definition
                )
        return found

    def _automatic(self, value: Expression, definition: Definition) -> frozenset[str]:
        """A member of a StrEnum that is written `NAME = auto()`: the lower-cased name."""
        owner, _, name = definition.qualname.rpartition(".")
        cls = self._inference.program.class_at(definition.path, owner)
        is_text = cls is not None and any(base.endswith("StrEnum") for base in cls.bases)
        return frozenset({name.lower()}) if is_text and isinstance(value, Result) else frozenset()

    def entries(self, expression: Expression) -> dict[str, frozenset[str]] | None:
        found = self._container(expression, 0)
        if found is None:
            return None
        group, where = found
        if not group.values or self._grows(expression):
            return None
        known: dict[str, frozenset[str]] = {}
        for key, value in zip(group.keys or group.values, group.values, strict=True):
            names = where.of(key, 0) if key is not None else frozenset()
            if len(names) != 1:
                return None
            known[next(iter(names))] = where.of(value, 0)
        return known

    def _grows(self, expression: Expression) -> bool:
        """Whether something is put into a container after it was made."""
        if not isinstance(expression, Path):
            return False
        own = (*self._function.body.assignments, *self._function.additions)
        if any(a.into_item and a.target == expression.text for a in own):
            return True
        variable = self._inference.names(expression.text, self._function)
        return variable is not None and any(self._inference.additions_to(variable))

    def _container(self, expression: Expression, depth: int) -> tuple[Group, _Texts] | None:
        """The literal container that an expression names."""
        if isinstance(expression, Group):
            return expression, self
        if isinstance(expression, Result):
            call = self._function.body.calls[expression.call]
            is_copy = last_name(call.callee) in _COPIES and len(call.arguments) == 1
            return self._container(call.arguments[0].value, depth + 1) if is_copy else None
        if not isinstance(expression, Path) or depth > 6:
            return None
        for assignment in self._function.body.assignments:
            if assignment.target == expression.text and isinstance(assignment.value, Group):
                return assignment.value, self
        program = self._inference.program
        for where, assignment in self._class_level(expression.text):
            return _Texts(self._inference, where)._container(assignment.value, depth + 1)
        resolution = program.resolver.expression(
            self._function.path, expression.text, self._scope()
        )
        for definition in resolution.definitions:
            module = program.function(definition.path, "") if definition.path else None
            if module is None:
                continue
            for assignment in module.body.assignments:
                if assignment.target == definition.qualname:
                    return _Texts(self._inference, module)._container(assignment.value, depth + 1)
        return None

    def _item(self, item: Item, depth: int) -> frozenset[str]:
        found = self._container(item.owner, depth)
        if found is None:
            return frozenset()
        group, where = found
        keys = self.of(item.key, depth + 1)
        if group.keys and keys:
            wanted = [
                value
                for key, value in zip(group.keys, group.values, strict=True)
                if key is not None and where.of(key, depth + 1) & keys
            ]
            return where._any(wanted, depth)
        if isinstance(item.key, Value) and isinstance(item.key.value, int) and not group.keys:
            index = item.key.value
            in_range = -len(group.values) <= index < len(group.values)
            return where.of(group.values[index], depth + 1) if in_range else frozenset()
        return where._any(group.values, depth)

    def _elements(self, owner: Expression, depth: int) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for group, where in self._containers(owner, depth):
            found |= where._any([k for k in group.keys if k] if group.keys else group.values, depth)
        return found

    def _containers(self, expression: Expression, depth: int) -> Iterator[tuple[Group, _Texts]]:
        """The literal containers that an expression can be: rows of a table, pairs of `items()`."""
        if isinstance(expression, Element):
            for group, where in self._containers(expression.owner, depth):
                yield from ((v, where) for v in group.values if isinstance(v, Group))
        elif isinstance(expression, Result) and self._view(expression) in ("items", "values"):
            owner = owner_of(self._function.body.calls[expression.call].callee)
            for group, where in self._containers(owner, depth) if owner is not None else ():
                pairs = zip(group.keys, group.values, strict=True) if group.keys else ()
                rows = [Group((key, value)) for key, value in pairs if key is not None]
                is_items = self._view(expression) == "items"
                yield Group(tuple(rows) if is_items else group.values), where
        elif (found := self._container(expression, depth)) is not None:
            yield found

    def _view(self, result: Result) -> str:
        return last_name(self._function.body.calls[result.call].callee)

    def _call(self, call: Call, depth: int) -> frozenset[str]:
        if isinstance(call.callee, Path) and call.callee.text in ("str", "sys.intern"):
            return self._any([argument.value for argument in call.arguments[:1]], depth)
        if isinstance(call.callee, Path):
            owner: Expression = Path(call.callee.text.rpartition(".")[0] or "-")
            name = call.callee.last
        elif isinstance(call.callee, Member):
            owner, name = call.callee.owner, call.callee.name
        else:
            return frozenset()
        arguments = [self.of(argument.value, depth + 1) for argument in call.arguments]
        return self._method(name, owner, arguments, call, depth)

    def _method(
        self,
        name: str,
        owner: Expression,
        arguments: list[frozenset[str]],
        call: Call,
        depth: int,
    ) -> frozenset[str]:
        if (
            name == "join"
            and len(call.arguments) == 1
            and isinstance(call.arguments[0].value, Group)
        ):
            parts = [self.of(value, depth + 1) for value in call.arguments[0].value.values]
            return frozenset(
                separator.join(combination)
                for separator in self.of(owner, depth + 1)
                for combination in (product(*parts) if all(parts) else ())
            )
        texts = self.of(owner, depth + 1)
        if name in ("lower", "strip", "casefold", "upper"):
            return frozenset(getattr(text, name)() for text in texts)
        if name == "get" and call.arguments and self._container(owner, depth) is not None:
            default = arguments[1] if len(arguments) > 1 else frozenset[str]()
            return self._item(Item(owner, call.arguments[0].value), depth) or default
        if name == "format" and all(arguments) and texts:
            return frozenset(
                _formatted(text, combination)
                for text in texts
                for combination in product(*arguments)
            )
        return frozenset()


def _formatted(text: str, arguments: tuple[str, ...]) -> str:
    try:
        return text.format(*arguments)
    except (IndexError, KeyError, ValueError):
        return ""


def literal(text: str) -> object:
    """The constant that a piece of source writes; the Ellipsis where it is none."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ...
