"""Mutation evidence for the guard: which losses of an event it sees, and which harmless edits alarm it.

    python tests/benchmarks/guard_mutants.py [--probe] [--neutral 500] [--report reports/guard-mutants.md]

Takes the bundled sample after its migration and the runtime. Each emission site is mutated in every way
that loses, misplaces or misdirects its event; `grep` looks for the event's name, `guard` compares with
the baseline of the unharmed tree, and `--probe` runs the project's tests on what guard did not see.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import unified_runtime
from consolidator import sample
from consolidator.adapters.bodies import bodies_reader
from consolidator.adapters.environment import environment_of
from consolidator.adapters.load import load_tree
from consolidator.adapters.recorder import record
from consolidator.analysis.baseline import Baseline, baseline_of
from consolidator.analysis.emissions.report import GuardReport
from consolidator.plan import CRITICAL_EVENTS, GuardSettings
from consolidator.workflow.guard import guard
from consolidator.workflow.probe import probe

sys.path.insert(0, str(Path(__file__).parent))
from guard_mutations import Mutant, harmless_edit, mutants

TESTS = [sys.executable, "-m", "pytest", "-q", "-x", "tests"]
REPOSITORY = Path(__file__).parents[2]
RUNTIME_TESTS = ("conftest.py", "test_agents.py", "test_orphans.py", "test_runs.py")
"""Tests of the runtime that run agents, or what is left of them; run with the project's settings."""
SETTINGS = ["-c", str(REPOSITORY / "pyproject.toml"), "-p", "no:cacheprovider"]


class Subject:
    """One tree that is mutated, and what the guard says of it unharmed."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root
        self._bodies = bodies_reader(1)
        self._packages = environment_of(root).find
        self.report = self.guard(None)
        self.baseline = baseline_of(self.report)
        self._unharmed: set[tuple[str, ...]] | None = None

    def guard(self, baseline: Baseline | None) -> GuardReport:
        return guard(
            load_tree(self.root, jobs=1),
            GuardSettings(),
            find_package=self._packages,
            bodies=self._bodies,
            baseline=baseline,
            baseline_path="baseline.json",
        )

    def is_red(self) -> bool:
        return bool(self.guard(self.baseline).failing)

    def grep(self) -> bool:
        """Whether the name of some event is gone from the sources, tests apart."""
        text = "".join(
            path.read_text("utf-8", "replace")
            for path in self.root.rglob("*.py")
            if "tests" not in path.relative_to(self.root).parts
        )
        return not all(event in text for event in CRITICAL_EVENTS)

    def learn_tests(self) -> None:
        """Run the tests on the unharmed tree."""
        self._unharmed = self.probed()
        assert not any(rule == "probe-tests" for rule, *_ in self._unharmed), self._unharmed

    def probed(self) -> set[tuple[str, ...]]:
        """What the probe finds, each by rule, event and test; without the sockets' numbers."""
        command = (
            [*TESTS, *SETTINGS, "--rootdir", str(self.root)] if self.name == "runtime" else TESTS
        )
        seen = probe(lambda: record(command, self.root, 300), CRITICAL_EVENTS, None)
        return {(p.rule, p.event, p.function) for p in seen.problems}

    def is_red_in_tests(self) -> bool:
        """Whether the probe finds what it did not find before: tests of single events are no runs."""
        assert self._unharmed is not None
        return not self.probed() <= self._unharmed


def migrated_sample(folder: Path) -> Path:
    """The bundled backend after its migration."""
    root = folder / "sample"
    sample.build(root)
    shutil.copy(sample.PLAN, root / "consolidation.toml")
    for kind in ("imports", "calls", "delete"):
        command = [sys.executable, "-m", "consolidator", "migrate", kind, str(root), "--apply"]
        subprocess.run([*command, "--allow-dirty"], check=False, capture_output=True)
    shutil.rmtree(root / ".git")
    return root


