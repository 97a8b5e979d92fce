"""Merge the copies of one class into one, move every caller, and prove that nothing was lost."""

__version__ = "0.1.0"
