"""Where names go: the one question that every rewrite of references asks."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a dotted name leads. `doubt` says why a name that may be a moved one can't be decided."""

    target: str | None = None
    doubt: str = ""
    is_module: bool = False
    """Whether the target is known to be a module."""
    is_guess: bool = False
    """Whether the doubt is that the name may be none at all."""

    def __bool__(self) -> bool:
        return self.target is not None or bool(self.doubt)


STAYS = Landing()


class Moves(Protocol):
    """Moves as seen from one file. Names are absolute and dotted."""

    module: str
    """The file's own module."""
    is_package: bool
    old_module: str
    """The module that the file was before it was moved by hand; empty if it was not."""
    needles: Set[str]
    """Names of which every reference holds one: the last parts of moved names and their aliases."""
    own_names: Set[str]
    """Names that `found_by_name` may know."""

    def imported(self, dotted: str, module: str = "") -> Landing:
        """Where an imported name leads, through any number of re-exports.

        `module` is the part of it that an import statement says to be a module, whatever a package
        above binds to the same name.
        """
        ...

    def looked_up(self, dotted: str, *, replaced: bool = False) -> Landing:
        """Where a name leads that is looked up at run time, as an attribute or from a string.

        A module that uses the name itself keeps it, because replacing it there (as `patch` does) has
        to go on having its effect there. `replaced` says that this very reference replaces it.
        """
        ...

    def can_import(self, module: str, names: Sequence[str]) -> bool:
        """Whether a module is there, or moves, and has all these names."""
        ...

    def tail(self, dotted: str) -> Landing:
        """The doubt about a path that is the end of a moved name: what it starts at is not said."""
        ...

    def holds_moved(self, module: str) -> bool:
        """Whether a module that stays defines names that move."""
        ...

    def found_by_name(self, name: str, *, for_certain: bool = False) -> Landing:
        """Where a class or function leads whose `__name__` changes, if this file may look it up by that,
        or does so `for_certain`; also one by the name and a package above it. `name` is of `own_names`."""
        ...

    def modules_like(self, pattern: re.Pattern[str], head: str) -> Mapping[str, Landing]:
        """Modules that move, or that moved names leave, whose names a pattern matches, with where they or
        their names lead; also packages that move, where `head`, the text before all that the pattern
        leaves open, lies in them."""
        ...

    def star(self, module: str) -> Mapping[str, Landing]:
        """The names that `from module import *` brings and that move."""
        ...

    def star_brings(self, module: str) -> Iterable[str] | None:
        """Every name that the star brings; None where that can't be known."""
        ...

    def used_elsewhere(self, name: str) -> bool:
        """Whether another file takes this module-level name from the file's module."""
        ...

    def read_elsewhere(self, name: str) -> bool:
        """Whether another file reads or replaces this name as an attribute of the file's module."""
        ...


class MoveTable:
    """Moves of one file known by name alone: `{"old.module.Name": "new.module.Name"}`.

    A prefix moves everything below it; the longest one counts. What already has a new name stays.
    """

    def __init__(
        self, moves: Mapping[str, str], module: str = "", *, is_package: bool = False
    ) -> None:
        self.module = module
        self.is_package = is_package
        self.old_module = ""
        self._moves = resolve_chains(moves)
        self._targets = frozenset(self._moves.values())
        self._tails = tails_of(self._moves)
        self._by_name = names_of(self._moves)
        self.own_names: Set[str] = self._by_name.keys()
        self.needles: Set[str] = {source.rpartition(".")[2] for source in moves}

    def imported(self, dotted: str, module: str = "") -> Landing:  # noqa: ARG002
        """See `Moves.imported`."""
        return Landing(longest_prefix(dotted, self._moves, self._targets))

    def looked_up(self, dotted: str, *, replaced: bool = False) -> Landing:  # noqa: ARG002
        """See `Moves.looked_up`; nothing is known about what the other modules use."""
        return self.imported(dotted)

    def can_import(self, module: str, names: Sequence[str]) -> bool:  # noqa: ARG002
        """Nothing is known about other files."""
        return True

    def tail(self, dotted: str) -> Landing:
        """See `Moves.tail`."""
        return tail_of(dotted, self._moves, self._tails)

    def holds_moved(self, module: str) -> bool:
        """See `Moves.holds_moved`."""
        return any(source.rpartition(".")[0] == module for source in self._moves)

    def found_by_name(self, name: str, *, for_certain: bool = False) -> Landing:
        """See `Moves.found_by_name`; nothing is known about what other files look up."""
        is_told = for_certain or "." in name
        return Landing(self._moves[self._by_name[name]]) if is_told else STAYS

    def modules_like(self, pattern: re.Pattern[str], head: str) -> Mapping[str, Landing]:
        """See `Moves.modules_like`; any source may be a module."""
        return modules_like(self._moves, self._moves, pattern, head)

    def star(self, module: str) -> Mapping[str, Landing]:
        """See `Moves.star`."""
        names = (source.rpartition(".") for source in self._moves)
        return {
            name: self.imported(f"{module}.{name}") for head, _, name in names if head == module
        }

    def star_brings(self, module: str) -> Iterable[str] | None:  # noqa: ARG002
        """Nothing is known about other files."""
        return None

    def used_elsewhere(self, name: str) -> bool:  # noqa: ARG002
        """Nothing is known about other files; what a package imports is taken to be for them."""
        return self.is_package

    def read_elsewhere(self, name: str) -> bool:  # noqa: ARG002
        """Nothing is known about other files."""
        return False


