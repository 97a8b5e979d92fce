"""The sample is one repository, the same everywhere, and never lands on somebody's files."""

import os
import shutil
from pathlib import Path

import pytest
from repositories import git

from consolidator import sample
from consolidator.sample.builder import NotEmptyError


def test_a_folder_with_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NotEmptyError, match="new or an empty folder"):
        sample.build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotEmptyError):
        sample.build(tmp_path / "file")


def test_an_empty_folder_and_missing_parents_are_accepted(tmp_path: Path) -> None:
    assert sample.build(tmp_path) == sample.build(tmp_path.parent / "new" / "deep")
    shutil.rmtree(tmp_path.parent / "new")


def test_hashes_do_not_depend_on_the_machine(
    tmp_path: Path, backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[user]\n\tname = Somebody\n[commit]\n\tgpgSign = true\n[core]\n\tautocrlf = true\n"
        f"\thooksPath = {tmp_path}/hooks\n[init]\n\tdefaultBranch = trunk\n"
        "[i18n]\n\tcommitEncoding = latin-1\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    monkeypatch.setenv("GIT_DIR", os.devnull)
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("LC_ALL", "C")
    built = sample.build(tmp_path / "backend")
    assert built == git(backend, "rev-parse", "HEAD").decode().strip()


def test_head_is_a_clean_main_without_hooks(backend: Path) -> None:
    assert git(backend, "symbolic-ref", "HEAD").strip() == b"refs/heads/main"
    assert git(backend, "status", "--porcelain") == b""
    assert not (backend / ".git" / "hooks").exists()
    git(backend, "fsck", "--strict")


def test_the_tree_is_the_readable_one_of_the_package(backend: Path) -> None:
    source = Path(sample.__file__).parent / "legacy"
    listed = git(backend, "ls-files", "-z").decode().split("\0")[:-1]
    assert listed == sorted(
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def test_files_of_other_editors_keep_their_form(backend: Path) -> None:
    legacy = backend / "chat_backend" / "legacy"
    crlf = (legacy / "windows_export.py").read_bytes()
    assert crlf.count(b"\r\n") == crlf.count(b"\n") > 3
    assert (legacy / "survey.py").read_bytes().startswith(b"\xef\xbb\xbf")
    german = (legacy / "german.py").read_bytes()
    assert "Fähre" in german.decode("latin-1")
    with pytest.raises(UnicodeDecodeError):
        german.decode("utf-8")


def test_exactly_one_file_does_not_parse(backend: Path) -> None:
    broken = []
    for path in sorted(backend.rglob("*.py")):
        try:
            compile(path.read_bytes(), str(path), "exec")
        except SyntaxError:
            broken.append(path.name)
    assert broken == ["draft.py"]
