"""Write the table of one interpreter: `python -m consolidator.tree.stdlib.generate [PYTHON …]`.

Each interpreter named (default: the running one) imports its own standard library in a process of
its own, in isolated mode, and reports what it finds; nothing is typed by hand.
"""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path

import msgspec

from consolidator.tree.stdlib.records import Table
from consolidator.tree.stdlib.table import table_path

PROBE = Path(__file__).with_name("probe.py")


def generate(python: str) -> Path:
    """Write the table of an interpreter and return where. `CalledProcessError` if its probe fails."""
    probe = subprocess.run(
        [python, "-I", "-W", "ignore", str(PROBE)],
        check=True,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    table = msgspec.convert(json.loads(probe.stdout), Table)
    path = table_path(table.version)
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(table), preset=9 | lzma.PRESET_EXTREME))
    return path


def main() -> None:
    for python in sys.argv[1:] or [sys.executable]:
        path = generate(python)
        sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
