"""A run: which agents and calls of it are open, and who runs them. Told the time."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from unified_runtime.events import (
    AgentCompleted,
    AgentStarted,
    Payload,
    ToolCompleted,
    ToolExecuting,
)
from unified_runtime.notes import Change

RunKey = tuple[str, str | None, str | None]
"""(user_id, thread_id, run_id)"""

NAMELESS = "agent"
"""`agent_name` of an event whose run never said one."""

_MAX_CALLS = 1_000


class EngineRun(Protocol):
    """An agent that an ExecutionEngine runs. The engine says its start and its end; said by hand
    meanwhile, as agents from before the engine do, they are not said again."""

    @property
    def agent_name(self) -> str: ...

    @property
    def running(self) -> bool:
        """Whether the start is said, and the end is not."""
        ...

    @property
    def started(self) -> int:
        """The number of its `agent_started`."""
        ...

    def take_end(self, data: dict[str, Any]) -> None:
        """The agent said this as its end. May be called from any thread, and runs none of others' code."""
        ...


@dataclass(slots=True)
class Call:
    agent_name: str
    tool_name: str
    started: float


@dataclass(slots=True)
class Run:
    """`agents` by name, each with the time of its start, the innermost last: one may call another."""

    agents: dict[str, float] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)

    @property
    def agent_name(self) -> str:
        return next(reversed(self.agents), NAMELESS)

    @property
    def ended(self) -> bool:
        return not self.agents and not self.calls

    def open_call_of(self, tool_name: object) -> str | None:
        """The oldest unfinished call of this tool."""
        return next((key for key, call in self.calls.items() if call.tool_name == tool_name), None)

    def take(self, payload: Payload, now: float) -> list[Change]:
        """What the event opens and ends. What is not known to be open may be so in the journal."""
        match payload:
            case AgentStarted(agent_name=name):
                again = self.end_all() if name in self.agents else []
                self.agents[name] = now
                return [*again, Change("agent", name, True, name)]
            case ToolExecuting(agent_name=agent, tool_name=tool, call_id=call_id):
                self.calls[call_id] = Call(agent, tool, now)
                if len(self.calls) > _MAX_CALLS:
                    del self.calls[next(iter(self.calls))]
                return [Change("call", call_id, True, agent, tool)]
            case ToolCompleted(call_id=call_id):
                return [_call_ends(call_id, self.calls.pop(call_id, None))]
            case AgentCompleted(agent_name=name):
                began_as = self.name_of(name)
                return [_agent_ends(began_as, self.agents.pop(began_as, None))]
        return []

    def name_of(self, name: str) -> str:
        """Under which it began: the same, else the innermost's, which then changed it."""
        return name if name in self.agents or not self.agents else next(reversed(self.agents))

    def end_all(self) -> list[Change]:
        """The run begins anew or is over, whatever of it is still open."""
        ended = [_agent_ends(name, started) for name, started in self.agents.items()]
        ended += [_call_ends(call_id, call) for call_id, call in self.calls.items()]
        self.agents.clear()
        self.calls.clear()
        return ended

    def take_back(self, changes: list[Change]) -> None:
        """As if the event had not been; what opened stands in the order in which it began."""
        for kind, name, opens, *_ in changes:
            if opens:
                (self.agents if kind == "agent" else self.calls).pop(name, None)
        for kind, name, opens, agent_name, tool_name, started in changes:
            if not opens and started is not None and kind == "agent":
                self.agents[name] = started
            elif not opens and started is not None:
                self.calls[name] = Call(agent_name, tool_name, started)
        self.agents = dict(sorted(self.agents.items(), key=lambda agent: agent[1]))
        self.calls = dict(sorted(self.calls.items(), key=lambda call: call[1].started))


def _agent_ends(name: str, started: float | None) -> Change:
    return Change("agent", name, False, started=started)


def _call_ends(call_id: str, call: Call | None) -> Change:
    if call is None:
        return Change("call", call_id, False)
    return Change("call", call_id, False, call.agent_name, call.tool_name, call.started)
