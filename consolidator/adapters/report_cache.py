"""Extraction reports on disk, and how far histories were judged."""

from __future__ import annotations

from pathlib import Path

from consolidator.adapters.document_cache import DocumentCache
from consolidator.analysis import history
from consolidator.analysis.history.judged import Judged
from consolidator.analysis.history.report import ExtractReport

_MOST = 64
_MOST_JUDGED = 16
"""Histories; one of 1,000 commits takes some megabytes."""


class ReportCache(DocumentCache[ExtractReport]):
    def __init__(self, folder: Path | None = None) -> None:
        super().__init__("extract", ExtractReport, _makers(), _MOST, folder)


class JudgedCache(DocumentCache[Judged]):
    def __init__(self, folder: Path | None = None) -> None:
        super().__init__("judged", Judged, _makers(), _MOST_JUDGED, folder)


def _makers() -> list[Path]:
    return sorted(Path(str(history.__file__)).parent.glob("*.py"))
