"""What history says of a family, from real repositories; first what must not stop or change an answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from labelled.originals import ORIGINALS
from trees import write_tree

MANAGER = ORIGINALS["SocketHub"]
_NEUTRAL = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(root: Path, *arguments: str) -> None:
    environment = {**os.environ, **_NEUTRAL}
    subprocess.run(["git", *arguments], cwd=root, env=environment, check=True, capture_output=True)


def commit(root: Path, **texts: str) -> None:
    """One commit that writes `app/<name>.py` for each name."""
    write_tree(root, {f"app/{name}.py": text for name, text in texts.items()})
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "change")


def repository(root: Path) -> Path:
    """Two copies that came together, changed together once and each alone twice."""
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, a=MANAGER, b=MANAGER)
    commit(root, a=MANAGER + "\n# 1\n", b=MANAGER + "\n# 1\n")
    for count in "23":
        commit(root, a=MANAGER + f"\n# {count}\n")
        commit(root, b=MANAGER + f"\n# {count}\n")
    return root


def answer(root: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "consolidator", "duplicates", str(root), "--format", "json"]
    done = subprocess.run([*command, "--no-cache"], capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_without_git_it_is_said_that_history_was_not_looked_at(tmp_path: Path) -> None:
    found = answer(write_tree(tmp_path, {"app/a.py": MANAGER, "app/b.py": MANAGER}))
    assert found["history_limit"] == "ROOT is in no git repository"
    assert found["families"][0]["changes"] == []


def test_a_repository_without_commits_is_no_error(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    found = answer(write_tree(tmp_path, {"app/a.py": MANAGER, "app/b.py": MANAGER}))
    assert found["history_limit"] == "the git repository has no commits"


def test_sweeps_prove_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "r")
    texts = {f"m{n}": f"x = {n}\n" for n in range(30)}
    before = answer(root)["families"][0]["changes"]
    commit(root, a=MANAGER + "\n# 9\n", b=MANAGER + "\n# 9\n", **texts)
    assert answer(root)["families"][0]["changes"] == before


def test_missing_blobs_are_not_missed(tmp_path: Path) -> None:
    root = repository(tmp_path / "r")
    expected = answer(root)["families"][0]["changes"]
    listed = subprocess.run(
        ["git", "rev-list", "--all", "--objects", "--filter=object:type=blob"],
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    )
    for line in listed.stdout.split("\n"):
        if line.endswith(".py"):
            blob = line.partition(" ")[0]
            (root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert answer(root)["families"][0]["changes"] == expected


def test_a_history_that_cannot_be_read_is_said_and_stops_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "r")
    first = subprocess.run(
        ["git", "rev-parse", "HEAD~3^{tree}"], cwd=root, capture_output=True, check=True, text=True
    ).stdout.strip()
    (root / ".git/objects" / first[:2] / first[2:]).unlink()
    assert "git log failed" in answer(root)["history_limit"]


def test_a_shallow_clone_says_that_its_history_is_cut_off(tmp_path: Path) -> None:
    root = repository(tmp_path / "r")
    git(tmp_path, "clone", "-q", "--depth", "2", root.as_uri(), "clone")
    assert "shallow" in answer(tmp_path / "clone")["history_limit"]


def test_a_program_that_the_repository_names_is_never_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "r")
    for key in ("core.fsmonitor", "core.pager", "diff.external", "log.showSignature"):
        git(root, "config", key, f"touch {tmp_path}/ran; true")
    answer(root)
    assert not (tmp_path / "ran").exists()


def test_files_that_change_together_are_evidence_with_both_counts(tmp_path: Path) -> None:
    family = answer(repository(tmp_path / "r"))["families"][0]
    pair = {"left": "app/a.py", "right": "app/b.py", "together": 2, "either": 6}
    assert family["changes"] == [pair]
    assert any("together in 2 of the 6 commits" in reason for reason in family["why"])


def test_root_may_be_a_folder_of_the_repository(tmp_path: Path) -> None:
    family = answer(repository(tmp_path / "r") / "app")["families"][0]
    assert family["changes"] == [{"left": "a.py", "right": "b.py", "together": 2, "either": 6}]


def test_copies_that_never_change_together_are_suspected_of_missing_fixes(tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for count in "12":
        commit(root, a=MANAGER + f"\n# {count}\n")
        commit(root, b=MANAGER + f"\n# {count}\n")
    (said,) = (w for w in answer(root)["families"][0]["why"] if w.startswith("history"))
    assert "never together" in said
