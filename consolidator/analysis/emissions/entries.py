"""Where control enters a program: endpoints, task functions, commands, applications."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from consolidator.analysis.emissions.code import Path, Test, Text
from consolidator.analysis.emissions.program import LIBRARY, Function, Program

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
_IS_MAIN = Test("==", (Path("__name__"), Text("__main__")))


class Entries:
    """Entry points of one program.

    `mentioned` are `module:function` names from files that are not Python; `libraries` the packages
    whose users are not part of the program, so that everything public in them is an entry. Where a
    program has no other entry at all, it is a library too: public functions that nothing calls are
    taken to be called by its users.
    """

    def __init__(
        self, program: Program, mentioned: Iterable[str] = (), libraries: Iterable[str] = ()
    ) -> None:
        self._program = program
        self._mentioned = frozenset(mentioned)
        self._libraries = frozenset(libraries)

    def why(self, function: Function) -> str:
        """Why control can enter here from outside; empty where it can't."""
        if not function.qualname:
            return "module level"
        if reason := self._certain(function):
            return reason
        if function.module.partition(".")[0] in self._libraries and _is_public(function):
            return "public in a library"
        if not self._has_entry and self._is_loose(function):
            return "public in a program without an entry point"
        return ""

    def _certain(self, function: Function) -> str:
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

    @cached_property
    def _has_entry(self) -> bool:
        return self._imports_framework() or any(
            self._certain(function) if function.qualname else _runs_something(function)
            for path in self._program.paths
            for function in self._program.functions(path)
            if not function.is_library
        )

    def _imports_framework(self) -> bool:
        return any(
            fact.module.partition(".")[0] in _FRAMEWORKS
            for path in self._program.paths
            if not path.startswith(LIBRARY) and (facts := self._program.tree.facts(path))
            for fact in facts.imports
        )

    def _is_loose(self, function: Function) -> bool:
        """A public function, or a method of a class that does not carry other people's events."""
        if not _is_public(function):
            return False
        return function.owner is None or not _CARRIER.search(function.owner.name)

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


_FRAMEWORKS = frozenset(
    {"fastapi", "starlette", "django", "channels", "flask", "quart", "sanic", "tornado", "litestar"}
    | {"uvicorn", "hypercorn", "daphne", "celery", "socketio", "typer", "click", "argparse"}
)
"""What a program with entry points of its own imports."""

_CARRIER = re.compile(r"(Emitter|Bridge|Notifier|Manager|Broadcaster|Publisher|Dispatcher|Socket)")
"""Classes that send what others tell them: a method of theirs that nobody calls is no entry."""


def _is_public(function: Function) -> bool:
    if "<locals>" in function.qualname:
        return False
    names = function.qualname.split(".")
    return not any(name.startswith("_") and not name.startswith("__") for name in names)


def _runs_something(module: Function) -> bool:
    """Whether a module starts something when it is run: `asyncio.run(…)`, `if __name__ == …`."""
    return any(
        isinstance(call.callee, Path)
        and (call.callee.last in ("run", "run_until_complete", "run_app", "serve_forever"))
        for call in module.body.calls
    ) or any(
        condition.test == _IS_MAIN for place in module.body.places for condition in place.conditions
    )


def _is_asgi(function: Function) -> bool:
    assert function.fact is not None
    names = [parameter.name for parameter in function.fact.parameters]
    return names[-3:] == ["scope", "receive", "send"]
