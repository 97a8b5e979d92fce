"""Where control enters a program: endpoints, task functions, commands, applications."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from consolidator.analysis.emissions.bodies.code import Path, Test, Text
from consolidator.analysis.emissions.program.function import LIBRARY, Function
from consolidator.analysis.emissions.program.program import Program
from consolidator.tree.names import Definition

QUIET_DECORATORS = frozenset(
    {"property", "cached_property", "staticmethod", "classmethod", "abstractmethod", "overload"}
    | {"override", "final", "contextmanager", "asynccontextmanager", "wraps", "lru_cache", "cache"}
    | {"dataclass", "setter", "getter", "deleter", "singledispatch", "total_ordering", "retry"}
    | {"deprecated", "timed", "traced", "trace", "log_call", "synchronized", "no_type_check"}
)
"""Decorators that tie a function to nothing outside it."""
_REGISTERING = re.compile(
    r"\.(get|post|put|patch|delete|head|options|route|api_route|websocket|websocket_route|on|event|task|"
    r"command|group|callback|middleware|exception_handler|on_event|listener|receiver|subscriber|handler|"
    r"register|job|scheduled_job|periodic_task|tool|hook|connect|disconnect|namespace|timer|cli|agent)$"
)
_HOOKS = (
    (
        re.compile(r"(Consumer)$"),
        re.compile(r"(web|http_)\w+|connect|disconnect|receive\w*|dispatch"),
    ),
    (
        re.compile(r"Endpoint$"),
        re.compile(r"on_(connect|receive|disconnect)|dispatch|decode|get|post|put|patch|delete"),
    ),
    (
        re.compile(r"WebSocketHandler$"),
        re.compile(r"open|on_(message|close|ping|pong)|check_origin|get|prepare|initialize"),
    ),
    (re.compile(r"Namespace$"), re.compile(r"on_\w+|trigger_event")),
    (re.compile(r"(Thread|Process)$"), re.compile(r"run")),
)
"""Outside base classes, and the methods that they call. Of others every public method may be called."""
_FOUND_BY_THEMSELVES = re.compile(r"(Command|Task|NodeVisitor|Protocol_)$")
"""Outside base classes whose subclasses are found without being named anywhere."""
_TASKS = frozenset(
    {"shared_task", "task", "job", "flow", "receiver", "register", "command", "tool", "app"}
)
_APPLICATIONS = frozenset(
    {"create_app", "make_app", "get_app", "build_app", "app_factory", "create_application"}
    | {"application", "app", "lambda_handler", "lifespan"}
)
_STARTED = frozenset({"main", "handler", "cli", "run_server", "serve"})
"""Functions that something outside may start; mostly the program itself does."""
_ROUTERS = (
    *("Starlette", "Application", "URLRouter", "ProtocolTypeRouter", "Litestar", "Mount", "Route"),
    *("WebSocketRoute", "path", "re_path", "register_namespace", "add_route", "add_routes"),
)
"""Calls that tie addresses to what answers there."""
_SETTINGS = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "Procfile", "Dockerfile"})
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
        self._named: dict[Definition, bool] = {}

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

    def maybe(self, function: Function) -> str:
        """Why control may enter here from outside, although nothing in the program says so."""
        fact = function.fact
        if fact is None or function.is_library:
            return ""
        if self._may_be_started(function):
            return "it may be started from outside, which no setting says"
        for decorator in fact.decorators:
            if self._is_outside(decorator.partition("(")[0], function):
                return f"@{decorator.partition('(')[0]} may hand it to somebody"
        if base := self._outside_base(function):
            return f"{base} may call it"
        return ""

    def _may_be_started(self, function: Function) -> bool:
        is_plain = function.fact is not None and not function.fact.scope
        return is_plain and function.name in _STARTED and self._says_how

    def _is_outside(self, decorator: str, function: Function) -> bool:
        if decorator.rpartition(".")[2] in QUIET_DECORATORS:
            return False
        scope = function.fact.scope if function.fact else ""
        found = self._program.resolver.expression(function.path, decorator, scope).definitions
        return any(d.kind == "external" for d in found)

    def _outside_base(self, function: Function) -> str:
        """A base class of a method's class that is not part of the program and may call the method."""
        cls = self._program.definition_of(function)
        if cls is None or function.name.startswith("_") or not self.is_made(cls):
            return ""
        for ancestor in self._program.ancestors(cls)[1:]:
            name = ancestor.dotted.rpartition(".")[2]
            is_known = _CALLS_BACK.search(ancestor.dotted) or _CALLS_NOTHING.search(name)
            if ancestor.kind == "external" and not is_known:
                return ancestor.dotted
        return ""

    @cached_property
    def _says_how(self) -> bool:
        """Whether the tree has files that say how it is started."""
        return any(path.rpartition("/")[2] in _SETTINGS for path in self._program.tree.all_paths)

    def is_made(self, cls: Definition) -> bool:
        """Whether anything names a class or a subclass of it, so that there can be an object of it."""
        family = (cls, *self._program.descendants(cls))
        return any(self._is_named(member) for member in family)

    def _is_named(self, cls: Definition) -> bool:
        if cls not in self._named:
            self._named[cls] = self._find_name(cls)
        return self._named[cls]

    def _find_name(self, cls: Definition) -> bool:
        fact = self._program.class_fact(cls)
        if fact is None or fact.decorators or fact.keywords or cls.path.startswith(LIBRARY):
            return True
        if cls.module.partition(".")[0] in self._libraries or not self._has_entry:
            return True
        if self._is_open or (self._is_called_back(cls) and not self._routes):
            return True
        if any(
            self._program.function(a.path, f"{a.qualname}.__init_subclass__")
            for a in self._program.ancestors(cls)
            if a.path
        ):
            return True
        own = cls.qualname.rpartition(".")[2]
        names = (own, *self._program.aliases.get(own, ()))
        return any(
            name in function.names and not self._is_inside(function, cls)
            for name in names
            for function in self._program.mentioning(name)
        ) or bool(self._in_text(own))

    @cached_property
    def _is_open(self) -> bool:
        """Whether what starts the program hands objects to it, which may be made anywhere."""
        return any(
            function.name in _STARTED
            and function.signature is not None
            and function.signature.fewest > 0
            and function.owner is None
            for name in _STARTED
            for function in self._program.by_name.get(name, ())
        )

    def _is_called_back(self, cls: Definition) -> bool:
        return any(
            a.kind == "external" and _CALLS_BACK.search(a.dotted)
            for a in self._program.ancestors(cls)
        )

    @cached_property
    def _routes(self) -> bool:
        """Whether the program says what is reached at which address."""
        return any(self._program.calls_of(name) for name in _ROUTERS)

    @staticmethod
    def _is_inside(function: Function, cls: Definition) -> bool:
        return function.path == cls.path and f"{function.qualname}.".startswith(f"{cls.qualname}.")

    def _in_text(self, name: str) -> bool:
        """Whether a text names a class: `"chat.consumers.ChatConsumer"` in some settings."""
        text = re.compile(rf"""["'][\w.:]*\b{re.escape(name)}["']""".encode())
        tree = self._program.tree
        for path in tree.containing(name):
            try:
                if text.search(tree.read(path)):
                    return True
            except OSError:
                continue
        return any(found.endswith(f":{name}") for found in self._mentioned)

    def _certain(self, function: Function) -> str:
        fact = function.fact
        assert fact is not None
        if reason := self._registered(function):
            return reason
        if _is_asgi(function):
            return "an ASGI application"
        is_started = function.name in _STARTED and not self._says_how
        if not fact.scope and (function.name in _APPLICATIONS or is_started):
            return f"{function.name}() is started from outside"
        if f"{function.module}:{function.qualname}" in self._mentioned:
            return "named in the project's settings"
        if function.is_library:
            return "part of an installed package"
        return self._framework(function)

    @cached_property
    def _has_entry(self) -> bool:
        return self._imports_framework() or any(
            (self._certain(function) or self._may_be_started(function))
            if function.qualname
            else _runs_something(function)
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

    def _registered(self, function: Function) -> str:
        assert function.fact is not None
        for decorator in function.fact.decorators:
            name = decorator.partition("(")[0]
            if name.rpartition(".")[2] in QUIET_DECORATORS:
                continue
            is_known = _REGISTERING.search(name) or name.rpartition(".")[2] in _TASKS
            if is_known or self._is_method_of_outside(name, function):
                return "" if self._is_left_out(name, function) else f"registered by @{name}"
        return ""

    def _is_left_out(self, decorator: str, function: Function) -> bool:
        """Whether it registers with a router that other files import and nothing ever uses."""
        owner = decorator.rpartition(".")[0]
        made_by = self._maker(owner, function)
        if not made_by.endswith(("Router", "Blueprint", "RouteTableDef")):
            return False
        router = owner.rpartition(".")[2]
        own = function.module.rpartition(".")[2]
        is_imported = bool(self._importers.get(f"{own}.{router}", set()) - {function.path})
        return is_imported and not any(
            isinstance(mention, Path) and mention.text.split(".")[-1] == router
            for user in self._program.mentioning(router)
            for mention, _, _ in user.mentions
        )

    @cached_property
    def _importers(self) -> dict[str, set[str]]:
        """Files that import a name, by the last name of its module and its own: `chat.router`."""
        found: dict[str, set[str]] = {}
        for path in self._program.paths:
            facts = self._program.tree.facts(path)
            for fact in facts.imports if facts is not None else ():
                name = f"{fact.module.rpartition('.')[2]}.{fact.name}"
                found.setdefault(name, set()).add(path)
        return found

    def _maker(self, name: str, function: Function) -> str:
        """What a variable of a module is made by: `fastapi.APIRouter`."""
        resolver, scope = self._program.resolver, function.fact.scope if function.fact else ""
        for definition in resolver.expression(function.path, name, scope).definitions:
            facts = self._program.tree.facts(definition.path) if definition.path else None
            for binding in facts.bindings if facts and definition.kind == "variable" else ():
                if binding.name == definition.qualname and binding.form == "call":
                    made_by = binding.value.partition("(")[0]
                    makers = resolver.expression(definition.path, made_by, "").definitions
                    return next((m.dotted for m in makers if m.kind == "external"), "")
        return ""

    def _is_method_of_outside(self, decorator: str, function: Function) -> bool:
        """`@app.before_server_start`, where `app` is made by a call of something outside."""
        owner, dot, _ = decorator.rpartition(".")
        return bool(dot and self._maker(owner, function))

    def _framework(self, function: Function) -> str:
        """Methods that an outside base class calls by its own rules."""
        cls = self._program.definition_of(function)
        if cls is None or function.name.startswith("_"):
            return ""
        for ancestor in self._program.ancestors(cls):
            if ancestor.kind == "external" and _CALLS_BACK.search(ancestor.dotted):
                is_found = _FOUND_BY_THEMSELVES.search(ancestor.dotted) or self.is_made(cls)
                if is_found and _is_hook(function, ancestor):
                    return f"called by {ancestor.dotted}"
        return ""


def _is_hook(function: Function, base: Definition) -> bool:
    for outside, methods in _HOOKS:
        if outside.search(base.dotted):
            # Channels calls the methods that messages name, with the message.
            takes_message = function.signature is not None and function.signature.fewest == 1
            is_handler = base.dotted.endswith("Consumer") and takes_message
            return bool(methods.fullmatch(function.name)) or is_handler
    return True


_CALLS_BACK = re.compile(
    r"(Consumer|Endpoint|WebSocketHandler|RequestHandler|APIView|View|Namespace|Command|Thread|Process|"
    r"Task|Middleware|HTTPMiddleware|Protocol_|NodeVisitor)$"
)


_CALLS_NOTHING = re.compile(
    r"(^|[a-z_])(object|ABC|Protocol|Generic|Enum|IntEnum|StrEnum|Flag|Exception|Error|Warning|BaseModel|"
    r"Model|BaseSettings|Struct|TypedDict|NamedTuple|dict|list|set|str|int|UserDict|SQLModel|Base)$"
)
"""Outside bases that call no method by its name."""

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
