"""What functions on an event's way no longer do, compared with the baseline.

Code may move, be renamed, be parted into helpers or be written out in their place: a step counts as kept
where the function still comes to it through what is new. Only what is neither done nor replaced is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from consolidator.analysis.emissions.bodies.code import Group, Value
from consolidator.analysis.emissions.bodies.handed_on import names_in
from consolidator.analysis.emissions.callers.logs import is_log_name
from consolidator.analysis.emissions.callers.transports import SENDS
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.steps.act_changes import ActChanges
from consolidator.analysis.emissions.steps.flags import states
from consolidator.analysis.emissions.steps.steps import StepReader, Steps, bases_of
from consolidator.analysis.emissions.steps.ways import hollow

Does = frozenset[str]
_NOTHING: Does = frozenset()
_DEEPEST = 6
_SETTINGS = (".toml", ".cfg", ".ini", ".sh", ".yml", ".yaml", "Procfile", "Dockerfile")
"""Files that may name a module to be run or imported."""
_MANNERS = frozenset({"sum", "hollow", "drop", "lay", "misfit", "flag", "skip", "loaded", "gives"})
"""What is compared with the same function only."""
_ALIKE = 0.6
"""The share of its steps by which a function under another name is known again."""


_EFFECTS = SENDS | {
    "send",
    "put",
    "put_nowait",
    "publish",
    "emit",
    "broadcast",
    "write",
    "group_send",
}
"""What libraries call their ways to send. Another name may be a slip."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A function that no longer does what it did, under its present name where it has one."""

    function: str
    path: str
    line: int
    message: str


