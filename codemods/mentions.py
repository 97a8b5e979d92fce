"""Dotted names in text that is not Python: configuration, entry points, Markdown and other prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from keyword import iskeyword

from codemods.edits import Edit, apply_edits
from codemods.entry_points import GROUP, group_names
from codemods.filters import filter_messages
from codemods.moves import Landing, Moves
from codemods.outcome import Changed, Omission, Outcome, Unchanged, one_line
from codemods.positions import Positions
from codemods.statement import replacement
from codemods.titles import title_lines

DOTTED = re.compile(r"(?:(?<![\w./\\-])|(?<=\bext://)|(?<=\[mypy-))[^\W\d]\w*(?:\.[^\W\d]\w*)+")
"""A dotted path; part of a file name or an address is none."""
DOTTED_OR_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
ENTRY = re.compile(DOTTED.pattern + r"(?::[^\W\d]\w*(?:\.[^\W\d]\w*)*)?")
"""A dotted path, or one with an object behind a colon as in entry points."""
_ESCAPED = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\\{1,2}\.[^\W\d]\w*)+")
"""A dotted path in a pattern."""
_FILTERED = "is part of the message of a warning filter"
_ADDRESS = re.compile(r"\w://[^\s\"'<>`]*/\Z")
"""What comes before a dotted path in an address, as far back as anybody writes one."""
_FAR = 300
WORD = re.compile(r"\w+")
_BLANK = bytes(c if c < 128 and WORD.fullmatch(chr(c)) else ord(" ") for c in range(256))
"""Every byte that is part of no ASCII word, as a space: splitting is faster than a regular expression."""
_JOINS = frozenset(".:")
_RUN = re.compile(r"[\w.:]+")
"""All that a dotted path with a colon can consist of."""
_NAME = r"\w+(?:[ \t]+as[ \t]+\w+)?"
IMPORT = re.compile(
    r"from(?:(?<!\wfrom)|(?<=\\nfrom))[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]+"
    rf"(?:\((?P<listed>[^()]*)\)|(?P<names>{_NAME}(?:[ \t]*,[ \t]*{_NAME})*))"
)
_PROMPT = re.compile(r"[ \t]*(?:(?:>>>|\.\.\.|#)[ \t]+)?")
"""What may come before a statement that has its line to itself."""


@dataclass(frozen=True, slots=True)
class Mention:
    """`text` at `start` names a moved thing. `new` is what it would have to be, or, where there is a
    `why`, no more than where it may lead."""

    start: int
    text: str
    new: str
    why: str
    is_code: bool = False
    """Whether it is an import line."""
    kind: str = ""
    """What kind of reference it is, if that is not the file's."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def find_mentions(text: str, moves: Moves) -> Iterator[Mention]:
    """Dotted paths and import lines in a text, in order of kind, then of place."""
    imports = list(_import_lines(text, moves))
    words = places(text, said(text, moves.needles))
    messages = list(filter_messages(text)) if words else []
    groups = list(group_names(text)) if words else []
    for start, entry in _entries(text, words):
        if entry.endswith(".py") or any(line.start <= start < line.end for line in imports):
            continue  # the name of a file, or dealt with below
        for at, old in _named(entry, moves):
            landing = moves.looked_up(old.replace(":", "."))
            if landing:
                new = new_entry(old, moves) if landing.target is not None else ""
                is_said = _is_within(start + at, messages)
                is_group = _is_within(start + at, groups)
                why = GROUP if is_group else landing.doubt or (_FILTERED if is_said else "")
                yield Mention(start + at, old, new, why, kind="group" if is_group else "")
    yield from _hidden(text, moves, words)
    yield from imports


def _is_within(offset: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in spans)


def _named(entry: str, moves: Moves) -> Iterator[tuple[int, str]]:
    """What an entry names, and where: an object of a module, or a path on either side of its colon."""
    module, colon, attributes = entry.partition(":")
    is_path = "." in attributes and bool(moves.looked_up(attributes))
    if not colon or (not is_path and moves.looked_up(f"{module}.{attributes}")):
        yield 0, entry
        return
    yield 0, module
    if is_path:
        yield len(module) + 1, attributes


def _hidden(text: str, moves: Moves, words: Sequence[tuple[int, int]]) -> Iterator[Mention]:
    """Dotted paths in patterns, with their dots escaped, and in addresses."""
    reached = 0
    for at, after in words:
        around = text[at - 1 : at], text[after : after + 1]
        if at < reached or not (around[0] == "." or "\\" in around or "." in around):
            continue
        start, end = at, after
        while start and (text[start - 1].isalnum() or text[start - 1] in "_.\\"):
            start -= 1
        while end < len(text) and (text[end].isalnum() or text[end] in "_.\\"):
            end += 1
        reached, run, why = end, text[start:end].rstrip("."), ""
        if "\\" in run:
            matches, why = list(_ESCAPED.finditer(run)), "is part of a pattern"
        elif text[start - 1 : start] == "/" and _ADDRESS.search(text, max(start - _FAR, 0), start):
            matches, why = list(DOTTED_OR_NAME.finditer(run)), "is part of an address"
        for match in matches if why else ():
            dotted = match.group().replace("\\", "")
            if not moves.needles.isdisjoint(dotted.split(".")) and (
                landing := moves.looked_up(dotted)
            ):
                new = landing.target or ""
                yield Mention(start + match.start(), match.group(), new, landing.doubt or why)


