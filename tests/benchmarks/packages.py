"""Real packages, moved with their own tests: definitions are cut out by chance, `migrate` does the rest.

    python tests/benchmarks/packages.py tinydb==4.9.0 --definitions 25 --modules 2
    python tests/benchmarks/packages.py FOLDER --package src/click --with hypothesis --tests tests -k basic

A package is a requirement whose source archive is taken from PyPI, or a folder with its source. A
virtual environment with its dependencies, pytest and what `--with` says is made beside it, unless
`--python` names one. Drawn definitions are copied into new modules; then, each step committed:
`migrate imports --apply`, the same again as `--check`, `migrate delete --apply`, the package's tests as
before, `migrate undo`. Printed is a row of a Markdown table; what differs goes to stderr: held-back
definitions, tests that answer otherwise, and lines that hold an old dotted name and were not listed.

A difference is a question, not a verdict: a test may read a file's path or a class's module.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from packages_cutting import Cut, Draw, cut_out, defines, plan_text, unlisted

INDEX = "https://pypi.org/pypi"
HEADER = (
    "| package | moves | files, edits | listed | not listed | second run | gone | tests "
    "| answer otherwise | after undo |\n|---|---|---|---|---|---|---|---|---|---|"
)
SHOWN = 12
IGNORED = frozenset({".git", ".consolidator", "__pycache__"})


@dataclass(frozen=True)
class Tree:
    """A package's source under git, and how its tests are run."""

    root: Path
    package: Path
    python: Path
    tests: Sequence[str]
    seconds: float

    def commit(self, message: str) -> None:
        self._git("add", "--all", "--force")
        self._git("commit", "--quiet", "--allow-empty", "-m", message)

    def begin(self) -> None:
        shutil.rmtree(self.root / ".git", ignore_errors=True)
        self._git("init", "--quiet")
        self.commit("as released")

    def _git(self, *arguments: str) -> None:
        who = ("-c", "user.name=packages", "-c", "user.email=packages@localhost")
        run(["git", *who, *arguments], cwd=self.root).check_returncode()

    def migrate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "consolidator", "migrate", *arguments]
        return run(command, cwd=self.root)

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """What each test answers (ok, failure, error, skipped), and what it says."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "tests.xml")
            plugins = ("-n2", "-p", "no:cacheprovider", "-p", "no:randomly", "-o", "addopts=")
            command = [str(self.python), "-m", "pytest", "-q", *plugins, f"--junitxml={report}"]
            settings = {
                "PYTHONPATH": f"{self.package.parent}{os.pathsep}{self.root}",
                "PYTHONDONTWRITEBYTECODE": "1",
                "HYPOTHESIS_STORAGE_DIRECTORY": folder,
            }
            done = run([*command, *self.tests], self.root, settings, seconds=self.seconds)
            if not report.exists():
                sys.exit(f"{self.root}: the tests don't run\n{done.stdout[-3000:]}{done.stderr}")
            return dict(map(_outcome, ET.parse(report).getroot().iter("testcase")))

    def content(self) -> dict[str, str]:
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and IGNORED.isdisjoint(path.relative_to(self.root).parts)
        }


def _outcome(case: ET.Element) -> tuple[str, tuple[str, str]]:
    found = next((e for e in case if e.tag in ("failure", "error", "skipped")), None)
    said = (found.get("message") or "") if found is not None else ""
    return f"{case.get('classname')}::{case.get('name')}", (
        found.tag if found is not None else "ok",
        " ".join(said.split())[:300],
    )


def run(
    command: Sequence[str],
    cwd: Path,
    settings: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env={**os.environ, **(settings or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
    )


# what it is done to


def obtain(wanted: str, folder: Path) -> Path:
    """A copy of the source: of a folder, or unpacked from the source archive on PyPI."""
    root = folder / "source"
    if Path(wanted).is_dir():
        shutil.copytree(wanted, root, symlinks=True)
        return root
    name, _, version = wanted.partition("==")
    address = f"{INDEX}/{name}/json"
    with urllib.request.urlopen(address, timeout=60) as answer:
        known = json.load(answer)
    files = known["releases"].get(version, []) if version else known["urls"]
    archive = next((file for file in files if file["packagetype"] == "sdist"), None)
    if archive is None:
        sys.exit(f"{wanted}: has no source archive")
    with urllib.request.urlopen(urllib.parse.urljoin(address, archive["url"]), timeout=120) as data:
        (folder / archive["filename"]).write_bytes(data.read())
    with tarfile.open(folder / archive["filename"]) as held:
        held.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked.rename(root)


def environment(root: Path, folder: Path, requirements: Sequence[str]) -> Path:
    """A Python with the package's dependencies; the package in it is shadowed by the tree."""
    place = folder / "environment"
    run(["uv", "venv", "--quiet", str(place)], cwd=folder).check_returncode()
    python = place / "bin" / "python"
    install = ["uv", "pip", "install", "--quiet", "--python", str(python)]
    done = run([*install, "pytest", "pytest-xdist", str(root), *requirements], cwd=folder)
    if done.returncode:
        sys.exit(f"{root}: can't be installed\n{done.stderr}")
    return python


