"""What a version calls otherwise, and a fix that is known again under the names of another."""

from __future__ import annotations

from pathlib import Path

from history_cases import ABSENT, FORK, HERE, MANAGER, THERE, edited, entry, extract
from repositories import RepositoryBuilder

from consolidator.analysis.history.naming import other_names, renamed

NAMED = frozenset({"ws=self.open.get(user)", "if ws is None", "await ws.send(text)"})
OTHERWISE = frozenset({"peer=self.open.get(user)", "if peer is None", "await peer.send(text)"})


def test_a_variable_of_another_name_is_found_by_the_statements_that_use_it() -> None:
    assert other_names(NAMED, OTHERWISE) == {"ws": "peer"}
    assert renamed("await ws.send(ws_text)", {"ws": "peer"}) == "await peer.send(ws_text)"


def test_a_name_that_both_use_is_no_other_name() -> None:
    assert other_names(NAMED, OTHERWISE | {"ws=None"}) == {}


def test_two_names_never_become_one() -> None:
    one = frozenset({"a=open(x)", "b=open(x)"})
    assert len(set(other_names(one, frozenset({"c=open(x)"})).values())) == 1


MANAGER_PATH, OTHER_PATH = "app/websocket/manager.py", "app/websocket/other.py"
RENAMED = (
    "        websocket = self.connections.get(user_id)\n        if websocket is None:\n"
    "            raise LookupError(user_id)\n        await websocket.send_text",
    "        peer = self.connections.get(user_id)\n        if peer is None:\n"
    "            raise LookupError(user_id)\n        await peer.send_text",
)


def history(folder: Path, *after: tuple[str, dict[str, str]]) -> RepositoryBuilder:
    builder = RepositoryBuilder(folder)
    builder.commit("start", {MANAGER_PATH: MANAGER, OTHER_PATH: FORK})
    builder.commit("mend", {MANAGER_PATH: edited(MANAGER, ABSENT)})
    for subject, files in after:
        builder.commit(subject, files)
    builder.write()
    return builder


def test_a_fix_lives_on_where_a_variable_was_renamed(tmp_path: Path) -> None:
    tidied = edited(MANAGER, ABSENT, RENAMED)
    found = entry(extract(history(tmp_path, ("tidy", {MANAGER_PATH: tidied})).directory), "mend")
    assert found.lives_in == (HERE,)
    assert found.missing_from == (THERE,)


def test_a_fix_that_was_ported_under_another_name_is_not_missing(tmp_path: Path) -> None:
    ported = edited(FORK, ABSENT, RENAMED)
    found = entry(extract(history(tmp_path, ("port", {OTHER_PATH: ported})).directory), "mend")
    assert set(found.lives_in) == {HERE, THERE}
    assert found.missing_from == ()


def test_a_fix_of_plain_words_alone_lives_where_it_was_made(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {MANAGER_PATH: MANAGER, OTHER_PATH: FORK})
    builder.commit("mend", {MANAGER_PATH: edited(MANAGER, (
        "            await self.send(user_id, message)\n",
        "            try:\n                await self.send(user_id, message)\n"
        "            except Exception:\n                continue\n",
    ))})  # fmt: skip
    builder.write()
    found = entry(extract(builder.directory), "mend")
    assert (found.lives_in, found.missing_from) == ((HERE,), (THERE,))
    assert found.surviving == 1.0
