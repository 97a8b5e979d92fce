"""Runs that a crash left open are closed: every call as an error, then its agents as failed."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from unified_runtime.errors import JournalError
from unified_runtime.journals.base import Journal
from unified_runtime.notes import OpenNote, read_note
from unified_runtime.protocol.frames import Draft

_AT_ONCE = 1000
"""Events in one append; each takes back what it closes, so a crash in between repeats none."""

_WHY = {"error": "failed", "message": "the server ended before the run did"}

Compose = Callable[[str, str, Mapping[str, Any], str | None, str | None, str | None], Draft]
"""From (user_id, event_type, data, thread_id, run_id, event_id) to what is to be appended."""


class Orphans:
    """Finds what servers that are gone left open, and closes it."""

    def __init__(self, journal: Journal, compose: Compose) -> None:
        self._journal = journal
        self._compose = compose

    async def close(self) -> None:
        """Each event has an id, so that another server that does the same repeats none."""
        notes = [read_note(kept) for kept in await self._journal.notes()]
        gone = await self._journal.gone({note.server for note in notes})
        drafts = [self._end(note) for note in sorted(notes, key=_turn) if note.server in gone]
        for start in range(0, len(drafts), _AT_ONCE):
            await self._journal.append(drafts[start : start + _AT_ONCE])

    def _end(self, note: OpenNote) -> Draft:
        data: dict[str, Any] = {"agent_name": note.agent_name}
        if note.kind == "call":
            event_type = "tool_completed"
            data |= {"tool_name": note.tool_name, "call_id": note.name}
            data |= {"status": "error", "results": _WHY}
        else:
            event_type = "agent_completed"
            data |= {"status": "failed", "final_response": _WHY}
        event_id = f"orphan\x00{note.server}\x00{note.order}"
        return self._compose(note.user_id, event_type, data, note.thread_id, note.run_id, event_id)

    async def close_forever(self, seconds: float) -> None:
        """Look again every so often; a journal that is away is asked again the next time."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(JournalError):
                await self.close()


def _turn(note: OpenNote) -> tuple[bool, int]:
    """Calls as they began, then agents from the innermost out."""
    return (False, note.order) if note.kind == "call" else (True, -note.order)
