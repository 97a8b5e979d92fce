"""The plan file: what moves where, what is guarded, what was decided. Read whole, refused whole."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from codemods.moves import cyclic
from consolidator.errors import Mistake, PlanError

CRITICAL_EVENTS = (
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
)
PLAN_NAME = "consolidation.toml"
_MOVE = re.compile(r"^[ \t]*\[\[[ \t]*move[ \t]*\]\][ \t]*(?:#.*)?$", re.M)
_ENDS = [re.compile(rf"^[ \t]*{key}[ \t]*=", re.M) for key in ("from", "to")]
Awaiting = Literal["keep", "add", "drop"]

_NAME = re.compile(r"^[^\W\d]\w*$")
_DOTTED = re.compile(r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")
_UNRELATED = ("path", "text", "because")
_CALL = re.compile(r"^([^\W\d][\w.]*)?\(.*\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CallForm:
    """How a legacy call is written from now on: `$name` stands for the argument that the legacy
    signature binds to parameter `name`."""

    call: str
    awaiting: Awaiting = "keep"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Move:
    """One `[[move]]`: every reference to `source` shall mean `target`."""

    source: str
    target: str
    methods: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, CallForm] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class GuardSettings:
    events: tuple[str, ...] = CRITICAL_EVENTS
    emitters: tuple[str, ...] = ()
    """Qualified names through which events have to go; empty allows any."""


@dataclass(frozen=True, slots=True)
class AuditPoint:
    """An integration point that the project adds to the built-in ten."""

    id: str
    title: str
    must_call: str
    """Glob over the qualified names of called functions."""


@dataclass(frozen=True, slots=True)
class Keep:
    fix: str


@dataclass(frozen=True, slots=True)
class Drop:
    fix: str
    because: str


@dataclass(frozen=True, slots=True)
class Unrelated:
    """What `migrate delete` takes for a possible reference, and is none."""

    path: str
    """From ROOT, with `/`."""
    text: str
    """The text that is listed; it stands for every place in the file that has it."""
    because: str


@dataclass(frozen=True, slots=True)
class RunSettings:
    test: str = ""
    """Command that tests the project, run in ROOT; empty means that none is known."""
    timeout: float = 600.0
    """Seconds one run of the test command may take."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. Without a file it is empty: no moves, the five critical events guarded."""

    path: str = ""
    source_roots: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    guard: GuardSettings = GuardSettings()
    audit_points: tuple[AuditPoint, ...] = ()
    keeps: tuple[Keep, ...] = ()
    drops: tuple[Drop, ...] = ()
    unrelated: tuple[Unrelated, ...] = ()
    run: RunSettings = RunSettings()

    @property
    def swaps(self) -> frozenset[str]:
        """The moves, as "old = new", that a second application takes back."""
        moves = {move.source: move.target for move in self.moves}
        return frozenset(f"{source} = {moves[source]}" for source in cyclic(moves))


def find_plan(root: Path) -> Path | None:
    """`consolidation.toml` of ROOT, else its `pyproject.toml` where that has `[tool.consolidator]`."""
    if (plan := root / PLAN_NAME).is_file():
        return plan
    project = root / "pyproject.toml"
    try:
        text = project.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return project if re.search(r"^\s*\[+\s*tool\s*\.\s*consolidator\b", text, re.M) else None


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises `PlanError` with every mistake at once."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise PlanError(
            [Mistake(str(path), 0, "", f"can't be read: {error.strerror}", "a plan file")]
        ) from error
    except UnicodeDecodeError as error:
        raise PlanError([Mistake(str(path), 0, "", "is not UTF-8 text", "a TOML file")]) from error
    return parse_plan(text, str(path), nested=path.name == "pyproject.toml")


