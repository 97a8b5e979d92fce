"""The frame of every JSON document: one shape, one order, valid for any path or text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from consolidator.tree.facts import Skipped

SCHEMA = 1


def document(root: str, files: int, skipped: Iterable[Skipped], **body: Any) -> dict[str, Any]:
    """A document of the contract: the common keys first, then the command's own."""
    return {
        "schema": SCHEMA,
        "root": root,
        "files": files,
        "skipped": [entry.as_dict() for entry in skipped],
        **body,
    }


def dumps(data: dict[str, Any]) -> str:
    """JSON text. Undecodable bytes of paths (lone surrogates) come out as escapes when encoded."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
