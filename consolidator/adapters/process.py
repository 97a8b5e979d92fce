"""Running a command that the user named, bounded in time, and ending all of it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from consolidator.model import Finished


def run(
    command: Sequence[str],
    folder: Path,
    timeout: float,
    *,
    merge_errors: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a command in a process group of its own, which is killed as a whole after `timeout` seconds
    (exit code 124, as `timeout(1)` has it) and when this process is interrupted meanwhile. A command
    that can't be started ends with 127. `environment` is added to this process's own."""
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge_errors else subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env=None if environment is None else {**os.environ, **environment},
        )
    except OSError as error:
        return Finished(127, "", f"{command[0]}: {error.strerror}")
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        return Finished(124, output, f"{errors or ''}\nstopped after {timeout:g} s")
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return Finished(process.returncode, output, errors or "")
