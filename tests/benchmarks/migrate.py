"""`migrate imports` beside itself with a long plan, and beside LibCST's RenameCommand; as ratios.

    python tests/benchmarks/migrate.py ROOT [--sample 40] [--seed 1]

ROOT's own imported names are the moves: one drawn by chance, then a hundred among which that one is.
Both plans are timed as a user waits for them, as commands, and without start and end of the process, in
turn. How much a hundred moves cost over one depends on how many files they change, so both counts are
printed, and beside them the floor of any tool on LibCST: parsing the files that change and nothing else.
RenameCommand parses every file it is given, so its time on a sample of the files is scaled by their
bytes to the whole tree (one process for it, every core for `migrate`). Medians of some runs, in seconds
of the clock and of all processors; nothing is written.
"""

import argparse
import io
import random
import resource
import statistics
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

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


def in_turn(works, runs):
    """Of each work, done in turn: median seconds of the clock and of the processors, and a result."""
    times = [[] for _ in works]
    for _ in range(runs):
        results = []
        for work, taken in zip(works, times, strict=True):
            start, before = time.perf_counter(), processor()
            results.append(work())
            taken.append((time.perf_counter() - start, processor() - before))
    for taken, result in zip(times, results, strict=True):
        clock, spent = zip(*taken, strict=True)
        yield statistics.median(clock), statistics.median(spent), result


def show(what, runs, *works):
    """The seconds of one move and of a hundred, and their ratio; gives those of one, and the results."""
    (one, one_spent, first), (many, many_spent, second) = in_turn(works, runs)
    print(
        f"{what}: 1 move {one:.2f} s, {one_spent:.2f} s CPU; 100 {many:.2f} s, {many_spent:.2f} s CPU"
    )
    print(f"  ratio {many / one:.2f}, of CPU {many_spent / one_spent:.2f} (target 3)")
    return one, first, second


def parse_seconds(changes):
    """Processor seconds in which LibCST parses the files that change and gives their text back."""
    texts = [change.before.decode() for change in changes if change.path.endswith(".py")]
    before = processor()
    for text in texts:
        assert libcst.parse_module(text).code == text
    return processor() - before


def migrate(root, names):
    return prepare(load_tree(root), plan_of(names), partial(plan_imports, spread=Processes()))


def command(root, names, folder):
    """Runs `migrate imports` as a user does."""
    plan, moves = folder / f"{len(names)}.toml", plan_of(names).moves
    plan.write_text("".join(f'[[move]]\nfrom = "{m.source}"\nto = "{m.target}"\n' for m in moves))
    program = [sys.executable, "-m", "consolidator", "migrate", "imports", str(root)]
    done = subprocess.run(
        [*program, "--plan", str(plan)], check=False, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr


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
    root, runs, first = options.root, options.runs, hundred[:1]
    with TemporaryDirectory() as folder:
        run = partial(command, root, folder=Path(folder))
        show("command", runs, partial(run, first), partial(run, hundred))
    one_seconds, one, many = show(
        "planning", runs, partial(migrate, root, first), partial(migrate, root, hundred)
    )
    print(f"files changed: {len(one.changes)} and {len(many.changes)}")
    floor = parse_seconds(many.changes)
    print(f"LibCST parses the changed files alone: {floor:.1f} s CPU")
    tree = load_tree(options.root)
    sizes = {path: len(tree.read(path)) for path in tree.paths}
    sample = dice.sample(sorted(sizes), min(options.sample, len(sizes)))
    peer = rename_seconds(options.root, sample, hundred[0])
    scaled = peer * sum(sizes.values()) / sum(sizes[path] for path in sample)
    print(f"RenameCommand: {peer:.1f} s on {len(sample)} files, {scaled:.0f} s scaled by bytes")
    print(f"  ratio 1/{scaled / one_seconds:.0f} (target 1/50)")


if __name__ == "__main__":
    main()
