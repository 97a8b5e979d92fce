"""Writes down every text frame that a server of this process puts on a WebSocket.

Runs with the interpreter of the tested project, and so may import nothing but the standard library.
Each frame becomes one line of JSON in the file named by CONSOLIDATOR_PROBE_FILE; lines are appended
whole, so that several processes may share the file. A layer is wrapped when the project imports it.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from itertools import count
from types import ModuleType
from typing import Any

FILE = os.environ.get("CONSOLIDATOR_PROBE_FILE", "")
_sending: ContextVar[bool] = ContextVar("consolidator_sending", default=False)
_numbers = count(1)
_MARK = "_consolidator_recorded"


class Current:
    """The test that runs: told by the plugin, or by the environment of the process that a test started."""

    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def _asgi(_socket: Any, message: Any) -> Any:
    if message.get("type") != "websocket.send":
        return None
    return message["text"] if message.get("text") is not None else message.get("bytes")


def _plain(_socket: Any, frame: Any = None, *_rest: Any, **_options: Any) -> Any:
    return json.dumps(frame) if isinstance(frame, dict) else frame


def _from_server(socket: Any, frame: Any = None, *_rest: Any, **_options: Any) -> Any:
    return None if getattr(socket, "is_client", False) else frame


LAYERS: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
    ("uvicorn.protocols.websockets.websockets_impl", "WebSocketProtocol", "asgi_send", _asgi),
    (
        "uvicorn.protocols.websockets.websockets_sansio_impl",
        "WebSocketsSansIOProtocol",
        "send",
        _asgi,
    ),
    ("uvicorn.protocols.websockets.wsproto_impl", "WSProtocol", "send", _asgi),
    ("starlette.websockets", "WebSocket", "send", _asgi),
    ("channels.consumer", "AsyncConsumer", "send", _asgi),
    ("channels.consumer", "SyncConsumer", "send", _asgi),
    ("websockets.asyncio.server", "ServerConnection", "send", _plain),
    ("websockets.sync.server", "ServerConnection", "send", _plain),
    ("websockets.legacy.protocol", "WebSocketCommonProtocol", "send", _from_server),
    ("aiohttp.web_ws", "WebSocketResponse", "send_str", _plain),
    ("aiohttp.web_ws", "WebSocketResponse", "send_bytes", _plain),
    ("litestar.connection.websocket", "WebSocket", "send_data", _plain),
    ("tornado.websocket", "WebSocketHandler", "write_message", _plain),
    ("quart.wrappers.websocket", "Websocket", "send", _plain),
    ("sanic.server.websockets.impl", "WebsocketImplProtocol", "send", _plain),
    ("simple_websocket.ws", "Server", "send", _plain),
)
"""Where servers send: module, class, method, and what of its arguments is the frame. Where one of
them calls another, only the outer one counts."""

BROADCASTS = ("websockets.asyncio.connection", "websockets.asyncio.server")
"""Modules that have `broadcast(connections, message)`, which calls no connection's `send`."""
_WATCHED = frozenset({module for module, *_ in LAYERS} | set(BROADCASTS))


def record(socket: Any, frame: Any) -> None:
    """Append one frame to the file."""
    if isinstance(frame, (bytes, bytearray, memoryview)):
        frame = bytes(frame).decode("utf-8", "replace")
    if not isinstance(frame, str):
        return
    line = json.dumps({"test": Current.test, "socket": _name_of(socket), "frame": frame})
    with open(FILE, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def _name_of(socket: Any) -> str:
    """A name of its own for each socket: an address may be used again within one test."""
    number = getattr(socket, "_consolidator_number", None)
    if number is None:
        number = next(_numbers)
        with suppress(AttributeError):  # a class with slots: its address has to do
            socket._consolidator_number = number
            return f"{os.getpid()}-{number}"
        number = f"at-{id(socket)}"
    return f"{os.getpid()}-{number}"


def _recorded(method: Callable[..., Any], frame_of: Callable[..., Any]) -> Callable[..., Any]:
    def note(socket: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        frame = frame_of(socket, *arguments, **options)
        if frame is not None:
            record(socket, frame)

    @functools.wraps(method)
    async def send(self: Any, *arguments: Any, **options: Any) -> Any:
        if _sending.get():
            return await method(self, *arguments, **options)
        token = _sending.set(True)
        try:
            result = await method(self, *arguments, **options)
        finally:
            _sending.reset(token)
        note(self, arguments, options)
        return result

    @functools.wraps(method)
    def send_now(self: Any, *arguments: Any, **options: Any) -> Any:
        if _sending.get():
            return method(self, *arguments, **options)
        token = _sending.set(True)
        try:
            result = method(self, *arguments, **options)
        finally:
            _sending.reset(token)
        note(self, arguments, options)
        return result

    return send if inspect.iscoroutinefunction(method) else send_now


def _recorded_broadcast(broadcast: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(broadcast)
    def send(connections: Any, message: Any, *rest: Any, **options: Any) -> Any:
        known = list(connections)
        result = broadcast(known, message, *rest, **options)
        for connection in known:
            if not getattr(connection, "is_client", False):
                record(connection, message)
        return result

    return send


def _wrap(module: ModuleType) -> None:
    """Wrap the layers that a module holds, once."""
    for name, owner, method_name, frame_of in LAYERS:
        cls = getattr(module, owner, None) if name == module.__name__ else None
        method = getattr(cls, method_name, None)
        if method is not None and not hasattr(method, _MARK):
            wrapped = _recorded(method, frame_of)
            setattr(wrapped, _MARK, True)
            setattr(cls, method_name, wrapped)
    broadcast = getattr(module, "broadcast", None) if module.__name__ in BROADCASTS else None
    if broadcast is not None and not hasattr(broadcast, _MARK):
        sending = _recorded_broadcast(broadcast)
        setattr(sending, _MARK, True)
        module.broadcast = sending  # type: ignore[attr-defined]


class _Watcher(MetaPathFinder):
    """Finds the modules of the layers like everybody else, and has them wrapped once they are there."""

    def __init__(self) -> None:
        self._looking: set[str] = set()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _WATCHED or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Wrapping(spec.loader)
        return spec


class _Wrapping(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _wrap(module)


def install() -> None:
    """Wrap the layers that are imported, now or later. May be called more than once."""
    if not FILE or any(type(finder).__name__ == _Watcher.__name__ for finder in sys.meta_path):
        return
    for name in sorted(_WATCHED & set(sys.modules)):
        _wrap(sys.modules[name])
    sys.meta_path.insert(0, _Watcher())
