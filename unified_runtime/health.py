"""What a shell answers to plain HTTP: `/health` for whoever asks, `/metrics` where it is wanted."""

from typing import Any, NamedTuple, Protocol


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


class Watched(Protocol):
    """The part of the manager that is told about."""

    @property
    def closed(self) -> bool: ...

    def stats(self) -> dict[str, Any]: ...


class Health:
    """`metrics` needs the `metrics` extra; it tells how many users there are to whoever can ask."""

    def __init__(self, manager: Watched, *, metrics: bool) -> None:
        self._manager = manager
        self._metrics = None
        if metrics:
            from unified_runtime.metrics import Metrics  # noqa: PLC0415 - an extra

            self._metrics = Metrics(manager)

    def answer(self, path: str) -> Answer:
        if path == "/metrics" and self._metrics is not None:
            return Answer(200, "text/plain; version=0.0.4; charset=utf-8", self._metrics.text())
        if path != "/health":
            return Answer(404, "application/json", b'{"status":"not found"}')
        if self._manager.closed:
            return Answer(503, "application/json", b'{"status":"unavailable"}')
        return Answer(200, "application/json", b'{"status":"ok"}')
