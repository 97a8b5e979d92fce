"""A legacy agent-chat backend with its history, built as a real git repository.

`legacy/` is its tree at HEAD, in UTF-8 with plain line endings. `history/*.toml` says how it came
about, oldest first; `legacy_removed/` holds the files that did not survive. To add a commit, put its edit
into the tree and the table; the builder replays the table backwards from HEAD, so that a wrong
entry fails at once.
"""

from consolidator.sample.builder import build
from consolidator.sample.history import HISTORY, PLAN, Change, Commit

__all__ = ["HISTORY", "PLAN", "Change", "Commit", "build"]
