"""The history that git prints is read the same, however it comes through the pipe."""

from __future__ import annotations

from io import BufferedReader, BytesIO, RawIOBase

import pytest

from consolidator.adapters.git_log import parse_log
from consolidator.analysis.history.records import Change, Commit

OLD, NEW = "a" * 40, "b" * 40
PRINTED = (
    f"\0\x1e{NEW}\0{OLD}\0\0{12}\0second\n\nwith a body\n\0\n:100644 100644 {OLD} {NEW} M\0app/\u00fc.py\0"
    f"\0\x1e{OLD}\0\0Ada\0{-1}\0\0\n:000000 100644 {'0' * 40} {OLD} A\0\x1eodd.py\0"
).encode()
READ = [
    Commit(NEW, (OLD,), "", 12, "second\n\nwith a body\n", (Change("app/\u00fc.py", (OLD,), NEW),)),
    Commit(OLD, (), "Ada", -1, "", (Change("\x1eodd.py", (), OLD),)),
]


class Trickle(RawIOBase):
    """Hands out so many bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content = BytesIO(content)
        self._size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        piece = self._content.read(min(self._size, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("size", [*range(1, 90), len(PRINTED)])
def test_a_history_is_read_the_same_in_pieces_of_any_size(size: int) -> None:
    assert list(parse_log(BufferedReader(Trickle(PRINTED, size)), 0)) == READ
