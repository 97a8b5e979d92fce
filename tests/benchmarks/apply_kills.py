"""`kill -9` at random points of `migrate imports --apply` and of `migrate undo`.

    python tests/benchmarks/apply_kills.py [--kills 200] [--seed 11]

After each death another command (`mro-report`, which only reads) runs on the tree: every file is then
as before or every file as after, whatever the point.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import kill_points

IMPORTER = "from app.old import Thing\n\n\ndef build_{n}():\n    return Thing({n})\n"
APPLY = ("migrate", "imports", ".", "--apply", "--no-cache", "-q")
APPLY_ONE = (*APPLY, "--from", "app.old.Thing", "--to", "new.home.Fresh")
UNDO = ("migrate", "undo", ".")


def write_project(root, files):
    package = root / "app"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "old.py").write_text("class Thing: ...\n")
    for n in range(files):
        (package / f"use_{n}.py").write_text(IMPORTER.format(n=n))


def content(root):
    return {p.relative_to(root): p.read_bytes() for p in sorted((root / "app").rglob("*.py"))}


def killed(start, point, command, states):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        shutil.copytree(start, root)
        died = kill_points.run(root, point, *command)
        assert died.returncode == -9, died
        looked = kill_points.run(root, kill_points.NEVER, "mro-report", ".", "--no-cache")
        assert looked.returncode in (0, 1), looked.stderr
        found = [name for name, state in states.items() if content(root) == state]
        assert len(found) == 1, f"neither state after {command} was killed at step {point}"
        return found[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before", Path(folder) / "after"
        write_project(before, options.files)
        shutil.copytree(before, after)
        applying = kill_points.steps_of(kill_points.run(after, kill_points.NEVER, *APPLY_ONE))
        states = {"before": content(before), "after": content(after)}
        assert states["before"] != states["after"]
        undone = Path(folder) / "undone"
        shutil.copytree(after, undone)
        undoing = kill_points.steps_of(kill_points.run(undone, kill_points.NEVER, *UNDO))
        assert content(undone) == states["before"]
        dice = random.Random(options.seed)
        ends = Counter()
        for _ in range(options.kills):
            applies = dice.random() < 0.7
            point = dice.randrange(applying if applies else undoing)
            where = (before, APPLY_ONE) if applies else (after, UNDO)
            ends["apply" if applies else "undo", killed(where[0], point, where[1], states)] += 1
    print(
        f"{options.kills} kills in {applying} steps of apply and {undoing} of undo, no half state"
    )
    for (command, end), count in sorted(ends.items()):
        print(f"  {command}: {count} found {end}")


if __name__ == "__main__":
    main()
