"""Case files of a folder: a case begins at `=== TITLE`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def titled(folder: Path) -> Iterator[tuple[str, str]]:
    """Title, with the name of its file before it, and body of every case."""
    for path in sorted(folder.glob("*.txt")):
        for chunk in path.read_text("utf-8").split("=== ")[1:]:
            title, _, body = chunk.partition("\n")
            yield f"{path.stem[3:]}: {title}", body
