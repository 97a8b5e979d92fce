"""Bytes of one file to its facts: the unit of work that is cached and run in parallel."""

from __future__ import annotations

from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.parse import parse, quiet_parse, read_facts
from consolidator.tree.source import SourceText, decode

LARGEST = 8 * 1024 * 1024
"""Bytes; CPython's parser needs about 100 times a file's size in memory, so larger ones are listed."""


def facts_of(data: bytes) -> ModuleFacts | Unreadable:
    """Facts of a file's content, or the line and reason why it can't be read."""
    if len(data) > LARGEST:
        return Unreadable(1, f"is larger than {LARGEST // 2**20} MiB")
    source = decode(data)
    if isinstance(source, Unreadable):
        return source
    with quiet_parse():
        try:
            return _facts(source)
        except RecursionError:
            return Unreadable(1, "is nested too deeply to be read")


def _facts(source: SourceText) -> ModuleFacts | Unreadable:
    syntax, parser = parse(source.text)
    return syntax if isinstance(syntax, Unreadable) else read_facts(source, syntax, parser)
