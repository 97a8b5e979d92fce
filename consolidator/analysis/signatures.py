"""Signatures: what a call binds to which parameter, and how two of them correspond."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consolidator.tree.facts import FunctionFact, Parameter

_POSITIONAL = ("positional-only", "positional")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as the caller sees it: without `self` or `cls`."""

    name: str
    parameters: tuple[Parameter, ...]
    is_async: bool = False
    returns: str = ""
    entered: bool = False
    """Whether the call gives a context manager, whose body may be async without being awaited."""

    @property
    def awaited(self) -> bool:
        """Whether a caller awaits what the call gives."""
        kind = re.split(r"[\[(]", self.returns.strip("\"' "))[0].rpartition(".")[2]
        if self.entered or kind in ("AsyncIterator", "AsyncIterable", "AsyncGenerator"):
            return False
        return self.is_async or kind in ("Awaitable", "Coroutine", "Future", "Task")

    @property
    def positional(self) -> list[Parameter]:
        return [p for p in self.parameters if p.kind in _POSITIONAL]

    def named(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    def takes(self, name: str) -> bool:
        """Whether an argument may be passed under this keyword."""
        return any(
            (p.name == name and p.kind in ("positional", "keyword")) or p.kind == "kwarg"
            for p in self.parameters
        )

    def __str__(self) -> str:
        return f"{'async ' if self.is_async else ''}{self.name}({', '.join(self._shown())})"

    def _shown(self) -> list[str]:
        shown: list[str] = []
        starred = False
        for index, parameter in enumerate(self.parameters):
            default = "" if parameter.default is None else f"={parameter.default}"
            mark = {"vararg": "*", "kwarg": "**"}.get(parameter.kind, "")
            if parameter.kind == "keyword" and not starred:
                shown.append("*")
            starred = starred or parameter.kind in ("vararg", "keyword")
            shown.append(f"{mark}{parameter.name}{default}")
            following = self.parameters[index + 1 : index + 2]
            if parameter.kind == "positional-only" and all(
                p.kind != "positional-only" for p in following
            ):
                shown.append("/")
        return shown


def signature_of(fact: FunctionFact, name: str = "", *, bound: bool) -> Signature:
    """The signature of a function; `bound` leaves out the first parameter, as for a method."""
    parameters = fact.parameters
    if bound and parameters and parameters[0].kind in _POSITIONAL:
        parameters = parameters[1:]
    entered = any(text.endswith("contextmanager") for text in fact.decorators)
    return Signature(name or fact.name, parameters, fact.is_async, fact.returns, entered)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The shape of a call: arguments counted in source order, positional and keyword ones together."""

    keywords: tuple[str, ...]
    """One entry an argument: its keyword, or empty for a positional one."""
    starred: bool = False
    """Whether there is `*x` or `**x` among them: then nothing can be said about the rest."""

    @classmethod
    def of(cls, call: ast.Call) -> Arguments:
        return cls(
            tuple(keyword for _, keyword in in_source_order(call)),
            any(isinstance(argument, ast.Starred) for argument in call.args)
            or any(keyword.arg is None for keyword in call.keywords),
        )


def in_source_order(call: ast.Call) -> list[tuple[ast.expr, str]]:
    """The arguments with their keywords; `*rest` may legally follow a keyword."""
    found = [(argument, "") for argument in call.args]
    found += [(keyword.value, keyword.arg or "") for keyword in call.keywords]
    return sorted(found, key=lambda pair: (pair[0].lineno, pair[0].col_offset))


@dataclass(frozen=True, slots=True)
class Binding:
    """Which argument (by index) each parameter gets, or why the call doesn't fit."""

    arguments: Mapping[str, int] = field(default_factory=dict)
    extra: tuple[int, ...] = ()
    """Arguments that `*args` or `**kwargs` take."""
    problem: str = ""


def bind(signature: Signature, arguments: Arguments) -> Binding:
    """Bind as CPython would. A starred call is a problem: what it passes is not known."""
    if arguments.starred:
        return Binding(problem="it passes * or ** arguments")
    bound: dict[str, int] = {}
    extra: list[int] = []
    slots = iter(signature.positional)
    takes_more = any(p.kind == "vararg" for p in signature.parameters)
    takes_keywords = any(p.kind == "kwarg" for p in signature.parameters)
    for index, keyword in enumerate(arguments.keywords):
        if not keyword:
            slot = next(slots, None)
            if slot is not None:
                bound[slot.name] = index
            elif takes_more:
                extra.append(index)
            else:
                count = len(signature.positional)
                return Binding(problem=f"it takes {count} positional arguments")
            continue
        parameter = signature.named(keyword)
        if parameter is not None and parameter.kind in ("positional", "keyword"):
            if keyword in bound:
                return Binding(problem=f"{keyword!r} is passed twice")
            bound[keyword] = index
        elif takes_keywords:
            extra.append(index)
        else:
            return Binding(problem=f"it has no parameter {keyword!r}")
    missing = [
        p.name
        for p in signature.parameters
        if p.kind in (*_POSITIONAL, "keyword") and p.default is None and p.name not in bound
    ]
    if missing:
        return Binding(problem=f"{', '.join(map(repr, missing))} is not passed")
    return Binding(bound, tuple(extra))


def corresponding(old: Signature, new: Signature, used: Sequence[str]) -> dict[str, str] | str:
    """The new parameter of each used old one, or why that can't be told.

    Names decide. Names left over are taken for renamings only at the same place, and only where they
    differ in a word that says little, or where both must be passed and their types, alike on both
    sides, tell them apart from one another: two strings under new names could have changed places.
    """
    pairs = {name: name for name in used if new.takes(name) or _only_positional(new, name)}
    left = [p for p in old.parameters if p.name in used and p.name not in pairs]
    taken = set(pairs.values())
    kinds = [type_kind(parameter.annotation) for parameter in left]
    for before, kind in zip(left, kinds, strict=True):
        after = _at_same_place(old, new, before)
        if after is None or after.name in taken:
            return f"no parameter of the new one is known to be {before.name!r}"
        alone = kinds.count(kind) == 1
        if not _alike(before, after, alone=alone):
            return f"{before.name!r} and {after.name!r} may differ in meaning"
        pairs[before.name] = after.name
    return pairs


def _at_same_place(old: Signature, new: Signature, parameter: Parameter) -> Parameter | None:
    place = old.parameters.index(parameter)
    found = new.parameters[place : place + 1]
    if not found or found[0].kind not in (*_POSITIONAL, "keyword"):
        return None
    return found[0] if old.named(found[0].name) is None else None


def same_order(new: Signature, pairs: Mapping[str, str], positional: Sequence[str]) -> bool:
    """Whether arguments passed by position reach the parameters that correspond."""
    places = [p.name for p in new.positional]
    return all(
        index < len(places) and places[index] == pairs.get(name)
        for index, name in enumerate(positional)
    )


def _only_positional(signature: Signature, name: str) -> bool:
    parameter = signature.named(name)
    return parameter is not None and parameter.kind == "positional-only"


_SAYING_LITTLE = {"id", "object", "obj", "dict", "instance"}
"""Words that a parameter's name can gain or lose and mean the same; `_ms` or `_name` are none."""


def _alike(old: Parameter, new: Parameter, *, alone: bool) -> bool:
    """Whether one may be the other renamed. What a caller can leave out is a setting: two settings at
    the same place, of the same type, still set different things."""
    kind, new_kind = type_kind(old.annotation), type_kind(new.annotation)
    if kind and new_kind and kind != new_kind:
        return False
    words, new_words = set(old.name.split("_")), set(new.name.split("_"))
    if (words & new_words) - {"", "id"} and words ^ new_words <= _SAYING_LITTLE:
        return True
    is_required = old.default is None and new.default is None
    is_same = kind == new_kind and (kind != "object" or old.annotation == new.annotation)
    return alone and is_required and kind != "" and is_same


_SCALARS = {"str", "int", "float", "bool", "bytes"}
_MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping"}
_SEQUENCES = {"list", "List", "tuple", "Tuple", "set", "Set", "Sequence", "Iterable", "Collection"}


def type_kind(annotation: str) -> str:
    """The sort of type: a scalar's own name, `mapping`, `sequence` or `object`; empty if unclear.

    None as an alternative is left out; other unions are unclear.
    """
    text = re.sub(r"[\s\"']|typing\.|t\.", "", annotation)
    if wrapped := re.fullmatch(r"Optional\[(.*)\]", text):
        text = wrapped.group(1)
    text = re.sub(r"\|None$|^None\|", "", text)
    if not text or "|" in re.sub(r"\[.*\]", "", text) or text.startswith("Union["):
        return ""
    name = text.partition("[")[0].rpartition(".")[2]
    if name in _SCALARS:
        return name
    if name in _MAPPINGS:
        return "mapping"
    if name in _SEQUENCES:
        return "sequence"
    return "object" if name[:1].isupper() and name not in ("Any", "Self", "T") else ""
