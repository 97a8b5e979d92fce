"""The ASGI application: the WebSocket at one path, a health answer, nothing else."""

from collections.abc import Awaitable, Callable, Iterable

from unified_runtime.endpoint import Endpoint, Message, Receive, Scope, Send
from unified_runtime.errors import UnifiedRuntimeError
from unified_runtime.handshake import Authenticate, path_of
from unified_runtime.health import Answer, Health
from unified_runtime.manager import UnifiedWebSocketManager

App = Callable[[Scope, Receive, Send], Awaitable[None]]


def create_app(
    manager: UnifiedWebSocketManager,
    *,
    authenticate: Authenticate,
    path: str = "/ws",
    origins: Iterable[str] | None = None,
    metrics: bool = False,
) -> App:
    """An app to run under any ASGI server or to mount in FastAPI, Starlette or Django.

    `authenticate(handshake)` returns the user's id or None. `origins` lists the Origin headers
    that may connect; None allows all, which is right only if cookies carry no credentials.
    `GET /health` answers 200, and with `metrics` `GET /metrics` in the format of Prometheus (extra
    `metrics`). Run by itself, it starts the manager with the server and closes it
    with the server; mounted, the outer application has no such duty, as the manager starts by
    itself, but should `aclose` it. Turn the server's per-message compression off: it costs 30 to
    60 KiB per connection and its CPU, for events of a few hundred bytes; and lower its limit on a
    message (`--ws-max-size 32768`), which by default lets a client send 16 MiB before it is refused.
    Nothing here logs a token; a server set to DEBUG writes every header and frame, and so does.
    """
    endpoint = Endpoint(manager, authenticate, origins=origins)
    health = Health(manager, metrics=metrics)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(manager, receive, send)
            return
        requested = path_of(scope)
        if scope["type"] == "websocket" and requested == path:
            await endpoint(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            await _send(health.answer(requested), send)

    return app


async def _lifespan(manager: UnifiedWebSocketManager, receive: Receive, send: Send) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await manager.start()
            except UnifiedRuntimeError as error:  # else a server would take it for "no lifespan"
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        else:
            await manager.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _send(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", b"%d" % len(answer.body)),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
