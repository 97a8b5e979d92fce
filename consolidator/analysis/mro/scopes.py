"""What a name is bound to: in a scope at a line, in a module, through imports and stars."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consolidator.analysis.mro.flow import Bind, Judge, Outcome, Reaching, reaching
from consolidator.analysis.mro.importing import Importing
from consolidator.analysis.mro.nodes import (
    LOCALS,
    arguments_of,
    rebound_inside,
    scope_node,
    table_says,
)
from consolidator.analysis.mro.stars import Stars
from consolidator.analysis.mro.tampering import Tampering
from consolidator.analysis.mro.values import (
    ClassRef,
    ClassValue,
    Either,
    FunctionValue,
    ModuleValue,
    Place,
    Unknown,
    Value,
    either,
    truth,
)
from consolidator.analysis.mro.world import World
from consolidator.tree.facts import GLOBAL, ClassFact, FunctionFact, ImportFact
from consolidator.tree.names import Bound, for_type_checkers

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

_NOT_DECIDABLE = frozenset({"for", "while", "case"})


@dataclass(frozen=True, slots=True)
class _Open:
    """A name that is bound on some ways through a scope and unbound on others."""

    options: tuple[Value, ...]
    why: str


class Scopes:
    """Names of one world. Answers are remembered; a circle of names ends in a reason."""

    def __init__(self, world: World, evaluator: Evaluator, *, from_outside: bool) -> None:
        self._world = world
        self._evaluator = evaluator
        self._known: dict[tuple[Place, str], Value | _Open | None] = {}
        self._running: set[tuple[Place, str]] = set()
        self._importing = Importing(world)
        self._stars = Stars(world, self)
        self._tampering = Tampering(evaluator, from_outside=from_outside)

    # from the inside out

    def name(self, name: str, place: Place) -> Value:
        """What a bare name means at a place: enclosing scopes, the module, builtins."""
        options: list[Value] = []
        why = ""
        for scope in _visible(place):
            found = self._bound(scope, name)
            if isinstance(found, _Open):
                options += found.options
                why = why or found.why
            elif found is not None:
                return either([*options, found], why)
        builtin = self._world.standard_name("builtins", name)
        if builtin is not None:
            builtin = self._replaced(builtin, ModuleValue("builtins"), name)
            return either([*options, builtin], why)
        if options:
            return either(options, why)
        return self._not_found(name, place)

    def _not_found(self, name: str, place: Place) -> Value:
        if name in ("__name__", "__file__", "__doc__"):
            return Unknown(f"{name} is set when the module runs")
        later = self.in_scope(Place(place.space, place.path), name)
        if later is not None:
            return Either((later,), f"{name!r} is bound only after it is used here")
        if unread := self._stars.unread(place.space, place.path):
            return Unknown(f"{name!r} may come from `from {unread} import *`")
        return Unknown(f"{name!r} is not defined", missing=True)

    def in_scope(self, place: Place, name: str) -> Value | None:
        """What one scope binds a name to at the place's line; None where it does not.

        Where a way through the scope leaves the name unbound, asking for it there would fail: what
        the other ways bind is the answer.
        """
        found = self._bound(place, name)
        return either(list(found.options), found.why) if isinstance(found, _Open) else found

    def _bound(self, place: Place, name: str) -> Value | _Open | None:
        key = (place, name)
        if key in self._known:
            return self._known[key]
        if key in self._running:
            return Unknown(f"{name!r} is defined in a circle")
        self._running.add(key)
        try:
            found = self._find(place, name)
            if found is not None and not place.scope:
                found = self._in_doubt(found, self._unseen(place, name))
        finally:
            self._running.discard(key)
        self._known[key] = found
        return found

    def surely_binds(self, place: Place, name: str) -> bool:
        """Whether every way through the scope binds a name."""
        found = self._bound(place, name)
        return found is not None and not isinstance(found, _Open)

    def _unseen(self, place: Place, name: str) -> str:
        """Why a module-level name may have another value than its statements give it."""
        for fact in place.space.resolver.bindings(place.path, name):
            if fact.guards[:1] == (GLOBAL,):
                return f"{name!r} is set by a function (line {fact.line})"
        return self._tampering.inside(place, name) or self._tampering.by_itself(place, name)

    def _in_doubt(self, found: Value | _Open, why: str) -> Value | _Open:
        if not why:
            return found
        options = found.options if isinstance(found, _Open) else (found,)
        return either([*options, Unknown(why)], why)

    # one scope

    def _find(self, place: Place, name: str) -> Value | _Open | None:
        if LOCALS in place.scope and place.scope.endswith(LOCALS):
            return self._by_flow(place, name)
        before = [
            fact
            for fact in place.space.resolver.bindings(place.path, name, place.scope)
            if place.line is None or fact.line < place.line
        ]
        found = None if place.scope else self._stars.last(place, name)
        if found is not None and all(fact.line < found[0].line for fact in before):
            star, sure = found
            if star.guards or not sure:
                return self._by_flow(place, name)
            return self._imported(place, star.level, star.module, name)
        if not before:
            return None
        last = before[-1]
        if last.guards or _deleted(last) or _is_augmented(last) or self._again(place, name):
            return self._by_flow(place, name)
        return self._value(place, last)

    def _again(self, place: Place, name: str) -> bool:
        """Whether a loop may bring the place after a later binding."""
        if place.line is None:
            return False
        return any(
            fact.line >= place.line and not {"for", "while"}.isdisjoint(fact.guards)
            for fact in place.space.resolver.bindings(place.path, name, place.scope)
        )

    def _value(self, place: Place, fact: Bound) -> Value:
        here = Place(place.space, place.path, fact.scope, fact.line)
        if isinstance(fact, ImportFact):
            return self._import(here, fact.level, fact.module, fact.name, fact.asname)
        if isinstance(fact, ClassFact):
            return self.class_value(here, fact)
        if isinstance(fact, FunctionFact):
            return self._function(here, fact)
        if not fact.value:
            return Unknown(f"{fact.name!r} is set in a way that can't be read")
        return self._evaluator.text(fact.value, here)

    def class_value(self, place: Place, fact: ClassFact) -> Value:
        """The class of a class statement, or what its decorators put in its place."""
        value: Value = ClassValue(self.class_ref(place, fact))
        for decorator in reversed(fact.decorators):
            value = self._evaluator.decorators.apply(value, decorator, place)
        return value

    def class_ref(self, place: Place, fact: ClassFact) -> ClassRef:
        module = place.space.tree.module(place.path)
        return ClassRef(
            f"{module}.{fact.qualname}" if module else fact.qualname,
            place.space.provenance,
            place.space,
            place.path,
            fact.qualname,
            fact.line,
        )

    def _function(self, place: Place, fact: FunctionFact) -> Value:
        module = place.space.tree.module(place.path)
        return FunctionValue(f"{module}.{fact.qualname}", place, fact)

    # through branches

    def _by_flow(self, place: Place, name: str) -> Value | _Open | None:
        syntax = place.space.tree.syntax(place.path)
        if not isinstance(syntax, ast.Module):
            return Unknown(f"{place.path} can't be parsed")
        scope = scope_node(syntax, place.scope, place.line)
        if scope is None:
            return None
        start = Reaching((None,))
        if not isinstance(scope, ast.Module | ast.ClassDef):
            for argument in arguments_of(scope.args):
                if argument.arg == name:
                    start = Reaching((Bind(argument),))
        try:
            found = reaching(scope.body, name, place.line, self._judge(place), start)
        except RecursionError:
            return Unknown(f"{place.path} is nested too deeply to be followed")
        values = [self._of_bind(place, name, bind) for bind in found.binds if bind is not None]
        if values and place.scope.endswith(LOCALS) and rebound_inside(scope, name):
            values.append(Unknown(f"{name!r} is set by a function inside (`nonlocal`)"))
        if not values:
            return None
        if None in found.binds:
            return _Open(tuple(values), found.why)
        return either(values, found.why)

    def _of_bind(self, place: Place, name: str, bind: Bind) -> Value:
        node = bind.node
        line = getattr(node, "lineno", 1)
        here = Place(place.space, place.path, place.scope, line)
        if bind.value is not None:
            return self._evaluator.expression(bind.value, here)
        match node:
            case ast.arg():
                return Unknown(f"{name!r} is a parameter")
            case ast.ImportFrom() if bind.alias is not None:
                imported = name if bind.alias.name == "*" else bind.alias.name
                return self._imported(here, node.level, node.module or "", imported)
            case ast.Import() if bind.alias is not None:
                return self._import(here, 0, bind.alias.name, "", bind.alias.asname or "")
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._definition(here, node.name, line)
        return Unknown(f"{name!r} is set in a way that can't be read (line {line})")

    def _definition(self, place: Place, name: str, line: int) -> Value:
        for fact in place.space.resolver.bindings(place.path, name, place.scope):
            if fact.line == line and isinstance(fact, ClassFact | FunctionFact):
                return self._value(place, fact)
        return Unknown(f"the definition of {name!r} in line {line} can't be found")

    def _judge(self, place: Place) -> Judge:
        def here(node: ast.AST) -> Place:
            return Place(place.space, place.path, place.scope, getattr(node, "lineno", None))

        def test(node: ast.expr) -> bool | None:
            return truth(self._evaluator.expression(node, here(node)))

        def star(node: ast.ImportFrom, name: str) -> bool | None:
            module = self.imported_module(here(node), node.level, node.module or "")
            return isinstance(module, ModuleValue) and self._stars.exports(module, name)

        def imports(node: ast.Import | ast.ImportFrom) -> Outcome:
            return self._outcome(node, here(node))

        return Judge(test, imports, star, walrus=b":=" in place.space.tree.read(place.path))

    def _outcome(self, node: ast.Import | ast.ImportFrom, place: Place) -> Outcome:
        """Whether an import statement succeeds."""
        needs = self._importing.statement(node, place)
        works = False if needs.missing else self._importable(node, place)
        if not needs.packages:
            return Outcome(works)
        first = min(needs.packages & needs.missing or needs.packages)
        return Outcome(works, f"it hangs on whether {first!r} is installed")

    def _importable(self, node: ast.Import | ast.ImportFrom, place: Place) -> bool | None:
        """Whether the names of an import statement are there; None where reading can't tell."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                value = self._world.module(alias.name, place)
            elif alias.name == "*":
                value = self.imported_module(place, node.level, node.module or "")
            else:
                value = self._imported(place, node.level, node.module or "", alias.name)
            if isinstance(value, Unknown):
                return False if value.missing else None
        return True

    # imports

    def imported_module(self, place: Place, level: int, module: str) -> Value:
        """The module that an import names."""
        absolute = place.space.tree.absolute(place.path, level, module)
        if absolute is None:
            return Unknown("a relative import climbs out of its package", missing=True)
        return self._world.module(absolute, place)

    def _import(self, place: Place, level: int, module: str, name: str, asname: str) -> Value:
        if name:
            return self._imported(place, level, module, name)
        return self._world.module(module if asname else module.partition(".")[0], place)

    def _imported(self, place: Place, level: int, module: str, name: str) -> Value:
        owner = self.imported_module(place, level, module)
        if not isinstance(owner, ModuleValue):
            return owner
        if (owner.space, owner.path) == (place.space, place.path) and not place.scope:
            # A module that imports from itself has what it bound so far.
            found = self.in_scope(Place(place.space, place.path, "", place.line), name)
            if found is not None:
                return found
        return self.module_attribute(owner, name)

    def module_attribute(self, module: ModuleValue, name: str) -> Value:
        """What a module's name holds once the module has run."""
        if module.space is None:
            found = self._world.standard_name(module.dotted, name)
            if found is not None:
                return self._replaced(found, module, name)
            return Unknown(f"{module.dotted} has no name {name!r} here", missing=True)
        if module.path:
            at = Place(module.space, module.path)
            special = self._known_by_name(at, name)
            if special is not None:
                return special
            # `from . import name` in a package's own `__init__` asks for what is being bound: then
            # it is the submodule.
            if (at, name) not in self._running and (bound := self.in_scope(at, name)) is not None:
                return self._replaced(bound, module, name)
        return self._submodule(module, name)

    def _replaced(self, found: Value, module: ModuleValue, name: str) -> Value:
        why = self._tampering.outside(module, name)
        return either([found, Unknown(why)], why) if why else found

    def replaced_in_class(self, found: Value, ref: ClassRef, name: str) -> Value:
        """An attribute of a class, in doubt where a statement outside its body sets it."""
        why = self._tampering.of_class(ref, name)
        return either([found, Unknown(why)], why) if why else found

    def _known_by_name(self, place: Place, name: str) -> Value | None:
        if place.path == "typing_extensions.py" and name in ("NamedTuple", "TypedDict"):
            return self._world.standard_name("typing_extensions", name)
        return None

    def _submodule(self, module: ModuleValue, name: str) -> Value:
        assert module.space is not None
        tree = module.space.tree
        dotted = f"{module.dotted}.{name}" if module.dotted else name
        if not module.path or tree.is_package(module.path):
            if path := tree.find(dotted):
                return ModuleValue(dotted, module.space, path)
            found = self._world.module(dotted, Place(module.space, module.path))
            if not (isinstance(found, Unknown) and found.missing):
                return found
        facts = tree.facts(module.path) if module.path else None
        if module.path and facts is None:
            return Unknown(f"{module.path} can't be parsed")
        if (Place(module.space, module.path), name) in self._running:
            return Unknown(f"{name!r} is defined in a circle")
        if facts is not None:
            for served, target in facts.lazy_names:
                if served == name:
                    return self._served(target, Place(module.space, module.path))
            if facts.has_getattr and (lazy := self._lazily(module, name)) is not None:
                return lazy
            if facts.has_getattr:
                return Unknown(f"{module.dotted} serves names through __getattr__")
            if unread := self._stars.unread(module.space, module.path):
                return Unknown(f"{name!r} may come from `from {unread} import *`")
        if module.path and (why := self._tampering.inside(Place(module.space, module.path), name)):
            return Unknown(why)
        # A stub need not tell every name that the module has, and a module may put another object
        # in its own place.
        missing = module.space.provenance != "stub" and not self._tampering.replaced(module)
        return Unknown(f"{module.dotted} has no name {name!r}", missing)

    def _served(self, target: str, place: Place) -> Value:
        """What a module's `__getattr__` imports for a name."""
        dotted = target.lstrip(".")
        level = len(target) - len(dotted)
        module, _, name = dotted.rpartition(".")
        if not module and not level:
            return self._world.module(dotted, place)
        return self._imported(place, level, module, name)

    def _lazily(self, module: ModuleValue, name: str) -> Value | None:
        """A name that type checkers import and the module's `__getattr__` serves at run time.

        Certain where a literal table in the module names the same source for it.
        """
        assert module.space is not None
        place = Place(module.space, module.path)
        bound = module.space.resolver.bindings(module.path, name)
        for fact in (*bound, *self._stars.of(module.space, module.path)):
            if isinstance(fact, ImportFact) and for_type_checkers(fact) and fact.name:
                imported = name if fact.name == "*" else fact.name
                value = self._imported(place, fact.level, fact.module, imported)
                if isinstance(value, Unknown):
                    continue
                source = "." * fact.level + fact.module
                syntax = module.space.tree.syntax(module.path)
                if isinstance(syntax, ast.Module) and table_says(syntax, name, source):
                    return value
                why = (
                    f"{module.dotted} serves {name!r} through __getattr__, perhaps as for checkers"
                )
                return Either((value, Unknown(why)), why)
        return None


def _visible(place: Place) -> Iterator[Place]:
    """The scopes whose names are seen from a place, innermost first.

    A class body is seen only from directly inside it. Code of the scopes outside a function has run
    to its end when the function is called.
    """
    scope, line, innermost = place.scope, place.line, True
    while scope:
        is_function = scope.endswith(LOCALS)
        if is_function or innermost:
            yield Place(place.space, place.path, scope, line)
        if is_function:
            line = None
        innermost = False
        scope = scope.removesuffix(LOCALS).rpartition(".")[0]
    yield Place(place.space, place.path, "", line)


def _deleted(fact: Bound) -> bool:
    return getattr(fact, "form", "") in ("del", "annotation")


def _is_augmented(fact: Bound) -> bool:
    form = getattr(fact, "form", "")
    return form == "augmented" or (form == "other" and not getattr(fact, "value", ""))
