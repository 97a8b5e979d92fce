"""Extraction reports on disk."""

from __future__ import annotations

from pathlib import Path

from consolidator.adapters.document_cache import DocumentCache
from consolidator.analysis import history
from consolidator.analysis.history.report import ExtractReport

_MOST = 64


class ReportCache(DocumentCache[ExtractReport]):
    def __init__(self, folder: Path | None = None) -> None:
        makers = sorted(Path(str(history.__file__)).parent.glob("*.py"))
        super().__init__("extract", ExtractReport, makers, _MOST, folder)
