"""Every class of a tree by its outside: name, methods, bases and what sort of thing it is. Facts only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from consolidator.analysis.duplicates.words import DOUBLE_WORDS, concept, words
from consolidator.tree.facts import BindingFact, ClassFact, FunctionFact, ModuleFacts
from consolidator.tree.index import Tree

Sort = Literal["behaviour", "data", "enum", "exception"]

_ENUMS = re.compile(r"(^|\.)\w*(Enum|Flag)$")
_EXCEPTIONS = re.compile(r"(^|\.)\w*(Error|Exception|Warning|ExceptionGroup)$")
_DATA_BASES = frozenset(
    [
        "BaseModel",
        "BaseSettings",
        "Base",
        "DeclarativeBase",
        "Document",
        "Form",
        "Model",
        "ModelForm",
        "ModelSerializer",
        "NamedTuple",
        "RootModel",
        "Schema",
        "Serializer",
        "SQLModel",
        "Struct",
        "TypedDict",
    ]
)
_DATA_DECORATORS = re.compile(r"(^|\.)(dataclass|dataclasses|attrs|define|frozen|mutable|s)(\(|$)")
_PROPERTIES = re.compile(
    r"(^|\.)(property|cached_property|\w+\.setter|validator|field_validator)\b"
)
_TEST_FOLDER = re.compile(r"^(tests?|testing|e2e|fixtures|mocks?|test_.*|.*_tests?)$")
_TEST_FILE = re.compile(r"^(test_.*|.*_tests?|tests?|conftest)\.py$")
_INNER = frozenset({"Args", "Arguments", "Config", "Media", "Meta", "Params"})
"""Inner classes by which frameworks are configured: one name, nothing in common."""


_LONG = 6
"""Lines of a method whose outline is worth remembering."""
TELLING_LINES = 8
"""Lines of methods of one outline from which even one may be a copy."""


@dataclass(frozen=True, eq=False)
class Shape:
    """One class as its facts show it, equal to itself only."""

    qualname: str
    path: str
    fact: ClassFact
    methods: Mapping[str, FunctionFact]
    """Own methods by name; of several definitions of one name the last, as at run time."""
    fields: tuple[tuple[str, str, str], ...]
    """Class-level bindings: name, annotation, value."""
    in_tests: bool
    sort: Sort

    @property
    def name(self) -> str:
        return self.fact.name

    @property
    def line(self) -> int:
        return self.fact.line

    @cached_property
    def is_double(self) -> bool:
        """Whether it stands in for another class in tests, by its place or its name."""
        return self.in_tests or bool(DOUBLE_WORDS & {words(self.name)[0], words(self.name)[-1]})

    @cached_property
    def is_inner_configuration(self) -> bool:
        return bool(self.fact.scope) and self.name in _INNER

    @property
    def outer(self) -> str:
        """The name of the class around it; empty for a class in a module or a function."""
        return self.fact.scope.rpartition(".")[2].removesuffix("<locals>")

    @cached_property
    def public(self) -> frozenset[str]:
        return frozenset(name for name in self.methods if not name.startswith("_"))

    @cached_property
    def private(self) -> frozenset[str]:
        """Names of its methods that start with one underscore."""
        return frozenset(n for n in self.methods if n.startswith("_") and not n.startswith("__"))

    @cached_property
    def is_async(self) -> bool:
        return any(method.is_async for method in self.methods.values())

    @cached_property
    def concepts(self) -> frozenset[str]:
        return frozenset(concept(name) for name in self.public)

    @cached_property
    def outlines(self) -> frozenset[tuple[int, int, bool]]:
        """Of its longer methods: lines, parameters, whether asynchronous."""
        return frozenset(
            (lines, len(method.parameters), method.is_async)
            for method in self.methods.values()
            if (lines := lines_of(method)) >= _LONG and acts(method)
        )

    @cached_property
    def base_names(self) -> frozenset[str]:
        """Last parts of the bases, without subscripts."""
        return frozenset(tail(base) for base in self.fact.bases)

    @cached_property
    def lines(self) -> int:
        return self.fact.end_line - self.fact.line + 1


def lines_of(method: FunctionFact) -> int:
    return method.end_line - method.line + 1


def tail(base: str) -> str:
    """`a.b.Base[T]` is `Base`."""
    return base.partition("[")[0].partition("(")[0].rpartition(".")[2].strip()


def in_tests(path: str) -> bool:
    """Whether a file is test code, by the usual names of its folders and its own."""
    *folders, name = path.split("/")
    return bool(_TEST_FILE.match(name)) or any(_TEST_FOLDER.match(folder) for folder in folders)


def shapes_of(tree: Tree) -> list[Shape]:
    """The shapes of all classes of a tree whose facts can be read, in order of path and line."""
    found: list[Shape] = []
    for path in tree.paths:
        facts = tree.facts(path)
        if facts is not None and facts.classes:
            # Of several definitions of one name the last is in force.
            by_name = {shape.qualname: shape for shape in _shapes(path, tree.module(path), facts)}
            found.extend(by_name.values())
    return _inherit_sorts(found)


def _shapes(path: str, module: str, facts: ModuleFacts) -> Iterable[Shape]:
    methods: dict[str, dict[str, FunctionFact]] = defaultdict(dict)
    for function in facts.functions:
        methods[function.scope][function.name] = function
    bindings: dict[str, list[BindingFact]] = defaultdict(list)
    for binding in facts.bindings:
        if binding.scope:
            bindings[binding.scope].append(binding)
    is_test = in_tests(path)
    for fact in facts.classes:
        own = methods.get(fact.qualname, {})
        yield Shape(
            qualname=f"{module}.{fact.qualname}" if module else fact.qualname,
            path=path,
            fact=fact,
            methods=own,
            fields=tuple((b.name, b.annotation, b.value) for b in bindings[fact.qualname]),
            in_tests=is_test,
            sort=_sort(fact, own),
        )


def _sort(fact: ClassFact, methods: Mapping[str, FunctionFact]) -> Sort:
    bases = [base.partition("[")[0] for base in fact.bases]
    if any(_ENUMS.search(base) for base in bases):
        return "enum"
    acting = sum(1 for method in methods.values() if acts(method))
    if acting >= _ACTING:
        return "behaviour"
    if any(_EXCEPTIONS.search(base) for base in bases) or _EXCEPTIONS.search(fact.name):
        return "exception"
    if any(tail(base) in _DATA_BASES for base in bases):
        return "data"
    if any(_DATA_DECORATORS.search(decorator) for decorator in fact.decorators):
        return "data"
    return "behaviour" if acting else "data"


_ACTING = 3
"""A dataclass, model or exception with this many methods of its own is more than its fields."""


def acts(method: FunctionFact) -> bool:
    """Whether a method does something: no dunder, no property, no validator."""
    if method.name.startswith("__") and method.name != "__call__":
        return False
    return not any(_PROPERTIES.search(decorator) for decorator in method.decorators)


def _inherit_sorts(shapes: list[Shape]) -> list[Shape]:
    """A small class under a base that is data everywhere in the tree is data too; one that is put
    together from classes that behave, behaves."""
    sorts: dict[str, set[Sort]] = defaultdict(set)
    for shape in shapes:
        sorts[shape.name].add(shape.sort)
    return [_inherited(shape, sorts) for shape in shapes]


def _inherited(shape: Shape, sorts: Mapping[str, set[Sort]]) -> Shape:
    known = [sorts[name] for base in shape.fact.bases if (name := tail(base)) in sorts]
    if shape.sort == "data" and not shape.fields:
        # Nothing of its own, put together from classes that behave.
        together = len(known) > 1 and all(found == {"behaviour"} for found in known)
        return replace(shape, sort="behaviour") if together else shape
    if shape.sort != "behaviour" or sum(map(acts, shape.methods.values())) >= _ACTING:
        return shape
    for found in known:
        if len(found) == 1 and (sort := next(iter(found))) in ("data", "exception"):
            return replace(shape, sort=sort)
    return shape
