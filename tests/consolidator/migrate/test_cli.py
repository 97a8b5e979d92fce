"""`consolidator migrate` from outside: what it prints, writes, refuses, and exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from trees import write_tree

FILES: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/old.py": "class Thing: ...\n",
    "app/use.py": b"\xef\xbb\xbffrom app.old import Thing  # keep\r\nx = 1",
    "app/latin.py": "# -*- coding: latin-1 -*-\nfrom app.old import Thing\nname = 'é'\n".encode(
        "latin-1"
    ),
    "app/missing.py": "from app.nowhere import Gone\n",
    "README.md": "app.old.Thing\n",
    "consolidation.toml": '[[move]]\nfrom = "app.old.Thing"\nto = "new.home.Fresh"\n',
}


def migrate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "consolidator", "migrate", *arguments, "--no-cache"]
    if arguments[0] == "undo":
        command.pop()
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=false")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_tree(tmp_path, FILES)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "start")
    return tmp_path


def test_a_dry_run_prints_a_diff_that_git_applies_and_writes_nothing(project: Path) -> None:
    done = migrate(project, "imports", ".")
    assert done.returncode == 1
    assert "+from new.home import Fresh as Thing  # keep" in done.stdout
    assert "README.md:1:1: app.old.Thing [prose]" in done.stdout
    assert (project / "app/use.py").read_bytes() == FILES["app/use.py"]
    assert not (project / ".consolidator").exists()


def test_json_is_one_document_with_the_keys_of_the_contract(project: Path) -> None:
    document = json.loads(migrate(project, "imports", ".", "--format", "json").stdout)
    assert document["changed"] == [
        {"path": "app/latin.py", "edits": 1, "kinds": {"import": 1}},
        {"path": "app/use.py", "edits": 1, "kinds": {"import": 1}},
    ]
    (omission,) = document["omissions"]
    assert omission.keys() == {"path", "line", "column", "text", "kind", "why"}
    assert document["already_broken"] == [
        {"path": "app/missing.py", "line": 1, "module": "app.nowhere", "name": "Gone"}
    ]
    assert document.keys() >= {"schema", "root", "files", "skipped"}


def test_apply_then_check_then_undo(project: Path) -> None:
    assert migrate(project, "imports", ".", "--apply").returncode == 0
    assert b"as Thing  # keep\r\n" in (project / "app/use.py").read_bytes()
    assert "é".encode("latin-1") in (project / "app/latin.py").read_bytes()
    assert migrate(project, "imports", ".", "--check").returncode == 0
    assert migrate(project, "undo", ".").returncode == 0
    for path, content in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        assert (project / path).read_bytes() == data


def test_a_dirty_tree_is_refused_unless_the_dirt_is_our_own(project: Path) -> None:
    (project / "app/missing.py").write_text("x = 1\n")
    done = migrate(project, "imports", ".", "--apply")
    assert (done.returncode, "app/missing.py" in done.stderr) == (2, True)
    assert migrate(project, "imports", ".", "--apply", "--allow-dirty").returncode == 0
    git(project, "checkout", "app/missing.py")
    assert migrate(project, "delete", ".", "--apply").returncode == 0
    assert not (project / "app/old.py").exists()


def test_one_name_moves_without_a_plan_file(project: Path) -> None:
    done = migrate(
        project, "imports", ".", "--from", "app.old.Thing", "--to", "other.Place", "--check"
    )
    assert (done.returncode, "2 files would change" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--apply", "--check"), "exclude each other"),
        (("--from", "a.b"), "go together"),
        (("--plan", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_bad_usage_is_exit_2(project: Path, arguments: tuple[str, ...], message: str) -> None:
    done = migrate(project, "imports", ".", *arguments)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_a_new_import_cycle_is_refused_with_the_cycle_shown(project: Path) -> None:
    write_tree(project, {"app/new.py": "import app.use\nclass Fresh: ...\n"})
    done = migrate(project, "imports", ".", "--from", "app.old.Thing", "--to", "app.new.Fresh")
    assert done.returncode == 3
    assert "app/use.py → app/new.py → app/use.py" in done.stderr


def test_an_import_that_would_newly_fail_is_refused(project: Path) -> None:
    write_tree(project, {"app/new.py": "class Fresh: ...\n"})
    done = migrate(project, "imports", ".", "--from", "app.old.Thing", "--to", "app.new.Typo")
    assert done.returncode == 3
    assert "app/use.py:1: app.new.Typo" in done.stderr


def test_a_legacy_name_that_does_not_exist_is_said_with_its_line(project: Path) -> None:
    plan = project / "consolidation.toml"
    plan.write_text(
        '[[move]]\nfrom = "app.old.Thing"\nto = "new.A"\n[[move]]\nfrom = "app.old.Thong"\nto = "new.B"\n'
    )
    done = migrate(project, "imports", ".", "--check")
    assert done.returncode == 1
    assert ":4: app.old.Thong names nothing in ." in done.stderr
    assert "app.old.Thing names" not in done.stderr


def test_a_plan_and_a_single_move_exclude_each_other(project: Path) -> None:
    move = ("--from", "app.old.Thing", "--to", "new.Home", "--plan", "consolidation.toml")
    assert migrate(project, "imports", ".", *move).returncode == 2
