"""Extraction reports on disk: asking the same question about the same history costs a file read."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from hashlib import blake2b
from pathlib import Path

import msgspec

from consolidator.adapters.cache import cache_folder
from consolidator.analysis import history
from consolidator.analysis.history.report import ExtractReport

_KEPT = 64
"""Reports; the oldest go first."""


class ReportCache:
    """A cache that may always be missing or damaged: then it simply holds nothing."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or cache_folder()) / f"extract-{_miner_version()}"

    def get(self, question: str) -> ExtractReport | None:
        try:
            return msgspec.msgpack.decode(self._path(question).read_bytes(), type=ExtractReport)
        except (OSError, msgspec.DecodeError):
            return None

    def put(self, question: str, report: ExtractReport) -> None:
        with contextlib.suppress(OSError, UnicodeEncodeError):
            encoded = msgspec.msgpack.encode(report)
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(encoded)
            Path(name).replace(self._path(question))
            self._forget()

    def _forget(self) -> None:
        entries = sorted(self._folder.glob("*.report"), key=lambda path: path.stat().st_mtime_ns)
        for path in entries[:-_KEPT]:
            path.unlink(missing_ok=True)

    def _path(self, question: str) -> Path:
        return self._folder / f"{blake2b(question.encode(), digest_size=20).hexdigest()}.report"


def _miner_version() -> str:
    """Changes whenever the code that judges changes, so a stale report is never believed."""
    digest = blake2b(sys.version.encode(), digest_size=8)
    for path in sorted(Path(str(history.__file__)).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
