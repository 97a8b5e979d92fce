"""Which classes are the same thing written more than once."""

from consolidator.analysis.duplicates.find import MIN_SCORE, find_duplicates
from consolidator.analysis.duplicates.records import Copy, Family, Member, Report, Signature

__all__ = ["MIN_SCORE", "Copy", "Family", "Member", "Report", "Signature", "find_duplicates"]
