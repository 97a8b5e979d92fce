"""Renames that a project made itself, made again by `migrate imports` and compared line by line.

    python tests/benchmarks/upstream_renames.py REPOSITORY --most 20
    python tests/benchmarks/upstream_renames.py REPOSITORY --commit 165d0c69 --beside

Commits that rename modules and touch at least four other Python files are looked for in the history.
For each, the tree before it is checked out elsewhere, the files are moved as the commit moved them
(`--beside` leaves the old ones where they are), and the plan says no more than which module became
which. Every line that the commit took out and that names a moved module (by its dotted name, or in an
import statement) must then be changed by `migrate imports --docs` too, or be listed near there.

Printed is a row of a Markdown table per commit; lines that are neither go to stderr. Upstream's own
words are printed, never kept.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HEADER = (
    "| commit | modules | reference lines of upstream | changed too | listed | neither | "
    "changed besides | exit |\n|---|---|---|---|---|---|---|---|"
)
FEWEST = 4
"""Python files that a commit has to touch besides the renamed ones: else it shows nothing."""
NEAR = 4
"""Lines by which a listed reference may be off, because edits above moved it."""
SOURCE_FOLDERS = ["src/", "lib/"]
"""Folders that module names do not begin with; `--source` adds to them."""
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+")


@dataclass
class Rename:
    """One commit: which files it renamed, and which of them are modules."""

    commit: str
    files: dict[str, str] = field(default_factory=dict)
    touched: int = 0

    @property
    def modules(self) -> dict[str, str]:
        both = ((_module(old), _module(new)) for old, new in self.files.items())
        return {old: new for old, new in both if old and new and old != new}


def _module(path: str) -> str:
    """The dotted name of a Python file, empty for other files and for names that can't be imported."""
    for folder in SOURCE_FOLDERS:
        path = path.removeprefix(folder)
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join(parts) if path.endswith(".py") and all(map(str.isidentifier, parts)) else ""


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=renames", "-c", "user.email=renames@localhost", *arguments],
        cwd=folder,
        check=check,
        capture_output=True,
    )
    return done.stdout.decode("utf-8", "replace")


def renames(repository: Path, chosen: Sequence[str]) -> Iterator[Rename]:
    """The commits in question, newest first."""
    which = ["--no-walk", *chosen] if chosen else ["--no-merges"]
    # Where objects are absent, git stops somewhere in the history: what it said before counts.
    log = git(
        repository, "log", *which, "-M70%", "-l400", "--name-status", "--format=@%H", check=False
    )
    found: list[Rename] = []
    for line in log.splitlines():
        status, _, paths = line.partition("\t")
        if line.startswith("@"):
            found.append(Rename(line[1:]))
        elif status.startswith("R"):
            old, new = paths.split("\t")
            found[-1].files[old] = new
        elif status == "M" and paths.endswith(".py"):
            found[-1].touched += 1
    return (r for r in found if r.modules and (chosen or r.touched >= FEWEST))


def taken_out(folder: Path, *revisions: str) -> dict[str, dict[int, str]]:
    """Lines that a difference takes out, by file and number before it."""
    lines: dict[str, dict[int, str]] = defaultdict(dict)
    path, number, is_head = "", 0, True
    for line in git(folder, "diff", "-U0", "-M70%", "-l2000", *revisions).splitlines():
        if line.startswith("diff --git"):
            is_head = True
        elif match := _HUNK.match(line):
            number, is_head = int(match[1]), False
        elif is_head and line.startswith("--- "):
            path = line.removeprefix("--- a/")
        elif not is_head and line.startswith("-"):
            lines[path][number] = line[1:]
            number += 1
    return lines


def referring(path: str, text: str, lines: Mapping[int, str], moved: set[str]) -> set[int]:
    """Those of some lines of a file that name a moved module."""
    dotted = re.compile(
        "|".join(rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in sorted(moved) if "." in name)
        or r"\Z\b"
    )
    said = {number for number, line in lines.items() if dotted.search(line)}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return said
    imports = (n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom))
    for node in imports:
        if not moved.isdisjoint(_imported(node, path)):
            said.update({node.lineno} & lines.keys())
    return said


