"""Where control enters a program: endpoints, task functions, commands, applications."""

from __future__ import annotations

import re
from collections.abc import Iterable

from consolidator.analysis.emissions.program import Function, Program

_QUIET_DECORATORS = frozenset(
    {"property", "cached_property", "staticmethod", "classmethod", "abstractmethod", "overload"}
    | {"override", "final", "contextmanager", "asynccontextmanager", "wraps", "lru_cache", "cache"}
    | {"dataclass", "setter", "getter", "deleter", "singledispatch", "total_ordering", "retry"}
    | {"deprecated", "timed", "traced", "trace", "log_call", "synchronized", "no_type_check"}
)
_REGISTERING = re.compile(
    r"\.(get|post|put|patch|delete|head|options|route|api_route|websocket|websocket_route|on|event|task|"
    r"command|group|callback|middleware|exception_handler|on_event|listener|receiver|subscriber|handler|"
    r"register|job|scheduled_job|periodic_task|tool|hook|connect|disconnect|namespace|timer|cli|agent)$"
)
_TASKS = frozenset(
    {"shared_task", "task", "job", "flow", "receiver", "register", "command", "tool", "app"}
)
_APPLICATIONS = frozenset(
    {"main", "create_app", "make_app", "get_app", "build_app", "app_factory", "create_application"}
    | {"application", "app", "lambda_handler", "handler", "cli", "lifespan", "run_server", "serve"}
)


class Entries:
    """Entry points of one program. `mentioned` are `module:function` names from other files."""

    def __init__(self, program: Program, mentioned: Iterable[str]) -> None:
        self._program = program
        self._mentioned = frozenset(mentioned)

    def why(self, function: Function) -> str:
        """Why control can enter here from outside; empty where it can't."""
        if not function.qualname:
            return "module level"
        fact = function.fact
        assert fact is not None
        if reason := self._registered(function):
            return reason
        if _is_asgi(function):
            return "an ASGI application"
        if not fact.scope and function.name in _APPLICATIONS:
            return f"{function.name}() is started from outside"
        if f"{function.module}:{function.qualname}" in self._mentioned:
            return "named in the project's settings"
        if function.is_library:
            return "part of an installed package"
        return self._framework(function)

    @staticmethod
    def _registered(function: Function) -> str:
        assert function.fact is not None
        for decorator in function.fact.decorators:
            name = decorator.partition("(")[0]
            if name.rpartition(".")[2] in _QUIET_DECORATORS:
                continue
            if _REGISTERING.search(name) or name.rpartition(".")[2] in _TASKS:
                return f"registered by @{name}"
        return ""

    def _framework(self, function: Function) -> str:
        """Methods that an outside base class calls by its own rules."""
        cls = self._program.definition_of(function)
        if cls is None or function.name.startswith("_"):
            return ""
        for ancestor in self._program.ancestors(cls):
            if ancestor.kind == "external" and _CALLS_BACK.search(ancestor.dotted):
                return f"called by {ancestor.dotted}"
        return ""


_CALLS_BACK = re.compile(
    r"(Consumer|Endpoint|WebSocketHandler|RequestHandler|APIView|View|Namespace|Command|Thread|Process|"
    r"Task|Middleware|HTTPMiddleware|Protocol_|NodeVisitor)$"
)


def _is_asgi(function: Function) -> bool:
    assert function.fact is not None
    names = [parameter.name for parameter in function.fact.parameters]
    return names[-3:] == ["scope", "receive", "send"]