def package_of(root: Path, wanted: str) -> Path:
    """The folder of the package itself, found by its name where none is given."""
    name = wanted.partition("==")[0].lower().replace("-", "_")
    for place in (root / "src" / name, root / name, root / "lib" / name):
        if (place / "__init__.py").exists():
            return place
    sys.exit(f"{root}: say where the package is (--package)")


# the steps


def row(name: str, tree: Tree, draw: Draw, *, rename_uses: bool) -> str:
    tree.begin()
    cut = cut_out(tree.root, tree.package, draw)
    (tree.root / "consolidation.toml").write_text(plan_text(cut))
    tree.commit("new homes")
    before = tree.outcomes()
    options = ["--rename-uses"] if rename_uses else []
    imports = _document(tree.migrate("imports", ".", "--apply", "--format", "json", *options))
    tree.commit("imports")
    again = _document(tree.migrate("imports", ".", "--check", "--format", "json", *options))
    migrated = tree.content()
    silent = list(unlisted(tree.root, cut, _places(imports)))
    delete = _document(tree.migrate("delete", ".", "--apply", "--format", "json"))
    left = list(_left(cut))
    after = tree.outcomes()
    differing = [test for test in before if after.get(test, ("gone", ""))[0] != before[test][0]]
    undone = tree.migrate("undo", ".")
    restored = not undone.returncode and tree.content() == migrated
    _tell("not listed", silent)
    _tell("left", [*left, *map(_shown, delete["omissions"])] if left else [])
    _tell("otherwise", [f"{t}: {' '.join(after.get(t, ('gone', '')))}" for t in differing])
    edits = sum(change["edits"] for change in imports["changed"])
    return (
        f"| {name} | {len(cut.moves)} of {cut.drawn_from} | {len(imports['changed'])}, {edits} "
        f"| {len(imports['omissions'])} | {len(silent)} | {len(again['changed'])} "
        f"| {len(cut.moves) - len(left)} | {len(before)} | {len(differing)} "
        f"| {'same bytes' if restored else 'OTHER BYTES'} |"
    )


def _document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    if done.returncode not in (0, 1):
        sys.exit(f"refused ({done.returncode}): {done.stderr.strip()}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _places(document: Mapping[str, Any]) -> set[tuple[str, int]]:
    return {(omission["path"], omission["line"]) for omission in document["omissions"]}


def _shown(omission: Mapping[str, Any]) -> str:
    place = f"{omission['path']}:{omission['line']}"
    return f"{place}: {omission['kind']}: {omission['text'][:60]}: {omission['why'][:150]}"


def _left(cut: Cut) -> list[str]:
    kept = [old for old, path in cut.modules.items() if path.exists()]
    return kept + [old for old, path in cut.definitions.items() if defines(path, old)]


def _tell(what: str, lines: Sequence[str]) -> None:
    for line in lines[:SHOWN]:
        print(f"  {what}: {line}", file=sys.stderr)
    if len(lines) > SHOWN:
        print(f"  {what}: {len(lines) - SHOWN} more", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wanted", help="a requirement (name or name==version) or a folder")
    parser.add_argument("--package", help="the package's folder in the source")
    parser.add_argument("--with", dest="requirements", nargs="+", default=[])
    parser.add_argument("--python", type=Path, help="an environment that can run the tests")
    parser.add_argument("--definitions", type=int, default=25)
    parser.add_argument("--modules", type=int, default=0)
    parser.add_argument("--renamed", action="store_true", help="definitions get new names")
    parser.add_argument("--entangled", action="store_true", help="those too that need others")
    parser.add_argument("--rename-uses", action="store_true", help="as `migrate imports` has it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=300, help="limit of one run of the tests")
    parser.add_argument("--keep", type=Path, help="a new folder to work in, which stays")
    parser.add_argument(
        "--tests",
        nargs=argparse.REMAINDER,
        default=["tests"],
        help="all that follows is given to pytest",
    )
    options = parser.parse_args()
    draw = Draw(
        options.definitions, options.modules, options.renamed, options.entangled, options.seed
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        root = obtain(options.wanted, folder.resolve())
        python = options.python or environment(root, folder.resolve(), options.requirements)
        package = root / options.package if options.package else package_of(root, options.wanted)
        tree = Tree(root, package, python.absolute(), options.tests, options.seconds)
        name = Path(options.wanted).name
        print(HEADER)
        print(row(name, tree, draw, rename_uses=options.rename_uses))


if __name__ == "__main__":
    main()
