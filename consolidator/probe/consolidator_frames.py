"""Writes one line of JSON for each frame that a server of this process sends.

Runs with the interpreter of the tested project, and so may import nothing but the standard library.
Lines go to the file named by CONSOLIDATOR_PROBE_FILE; they are appended whole, so that several
processes may share the file.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import count
from typing import Any

FILE = os.environ.get("CONSOLIDATOR_PROBE_FILE", "")
ROOT = os.environ.get("CONSOLIDATOR_PROBE_ROOT", os.getcwd())
"""Functions of files below it are the project's own."""
_NOT_OWN = ("site-packages", "dist-packages", os.path.dirname(os.path.abspath(__file__)))
_DEEPEST = 12  # functions on the way to a send that are written down
_sender: ContextVar[Any] = ContextVar("consolidator_sender", default=None)
_numbers = count(1)


class Current:
    """The test that runs: told by the plugin, or by the environment of the process that a test started."""

    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def write(entry: dict[str, Any]) -> None:
    if not FILE:  # a process that a test started by hand, without what the probe says to others
        return
    with (
        suppress(OSError),
        open(FILE, "a", encoding="utf-8") as file,
    ):  # gone once the command ended
        file.write(json.dumps(entry) + "\n")


def record(socket: Any, frame: Any, *, broker: bool = False) -> None:
    """Append one frame: text, or bytes, or what JSON can hold. `broker` says that it went to other
    processes and not to a client."""
    entry: dict[str, Any] = {"test": Current.test, "socket": name_of(socket), "way": _way()}
    if broker:
        entry["broker"] = True
    write({**entry, **_written(frame)})


def _written(frame: Any) -> dict[str, str]:
    if isinstance(frame, str):
        return {"frame": frame}
    if isinstance(frame, (bytes, bytearray, memoryview)):
        try:
            return {"frame": bytes(frame).decode("utf-8")}
        except UnicodeDecodeError:
            return {"bytes": base64.b64encode(frame).decode("ascii")}
    try:
        return {"frame": json.dumps(frame, default=str)}
    except (TypeError, ValueError, RecursionError):  # nothing that is recorded may fail a test
        return {"bytes": ""}


def name_of(socket: Any) -> str:
    """A name of its own for each socket: an address may be used again within one test."""
    if isinstance(socket, str):
        return f"{os.getpid()}-{socket}"
    number = getattr(socket, "_consolidator_number", None)
    if number is None:
        number = next(_numbers)
        with suppress(AttributeError):  # a class with slots: its address has to do
            socket._consolidator_number = number
            return f"{os.getpid()}-{number}"
        number = f"at-{id(socket)}"
    return f"{os.getpid()}-{number}"


def _way() -> list[tuple[str, int, str]]:
    """The project's functions that led to this send, the last one first: path, line and name."""
    found: list[tuple[str, int, str]] = []
    frame = sys._getframe(1)
    prefix = ROOT + os.sep
    while frame is not None and len(found) < _DEEPEST:
        path = frame.f_code.co_filename
        if path.startswith(prefix) and not any(part in path for part in _NOT_OWN):
            found.append((path[len(prefix) :], frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back  # type: ignore[assignment]
    return found


def _here() -> Any:
    """The task that runs, or the thread where there is none."""
    with suppress(RuntimeError):
        task = asyncio.current_task()
        if task is not None:
            return task
    return threading.get_ident()


@contextmanager
def sending() -> Iterator[bool]:
    """Whether this is the outermost recorded layer on the way of a frame: one layer calls another, and
    each frame counts once. A task that is started inside has a way of its own."""
    here = _here()
    if _sender.get() == here:
        yield False
        return
    token = _sender.set(here)
    try:
        yield True
    finally:
        with suppress(ValueError):  # a generator that is closed in another context
            _sender.reset(token)
