"""Surgery on one import statement: names leave it or change, everything else keeps its bytes."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from codemods.edits import Edit
from codemods.positions import Positions
from codemods.scopes import ImportStatement

PRAGMA = re.compile(
    r"#\s*(noqa|type:|pyright:|mypy:|pylint:|pragma:|nosec|isort:|fmt:|ruff:|flake8:|yapf:)", re.I
)

_COMMA = re.compile(r"(?:\s|\\|#[^\r\n]*)*,")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What takes the place of one alias: `import module [as local]`, or, with a `name`,
    `from module import name [as local]`."""

    module: str
    name: str
    local: str

    @property
    def clause(self) -> str:
        """The part after `import`."""
        bound = self.name or self.module
        return bound if self.local in ("", bound) else f"{bound} as {self.local}"

    @property
    def head(self) -> str:
        """What comes before `import`."""
        return f"from {self.module} " if self.name else ""

    @property
    def statement(self) -> str:
        return f"{self.head}import {self.clause}"


def replacement(target: str, local: str, *, is_module: bool = False) -> Replacement:
    """The import that binds `target` as `local`."""
    head, _, last = target.rpartition(".")
    if not head or (is_module and local == ""):
        return Replacement(target, "", local)
    return Replacement(head, last, local)


@dataclass(slots=True)
class Rewrite:
    """What happens to one statement: by alias index, its replacements (none removes it). `added` are
    statements that come after it."""

    replaced: dict[int, list[Replacement]] = field(default_factory=dict)
    added: list[Replacement] = field(default_factory=list)
    source: str = ""
    """The absolute module that the statement imports from, where it is known."""
    module: str = ""
    """Another way to write the module that the remaining names come from."""

    def __bool__(self) -> bool:
        return bool(self.replaced or self.added or self.module)

    def removes(self, statement: ImportStatement) -> bool:
        """Whether nothing of the statement stays or takes its place."""
        is_whole = len(self.replaced) == len(statement.names)
        return is_whole and not any(self.replaced.values()) and not self.added


@dataclass(frozen=True, slots=True)
class _Token:
    kind: int
    string: str
    start: int
    end: int


@dataclass(slots=True)
class _Item:
    """One alias with the comments that belong to it."""

    start: int
    end: int
    above: list[str] = field(default_factory=list)
    beside: str = ""
    lines_from: int = -1
    """Where its own lines start, where it has lines to itself."""
    lines_to: int = -1


def rewrite_statements(
    positions: Positions,
    blocks: Mapping[ImportStatement, Sequence[ast.stmt]],
    rewrites: Mapping[ImportStatement, Rewrite],
    gone: Set[ast.stmt] = frozenset(),
) -> Iterator[Edit]:
    """The edits of import statements. A block that loses all that it held, what is `gone` otherwise
    included, gets a `pass`."""
    leaving = gone | {statement for statement, r in rewrites.items() if r.removes(statement)}
    for statement, rewrite in rewrites.items():
        if rewrite:
            block = blocks[statement]
            empties = bool(block) and block[-1] is statement and leaving >= set(block)
            yield from _Surgery(positions, statement, rewrite, empties=empties).edits()