def _import_lines(text: str, moves: Moves) -> Iterator[Mention]:
    for match in IMPORT.finditer(text):
        source = absolute_module(match["module"], moves)
        listed = re.sub(r"#[^\n]*|\\n", "", match["listed"] or match["names"] or "")
        names = [part.split() for part in listed.split(",") if part.strip()]
        found = [(name, moves.imported(f"{source}.{name[0]}", source)) for name in names]
        targets = [landing.target or landing.doubt for _, landing in found if landing]
        if not targets:
            continue
        doubts = [landing.doubt for _, landing in found if landing.doubt]
        if doubts or any(iskeyword(name[0]) or len(name) not in (1, 3) for name in names):
            why = doubts[0] if doubts else "is no import that can be read"
            yield Mention(match.start(), match.group(), " ".join(targets), why, is_code=True)
            continue
        statements = _statements(match["module"], found)
        start = text.rfind("\n", 0, match.start()) + 1
        before = text[start : match.start()]
        newline = "\r\n" if "\r\n" in text else "\n"
        between = f"{newline}{before}" if _PROMPT.fullmatch(before) else "; "
        yield Mention(match.start(), match.group(), between.join(statements), "", is_code=True)


def _statements(module: str, found: Sequence[tuple[list[str], Landing]]) -> Iterator[str]:
    """The import of the names that stay, then those of the names that move."""
    kept = [" ".join(name) for name, landing in found if landing.target is None]
    if kept:
        yield f"from {module} import {', '.join(kept)}"
    moved: dict[str, list[str]] = {}
    for name, landing in found:
        if landing.target is not None:
            new = replacement(landing.target, name[-1])
            moved.setdefault(new.head, []).append(new.clause)
    yield from (f"{head}import {', '.join(clauses)}" for head, clauses in moved.items())


def _entries(text: str, words: Sequence[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Dotted paths that have one of the words, which are needles, among their parts. Looking for these
    first is what keeps a long plan about as fast as a short one."""
    reached = 0
    for at, after in words:
        is_joined = text[at - 1 : at] in _JOINS or text[after : after + 1] in _JOINS
        if at < reached or not is_joined:
            continue
        start = at
        while start and (text[start - 1].isalnum() or text[start - 1] in "_.:"):
            start -= 1
        run = _RUN.match(text, start)
        end = run.end() if run else start
        match = ENTRY.search(text, start, end)
        while match is not None and match.end() <= at:
            match = ENTRY.search(text, match.end(), end)
        if match is not None and match.start() <= at:
            reached = match.end()
            yield match.start(), match.group()


def said(text: str, names: Set[str]) -> Set[str]:
    """Those of some names that a text may hold as words: none of them is missed."""
    if not names:
        return names  # taking the text apart is what takes time
    found = _words(text).intersection(names)
    if text.isascii():
        return found
    return found | {name for name in names if not name.isascii() and name in text}


@lru_cache(maxsize=2)
def _words(text: str) -> frozenset[str]:
    """The ASCII words of a text, which is asked for several sets of names in turn."""
    blanked = text.encode("utf-8", "surrogatepass").translate(_BLANK)
    return frozenset(blanked.decode("ascii").split())


def places(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Start and end of every whole word among some, in their order."""
    found: list[tuple[int, int]] = []
    for word in words:
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            around = text[max(start - 1, 0) : start], text[end : end + 1]
            if not any(map(WORD.match, around)):
                found.append((start, end))
            start = text.find(word, end)
    return sorted(found)


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

    The spans to `leave` are not looked at.
    """
    positions = Positions(text)
    edits: list[Edit] = []
    omissions: list[Omission] = []
    for mention in find_mentions(text, moves):
        if any(start <= mention.start < end for start, end in leave):
            continue
        if not mention.why and not why:
            edits.append(Edit(mention.start, mention.end, mention.new, kind))
        else:
            line, column = positions.place(mention.start)
            reason = mention.why or why
            shown = one_line(mention.text)
            omissions.append(Omission("", line, column, shown, mention.kind or kind, reason))
    found = tuple(sorted(omissions))
    if not edits:
        return Unchanged(found)
    lines = title_lines(text, edits) if kind == "prose" else ()
    return Changed(apply_edits(text, [*edits, *lines]), {kind: len(edits)}, found)
