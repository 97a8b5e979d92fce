"""Precision and recall of `consolidator duplicates` on the labelled pairs, beside other clone finders.

    python tests/benchmarks/duplicates.py [--report FILE]

The others take part where they are on PATH: jscpd, pylint, pyscn, pychase. They report fragments, so
a pair of classes counts as reported where the fragments between two classes cover half the lines of
the smaller one; what is linked through a third class counts too. That reads them generously.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import networkx as nx

sys.path.insert(0, str(Path(__file__).parents[1]))

from labelled.field import FIELD, FIELD_DIFFERENT, FIELD_SAME
from labelled.pairs import Pair, files, pairs
from labelled.second_unseen import SECOND, SECOND_DIFFERENT, SECOND_SAME
from labelled.unseen import UNSEEN, UNSEEN_DIFFERENT, UNSEEN_ROLES, UNSEEN_SAME
from trees import tree_of, write_tree

COVERED = 0.5
RUNS = 10


@dataclass(frozen=True)
class Span:
    path: str
    start: int
    end: int

    def lines_in(self, other: Span) -> set[int]:
        if self.path != other.path:
            return set()
        return set(range(max(self.start, other.start), min(self.end, other.end) + 1))


Match = tuple[Span, Span]
Finder = Callable[[Path], Iterator[Match]]


@dataclass(frozen=True)
class Result:
    tool: str
    seconds: float
    reported: frozenset[frozenset[str]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, help="write the table to this Markdown file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = packages(Path(folder) / "labelled", files())
        results = measured(root)
        unseen = measured(packages(Path(folder) / "unseen", UNSEEN))
        field = measured(packages(Path(folder) / "field", {**FIELD, **SECOND}))
        digests = {digest(root, seed) for seed in range(RUNS)}
    text = report(
        table(results, pairs()),
        table(unseen, unseen_pairs()),
        table(field, field_pairs()),
        len(digests),
    )
    print(text)
    if arguments.report:
        arguments.report.write_text(text, "utf-8")
    return 0 if len(digests) == 1 else 1


def measured(root: Path) -> list[Result]:
    """What each tool says of a tree; those that are not on PATH are left out, and named on stderr."""
    spans = class_spans(root)
    results = [consolidator(root)]
    for name, finder in FINDERS.items():
        if shutil.which(name):
            results.append(other(name, finder, root, spans))
        else:
            print(f"{name}: not on PATH, left out", file=sys.stderr)
    return results


def unseen_pairs() -> list[Pair]:
    same = [
        Pair(*pair, True, "role: unseen" if pair in UNSEEN_ROLES else "copy")
        for pair in UNSEEN_SAME
    ]
    return same + [Pair(*pair, False, "hard: unseen") for pair in UNSEEN_DIFFERENT]


def field_pairs() -> list[Pair]:
    """Those modelled on what was wrong in packages that the finder had not seen."""
    same = [Pair(*pair, True, "copy") for pair in (*FIELD_SAME, *SECOND_SAME)]
    return same + [
        Pair(*pair, False, "hard: field") for pair in (*FIELD_DIFFERENT, *SECOND_DIFFERENT)
    ]


def packages(root: Path, texts: Mapping[str, str]) -> Path:
    """The files, each folder a package so that every tool can name its modules apart."""
    write_tree(root, dict(texts))
    for folder in {path.parent for path in root.rglob("*.py")}:
        (folder / "__init__.py").touch()
    return root


def class_spans(root: Path) -> dict[str, Span]:
    tree = tree_of(root)
    return {
        f"{tree.module(path)}.{fact.qualname}": Span(path, fact.line, fact.end_line)
        for path in tree.paths
        if (facts := tree.facts(path))
        for fact in facts.classes
    }


def consolidator(root: Path) -> Result:
    start = time.perf_counter()
    families = json.loads(duplicates(root))["families"]
    seconds = time.perf_counter() - start
    reported = {
        frozenset(pair)
        for family in families
        for pair in combinations(
            [m["qualname"] for m in family["members"] if m["role"] != "test-double"], 2
        )
    }
    return Result("consolidator", seconds, frozenset(reported))


def duplicates(root: Path, *arguments: str, seed: int = 0) -> bytes:
    command = [sys.executable, "-m", "consolidator", "duplicates", str(root), "--format", "json"]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    return output([*command, *arguments], root, environment)


def digest(root: Path, seed: int) -> str:
    """Of one run: another hash seed each, one to four jobs, every second one without the cache."""
    cache = ["--no-cache"] if seed % 2 else []
    return sha256(duplicates(root, "--jobs", str(seed % 4 + 1), *cache, seed=seed)).hexdigest()


def other(name: str, finder: Finder, root: Path, spans: dict[str, Span]) -> Result:
    start = time.perf_counter()
    matches = list(finder(root))
    seconds = time.perf_counter() - start
    covered: dict[tuple[str, str], set[int]] = defaultdict(set)
    by_path: dict[str, list[str]] = defaultdict(list)
    for qualname, span in spans.items():
        by_path[span.path].append(qualname)
    for left, right in matches:
        for a in by_path[left.path]:
            for b in by_path[right.path]:
                if a != b:
                    covered[a, b] |= left.lines_in(spans[a])
                    covered[b, a] |= right.lines_in(spans[b])
    graph: nx.Graph[str] = nx.Graph()
    for a, b in covered:
        smaller, larger = sorted((a, b), key=lambda q: spans[q].end - spans[q].start)
        size = spans[smaller].end - spans[smaller].start + 1
        if len(covered[smaller, larger]) >= COVERED * size:
            graph.add_edge(a, b)
    linked = {
        frozenset(pair)
        for component in nx.connected_components(graph)
        for pair in combinations(sorted(component), 2)
    }
    return Result(name, seconds, frozenset(linked))


def output(command: Sequence[str], cwd: Path, environment: dict[str, str] | None = None) -> bytes:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, check=False, env=environment
    ).stdout


def jscpd(root: Path) -> Iterator[Match]:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--min-lines", "4", "--min-tokens", "30", "--reporters", "json"]
        output(["jscpd", *options, "--output", folder, "."], root)
        found = json.loads(next(Path(folder).glob("*.json")).read_bytes())
    for entry in found["duplicates"]:
        first, second = entry["firstFile"], entry["secondFile"]
        yield (
            Span(first["name"], first["start"], first["end"]),
            Span(second["name"], second["start"], second["end"]),
        )


def pylint(root: Path) -> Iterator[Match]:
    options = ["--disable=all", "--enable=duplicate-code", "--recursive=y", "-f", "json"]
    for entry in json.loads(output(["pylint", *options, "."], root) or b"[]"):
        places = re.findall(r"^==([\w.]+):\[(\d+):(\d+)\]", entry["message"], re.MULTILINE)
        spans = [
            Span(module.replace(".", "/") + ".py", int(start) + 1, int(end))
            for module, start, end in places
        ]
        yield from combinations(spans, 2)


def pyscn(root: Path) -> Iterator[Match]:
    options = ["analyze", "--json", "--output", "-", "--select", "clones", "."]
    found = json.loads(output(["pyscn", *options], root))["clone"]
    for entry in found["clone_pairs"]:
        sides = [entry[side]["location"] for side in ("clone1", "clone2")]
        left, right = (Span(s["file_path"], s["start_line"], s["end_line"]) for s in sides)
        yield left, right


def pychase(root: Path) -> Iterator[Match]:
    for entry in json.loads(output(["pychase", "--json", "."], root))["candidates"]:
        left, right = (
            Span(s["file"], s["start_line"], s["end_line"]) for s in (entry["left"], entry["right"])
        )
        yield left, right


FINDERS: dict[str, Finder] = {"jscpd": jscpd, "pylint": pylint, "pyscn": pyscn, "pychase": pychase}


def table(results: Sequence[Result], labelled: Sequence[Pair]) -> list[str]:
    same = [pair for pair in labelled if pair.same]
    copies = [pair for pair in same if not pair.category.startswith("role")]
    roles = [pair for pair in same if pair.category.startswith("role")]
    hard = [pair for pair in labelled if pair.category.startswith("hard")]
    others = len(labelled) - len(same) - len(hard)
    lines = [
        f"{len(labelled)} pairs: {len(copies)} copies, {len(roles)} more of one role, "
        f"{len(hard)} hard negatives, {others} of different trades.",
        "",
        "| tool | precision | recall | copies found | roles found | hard negatives reported | seconds |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        said = [p for p in labelled if frozenset((p.left, p.right)) in result.reported]
        right = sum(pair.same for pair in said)
        precision = f"{right / len(said):.3f}" if said else "none said"
        counts = " | ".join(
            f"{sum(p in said for p in part)} of {len(part)}" for part in (copies, roles, hard)
        )
        lines.append(
            f"| {result.tool} | {precision} | {right / len(same):.3f} | {counts} "
            f"| {result.seconds:.1f} |"
        )
    return lines


def report(
    labelled: Sequence[str], unseen: Sequence[str], field: Sequence[str], digests: int
) -> str:
    verdict = "the same bytes" if digests == 1 else f"{digests} DIFFERENT outputs"
    lines = [*HEAD, *labelled, *ABOUT_LABELLED, *unseen, *ABOUT_UNSEEN, *field, *ABOUT_FIELD]
    lines += [
        f"{RUNS} runs of `consolidator duplicates` with different hash seeds, one to four jobs, with "
        f"and without the cache: {verdict}.",
        "",
    ]
    return "\n".join(lines)


HEAD = """\
# Duplicates: precision and recall on labelled pairs

