"""All files of an application are written, or none, whatever happens meanwhile."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
from pathlib import Path

import kill_points
import pytest
from trees import write_tree

from consolidator.adapters.apply import apply_changes, files_as_left, recover, undo_last
from consolidator.analysis.changes import FileChange
from consolidator.errors import ToolError, UsageError
from consolidator.plan import PLAN_NAME

FILES = {f"package/module_{number}.py": f"value = {number}\n".encode() for number in range(12)}


def write(root: Path) -> None:
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def content(root: Path) -> dict[str, bytes]:
    """Every Python file with its bytes."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*.py"))}


def change(path: str, after: bytes | None) -> FileChange:
    return FileChange(path, FILES[path], after)


AFTER = {path: b"moved = 1\n" for path in FILES if not path.endswith("_5.py")}


def project(root: Path) -> Path:
    """Files that a plan moves a name out of, and what the command does to them."""
    files = {f"app/use_{n}.py": f"from app.old import Thing\nvalue = {n}\n" for n in range(6)}
    plan = '[[move]]\nfrom = "app.old.Thing"\nto = "new.Fresh"\n'
    return write_tree(root, {"app/old.py": "class Thing: ...\n", **files, PLAN_NAME: plan})


APPLY = ("migrate", "imports", ".", "--apply", "--no-cache", "-q")
UNDO = ("migrate", "undo", ".", "-q")


