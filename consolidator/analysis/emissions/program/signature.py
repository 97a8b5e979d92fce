"""Which arguments a call of a function may and must pass."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from consolidator.tree.facts import Parameter


@dataclass(frozen=True)
class Signature:
    """Which arguments a call may and must pass."""

    by_position: tuple[str, ...]
    named: frozenset[str]
    required: frozenset[str]
    takes_any_number: bool
    takes_any_name: bool

    @property
    def fewest(self) -> int:
        return len(self.required)

    @cached_property
    def most(self) -> int:
        if self.takes_any_number or self.takes_any_name:
            return sys.maxsize
        return len(self.named.union(self.by_position))


def signature_of(parameters: Sequence[Parameter]) -> Signature:
    kinds = {parameter.kind for parameter in parameters}
    plain = [p for p in parameters if p.kind not in ("vararg", "kwarg")]
    return Signature(
        tuple(p.name for p in plain if p.kind != "keyword"),
        frozenset(p.name for p in plain if p.kind != "positional-only"),
        frozenset(p.name for p in plain if p.default is None),
        "vararg" in kinds,
        "kwarg" in kinds,
    )