def runtime(folder: Path) -> Path:
    source = Path(str(unified_runtime.__file__)).parent
    shutil.copytree(
        source, folder / "runtime" / source.name, ignore=shutil.ignore_patterns("__pycache__")
    )
    tests = folder / "runtime" / "tests"
    tests.mkdir()
    for name in RUNTIME_TESTS:
        shutil.copy(REPOSITORY / "tests" / "unified_runtime" / name, tests)
    return folder / "runtime"


def judged(subject: Subject, *, with_probe: bool) -> Iterator[tuple[Mutant, bool, bool, bool]]:
    """Each mutant, and whether grep, guard and guard with the probe see it."""
    if with_probe:
        subject.learn_tests()
    for mutant in mutants(subject.root, subject.report):
        target = subject.root / mutant.path
        source = target.read_text("utf-8")
        target.write_text(mutant.text, "utf-8")
        try:
            by_grep, by_guard = subject.grep(), subject.is_red()
            by_probe = by_guard or (with_probe and subject.is_red_in_tests())
        finally:
            target.write_text(source, "utf-8")
        yield mutant, by_grep, by_guard, by_probe


def alarms(subject: Subject, count: int, seed: int = 6) -> list[str]:
    """Harmless edits that turn the guard red."""
    chance = random.Random(seed)
    files = sorted(
        path
        for path in subject.root.rglob("*.py")
        if "tests" not in path.relative_to(subject.root).parts
    )
    found = []
    made = 0
    while made < count:
        target = chance.choice(files)
        edit = harmless_edit(target.read_bytes(), chance)
        if edit is None:
            continue
        kind, text = edit
        made += 1
        source = target.read_bytes()
        target.write_text(text, "utf-8")
        if subject.is_red():
            found.append(f"{kind} in {target.relative_to(subject.root)}")
        target.write_bytes(source)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("--neutral", type=int, default=500)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--only", choices=("sample", "runtime"), help="one of the two trees")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        makers = {"sample": migrated_sample, "runtime": runtime}
        subjects = [
            Subject(name, make(Path(scratch)))
            for name, make in makers.items()
            if options.only in (None, name)
        ]
        share = options.neutral // len(makers)
        text = "\n".join(_written(subject, options.probe, share) for subject in subjects)
    text = (
        f"# Mutation evidence for the guard\n\n{text}\nTook {time.monotonic() - started:.0f} s.\n"
    )
    print(text)
    if options.report:
        options.report.write_text(text, "utf-8")


def _written(subject: Subject, with_probe: bool, neutral: int) -> str:
    made, killed = Counter(), {"grep": Counter(), "guard": Counter(), "probe": Counter()}
    survivors = []
    for mutant, by_grep, by_guard, by_probe in judged(subject, with_probe=with_probe):
        made[mutant.kind] += 1
        for name, seen in (("grep", by_grep), ("guard", by_guard), ("probe", by_probe)):
            killed[name][mutant.kind] += seen
        if not by_guard:
            survivors.append(f"- {mutant.kind}: `{mutant.path}:{mutant.line}` {mutant.event}")
    lines = [f"## {subject.name}", "", "| mutation | made | grep | guard | guard --probe |"]
    lines.append("|---|--:|--:|--:|--:|")
    lines += [_row(kind, made[kind], *(killed[n][kind] for n in killed)) for kind in sorted(made)]
    lines.append(_row("**all**", made.total(), *(counter.total() for counter in killed.values())))
    lines += ["", "Not seen by `guard` alone:", "", *(survivors or ["- none"]), ""]
    red = alarms(subject, neutral)
    lines.append(f"Harmless edits: {neutral}, false alarms: {len(red)}.")
    lines += [f"- {alarm}" for alarm in red]
    return "\n".join(lines) + "\n"


def _row(kind: str, made: int, *killed: int) -> str:
    return f"| {kind} | {made} | " + " | ".join(str(count) for count in killed) + " |"


if __name__ == "__main__":
    main()
