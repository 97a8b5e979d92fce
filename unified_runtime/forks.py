"""Knows whether this process was forked, at the cost of reading a variable."""

import os

_forks = 0


def _count() -> None:
    global _forks  # noqa: PLW0603 - one count per process is what it is
    _forks += 1


def forks_so_far() -> int:
    """How many forks lie between this process and the one that first imported this module."""
    return _forks


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)
