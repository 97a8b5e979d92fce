"""Worker processes that do the same work on many items."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from consolidator.adapters.processes import Processes

_PARENT = """
import os, sys, time
from consolidator.adapters.processes import workers

def started(line):
    os.write(line, b"started\\n")

line = int(sys.argv[1])
pool = workers(3, started, line)
pool.submit(time.sleep, 3600)
time.sleep(3600)
"""


def test_workers_end_with_a_parent_that_is_killed() -> None:
    readable, writable = os.pipe()
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(writable)], pass_fds=[writable])
    os.close(writable)
    with open(readable, "rb") as line:
        begun = [line.readline() for _ in range(3)]
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        assert begun == [b"started\n"] * 3
        assert line.read() == b""  # ends when no worker holds the other end any more


def _where(item: int) -> tuple[int, int]:
    return item, os.getpid()


def test_many_items_are_done_by_other_processes_and_come_back_in_their_order() -> None:
    results = list(Processes(2)(_where, iter(range(50))))
    assert [item for item, _ in results] == list(range(50))
    assert os.getpid() not in {process for _, process in results}


@pytest.mark.parametrize(("jobs", "items"), [(1, 50), (2, 2)])
def test_few_items_or_one_core_start_no_process(jobs: int, items: int) -> None:
    assert list(Processes(jobs)(_where, range(items))) == [(i, os.getpid()) for i in range(items)]
