"""Which calls put text on a socket."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import (
    Argument,
    Call,
    Expression,
    Group,
    Path,
    Text,
    called_name,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.possible import Values

_COROUTINES = frozenset({"send_json", "send_text", "send_bytes", "send_str", "group_send"})
SENDS = _COROUTINES - {"group_send"} | {"write_message"}
"""Methods that only a WebSocket has (Starlette, FastAPI, aiohttp, Django Channels, Tornado)."""
_STREAMS = frozenset(
    {"StreamingResponse", "EventSourceResponse", "StreamingHttpResponse", "ServerSentEvent"}
)
"""Responses that send what a generator gives, piece by piece."""

_SOCKET_NAMES = re.compile(
    r"(^|_|\b)(ws|web_?socket|socket|sock|conn|connection|client|peer|tab)s?\b", re.I
)
_LIBRARIES = re.compile(
    r"^(starlette|fastapi|websockets|aiohttp|channels|quart|sanic|tornado|wsproto|picows|robyn|litestar)\b"
)
_ASYNCHRONOUS = re.compile(r"^(starlette|fastapi|aiohttp|websockets)\b(?!.*test)")
_GROUPS = frozenset({"group_send"})
_SOCKET_IO_LIBRARIES = re.compile(r"^(socketio|flask_socketio)\b")
_SOCKET_IO = re.compile(r"\b(sio|socketio|socket_io)\b", re.I)


def is_transport(call: Call, callee: Values) -> bool:
    """Whether a call of something without a body in the program is a send on a socket. `callee` is
    what the inference knows of it."""
    name = called_name(call)
    outside = any(_LIBRARIES.match(dotted) for dotted in callee.outside)
    if name in SENDS or name in _GROUPS or name in _STREAMS:
        return True
    if any(dotted.rpartition(".")[2] in SENDS for dotted in callee.outside):
        return True  # handed on under another name: `Agent(emit=websocket.send_json)`
    if name == "Response" and any("event-stream" in _text(a) for a in call.arguments):
        return True
    if name in ("send", "asend", "write_message", "broadcast"):
        return outside or _sends_asgi(call) or _on_socket(call) or _sends_channels(call)
    if name == "emit":
        return any(
            _SOCKET_IO_LIBRARIES.match(dotted) for dotted in callee.outside
        ) or _on_socket_io(call)
    return _sends_asgi(call)


_MAY_SEND = re.compile(
    r"send|emit|notif|publish|broadcast|dispatch|push|fire|post|stream|write|forward|deliver|relay|enqueue"
    r"|trigger|signal|output|feed",
    re.I,
)


def may_send(call: Call) -> bool:
    """Whether a call of something unknown goes by a name that says that it sends on what it is given."""
    return bool(_MAY_SEND.search(called_name(call)))


def _sends_channels(call: Call) -> bool:
    """`self.send(text_data=…)` of a Django Channels consumer."""
    return any(a.keyword in ("text_data", "bytes_data") for a in call.arguments)


def group_message(call: Call, function: Function) -> tuple[str, Expression] | None:
    """The consumer's method that `group_send(group, {"type": …})` names, and the message; None if
    that isn't written."""
    for argument in call.arguments:
        message = _literal(argument.value, function)
        if isinstance(message, Group) and message.keys:
            for key, value in zip(message.keys, message.values, strict=True):
                if key == Text("type") and isinstance(value, Text):
                    return value.value.replace(".", "_"), message
    return None


def _literal(expression: Expression, function: Function) -> Expression:
    """What a local name is assigned, where that is one thing."""
    if not isinstance(expression, Path):
        return expression
    assigned = [a for a in function.body.assignments if a.target == expression.text]
    return assigned[0].value if len(assigned) == 1 else expression


def receivers(call: Call) -> Iterator[Expression]:
    """The containers of sockets that a call sends to all at once."""
    if called_name(call) == "broadcast" and len(call.arguments) > 1:
        yield call.arguments[0].value


def is_only_awaited(call: Call, callee: Values | None) -> bool | None:
    """Whether a send does nothing until it is awaited: true of asynchronous libraries, false where
    that is likely, None for those that send at once."""
    name = called_name(call)
    if name in _COROUTINES:
        return True
    if name in _STREAMS or name in ("Response", "write_message", "broadcast"):
        return None
    outside = callee.outside if callee is not None else frozenset()
    if any(_LIBRARIES.match(dotted) or "Async" in dotted for dotted in outside):
        return not any(".sync." in dotted for dotted in outside)
    return False


def is_asynchronous(callee: Values) -> bool:
    """Whether a send surely belongs to a library whose sends are coroutines."""
    return bool(callee.outside) and all(
        _ASYNCHRONOUS.match(dotted) and ".sync." not in dotted for dotted in callee.outside
    )


def _text(argument: Argument) -> str:
    return argument.value.value if isinstance(argument.value, Text) else ""


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
