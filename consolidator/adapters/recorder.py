"""The tests of a project, run with the recorder plugin loaded."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import consolidator
from consolidator.adapters.process import run
from consolidator.model import Finished

PLUGIN = "consolidator_recorder"
FOLDER = Path(str(consolidator.__file__)).parent / "probe"


def record(command: list[str], folder: Path, timeout: float) -> tuple[Finished, list[str]]:
    """Run a command in `folder`, and every frame that Python processes below it put on a WebSocket.

    A process that starts with an environment of its own, or with `-I`, is not recorded. Frames of a
    process belong to the test in which it was started. The timeout is in seconds.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "frames.jsonl"
        target.touch()
        path = os.environ.get("PYTHONPATH")
        options = os.environ.get("PYTEST_ADDOPTS", "")
        finished = run(
            command,
            folder,
            timeout,
            environment={
                "CONSOLIDATOR_PROBE_FILE": str(target),
                "CONSOLIDATOR_PROBE_ROOT": str(folder.resolve()),
                "PYTHONPATH": f"{FOLDER}{os.pathsep}{path}" if path else str(FOLDER),
                "PYTEST_ADDOPTS": f"{options} -p {PLUGIN}".strip(),
            },
        )
        return finished, target.read_text("utf-8").splitlines()
