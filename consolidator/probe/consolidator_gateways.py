"""What an application is given to send by: ASGI's `send` and the answer of a WSGI application.

Whatever framework, middleware, server or test client there is: what leaves an ASGI application goes
through the `send` that it was called with. The outermost application of a connection has its `send`
recorded; it marks the scope, so that those it calls leave theirs alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from consolidator_frames import record, sending  # type: ignore[import-not-found]
from consolidator_streams import Stream  # type: ignore[import-not-found]

MARK = "_consolidator_recorded"
_SCOPE = "consolidator.recorded"


def _is_recorded(scope: Any) -> bool:
    return not isinstance(scope, dict) or scope.get("type") == "lifespan" or _SCOPE in scope


def recorded_send(scope: Any, send: Callable[..., Any]) -> Callable[..., Any]:
    """`send`, with what it is given written down once it was sent; `send` itself where that is done."""
    if _is_recorded(scope):
        return send
    scope[_SCOPE] = True
    connection = Connection()

    async def send_recorded(message: Any) -> Any:
        with sending() as is_outermost:
            result = await send(message)
        if is_outermost:
            connection.note(message)
        return result

    return send_recorded


class Connection:
    """One WebSocket or one HTTP answer of an ASGI application."""

    def __init__(self) -> None:
        self._stream = Stream("")

    def note(self, message: Any) -> None:
        kind = message.get("type")
        if kind == "websocket.send":
            text = message.get("text")
            record(self, text if text is not None else message.get("bytes") or b"")
        elif kind == "http.response.start":
            self._stream = Stream(_content_type(message.get("headers") or ()))
        elif kind == "http.response.body":
            for event in self._stream.feed(message.get("body") or b""):
                record(self, event)


def _content_type(headers: Iterable[Any]) -> str:
    for name, value in headers:
        if _text(name).lower() == "content-type":
            return _text(value)
    return ""


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def wrap_application(application: Any) -> Any:
    """An ASGI application whose sends are recorded, whatever its parameters are called."""
    call = application if inspect.isfunction(application) else type(application).__call__
    if hasattr(call, MARK):
        return application

    @functools.wraps(application, updated=())
    async def recorded(scope: Any, receive: Any, send: Any) -> Any:
        return await application(scope, receive, recorded_send(scope, send))

    setattr(recorded, MARK, True)
    return recorded


def wrap_gateways(module: ModuleType) -> None:
    """Wrap the applications that a module defines: functions and classes with `(scope, receive, send)`,
    or with `(environ, start_response)`."""
    for name, value in list(vars(module).items()):
        kind = type(value)  # and no attribute of what may be lazy or a proxy
        if issubclass(kind, type) and value.__module__ == module.__name__:
            _wrap_one(value, "__call__", value.__dict__.get("__call__"), _METHODS)
        elif kind is FunctionType and value.__module__ == module.__name__:
            _wrap_one(module, name, value, _FUNCTIONS)


def _wrap_one(
    owner: Any, name: str, function: Any, kinds: dict[tuple[str, ...], Callable[..., Any]]
) -> None:
    code = getattr(function, "__code__", None)
    parameters = code.co_varnames[: code.co_argcount] if code is not None else ()
    for expected, wrap in kinds.items():
        fits = inspect.iscoroutinefunction(function) == ("scope" in expected)
        if parameters[: len(expected)] == expected and fits and not hasattr(function, MARK):
            wrapped = functools.wraps(function)(wrap(function))
            setattr(wrapped, MARK, True)
            setattr(owner, name, wrapped)


# Wrappers take what they wrap takes: servers find out what an application is by calling it with nothing.


def _asgi_method(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(self: Any, scope: Any, receive: Any, send: Any, *rest: Any, **named: Any) -> Any:
        send = recorded_send(scope, send)
        return await function(self, scope, receive, send, *rest, **named)

    return call


def _asgi_function(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(scope: Any, receive: Any, send: Any, *rest: Any, **named: Any) -> Any:
        return await function(scope, receive, recorded_send(scope, send), *rest, **named)

    return call


def _wsgi_method(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, environ: Any, start_response: Any) -> Any:
        return _answered(functools.partial(function, self), environ, start_response)

    return call


def _wsgi_function(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(environ: Any, start_response: Any) -> Any:
        return _answered(function, environ, start_response)

    return call


_FUNCTIONS = {
    ("scope", "receive", "send"): _asgi_function,
    ("environ", "start_response"): _wsgi_function,
}
_METHODS = {
    ("self", "scope", "receive", "send"): _asgi_method,
    ("self", "environ", "start_response"): _wsgi_method,
}


def _answered(application: Callable[..., Any], environ: Any, start_response: Any) -> Any:
    if _SCOPE in environ:
        return application(environ, start_response)
    environ[_SCOPE] = True
    answer = _Answer(start_response)
    return answer.body(application(environ, answer.start))


class _Answer:
    """The answer to one WSGI request."""

    def __init__(self, start_response: Callable[..., Any]) -> None:
        self._start_response = start_response
        self._stream: Any = None

    def start(self, status: str, headers: list[Any], *more: Any) -> Any:
        self._stream = Stream(_content_type(headers))
        return self._start_response(status, headers, *more)

    def body(self, parts: Iterable[Any]) -> Iterable[Any]:
        """`parts` themselves where it is known that they hold no events: a server may know their type."""
        return parts if self._stream is not None and not self._stream else _Body(self, parts)

    def note(self, part: Any) -> None:
        for event in self._stream.feed(part) if self._stream is not None else ():
            record(self, event)


class _Body:
    """The parts of an answer, each written down when the server asks for the next."""

    def __init__(self, answer: _Answer, parts: Iterable[Any]) -> None:
        self._answer, self._parts = answer, parts

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts:
            self._answer.note(part)
            yield part

    def close(self) -> None:
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()
