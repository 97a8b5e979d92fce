"""Worker processes that do the same work on many items."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

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
