"""Identifiers of different meaning that fit the same type: a run's where a user's is expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from consolidator.analysis.audit.report import MixedIdentifier
from consolidator.analysis.audit.uses import MemberUse
from consolidator.analysis.signatures import bind

_SUFFIX = "_id"
_SHORTER = {"conn": "connection", "msg": "message", "req": "request", "sess": "session"}
"""Usual abbreviations, so that an identifier is never told from itself."""


def mixed_identifiers(uses: Iterable[MemberUse]) -> Iterator[MixedIdentifier]:
    """By the names of arguments and of the parameters that they are bound to; both must end in `_id`
    and name different things."""
    for use in uses:
        signature = use.subject.legacy_signature(use.member)
        if use.arguments is None or signature is None:
            continue
        for parameter, index in bind(signature, use.arguments).arguments.items():
            passed = use.names[index]
            if _meaning(passed) and _meaning(parameter) and _meaning(passed) != _meaning(parameter):
                why = f"{passed} is passed as {parameter} of {signature}"
                yield MixedIdentifier(use.path, use.line, passed, why)


def _meaning(name: str) -> str:
    """`user` of `user_id`, `current_user_id` and `self._user_id`; empty for other names."""
    if not name.endswith(_SUFFIX):
        return ""
    meant = name.removesuffix(_SUFFIX).rpartition("_")[2]
    return _SHORTER.get(meant, meant)
