"""All files of an application are written, or none, whatever happens meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from consolidator.adapters.apply import apply_changes, files_as_left, recover, undo_last
from consolidator.analysis.changes import FileChange
from consolidator.errors import ToolError, UsageError

FILES = {f"package/module_{number}.py": f"value = {number}\n".encode() for number in range(12)}
KILLER = """
import os, signal, sys
from pathlib import Path
from consolidator.adapters import apply
from consolidator.analysis.changes import FileChange

root, limit = Path(sys.argv[1]), int(sys.argv[2])
left = limit

def counted(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call

# Every call by which the journal or a file changes on disk is a point where the process can die.
os.fsync, os.replace = counted(os.fsync), counted(os.replace)
Path.rename, Path.unlink, Path.mkdir = map(counted, (Path.rename, Path.unlink, Path.mkdir))
Path.chmod = counted(Path.chmod)
paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
changes = [
    FileChange(path, (root / path).read_bytes(), None if path.endswith("_5.py") else b"moved = 1\\n")
    for path in paths
]
apply.apply_changes(root, changes)
print(limit - left)
"""


def write(root: Path) -> None:
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def content(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*.py"))}


def change(path: str, after: bytes | None) -> FileChange:
    return FileChange(path, FILES[path], after)


AFTER = {path: b"moved = 1\n" for path in FILES if not path.endswith("_5.py")}


def test_every_file_is_written_or_none_wherever_the_process_is_killed(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    write(probe)
    steps = int(run(probe, 10_000).stdout)
    points = random.Random(7).sample(range(steps), 20)
    for point in [*points, 0, steps - 1]:
        root = tmp_path / f"at_{point}"
        write(root)
        assert run(root, point).returncode == -signal.SIGKILL
        recover(root)
        assert content(root) in (FILES, AFTER)
        if content(root) == AFTER:
            undo_last(root)
            assert content(root) == FILES


def run(root: Path, limit: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLER, str(root), str(limit)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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


def test_what_an_application_left_is_known_until_somebody_edits_it(tmp_path: Path) -> None:
    write(tmp_path)
    apply_changes(tmp_path, [change(path, AFTER.get(path)) for path in FILES])
    assert files_as_left(tmp_path) == FILES.keys()
    (tmp_path / "package/module_1.py").write_bytes(b"mine\n")
    assert files_as_left(tmp_path) == FILES.keys() - {"package/module_1.py"}
