"""What a name can stand for in a function that is run on paper."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from consolidator.analysis.mro.values import ClassRef, ConstantValue, Place, Value

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


CLASS = Mark("the decorated class, or a copy of it with the same bases")
ANYTHING = Mark("anything")
HANDS_ON = Mark("what gives back the class that it is called with")
METACLASS = Mark("the metaclass of the decorated class")
BASES = Mark("the bases of the decorated class")
SPREAD = Mark("arguments whose number can't be told")


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    node: Function
    place: Place
    scopes: tuple[dict[str, Item], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    function: Item
    given: tuple[Item, ...]
    keywords: Mapping[str, Item]


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    ref: ClassRef
    attributes: dict[str, Item] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Several:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Outside:
    """What a name outside the functions means."""

    value: Value


Item = Mark | Closure | Partial | Object | Several | Outside
NONE = Outside(ConstantValue(None))


Scopes = tuple[dict[str, Item], ...]
"""Names of a function and of those around it, innermost first."""
