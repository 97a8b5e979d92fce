"""What a run's earlier events say about the fields that a later one leaves out. Told the time."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from threading import RLock
from typing import Any, TypeVar

from unified_runtime.events import AgentCompleted, AgentStarted, AgentThinking, Payload
from unified_runtime.notes import Change
from unified_runtime.runs import Call, EngineRun, Run, RunKey

T = TypeVar("T")

_MAX_RUNS = 10_000
_MAX_EVENT_IDS = 10_000


class RunLedger:
    """Fills what the wire requires and a caller may leave out.

    | field | filled with |
    |---|---|
    | `agent_name` | the name in the run's newest `agent_started` that is not completed, else `agent` |
    | `parameters` | `{}` |
    | `call_id` | of `tool_executing`: a new one; of `tool_completed`: the oldest open call of that tool, else a new one |
    | `status` | `ok`, `completed` |
    | `results`, `final_response` | null |
    | `duration` | seconds since the call or run started, 0 when its start was not seen |

    `agent_name` of `agent_started`, `reasoning` and `tool_name` are never made up. Runs that never
    end are forgotten beyond 10,000, the first begun first, calls of a run beyond 1,000, and of the
    event ids all but the newest 10,000.

    A destructor or a signal handler may emit while its own thread is in here: its event then stands
    for itself, filled from nothing and remembered by nothing.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._busy = False
        self._runs: OrderedDict[RunKey, Run] = OrderedDict()
        self._engine_runs: dict[RunKey, dict[EngineRun, frozenset[str]]] = {}
        """The innermost last, as an agent may have others run within its own run, and itself again; each
        with the calls that were open when it began."""
        self._event_ids: dict[tuple[str, str], None] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def complete(
        self,
        key: RunKey,
        event_type: str,
        data: Mapping[str, Any],
        now: float,
        make: Callable[[dict[str, Any]], tuple[T, Payload]],
        event_id: str | None = None,
    ) -> tuple[T, list[Change], int]:
        """What `make` makes of a complete copy of a critical event's data, what it opens or ends, and
        if it is not to be sent, `Draft.said`.

        `make` also says how the data reads; remembered only if it does not raise, and if `event_id`
        is not that of an earlier event: then it is that one again. May be called from any thread;
        nobody's own code may run in `make`.
        """
        with self._lock:
            between, self._busy = self._busy, True
            try:
                run = Run() if between else self._runs.get(key) or Run()
                filled = dict(data)
                _fill(run, event_type, filled, now)
                made, payload = make(filled)
                if between:
                    return made, run.take(payload, now), 0
                if said := self._said_by_engine(key, run, payload, filled):
                    return made, [], said
                if event_id is not None and self._is_repeated(key[0], event_id):
                    return made, [], 0
                return made, self._record(key, payload, now), 0
            finally:
                self._busy = between

    def begin_engine_run(self, key: RunKey, engine_run: EngineRun) -> None:
        """Until `end_engine_run`."""
        with self._lock:
            run = self._runs.get(key)
            before = frozenset(run.calls if run is not None else ())
            self._engine_runs.setdefault(key, {})[engine_run] = before

    def end_engine_run(self, key: RunKey, engine_run: EngineRun) -> None:
        with self._lock:
            engine_runs = self._engine_runs[key]
            del engine_runs[engine_run]
            if not engine_runs:
                del self._engine_runs[key]

    def open_calls(self, key: RunKey, engine_run: EngineRun) -> list[tuple[str, Call]]:
        """By id, the oldest first, of those that began within it: the agent's, and if no other engine
        runs anything of the run, all."""
        with self._lock:
            run = self._runs.get(key) or Run()
            before = self._engine_runs[key][engine_run]
            alone = len(self._engine_runs[key]) == 1
            return [
                (call_id, call)
                for call_id, call in run.calls.items()
                if call_id not in before and (alone or call.agent_name == engine_run.agent_name)
            ]

    def _said_by_engine(
        self, key: RunKey, run: Run, payload: Payload, filled: dict[str, Any]
    ) -> int:
        if not isinstance(payload, AgentStarted | AgentCompleted):
            return 0
        ends = isinstance(payload, AgentCompleted)
        name = run.name_of(payload.agent_name) if ends else payload.agent_name
        named = (e for e in reversed(self._engine_runs.get(key, ())) if e.agent_name == name)
        innermost = next(named, None)
        if innermost is None or not innermost.running:
            return 0
        if ends:
            innermost.take_end(filled)
        return innermost.started

    def _is_repeated(self, user_id: str, event_id: str) -> bool:
        known = (user_id, event_id) in self._event_ids
        self._event_ids[user_id, event_id] = None
        if len(self._event_ids) > _MAX_EVENT_IDS:
            del self._event_ids[next(iter(self._event_ids))]
        return known

    def take_back(self, key: RunKey, changes: list[Change], event_id: str | None) -> None:
        """The journal did not keep the event: a repeat must find the run as it was before."""
        with self._lock:
            between, self._busy = self._busy, True
            if event_id is not None:
                self._event_ids.pop((key[0], event_id), None)
            run = self._runs.setdefault(key, Run())
            run.take_back(changes)
            if run.ended:
                del self._runs[key]
            self._busy = between

    def _record(self, key: RunKey, payload: Payload, now: float) -> list[Change]:
        if isinstance(payload, AgentThinking):
            return []
        run = self._runs.setdefault(key, Run())
        changes = run.take(payload, now)
        if run.ended or (not run.agents and isinstance(payload, AgentCompleted)):
            changes += run.end_all()
            del self._runs[key]
        elif len(self._runs) > _MAX_RUNS:
            self._runs.popitem(last=False)
        return changes


def _fill(run: Run, event_type: str, filled: dict[str, Any], now: float) -> None:
    if event_type == "agent_started":
        return
    filled.setdefault("agent_name", run.agent_name)
    if event_type == "tool_executing":
        filled.setdefault("parameters", {})
        filled.setdefault("call_id", _new_call_id())
    elif event_type == "tool_completed":
        _fill_tool_completed(run, filled, now)
    elif event_type == "agent_completed":
        _fill_agent_completed(run, filled, now)


def _new_call_id() -> str:
    return token_urlsafe(9)


def _fill_tool_completed(run: Run, filled: dict[str, Any], now: float) -> None:
    if "call_id" not in filled:
        filled["call_id"] = run.open_call_of(filled.get("tool_name")) or _new_call_id()
    call_id = filled["call_id"]
    call = run.calls.get(call_id) if isinstance(call_id, str) else None
    if call is not None:
        filled.setdefault("tool_name", call.tool_name)
    filled.setdefault("status", "ok")
    filled.setdefault("results", None)
    filled.setdefault("duration", max(0.0, now - call.started) if call else 0.0)


def _fill_agent_completed(run: Run, filled: dict[str, Any], now: float) -> None:
    filled.setdefault("status", "completed")
    filled.setdefault("final_response", None)
    name = filled["agent_name"]
    known = isinstance(name, str) and name in run.agents
    started = run.agents.get(name if known else run.agent_name, now)
    filled.setdefault("duration", max(0.0, now - started))
