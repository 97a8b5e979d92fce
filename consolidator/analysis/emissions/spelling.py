"""How a program spells the events: as texts, constants, tables, classes, and names put together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from consolidator.analysis.emissions.bodies.code import (
    Assignment,
    Element,
    Expression,
    Group,
    Item,
    Joined,
    Member,
    Path,
    Result,
    Text,
    called_name,
    owner_of,
    texts_within,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.program.program import Program
from consolidator.analysis.emissions.values.constants import literal, texts
from consolidator.analysis.emissions.values.values import Inference
from consolidator.tree.facts import ClassFact

_TELLING = re.compile(r"\w[.:/_-]\w|.{9}")
"""Texts that are no plain word."""
_GLUE = ("}_{", '"_".join', "'_'.join", "{}_{}", "%s_%s")
"""What puts an event's name together from two others."""
_QUOTES = ('"', "'")
_JSON_VALUE = re.compile(r':\s*"(\w+)"')
TYPE_KEYS = frozenset({"type", "event", "event_type", "kind", "name", "message_type", "event_name"})
"""Keys and fields that say of what type a message is."""


class Spelling:
    """What stands for some events in one program. `aliases` are texts that become an event by a
    table; where events are looked for by their aliases, their own names say nothing."""

    def __init__(self, events: Sequence[str], inference: Inference) -> None:
        self.events = frozenset(events)
        self._inference = inference
        self._program: Program = inference.program

    def files(self) -> list[str]:
        """Files in which an event may be spelled."""
        return self._program.tree.containing(
            *sorted(
                {*self.events, *self.aliases, *self.constant_names, *self._pieces}
                | {*self._defaults, *_GLUE}
            ),
            paths=self._program.paths,
        )

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Texts that a table of some module has an event's name for: `{"run.begin": "agent_started"}`."""
        found: dict[str, set[str]] = {}
        for module, assignment in self._assigned_near(*self.events):
            table = assignment.value
            if not isinstance(table, Group) or not table.keys:
                continue
            for key, value in zip(table.keys, table.values, strict=True):
                known = texts(self._inference, key, module) if key else frozenset()
                events = texts(self._inference, value, module) & self.events
                if len(known) == 1 and len(events) == 1:
                    found.setdefault(next(iter(known)), set()).update(events)
        return {
            alias: min(events)
            for alias, events in sorted(found.items())
            if len(events) == 1 and alias not in self.events and _TELLING.search(alias)
        }

    @cached_property
    def constant_names(self) -> frozenset[str]:
        """Names that constants and containers holding an event go by."""
        found: set[str] = set()
        spelled = {*self.events, *self.aliases, *(event.upper() for event in self.events)}
        for _, assignment in self._assigned_near(*sorted(spelled)):
            name = assignment.target.rpartition(".")[2]
            if name.lower() in self.events or any(
                t.value in self.events or t.value in self.aliases
                for t in texts_within(assignment.value)
            ):
                found.add(name)
        return frozenset(found)

    def events_of(self, class_name: str) -> frozenset[str]:
        """The events that instances of a class are by themselves."""
        return self._defaults[class_name][1] if class_name in self._defaults else frozenset()

    def type_field(self, class_name: str) -> str:
        """The field of a class of `events_of` whose default says of what type its instances are."""
        return self._defaults[class_name][0]

    def names_of(self, event: str) -> frozenset[str]:
        """Names of what may become an event elsewhere: classes whose instances are the event, and
        `AGENT_STARTED` of an enumeration that spells itself."""
        names = {name for name, (_, events) in self._defaults.items() if event in events}
        return frozenset(names | ({event.upper()} if self._makes_itself(event.upper()) else set()))

    def of(
        self, expression: Expression, function: Function, aliases: Collection[str] = ()
    ) -> tuple[frozenset[str], str] | None:
        """The events that an expression is, and in what form it is written; None for anything else.
        With `aliases` it is these that are looked for, not the events."""
        if isinstance(expression, Text) and (within := self._within(expression.value)):
            return (within, "text")
        form = self._form(expression, aliases) or self._row(expression, function)
        if isinstance(expression, Result):
            name = called_name(function.body.calls[expression.call])
            form = "format" if name in ("format", "join", "lower") else ""
        if not form:
            return None
        events = texts(self._inference, expression, function) & (frozenset(aliases) or self.events)
        return (events, form) if events else None

    def _form(self, expression: Expression, aliases: Collection[str]) -> str:
        """How an expression may name an event; empty where it is not worth a closer look."""
        match expression:
            case Text():
                if expression.value in self.events:
                    return "" if aliases else "literal"
                return "alias" if expression.value in aliases else ""
            case Path():
                names = expression.text.split(".")
                is_constant = len(names) > 1 or names[0].isupper()
                known = names[-1] in self.constant_names or (
                    names[-1] in ("value", "name")
                    and names[-2:-1] != []
                    and names[-2] in self.constant_names
                )
                return "constant" if known and is_constant else ""
            case Joined():
                is_partly_written = any(isinstance(part, Text) for part in expression.parts)
                return "f-string" if is_partly_written else ""
            case Item() | Element():
                owner = expression.owner
                is_known = isinstance(owner, Path) and owner.last in self.constant_names
                return "table" if is_known else ""
            case Member(owner=Item(), name="value"):
                return self._form(expression.owner, aliases)
        return ""

    def _within(self, text: str) -> frozenset[str]:
        """The events that a piece of JSON names: `{"type": "agent_started"}`."""
        values = _JSON_VALUE.findall(text) if text.lstrip().startswith("{") else ()
        return self.events.intersection(values)

    def _row(self, expression: Expression, function: Function) -> str:
        """`event` in `for name, event in STEPS`."""
        if not isinstance(expression, Path) or "." in expression.text:
            return ""
        for assignment in function.body.assignments:
            if assignment.target == expression.text and isinstance(assignment.value, Element):
                root: Expression | None = assignment.value
                while isinstance(root, Element | Result):
                    if isinstance(root, Element):
                        root = root.owner
                    else:
                        root = owner_of(function.body.calls[root.call].callee)
                if isinstance(root, Path) and root.last in self.constant_names:
                    return "table"
        return ""

    @cached_property
    def _pieces(self) -> frozenset[str]:
        """Ends of texts that an event's name may be put together from."""
        cuts = [(event, at) for event in self.events for at, c in enumerate(event) if c == "_"]
        heads = {quote + event[: at + 1] for event, at in cuts for quote in _QUOTES}
        return frozenset(heads | {event[at:] + quote for event, at in cuts for quote in _QUOTES})

    @cached_property
    def _defaults(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Classes whose instances are one event by a default in the class body, by their plain names."""
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for module, assignment in self._assigned_near(*self.events, *self.constant_names):
            name = assignment.target.rpartition(".")[2]
            cls = self._class_around(assignment, module)
            if cls is None or (name.isupper() and name.lower() not in TYPE_KEYS):
                continue  # capitals are constants and members of enumerations
            if event := self.of(assignment.value, module):
                found[cls.name] = (name, event[0])
        return found | self._properties() | self._tagged()

    def _tagged(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Classes with the event for a tag: `class Started(Struct, tag="agent_started")`."""
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for path in self._program.tree.containing(*self.events, paths=self._program.paths):
            facts = self._program.tree.facts(path)
            for cls in facts.classes if facts else ():
                keywords = dict(cls.keywords)
                if (tag := literal(keywords.get("tag", ""))) in self.events:
                    field = literal(keywords.get("tag_field", ""))
                    found[cls.name] = (
                        str(field) if field is not ... else "type",
                        frozenset({str(tag)}),
                    )
        return found

    def _properties(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Classes that say by a property of what type their instances are."""
        found: dict[str, tuple[str, frozenset[str]]] = {}
        words = (*self.events, *self.constant_names)
        for path in self._program.tree.containing(*words, paths=self._program.paths):
            for function in self._program.functions(path):
                if function.owner is None or not function.has_decorator("property"):
                    continue
                events = [self.of(given.value, function) for given in function.body.returns]
                if events and function.name in TYPE_KEYS and all(events):
                    every = frozenset().union(*(event[0] for event in events if event))
                    found[function.owner.name] = (function.name, every)
        return found

    def _makes_itself(self, name: str) -> bool:
        """Whether a constant of this name is what a call gives: a member of an enumeration that has
        `auto()` for a value, and that the program may spell as it likes."""
        for module, assignment in self._assigned_near(name):
            if not assignment.target.endswith(f".{name}"):
                continue
            cls = self._class_around(assignment, module)
            is_number = cls is not None and any("Int" in b or "Flag" in b for b in cls.bases)
            if cls and isinstance(assignment.value, Result) and not is_number:
                return True
        return False

    def _assigned_near(self, *words: str) -> Iterator[tuple[Function, Assignment]]:
        """What modules and class bodies assign, in files that hold one of the words."""
        for path in self._program.tree.containing(*words, paths=self._program.paths):
            module = self._program.function(path, "")
            for assignment in module.body.assignments if module else ():
                assert module is not None
                yield module, assignment

    def _class_around(self, assignment: Assignment, module: Function) -> ClassFact | None:
        owner = assignment.target.rpartition(".")[0]
        return self._program.class_at(module.path, owner) if owner else None
