"""Under which circumstances the statement being read runs: a stack that is interned as `Place`s."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from consolidator.analysis.emissions.bodies.code import Condition, Handler, Place

Section = Literal["", "finally", "except", "loop"]


class Places:
    def __init__(self) -> None:
        self._known: dict[Place, int] = {}
        self._conditions: tuple[Condition, ...] = ()
        self._handlers: tuple[Handler, ...] = ()
        self._section: Section = ""
        self._dead = ""

    def current(self) -> int:
        """The position of the present circumstances in `all()`."""
        place = Place(self._conditions, self._dead, self._handlers, self._section)
        return self._known.setdefault(place, len(self._known))

    def all(self) -> tuple[Place, ...]:
        return tuple(self._known)

    def require(self, condition: Condition) -> None:
        """From here to the end of the enclosing `nested`, this condition holds too."""
        self._conditions = (*self._conditions, condition)

    def kill(self, reason: str) -> None:
        """From here to the end of the enclosing `nested`, control never comes."""
        self._dead = self._dead or reason

    @contextmanager
    def nested(
        self, section: Section | None = None, handlers: tuple[Handler, ...] = ()
    ) -> Iterator[None]:
        outer = (self._conditions, self._handlers, self._section, self._dead)
        self._handlers = (*handlers, *self._handlers)
        self._section = self._section if section is None else section
        try:
            yield
        finally:
            self._conditions, self._handlers, self._section, self._dead = outer

    @contextmanager
    def condition(self, condition: Condition) -> Iterator[None]:
        with self.nested():
            self.require(condition)
            yield
