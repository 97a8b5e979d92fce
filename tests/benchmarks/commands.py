"""Every command beside two references on the same trees, as ratios of wall time.

    python tests/benchmarks/commands.py [ROOT ...]

Without arguments: the bundled sample, and the installed packages of this environment. Each command
and each reference runs in turn, `--runs` times; the ratio is taken between the medians. Machines are
noisy: believe ratios that differ by more than a quarter.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from consolidator import sample

COMMANDS: dict[str, Sequence[str]] = {
    "mro-report": ("mro-report", "--format", "json"),
    "mro-report --match": ("mro-report", "--match", "*Manager", "--format", "json"),
    "duplicates": ("duplicates", "--format", "json"),
    "extract": ("extract", "--match", "websocket", "--format", "json"),
    "audit": ("audit", "--format", "json"),
    "guard": ("guard", "--format", "json"),
    "migrate imports": ("migrate", "imports", "--check"),
    "migrate calls": ("migrate", "calls", "--check"),
}
REFERENCES: dict[str, Sequence[str]] = {
    "ruff analyze graph": (sys.executable, "-m", "ruff", "analyze", "graph", "."),
    "compileall": (sys.executable, "-m", "compileall", "-q", "-f", "-j", "0", "."),
}
NEEDS_GIT = ("extract",)


def seconds(command: Sequence[str], folder: Path) -> tuple[float, int]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return time.perf_counter() - start, done.returncode


def tool_line(arguments: Sequence[str], *options: str) -> list[str]:
    name, *rest = arguments
    sub = [rest.pop(0)] if name == "migrate" else []
    return [sys.executable, "-P", "-m", "consolidator", name, *sub, ".", *rest, *options]


def measure(root: Path, runs: int) -> None:
    lines: dict[str, list[str]] = {name: list(line) for name, line in REFERENCES.items()}
    is_git = (root / ".git").exists()
    for name, arguments in COMMANDS.items():
        if name in NEEDS_GIT and not is_git:
            continue
        cacheless = () if name == "extract" else ("--no-cache",)
        lines[f"{name} (cold)"] = tool_line(arguments, *cacheless)
        lines[f"{name} (warm)"] = tool_line(arguments)
    taken: dict[str, list[float]] = {name: [] for name in lines}
    codes: dict[str, int] = {}
    for _ in range(runs):
        for name, line in lines.items():
            spent, codes[name] = seconds(line, root)
            taken[name].append(spent)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    ruff, compiled = (medians[name] for name in REFERENCES)
    files = sum(1 for _ in root.rglob("*.py"))
    print(f"\n{root.name}: {files} Python files, median of {runs}")
    print(f"{'command':32}{'seconds':>9}{'x ruff':>9}{'x compileall':>14}{'exit':>6}")
    for name, median in medians.items():
        print(f"{name:32}{median:9.2f}{median / ruff:9.1f}{median / compiled:14.2f}{codes[name]:6}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("roots", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="consolidator-bench-") as folder:
        roots = chosen.roots
        if not roots:
            roots = [Path(folder) / "sample", Path(folder) / "packages"]
            sample.build(roots[0])
            shutil.copy(sample.PLAN, roots[0] / "consolidation.toml")
            ignore = shutil.ignore_patterns("__pycache__", "*.so")
            shutil.copytree(sysconfig.get_path("purelib"), roots[1], ignore=ignore)
            move = 'from = "networkx.exception.NetworkXError"\nto = "graph_errors.GraphError"\n'
            (roots[1] / "consolidation.toml").write_text(f"[[move]]\n{move}")
        for root in roots:
            measure(root.resolve(), chosen.runs)


if __name__ == "__main__":
    main()
