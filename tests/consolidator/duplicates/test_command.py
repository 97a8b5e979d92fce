"""`consolidator duplicates` as scripts see it: exit codes, keys, and the same bytes every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from labelled.pairs import files
from trees import write_tree

FAMILY_KEYS = {"name", "kind", "members", "methods", "suggested_canonical", "score", "why"}
MEMBER_KEYS = {
    "qualname",
    "path",
    "line",
    "role",
    "importers",
    "test_importers",
    "methods",
    "similarity",
}


def run(
    root: Path, *arguments: str, cache: Path | None = None, seed: str = "0"
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "consolidator", "duplicates", str(root), *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    if cache is None:
        command.append("--no-cache")
    else:
        environment["CONSOLIDATOR_CACHE_DIR"] = str(cache)
    return subprocess.run(command, capture_output=True, check=False, env=environment)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(tmp_path_factory.mktemp("tree"), dict(files()))


def test_an_empty_folder_has_no_families_and_exits_0(tmp_path: Path) -> None:
    answer = run(tmp_path, "--format", "json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["families"] == []


def test_a_missing_root_is_bad_usage(tmp_path: Path) -> None:
    answer = run(tmp_path / "nowhere")
    assert answer.returncode == 2
    assert b"nowhere" in answer.stderr


def test_families_exit_1_with_the_keys_of_the_contract(labelled: Path) -> None:
    answer = run(labelled, "--format", "json")
    document = json.loads(answer.stdout)
    assert answer.returncode == 1
    assert {"schema", "root", "files", "skipped", "families"} <= document.keys()
    for family in document["families"]:
        assert family.keys() >= FAMILY_KEYS
        assert family["kind"] in ("same-name", "clone", "same-role")
        assert 0 <= family["score"] <= 1
        names = {member["qualname"] for member in family["members"]}
        assert family["suggested_canonical"] in names
        for member in family["members"]:
            assert member.keys() >= MEMBER_KEYS
            assert 0 <= member["similarity"] <= 1
        for verdicts in family["methods"].values():
            assert verdicts.keys() == names
            assert set(verdicts.values()) <= {"same", "differs", "missing"}


def test_jobs_cache_and_hash_seed_change_no_byte(labelled: Path, tmp_path: Path) -> None:
    format_ = ("--format", "json")
    first = run(labelled, *format_).stdout
    assert run(labelled, *format_, "--jobs", "1", seed="1").stdout == first
    assert run(labelled, *format_, "--jobs", "3", cache=tmp_path, seed="2").stdout == first
    assert run(labelled, *format_, cache=tmp_path, seed="3").stdout == first


def test_a_file_that_cannot_be_parsed_is_listed_and_stops_nothing(tmp_path: Path) -> None:
    copy = files()["originals/sockethub.py"]
    root = write_tree(tmp_path, {"a.py": copy, "b.py": copy, "c.py": "def broken(:\n"})
    document = json.loads(run(root, "--format", "json").stdout)
    assert [entry["path"] for entry in document["skipped"]] == ["c.py"]
    assert len(document["families"]) == 1


def test_the_html_page_needs_no_network_and_escapes_the_source(tmp_path: Path) -> None:
    source = files()["originals/sockethub.py"]
    other = source.replace("is full", "<script>alert(1)</script>")
    root = write_tree(tmp_path, {"a.py": source, "b.py": other})
    page = run(root, "--format", "html").stdout.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert page.count("data-words=") == 2  # the row and the section that the filter hides
    assert "http" not in page.replace("http-equiv", "")


def test_text_fits_eighty_columns(labelled: Path) -> None:
    lines = run(labelled, "-q").stdout.decode().splitlines()
    assert max(map(len, lines)) <= 80
