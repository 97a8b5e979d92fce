"""What is open of every run, kept beside the events until it ends.

A restarted server has to close what a crash left open. Events are trimmed, so they cannot tell;
each event that opens or ends something carries its note, which the journal keeps with it or not
at all.
"""

from typing import Literal, NamedTuple

import msgspec

from unified_runtime.protocol.frames import Note, encode_json


class Change(NamedTuple):
    """An event opens or ends an agent, by its name, or a tool call, by its id.

    `started` is when that began which ends, if it was known to be open.
    """

    kind: Literal["agent", "call"]
    name: str
    opens: bool
    agent_name: str = ""
    tool_name: str = ""
    started: float | None = None


class OpenNote(msgspec.Struct):
    """`server` names the manager that emitted it, of whose notes `order` counts."""

    server: str
    order: int
    user_id: str
    thread_id: str | None
    run_id: str | None
    kind: Literal["agent", "call"]
    name: str
    agent_name: str
    tool_name: str


def note_of(
    run: tuple[str, str | None, str | None], change: Change, server: str, order: int
) -> Note:
    """The same thing of the same run has the same key, whoever opens and whoever ends it."""
    key = encode_json([*run, change.kind, change.name])
    if not change.opens:
        return Note(key, None)
    user_id, thread_id, run_id = run
    names = (change.kind, change.name, change.agent_name, change.tool_name)
    return Note(key, encode_json(OpenNote(server, order, user_id, thread_id, run_id, *names)))


_decoder = msgspec.json.Decoder(OpenNote)


def read_note(kept: bytes) -> OpenNote:
    return _decoder.decode(kept)
