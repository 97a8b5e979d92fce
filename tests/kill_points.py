"""A process that dies, as by `kill -9`, at a chosen one of its steps on disk.

    python tests/kill_points.py STEP COMMAND…

runs `consolidator COMMAND…`; without dying it says on stderr how many steps there were.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NEVER = 1_000_000
_STEPS = "steps on disk: "


def run(root: Path, step: int, *command: str) -> subprocess.CompletedProcess[str]:
    """The command in `root`, killed before that step (`NEVER`: not at all)."""
    line = [sys.executable, __file__, str(step), *command]
    return subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)


def steps_of(done: subprocess.CompletedProcess[str]) -> int:
    """How many steps a command that was not killed took."""
    return int(done.stderr.rpartition(_STEPS)[2])


class _Counter:
    def __init__(self, limit: int) -> None:
        self.limit, self.steps = limit, 0

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self.steps == self.limit:
                os.kill(os.getpid(), signal.SIGKILL)
            self.steps += 1
            return function(*arguments, **options)

        return call

    def watch(self) -> None:
        """Counts every call by which the journal or a file changes on disk."""
        for name in (
            "fsync",
            "replace",
            "rename",
            "unlink",
            "mkdir",
            "rmdir",
            "chmod",
            "ftruncate",
        ):
            setattr(os, name, self.counted(getattr(os, name)))


def _main() -> None:
    counter = _Counter(int(sys.argv.pop(1)))
    counter.watch()
    from consolidator.cli import main  # after the calls are watched

    try:
        main()
    finally:
        print(f"{_STEPS}{counter.steps}", file=sys.stderr)


if __name__ == "__main__":
    _main()
