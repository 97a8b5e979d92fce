"""Calls that only note what happens: a log, a metric, a print."""

from __future__ import annotations

import re

from consolidator.analysis.emissions.bodies.code import Call, Path, called_name

_LOG = re.compile(
    r"(^|\.|_)(log(ger|ging)?|metrics?|stats?|statsd|print|warnings?|tracer|span|sentry_sdk|audit_log)\b",
    re.I,
)


def is_log(call: Call) -> bool:
    text = call.callee.text if isinstance(call.callee, Path) else called_name(call)
    return bool(_LOG.search(text))


def is_log_name(name: str) -> bool:
    return bool(_LOG.search(name))
