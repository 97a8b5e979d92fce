"""A pytest plugin that writes down every text frame that a server puts on a WebSocket.

`consolidator guard --probe` puts this folder on PYTHONPATH and loads the plugin with `-p`, so it runs
with the interpreter of the tested project and may import nothing but the standard library and pytest.
Each frame becomes one line of JSON in the file named by CONSOLIDATOR_PROBE_FILE; lines are appended
whole, so that several processes may share the file.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from itertools import count
from typing import Any

import pytest

_FILE = os.environ.get("CONSOLIDATOR_PROBE_FILE", "")
_sending: ContextVar[bool] = ContextVar("consolidator_sending", default=False)
_current_test = ""
_numbers = count(1)


def _asgi(_socket: Any, message: Any) -> Any:
    if message.get("type") != "websocket.send":
        return None
    return message["text"] if message.get("text") is not None else message.get("bytes")


def _plain(_socket: Any, frame: Any, *_rest: Any, **_options: Any) -> Any:
    return frame


def _from_server(socket: Any, frame: Any, *_rest: Any, **_options: Any) -> Any:
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
    ("websockets.asyncio.server", "ServerConnection", "send", _plain),
    ("websockets.sync.server", "ServerConnection", "send", _plain),
    ("websockets.legacy.protocol", "WebSocketCommonProtocol", "send", _from_server),
    ("aiohttp.web_ws", "WebSocketResponse", "send_str", _plain),
    ("aiohttp.web_ws", "WebSocketResponse", "send_bytes", _plain),
)
"""Where servers send: module, class, method, and what of its arguments is the frame. Where one of
them calls another, only the outer one counts."""


def record(socket: Any, frame: Any) -> None:
    """Append one frame to the file."""
    if isinstance(frame, (bytes, bytearray, memoryview)):
        frame = bytes(frame).decode("utf-8", "replace")
    if not isinstance(frame, str):
        return
    line = json.dumps({"test": _current_test, "socket": _name_of(socket), "frame": frame})
    with open(_FILE, "a", encoding="utf-8") as file:
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
        result = method(self, *arguments, **options)
        note(self, arguments, options)
        return result

    return send if inspect.iscoroutinefunction(method) else send_now


def install() -> list[str]:
    """Wrap every layer that this interpreter has; the dotted names of those found."""
    found = [
        f"{module}.{owner}.{name}"
        for module, owner, name, frame_of in LAYERS
        if _wrap(module, owner, name, frame_of)
    ]
    _wrap_broadcasts()
    return found


BROADCASTS = ("websockets.asyncio.connection", "websockets.asyncio.server")
"""Modules that have `broadcast(connections, message)`, which calls no connection's `send`."""


def _wrap_broadcasts() -> None:
    for name in BROADCASTS:
        module = sys.modules.get(name)
        broadcast = getattr(module, "broadcast", None)
        if module is not None and broadcast is not None:
            module.broadcast = _recorded_broadcast(broadcast)  # type: ignore[attr-defined]


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


def _wrap(module: str, owner: str, name: str, frame_of: Callable[..., Any]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if importlib.util.find_spec(module) is None:
                return False
            cls = getattr(importlib.import_module(module), owner)
            method = cls.__dict__.get(name) or getattr(cls, name)
    except (ImportError, AttributeError):
        return False
    setattr(cls, name, _recorded(method, frame_of))
    return True


def pytest_configure() -> None:
    if _FILE:
        install()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _current_test  # noqa: PLW0603 - frames come from other threads and loops than the test's
    _current_test = item.nodeid
    return (yield)
