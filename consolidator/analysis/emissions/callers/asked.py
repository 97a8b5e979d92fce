"""Methods that code asks for by a text: which calls of `getattr` can ask for which name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from consolidator.analysis.emissions.bodies.code import Call, Expression, Joined, Path, Result, Text
from consolidator.analysis.emissions.callers.uses import Use
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.binding import bind
from consolidator.analysis.emissions.values.constants import joined, texts
from consolidator.analysis.emissions.values.values import Inference


class Askings:
    """Calls of `getattr` in one program. Names that are put together of what callers pass need
    `uses`, which says who calls a function."""

    def __init__(self, inference: Inference, uses: Callable[[Function], Sequence[Use]]) -> None:
        self._inference = inference
        self._program = inference.program
        self._uses = uses
        self._by_name: dict[str, list[tuple[Function, Call]]] = {}
        self._by_ends: list[tuple[str, str, Function, Call]] = []
        """Those of whose name only the start and the end are known."""
        for user in self._program.mentioning("getattr"):
            for call in user.body.calls:
                if isinstance(call.callee, Path) and call.callee.text == "getattr":
                    self._add(call, user)

    def of(self, function: Function) -> Iterator[tuple[Function, Call]]:
        """Calls of `getattr` that can ask for a function, with the function that each stands in;
        first those that ask for its name, then those of whose name only a part is known:
        `getattr(self.actor, f"do_{action}")`."""
        yield from self._by_name.get(function.name, ())
        if function.owner is not None:
            yield from (
                (user, call)
                for start, end, user, call in self._by_ends
                if function.name.startswith(start) and function.name.endswith(end)
            )

    def _add(self, call: Call, user: Function) -> None:
        if len(call.arguments) < 2:
            return
        names = self._asked(call.arguments[1].value, user)
        for name in names:
            self._by_name.setdefault(name, []).append((user, call))
        if not names and (ends := _known_ends(call.arguments[1].value)):
            self._by_ends.append((*ends, user, call))

    def _asked(self, name: Expression, user: Function) -> frozenset[str]:
        """The names that a `getattr` asks for, by what callers pass if the name is put together."""
        found = texts(self._inference, name, user)
        if found or not isinstance(name, Joined):
            return found or self._passed(name, user)
        return joined(
            [texts(self._inference, p, user) or self._passed(p, user) for p in name.parts]
        )

    def _passed(self, part: Expression, user: Function) -> frozenset[str]:
        """Texts that callers pass as a parameter."""
        if not isinstance(part, Path) or user.fact is None:
            return frozenset()
        if part.text not in {parameter.name for parameter in user.fact.parameters}:
            return frozenset()
        return frozenset(
            text
            for use in self._uses(user)
            for argument, parameter in (bind(use.call, user) if use.call is not None else ())
            if parameter.name == part.text
            for text in texts(self._inference, argument.value, use.function)
        )


def call_of(asking: Call, user: Function) -> Call | None:
    """The call of what a `getattr` gives: `getattr(x, name)(…)`."""
    calls = user.body.calls
    given = Result(next(index for index, call in enumerate(calls) if call is asking))
    return next((call for call in calls if call.callee == given), None)


def _known_ends(name: Expression) -> tuple[str, str] | None:
    """How a text starts and ends that is put together; None where that is not known, or says little."""
    if not isinstance(name, Joined):
        return None
    start, end = (
        part.value if isinstance(part, Text) else "" for part in (name.parts[0], name.parts[-1])
    )
    return (start, end) if len(start + end) > 1 else None
