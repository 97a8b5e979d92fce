"""Files found on disk and in git; facts that neither the cache nor the number of jobs changes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.adapters.cache import cache_folder
from consolidator.adapters.load import load_tree
from consolidator.errors import ConsolidatorError

MANY: dict[str, str | bytes] = {f"p/m{n}.py": f"class C{n}: ...\n" for n in range(60)}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLIDATOR_CACHE_DIR", str(tmp_path / "cache"))


def facts(root: Path, **options: object) -> list[object]:
    tree = load_tree(root, **options)  # type: ignore[arg-type]
    tree.prefetch()
    return [tree.facts(path) for path in tree.paths] + list(tree.skipped())


def test_neither_jobs_nor_cache_change_an_answer(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", {**MANY, "p/broken.py": "def f(:\n"})
    expected = facts(root, jobs=1, cache=False)
    assert facts(root, jobs=2, cache=False) == expected
    assert facts(root, jobs=2) == expected
    assert facts(root, jobs=1) == expected, "read back from the cache"


def test_a_damaged_cache_is_thrown_away(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", MANY)
    expected = facts(root)
    damaged = list(cache_folder().glob("*.sqlite"))
    assert damaged
    for path in cache_folder().iterdir():
        path.write_bytes(b"not a database at all" * 500)
    assert facts(root) == expected
    assert facts(root) == expected


def test_a_cache_folder_that_cannot_be_made_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONSOLIDATOR_CACHE_DIR", str(tmp_path / "file" / "below"))
    root = write_tree(tmp_path / "root", MANY)
    assert facts(root) == facts(root, cache=False)


def test_two_processes_may_share_the_cache(tmp_path: Path) -> None:
    import sys

    root = write_tree(tmp_path / "root", MANY)
    script = (
        "import sys; from pathlib import Path; from consolidator.adapters.load import load_tree\n"
        "tree = load_tree(Path(sys.argv[1]), jobs=1); tree.prefetch()\n"
        "print(len([p for p in tree.paths if tree.facts(p)]))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [process.communicate()[0].strip() for process in running] == [b"60", b"60"]


def test_links_that_loop_are_not_followed_and_unreadable_files_are_listed(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", {"a/x.py": "class X: ...\n", "a/y.py": "y = 1\n"})
    (root / "a" / "loop").symlink_to(root)
    (root / "a" / "gone.py").symlink_to(root / "nowhere.py")
    (root / "a" / "y.py").chmod(0)
    tree = load_tree(root, jobs=1)
    tree.prefetch()
    assert tree.paths == ("a/x.py", "a/y.py")
    if os.geteuid():
        assert [(s.path, s.reason) for s in tree.skipped()] == [("a/y.py", "Permission denied")]


def test_environments_and_build_output_are_left_out(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "app.py": "",
            ".venv/lib/python3.11/site-packages/x.py": "",
            "node_modules/pkg/y.py": "",
            "build/lib/app.py": "",
            "sub/gen/z.py": "",
        },
    )
    assert load_tree(root, exclude=["gen/"]).paths == ("app.py",)


def test_packages_called_like_environments_and_build_output_are_read(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "app/dist/__init__.py": "",
            "app/dist/bundle.js": "",
            "app/env/spaces.py": "",
            "old/env/bin/tool.py": "",
            "old/env/pyvenv.cfg": "",
        },
    )
    assert load_tree(root).paths == ("app/dist/__init__.py", "app/env/spaces.py")


def test_git_decides_what_belongs_to_a_root_inside_a_work_tree(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".gitignore": "ignored.py\n",
            "sub/kept.py": "",
            "sub/ignored.py": "",
            "outside.py": "",
        },
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert load_tree(tmp_path / "sub").paths == ("kept.py",)


def test_a_root_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("")
    for root in (tmp_path / "file.py", tmp_path / "missing"):
        with pytest.raises(ConsolidatorError):
            load_tree(root)


@pytest.mark.parametrize(
    ("files", "path", "module"),
    [
        (["app/__init__.py", "app/a.py"], "app/a.py", "app.a"),
        (["pyproject.toml", "src/app/__init__.py"], "src/app/__init__.py", "app"),
        (["one/setup.py", "one/pkg/a.py", "two/setup.py", "two/pkg/b.py"], "two/pkg/b.py", "pkg.b"),
        (["name/space/a.py"], "name/space/a.py", "name.space.a"),
    ],
)
def test_modules_are_named_from_their_source_root(
    tmp_path: Path, files: list[str], path: str, module: str
) -> None:
    root = write_tree(tmp_path, dict.fromkeys(files, ""))
    assert load_tree(root).module(path) == module


def test_a_root_that_is_a_package_does_not_hide_the_standard_library(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "sockets",
        {
            "__init__.py": "",
            "asyncio/__init__.py": "",
            "asyncio/client.py": "import asyncio\n",
            "app/main.py": "",
        },
    )
    tree = tree_of(root)
    assert tree.module("asyncio/client.py") == "sockets.asyncio.client"
    assert tree.find("asyncio") is None
    assert tree.find("app.main") == "app/main.py"