Written by `python tests/benchmarks/duplicates.py --report reports/duplicates.md`; the sets are in
`tests/labelled/`. The other tools report fragments, not classes: a pair counts for them where
fragments cover half the lines of the smaller class, directly or through a third class. Their options
are their own, but for jscpd's smallest fragment (4 lines, 30 tokens instead of 5 and 50). Seconds are
of a shared machine: read them as orders of magnitude.

## The labelled set
""".splitlines()
ABOUT_LABELLED = """
Thresholds were set on two code bases. The first run on this set gave precision 0.988 and recall
0.964; three rules were changed and three hard negatives added after it. Read 1.000 as a regression
test, not as a promise.

`tests/labelled/held_out.py` was written after that: at its first run 0 of 11 different pairs were
reported and 3 of 6 families found, 5 of 6 after two more rules, 6 of 6 since the rules named below.

## Pairs written after the detector was frozen
""".splitlines()
ABOUT_UNSEEN = """
The set is small and by the same hand as the detector. At the first run on it 0 of 18 different pairs were reported and 4 of 7 same ones found (precision
1.000, recall 0.571). Then one rule was changed for all (bodies are compared where half of the lines
have a counterpart, not only half of the methods), and the table shows what came of it, so our row is
no longer held out: 0.571 is the honest figure.