class _Surgery:
    def __init__(
        self, positions: Positions, statement: ImportStatement, rewrite: Rewrite, *, empties: bool
    ) -> None:
        self._positions = positions
        self._text = positions.text
        self._statement = statement
        self._empties = empties
        self._rewrite = rewrite
        self._start, self._end = positions.span(statement)
        self._line_end = positions.line_end(self._end)
        before = self._text[positions.line_start(self._start) : self._start]
        self._indent = before.replace("\f", "") if not before.strip() else ""
        after = self._text[self._end : self._line_end].strip()
        self._inline = bool(before.strip()) or after.startswith(";")
        self._comment = after if after.startswith("#") else ""
        self._kept = [i for i in range(len(statement.names)) if i not in rewrite.replaced]

    def edits(self) -> Iterator[Edit]:
        if (edits := self._in_place()) is not None:
            yield from edits
        elif self._kept:
            yield from self._remove_moved()
        else:
            yield from self._replace_all()

    # the whole statement keeps its shape

    def _in_place(self) -> list[Edit] | None:
        """Edits where each alias gives way to exactly one of the same kind of statement."""
        replaced = self._rewrite.replaced
        if any(len(new) != 1 for new in replaced.values()):
            return None
        new = {index: entries[0] for index, entries in replaced.items()}
        if isinstance(self._statement, ast.Import):
            if any(entry.name for entry in new.values()):
                return None
            return [*self._aliases(new), *self._additions(self._rewrite.added)]
        if self._rewrite.module and not new:
            additions = self._additions(self._rewrite.added)
            return [self._module_edit(self._rewrite.module), *additions]
        modules = {entry.module for entry in new.values()}
        if new and modules == {self._rewrite.source} and all(e.name for e in new.values()):
            aliases = [*self._absolute(), *self._aliases(new)]
            return [*aliases, *self._additions(self._rewrite.added)]
        if self._kept or len(modules) != 1 or not all(entry.name for entry in new.values()):
            return None if new else self._additions(self._rewrite.added)
        module = self._module_edit(modules.pop())
        return [module, *self._aliases(new), *self._additions(self._rewrite.added)]

    def _absolute(self) -> Iterator[Edit]:
        if self._rewrite.module:
            yield self._module_edit(self._rewrite.module)

    def _aliases(self, new: Mapping[int, Replacement]) -> Iterator[Edit]:
        for index, entry in new.items():
            alias = self._statement.names[index]
            start, end = self._positions.span(alias)
            blank = " " if self._text[start - 1].isalpha() else ""  # `import*`
            yield Edit(start, end, blank + _clause(alias, entry), "")

    def _module_edit(self, module: str) -> Edit:
        """The dots and name after `from` give way; `from.x import y` gets the blanks it lacks."""
        tokens = list(self._tokens())
        last = next(i for i, token in enumerate(tokens) if token.string == "import") - 1
        start, end = tokens[1].start, tokens[last].end
        left = "" if self._text[start - 1].isspace() else " "
        right = "" if self._text[end].isspace() else " "
        return Edit(start, end, f"{left}{module}{right}", "")

    def _tokens(self) -> Iterator[_Token]:
        """Tokens of the statement, comments included."""
        body = self._text[self._start : self._end]
        lines = Positions(body)
        for token in tokenize.generate_tokens(io.StringIO(body, newline="").readline):
            if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                return
            start = self._start + lines.offset(token.start[0], 0) + token.start[1]
            yield _Token(token.type, token.string, start, start + len(token.string))

    # names leave

    def _remove_moved(self) -> Iterator[Edit]:
        items = self._items()
        moved = sorted(self._rewrite.replaced)
        lines = [i for i in moved if items[i].lines_from >= 0]
        for index in lines:
            yield Edit(items[index].lines_from, items[index].lines_to, "", "")
        inline = [i for i in moved if i not in lines]
        yield from self._shorten(items, inline)
        yield from self._absolute()
        yield from self._additions(self._moved_statements(items))

    def _shorten(self, items: Sequence[_Item], inline: Sequence[int]) -> Iterator[Edit]:
        """Names that share their line with others leave it, each with one comma."""
        for run in runs(inline):
            first, last = run[0], run[-1]
            start, end = items[first].start, items[last].end
            if last + 1 < len(items):
                following = items[last + 1].start
                gap = self._text[end:following]
                if not _breaks(gap):
                    yield Edit(start, following, "", "")
                    continue
                end = self._after_comma(end)
            else:
                before = self._text[items[first - 1].end : start]
                if first - 1 in self._kept and "#" not in before:
                    yield Edit(items[first - 1].end, end, "", "")
                    continue
            yield self._cut(start, end)

    def _after_comma(self, end: int) -> int:
        """Where the comma after a name ends, comments on the way skipped; `end` where there is none."""
        comma = _COMMA.match(self._text, end)
        return comma.end() if comma else end

    def _cut(self, start: int, end: int) -> Edit:
        """Removes a stretch with the blanks before it, or the lines that it leaves empty."""
        line = self._positions.line_start(start)
        rest = self._text[end : self._positions.line_end(end)]
        if not self._text[line:start].strip() and not rest.strip():
            return Edit(line, self._positions.next_line(end), "", "")
        while self._text[start - 1] in " \t" and start - 1 > line:
            start -= 1
        return Edit(start, end, "", "")

    def _replace_all(self) -> Iterator[Edit]:
        items = self._items()
        statements = self._moved_statements(items)
        if not statements:
            yield from self._remove_statement()
            return
        first, *rest = statements
        text = first if isinstance(first, str) else first.statement
        yield Edit(self._start, self._end, text, "")
        yield from self._additions(rest)

    def _remove_statement(self) -> Iterator[Edit]:
        if self._empties:
            yield Edit(self._start, self._end, "pass", "")
        elif self._inline:
            yield from self._remove_inline()
        else:
            start = self._positions.line_start(self._start)
            yield Edit(start, self._positions.next_line(self._end), "", "")

    def _remove_inline(self) -> Iterator[Edit]:
        rest = self._text[self._end : self._line_end]
        following = re.match(r"\s*;\s*", rest)
        if following and rest[following.end() :].strip():
            yield Edit(self._start, self._end + following.end(), "", "")
            return
        before = self._text[: self._start]
        leading = re.search(r"\s*;\s*$", before)
        start = leading.start() if leading else self._start
        yield Edit(start, self._end, "" if leading else "pass", "")

    # new statements

    def _moved_statements(self, items: Sequence[_Item]) -> list[str | Replacement]:
        """The statements that take up the moved names, one per module."""
        groups: dict[str, list[tuple[int, Replacement]]] = {}
        for index, entries in sorted(self._rewrite.replaced.items()):
            for entry in entries:
                key = f"from {entry.module}" if entry.name else f"import {entry.clause}"
                groups.setdefault(key, []).append((index, entry))
        made: list[str | Replacement] = [self._statement_of(items, g) for g in groups.values()]
        return [*made, *self._rewrite.added]

    def _statement_of(
        self, items: Sequence[_Item], group: Sequence[tuple[int, Replacement]]
    ) -> str:
        entries = [(items[index], self._statement.names[index], entry) for index, entry in group]
        if not entries[0][2].name:
            return entries[0][2].statement
        head = f"from {entries[0][2].module} import "
        spread = any(item.lines_from >= 0 for item, _, _ in entries)
        if len(entries) == 1 or not spread:
            clauses = ", ".join(_clause(alias, entry) for _, alias, entry in entries)
            above = [line for item, _, _ in entries for line in item.above]
            beside = "  ".join(item.beside for item, _, _ in entries if item.beside)
            return self._join([*above, head + clauses + (f"  {beside}" if beside else "")])
        newline, step = self._positions.newline, self._step(items)
        lines = [head + "("]
        for item, alias, entry in entries:
            lines += (f"{step}{comment}" for comment in item.above)
            beside = f"  {item.beside}" if item.beside else ""
            lines.append(f"{step}{_clause(alias, entry)},{beside}")
        lines.append(f"{self._closing_indent()})")
        return newline.join(lines)

    def _join(self, lines: list[str]) -> str:
        return f"{self._positions.newline}{self._indent}".join(lines)

    def _step(self, items: Sequence[_Item]) -> str:
        """The indent of names on lines of their own; one step where they are aligned with the first,
        which stands beside the parenthesis."""
        start = self._positions.line_start(items[0].start)
        before = self._text[start : items[0].start]
        return before if not before.strip() else f"{self._indent}    "

    def _closing_indent(self) -> str:
        last = self._end - 1
        before = self._text[self._positions.line_start(last) : last]
        return before if not before.strip() else self._indent

    def _additions(self, statements: Sequence[str | Replacement]) -> list[Edit]:
        """Statements after this one: on lines of their own, or on its line where it shares one."""
        texts = [s if isinstance(s, str) else s.statement for s in statements]
        if not texts:
            return []
        if self._inline:
            return [Edit(self._end, self._end, f"; {text}", "") for text in texts]
        newline = self._positions.newline
        pragma = f"  {self._comment}" if PRAGMA.match(self._comment) else ""
        return [
            Edit(self._line_end, self._line_end, f"{newline}{self._indent}{text}{pragma}", "")
            for text in texts
        ]

    # comments and lines inside parentheses

    def _items(self) -> list[_Item]:
        items = [_Item(*self._positions.span(alias)) for alias in self._statement.names]
        if self._text[self._end - 1] != ")":
            return items
        for token in self._tokens():
            if token.kind == tokenize.COMMENT:
                self._own_comment(items, token.string, token.start)
        for item in items:
            self._own_lines(item)
        return items

    def _own_comment(self, items: Sequence[_Item], comment: str, at: int) -> None:
        line = self._positions.line_start(at)
        if self._text[line:at].strip():
            owners = [item for item in items if line <= item.end <= at]
            if owners:
                owners[-1].beside = comment
        else:
            below = [item for item in items if item.start > at]
            if below:
                below[0].above.append(comment)

    def _own_lines(self, item: _Item) -> None:
        line = self._positions.line_start(item.start)
        end = self._positions.line_end(item.end)
        rest = self._text[item.end : end].strip()
        alone = not self._text[line : item.start].strip() and line > self._start
        if not alone or not re.fullmatch(r",?\s*(#.*)?", rest):
            return
        if not rest.startswith(",") and self._after_comma(item.end) > item.end:
            return  # its comma stands on another line
        for _ in item.above:
            line = self._positions.line_start(line - 1)
        item.lines_from, item.lines_to = line, self._positions.next_line(item.end)


def _clause(alias: ast.alias, entry: Replacement) -> str:
    """`X as X` says on purpose that X is exported, so it stays written twice."""
    if alias.asname == alias.name and entry.local == entry.name:
        return f"{entry.name} as {entry.local}"
    return entry.clause


def _breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def runs(indices: Sequence[int]) -> Iterator[list[int]]:
    """Consecutive indices together."""
    run: list[int] = []
    for index in indices:
        if run and index != run[-1] + 1:
            yield run
            run = []
        run.append(index)
    if run:
        yield run