class StepChanges:
    """The steps of a baseline against those of the present program."""

    def __init__(self, before: Iterable[Steps], reader: StepReader) -> None:
        self._rows = {steps.function: steps for steps in before}
        self._before = {name: frozenset(steps.does) for name, steps in self._rows.items()}
        self._reader = reader
        self._acts = ActChanges(self._rows.values(), reader)
        self._reaching: dict[str, Does] = {}
        self._newly: dict[str, list[str]] = {}

    def find(self) -> Iterator[Change]:
        for name, does in sorted(self._before.items()):
            present = self._present.get(name)
            if present is None:
                if self._was_entered_from_outside(name):
                    yield Change(name, "", 0, f"{name} is gone, through which an event may go")
                continue
            if "loaded" in does and not self._is_loaded(present):
                where = self._functions[present][0]
                yield Change(present, where.path, 0, f"nothing imports {present} any more")
            if f"sum {self._reader.sum_of(present)}" in does:
                continue
            lost = [step for step in sorted(does) if not self._is_kept(step, name)]
            lost += self._spoilt(name, present)
            lost += self._changed_acts(name, present, lost)
            if lost:
                where = self._functions[present][0]
                yield Change(present, where.path, where.body.line, f"{present} {_said(lost)}")
        yield from self._hollow()

    def _is_loaded(self, module: str) -> bool:
        """Whether anything imports a module, or may do so by its name."""
        if module in self._reader.imported:
            return True
        tree, paths = self._reader.program.tree, self._reader.program.paths
        places = [*paths, *(path for path in tree.all_paths if path.endswith(_SETTINGS))]
        return bool(tree.containing(f'"{module}"', f"'{module}'", f"{module}:", paths=places))

    # the present program

    @cached_property
    def _functions(self) -> dict[str, list[Function]]:
        """Functions by dotted name, and the methods of each class by its name."""
        found = {name: list(functions) for name, functions in self._reader.by_dotted.items()}
        for function in self._reader.own:
            if function.owner is not None:
                cls = f"{function.module}.{function.owner.qualname}"
                found.setdefault(cls, []).append(function)
        return found

    def _does(self, name: str) -> Does:
        functions = self._functions.get(name, ())
        if any(f.dotted != name for f in functions):
            return frozenset(step for f in functions for step in bases_of(f))
        return frozenset(step for f in functions for step in self._reader.of(f))

    @cached_property
    def _by_plain_name(self) -> Mapping[str, list[str]]:
        return _by_plain_name(self._functions)

    @cached_property
    def _present(self) -> dict[str, str]:
        """The functions of the baseline by their present names."""
        found = {name: name for name in self._before if name in self._functions}
        taken = set(found)
        for name in sorted(set(self._before) - taken):
            namesakes = self._by_plain_name.get(_plain(name), ())
            around = [n for n in self._functions if _around(n) == _around(name)]
            for candidates, least in ((namesakes, 0.0), (around, _ALIKE)):
                if best := self._likest(name, [c for c in candidates if c not in taken], least):
                    found[name] = best
                    taken.add(best)
                    break
        return found

    def _likest(self, name: str, candidates: Iterable[str], least: float) -> str:
        """The function that does most of what another one did, and at least this share of it."""
        does = self._before[name]
        shares = {c: len(does & self._does(c)) / len(does) for c in candidates}
        best = max(sorted(shares), key=lambda c: shares[c], default="")
        return best if best and shares[best] >= least else ""

    # what is kept

    def _is_kept(self, step: str, name: str, depth: int = 0) -> bool:
        verb, _, about = step.partition(" ")
        reached = self._reached(name)
        if verb in _MANNERS or step in reached:
            return True  # some of these are spoilt, if anything
        if verb == "put" and is_log_name(about):
            return True
        if self._is_imported_now(step, name):
            return True
        if verb == "await":
            # Whether it is called at all is another step; a task or a group awaits it too.
            return f"drop {about}" not in reached and f"lay {about}" not in reached
        if " in " in step:
            return not self._reader.is_known(step.rpartition(" in ")[2])
        if verb in ("under", "base"):
            return self._is_replaced(verb, name) or self._is_moved(name)
        is_function = about in self._reader.program.by_name
        if verb == "call" and f"use {about}" in reached and (is_function or self._newly[name]):
            return True  # handed on: whoever gets it calls it
        if verb == "use" and f"call {about}" in reached:
            return True
        if verb in ("call", "use", "await") and self._is_taken_out(about, name):
            return True
        if self._reader.is_known(about) or verb == "say":
            return False
        was_table = f"use {about}" in self._before[name] and about not in self._before_by_plain_name
        return (
            verb != "call"
            or was_table
            or (about not in self._before_by_plain_name and self._is_replaced(verb, name))
            or self._is_written_out(about, name, depth)
        )

    def _is_imported_now(self, step: str, name: str) -> bool:
        """Whether a module does this no more, and one does from which it newly imports."""
        present = self._present[name]
        modules = [f for f in self._reader.by_dotted.get(present, ()) if not f.qualname]
        tree = self._reader.program.tree
        for module in modules:
            facts = tree.facts(module.path)
            for fact in facts.imports if facts is not None else ():
                other = tree.absolute(module.path, fact.level, fact.module)
                if other and other not in self._before and step in self._does(other):
                    return True
        return False

    def _is_taken_out(self, table: str, name: str) -> bool:
        """Whether a function now names what it took out of a table."""
        fresh = {s.partition(" ")[2] for s in self._reached(name) - self._before[name]}
        return any(
            path.last in fresh
            for module in self._reader.own
            if not module.qualname
            for assigned in module.body.assignments
            if assigned.target.rpartition(".")[2] == table and isinstance(assigned.value, Group)
            for path in names_in(assigned.value, module.body.calls)
        )

    def _is_replaced(self, verb: str, name: str) -> bool:
        """Whether something known from outside took the place of what a function did: `send_json` for
        `send_str`, another decorator, another base."""
        fresh = (step.partition(" ") for step in self._reached(name) - self._before[name])
        return any(
            other == verb
            and not self._reader.is_known(about)
            and (verb != "call" or about in _EFFECTS)
            for other, _, about in fresh
        )

    def _is_moved(self, name: str) -> bool:
        """Whether what the outside reached by a decorator or a base is mentioned elsewhere now."""
        about = _plain(self._present[name])
        return any(
            about in self._reader.uses(f)
            and f"use {about}" not in self._before.get(f.dotted, _NOTHING)
            and f"call {about}" not in self._before.get(f.dotted, _NOTHING)
            for f in self._reader.program.mentioning(about)
        )

    def _reached(self, name: str) -> Does:
        """What a function does itself or through what it newly calls."""
        if name not in self._reaching:
            known, present = self._before[name], self._present[name]
            does = set(self._does(present))
            queue, seen = [(present, 0)], {present}
            for current, depth in queue:
                for step in self._does(current) if depth < _DEEPEST else ():
                    verb, _, about = step.partition(" ")
                    is_old = current == present and step in known
                    if verb not in ("call", "use") or is_old:
                        continue
                    for filler in self._fillers(about, current) if current == present else ():
                        seen.add(filler)
                        does |= self._does(filler) | self._taken(filler)
                    for other in self._by_plain_name.get(about, ()):
                        if other not in seen:
                            seen.add(other)
                            does |= self._does(other)
                            if other not in self._before:
                                queue.append((other, depth + 1))
            self._reaching[name] = frozenset(does)
            self._newly[name] = sorted(seen - {present})
        return self._reaching[name]

    def _fillers(self, cell: str, reader: str) -> Iterator[str]:
        """Methods that newly fill an attribute that a method of the class newly reads."""
        for name, functions in self._functions.items():
            if _around(name) != _around(reader):
                continue
            was_filled = f"put {cell}" in self._before.get(name, _NOTHING)
            if not was_filled and any(f.dotted == name and _fills(f, cell) for f in functions):
                yield name

    def _taken(self, name: str) -> set[str]:
        functions = self._reader.by_dotted.get(name, ())
        return {f"use {taken}" for f in functions for taken in self._reader.takes(f)}

    def _is_written_out(self, about: str, name: str, depth: int) -> bool:
        """Whether what a function did that is gone is done in its place."""
        gone = self._before_by_plain_name.get(about, ())
        if not gone or depth > _DEEPEST:
            return False
        return any(
            all(self._is_kept(s, name, depth + 1) for s in self._before[one]) for one in gone
        )

    @cached_property
    def _before_by_plain_name(self) -> Mapping[str, list[str]]:
        return _by_plain_name(self._before)

    # what is wrong besides

    def _spoilt(self, name: str, present: str) -> Iterator[str]:
        """Steps that are done in another manner than before."""
        before, now = self._before[name], self._does(present)
        now |= {
            f"flag {n} {s}" for f in self._reader.by_dotted.get(present, ()) for n, s in states(f)
        }
        for step in sorted(now - before):
            verb, _, about = step.partition(" ")
            if verb == "misfit" and f"call {about}" in before:
                yield step
            elif verb == "drop" and f"await {about}" in before:
                yield f"await {about}"
        for step in sorted(before & now):
            verb, _, about = step.partition(" ")
            was_defined = verb == "call" and about in self._before_by_plain_name
            if was_defined and not self._reader.is_known(about):
                yield f"miss {about}"
        if "gives" in before - now and any(_gives_some(f) for f in self._reader.by_dotted[present]):
            yield "gives "
        yield from _turned(before, now)
        yield from (step for step in sorted(now - before) if step.startswith("skip "))

    def _changed_acts(self, name: str, present: str, lost: Sequence[str]) -> Iterator[str]:
        """What is done in another manner, of what is still done."""
        fresh = self._fresh(name)
        functions = self._reader.by_dotted.get(present, ())
        gone = {step.partition(" ")[2] for step in lost}
        if name in self._before and functions and self._rows[name].acts:
            yield from self._acts.find(self._rows[name], functions, fresh, gone)

    def _fresh(self, name: str) -> list[Function]:
        """The functions that a function newly calls, and what they newly call."""
        self._reached(name)
        return [f for other in self._newly[name] for f in self._functions.get(other, ())]

    def _was_entered_from_outside(self, name: str) -> bool:
        about = _plain(name)
        return not any(
            f"call {about}" in does or f"use {about}" in does
            for other, does in self._before.items()
            if other != name
        )

    def _hollow(self) -> Iterator[Change]:
        """Methods that newly take the place of one on the way and do nothing of what it does."""
        for name, does in sorted(self._before.items()):
            present = self._present.get(name, "")
            for method in self._reader.by_dotted.get(present, ()):
                for heir in hollow(method, does, self._reader):
                    if f"hollow {heir.dotted}" not in does:
                        message = f"{heir.dotted} takes the place of {name} and does nothing of it"
                        yield Change(heir.dotted, heir.path, heir.body.line, message)


