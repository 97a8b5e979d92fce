"""Dotted names in text that is not Python: configuration, entry points, Markdown and other prose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from codemods.edits import Edit, apply_edits
from codemods.moves import Moves
from codemods.outcome import Changed, Omission, Outcome, Unchanged
from codemods.positions import Positions

DOTTED = re.compile(r"(?:(?<![\w./\\-])|(?<=\bext://))[^\W\d]\w*(?:\.[^\W\d]\w*)+")
"""A dotted path; part of a file name or an address is none."""
DOTTED_OR_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
ENTRY = re.compile(DOTTED.pattern + r"(?::[^\W\d]\w*(?:\.[^\W\d]\w*)*)?")
"""A dotted path, or one with an object behind a colon as in entry points."""
IMPORT = re.compile(
    r"(?:\b|(?<=\\n))from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^()]*)\)|([\w, \t]+))"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """`text` at `start` names a moved thing. `new` is what it would have to be, where that is known."""

    start: int
    text: str
    new: str
    why: str
    is_code: bool = False
    """Whether it is an import line; `new` then only tells where its names go."""


def find_mentions(text: str, moves: Moves) -> Iterator[Mention]:
    """Dotted paths and import lines in a text, in order of kind, then of place."""
    for start, entry in _entries(text, moves.needles):
        module, colon, attributes = entry.partition(":")
        landing = moves.looked_up(f"{module}.{attributes}" if colon else module)
        if not landing and colon:
            colon, attributes, landing = "", "", moves.looked_up(module)
        if landing:
            old = module + colon + attributes
            new = new_entry(old, moves) if landing.target is not None else ""
            yield Mention(start, old, new, landing.doubt)
    for match in IMPORT.finditer(text):
        source = absolute_module(match.group(1), moves)
        listed = re.sub(r"#[^\n]*|\\n", "", match.group(2) or match.group(3) or "")
        names = [part.split()[0] for part in listed.split(",") if part.strip()]
        landings = [moves.imported(f"{source}.{name}", source) for name in names]
        targets = [landing.target or landing.doubt for landing in landings if landing]
        if targets:
            shown = match.group().rstrip()
            yield Mention(match.start(), shown, " ".join(targets), "", is_code=True)


def _entries(text: str, needles: Collection[str]) -> Iterator[tuple[int, str]]:
    """Dotted paths that have a needle among their parts. Looking for the needles first is what keeps
    a long plan about as fast as a short one."""
    present = sorted(needle for needle in needles if needle in text)
    if not present:
        return
    reached = 0
    for found in re.finditer(rf"\b(?:{'|'.join(map(re.escape, present))})\b", text):
        if found.start() < reached:
            continue
        start = found.start()
        while start and (text[start - 1].isalnum() or text[start - 1] in "_.:"):
            start -= 1
        match = ENTRY.search(text, start)
        while match is not None and match.end() <= found.start():
            match = ENTRY.search(text, match.end())
        if match is not None and match.start() <= found.start():
            reached = match.end()
            yield match.start(), match.group()


def absolute_module(written: str, moves: Moves) -> str:
    """The module meant by the words after `from`, dots included."""
    name = written.lstrip(".")
    if name == written:
        return name
    parts = moves.module.split(".")
    drop = len(written) - len(name) - (1 if moves.is_package else 0)
    return ".".join([*parts[: max(len(parts) - drop, 0)], *([name] if name else [])])


def new_entry(entry: str, moves: Moves) -> str:
    """The new form of `package.module:object.member` or of a plain dotted path."""
    module, colon, attributes = entry.partition(":")
    names = attributes.split(".") if colon else []
    for depth in range(len(names) + 1):
        landing = moves.looked_up(".".join((module, *names[:depth])))
        if landing.target is None:
            continue
        head, _, last = landing.target.rpartition(".")
        start = f"{head}:{last}" if depth else landing.target
        rest = ".".join(names[depth:])
        return start + ((":" if not depth else ".") + rest if rest else "")
    return entry


def move_mentions(
    text: str,
    moves: Moves,
    *,
    kind: str,
    why: str = "",
    leave: Sequence[tuple[int, int]] = (),
) -> Outcome:
    """Rewrites every mention in a text, or, where `why` says why not, lists them.

    Import lines (in a code block of Markdown, say) are listed in either case. The spans to `leave`
    are not looked at.
    """
    positions = Positions(text)
    edits: list[Edit] = []
    omissions: list[Omission] = []
    for mention in find_mentions(text, moves):
        if any(start <= mention.start < end for start, end in leave):
            continue
        if mention.new and not mention.is_code and not why:
            end = mention.start + len(mention.text)
            edits.append(Edit(mention.start, end, mention.new, kind))
        else:
            line, column = positions.place(mention.start)
            reason = mention.why or why or "is code in a text that is not Python"
            omissions.append(Omission("", line, column, mention.text, kind, reason))
    found = tuple(sorted(omissions))
    if not edits:
        return Unchanged(found)
    return Changed(apply_edits(text, edits), dict(Counter(e.kind for e in edits)), found)
