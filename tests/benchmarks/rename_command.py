"""LibCST's RenameCommand on every file of a tree that mentions a class, and what is broken after it.

    python tests/benchmarks/rename_command.py COPY app.old.Thing new.home.Fresh

COPY is changed. Files that hold the class's name as a word are rewritten, each by a command of its own in
one of two processes. Beside the files changed come the ones on which the command failed, the first-party
imports that newly fail, and the lines that still hold the old dotted path or import the name from its module.
"""

import argparse
import io
import re
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

from libcst.codemod import (
    CodemodContext,
    SkipFile,
    TransformFailure,
    TransformSuccess,
    transform_module,
)
from libcst.codemod.commands.rename import RenameCommand

from consolidator.adapters.load import load_tree
from consolidator.analysis.import_health import broken_imports, newly_broken


def rewrite(root, old, new, path):
    """Whether RenameCommand changed the file; its error where it failed."""
    file = root / path
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    command = RenameCommand(CodemodContext(filename=str(file)), old_name=old, new_name=new)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            result = transform_module(command, text)
        except SkipFile:
            return path, False, ""
    if isinstance(result, TransformFailure):
        return path, False, repr(result.error)
    if not isinstance(result, TransformSuccess) or result.code == text:
        return path, False, ""
    file.write_bytes(result.code.encode("utf-8", "surrogateescape"))
    return path, True, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("old")
    parser.add_argument("new")
    options = parser.parse_args()
    module, _, name = options.old.rpartition(".")
    before = load_tree(options.root)
    broken = broken_imports(before)
    word = re.compile(rf"\b{name}\b".encode())
    paths = [path for path in before.paths if word.search(before.read(path))]
    start = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        work = partial(rewrite, options.root, options.old, options.new)
        results = list(pool.map(work, paths, chunksize=4))
    seconds = time.perf_counter() - start
    failed = [(path, error) for path, _, error in results if error]
    changed = sum(done for _, done, _ in results)
    print(
        f"{len(paths)} files mention {name}; {changed} changed in {seconds:.0f} s on two processes"
    )
    print(f"the command failed on {len(failed)}")
    for path, error in failed:
        print(f"  {path}: {error[:150]}")
    after = load_tree(options.root)
    fresh = newly_broken(before, broken, after, {options.old: options.new})
    print(f"first-party imports that fail: {len(broken)} before, {len(fresh)} newly")
    for item in fresh[:20]:
        print(f"  {item.path}:{item.line}: {item.dotted}")
    held = re.compile(
        rf"\b{re.escape(options.old)}\b|\bfrom {re.escape(module)} import\b.*\b{name}\b".encode()
    )
    lines = [
        f"{path}:{number}"
        for path in after.paths
        for number, line in enumerate(after.read(path).splitlines(), 1)
        if held.search(line)
    ]
    print(f"lines that still hold the old path or import the name from its module: {len(lines)}")


if __name__ == "__main__":
    main()
