"""One function of a program: what it is, and what its body holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from consolidator.analysis.emissions.bodies.additions import additions
from consolidator.analysis.emissions.bodies.code import Assignment, Body, Mention, Path
from consolidator.analysis.emissions.bodies.handed_on import mentions
from consolidator.analysis.emissions.program.signature import Signature, signature_of
from consolidator.tree.facts import ClassFact, FunctionFact

LIBRARY = "<installed>/"
"""Prefix of the paths of installed sources that are read along with ROOT."""
_TRANSPARENT = frozenset(
    {"staticmethod", "classmethod", "asynccontextmanager", "contextmanager", "override", "final"}
    | {"abstractmethod", "property", "cached_property", "lru_cache", "cache", "overload"}
)
"""Decorators that leave the signature as it is written."""


@dataclass(frozen=True, eq=False)
class Function:
    """One function or method, or the statements of a module (`fact` is None, `qualname` empty)."""

    path: str
    module: str
    qualname: str
    body: Body
    fact: FunctionFact | None
    owner: ClassFact | None
    """The class whose method it is."""

    @cached_property
    def name(self) -> str:
        return self.qualname.rpartition(".")[2]

    @cached_property
    def dotted(self) -> str:
        return f"{self.module}.{self.qualname}" if self.qualname else self.module

    @cached_property
    def names(self) -> frozenset[str]:
        """Every part of every dotted name in its body, for a first look."""
        return frozenset(
            part
            for expression, _, _ in self.mentions
            for part in (expression.text.split(".") if isinstance(expression, Path) else ())
        )

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Every dotted name in its body, with line and place."""
        return tuple(mentions(self.body))

    @cached_property
    def additions(self) -> tuple[Assignment, ...]:
        """What its calls put into containers."""
        return tuple(additions(self.body))

    @property
    def is_async(self) -> bool:
        return self.fact is not None and self.fact.is_async

    @cached_property
    def is_generator(self) -> bool:
        return any(found.is_yield for found in self.body.returns)

    @property
    def scope(self) -> str:
        """The scope that names in its body are looked up from."""
        return f"{self.qualname}.<locals>" if self.qualname else ""

    @property
    def is_library(self) -> bool:
        return self.path.startswith(LIBRARY)

    def has_decorator(self, *names: str) -> bool:
        return self.fact is not None and any(
            decorator.partition("(")[0].rpartition(".")[2] in names
            for decorator in self.fact.decorators
        )

    @cached_property
    def is_static(self) -> bool:
        return self.has_decorator("staticmethod")

    @cached_property
    def signature(self) -> Signature | None:
        """What a call may pass, `self` and `cls` left out; None where a decorator may change it."""
        if self.fact is None or not all(_keeps_signature(d) for d in self.fact.decorators):
            return None
        return signature_of(self.fact.parameters[1:] if self.receiver else self.fact.parameters)

    @cached_property
    def receiver(self) -> str:
        """The name of `self` or `cls`; empty for a plain function."""
        if self.owner is None or self.fact is None or self.is_static or not self.fact.parameters:
            return ""
        first = self.fact.parameters[0]
        return first.name if first.kind.startswith("positional") else ""


def _keeps_signature(decorator: str) -> bool:
    return decorator.partition("(")[0].rpartition(".")[2] in _TRANSPARENT