## Pairs modelled on thirty packages that it had not seen
`duplicates` was run on 31 packages (Django, Home Assistant, SQLAlchemy, Twisted, Kubernetes, OpenAI and
others) and families of ten of them were read by a person. Many were wrong: variants of one base,
plug-ins that bear one name, layers of form and column, generated clients, asynchronous twins,
versions of one API. They were written down as pairs of our own, half of them
(`tests/labelled/second_unseen.py`) held out. At the first run on that half 5 of 12 different pairs
were reported and 2 of 4 same ones found: precision 0.286, recall 0.500, the honest figures. The table
is of both halves after the rules that came of them.
""".splitlines()
ABOUT_FIELD = """
## Pairs by another hand
62 pairs in twelve small packages, written by somebody who had not seen the rules (they are not in the
repository; another half of them was kept from us):

| run | different pairs reported | copies found | precision | recall |
|---|---:|---:|---:|---:|
| the first | 0 of 32 | 22 of 30 | 1.000 | 0.733 |
| after one change | 0 of 32 | 28 of 30 | 1.000 | 0.933 |

Six copies had never been read, because their methods bear plain names (`add`, `total`, `render`): now
classes that share half of their methods are compared whatever the names. The two that are left are a
class and its asynchronous twin, which the labels call a copy. We leave twins out: shown, they made 24
more families in Redis, 56 in Elasticsearch and 19 in OpenAI, none of which anybody would merge.

## On code that nobody labelled
Two ways to do what one base asks for are no longer one role (Scrapy's `OriginPolicy` and
`StrictOriginPolicy`, Django's `ForeignKey` and `GenericForeignKey`, one `SessionStore` for each
backend), unless their common name has two words more than the base's. Families before and after:
Django 35 and 29, Scrapy 11 and 9, Twisted 44 and 41, SQLAlchemy 27 and 19, the real case 267 and 267.
Lost with them: rewritten copies of one short name under one base that have no code left in common.

Still wrong: classes of two asynchronous halves of one module (`StaticPolicyResolver`,
`AsyncDynamicPolicyResolver` in Redis): their bodies are copies indeed. On the real case
`SystemMetricsCollector` is not reported, twice in files that share four class names.

## The same bytes
""".splitlines()


if __name__ == "__main__":
    sys.exit(main())
