"""Which functions events may go through, by names: in a large program the nearest ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from consolidator.analysis.emissions.bodies.additions import FILLING
from consolidator.analysis.emissions.bodies.code import Value
from consolidator.analysis.emissions.callers.coroutines import TAKING
from consolidator.analysis.emissions.callers.transports import is_transport
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.steps.acts import Act
from consolidator.analysis.emissions.steps.flags import asked_by, states
from consolidator.analysis.emissions.steps.steps import StepReader, Steps, bases_of, is_effect
from consolidator.analysis.emissions.values.possible import UNKNOWN

_WAITING = frozenset(
    {"sleep", "sleep_forever", "acquire", "wait_closed", "drain", "get", "checkpoint"}
)
_COMMON = 4
"""A name that more functions go by leads anywhere, and so says nothing."""
_NEAREST = 1_000
"""As many functions are watched ahead of the events, and behind: those that are nearest."""
_BY_ITSELF = frozenset({"put", "yield", "say"})
_HANDED_BACK = 2  # an event goes back to the builder's caller, and to the caller of that


class Ways:
    """Which functions events may go through."""

    def __init__(self, reader: StepReader) -> None:
        self._reader = reader
        self._program = reader.program
        self._known_users: dict[str, list[Function]] = {}
        self._carriers: set[Function] = set()
        """Functions that only pass on what others have built; what they await outside may be the send."""

    def find(self) -> tuple[Steps, ...]:
        """The steps of every function that may be on a way, and the bases of the classes."""
        on_way = self._on_way()
        names = {f.name for f in on_way} | {f.owner.name for f in on_way if f.owner}
        names |= {name for f in on_way for name in _routers(f)}
        shared = {
            c for f in on_way for c in self._read(f) if not on_way.isdisjoint(self._fillers(c))
        }
        found: dict[str, set[str]] = {}
        acts: dict[str, list[Act]] = {}
        asked = asked_by(on_way, self._reader.own)
        known = {function.dotted for function in on_way}
        for function in self._reader.own:
            if function.dotted not in known:
                if not function.qualname and (flags := _flags(function, asked)):
                    found.setdefault(function.dotted, set()).update(flags)
                continue
            steps = self._reader.of(function)
            counts = names | self._awaited(steps) if function in self._carriers else names
            does = {s for s in steps if _matters(s, counts, shared)}
            does |= _flags(function, asked)
            if kept := list(_kept(self._reader.acts(function), counts)):
                acts.setdefault(function.dotted, []).extend(kept)
            if does or kept:
                does |= {f"hollow {m.dotted}" for m in hollow(function, does, self._reader)}
                found.setdefault(function.dotted, set()).update(does)
            if function.owner is not None and function.owner.bases:
                cls = f"{function.module}.{function.owner.qualname}"
                found.setdefault(cls, set()).update(bases_of(function))
        acting = {f.module for f in on_way if any(s[:6] == "under " for s in self._reader.of(f))}
        acting |= {f.module for f in on_way if not f.qualname and f.body.calls}
        for module in acting & self._reader.imported:  # importing it does something by itself
            found.setdefault(module, set()).add("loaded")
        for name in known & set(found):
            found[name].add(f"sum {self._reader.sum_of(name)}")
        return tuple(self._steps(name, found[name], acts.get(name, [])) for name in sorted(found))

    def _steps(self, name: str, does: set[str], acts: list[Act]) -> Steps:
        functions = self._reader.by_dotted.get(name, ()) if acts else ()
        takes = [p for f in functions for p in self._reader.takes(f)]
        has = {part for f in functions for part in self._reader.has(f)}
        return Steps(name, tuple(sorted(does)), tuple(takes), tuple(sorted(has)), tuple(acts))

    def _on_way(self) -> set[Function]:
        """From the functions that name an event on to what they call and fill, and whoever reads that;
        and back to whoever calls or fills any of these."""
        sources = [f for f in self._reader.own if self._names_event(f)]
        sources += [
            f for s in sources for table in self._tables(s) for f in self._readers_of(table)
        ]
        builders = self._with_receivers(sources)
        ahead = _closure(builders, self._onward)
        self._carriers = set(ahead) - set(builders)
        ahead |= dict.fromkeys(self._beside(ahead))
        fillers = [w for f in ahead for cell in self._read(f) for w in self._fillers(cell)]
        found = {**ahead, **_closure([*sources, *fillers], self._users_of)}
        found |= _closure([f for f in self._reader.own if sends(f)], self._users_of)
        return {*found, *(inner for f in found for inner in _closure([f], self._program.nested))}

    @staticmethod
    def _awaited(steps: frozenset[str]) -> set[str]:
        awaited = {step.removeprefix("await ") for step in steps if step.startswith("await ")}
        return awaited - TAKING - _WAITING

    def _names_event(self, function: Function) -> bool:
        return self._reader.is_event(function.name) or bool(self._reader.says(function))

    def _tables(self, function: Function) -> list[str]:
        """Variables of a module that hold an event's name."""
        return [s.partition(" in ")[2] for s in self._reader.says(function) if " in " in s]

    def _beside(self, ahead: Iterable[Function]) -> Iterator[Function]:
        """The other methods of objects that a framework calls, and that send events."""
        for cls in {c: None for f in ahead if (c := self._program.definition_of(f)) is not None}:
            if any(a.kind == "external" for a in self._program.ancestors(cls)):
                yield from self._program.methods(cls)

    def _with_receivers(self, builders: list[Function]) -> list[Function]:
        """Functions that build an event, and those that one is given back to."""
        found = dict.fromkeys(builders)
        for _ in range(_HANDED_BACK):
            for function in list(found):
                if any(not isinstance(r.value, Value) for r in function.body.returns):
                    found.update(dict.fromkeys(self._users_of(function)))
        return list(found)

    def _onward(self, function: Function) -> Iterator[Function]:
        yield from self._program.nested(function)
        for name in self._reader.uses(function):
            yield from self._meant(name)
        for name in self._puts(function):
            yield from self._readers_of(name)
        for cell in self._read(function):
            for filler in self._fillers(cell):  # what is called out of a table was put there
                for name in self._reader.uses(filler):
                    yield from self._meant(name)

    def _users_of(self, function: Function) -> Iterator[Function]:
        for name in (function.name, function.owner.name if function.owner else ""):
            if self._meant(name):
                yield from self._using(name)
        for name in _routers(function):
            users = self._using(name)
            yield from users if len(users) <= _COMMON else ()

    def _meant(self, name: str) -> list[Function]:
        found = [f for f in self._program.by_name.get(name, ()) if not f.is_library]
        found += self._run_by_class.get(name, ())
        return found if len(found) <= _COMMON else []

    @cached_property
    def _run_by_class(self) -> Mapping[str, list[Function]]:
        """What making or using an object of a class may run by itself."""
        methods = (f for f in self._reader.own if f.owner and f.name.startswith("__"))
        return _by(methods, lambda f: [f.owner.name] if f.owner else [])

    def _using(self, name: str) -> list[Function]:
        """Functions that mention a name, outside installed packages."""
        if name not in self._known_users:
            found = (f for f in self._program.mentioning(name) if not f.is_library)
            self._known_users[name] = [f for f in found if name in f.names]
        return self._known_users[name]

    @cached_property
    def _filled(self) -> Mapping[str, list[Function]]:
        return _by(self._reader.own, self._puts)

    def _puts(self, function: Function) -> list[str]:
        filled = (*function.body.assignments, *function.additions)
        return [a.target.rpartition(".")[2] for a in filled]

    def _fillers(self, cell: str) -> list[Function]:
        found = self._filled.get(cell, [])
        return found if len(found) <= _COMMON else []

    def _readers_of(self, cell: str) -> list[Function]:
        found = self._using(cell) if cell in self._reader.cells else []
        return found if len(found) <= _COMMON else []

    def _read(self, function: Function) -> list[str]:
        return [name for name in self._reader.uses(function) if name in self._reader.cells]