def _imported(node: ast.Import | ast.ImportFrom, path: str) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    base = node.module or ""
    if node.level:
        package = (
            _module(path) if path.endswith("/__init__.py") else _module(path).rpartition(".")[0]
        )
        parts = package.split(".")
        above = parts[: len(parts) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    return {base, *(f"{base}.{alias.name}" for alias in node.names)}


def redo(repository: Path, rename: Rename, work: Path, *, beside: bool) -> str:
    """The commit made again in a clone, as a row of the table."""
    tree, before = work / "tree", f"{rename.commit}^"
    git(repository, "clone", "--quiet", "--shared", "--no-checkout", str(repository), str(tree))
    git(tree, "checkout", "--quiet", "-B", "redone", before)
    for old, new in rename.files.items():
        (tree / new).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copy if beside else shutil.move)(tree / old, tree / new)
    added = git(tree, "diff", "--name-only", "--diff-filter=A", "-M70%", before, rename.commit)
    if packages := [path for path in added.splitlines() if path.endswith("/__init__.py")]:
        git(tree, "checkout", "--quiet", rename.commit, "--", *packages)
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "-m", "moved")
    moves = (f'[[move]]\nfrom = "{old}"\nto = "{new}"\n' for old, new in rename.modules.items())
    plan = work / "plan.toml"
    plan.write_text("[consolidation]\nschema = 1\n\n" + "\n".join(moves), encoding="utf-8")
    command = [sys.executable, "-m", "consolidator", "migrate", "imports", str(tree), "--docs"]
    options = ["--plan", str(plan), "--apply", "--no-cache", "--format", "json"]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True)
    name, count = rename.commit[:10], len(rename.modules)
    if done.returncode:
        print(f"{name}: {done.stderr.strip()}", file=sys.stderr)
        return f"| {name} | {count} | | | | | | {done.returncode} |"
    listed: dict[str, set[int]] = defaultdict(set)
    for omission in json.loads(done.stdout)["omissions"]:
        listed[omission["path"]].add(omission["line"])
    ours, theirs = taken_out(tree, "HEAD"), taken_out(tree, before, rename.commit)
    total = changed = near = 0
    neither: list[str] = []
    matched: set[tuple[str, int]] = set()
    for path, lines in theirs.items():
        places = (path, rename.files.get(path, path))
        text = git(tree, "show", f"{before}:{path}") if path.endswith(".py") else ""
        for number in sorted(referring(path, text, lines, set(rename.modules))):
            total += 1
            if any(number in ours.get(place, ()) for place in places):
                changed += 1
                matched.update((place, number) for place in places)
            elif any(abs(number - n) <= NEAR for place in places for n in listed[place]):
                near += 1
            else:
                neither.append(f"{name}: {path}:{number}: {lines[number].strip()}")
    for line in neither:
        print(line, file=sys.stderr)
    besides = sum((place, n) not in matched for place, lines in ours.items() for n in lines)
    return f"| {name} | {count} | {total} | {changed} | {near} | {len(neither)} | {besides} | 0 |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("repository", type=Path)
    parser.add_argument("--commit", action="append", default=[])
    parser.add_argument("--most", type=int, default=20, help="commits")
    parser.add_argument("--beside", action="store_true", help="the old modules stay, as copies")
    parser.add_argument("--source", action="append", default=[], help="a source root, as backend/")
    options = parser.parse_args()
    SOURCE_FOLDERS[:0] = options.source
    print(HEADER)
    found = renames(options.repository.resolve(), options.commit)
    for rename, _ in zip(found, range(options.most), strict=False):
        with tempfile.TemporaryDirectory(prefix="renames-") as work:
            row = redo(options.repository.resolve(), rename, Path(work), beside=options.beside)
        print(row, flush=True)


if __name__ == "__main__":
    main()
