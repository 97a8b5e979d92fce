"""How well `extract` tells fixes: labelled commits of real repositories, beside three baselines.

    python tests/history_truth.py PATH-TO-A-CLONE [tune|held-out]
    python tests/history_truth.py open PATH-TO-A-CLONE OWNER/NAME [tune|held-out]
    python tests/history_truth.py planted [SEEDS]

The last prints the same for generated histories (`planted_history.py`). The first reads
`tests/consolidator/history/labels_zen.csv`: every commit that touches a production file of the family.
They were drawn and labelled in three turns. Weights may be chosen on `tune` only; what was once looked at
as `held-out` joins it in the next turn. The second reads `labels_open.csv`: seeded samples of what
touches a family of four open projects. Nothing was tuned on them before all had been scored; since then the
half whose hashes begin with an even digit may be.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from planted_history import plant

from consolidator.adapters.git import open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.analysis.history.report import CommitEntry, ExtractReport
from consolidator.plan import Plan
from consolidator.workflow.extract import Selection, run

REVISION = "fb2d6b0d2"
FAMILY = ("*websocket*",)
"""What the labels were given for: production files with the word in their path."""
OPEN = {
    "python-websockets/websockets": Selection(
        match="websocket", paths=("src/websockets/*", "websockets/*")
    ),
    "python-rope/rope": Selection(match="rope", paths=("rope/*",)),
    "encode/starlette": Selection(
        match="starlette",
        paths=tuple(
            f"starlette/{name}.py" for name in ("responses", "websockets", "requests", "routing")
        ),
    ),
    "encode/uvicorn": Selection(match="uvicorn", paths=("uvicorn/protocols/*",)),
}
LABELS = Path(__file__).parent / "consolidator" / "history"
FIX_WORD = re.compile(r"\bfix", re.IGNORECASE)


@dataclass(frozen=True)
class Figures:
    right: int
    too_much: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.too_much, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def labels(half: str) -> dict[str, str]:
    """The label of each commit of a half."""
    rows = csv.DictReader((LABELS / "labels_zen.csv").open())
    return {row["hash"]: row["label"] for row in rows if row["half"] == half}


def score(truth: dict[str, str], is_fix: Callable[[str], bool]) -> Figures:
    wanted = {name for name, label in truth.items() if label == "fix"}
    got = {name for name in truth if is_fix(name)}
    return Figures(len(wanted & got), len(got - wanted), len(wanted - got))


def planted_figures(folder: Path, seeds: range) -> dict[str, Figures]:
    """Over generated histories: is it a fix, where does it live, who lacks it."""
    counts = {question: [0, 0, 0] for question in ("is a fix", "lives in", "missing from")}

    def add(question: str, wanted: set[str], got: set[str]) -> None:
        found = (len(wanted & got), len(got - wanted), len(wanted - got))
        counts[question] = [one + more for one, more in zip(counts[question], found, strict=True)]

    for seed in seeds:
        planted = plant(folder / str(seed), seed)
        entries = {entry.subject: entry for entry in _extracted(planted.directory).commits}
        fixes = {subject for subject, entry in entries.items() if entry.verdict == "fix"}
        twins = {truth.again: truth.subject for truth in planted.commits if truth.again}
        add(
            "is a fix",
            {truth.subject for truth in planted.commits if truth.fixes},
            {twins.get(subject, subject) for subject in fixes},
        )
        for truth in planted.commits:
            found = truth.subject if truth.subject in fixes else truth.again
            if truth.fixes and found in fixes:
                add("lives in", planted.lives_in(truth), set(entries[found].lives_in))
                add("missing from", planted.missing_from(truth), set(entries[found].missing_from))
    return {question: Figures(*numbers) for question, numbers in counts.items()}


def _extracted(directory: Path) -> ExtractReport:
    repository = open_repository(directory)
    assert repository is not None
    reader = CommitReader(repository, 1, cache=False)
    return run(directory, history=repository, reader=reader, selection=Selection(), plan=Plan())


def main(clone: Path, half: str) -> None:
    selection = Selection(match="websocket", rev=REVISION, paths=FAMILY)
    truth = labels(half)
    entries, told = _compared(clone, selection, truth, half)
    if half == "tune":
        _tell_misses(truth, entries, told)


def _tell_misses(truth: dict[str, str], entries: dict[str, CommitEntry], told: set[str]) -> None:
    for name, label in truth.items():
        entry = entries.get(name)
        if entry and (name in told) != (label == "fix"):
            print(name[:10], label, entry.verdict, entry.score, *entry.why[:4], sep=" | ")


def open_project(clone: Path, project: str, half: str) -> None:
    rows = csv.DictReader((LABELS / "labels_open.csv").open())
    truth = {
        row["hash"]: row["label"]
        for row in rows
        if row["repository"] == project and half in ("", half_of(row["hash"]))
    }
    entries, told = _compared(clone, OPEN[project], truth, f"{project} {half}")
    if half == "tune":
        _tell_misses(truth, entries, told)


def half_of(name: str) -> str:
    return "held-out" if int(name[0], 16) % 2 else "tune"


def _compared(
    clone: Path, selection: Selection, truth: dict[str, str], title: str
) -> tuple[dict[str, CommitEntry], set[str]]:
    """Prints the figures beside the baselines; what each commit was taken for, and which are fixes."""
    repository = open_repository(clone)
    assert repository is not None
    report = run(
        clone,
        history=repository,
        reader=CommitReader(repository),
        selection=selection,
        plan=Plan(),
    )
    entries: dict[str, CommitEntry] = {entry.hash: entry for entry in report.commits}
    told = {name for entry in report.fixes for name in (entry.hash, *entry.copies)}
    known = repository.commits(selection.rev or "HEAD")
    subjects = {commit.id: commit.subject for commit in known}

    def says_fix(name: str) -> bool:
        return bool(FIX_WORD.search(subjects[name]))

    def touches(name: str) -> bool:
        return name in entries and bool(entries[name].paths)

    ways: dict[str, Callable[[str], bool]] = {
        "extract": lambda name: name in told,
        '"fix" in the subject': says_fix,
        "touches a family file": touches,
        "both": lambda name: says_fix(name) and touches(name),
    }
    print(f"{title}: {len(truth)} commits, {sum(v == 'fix' for v in truth.values())} fixes")
    for way, holds in ways.items():
        found = score(truth, holds)
        print(f"{way:24} {found.precision:.2f} {found.recall:.2f} {found.f1:.2f}  {found}")
    return entries, told


if __name__ == "__main__" and sys.argv[1] == "planted":
    with TemporaryDirectory() as folder:
        seeds = range(int(sys.argv[2]) if len(sys.argv) > 2 else 24)
        for question, figures in planted_figures(Path(folder), seeds).items():
            print(f"{question:14} {figures.precision:.3f} {figures.recall:.3f}  {figures}")
elif __name__ == "__main__" and sys.argv[1] == "open":
    open_project(Path(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
elif __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "tune")
