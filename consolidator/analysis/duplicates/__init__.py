"""Which classes are the same thing written more than once."""

from consolidator.analysis.duplicates.cochange import SWEEP, History
from consolidator.analysis.duplicates.find import MIN_SCORE, find_duplicates
from consolidator.analysis.duplicates.records import (
    CLASS_ROLES,
    CoChange,
    Copy,
    Family,
    Member,
    Report,
    Signature,
)

__all__ = [
    "CLASS_ROLES",
    "MIN_SCORE",
    "SWEEP",
    "CoChange",
    "Copy",
    "Family",
    "History",
    "Member",
    "Report",
    "Signature",
    "find_duplicates",
]
