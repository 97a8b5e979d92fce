"""The manager's counters in the text format of Prometheus, for `GET /metrics`."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from unified_runtime.extras import needs_extra

try:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
except ModuleNotFoundError as error:
    raise needs_extra("metrics", "metrics", error) from None

_GAUGES = {
    "connections": "Open connections",
    "users": "Users with at least one connection",
    "waiting_from_threads": "Events from other threads that wait for the loop",
}
_COUNTERS = {
    "emitted": "Events journaled",
    "delivered": "Events handed to a transport",
    "lost": "Events trimmed before a connected reader was sent them; must stay 0",
    "healed": "Lost notifications made up for from the journal",
}


class HasStats(Protocol):
    """The part of the manager that metrics need."""

    def stats(self) -> dict[str, Any]: ...


class _Collector:
    def __init__(self, manager: HasStats) -> None:
        self._manager = manager

    def collect(self) -> Iterator[Metric]:
        stats: Mapping[str, Any] = self._manager.stats()
        for name, text in _GAUGES.items():
            yield GaugeMetricFamily(f"unified_runtime_{name}", text, value=stats[name])
        for name, text in _COUNTERS.items():
            yield CounterMetricFamily(f"unified_runtime_{name}", text, value=stats[name])
        closed = CounterMetricFamily(
            "unified_runtime_closed", "Connections that the server closed", labels=["code"]
        )
        for code, count in stats["closed"].items():
            closed.add_metric([code], count)
        yield closed
        in_use = stats["emitters"]["in_use"]
        yield GaugeMetricFamily("unified_runtime_emitters", "Emitters in use", value=in_use)


class Metrics:
    """A registry of its own, so that several managers in one process do not clash."""

    def __init__(self, manager: HasStats) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Collector(manager))

    def text(self) -> bytes:
        return generate_latest(self._registry)
