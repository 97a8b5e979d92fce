"""The functions and classes of a program, found by name: the project's own and those it is built on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from consolidator.analysis.emissions.bodies.code import (
    Assignment,
    Call,
    Mention,
    last_name,
)
from consolidator.analysis.emissions.bodies.handed_on import handed_on
from consolidator.analysis.emissions.bodies.read_bodies import FileBodies
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.mro.c3 import lineage
from consolidator.tree.facts import ClassFact, FunctionFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Definition, Resolver

BodiesReader = Callable[[Sequence[str]], Mapping[str, FileBodies]]


class Program:
    """Everything that can run, tests apart. `paths` are the files that count as the program."""

    def __init__(self, tree: Tree, paths: Sequence[str], read_bodies: BodiesReader) -> None:
        self.tree = tree
        self.paths = tuple(paths)
        self.resolver = Resolver(tree)
        tree.prefetch(paths)
        self._files = read_bodies([path for path in paths if tree.facts(path) is not None])
        self._functions: dict[str, dict[str, Function]] = {}
        self._ancestors: dict[Definition, tuple[Definition, ...]] = {}
        self._descendants: dict[Definition, tuple[Definition, ...]] = {}
        self._methods: dict[tuple[Definition, str], Function | None] = {}

    def mentioning(self, name: str) -> Iterator[Function]:
        """Functions in the files where a name occurs in code."""
        for path in self.paths:
            if name in self._names.get(path, ()):
                yield from self.functions(path)

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        return {path: frozenset(file.names) for path, file in self._files.items()}

    def calls_of(self, name: str) -> Sequence[tuple[Function, Call]]:
        """Calls of anything of this name, with the function that each stands in."""
        return self._calls.get(name, ())

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Function, Call]]]:
        found: dict[str, list[tuple[Function, Call]]] = {}
        for path in self.paths:
            for function in self.functions(path):
                for call in function.body.calls:
                    found.setdefault(last_name(call.callee), []).append((function, call))
        return found

    def handed_on(self, name: str) -> Sequence[tuple[Function, Mention]]:
        """Places where something of this name stands as a value."""
        return self._handed_on.get(name, ())

    @cached_property
    def _handed_on(self) -> dict[str, list[tuple[Function, Mention]]]:
        found: dict[str, list[tuple[Function, Mention]]] = {}
        for path in self.paths:
            for function in self.functions(path):
                for mention in function.body.handed_on:
                    if (name := last_name(mention[0])) in self.by_name:
                        found.setdefault(name, []).append((function, mention))
        return found

    @cached_property
    def called_values(self) -> Sequence[str]:
        """Names that are called and that no function, class or import goes by: variables, fields."""
        known = {*self.by_name, *(c.name for p in self.paths for c in self._classes(p).values())}
        known |= {other for others in self.aliases.values() for other in others}
        assigned = {
            assignment.target.rpartition(".")[2]
            for path in self.paths
            for function in self.functions(path)
            for assignment in function.body.assignments
        }
        parameters = {
            parameter.name
            for functions in self.by_name.values()
            for function in functions
            for parameter in (function.fact.parameters if function.fact else ())
        }
        return sorted((assigned | parameters) & set(self._calls) - known)

    @cached_property
    def entered(self) -> Sequence[tuple[Function, Mention]]:
        """What `with` statements enter."""
        return [
            (function, entered)
            for path in self.paths
            for function in self.functions(path)
            for entered in function.body.entered
        ]

    @cached_property
    def aliases(self) -> Mapping[str, Sequence[str]]:
        """Other names that imports and plain assignments give to a name."""
        found: dict[str, set[str]] = {}
        for path in self.paths:
            facts = self.tree.facts(path)
            for fact in facts.imports if facts else ():
                if fact.asname and fact.name and fact.asname != fact.name:
                    found.setdefault(fact.name, set()).add(fact.asname)
            for binding in facts.bindings if facts else ():
                name = binding.value.rpartition(".")[2]
                if binding.form == "name" and name != binding.name:
                    found.setdefault(name, set()).add(binding.name)
        return {name: sorted(others) for name, others in found.items()}

    @cached_property
    def additions(self) -> Mapping[str, Sequence[tuple[Function, Assignment]]]:
        """What calls put into containers, by the last name of the container."""
        found: dict[str, list[tuple[Function, Assignment]]] = {}
        for path in self.paths:
            for function in self.functions(path):
                for addition in function.additions:
                    name = addition.target.rpartition(".")[2]
                    found.setdefault(name, []).append((function, addition))
        return found

    def functions(self, path: str) -> list[Function]:
        return list(self._of_file(path).values())

    def function(self, path: str, qualname: str) -> Function | None:
        return self._of_file(path).get(qualname)

    def _of_file(self, path: str) -> dict[str, Function]:
        if path not in self._functions:
            self._functions[path] = self._build(path)
        return self._functions[path]

    def _build(self, path: str) -> dict[str, Function]:
        facts, file = self.tree.facts(path), self._files.get(path)
        if facts is None or file is None:
            return {}
        classes = {fact.qualname: fact for fact in facts.classes}
        by_place = {(fact.qualname, fact.line): fact for fact in facts.functions}
        found: dict[str, Function] = {}
        for body in file.bodies:
            fact = by_place.get((body.qualname, body.line))
            if fact is None and body.qualname:
                continue  # the file changed between two reads of it
            if fact is not None and _is_accessor(fact) and body.qualname in found:
                continue
            owner = classes.get(fact.scope) if fact else None
            module = self.tree.module(path)
            earlier = found.get(body.qualname)
            if earlier is not None and earlier.fact is not None and earlier.fact.decorators:
                # its decorator has it: `@serialise.register` above five functions named `_`
                found[f"{body.qualname}:{earlier.body.line}"] = earlier
            found[body.qualname] = Function(path, module, body.qualname, body, fact, owner)
        return found

    def nested(self, function: Function) -> Sequence[Function]:
        """Functions defined inside a function, not those inside these."""
        return self._nested.get((function.path, function.qualname), ())

    @cached_property
    def _nested(self) -> dict[tuple[str, str], list[Function]]:
        found: dict[tuple[str, str], list[Function]] = {}
        for path in self.paths:
            for function in self.functions(path):
                outer, within, _ = function.qualname.rpartition(".<locals>.")
                if within:
                    found.setdefault((path, outer), []).append(function)
        return found

    @cached_property
    def decorated(self) -> Mapping[str, Sequence[str]]:
        """Names of functions by the last name of each decorator that they have."""
        found: dict[str, set[str]] = {}
        for name, functions in self.by_name.items():
            for function in functions:
                for decorator in function.fact.decorators if function.fact is not None else ():
                    last = decorator.partition("(")[0].rpartition(".")[2]
                    found.setdefault(last, set()).add(name)
        return {decorator: sorted(names) for decorator, names in found.items()}

    def decorated_by(self, name: str) -> Sequence[Function | Definition]:
        """Functions and classes with a decorator of this last name."""
        return self._decorated_by.get(name, ())

    @cached_property
    def _decorated_by(self) -> dict[str, list[Function | Definition]]:
        found: dict[str, list[Function | Definition]] = {}
        for path in self.paths:
            decorated: list[tuple[Function | Definition, Sequence[str]]] = [
                (function, function.fact.decorators)
                for function in self.functions(path)
                if function.fact is not None
            ]
            module = self.tree.module(path)
            decorated += [
                (Definition("class", module, fact.qualname, path, fact.line), fact.decorators)
                for fact in self._classes(path).values()
            ]
            for thing, decorators in decorated:
                for decorator in decorators:
                    last = decorator.partition("(")[0].rpartition(".")[2]
                    found.setdefault(last, []).append(thing)
        return found

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Function]]:
        """Every function and method by its plain name."""
        found: dict[str, list[Function]] = {}
        for path in self.paths:
            for function in self.functions(path):
                if function.fact is not None:
                    found.setdefault(function.name, []).append(function)
        return found

    # classes

    def class_fact(self, definition: Definition) -> ClassFact | None:
        return self._classes(definition.path).get(definition.qualname) if definition.path else None

    def class_at(self, path: str, qualname: str) -> ClassFact | None:
        return self._classes(path).get(qualname)

    def _classes(self, path: str) -> dict[str, ClassFact]:
        facts = self.tree.facts(path)
        return {fact.qualname: fact for fact in facts.classes} if facts else {}

    def definition_of(self, function: Function) -> Definition | None:
        """The class whose method this is."""
        owner = function.owner
        if owner is None:
            return None
        return Definition("class", function.module, owner.qualname, function.path, owner.line)

    def bases(self, definition: Definition) -> list[Definition]:
        """Direct bases that can be named; parameters of generic bases are cut off."""
        fact = self.class_fact(definition)
        if fact is None:
            return []
        found: list[Definition] = []
        for base in fact.bases:
            name = base.partition("[")[0]
            found += self.resolver.expression(definition.path, name, fact.scope).definitions
        return found

    def ancestors(self, definition: Definition) -> tuple[Definition, ...]:
        """The class and what it inherits from, in Python's order as far as the bases can be named;
        depth first where Python would refuse the class."""
        if definition not in self._ancestors:
            self._ancestors[definition] = (definition,)  # what a circle comes back to
            bases = self.bases(definition)
            above = [self.ancestors(base) for base in bases]
            self._ancestors[definition] = lineage(definition, bases, above)
        return self._ancestors[definition]

    def after(self, definition: Definition) -> list[Definition]:
        """The classes that `super()` in a class can begin with: what follows it in the order of each
        class that it is part of. Of these, bases that nothing makes do not count."""
        found: dict[Definition, None] = {}
        for cls in (definition, *self.descendants(definition)):
            order = self.ancestors(cls)
            if definition in order and (cls not in self._subclasses or self._is_made(cls)):
                at = order.index(definition)
                found.update(dict.fromkeys(order[at + 1 : at + 2]))
        return list(found)

    def _is_made(self, cls: Definition) -> bool:
        name = cls.qualname.rpartition(".")[2]
        names = (name, *self.aliases.get(name, ()))
        return any(name in self._calls or name in self._values for name in names)

    @cached_property
    def _values(self) -> frozenset[str]:
        """Last names of all that is passed, kept or returned somewhere; a base class is none of that."""
        return frozenset(
            last_name(expression)
            for path in self.paths
            for function in self.functions(path)
            for expression, _, _ in handed_on(
                function.body.calls, function.body.assignments, function.body.returns, ()
            )
        )

    @cached_property
    def _subclasses(self) -> dict[Definition, list[Definition]]:
        children: dict[Definition, list[Definition]] = {}
        for path in self.paths:
            for fact in self._classes(path).values():
                if fact.bases:
                    module = self.tree.module(path)
                    child = Definition("class", module, fact.qualname, path, fact.line)
                    for base in self.bases(child):
                        children.setdefault(base, []).append(child)
        return children

    def descendants(self, definition: Definition) -> tuple[Definition, ...]:
        if definition not in self._descendants:
            self._descendants[definition] = self._find_descendants(definition)
        return self._descendants[definition]

    def _find_descendants(self, definition: Definition) -> tuple[Definition, ...]:
        found: dict[Definition, None] = {}
        stack = list(self._subclasses.get(definition, ()))
        while stack:
            child = stack.pop()
            if child not in found:
                found[child] = None
                stack += self._subclasses.get(child, ())
        return tuple(found)

    def method(self, definition: Definition, name: str) -> Function | None:
        """The method that an instance of exactly this class has."""
        key = (definition, name)
        if key not in self._methods:
            self._methods[key] = self._find_method(definition, name)
        return self._methods[key]

    def _find_method(self, definition: Definition, name: str) -> Function | None:
        for ancestor in self.ancestors(definition):
            found = (
                self.function(ancestor.path, f"{ancestor.qualname}.{name}")
                if ancestor.path
                else None
            )
            if found is not None:
                return found
        return None

    def fields(self, cls: Definition, name: str) -> Iterator[tuple[Function, Assignment]]:
        """Assignments to `self.name` in the methods of exactly this class."""
        yield from self._fields.get((cls.path, cls.qualname, name), ())

    @cached_property
    def _fields(self) -> dict[tuple[str, str, str], list[tuple[Function, Assignment]]]:
        found: dict[tuple[str, str, str], list[tuple[Function, Assignment]]] = {}
        for path in self.paths:
            for function in self.functions(path):
                owner, receiver = function.owner, f"{function.receiver}."
                for assignment in function.body.assignments if owner else ():
                    if owner and len(receiver) > 1 and assignment.target.startswith(receiver):
                        name = assignment.target.removeprefix(receiver)
                        found.setdefault((path, owner.qualname, name), []).append(
                            (function, assignment)
                        )
                if not function.qualname:
                    self._class_level(path, function, found)
        return found

    def _class_level(
        self,
        path: str,
        module: Function,
        found: dict[tuple[str, str, str], list[tuple[Function, Assignment]]],
    ) -> None:
        for assignment in module.body.assignments:
            owner, dot, name = assignment.target.rpartition(".")
            if dot and owner in self._classes(path):
                found.setdefault((path, owner, name), []).append((module, assignment))

    @cached_property
    def assigned(self) -> Mapping[str, Sequence[tuple[Function, Assignment]]]:
        """Every assignment to an attribute, by the attribute's name, whoever owns it."""
        found: dict[str, list[tuple[Function, Assignment]]] = {}
        for path in self.paths:
            for function in self.functions(path):
                for assignment in function.body.assignments:
                    _, dot, name = assignment.target.rpartition(".")
                    if dot:
                        found.setdefault(name, []).append((function, assignment))
        return found

    def methods(self, definition: Definition) -> list[Function]:
        """The methods defined in exactly this class."""
        return [
            function
            for function in self.functions(definition.path)
            if function.owner is not None and function.owner.qualname == definition.qualname
        ]

    def record_fields(self, definition: Definition) -> tuple[str, ...] | None:
        """The fields that a dataclass, struct, model or the like takes, in order; None for any other
        class."""
        ancestors = self.ancestors(definition)
        facts = [fact for a in ancestors if (fact := self.class_fact(a)) is not None]
        is_record = any(a.dotted.rpartition(".")[2] in _RECORDS for a in ancestors) or any(
            decorator.partition("(")[0].rpartition(".")[2] in _RECORD_DECORATORS
            for fact in facts
            for decorator in fact.decorators
        )
        if not is_record:
            return None
        names: dict[str, None] = {}
        for ancestor in reversed(ancestors):
            module = self.tree.facts(ancestor.path) if ancestor.path else None
            for binding in module.bindings if module else ():
                if binding.scope == ancestor.qualname and binding.annotation:
                    names[binding.name] = None
        return tuple(names)

    def is_closed(self, definition: Definition) -> bool:
        """Whether all its members can be known: no outside bases, no `__getattr__`."""
        return all(
            (a.kind == "class" or a.dotted in _MEMBERLESS) for a in self.ancestors(definition)
        ) and not (
            self.method(definition, "__getattr__") or self.method(definition, "__getattribute__")
        )


_RECORDS = frozenset({"Struct", "BaseModel", "NamedTuple", "TypedDict", "BaseSettings", "SQLModel"})
_RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s"})

_MEMBERLESS = frozenset(
    {"abc.ABC", "object", "typing.Protocol", "typing.Generic", "typing_extensions.Protocol"}
)


def _is_accessor(fact: FunctionFact) -> bool:
    return any(decorator.endswith((".setter", ".deleter")) for decorator in fact.decorators)
