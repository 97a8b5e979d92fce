"""`extract` beside `git log -p` over the same paths, nothing kept, then kept, then with one more commit.

python tests/benchmarks/history.py CLONE [GLOB]      default glob: *websocket*
python tests/benchmarks/history.py generated [COMMITS]    memory, default 13,000 commits
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from repositories import RepositoryBuilder, git

MIB = 1024


def measured(label: str, *command: str, cache: str, directory: Path) -> float:
    """Wall-clock and CPU seconds of a process and its children, the largest of them in MiB."""
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
    return wall


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
        measured(
            "extract --help (bytecode)", *run[:4], "extract", "--help", cache=cache, directory=copy
        )
        cold = measured("extract, nothing kept", *run, cache=cache, directory=copy)
        measured("extract, nothing new", *run, cache=cache, directory=copy)
        commit_one_more(copy, glob)
        measured("extract, one commit more", *run, cache=cache, directory=copy)
        print(f"{cold / log:.1f} times git log -p")


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
    if sys.argv[1] == "generated":
        generated(int(sys.argv[2]) if len(sys.argv) > 2 else 13_000)
    else:
        compare(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "*websocket*")
