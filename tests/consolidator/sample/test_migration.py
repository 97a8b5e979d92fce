"""The reviewed plan moves the legacy backend onto the runtime, and its own tests hold."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from repositories import git

from consolidator import sample


def consolidator(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "consolidator", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("migrated") / "backend"
    sample.build(root)
    shutil.copy(sample.PLAN, root)
    for step in ("imports", "calls", "delete"):
        consolidator(root, "migrate", step, "--apply", "--allow-dirty")
    return root


def test_its_tests_pass_on_the_runtime(migrated: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "ignore"],
        cwd=migrated,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "legacy", [move["from"] for move in tomllib.loads(sample.PLAN.read_text("utf-8"))["move"]]
)
def test_what_was_moved_is_gone(migrated: Path, legacy: str) -> None:
    parts = legacy.split(".")
    for length in range(1, len(parts)):
        path = migrated.joinpath(*parts[:length]).with_suffix(".py")
        if path.is_file():
            assert not _bound(path) & set(parts[length:])


def _bound(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def test_files_of_other_editors_keep_their_form(migrated: Path) -> None:
    legacy = migrated / "chat_backend" / "legacy"
    crlf = (legacy / "windows_export.py").read_bytes()
    assert b"unified_runtime" in crlf
    assert crlf.count(b"\r\n") == crlf.count(b"\n")
    assert (legacy / "survey.py").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "Schöne Überfahrt" in (legacy / "german.py").read_bytes().decode("latin-1")


def test_the_page_and_the_broken_draft_are_not_touched(migrated: Path) -> None:
    changed = git(migrated, "diff", "--name-only").decode().split()
    assert "chat_backend/legacy/draft.py" not in changed
    assert not [path for path in changed if path.startswith("frontend/")]
