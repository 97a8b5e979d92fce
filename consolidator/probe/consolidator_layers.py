"""Where servers of this process send, and the hook that has these places wrapped as they are imported.

Runs with the interpreter of the tested project, and so may import nothing but the standard library.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from consolidator_frames import FILE, record, sending  # type: ignore[import-not-found]
from consolidator_gateways import (  # type: ignore[import-not-found]
    MARK,
    wrap_application,
    wrap_gateways,
)
from consolidator_streams import Stream  # type: ignore[import-not-found]

Frames = Sequence[Any]


def _frame(_socket: Any, frame: Any) -> Frames:
    return [frame]


def _of_legacy(socket: Any, frame: Any) -> Frames:
    return [] if socket.is_client else [frame]


def _of_protocol(protocol: Any, data: Any) -> Frames:
    return [data] if protocol.side.name == "SERVER" else []


def _if_server(socket: Any, frame: Any) -> Frames:
    return [frame] if socket.is_server else []


def _of_autobahn(protocol: Any, payload: Any) -> Frames:
    return [payload] if protocol.factory.isServer else []


_SOCKET_IO = re.compile(r"[25](?:\d+-)?(?:/[^,]*,)?\d*(\[.*)", re.DOTALL)
_MESSAGE = 4  # the packet type of Engine.IO


def _of_engine(_socket: Any, packet: Any) -> Frames:
    """A message of Engine.IO; where it is an event of Socket.IO, its name and arguments."""
    if packet.packet_type != _MESSAGE:
        return []
    event = _SOCKET_IO.fullmatch(packet.data) if isinstance(packet.data, str) else None
    return [event.group(1) if event else packet.data]


def _of_body(answer: Any, part: Any) -> Frames:
    """The events that a part of an HTTP answer ends, if it is a stream of them."""
    stream = getattr(answer, "_consolidator_stream", None)
    if stream is None:
        headers = answer._headers if hasattr(answer, "_headers") else answer.headers
        stream = Stream(headers.get("Content-Type", ""))
        answer._consolidator_stream = stream
    return list(stream.feed(part)) if stream else []


LAYERS: tuple[tuple[str, str, str, Callable[..., Frames]], ...] = (
    ("websockets.protocol", "Protocol", "send_text", _of_protocol),
    ("websockets.protocol", "Protocol", "send_binary", _of_protocol),
    ("websockets.legacy.protocol", "WebSocketCommonProtocol", "send", _of_legacy),
    ("simple_websocket.ws", "Base", "send", _if_server),
    ("simple_websocket.aiows", "AioBase", "send", _if_server),
    ("trio_websocket._impl", "WebSocketConnection", "send_message", _if_server),
    ("aiohttp.web_ws", "WebSocketResponse", "send_str", _frame),
    ("aiohttp.web_ws", "WebSocketResponse", "send_bytes", _frame),
    ("aiohttp.web_response", "StreamResponse", "write", _of_body),
    ("tornado.websocket", "WebSocketHandler", "write_message", _frame),
    ("tornado.web", "RequestHandler", "write", _of_body),
    ("engineio.async_socket", "AsyncSocket", "send", _of_engine),
    ("engineio.socket", "Socket", "send", _of_engine),
    ("geventwebsocket.websocket", "WebSocket", "send", _frame),
    ("eventlet.websocket", "WebSocket", "send", _frame),
    ("eventlet.websocket", "RFC6455WebSocket", "send", _frame),
    ("autobahn.websocket.protocol", "WebSocketProtocol", "sendMessage", _of_autobahn),
)
"""Where servers send that are no ASGI or WSGI application: module, class, method, and the frames in
its first argument. Where one of them calls another, only the outer one counts."""

APPLICATIONS = (
    ("uvicorn.config", "Config", "load", "loaded_app"),
    ("daphne.server", "Server", "__init__", "application"),
    ("starlette.testclient", "WebSocketTestSession", "__init__", "app"),
    ("starlette.testclient", "_TestClientTransport", "__init__", "app"),
    ("httpx._transports.asgi", "ASGITransport", "__init__", "app"),
    ("httpx_ws.transport", "ASGIWebSocketTransport", "__init__", "app"),
    ("asgiref.testing", "ApplicationCommunicator", "__init__", "application"),
)
"""Servers and test clients: the attribute that holds the application once the method has run."""

BROKERS = (
    ("redis.commands.core", "PubSubCommands", "publish"),
    ("nats.aio.client", "Client", "publish"),
)
"""What carries frames to other processes: `method(self, channel, message)`."""

_FLASK_SOCKET_IO = "flask_socketio.test_client"  # its client takes the place of the server's socket
_PLACES = (LAYERS, APPLICATIONS, BROKERS)
_WATCHED = frozenset({place[0] for places in _PLACES for place in places} | {_FLASK_SOCKET_IO})


def _recorded(method: Callable[..., Any], frames_of: Callable[..., Frames]) -> Callable[..., Any]:
    def note(socket: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        for sent in (*arguments, *options.values())[:1]:
            for frame in frames_of(socket, sent):
                record(socket, frame)

    @functools.wraps(method)
    async def send(self: Any, *arguments: Any, **options: Any) -> Any:
        with sending() as is_outermost:
            result = await method(self, *arguments, **options)
        if is_outermost:
            note(self, arguments, options)
        return result

    @functools.wraps(method)
    def send_now(self: Any, *arguments: Any, **options: Any) -> Any:
        with sending() as is_outermost:
            result = method(self, *arguments, **options)
        if is_outermost:
            note(self, arguments, options)
        return result

    return send if inspect.iscoroutinefunction(method) else send_now


def _with_application(method: Callable[..., Any], attribute: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def run(self: Any, *arguments: Any, **options: Any) -> Any:
        result = method(self, *arguments, **options)
        setattr(self, attribute, wrap_application(getattr(self, attribute)))
        return result

    return run


def _published(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def publish(self: Any, channel: Any, message: Any = b"", *rest: Any, **options: Any) -> Any:
        result = method(self, channel, message, *rest, **options)
        record(f"channel {channel}", message, broker=True)
        return result

    return publish


def _with_packets(method: Callable[..., Any]) -> Callable[..., Any]:
    """The making of a Flask-SocketIO test client, which hands packets to itself in place of a socket."""

    @functools.wraps(method)
    def make(self: Any, app: Any, socketio: Any, *rest: Any, **options: Any) -> None:
        method(self, app, socketio, *rest, **options)
        server = socketio.server
        server._send_packet = _handed(
            server._send_packet,
            lambda packet: [packet.data] if packet.packet_type in (2, 5) else [],
        )
        server._send_eio_packet = _handed(
            server._send_eio_packet, lambda packet: _of_engine(None, packet)
        )

    return make


def _handed(hand: Callable[..., Any], frames_of: Callable[[Any], Frames]) -> Callable[..., Any]:
    def recorded(receiver: str, packet: Any) -> Any:
        with sending() as is_outermost:
            result = hand(receiver, packet)
        for frame in frames_of(packet) if is_outermost else ():
            record(receiver, frame)
        return result

    return recorded


def _wrap(module: ModuleType) -> None:
    """Wrap the places of a module that send, each once."""
    name = module.__name__
    if name in _WATCHED:
        for owner_module, owner, method, frames_of in LAYERS:
            if owner_module == name:
                _replace(module, owner, method, functools.partial(_recorded, frames_of=frames_of))
        for owner_module, owner, method, attribute in APPLICATIONS:
            if owner_module == name:
                make = functools.partial(_with_application, attribute=attribute)
                _replace(module, owner, method, make)
        for owner_module, owner, method in BROKERS:
            if owner_module == name:
                _replace(module, owner, method, _published)
        if name == _FLASK_SOCKET_IO:
            _replace(module, "SocketIOTestClient", "__init__", _with_packets)
    wrap_gateways(module)


def _replace(
    module: ModuleType, owner: str, name: str, make: Callable[[Callable[..., Any]], Any]
) -> None:
    cls = getattr(module, owner, None)
    method = vars(cls).get(name) if cls is not None else None
    if method is not None and not hasattr(method, MARK):
        wrapped = make(method)
        setattr(wrapped, MARK, True)
        setattr(cls, name, wrapped)


class _Watcher(MetaPathFinder):
    """Finds modules like everybody else, and has them wrapped once they are there."""

    def __init__(self) -> None:
        self._looking = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        looking: set[str] = self._looking.__dict__.setdefault("names", set())
        if fullname in looking:
            return None
        looking.add(fullname)
        try:
            spec = _found(fullname, path, target)
        finally:
            looking.discard(fullname)
        if spec is not None and hasattr(spec.loader, "exec_module") and spec.origin != "frozen":
            spec.loader = _Wrapping(spec.loader)  # type: ignore[arg-type]
        return spec


def _found(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if find is not None and not isinstance(finder, _Watcher):
            spec = find(name, path, target)
            if spec is not None:
                return spec  # type: ignore[no-any-return]
    return None


class _Wrapping(Loader):
    """Loads by another loader, and leaves the module as that one made it, its places wrapped."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        loaded = sys.modules.get(module.__name__, module)
        if issubclass(type(loaded), ModuleType):
            _wrap(loaded)


def install() -> None:
    """Wrap what is imported, now or later. Called again, it only puts itself before finders that came
    since, such as pytest's, which takes every module that is called `test_…`."""
    if not FILE:
        return
    watchers = [finder for finder in sys.meta_path if isinstance(finder, _Watcher)]
    if watchers:
        sys.meta_path.remove(watchers[0])
    else:
        for module in list(sys.modules.values()):
            if issubclass(type(module), ModuleType):
                _wrap(module)
    sys.meta_path.insert(0, watchers[0] if watchers else _Watcher())
