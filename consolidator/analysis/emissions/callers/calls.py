"""Who calls whom: the functions that a call can reach, and the places that can reach a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from consolidator.analysis.emissions.bodies.code import (
    Call,
    Expression,
    Path,
    Result,
    Return,
    Value,
    called_name,
    owner_of,
)
from consolidator.analysis.emissions.bodies.handed_on import handed_on
from consolidator.analysis.emissions.callers.asked import Askings, call_of
from consolidator.analysis.emissions.callers.coroutines import is_used
from consolidator.analysis.emissions.callers.passed import Passed
from consolidator.analysis.emissions.callers.standing_for import never_started, started
from consolidator.analysis.emissions.callers.uses import NO_PLACE, Use
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.binding import accepts
from consolidator.analysis.emissions.values.possible import EMPTY, Values
from consolidator.analysis.emissions.values.values import Inference, in_order
from consolidator.tree.names import Definition

_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")
_WRAPPING = frozenset({"wraps", "update_wrapper", "iscoroutinefunction", "signature"})
"""What decorators call with what they decorate, and that keeps nothing."""
_ENTERING = frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__"})
_OF_BUILTINS = frozenset(name for cls in (dict, list, set, str, bytes) for name in dir(cls))
"""Methods that anything may have: of an unknown object they say nothing about its class."""
_USUAL = _OF_BUILTINS | frozenset(
    {"run", "start", "stop", "send", "execute", "call", "main", "handle", "process", "emit", "put"}
    | {"publish", "dispatch", "notify", "connect", "disconnect", "invoke", "submit", "apply"}
    | {"receive", "accept", "register", "subscribe", "set", "delete", "save", "load", "create"}
)
"""Method names that objects of many other libraries have too."""
_COMMON = 4  # a method name that more classes define says nothing about which one is meant


@dataclass(frozen=True)
class Targets:
    """What a call can reach. `guessed` are methods of that name, where the receiver is not known."""

    functions: tuple[Function, ...] = ()
    guessed: tuple[Function, ...] = ()
    classes: tuple[Definition, ...] = ()
    outside: tuple[str, ...] = ()
    missing: str = ""
    """Why the call fails for certain; empty where it does not."""


class CallGraph:
    """Calls of one program, both ways. Answers are remembered."""

    def __init__(self, inference: Inference, passed: Passed | None = None) -> None:
        self.inference = inference
        self.program = inference.program
        self._targets: dict[tuple[int, int], Targets] = {}
        self._uses: dict[Function, list[Use]] = {}
        self._named: dict[str, dict[Function, list[Use]]] = {}
        self.passed = passed or Passed(self)
        self._asks_callers = passed is not None
        self._objects = Passed(self, tells_objects=True)
        self._askings: Askings | None = None
        self._finds_askings = False

    # forwards

    def targets(self, call: Call, function: Function) -> Targets:
        key = (id(function), id(call))
        if key not in self._targets:
            self._targets[key] = self._find_targets(call, function)
        return self._targets[key]

    def _find_targets(self, call: Call, function: Function) -> Targets:
        callee = self.inference.of(call.callee, function)
        functions = list(callee.functions)
        wanted = [(instance, "__call__") for instance in callee.instances]
        wanted += [(cls, name) for cls in callee.classes for name in _CONSTRUCTORS]
        methods = (self.program.method(cls, name) for cls, name in wanted)
        functions.extend(method for method in methods if method is not None)
        functions = self._implementations(functions)
        if undone := self._undone(called_name(call), functions):
            return Targets(missing=undone)
        functions = list(dict.fromkeys(g for f in functions for g in self._decorated(f)))
        if functions or callee.classes:
            if self._asks_callers and len(functions) > 1 and not callee.classes:
                functions = self._exact(call, function) or functions
            fitting = [f for f in functions if accepts(f, call)]
            missing = ""
            if functions and not fitting and not callee.classes:
                missing = f"{functions[0].dotted} does not take these arguments"
            return Targets(
                tuple(in_order(fitting)),
                (),
                tuple(sorted(callee.classes, key=lambda cls: (cls.path, cls.line))),
                (),
                missing,
            )
        missing = self._missing(call, function)
        outside = () if self._is_kept_for_us(call) else tuple(sorted(callee.outside))
        if not missing and not outside and (known := self._by_callers(call, function)):
            return known
        name = called_name(call)
        is_method = owner_of(call.callee) is not None
        namesakes = self.program.by_name.get(name, ()) if not missing and not outside else ()
        fits = (f for f in namesakes if (f.owner is not None) == is_method and accepts(f, call))
        guessed = list(islice(fits, 2)) if name in _OF_BUILTINS else list(fits)
        if len(guessed) > 1 and name in _OF_BUILTINS:
            guessed = []
        return Targets((), tuple(in_order(guessed)), (), outside, missing)

    def _is_kept_for_us(self, call: Call) -> bool:
        """Whether a method is called of what this program put into an object of a library:
        `app.state.hub.send(…)`."""
        owner = owner_of(call.callee)
        if not isinstance(owner, Path) or owner.text.count(".") < 2:
            return False
        return owner.last in self.program.assigned

    def _exact(self, call: Call, function: Function) -> list[Function]:
        """The methods of the very classes that a receiver's objects are made of, where all are known."""
        owner = owner_of(call.callee)
        if owner is None or (isinstance(owner, Path) and owner.text == function.receiver):
            return []
        values = self._objects.of(owner, function)
        if values.open or not values.made:
            return []
        methods = (self.program.method(cls, called_name(call)) for cls in values.instances)
        return self._implementations(in_order({method for method in methods if method}))

    def _by_callers(self, call: Call, function: Function) -> Targets | None:
        """What callers pass as the receiver, or as the callee itself."""
        is_method = owner_of(call.callee) is not None
        if not self._asks_callers or (is_method and called_name(call) not in self.program.by_name):
            return None
        values = self.passed.of(call.callee, function)
        instances = (self.program.method(cls, "__call__") for cls in values.instances)
        methods = (self.program.method(cls, n) for cls in values.classes for n in _CONSTRUCTORS)
        found = {*values.functions, *filter(None, instances), *filter(None, methods)}
        functions = self._implementations(in_order(found))
        fitting = tuple(f for f in in_order(functions) if accepts(f, call))
        classes = tuple(sorted(values.classes, key=lambda cls: (cls.path, cls.line)))
        return Targets(fitting, (), classes) if fitting or classes else None

    def _decorated(self, function: Function) -> Iterator[Function]:
        """What a function's name stands for: what its decorators put in its place, and the function
        itself if there is no such thing or if that calls it."""
        wrappers = list(self._wrappers(function))
        if not wrappers or any(self._runs_wrapped(wrapper) for wrapper in wrappers):
            yield function
        yield from wrappers

    def _runs_wrapped(self, wrapper: Function) -> bool:
        decorator = self.inference.around(wrapper)
        fact = decorator.fact if decorator is not None else None
        if fact is None or not fact.parameters:
            return True
        wrapped = fact.parameters[0].name
        return any(wrapped in f.names for f in (wrapper, *self.program.nested(wrapper)))

    def _undone(self, name: str, functions: Sequence[Function]) -> str:
        """Why a name stands for nothing: a decorator of each function that bears it returns None."""
        why = ""
        for function in functions:
            ends = self._decorators(function) if function.name == name else ()
            empty = [d for d in ends if d.body.returns and all(map(_is_none, d.body.returns))]
            if not empty:
                return ""
            why = f"{empty[0].dotted} returns None, so there is no {function.dotted}"
        return why

    def _wrappers(self, function: Function) -> Iterator[Function]:
        """What decorators of the project put in a function's place."""
        for decorator in self._decorators(function):
            made = self.inference.returned(decorator)
            yield from (f for f in in_order(made.functions) if "<locals>" in f.qualname)

    def _decorators(self, function: Function) -> Iterator[Function]:
        """The project's functions that are called with a function where it is defined."""
        fact = function.fact
        for decorator in fact.decorators if fact is not None else ():
            name, called, _ = decorator.partition("(")
            scope = fact.scope if fact is not None else ""
            named = self.program.resolver.expression(function.path, name, scope)
            values = self.inference.meaning(named)
            module = self.program.function(function.path, "")
            if not values.functions and module is not None:
                values = self.inference.of(Path(name), module)
            found = in_order(values.functions)
            if called:
                made = [(f, in_order(self.inference.returned(f).functions)) for f in found]
                found = [g for factory, given in made for g in given or [factory]]
            yield from found

    def _implementations(self, functions: list[Function]) -> list[Function]:
        """Methods without a body stand for those of every class that fits the protocol."""
        found: dict[Function, None] = {}
        for function in functions:
            is_bare = is_abstract(function) or _is_of_protocol(function)
            fitting = list(self._structural(function)) if is_bare else []
            found.update(dict.fromkeys(fitting or [function]))
        return list(found)

    def _structural(self, method: Function) -> Iterator[Function]:
        owner = self.program.definition_of(method)
        if owner is None or not any(
            a.dotted in ("typing.Protocol", "typing_extensions.Protocol")
            for a in self.program.ancestors(owner)
        ):
            return
        members = [f.name for f in self.program.methods(owner)]
        for candidate in self.program.by_name.get(method.name, ()):
            cls = self.program.definition_of(candidate)
            if cls and cls != owner and all(self.inference.has_member(cls, n) for n in members):
                yield candidate

    def _missing(self, call: Call, function: Function) -> str:
        owner = owner_of(call.callee)
        if owner is None:
            return ""
        if isinstance(owner, Path) and self.inference.is_unbound(owner.head, function):
            return f"no name {owner.head!r} is defined"
        values, name = self.inference.of(owner, function), called_name(call)
        if (
            values.open
            or values.outside
            or values.elements
            or not (values.instances | values.classes)
        ):
            if values == Values(nothing=True):
                return f"`{described(owner, function)}` is None"
            return self._unbound(owner, function) if values in (EMPTY, Values(open=True)) else ""
        for cls in values.instances | values.classes:
            if not self.program.is_closed(cls) or self.inference.has_member(cls, name):
                return ""
        names = ", ".join(sorted(cls.dotted for cls in values.instances | values.classes))
        return f"{names} has no {name!r}"

    def _unbound(self, owner: Expression, function: Function) -> str:
        """`self.x.method()` where nothing ever binds `x`."""
        if not isinstance(owner, Path) or not function.receiver:
            return ""
        receiver, _, rest = owner.text.partition(".")
        attribute = rest.partition(".")[0]
        cls = self.program.definition_of(function)
        if receiver != function.receiver or not attribute or cls is None:
            return ""
        if not self.program.is_closed(cls) or self.inference.has_member(cls, attribute):
            return ""
        if any(self.inference.has_member(c, attribute) for c in self.program.descendants(cls)):
            return ""
        return "" if attribute in self.program.assigned else f"nothing ever sets {owner.text!r}"

    # backwards

    def uses(self, function: Function) -> list[Use]:
        """Every place that calls the function or hands it on, in the order of the files."""
        if function not in self._uses:
            for name in self._called_as(function):
                self._collect(name)
            found = [
                use
                for name in self._called_as(function)
                for use in self._named[name].get(function, ())
            ]
            around, within, _ = function.qualname.rpartition(".<locals>.")
            if within and (wrapped := self._wrapped_by(function)):
                found = [u for u in found if u.call or u.function.qualname != around] + wrapped
            if function.name == "__call__":
                found += self._callings(function)
            elif function.name in _ENTERING:
                found += self._entrances(function)
            elif _is_special(function):
                found += self._constructions(function)
            if function.has_decorator("property", "cached_property"):
                found += self._readings(function)
            found += self._registered(function)
            self._uses[function] = list(dict.fromkeys([*found, *self._through_getattr(function)]))
        return self._uses[function]

    def _called_as(self, function: Function) -> list[str]:
        """Names that calls of a function go by; a decorator's inner function goes by what it wraps."""
        names = [function.name, *self.program.aliases.get(function.name, ())]
        around, within, _ = function.qualname.partition(".<locals>")
        return names + list(self.program.decorated.get(around, ())) if within else names

    def _collect(self, name: str) -> None:
        """Find what every call and every mention of a name means."""
        if name in self._named:
            return
        found: dict[Function, list[Use]] = {}
        self._named[name] = found
        for user, call in self.program.calls_of(name):
            targets = self.targets(call, user)
            for target in targets.functions:
                found.setdefault(target, []).append(Use(user, call.line, call.place, call, True))
            for target in targets.guessed:
                sure = len(targets.guessed) < _COMMON and _is_telling(target)
                sure = sure or (len(targets.guessed) == 1 and name not in _USUAL)
                found.setdefault(target, []).append(Use(user, call.line, call.place, call, sure))
        for user, (expression, line, place) in self.program.handed_on(name):
            if never_started(expression, line, user):
                continue
            begun = started(expression, line, user)
            for target in self.inference.of(expression, user).functions:
                found.setdefault(target, []).append(Use(user, line, place, begun, True))

    def _registered(self, function: Function) -> Iterator[Use]:
        """Places where a decorator keeps what it decorates, or hands it on: `HANDLERS[name] = function`."""
        for decorator in self._decorators(function):
            parameters = decorator.fact.parameters if decorator.fact is not None else ()
            for parameter in parameters[1:2] if decorator.receiver else parameters[:1]:
                body = decorator.body
                kept = [a for a in body.assignments if a.into_item or "." in a.target]
                calls = [c for c in body.calls if called_name(c) not in _WRAPPING]
                for expression, line, place in handed_on(calls, kept, (), ()):
                    if expression == Path(parameter.name):
                        yield Use(decorator, line, place, None, True)

    def _wrapped_by(self, wrapper: Function) -> list[Use]:
        """What a decorator's inner function stands for: it runs where that is reached."""
        around = wrapper.qualname.partition(".<locals>")[0].rpartition(".")[2]
        return [
            Use(decorated, decorated.body.line, NO_PLACE, None, True)
            for decorated in self.program.decorated_by(around)
            if isinstance(decorated, Function) and wrapper in self._wrappers(decorated)
        ]

    def _callings(self, function: Function) -> Iterator[Use]:
        """Calls of objects: `answer(question)`, where `answer` is no function."""
        for name in self.program.called_values:
            for user, call in self.program.calls_of(name):
                if function in self.targets(call, user).functions:
                    yield Use(user, call.line, call.place, call, True)

    def _entrances(self, function: Function) -> Iterator[Use]:
        """`with` statements that enter an object of a method's class."""
        cls = self.program.definition_of(function)
        family = {cls, *self.program.descendants(cls)} if cls else set()
        for user, (expression, line, place) in self.program.entered:
            values = self.inference.of(expression, user)
            if values.instances & family:
                yield Use(user, line, place, None, True)
            elif values.open and not values.instances and not values.outside:
                yield Use(user, line, place, None, False)

    def _readings(self, function: Function) -> Iterator[Use]:
        """Places that read a property, at the end of a dotted name or within it."""
        for user in self.program.mentioning(function.name):
            for expression, line, place in user.mentions:
                if not isinstance(expression, Path):
                    continue
                parts = expression.text.split(".")
                for position in range(1, len(parts)):
                    if parts[position] != function.name:
                        continue
                    owner = self.inference.of(Path(".".join(parts[:position])), user)
                    known = {self.program.method(cls, function.name) for cls in owner.instances}
                    if function in known or (owner.open and not known):
                        yield Use(user, line, place, None, function in known)

    def _constructions(self, function: Function) -> Iterator[Use]:
        """Places that make an instance, for methods that Python itself calls on instances."""
        cls = self.program.definition_of(function)
        for built in [cls, *self.program.descendants(cls)] if cls else ():
            name = built.qualname.rpartition(".")[2]
            for alias in (name, *self.program.aliases.get(name, ()), "cls"):
                for user, call in self.program.calls_of(alias):
                    if built in self.targets(call, user).classes:
                        yield Use(user, call.line, call.place, call, True)

    def _through_getattr(self, function: Function) -> Iterator[Use]:
        for user, call in self._asking(function):
            if not is_used(call, user):
                continue
            values = self.inference.result(call, user)
            owners = self.inference.of(call.arguments[0].value, user)
            if self._asks_callers and not owners.instances and not owners.classes:
                owners = self.passed.of(call.arguments[0].value, user)
            classes = owners.instances | owners.classes
            heirs = {heir for c in classes for heir in self.program.descendants(c)}
            known = {self.program.method(c, function.name) for c in classes | heirs}
            sure = function in values.functions or function in known
            if sure or (values.open and not known and _is_telling(function)):
                yield Use(user, call.line, call.place, call_of(call, user), sure, function)

    def _asking(self, function: Function) -> Iterator[tuple[Function, Call]]:
        if self._askings is None:
            if self._finds_askings:
                return iter(())
            self._finds_askings = True
            self._askings = Askings(self.inference, self.uses)
            self._uses.clear()  # answered before every asking was known
        return self._askings.of(function)


def described(expression: Expression, function: Function) -> str:
    if isinstance(expression, Path):
        return expression.text
    if isinstance(expression, Result):
        return f"{called_name(function.body.calls[expression.call])}()"
    return "the receiver"


def _is_special(function: Function) -> bool:
    return function.name.startswith("__") and function.name.endswith("__")


def _is_of_protocol(function: Function) -> bool:
    """Whether a method belongs to a Protocol: whatever its body does, it is not what runs."""
    bases = function.owner.bases if function.owner is not None else ()
    return any(base.partition("[")[0].rpartition(".")[2] == "Protocol" for base in bases)


def is_abstract(function: Function) -> bool:
    return function.body.empty or function.body.raises_only


def _is_telling(function: Function) -> bool:
    return len(function.name) > 5 and "_" in function.name.strip("_")


def _is_none(found: Return) -> bool:
    return not found.is_yield and found.value == Value(None)