def parse_plan(text: str, path: str, *, nested: bool = False) -> Plan:
    """The plan in a text; `nested` reads `[tool.consolidator]` of a `pyproject.toml`."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        problem = f"is not valid TOML: {re.sub(r' [(]at .*', '', str(error))}"
        mistake = Mistake(path, int(at.group(1)) if at else 0, "", problem, "TOML 1.0")
        raise PlanError([mistake]) from error
    prefix = ""
    if nested:
        tool = data.get("tool", {})
        data = dict(tool.get("consolidator", {})) if isinstance(tool, dict) else {}
        prefix = "tool.consolidator."
        settings = {k: data.pop(k) for k in ("schema", "source_roots", "exclude") if k in data}
        if settings:
            data.setdefault("consolidation", settings)
    reader = _Reader(path, _Lines(text, prefix))
    plan = reader.plan(data)
    if reader.mistakes:
        raise PlanError(sorted(reader.mistakes, key=lambda mistake: mistake.line))
    return plan


def with_moves(text: str, kept: Collection[int]) -> str:
    """The text of a plan with only the moves of these indices; every other line stays as it is."""
    lines: list[str] = []
    move, inside = -1, False
    for line in text.splitlines(keepends=True):
        if header := re.match(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]", line):
            name = re.sub(r"[\s\"']", "", header.group(1)).removeprefix("tool.consolidator.")
            move += name == "move"
            inside = name.partition(".")[0] == "move"
        if not inside or move in kept:
            lines.append(line)
    return "".join(lines)


class _Lines:
    """Where tables and keys stand in the text; `tomllib` keeps no positions."""

    def __init__(self, text: str, prefix: str) -> None:
        self._lines: dict[tuple[str, str], int] = {}
        counts: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$", line):
                name = re.sub(r"[\s\"']", "", header.group(2))
                name = "" if f"{name}." == prefix else name.removeprefix(prefix)
                table = self._indexed(name, counts, array=header.group(1) == "[[")
                self._lines[table, ""] = number
            elif key := re.match(r"^\s*([\w\-.]+|\"[^\"]+\"|'[^']+')\s*=", line):
                self._lines.setdefault((table, key.group(1).strip("\"'")), number)

    @staticmethod
    def _indexed(name: str, counts: dict[str, int], *, array: bool) -> str:
        if array:
            counts[name] = counts.get(name, -1) + 1
            return f"{name}[{counts[name]}]"
        head, _, rest = name.partition(".")
        return f"{head}[{counts[head]}].{rest}" if head in counts and rest else name

    def of(self, table: str, key: str = "") -> int:
        """The line of a key or table, else of the first one inside it, else of the nearest around it; 0
        if there is none."""
        parts = [part for part in f"{table}.{key}".split(".") if part]
        for end in range(len(parts), 0, -1):
            for cut in range(end, -1, -1):
                place = (".".join(parts[:cut]), ".".join(parts[cut:end]))
                if place in self._lines:
                    return self._lines[place]
            if inside := self._inside(".".join(parts[:end])):
                return inside
        # Settings of the whole plan stand outside a table in a `pyproject.toml`.
        return self._lines.get(("", key), 0) or self._lines.get(("", ""), 0)

    def _inside(self, name: str) -> int:
        """The first line of what lies in a table that has no line itself, or is an array."""
        starts = (f"{name}.", f"{name}[")
        lines = [n for (t, k), n in self._lines.items() if f"{t}.{k}".strip(".").startswith(starts)]
        return min(lines, default=0)


class _Reader:
    def __init__(self, path: str, lines: _Lines) -> None:
        self.mistakes: list[Mistake] = []
        self._path = path
        self._lines = lines

    def _wrong(self, table: str, key: str, problem: str, expected: str = "") -> None:
        shown = f"{table}.{key}" if key and table else key or table
        line = self._lines.of(table, key)
        self.mistakes.append(Mistake(self._path, line, shown, problem, expected))

    def plan(self, data: dict[str, Any]) -> Plan:
        tables = ("consolidation", "move", "guard", "audit", "keep", "drop", "unrelated", "run")
        self._known("", data, tables)
        settings = self._table("", data, "consolidation")
        self._known("consolidation", settings, ("schema", "source_roots", "exclude"))
        if settings.get("schema", 1) != 1:
            self._wrong("consolidation", "schema", f"is {settings['schema']!r}", "1")
        audit = self._table("", data, "audit")
        self._known("audit", audit, ("point",))
        return Plan(
            path=self._path,
            source_roots=self._strings("consolidation", settings, "source_roots"),
            exclude=self._strings("consolidation", settings, "exclude"),
            moves=self._moves(data),
            guard=self._guard(self._table("", data, "guard")),
            audit_points=tuple(self._points(audit)),
            keeps=tuple(
                Keep(self._text(at, table, "fix"))
                for at, table in self._tables("", data, "keep", ("fix",))
            ),
            drops=tuple(
                Drop(self._text(at, table, "fix"), self._text(at, table, "because"))
                for at, table in self._tables("", data, "drop", ("fix", "because"))
            ),
            unrelated=tuple(
                Unrelated(*(self._text(at, table, key) for key in _UNRELATED))
                for at, table in self._tables("", data, "unrelated", _UNRELATED)
            ),
            run=self._run(self._table("", data, "run")),
        )

    # moves

    def _moves(self, data: dict[str, Any]) -> tuple[Move, ...]:
        keys = ("from", "to", "methods", "attributes", "calls")
        moves = tuple(self._move(at, table) for at, table in self._tables("", data, "move", keys))
        first: dict[str, int] = {}
        for index, move in enumerate(moves):
            if not move.source:
                continue
            at = f"move[{index}]"
            if move.source == move.target:
                self._wrong(at, "to", f"is the same name as `from` ({move.source})", "another name")
            if move.source in first:
                other = moves[first[move.source]]
                self._wrong(
                    at,
                    "from",
                    f"{move.source} is already moved to {other.target} (line {other.line})",
                    "one [[move]] per name",
                )
            first.setdefault(move.source, index)
        return moves

    def _move(self, at: str, table: dict[str, Any]) -> Move:
        return Move(
            source=self._dotted(at, table, "from"),
            target=self._dotted(at, table, "to"),
            methods=self._renames(at, table, "methods"),
            attributes=self._renames(at, table, "attributes"),
            calls=self._calls(at, table),
            line=self._lines.of(at),
        )

    def _renames(self, at: str, table: dict[str, Any], key: str) -> dict[str, str]:
        renames: dict[str, str] = {}
        for old, new in self._table(at, table, key).items():
            if not _NAME.match(old):
                self._wrong(at, f"{key}.{old}", f"{old!r} is not a name", "an identifier")
            elif not isinstance(new, str) or not _NAME.match(new):
                self._wrong(at, f"{key}.{old}", f"is {new!r}", "an identifier in quotes")
            else:
                renames[old] = new
        return renames

    def _calls(self, at: str, table: dict[str, Any]) -> dict[str, CallForm]:
        forms: dict[str, CallForm] = {}
        for name, value in self._table(at, table, "calls").items():
            form = value if isinstance(value, dict) else {"call": value}
            key = f"calls.{name}"
            self._known(f"{at}.calls.{name}", form, ("call", "await"))
            call, awaiting = form.get("call"), form.get("await", "keep")
            if not isinstance(call, str) or not _CALL.match(call.strip()):
                self._wrong(at, key, f"is {call!r}", "a call such as 'send($user_id, $message)'")
            elif awaiting not in ("keep", "add", "drop"):
                self._wrong(at, key, f"await is {awaiting!r}", "'keep', 'add' or 'drop'")
            else:
                line = self._lines.of(at, key)
                forms[name] = CallForm(call.strip(), cast("Awaiting", awaiting), line)
        return forms

    # the rest

    def _guard(self, table: dict[str, Any]) -> GuardSettings:
        self._known("guard", table, ("events", "emitters"))
        events = self._strings("guard", table, "events") or CRITICAL_EVENTS
        emitters = self._strings("guard", table, "emitters")
        for emitter in emitters:
            if not _DOTTED.match(emitter):
                self._wrong("guard", "emitters", f"{emitter!r} is not a dotted name", "a.b.Name")
        if table.get("events") == []:
            self._wrong("guard", "events", "is empty", "at least one event type")
        return GuardSettings(events, emitters)

    def _points(self, audit: dict[str, Any]) -> Iterator[AuditPoint]:
        keys = ("id", "title", "must_call")
        for at, table in self._tables("audit", audit, "point", keys):
            yield AuditPoint(*(self._text(at, table, key) for key in keys))

    def _run(self, table: dict[str, Any]) -> RunSettings:
        self._known("run", table, ("test", "timeout"))
        test = self._text("run", table, "test") if "test" in table else ""
        timeout = table.get("timeout", 600.0)
        if not isinstance(timeout, int | float) or isinstance(timeout, bool) or timeout <= 0:
            self._wrong("run", "timeout", f"is {timeout!r}", "seconds above 0")
            timeout = 600.0
        return RunSettings(test, float(timeout))

    # shapes

    def _known(self, at: str, table: Mapping[str, Any], keys: Iterable[str]) -> None:
        allowed = list(keys)
        for key in table:
            if key not in allowed:
                close = difflib.get_close_matches(key, allowed, 1)
                hint = f"{close[0]!r}" if close else "one of " + ", ".join(allowed)
                self._wrong(at, key, "is not a known key", hint)

    def _table(self, at: str, table: dict[str, Any], key: str) -> dict[str, Any]:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self._wrong(at, key, f"is {_kind(value)}", "a table")
        return {}

    def _tables(
        self, at: str, table: dict[str, Any], key: str, keys: tuple[str, ...]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        value = table.get(key, [])
        name = f"{at}.{key}" if at else key
        if not isinstance(value, list):
            self._wrong(at, key, f"is {_kind(value)}", f"an array of tables, [[{name}]]")
            return
        for index, entry in enumerate(value):
            if not isinstance(entry, dict):
                self._wrong(at, key, f"entry {index + 1} is {_kind(entry)}", "a table")
                continue
            self._known(f"{name}[{index}]", entry, keys)
            yield f"{name}[{index}]", entry

    def _strings(self, at: str, table: dict[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._wrong(at, key, f"is {_kind(value)}", "a list of strings")
            return ()
        return tuple(value)

    def _text(self, at: str, table: dict[str, Any], key: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self._wrong(at, key, "is missing" if value is None else f"is {value!r}", "text")
        return ""

    def _dotted(self, at: str, table: dict[str, Any], key: str) -> str:
        value = table.get(key)
        if value is None:
            self._wrong(at, key, "is missing", "a dotted name such as 'app.module.Class'")
        elif not isinstance(value, str) or not _DOTTED.match(value):
            self._wrong(at, key, f"is {value!r}", "a dotted name such as 'app.module.Class'")
        else:
            return value
        return ""


def _kind(value: object) -> str:
    return {dict: "a table", list: "a list", str: "text", bool: "true or false"}.get(
        type(value), f"{value!r}"
    )


def is_plan(path: str, text: str) -> bool:
    """Whether a file is a plan, by its name or by what it holds: what it says of legacy names is never a
    reference to them."""
    if path.rpartition("/")[2] == PLAN_NAME:
        return True
    if not path.endswith(".toml") or not _MOVE.search(text):
        return False
    return all(key.search(text) for key in _ENDS)
