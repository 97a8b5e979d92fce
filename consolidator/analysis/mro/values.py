"""What an expression can stand for when a class statement runs, as far as reading can tell."""

from __future__ import annotations

import ast
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

from consolidator.tree.facts import FunctionFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver

Provenance = Literal["project", "source", "builtin", "stub"]


@dataclass(frozen=True, eq=False)
class Space:
    """One tree of source and where it stands in the order of trust."""

    tree: Tree
    resolver: Resolver
    provenance: Provenance

    def is_compiled(self, path: str) -> bool:
        """Whether a module lies there as machine code (`name.cpython-311-x86_64-linux-gnu.so`)."""
        stem = f"{path.removesuffix('.py')}."
        paths = self.tree.all_paths
        index = bisect_left(paths, stem)
        while index < len(paths) and paths[index].startswith(stem):
            if paths[index].endswith((".so", ".pyd")):
                return True
            index += 1
        return False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands. `line` cuts off what runs later; None is the end of the scope."""

    space: Space
    path: str
    scope: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ClassRef:
    """The identity of one class: a class statement, an entry of the table, or the result of a call."""

    dotted: str
    provenance: Provenance
    space: Space | None = field(default=None, repr=False)
    path: str = ""
    qualname: str = ""
    line: int = 0
    number: int = -1
    """Its number in the standard library's table; -1 for a class known from source."""
    made_from: tuple[ClassRef, ...] | None = None
    """The bases of a class that a call makes (`namedtuple(…)`, `type(…)`)."""
    typed_dict: bool = False
    """Made by `TypedDict(…)`: its subclasses inherit from dict alone."""


@dataclass(frozen=True, slots=True)
class ClassValue:
    ref: ClassRef


@dataclass(frozen=True, slots=True)
class AliasValue:
    """`C[…]`, or a `typing` alias of a class; `named` are the latter, which add `Generic`.

    `plain` are `types.GenericAlias` (`list[int]`), which are no `typing` aliases.
    """

    origin: ClassRef
    kind: Literal["generic", "named", "plain"]


@dataclass(frozen=True, slots=True)
class SpecialValue:
    """`typing.NamedTuple` or `typing.TypedDict`, which put other classes in their own place."""

    name: Literal["NamedTuple", "TypedDict"]


@dataclass(frozen=True, slots=True)
class AnnotatedForm:
    """`typing.Annotated`, a class until CPython 3.12 and none since: subscripted, it stands for its first item."""


@dataclass(frozen=True, slots=True)
class WithMetaclass:
    """`six.with_metaclass(Meta, *bases)`: a class that vanishes when it is inherited from."""

    metaclass: Value
    bases: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ModuleValue:
    dotted: str
    space: Space | None = None
    """None for a module of the standard library's table."""
    path: str = ""
    """Empty for a folder without `__init__.py`."""


@dataclass(frozen=True, slots=True)
class FunctionValue:
    dotted: str
    place: Place | None = None
    """Where its definition stands; None where there is no source of it."""
    fact: FunctionFact | None = None


@dataclass(frozen=True, slots=True)
class ConstantValue:
    """A number, string, None, or tuple of constants: never a class."""

    value: object


@dataclass(frozen=True, slots=True)
class SequenceValue:
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class InstanceValue:
    """An object of a class, as a call of the class makes it."""

    of: ClassRef
    call: ast.Call | None = field(default=None, compare=False, repr=False)
    """The call, and where it stands; two objects of one class mean the same here."""
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that reading can tell, and why. `missing` where the name certainly does not exist."""

    why: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values, the likeliest first, and why it can't be decided."""

    options: tuple[Value, ...]
    why: str


Value = (
    ClassValue
    | AliasValue
    | SpecialValue
    | AnnotatedForm
    | WithMetaclass
    | ModuleValue
    | FunctionValue
    | ConstantValue
    | SequenceValue
    | InstanceValue
    | Unknown
    | Either
)


def either(options: list[Value], why: str) -> Value:
    """The one value where all options agree, else an undecided one."""
    flat: list[Value] = []
    for option in options:
        if isinstance(option, Either):
            flat += option.options
            why = why or option.why
        else:
            flat.append(option)
    distinct = list(dict.fromkeys(flat))
    if not distinct:
        return Unknown(why)
    return distinct[0] if len(distinct) == 1 else Either(tuple(distinct), why)


def truth(value: Value) -> bool | None:
    """The truth of a value in a condition; None where it can't be told."""
    match value:
        case ConstantValue(constant):
            return bool(constant)
        case SequenceValue(items):
            return bool(items)
        case ClassValue() | ModuleValue() | FunctionValue() | AliasValue():
            return True
        case _:
            return None
