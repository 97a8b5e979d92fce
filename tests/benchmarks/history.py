"""`extract` beside `git log -p` over the same paths, nothing kept, then kept, then with one more commit.

python tests/benchmarks/history.py CLONE [GLOB]      default glob: *websocket*
python tests/benchmarks/history.py generated [COMMITS]    memory, default 13,000 commits
python tests/benchmarks/history.py bare CLONE [GLOB]      what comparing syntax trees costs at least

The last is run by the first: it lists the history, reads each version of the family once, on every core, and does
nothing with it but `ast.parse`.
"""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from repositories import RepositoryBuilder, git

from consolidator.adapters.git import Repository, open_repository
from consolidator.analysis.history.family import Scope

MIB = 1024


def measured(label: str, *command: str, cache: str, directory: Path) -> tuple[float, float]:
    """Prints and gives wall-clock and CPU seconds of a process and its children, and prints the largest
    so far in MiB. CPU seconds depend least on the neighbours."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = kept | {
        "CONSOLIDATOR_CACHE_DIR": cache,
        "PYTHONPYCACHEPREFIX": f"{cache}/bytecode",
    }
    subprocess.run(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{label:34} {wall:6.2f} s wall {cpu:6.2f} s CPU {after.ru_maxrss // MIB:5d} MiB")
    return wall, cpu


def bare(clone: Path, glob: str) -> None:
    """The log, then on every core the contents, and one parse of each version."""
    repository = open_repository(clone)
    assert repository is not None
    scope = Scope(globs=(glob,))
    versions = {
        blob: None
        for commit in repository.commits("HEAD")
        for change in commit.changes
        if scope.admits(change.path)
        for blob in change.blobs
    }
    ordered = list(versions)
    size = len(ordered) // (4 * (os.cpu_count() or 1)) + 1
    pieces = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(parse, [repository] * len(pieces), pieces))


def parse(repository: Repository, versions: list[str]) -> None:
    for _, content in repository.read_blobs(versions):
        with suppress(SyntaxError, ValueError):
            ast.parse(content or b"")


def commit_one_more(copy: Path, glob: str) -> None:
    """A commit that adds a method to one file of the family."""
    git(copy, "read-tree", "HEAD")
    listed = git(copy, "ls-files", "--", f"{glob}.py").decode().splitlines()
    path = next(path for path in listed if "manager" in path and "test" not in path)
    text = git(copy, "show", f"HEAD:{path}") + b"\n\ndef one_more(user):\n    return user\n"
    blob = git(copy, "hash-object", "-w", "--stdin", stdin=text).decode().strip()
    git(copy, "update-index", "--cacheinfo", f"100644,{blob},{path}")
    git(copy, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "a")


def compare(clone: Path, glob: str) -> None:
    extract = ("-P", "-m", "consolidator", "extract", ".", "--match", "websocket", "--paths", glob)
    options = ("--format", "json", "-q")
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        git(Path(folder), "clone", "--quiet", "--shared", "--no-checkout", str(clone), str(copy))
        log = measured(
            "git log -p --no-renames", "git", "log", "-p", "--no-renames", "--", glob,
            cache=cache, directory=copy,
        )  # fmt: skip
        run = (sys.executable, *extract, *options)
        least = measured(
            "log, contents, ast.parse",
            sys.executable, __file__, "bare", ".", glob, cache=cache, directory=copy,
        )  # fmt: skip
        measured(
            "extract --help (bytecode)", *run[:4], "extract", "--help", cache=cache, directory=copy
        )
        cold = measured("extract, nothing kept", *run, cache=cache, directory=copy)
        measured("extract, nothing new", *run, cache=cache, directory=copy)
        commit_one_more(copy, glob)
        measured("extract, one commit more", *run, cache=cache, directory=copy)
        for place, what in enumerate(("wall clock", "CPU")):
            ours, bare_loop = cold[place] / log[place], least[place] / log[place]
            print(
                f"{ours:.2f} times the {what} of git log -p; that bare loop {bare_loop:.2f} times"
            )


def generated(commits: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        builder = RepositoryBuilder(Path(folder) / "project")
        for number in range(commits):
            place = number % 40
            methods = "".join(
                f"    def method_{n}(self, user):\n        return self.users[user] + {n + (number // 40 + n) // 12}\n\n"
                for n in range(12)
            )
            text = f"class Manager{place}:\n{methods}"
            builder.commit("a", {f"app/websocket/manager{place}.py": text})
        builder.write()
        run = (sys.executable, "-P", "-m", "consolidator", "extract", ".", "--format", "json", "-q")
        measured("bytecode", *run[:5], "--help", cache=folder, directory=builder.directory)
        measured(f"{commits} commits", *run, cache=folder, directory=builder.directory)


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare(Path(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "generated":
        generated(int(sys.argv[2]) if len(sys.argv) > 2 else 13_000)
    else:
        compare(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "*websocket*")
