"""Which calls put text on a socket."""

from __future__ import annotations

import re

from consolidator.analysis.emissions.calls import called_name
from consolidator.analysis.emissions.code import Call, Group, Path, Text
from consolidator.analysis.emissions.possible import Values

SENDS = frozenset({"send_json", "send_text", "send_bytes", "send_str"})
"""Methods that only a WebSocket has (Starlette, FastAPI, aiohttp, Django Channels)."""

_SOCKET_NAMES = re.compile(
    r"(^|_|\b)(ws|web_?socket|socket|sock|conn|connection|client|peer|tab)s?\b", re.I
)
_LIBRARIES = re.compile(
    r"^(starlette|fastapi|websockets|aiohttp|channels|quart|sanic|tornado|wsproto|picows|robyn|litestar)\b"
)
_GROUPS = frozenset({"group_send"})
_SOCKET_IO = re.compile(r"\b(sio|socketio|socket_io)\b", re.I)


def is_transport(call: Call, callee: Values) -> bool:
    """Whether a call of something without a body in the program is a send on a socket. `callee` is
    what the inference knows of it."""
    name = called_name(call)
    outside = any(_LIBRARIES.match(dotted) for dotted in callee.outside)
    if name in SENDS or name in _GROUPS:
        return True
    if name in ("send", "asend", "write_message", "broadcast"):
        return outside or _sends_asgi(call) or _on_socket(call) or _sends_channels(call)
    if name == "emit":
        return any(dotted.startswith("socketio") for dotted in callee.outside) or _on_socket_io(
            call
        )
    return _sends_asgi(call)


def _sends_channels(call: Call) -> bool:
    """`self.send(text_data=…)` of a Django Channels consumer."""
    return any(a.keyword in ("text_data", "bytes_data") for a in call.arguments)


def group_handler(call: Call) -> str:
    """The consumer's method that `group_send(group, {"type": …})` names; empty if that isn't written."""
    for argument in call.arguments:
        if isinstance(argument.value, Group) and argument.value.keys:
            for key, value in zip(argument.value.keys, argument.value.values, strict=True):
                if key == Text("type") and isinstance(value, Text):
                    return value.value.replace(".", "_")
    return ""


_BROKERS = re.compile(
    r"^(redis|aioredis|valkey|kafka|aiokafka|confluent_kafka|pika|aio_pika|nats|kombu|celery|zmq|faststream)\b"
)
_PUBLISHING = frozenset(
    {"publish", "xadd", "rpush", "lpush", "basic_publish", "send_and_wait", "produce", "send_task"}
    | {"apply_async", "delay", "spublish"}
)


def is_broker(call: Call, callee: Values) -> bool:
    """Whether a call hands its arguments to another process through a broker."""
    name = called_name(call)
    outside = any(_BROKERS.match(dotted) for dotted in callee.outside)
    return name in _PUBLISHING or (outside and name in ("send", "put", "push", "append"))


def _sends_asgi(call: Call) -> bool:
    """`send({"type": "websocket.send", …})`."""
    for argument in call.arguments:
        if isinstance(argument.value, Group) and argument.value.keys:
            for key, value in zip(argument.value.keys, argument.value.values, strict=True):
                if key == Text("type") and value == Text("websocket.send"):
                    return True
    return False


def _on_socket(call: Call) -> bool:
    if not isinstance(call.callee, Path) or "." not in call.callee.text:
        return False
    owner = call.callee.text.rpartition(".")[0].rpartition(".")[2]
    return bool(_SOCKET_NAMES.search(owner))


def _on_socket_io(call: Call) -> bool:
    return isinstance(call.callee, Path) and bool(
        _SOCKET_IO.search(call.callee.text.rpartition(".")[0])
    )
