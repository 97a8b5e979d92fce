"""How fast a tree is indexed, as ratios: `python tests/benchmarks/index_speed.py ROOT`.

Every figure is one whole process, the best of some runs. The reference is
`ruff check --select F --no-cache` over the same files. Wall time depends on what else the machine
does; the processor time beside it (own and children's) hardly does.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

INDEX = """
import sys
from pathlib import Path
from consolidator.adapters.load import load_tree
tree = load_tree(Path(sys.argv[1]), cache=sys.argv[2] == "cache")
tree.prefetch()
"""
PARSE = """
import ast, gc, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
gc.disable()
def parse(path):
    try:
        ast.parse(Path(path).read_bytes())
    except (SyntaxError, ValueError):
        pass
if __name__ == "__main__":
    with ProcessPoolExecutor() as pool:
        list(pool.map(parse, sorted(map(str, Path(sys.argv[1]).rglob("*.py"))), chunksize=16))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    processor: float
    peak: int
    """MiB, of the largest single process."""


def cost(*command: str, runs: int = 3, environment: Mapping[str, str] | None = None) -> Cost:
    """The cheapest of some runs."""
    return min((_run(command, environment or {}) for _ in range(runs)), key=lambda c: c.wall)


def _run(command: tuple[str, ...], environment: Mapping[str, str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(
        command,
        check=False,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used, after.ru_maxrss // 1024)


def show(name: str, measured: Cost, reference: Cost, target: str) -> None:
    sys.stdout.write(
        f"{name:34} {measured.wall:7.2f} s {measured.processor:7.2f} s cpu "
        f"{measured.wall / reference.wall:6.2f} x wall "
        f"{measured.processor / reference.processor:6.2f} x cpu {measured.peak:6} MiB  {target}\n"
    )


def copy_of(root: Path, folder: Path) -> Path:
    """The Python files of a tree, for the runs that must change one; known to git if the tree is."""
    for path in root.rglob("*.py"):
        if path.is_file() and ".git" not in path.parts:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    if (root / ".git").exists():
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        subprocess.run(["git", "-C", str(folder), "add", "-f", "-A"], check=True)
    return folder


def main() -> None:
    root = Path(sys.argv[1]).resolve()
    match = sys.argv[2] if len(sys.argv) > 2 else "*WebSocketManager*"
    python = sys.executable
    ruff = shutil.which("ruff") or str(Path(python).with_name("ruff"))
    with tempfile.TemporaryDirectory() as scratch:
        tree = copy_of(root, Path(scratch) / "tree")
        parse = Path(scratch) / "parse.py"
        parse.write_text(PARSE)
        cache = {"CONSOLIDATOR_CACHE_DIR": str(Path(scratch) / "cache")}
        reference = cost(ruff, "check", "--select", "F", "--no-cache", "-q", str(tree))
        show("ruff check --select F --no-cache", reference, reference, "the reference")
        show("ast.parse of every file", cost(python, str(parse), str(tree)), reference, "the floor")
        cold = cost(python, "-c", INDEX, str(tree), "none")
        show("index, cold", cold, reference, "at most 3 x")
        cost(python, "-c", INDEX, str(tree), "cache", runs=1, environment=cache)
        (next(iter(sorted(tree.rglob("*.py"))))).write_text("class Changed: ...\n")
        warm = cost(python, "-c", INDEX, str(tree), "cache", environment=cache)
        show("index, one file changed", warm, reference, "at most 0.5 x")
        command = (python, "-m", "consolidator", "mro-report", str(tree), "--match", match)
        show(f"mro-report --match {match}", cost(*command, "--no-cache"), reference, "at most 1 x")
        curve(tree, Path(scratch))


def curve(tree: Path, scratch: Path) -> None:
    """Seconds of processor time for growing parts of the tree; linear means the same per file."""
    files = sorted(tree.rglob("*.py"))
    for part in (8, 4, 2, 1):
        folder = scratch / f"part{part}"
        for path in files[::part]:
            target = folder / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        spent = cost(sys.executable, "-c", INDEX, str(folder), "none", runs=1)
        count = len(files[::part])
        each = 1000 * spent.processor / count
        sys.stdout.write(
            f"1/{part}: {count} files, {spent.processor:.2f} s cpu, {each:.2f} ms each\n"
        )


if __name__ == "__main__":
    main()
