"""Laws of the rewrite, over the sources of the standard library and of our dependencies."""

from __future__ import annotations

import ast
import difflib
import os
import sysconfig
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from codemods.imports import move_references
from codemods.moves import MoveTable
from codemods.outcome import Changed, Unchanged
from consolidator.adapters.apply import apply_changes, undo_last
from consolidator.analysis.changes import FileChange
from consolidator.analysis.references.candidates import find_candidates
from consolidator.analysis.references.relevance import can_refer
from consolidator.analysis.references.rewrite import rewrite_file
from consolidator.analysis.references.routes import Routes
from consolidator.plan import Move
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver
from tests.trees import tree_in_memory

LIBRARY = Path(sysconfig.get_path("stdlib"))
_NOT_READ = {"test", "tests", "lib2to3", "_vendor"}
"""Folders with files that are wrong on purpose, and copies."""
FOLDERS = [LIBRARY, Path(sysconfig.get_path("purelib"))]
FILES = sorted(
    path
    for folder in FOLDERS
    for path in folder.rglob("*.py")
    if path.stat().st_size < 40_000 and not _NOT_READ.intersection(path.parts)
)
LAW_EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "25"))
"""More by hand: `LAW_EXAMPLES=2000 pytest tests/codemods/imports/test_laws.py`."""


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Dotted names that a file imports absolutely or uses through an imported module; none of a file
    that is not UTF-8 or needs another Python."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return ()
    names: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
            names.update(f"{node.module}.{a.name}" for a in node.names if a.name != "*")
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and isinstance(value, ast.Name) and value.id in modules:
            names.add(f"{value.id}.{node.attr}")
    return tuple(sorted(names))


@st.composite
def files_and_moves(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    path = draw(st.sampled_from(FILES))
    assume(imported(path))
    sources = draw(st.lists(st.sampled_from(imported(path)), min_size=1, max_size=4, unique=True))
    targets = draw(
        st.lists(
            st.sampled_from(["fresh.One", "fresh.deep.Two", "fresh.deep.Three", "Four.Five"]),
            min_size=len(sources),
            max_size=len(sources),
        )
    )
    return path.read_text("utf-8"), dict(zip(sources, targets, strict=True))


LAWS = settings(
    max_examples=LAW_EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def moved(text: str, moves: dict[str, str]) -> str:
    outcome = move_references(text, MoveTable(moves))
    assert isinstance(outcome, Changed | Unchanged), outcome
    return outcome.text if isinstance(outcome, Changed) else text


@LAWS
@given(files_and_moves())
def test_a_second_run_changes_nothing(case: tuple[str, dict[str, str]]) -> None:
    text, moves = case
    once = moved(text, moves)
    ast.parse(once)
    assert moved(once, moves) == once


@LAWS
@given(files_and_moves())
def test_the_order_of_moves_is_irrelevant(case: tuple[str, dict[str, str]]) -> None:
    text, moves = case
    assert moved(text, moves) == moved(text, dict(reversed(moves.items())))


@LAWS
@given(files_and_moves())
def test_lines_that_name_nothing_moved_stay(case: tuple[str, dict[str, str]]) -> None:
    text, moves = case
    words = {part for source in moves for part in source.split(".")}
    before, after = text.splitlines(keepends=True), moved(text, moves).splitlines(keepends=True)
    for operation, first, last, _, _ in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if operation in ("replace", "delete"):
            assert any(word in line for line in before[first:last] for word in words)


@LAWS
@given(files_and_moves())
def test_line_endings_and_the_missing_last_one_stay(case: tuple[str, dict[str, str]]) -> None:
    text, moves = case
    dos = text.rstrip("\n").replace("\n", "\r\n")
    assert moved(dos, moves) == moved(text.rstrip("\n"), moves).replace("\n", "\r\n")


@settings(LAWS, max_examples=LAW_EXAMPLES // 3)
@given(files_and_moves())
def test_applying_and_undoing_gives_the_same_bytes(case: tuple[str, dict[str, str]]) -> None:
    text, moves = case
    before, after = text.encode(), moved(text, moves).encode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "module.py"
        path.write_bytes(before)
        apply_changes(Path(folder), [FileChange("module.py", before, after)])
        assert path.read_bytes() == after
        undo_last(Path(folder))
        assert path.read_bytes() == before


PACKAGES = sorted(
    folder
    for home in FOLDERS
    for folder in (file.parent for file in home.glob("*/__init__.py"))
    if 3 <= len(list(folder.rglob("*.py"))) <= 60 and folder.name not in _NOT_READ
)


@cache
def package(folder: Path) -> tuple[Tree, tuple[str, ...], tuple[str, ...]]:
    """A package as a tree, with the names that its own files import from one another, and its modules."""
    files = {f"{folder.name}/{p.relative_to(folder).as_posix()}": p for p in folder.rglob("*.py")}
    tree = tree_in_memory({path: file.read_bytes() for path, file in files.items()})
    names: set[str] = set()
    for path in tree.paths:
        facts = tree.facts(path)
        for fact in facts.imports if facts else ():
            module = tree.absolute(path, fact.level, fact.module)
            if module and fact.name not in ("", "*") and tree.find(module, path):
                names.add(f"{module}.{fact.name}")
    modules = {module for name in names if "." in (module := name.rpartition(".")[0])}
    return tree, tuple(sorted(names)), tuple(sorted(modules))


@settings(LAWS, max_examples=LAW_EXAMPLES // 3)
@given(st.data())
def test_a_file_that_is_not_looked_at_has_nothing_to_move_or_list(data: st.DataObject) -> None:
    tree, names, modules = package(data.draw(st.sampled_from(PACKAGES)))
    pool = data.draw(st.sampled_from([names, modules]))
    assume(pool)
    sources = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=8, unique=True))
    ending = data.draw(st.sampled_from(["", "New"]))
    moves = (
        Move(s, f"fresh.home_{i}.{s.rpartition('.')[2]}{ending}") for i, s in enumerate(sources)
    )
    routes = Routes(tree, Resolver(tree), tuple(moves))
    looked_at = {path for path in find_candidates(routes) if can_refer(routes, path)}
    for path in tree.paths:
        goes = any(f"{tree.module(path)}.".startswith(f"{source}.") for source in sources)
        if (
            path not in looked_at and not goes
        ):  # what a package that goes says of itself goes with it
            assert list(rewrite_file(routes, path)) == []


def test_one_import_of_a_package_says_what_another_does_not() -> None:
    text = (
        "def find():\n"
        "    import library\n"
        "    import library.old\n"
        "    import library.util\n"
        "    class Loader(library.old.Loader): ...\n"
        "    return library.find, library.util.find, Loader\n"
    )
    assert moved(text, {"library.old": "fresh.One"}) == text.replace("library.old", "fresh.One")
