"""Bytes to text and back without losing a byte: BOM, encoding cookie, line endings stay as found."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from consolidator.tree.facts import Unreadable

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class SourceText:
    """Decoded source. `encode` is the exact inverse of `decode` for an unchanged text."""

    text: str
    encoding: str = "utf-8"
    bom: bool = False

    def encode(self, text: str) -> bytes:
        """Bytes of `text` in this file's encoding; `UnicodeEncodeError` where a character has none."""
        encoded = text.encode(self.encoding)
        return codecs.BOM_UTF8 + encoded if self.bom else encoded

    @cached_property
    def line_starts(self) -> list[int]:
        """Character offset of each line. CPython's lines: a form feed or U+2028 ends none."""
        if "\r" in self.text:
            return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]
        lengths = [len(line) + 1 for line in self.text.split("\n")]
        return [0, *accumulate(lengths[:-1])]

    @cached_property
    def is_ascii(self) -> bool:
        """Whether byte and character columns are the same everywhere."""
        return self.text.isascii()

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line ending; empty past the end."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def offset(self, line: int, column: int) -> int:
        """Character offset of a position as `ast` gives it (UTF-8 byte columns)."""
        start = self.line_starts[line - 1]
        if self.is_ascii:
            return start + column
        text = self.line(line)
        if text.isascii():
            return start + column
        return start + len(text.encode()[:column].decode(errors="ignore"))

    def slice(self, line: int, column: int, end_line: int, end_column: int) -> str:
        """The text between two positions as `ast` gives them."""
        if self.is_ascii:
            starts = self.line_starts
            return self.text[starts[line - 1] + column : starts[end_line - 1] + end_column]
        data, starts = self._utf8
        return data[starts[line - 1] + column : starts[end_line - 1] + end_column].decode()

    @cached_property
    def _utf8(self) -> tuple[bytes, list[int]]:
        """The text in UTF-8, and the byte offset of each line."""
        lengths = [len(self.text[start:end].encode()) for start, end in pairwise(self.line_starts)]
        return self.text.encode(), [0, *accumulate(lengths)]

    def position(self, offset: int) -> tuple[int, int]:
        """Line (from 1) and character column (from 0) of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1]


def decode(data: bytes) -> SourceText | Unreadable:
    """Text of a Python file as CPython would read it, or why it can't be."""
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    nul = body.find(b"\0")
    if nul >= 0:
        return Unreadable(body.count(b"\n", 0, nul) + 1, "contains a NUL byte")
    encoding = _declared_encoding(body) or "utf-8"
    try:
        codec = codecs.lookup(encoding)
    except LookupError:
        return Unreadable(1, f"unknown encoding {encoding!r}")
    if bom and codec.name != "utf-8":
        return Unreadable(1, f"has a UTF-8 byte order mark but declares {encoding!r}")
    try:
        return SourceText(body.decode(codec.name), codec.name, bom)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        return Unreadable(line, f"is not valid {codec.name}: {error.reason}")
    except (LookupError, UnicodeError) as error:  # a codec for no text (`hex`), or for part of one
        return Unreadable(1, f"can't be decoded as {encoding!r}: {error}")


def _declared_encoding(body: bytes) -> str | None:
    for line in body.split(b"\n", 2)[:2]:
        if match := _COOKIE.match(line.rstrip(b"\r")):
            return match.group(1).decode("ascii", "replace")
        if not _BLANK.match(line.rstrip(b"\r")):
            return None
    return None