def _gives_some(function: Function) -> bool:
    """Whether it still gives a value back where it does not end early."""
    return any(r.value != Value(None) for r in function.body.returns if not r.is_yield)


def _fills(function: Function, cell: str) -> bool:
    return any(a.target.rpartition(".")[2] == cell for a in function.body.assignments)


def _turned(before: Does, now: Does) -> Iterator[str]:
    """Constants that held and no longer do, or the other way round."""
    states = _flags(now)
    for flag, was in _flags(before).items():
        if len(was) == 1 and len(states.get(flag, was)) == 1 and states.get(flag, was) != was:
            yield f"flag {flag}"


def _flags(does: Does) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for step in sorted(does):
        verb, _, about = step.partition(" ")
        if verb == "flag":
            name, _, state = about.rpartition(" ")
            found.setdefault(name, set()).add(state)
    return found


def _plain(name: str) -> str:
    return name.rpartition(".")[2]


def _around(name: str) -> str:
    return name.rpartition(".")[0]


def _by_plain_name(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(_plain(name), []).append(name)
    return found


_WORDS = {
    "call": "no longer calls {}",
    "await": "no longer awaits {}",
    "use": "no longer mentions {}",
    "put": "no longer puts anything into {}",
    "say": "no longer names {}",
    "under": "is no longer decorated by {}",
    "base": "no longer inherits from {}",
    "misfit": "calls {} with arguments that it does not take",
    "miss": "calls {}, which nothing defines any more",
    "gives": "may now give nothing back{}",
    "flag": "turns {} round, which conditions on the way ask for",
    "skip": "does nothing any more for {}",
    "give": "gives something else to {}",
    "swap": "gives the arguments of {} in other places",
    "gate": "does {} under more conditions than before",
    "order": "now does in this order: {}",
    "lose": "no longer does {}",
    "times": "does {} in fewer places",
    "exits": "may now return before {}",
    "pause": "no longer awaits {}",
}


def _said(steps: Iterable[str]) -> str:
    """The steps in words, each name once."""
    said: dict[str, str] = {}
    for step in steps:
        verb, _, about = step.partition(" ")
        said.setdefault(about, _WORDS[verb].format(about))
    return ", ".join(said.values())