@pytest.mark.parametrize("command", [APPLY, UNDO], ids=["apply", "undo"])
def test_every_file_is_written_or_none_wherever_the_process_is_killed(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    start, end = project(tmp_path / "start"), tmp_path / "end"
    if command is UNDO:
        kill_points.run(start, kill_points.NEVER, *APPLY)
    shutil.copytree(start, end)
    steps = kill_points.steps_of(kill_points.run(end, kill_points.NEVER, *command))
    assert content(start) != content(end)
    for point in sorted({0, steps - 1, *random.Random(7).sample(range(steps), 6)}):
        root = tmp_path / f"at_{point}"
        shutil.copytree(start, root)
        assert kill_points.run(root, point, *command).returncode == -signal.SIGKILL
        recover(root)
        assert content(root) in (content(start), content(end))
        assert recover(root) == []


@pytest.mark.parametrize(
    "command",
    [
        ("mro-report", "."),
        ("duplicates", "."),
        ("audit", "."),
        ("guard", "."),
        ("plan", ".", "--output", "draft.toml"),
        ("migrate", "delete", ".", "--check"),
    ],
    ids=lambda command: command[0],
)
def test_whatever_command_comes_next_finishes_the_application(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    root = project(tmp_path)
    decided = half_applied(root)
    assert "from app.old import Thing" in (root / "app/use_5.py").read_text("utf-8")
    done = kill_points.run(root, kill_points.NEVER, *command)
    assert f"finished an interrupted migration of {decided} files" in done.stderr
    assert "from new import Fresh as Thing" in (root / "app/use_5.py").read_text("utf-8")


def half_applied(root: Path) -> int:
    """Leaves a journal whose decision has fallen and of whose files none is written."""
    paths = [f"app/use_{n}.py" for n in range(6)]
    before = {path: (root / path).read_bytes() for path in paths}
    after = {
        p: data.replace(b"app.old import Thing", b"new import Fresh as Thing")
        for p, data in before.items()
    }
    apply_changes(root, [FileChange(path, before[path], after[path]) for path in paths])
    folder = root / ".consolidator/migrate/1"
    (folder / "done").unlink()
    for index, path in enumerate(paths):
        (root / path).rename(folder / f"{index}.new")
        (root / path).write_bytes(before[path])
    return len(paths)


def test_a_file_edited_between_death_and_recovery_is_kept_and_named(tmp_path: Path) -> None:
    root = project(tmp_path)
    half_applied(root)
    (root / "app/use_2.py").write_text("mine = 1\n")
    with pytest.raises(ToolError, match=r"app/use_2\.py: an interrupted migration .* put its old"):
        recover(root)
    assert (root / "app/use_2.py").read_text("utf-8") == "mine = 1\n"


def test_undo_brings_back_every_byte_deleted_files_included(tmp_path: Path) -> None:
    write(tmp_path)
    apply_changes(tmp_path, [change(path, AFTER.get(path)) for path in FILES])
    assert content(tmp_path) == AFTER
    assert sorted(undo_last(tmp_path)) == sorted(FILES)
    assert content(tmp_path) == FILES
    assert undo_last(tmp_path) == []


def test_two_applications_are_undone_last_first(tmp_path: Path) -> None:
    write(tmp_path)
    path = "package/module_1.py"
    apply_changes(tmp_path, [change(path, b"one\n")])
    apply_changes(tmp_path, [FileChange(path, b"one\n", b"two\n")])
    undo_last(tmp_path)
    assert (tmp_path / path).read_bytes() == b"one\n"
    undo_last(tmp_path)
    assert content(tmp_path) == FILES


def test_a_file_that_was_edited_since_is_not_overwritten_by_undo(tmp_path: Path) -> None:
    write(tmp_path)
    path = "package/module_1.py"
    apply_changes(tmp_path, [change(p, AFTER.get(p)) for p in FILES])
    (tmp_path / path).write_bytes(b"mine\n")
    with pytest.raises(UsageError, match=r"package/module_1\.py: was changed after"):
        undo_last(tmp_path)
    assert (tmp_path / path).read_bytes() == b"mine\n"
    assert not (tmp_path / "package/module_5.py").exists()


def test_a_file_that_changed_since_it_was_read_stops_the_whole_application(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "package/module_9.py").write_bytes(b"mine\n")
    with pytest.raises(UsageError, match=r"package/module_9\.py: was changed meanwhile"):
        apply_changes(tmp_path, [change(path, b"new\n") for path in FILES])
    assert content(tmp_path) == {**FILES, "package/module_9.py": b"mine\n"}


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside.py"
    write(root)
    outside.write_bytes(b"x = 1\n")
    (root / "package/link.py").symlink_to(outside)
    with pytest.raises(UsageError, match="links to a file outside"):
        apply_changes(root, [FileChange("package/link.py", b"x = 1\n", b"x = 2\n")])
    assert outside.read_bytes() == b"x = 1\n"


def test_permissions_and_links_inside_the_root_stay(tmp_path: Path) -> None:
    write(tmp_path)
    script = tmp_path / "package/module_1.py"
    script.chmod(0o755)
    (tmp_path / "package/link.py").symlink_to("module_1.py")
    apply_changes(tmp_path, [FileChange("package/link.py", FILES["package/module_1.py"], b"new\n")])
    assert (tmp_path / "package/link.py").is_symlink()
    assert (script.read_bytes(), script.stat().st_mode & 0o777) == (b"new\n", 0o755)


def test_nothing_to_change_leaves_no_trace(tmp_path: Path) -> None:
    write(tmp_path)
    assert apply_changes(tmp_path, [change(path, data) for path, data in FILES.items()]) == 0
    assert not (tmp_path / ".consolidator").exists()
    assert (recover(tmp_path), undo_last(tmp_path)) == ([], [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_clear_failure(tmp_path: Path) -> None:
    write(tmp_path)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(ToolError, match="can't be written"):
            apply_changes(tmp_path, [change(path, b"new\n") for path in FILES])
    finally:
        tmp_path.chmod(0o755)
    assert content(tmp_path) == FILES


def test_a_disk_that_takes_no_more_leaves_everything_as_it_was(tmp_path: Path) -> None:
    write(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(ToolError, match="nothing was written"):
            apply_changes(tmp_path, [change(path, b"#" * 1000 * n) for n, path in enumerate(FILES)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert content(tmp_path) == FILES
    assert [path.name for path in (tmp_path / ".consolidator/migrate").iterdir()] == []
    assert apply_changes(tmp_path, [change(path, b"new\n") for path in FILES]) == len(FILES)


def test_what_an_application_left_is_known_until_somebody_edits_it(tmp_path: Path) -> None:
    write(tmp_path)
    apply_changes(tmp_path, [change(path, AFTER.get(path)) for path in FILES])
    assert files_as_left(tmp_path) == FILES.keys()
    (tmp_path / "package/module_1.py").write_bytes(b"mine\n")
    assert files_as_left(tmp_path) == FILES.keys() - {"package/module_1.py"}