def sends(function: Function) -> bool:
    """Whether a function puts something on a socket, going by the names alone."""
    return any(is_transport(call, UNKNOWN) for call in function.body.calls)


def hollow(method: Function, does: Iterable[str], reader: StepReader) -> Iterator[Function]:
    """Methods of subclasses that take the place of one and do nothing of what it does."""
    cls = reader.program.definition_of(method)
    for child in reader.program.descendants(cls) if cls and method.name[:2] != "__" else ():
        heir = reader.program.function(child.path, f"{child.qualname}.{method.name}")
        own = reader.of(heir) if heir is not None else frozenset()
        if heir is not None and f"call {method.name}" not in own and own.isdisjoint(does):
            yield heir


def _routers(function: Function) -> list[str]:
    """What ties a function to the outside: `router` of `@router.websocket("/ws")`."""
    decorators = function.fact.decorators if function.fact else ()
    owners = (decorator.partition("(")[0].rpartition(".")[0] for decorator in decorators)
    return [owner.rpartition(".")[2] for owner in owners if owner]


def _matters(step: str, names: set[str], shared: set[str]) -> bool:
    verb, _, name = step.partition(" ")
    if verb in ("gives", "say", "under", "await", "drop", "lay", "misfit", "skip"):
        return True
    if verb == "put":
        return name in shared
    return name in names or name in shared or (verb == "call" and is_effect(name))


def _flags(function: Function, asked: set[str]) -> set[str]:
    """The constants that a function sets, of those that conditions on the way ask for."""
    return {f"flag {name} {state}" for name, state in states(function) if name in asked}


def _kept(acts: Iterable[Act], names: set[str]) -> Iterator[Act]:
    """The acts that an event may depend on; beside one that tells an event, what it has a place to."""
    known = list(acts)
    tells = any(act.kind == "tell" for act in known)
    ranks = {act.at for act in known if act.kind == "tell" or _is_on_way(act, names)}
    for act in known:
        if act.kind == "other" and _is_on_way(act, names):
            yield msgspec.structs.replace(act, kind="way")
        elif act.kind == "other" and (act.at in ranks or act.name in FILLING):
            yield msgspec.structs.replace(act, kind="part")
        elif act.kind != "other" or tells:
            yield act


def _is_on_way(act: Act, names: set[str]) -> bool:
    is_called_by_itself = act.name[:1] == "~" or act.name in _BY_ITSELF
    return is_called_by_itself or act.name in names or is_effect(act.name)


def _closure(
    start: Iterable[Function], further: Callable[[Function], Iterable[Function]]
) -> dict[Function, None]:
    found = dict.fromkeys(start)
    queue = list(found)
    for function in queue:
        for other in further(function):
            if other not in found:
                found[other] = None
                queue.append(other)
        if len(found) > _NEAREST:
            break
    return found


def _by(
    functions: Iterable[Function], names: Callable[[Function], Iterable[str]]
) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for function in functions:
        for name in dict.fromkeys(names(function)):
            found.setdefault(name, []).append(function)
    return found
