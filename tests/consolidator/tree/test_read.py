"""Bytes of one file to facts: encodings, newer syntax, and files that only get a reason."""

from __future__ import annotations

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.parse import parse, parse_syntax
from consolidator.tree.read import LARGEST, facts_of
from consolidator.tree.source import SourceText, decode

newer_than_here = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="CPython itself reads what came with 3.12"
)


def classes(data: bytes) -> list[str]:
    facts = facts_of(data)
    assert isinstance(facts, ModuleFacts), facts
    return [c.qualname for c in facts.classes]


def reason(data: bytes) -> Unreadable:
    facts = facts_of(data)
    assert isinstance(facts, Unreadable)
    return facts


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\n",
        b"x = 1",
        b"",
        b"\xef\xbb\xbfx = '\xc3\xa9'\r\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\r",
        b"x = 1\x0cy = 2\r\nz = '''a\rb'''\n",
    ],
)
def test_encoding_what_was_decoded_gives_the_same_bytes(data: bytes) -> None:
    source = decode(data)
    assert isinstance(source, SourceText)
    assert source.encode(source.text) == data


@pytest.mark.parametrize(
    ("data", "line", "why"),
    [
        (b"x = 1\ny = \0", 2, "NUL"),
        (b"x = 1\ny = '\xff'\n", 2, "not valid utf-8"),
        (b"# coding: klingon\n", 1, "unknown encoding"),
        (b"# coding: hex\n61\n", 1, "can't be decoded as 'hex'"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, "byte order mark"),
        (b"x = 1\ndef f(:\n", 2, "invalid syntax"),
        (b"print 'python 2'\n", 1, "print"),
        (b"x = " + b"(" * 5000 + b")" * 5000, 1, "too many nested"),
        (b"x = " + b"-" * 200_000 + b"1", 1, "nested too deeply"),
        (b"#" * (LARGEST + 1), 1, "larger than"),
    ],
)
def test_what_cannot_be_read_has_a_line_and_a_reason(data: bytes, line: int, why: str) -> None:
    found = reason(data)
    assert why in found.reason
    assert found.line == line


def test_a_form_feed_starts_no_line() -> None:
    facts = facts_of(b"import a\n\x0c\nclass A: ...\n")
    assert isinstance(facts, ModuleFacts)
    assert [c.line for c in facts.classes] == [3]


def test_positions_hold_in_lines_with_other_scripts_and_carriage_returns() -> None:
    source = decode("x = 1\r\né = 'ü'; class_ = é\r\n".encode())
    assert isinstance(source, SourceText)
    name = next(
        node
        for node in ast.walk(ast.parse(source.text))
        if isinstance(node, ast.Name) and node.id == "class_"
    )
    offset = source.offset(name.lineno, name.col_offset)
    assert source.text[offset:].startswith("class_")
    assert source.position(offset) == (2, 9)


def test_a_chain_of_a_thousand_elifs_is_read() -> None:
    chain = "".join(f"elif x == {n}:\n    class C{n}: ...\n" for n in range(700))
    assert len(classes(f"x = 0\nif x:\n    pass\n{chain}".encode())) == 700


def test_a_file_of_several_megabytes_is_read() -> None:
    assert len(classes(b"class A:\n    x = 'some text that is generated'\n" * 60_000)) == 60_000


NEWER = '''
from a import Base

class Box[T: int, *Ts, **P](Base, metaclass=type):
    def get[S](self, name: str) -> S:
        return f"{name["key"]} {f"{name}"}"

type Alias[T] = Box[T]
text = f"{'a' if Alias else "b"}"
long = f"""{
    "x"
}"""
class After[
    T,
](Box[T]): ...
'''


@newer_than_here
def test_newer_syntax_is_read_and_the_parser_is_named() -> None:
    facts = facts_of(NEWER.encode())
    assert isinstance(facts, ModuleFacts)
    assert facts.parser == "libcst"
    box, after = facts.classes
    assert (box.qualname, box.line, box.bases, box.type_parameters) == ("Box", 4, ("Base",), True)
    assert (after.line, after.bases, after.type_parameters) == (13, ("Box[T]",), True)
    assert [f.qualname for f in facts.functions] == ["Box.get"]
    assert [(b.name, b.line) for b in facts.bindings] == [("Alias", 8), ("text", 9), ("long", 10)]


