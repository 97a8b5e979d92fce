"""`migrate imports` beside itself with a long plan, and beside LibCST's RenameCommand; as ratios.

    python tests/benchmarks/migrate.py ROOT [--sample 40] [--seed 1]

ROOT's own imported names are the moves: one drawn by chance, then a hundred among which that one is.
How much a hundred moves cost over one depends on how many files they change, so both counts are printed,
and beside them the floor of any tool on LibCST: parsing the files that change and nothing else.
RenameCommand parses every file it is given, so its time on a sample of the files is scaled by their
bytes to the whole tree (one process for it, every core for `migrate`). Medians of three runs, in seconds
of the clock and of all processors; nothing is written.
"""

import argparse
import io
import random
import resource
import statistics
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

import libcst
from libcst.codemod import CodemodContext, SkipFile, transform_module
from libcst.codemod.commands.rename import RenameCommand

from consolidator.adapters.load import load_tree
from consolidator.adapters.processes import Processes
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan
from consolidator.workflow.migrate import prepare


def imported_names(root):
    tree = load_tree(root)
    tree.prefetch()
    names = set()
    for path in tree.paths:
        facts = tree.facts(path)
        for fact in facts.imports if facts else ():
            module = tree.absolute(path, fact.level, fact.module)
            if module and fact.name not in ("", "*") and tree.find(module, path):
                names.add(f"{module}.{fact.name}")
    return sorted(names)


def plan_of(names):
    return Plan(
        moves=tuple(
            Move(name, f"consolidated_home.part_{i}.{name.rpartition('.')[2]}")
            for i, name in enumerate(names)
        )
    )


def processor():
    """Seconds of all processors, those of finished child processes included."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def timed(work, runs=3):
    """Median seconds of the clock and of the processors, and the last result."""
    clock, spent = [], []
    for _ in range(runs):
        start, before = time.perf_counter(), processor()
        result = work()
        clock.append(time.perf_counter() - start)
        spent.append(processor() - before)
    return statistics.median(clock), statistics.median(spent), result


def parse_seconds(changes):
    """Processor seconds in which LibCST parses the files that change and gives their text back."""
    texts = [change.before.decode() for change in changes if change.path.endswith(".py")]
    before = processor()
    for text in texts:
        assert libcst.parse_module(text).code == text
    return processor() - before


def migrate(root, names):
    return prepare(load_tree(root), plan_of(names), partial(plan_imports, spread=Processes()))


def rename_seconds(root, files, name):
    """Wall seconds of RenameCommand on some files."""
    options = {"old_name": name, "new_name": f"consolidated_home.{name.rpartition('.')[2]}"}
    start = time.perf_counter()
    for path in files:
        text = (root / path).read_text("utf-8", "replace")
        command = RenameCommand(CodemodContext(filename=str(root / path)), **options)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                transform_module(command, text)
            except SkipFile:
                continue
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    names = imported_names(options.root)
    hundred = dice.sample(names, min(100, len(names)))
    one_seconds, one_spent, one = timed(lambda: migrate(options.root, hundred[:1]), options.runs)
    seconds, spent, many = timed(lambda: migrate(options.root, hundred), options.runs)
    print(f"1 move: {one_seconds:.1f} s, {one_spent:.1f} s CPU, {len(one.changes)} files changed")
    changed = f"{len(many.changes)} files changed"
    print(f"{len(hundred)} moves: {seconds:.1f} s, {spent:.1f} s CPU, {changed}")
    print(f"  ratio {seconds / one_seconds:.1f}, of CPU {spent / one_spent:.1f} (target 3)")
    floor = parse_seconds(many.changes)
    print(
        f"LibCST parses the changed files alone: {floor:.1f} s CPU, {floor / one_spent:.1f} moves"
    )
    tree = load_tree(options.root)
    sizes = {path: len(tree.read(path)) for path in tree.paths}
    sample = dice.sample(sorted(sizes), min(options.sample, len(sizes)))
    peer = rename_seconds(options.root, sample, hundred[0])
    scaled = peer * sum(sizes.values()) / sum(sizes[path] for path in sample)
    print(f"RenameCommand: {peer:.1f} s on {len(sample)} files, {scaled:.0f} s scaled by bytes")
    print(f"  ratio 1/{scaled / one_seconds:.0f} (target 1/50)")


if __name__ == "__main__":
    main()
