"""Frontend clients: where TypeScript and JavaScript open sockets, and which events they handle.

A tokenizer, not a parser: it tells code from comments and strings, which is what a search can't.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from consolidator.analysis.audit.points.base import IntegrationPoint, Judgement
from consolidator.analysis.audit.report import Evidence

SUFFIXES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".vue", ".svelte")
TokenKind = Literal["name", "string", "mark"]

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
  | (?P<name>[A-Za-z_$][\w$]*)
  | (?P<mark>===|!==|==|!=|=>|\?\.|[^\s\w])
""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    text: str
    """Content for a string, source otherwise."""
    line: int


def tokens(text: str) -> list[Token]:
    """Names, strings and marks of TypeScript or JavaScript, without comments. Regular expression
    literals come out as marks and names."""
    found: list[Token] = []
    line, position = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        if match.lastgroup == "string":
            found.append(Token("string", match.group()[1:-1], line))
        elif match.lastgroup == "name":
            found.append(Token("name", match.group(), line))
        elif match.lastgroup == "mark":
            found.append(Token("mark", match.group(), line))
    return found


@dataclass(frozen=True, slots=True)
class Handled:
    """A place that acts on an event type, and the fields of its data that are read there."""

    event: str
    line: int
    fields: tuple[tuple[str, int], ...] = ()


_EQUALS = ("==", "===")
_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")
_SOCKETS = {"WebSocket", "ReconnectingWebSocket", "SockJS"}


def sockets(found: Sequence[Token]) -> Iterator[int]:
    """Lines on which a socket is opened."""
    for index, token in enumerate(found[:-1]):
        following = found[index + 1].text
        built = token.text == "new" and following in _SOCKETS
        called = token.text in ("useWebSocket", "io") and following == "("
        if token.kind == "name" and (built or called):
            yield token.line


def handled(found: Sequence[Token], events: Sequence[str]) -> list[Handled]:
    """Cases, comparisons, handler tables and `.on("…")` that name a critical event."""
    known = set(events)
    starts = [i for i, token in enumerate(found) if _acts(found, i, known)]
    answer = []
    for number, index in enumerate(starts):
        following = starts[number + 1] if number + 1 < len(starts) else len(found)
        fields = tuple(_fields(found[index : min(following, _end(found, index))]))
        answer.append(Handled(found[index].text, found[index].line, fields))
    return answer


def _end(found: Sequence[Token], index: int) -> int:
    """Where the code ends that handles an event whose name stands at `index`: with the entry of a
    table, the arguments of a call, the block after a condition, or the block around a case."""
    is_entry = found[index + 1].text == ":" if index + 1 < len(found) else False
    in_table = is_entry and found[index - 1].text in ("{", ",")
    is_condition = found[index - 1].text in _EQUALS or found[index + 1].text in _EQUALS
    depth = 0
    for position in range(index + 1, len(found)):
        mark = found[position].text if found[position].kind == "mark" else ""
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if is_condition and depth < 0:  # from here the block, or the one statement
            is_condition, depth = False, 0
            has_block = position + 1 < len(found) and found[position + 1].text == "{"
            in_table = not has_block
            continue
        if depth < 0 or (in_table and not depth and mark in (",", ";")):
            return position
        if not depth and mark == "}" and not is_condition and found[index - 1].text in _EQUALS:
            return position
    return len(found)


def _acts(found: Sequence[Token], index: int, known: set[str]) -> bool:
    token = found[index]
    if token.text not in known:
        return False
    before = found[index - 1].text if index else ""
    after = found[index + 1].text if index + 1 < len(found) else ""
    if token.kind == "name":
        return after == ":" and before in ("{", ",")
    return (
        before in ("case", "===", "==")
        or after in ("===", "==")
        or (after == ":" and before in ("{", ","))
        or (before == "[" and after == "]")
        or (before == "(" and _name_before_call(found, index) in _LISTENERS)
    )


_LISTENERS = {"on", "once", "addEventListener", "subscribe", "addListener", "onEvent", "register"}


def _name_before_call(found: Sequence[Token], index: int) -> str:
    return found[index - 2].text if index > 1 else ""


def _fields(found: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """`x.data.field`, `x.payload.field` and `{ field } = x.data`, up to the end of the case."""
    for index in range(1, len(found)):
        token = found[index]
        if token.text in ("case", "default") and found[index - 1].text in (";", "}", ":"):
            return
        if token.kind != "name" or token.text not in ("data", "payload"):
            continue
        if found[index - 1].text not in (".", "?."):
            continue
        following = found[index + 1 : index + 3]
        if len(following) == 2 and following[0].text in (".", "?."):
            yield following[1].text, following[1].line
        else:
            yield from _taken_apart(found, index)


def _taken_apart(found: Sequence[Token], index: int) -> Iterator[tuple[str, int]]:
    """Names in `const { a, b: c } = message.data`, whose `data` stands at the index."""
    at = index
    while (
        at and found[at].text != "=" and (found[at].kind == "name" or found[at].text in (".", "?."))
    ):
        at -= 1
    if at < 2 or found[at].text != "=" or found[at - 1].text != "}":
        return
    at -= 2
    while at and found[at].text != "{":
        if found[at].kind == "name" and found[at - 1].text in ("{", ","):
            yield found[at].text, found[at].line
        at -= 1


def frontend(events: Sequence[str]) -> IntegrationPoint:
    """The point; its files are read by `client_evidence`, since they are not Python."""

    def judge(evidence: Sequence[Evidence]) -> Judgement:
        opened = [e for e in evidence if e.why == "opens a socket"]
        acting = {e.why.partition(":")[0].removeprefix("handles ") for e in evidence}
        bad = [e for e in evidence if e.verdict in ("at-risk", "broken")]
        if not opened and not acting & set(events):
            return "not-found", ""
        if lacking := sorted(set(events) - acting):
            return "at-risk", f"no client code handles {', '.join(lacking)}"
        return ("at-risk", bad[0].why) if bad else ("ok", "")

    return IntegrationPoint(
        "frontend-clients",
        "The browser handles every critical event and reads fields that are sent",
        (),
        lambda _file: (),
        judge,
    )


def client_evidence(
    path: str, text: str, events: Sequence[str], fields: Mapping[str, frozenset[str]]
) -> Iterator[Evidence]:
    """What one frontend file does with sockets and critical events. `fields` are the names that the
    server sends in an event's data; events without an entry are not checked."""
    lines = text.splitlines()
    found = tokens(text)
    for line in sockets(found):
        yield Evidence(path, line, lines[line - 1].strip()[:160], "ok", "opens a socket")
    for case in handled(found, events):
        source = lines[case.line - 1].strip()[:160]
        yield Evidence(path, case.line, source, "ok", f"handles {case.event}")
        sent = fields.get(case.event)
        for name, line in case.fields:
            if sent and name not in sent:
                why = f"reads data.{name} of {case.event}, which sends {', '.join(sorted(sent))}"
                yield Evidence(path, line, lines[line - 1].strip()[:160], "at-risk", why)
