"""What a user said before, per thread."""

from collections import defaultdict


class ThreadMemory:
    def __init__(self) -> None:
        self._turns: dict[str, list[str]] = defaultdict(list)

    def remember(self, thread_id: str, text: str) -> None:
        self._turns[thread_id].append(text)

    def turns(self, thread_id: str) -> list[str]:
        return list(self._turns[thread_id])