def modules_like(
    moves: Mapping[str, str], modules: Iterable[str], pattern: re.Pattern[str], head: str
) -> dict[str, Landing]:
    """See `Moves.modules_like`; `modules` are those sources that may be modules."""
    found = {
        source: Landing(moves[source], is_module=True)
        for source in sorted(modules)  # a set: what is listed has an order
        if pattern.fullmatch(source) or head.startswith(f"{source}.")
    }
    for source, target in moves.items():
        holder = source.rpartition(".")[0]
        if holder and holder not in found and pattern.fullmatch(holder):
            found[holder] = Landing(target)
    return found


def longest_prefix(
    dotted: str, moves: Mapping[str, str], targets: Container[str] = ()
) -> str | None:
    """The new name of a dotted name by its longest moved prefix; None where it has none, or where a
    target is the longer prefix: then the name is a new one already."""
    head, rest = dotted, ""
    while head:
        if head in moves:
            return moves[head] + rest
        if head in targets:
            return None
        head, dot, last = head.rpartition(".")
        rest = f"{dot}{last}{rest}"
    return None


def tails_of(moves: Iterable[str]) -> dict[str, str]:
    """Every dotted name that a source ends with, with the first such source. It is asked of every string of
    a file, so that looking through all moves would make a long plan slow."""
    tails: dict[str, str] = {}
    for source in moves:
        _, _, rest = source.partition(".")
        while rest:
            tails.setdefault(rest, source)
            _, _, rest = rest.partition(".")
    return tails


def names_of(moves: Mapping[str, str]) -> dict[str, str]:
    """The sources that are no modules by what they may be found by: their own name where that changes, and
    for classes that behind a package, as Django says `shop.Order` for `shop.models.Order`."""
    names: dict[str, str] = {}
    for source, target in moves.items():
        *around, _, name = source.split(".") if source.count(".") else ("", source)
        if not target.endswith(f".{name}"):
            names.setdefault(name, source)
        if name[:1].isupper():
            names.update((f"{package}.{name}", source) for package in around if package)
    return names


def tail_of(dotted: str, moves: Mapping[str, str], tails: Mapping[str, str]) -> Landing:
    """See `Moves.tail`; a name that moves by itself is whole. `tails` are those of the moves."""
    source = tails.get(dotted)
    if source is None or longest_prefix(dotted, moves) is not None:
        return STAYS
    return Landing(None, f"may mean {moves[source]}: it ends as {source} does")


def resolve_chains(moves: Mapping[str, str]) -> dict[str, str]:
    """Moves with chains followed to their end: a to b and b to c is a to c, and so is a name in a
    module that moves. Swaps stay as they are."""
    return {source: _end_of_chain(source, moves) for source in moves}


def _end_of_chain(source: str, moves: Mapping[str, str]) -> str:
    seen, current = {source}, moves[source]
    while (following := _longest_source(current, moves)) is not None:
        if following in seen:
            return moves[source]
        seen.add(following)
        current = moves[following] + current[len(following) :]
    return current


def _longest_source(dotted: str, moves: Mapping[str, str]) -> str | None:
    while dotted and dotted not in moves:
        dotted = dotted.rpartition(".")[0]
    return dotted or None


def cyclic(moves: Mapping[str, str]) -> list[str]:
    """Sources that lie on a cycle of moves (a swap): applying these twice takes them back."""
    return sorted(source for source in moves if _returns(source, moves))


def _returns(source: str, moves: Mapping[str, str]) -> bool:
    current, steps = moves[source], len(moves)
    while current in moves and current != source and steps:
        current, steps = moves[current], steps - 1
    return current == source
