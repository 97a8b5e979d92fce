"""The rewrites run under LibCST's own runner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest
from libcst.codemod import CodemodContext, SkipFile

from codemods.commands import MoveReferencesCommand, RemoveDefinitionsCommand

MOVE = ("app.old.Thing", "new.home.Fresh")


def test_a_module_is_rewritten_and_what_stays_is_a_warning() -> None:
    context = CodemodContext(full_module_name="app.use")
    source = "from .old import Thing\n# app.old.Thing\n"
    moved = MoveReferencesCommand(context, *MOVE).transform_module(cst.parse_module(source))
    assert moved.code == "from new.home import Fresh as Thing\n# app.old.Thing\n"
    assert context.warnings == [
        "2: app.old.Thing: is in a comment (rewritten with --docs)",
    ]


def test_a_module_without_the_name_is_the_same_object() -> None:
    module = cst.parse_module("import os\n")
    assert MoveReferencesCommand(CodemodContext(), *MOVE).transform_module_impl(module) is module


def test_a_definition_is_removed() -> None:
    command = RemoveDefinitionsCommand(CodemodContext(), "Thing", "new.home.Fresh")
    module = cst.parse_module("class Thing: ...\nx = 1\n")
    assert command.transform_module(module).code == "x = 1\n"


def test_syntax_that_this_interpreter_lacks_is_skipped() -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("this interpreter reads it")
    module = cst.parse_module("def f[T](x: T): ...\n")
    with pytest.raises(SkipFile, match="can't be parsed"):
        MoveReferencesCommand(CodemodContext(), *MOVE).transform_module(module)


def test_the_runner_of_libcst_takes_the_command(tmp_path: Path) -> None:
    file = tmp_path / "use.py"
    file.write_text("from app.old import Thing\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x"]
    name = "codemods.commands.MoveReferencesCommand"
    options = [name, "--old_name", MOVE[0], "--new_name", MOVE[1], "--no-format", str(file)]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert file.read_text() == "from new.home import Fresh as Thing\n", done.stderr


def test_the_runner_of_libcst_removes_a_definition(tmp_path: Path) -> None:
    file = tmp_path / "old.py"
    file.write_text("class Thing: ...\n\n\nclass Kept: ...\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x"]
    name = "codemods.commands.RemoveDefinitionsCommand"
    options = [name, "--name", "Thing", "--new_name", "new.home.Fresh", "--no-format", str(file)]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert file.read_text() == "class Kept: ...\n", done.stderr
