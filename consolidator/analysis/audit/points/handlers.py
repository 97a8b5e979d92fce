"""Handler registrations (per connection, not global) and middleware (auth, origin)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from consolidator.analysis.audit.code import CodeFile, FunctionDef, called_name, last_name
from consolidator.analysis.audit.points.base import IntegrationPoint, Judgement
from consolidator.analysis.audit.points.endpoints import ENDPOINTS, endpoints, is_endpoint_class
from consolidator.analysis.audit.report import Evidence

_REGISTER = re.compile(
    r"^(add|register|set|insert)_(\w+_)?(handler|listener|callback|subscriber|hook)s?$"
)
_UNREGISTER = re.compile(
    r"^(remove|unregister|clear|delete|pop)_(\w+_)?(handler|listener|callback|subscriber|hook)s?$|^(unsubscribe|off)$"
)
_LOGGING = re.compile(r"log|signal|loop|atexit|exception|error_handler|request_handler", re.I)
_PER_CONNECTION = re.compile(r"^_?(web_?socket|socket|ws|conn(ection)?|session|self)$", re.I)


def _handlers(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for call in file.calls:
        name = called_name(call)
        if not _REGISTER.match(name) or not isinstance(call.func, ast.Attribute):
            continue
        owner = ast.unparse(call.func.value)
        if _LOGGING.search(owner) or _LOGGING.search(name):
            continue
        function = file.enclosing(call)
        if function is None:
            yield file.evidence(call, "ok", "once, when the module is loaded")
        elif not _handles_connection(function):
            yield file.evidence(call, "ok", f"in {function.name}")
        elif any(
            _UNREGISTER.match(called_name(n)) for n in ast.walk(function) if isinstance(n, ast.Call)
        ):
            yield file.evidence(call, "ok", "per connection, and taken away again")
        elif _PER_CONNECTION.match(last_name(call.func.value)):
            yield file.evidence(call, "ok", "on the connection itself")
        else:
            why = f"each connection adds a handler to {owner}, and none is taken away"
            yield file.evidence(call, "at-risk", why)


def _handles_connection(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return any(
        re.match(r"^(web_?socket|socket|ws|connection)$", argument.arg, re.I)
        or (
            argument.annotation is not None
            and "WebSocket" in ast.unparse(argument.annotation)
            and "Manager" not in ast.unparse(argument.annotation)
        )
        for argument in arguments
    )


HANDLERS = IntegrationPoint(
    "handler-registration",
    "Message handlers belong to a connection, or are registered once",
    ("_handler", "_listener", "_callback", "_subscriber", "_hook"),
    _handlers,
    only=r"\.(add|register|set|insert)_(\w+_)?(handler|listener|callback|subscriber|hook)s?\(",
)

_AUTH = re.compile(r"auth|jwt|token|current_user|user_of|credential|session_user", re.I)
_WRAPPER = re.compile(r"Middleware(Stack)?$")
"""What wraps an ASGI application: `AuthMiddlewareStack(URLRouter(…))`."""
_CONNECTS = re.compile(r"\.on\(['\"]connect['\"]")
"""How Socket.IO is given what decides about a connection; so is `@sio.event` above `connect`."""
_ORIGIN = re.compile(
    r"CORSMiddleware|allowed_origins|AllowedHostsOriginValidator|OriginValidator|check_origin|TrustedHost|cors_allowed_origins|add_cors|\borigins?\b",
    re.I,
)


def _middleware(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for call in file.calls:
        name = called_name(call)
        if name in ("add_middleware", "Middleware"):
            added = ast.unparse(call.args[0]) if call.args else name
            yield file.evidence(call, "ok", f"{_sort(added + ' ' + ast.unparse(call))} middleware")
        elif name == "middleware" and _is_decorator(file, call):
            why = "sees HTTP requests only: a WebSocket handshake passes it by"
            yield file.evidence(call, "seen", why)
        elif _ORIGIN.search(name) and name[:1].isupper():
            yield file.evidence(call, "ok", "origin")
        elif _WRAPPER.search(name) and _AUTH.search(name):
            yield file.evidence(call, "ok", "auth middleware")
        elif any(k.arg in ("cors_allowed_origins", "origins") for k in call.keywords):
            yield file.evidence(call, "ok", "origin")
    for endpoint in endpoints(file):
        yield replace(endpoint, verdict="seen", why="a way in")
    for function in file.functions:
        if _is_endpoint(function):
            yield from _authentication(file, function)
    for cls in file.classes:
        yield from _of_class(file, cls)
    yield from _asgi_auth(file)


def _authentication(file: CodeFile, function: FunctionDef) -> Iterator[Evidence]:
    """Calls and decorators of an endpoint that ask who is there."""
    for decorator in function.decorator_list:
        if _AUTH.search(
            called_name(decorator) if isinstance(decorator, ast.Call) else last_name(decorator)
        ):
            yield file.evidence(decorator, "ok", "auth around the endpoint")
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _AUTH.search(called_name(node)):
            yield file.evidence(node, "ok", "auth in the endpoint")


def _of_class(file: CodeFile, cls: ast.ClassDef) -> Iterator[Evidence]:
    """What the methods of an endpoint's class do, and of one that is mixed into such classes."""
    methods = [
        node for node in cls.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    checks = [method for method in methods if method.name == "check_origin"]
    for method in checks:
        if isinstance(last := method.body[-1], ast.Return) and _is_true(last.value):
            yield file.evidence(method, "seen", "lets every origin in")
        else:
            yield file.evidence(method, "ok", "origin")
    if not is_endpoint_class(cls):
        return
    is_tornado = any(last_name(base) == "WebSocketHandler" for base in cls.bases)
    if is_tornado and not checks and "tornado" in file.text:
        yield file.evidence(cls, "ok", "origin, as Tornado checks it unless told otherwise")
    for method in methods:
        yield from _authentication(file, method)


def _is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _asgi_auth(file: CodeFile) -> Iterator[Evidence]:
    if "websocket" not in file.text:
        return
    for function in file.functions:
        names = {a.arg for a in function.args.args}
        if "scope" in names:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _AUTH.search(called_name(node)):
                    yield file.evidence(node, "ok", "auth on the ASGI scope")


def _is_endpoint(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = [ast.unparse(decorator).lower() for decorator in function.decorator_list]
    decorated = any("websocket" in text or _CONNECTS.search(text) for text in decorators)
    decorated |= function.name in ("connect", "on_connect") and any(
        text.endswith(".event") for text in decorators
    )
    arguments = [a.arg.lower() for a in function.args.args]
    return decorated or "websocket" in arguments


def _is_decorator(file: CodeFile, call: ast.Call) -> bool:
    parent = file.around.parent(call)
    return (
        isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and call in parent.decorator_list
    )


def _sort(text: str) -> str:
    if _ORIGIN.search(text):
        return "origin"
    return "auth" if _AUTH.search(text) else "other"


def _judge(evidence: Sequence[Evidence]) -> Judgement:
    if not evidence:
        return "not-found", ""
    auth = any(e.why.startswith("auth") for e in evidence)
    origin = any(e.why.startswith("origin") for e in evidence)
    if auth and origin:
        return "ok", ""
    lacking = " and ".join(
        n for n, found in (("authentication", auth), ("origin check", origin)) if not found
    )
    return "at-risk", f"no {lacking} was found on the way of a WebSocket handshake"


MIDDLEWARE = IntegrationPoint(
    "middleware",
    "A WebSocket handshake is authenticated, and its origin checked",
    ("iddleware", "Origin", "check_origin", '"connect"', "'connect'", ".event", *ENDPOINTS.needles),
    _middleware,
    _judge,
    only=ENDPOINTS.only
    + r"|\.on\(\s*[\"']connect|\.event\s|def check_origin|add_middleware|Middleware(Stack)?\(|origins\s*=|\.middleware\(|\.websocket|\bwebsocket\b\s*[:,)]|\bscope\b|Origin",
)
