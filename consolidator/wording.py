"""How numbers of things are said in English."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 file`, `2 files`; a noun that takes more than an s brings its plural."""
    return f"{number:d} {noun if number == 1 else plural or f'{noun}s'}"