@newer_than_here
def test_a_file_whose_strings_libcst_misplaces_is_skipped_and_ends_nothing() -> None:
    """LibCST loses lines before a conversion; in Black's own test data this was an internal error."""
    text = 'f"{\nX\n!r\n}"\nf(\n)\nf"""\n {f\'\'\'\n  {1} x\'\'\'}\n"""\n'
    assert isinstance(parse_syntax(text), Unreadable)
    assert isinstance(parse_syntax(text.replace("\n!r\n", "")), ast.Module)


def test_lowered_syntax_keeps_every_position() -> None:
    tree = parse_syntax(NEWER)
    assert isinstance(tree, ast.Module)
    lines = NEWER.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("Base", "Box", "str"):
            assert lines[node.lineno - 1][node.col_offset :].startswith(node.id)


def test_syntax_that_no_parser_knows_keeps_cpythons_reason() -> None:
    assert reason(b'x = f"{a["b"]}"\ndef f(:\n').line >= 1


def test_exports_are_read_from_lists_sums_and_appends() -> None:
    facts = facts_of(b"__all__ = ['a'] + ['b']\n__all__ += ('c',)\n__all__.append('d')\n")
    assert isinstance(facts, ModuleFacts)
    assert facts.exports == ("a", "b", "c", "d")
    assert facts.exports_exact
    computed = facts_of(b"__all__ = [n for n in dir()]\n")
    assert isinstance(computed, ModuleFacts)
    assert not computed.exports_exact


@given(st.text(alphabet="aé漢🙂\r\n\x0c\u2028 ='\"", max_size=60), st.data())
def test_a_slice_is_what_lies_between_two_positions(text: str, data: st.DataObject) -> None:
    source = SourceText(text)
    lines = len(source.line_starts)
    ends = sorted(
        (line, data.draw(st.integers(0, len(source.line(line)))))
        for line in data.draw(st.lists(st.integers(1, lines), min_size=2, max_size=2))
    )
    columns = [len(source.line(line)[:column].encode()) for line, column in ends]
    offsets = [source.offset(line, c) for (line, _), c in zip(ends, columns, strict=True)]
    found = source.slice(ends[0][0], columns[0], ends[1][0], columns[1])
    assert found == text[offsets[0] : offsets[1]]


@newer_than_here
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('f"{d["k"]} {(x := 1)!r:>{w}}"', ["d", "w", "x"]),
        ('y = "a" f"{a["x"]}" f"{b["y"]}" "z"', ["a", "b", "y"]),
        ('f"{f"{f"{x}{"a"}"}"}"', ["x"]),
        ('y = f"""{\n x  # c }\n + d["q"]}\n"""', ["d", "x", "y"]),
        ('g(t"{x} and {y}")', ["g", "x", "y"]),
        ('f"{(a for a in b["c"])} é {"\\n".join(z)}"', ["a", "a", "b", "z"]),
        ("try: pass\nexcept A, b.B: pass", ["A", "b"]),
    ],
)
def test_names_in_newer_syntax_stay_where_they_are(text: str, names: list[str]) -> None:
    tree, parser = parse(text)
    assert parser == "libcst"
    assert isinstance(tree, ast.Module)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    lines = [line.encode() for line in text.split("\n")]
    assert sorted(node.id for node in found) == names
    for node in found:
        there = lines[node.lineno - 1][node.col_offset : node.end_col_offset]
        assert there.decode() == node.id


DEEP = {
    "signs": "x = " + "-" * 60_000 + "1",
    "lambdas": "x = " + "lambda: " * 60_000 + "1",
    "choices": "x = " + "1 if a else " * 60_000 + "1",
    "powers": "x = " + "2 ** " * 60_000 + "1",
    "brackets": "x = " + "(" * 150 + ")" * 150,
    "branches": "if a: pass\n" + "elif b: pass\n" * 60_000,
    "a sum over lines": "x = (" + "\n+ 1" * 60_000 + ")",
}


@newer_than_here
@pytest.mark.parametrize("shape", DEEP)
def test_newer_syntax_in_a_deeply_nested_file_never_ends_the_process(shape: str) -> None:
    assert reason(f"type X = int\n{DEEP[shape]}\n".encode()).line == 1


def test_long_files_of_newer_syntax_are_read_for_all_that() -> None:
    many = "".join(f"y{i} = a.b.c(-{i}, not x) + 1 if z else 2  # ---\n" for i in range(2000))
    assert classes(f'class A[T]: ...\n"""{"-" * 90} ( ["""\n{many}'.encode()) == ["A"]
