"""Whether a condition is always true or always false, so that a branch can never run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from consolidator.analysis.emissions.bodies.code import (
    Assignment,
    Choice,
    Condition,
    Expression,
    Group,
    Item,
    Path,
    Place,
    Result,
    Test,
    Text,
    Value,
    last_name,
    owner_of,
)
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.objects import Objects
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.binding import bind
from consolidator.analysis.emissions.values.constants import literal
from consolidator.analysis.emissions.values.containers import VIEWS, Containers, is_empty_container
from consolidator.analysis.emissions.verdict import Verdict
from consolidator.tree.names import Definition

_DEEPEST = 6
_MEMBERLESS = frozenset({"abc.ABC", "typing.Protocol", "typing.Generic"})
_FIXED = {"TYPE_CHECKING": False, "typing.TYPE_CHECKING": False, "__debug__": True}


class Truth:
    """Truth of expressions; None wherever it depends on what happens at runtime."""

    def __init__(
        self,
        graph: CallGraph,
        can_run: Callable[[Function], Verdict],
        is_entry: Callable[[Function], bool],
    ) -> None:
        self._graph = graph
        self._objects = Objects(graph)
        self._is_entry = is_entry
        self._inference = inference = graph.inference
        self._program = inference.program
        self._containers = Containers(inference.program)
        self._can_run = can_run
        self._known: dict[tuple[Function, int], tuple[bool | None, str]] = {}
        self._depth = 0
        self._because = ""

    @property
    def because(self) -> str:
        """Why the last answer is what it is, where there is more to say than the answer."""
        return self._because

    def obstacle(self, place: Place, function: Function) -> str:
        """Why control never comes to a place; empty where it can."""
        if place.dead:
            return place.dead
        for condition in place.conditions:
            self._because = ""
            if self.of(condition.test, function) is (not condition.holds):
                return self._said(condition)
        return ""

    def _said(self, condition: Condition) -> str:
        word = "always false" if condition.holds else "always true"
        reason = f": {self._because}" if self._because else ""
        return f"the condition in line {condition.line} is {word}{reason}"

    def of(self, expression: Expression, function: Function) -> bool | None:
        key = (function, id(expression))
        if key not in self._known:
            # A value that depends on itself is not known; neither is one too far away.
            self._known[key] = (None, "")
            if self._depth < _DEEPEST:
                outer, self._because = self._because, ""
                self._depth += 1
                try:
                    truth = self._evaluate(expression, function)
                    self._known[key] = (truth, self._because if truth is not None else "")
                finally:
                    self._depth -= 1
                    self._because = outer
        truth, because = self._known[key]
        self._because = because or self._because
        return truth

    def _evaluate(self, expression: Expression, function: Function) -> bool | None:
        match expression:
            case Value() | Text():
                return bool(expression.value)
            case Group():
                return bool(expression.values)
            case Test():
                return self._test(expression, function)
            case Choice():
                # `a and b` also carries its own Test as the last option.
                last = expression.options[-1]
                if isinstance(last, Test) and last.operator in ("and", "or"):
                    return self._test(last, function)
                return _same(self.of(option, function) for option in expression.options)
            case Path():
                return self._path(expression.text, function)
            case Result():
                return self._result(expression, function)
            case Item():
                # An item of an empty container: an error, or what a defaultdict starts with.
                owner = self.of(expression.owner, function)
                return False if owner is False else None
        return None

    def _test(self, test: Test, function: Function) -> bool | None:
        if test.operator in ("and", "or", "not"):
            if test.operator == "not":
                truth = self.of(test.operands[0], function)
                return None if truth is None else not truth
            truths = [self.of(operand, function) for operand in test.operands]
            deciding = test.operator == "or"
            if deciding in truths:
                return deciding
            return None if None in truths else not deciding
        if test.operator == "other" or len(test.operands) != 2:
            return None
        return self._comparison(test, function)

    def _comparison(self, test: Test, function: Function) -> bool | None:
        if test.operator in ("in", "not in"):
            return self._membership(test, function)
        left, right = (self._constant(operand, function) for operand in test.operands)
        if left is None or right is None:
            return None
        same = left == right
        return same if test.operator in ("==", "is") else not same

    def _membership(self, test: Test, function: Function) -> bool | None:
        """Nothing is in a container that is always empty."""
        container = test.operands[1]
        is_text = isinstance(container, Text) or not isinstance(container, Path | Group)
        is_empty = not is_text and self.of(container, function) is False
        return test.operator == "not in" if is_empty else None

    def _constant(self, expression: Expression, function: Function) -> Expression | None:
        """The one constant that an expression always is."""
        if isinstance(expression, Text | Value):
            return expression
        if isinstance(expression, Result) and self._gets_nothing(expression, function):
            return Value(None)
        if not isinstance(expression, Path):
            return None
        assigned = self._assignments(expression.text, function) or ()
        if assigned and all(
            isinstance(a.value, Result) and self._gets_nothing(a.value, w) for w, a in assigned
        ):
            return Value(None)
        plain = {self._plain(assignment) for _, assignment in assigned} - {None}
        if len(plain) != 1 or any(
            self._plain(a) is None and (not w.qualname or self._can_run(w)) for w, a in assigned
        ):
            return None
        return plain.pop()

    def _gets_nothing(self, result: Result, function: Function) -> bool:
        """Whether it is `.get(key)` of a container that is always empty."""
        call = function.body.calls[result.call]
        owner = owner_of(call.callee)
        is_get = last_name(call.callee) == "get" and len(call.arguments) == 1
        return is_get and owner is not None and self.of(owner, function) is False

    @staticmethod
    def _plain(assignment: Assignment) -> Expression | None:
        value = assignment.value
        return value if isinstance(value, Text | Value) and not assignment.into_item else None

    # names

    def _path(self, text: str, function: Function) -> bool | None:
        if text in _FIXED:
            return _FIXED[text]
        assigned = self._assignments(text, function)
        if assigned is None:
            return self._of_parameter(text, function)
        if not assigned:
            return None
        if any(self._is_container(assignment.value, where) for where, assignment in assigned):
            return self._filled(text, function, assigned)
        return self._agreed(assigned)

    def _of_parameter(self, name: str, function: Function) -> bool | None:
        """The one truth of all that is passed as a parameter, where every caller is known."""
        fact = function.fact
        parameter = next((p for p in fact.parameters if p.name == name), None) if fact else None
        is_set = any(a.target == name for a in function.body.assignments)
        if parameter is None or is_set or function.is_library or self._is_entry(function):
            return None
        truths: set[bool | None] = set()
        for use in self._graph.uses(function):
            if use.call is None or not use.certain or any(a.starred for a in use.call.arguments):
                return None
            given = [a.value for a, p in bind(use.call, function) if p.name == name]
            default = literal(parameter.default) if parameter.default is not None else ...
            truth = self.of(given[0], use.function) if given else None
            if not given and default is not ...:
                truth = bool(default)
            truths.add(truth)
        return truths.pop() if len(truths) == 1 else None

    @staticmethod
    def _is_container(value: Expression, where: Function) -> bool:
        return isinstance(value, Group) or is_empty_container(value, where)

    def _filled(
        self, text: str, function: Function, assigned: list[tuple[Function, Assignment]]
    ) -> bool | None:
        """Truth of a container: what changes it counts too, where that can run."""
        name = text.rpartition(".")[2]
        changes = [
            (where, change)
            for where, change in self._containers.changes(name)
            if self._may_change(text, function, where, change)
            and not self._is_of_another(text, function, where, change)
        ]
        truth = self._agreed([*assigned, *changes])
        if truth is False:
            fillers = [w for w, a in (*assigned, *changes) if a.into_item and w.qualname]
            self._because = f"nothing ever puts anything into {text!r}"
            if fillers:
                self._because = f"{text!r} stays empty: {self._can_run(fillers[0]).why}"
        return truth

    def _is_of_another(
        self, text: str, function: Function, where: Function, change: Assignment
    ) -> bool:
        """Whether `self.x` of one method is never the `self.x` of the other: they have other objects."""
        own, other = text.partition(".")[0], change.target.partition(".")[0]
        if own != function.receiver or other != where.receiver or not own or not other:
            return False
        return self._objects.are_apart(function, where)

    def _may_change(
        self, text: str, function: Function, where: Function, change: Assignment
    ) -> bool:
        """Whether a change of `….name` can mean the very container that `text` names here."""
        if "." not in text:
            own = where is function or where.qualname.startswith(f"{function.qualname}.<locals>.")
            is_local = any(a.target == text for a in function.body.assignments)
            if is_local and function.qualname and not self._is_global(text, function):
                return own and where.path == function.path and change.target == text
            return change.target == text or change.target.endswith(f".{text}")
        cls = self._program.definition_of(function)
        if cls is None or text.partition(".")[0] != function.receiver:
            return True
        relatives = (*self._program.ancestors(cls), *self._program.descendants(cls))
        return self._may_set(where, change, {(c.path, c.qualname) for c in relatives})

    def _is_global(self, name: str, function: Function) -> bool:
        return bool(self._program.resolver.bindings(function.path, name))

    def _agreed(self, assigned: list[tuple[Function, Assignment]]) -> bool | None:
        """The one truth of everything that is assigned in code that can run."""
        unknown: list[Function] = []
        truth: bool | None = None
        for where, assignment in assigned:
            found = None if assignment.into_item else self.of(assignment.value, where)
            if found is None:
                unknown.append(where)
            elif truth is None:
                truth = found
            elif truth is not found:
                return None
        if truth is None or any(not w.qualname or self._can_run(w) for w in unknown):
            return None
        return truth

    def _assignments(
        self, text: str, function: Function
    ) -> list[tuple[Function, Assignment]] | None:
        """Every assignment that can give a name its value; None where others may exist."""
        head, _, rest = text.partition(".")
        if head == function.receiver and rest and "." not in rest:
            return self._of_field(rest, function)
        if rest:
            return self._of_constant(text, function)
        local = [(function, a) for a in function.body.assignments if a.target == text]
        if function.fact is not None:
            if any(p.name == text for p in function.fact.parameters):
                return None
            if local:
                return local
        return self._of_constant(text, function)

    def _of_field(self, name: str, function: Function) -> list[tuple[Function, Assignment]] | None:
        cls = self._program.definition_of(function)
        if cls is None or not self._is_plain(cls):
            return None
        relatives = (*self._program.ancestors(cls), *self._program.descendants(cls))
        if any(self._program.function(c.path, f"{c.qualname}.{name}") for c in relatives if c.path):
            return None
        family = {(c.path, c.qualname) for c in relatives}
        return [
            (where, assignment)
            for where, assignment in self._program.assigned.get(name, ())
            if self._may_set(where, assignment, family)
        ]

    def _may_set(
        self, where: Function, assignment: Assignment, family: set[tuple[str, str]]
    ) -> bool:
        """Whether an assignment to `….name` can mean an object of this family of classes."""
        head = assignment.target.rpartition(".")[0]
        owner = where.owner
        if head == where.receiver != "" and owner is not None:
            return (where.path, owner.qualname) in family
        if not where.qualname and self._program.class_at(where.path, head):
            return (where.path, head) in family
        values = self._inference.of(Path(head), where)
        known = values.instances | values.classes
        return values.open or not known or any((c.path, c.qualname) in family for c in known)

    def _is_plain(self, cls: Definition) -> bool:
        """Whether its attributes are set by assignments alone: no settings class, no dataclass."""
        return all(
            ancestor.dotted in _MEMBERLESS
            or ((fact := self._program.class_fact(ancestor)) is not None and not fact.decorators)
            for ancestor in self._program.ancestors(cls)
        )

    def _of_constant(
        self, text: str, function: Function
    ) -> list[tuple[Function, Assignment]] | None:
        resolution = self._program.resolver.expression(function.path, text, function.scope)
        if len(resolution.definitions) != 1 or resolution.definitions[0].kind != "variable":
            return None
        definition = resolution.definitions[0]
        name = definition.qualname.rpartition(".")[2]
        found = [
            (where, a)
            for where in self._program.functions(definition.path)
            for a in where.body.assignments
            if a.target == definition.qualname
            and (not where.qualname or not self._shadows(name, where))
        ]
        changed = [
            (where, a)
            for where, a in self._program.assigned.get(name, ())
            if a.target != definition.qualname or where.path != definition.path
        ]
        if "." in definition.qualname:
            owner = definition.qualname.rpartition(".")[0]
            cls = self._program.class_at(definition.path, owner)
            if cls is None or not self._is_plain(
                Definition("class", definition.module, owner, definition.path, cls.line)
            ):
                return None
            changed = [
                (w, a) for w, a in changed if self._may_set(w, a, {(definition.path, owner)})
            ]
        return found + changed

    @staticmethod
    def _shadows(name: str, function: Function) -> bool:
        return function.fact is not None and any(p.name == name for p in function.fact.parameters)

    # calls

    def _result(self, result: Result, function: Function) -> bool | None:
        call = function.body.calls[result.call]
        if is_empty_container(result, function):
            return False
        name = last_name(call.callee)
        if name == "get" or name in VIEWS:
            owner = owner_of(call.callee)
            if owner is not None and self.of(owner, function) is False:
                default = call.arguments[1].value if len(call.arguments) > 1 else None
                return self.of(default, function) if default is not None else False
        if not isinstance(call.callee, Path):
            return None
        if call.callee.text == "range":
            return self._range(call.arguments[-1].value) if len(call.arguments) == 1 else None
        if call.callee.text in ("bool", "list", "tuple", "set", "sorted", "len") and call.arguments:
            return self.of(call.arguments[0].value, function)
        values = self._inference.of(call.callee, function)
        if values.open or values.classes or values.outside or len(values.functions) != 1:
            return None
        target = next(iter(values.functions))
        if target.is_generator or not target.body.returns or target.has_decorator("overload"):
            return None
        return _same(self.of(found.value, target) for found in target.body.returns)

    @staticmethod
    def _range(stop: Expression) -> bool | None:
        if isinstance(stop, Value) and isinstance(stop.value, int):
            return stop.value > 0
        return None


def _same(truths: Iterable[bool | None]) -> bool | None:
    found: bool | None = None
    for truth in truths:
        if truth is None or (found is not None and truth is not found):
            return None
        found = truth
    return found
