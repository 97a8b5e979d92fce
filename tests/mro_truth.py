"""Orders of installed packages against CPython's: `python tests/mro_truth.py > reports/mro-truth.md`,
or `python tests/mro_truth.py PACKAGE…` for others of the running environment.

Each package is read without being imported, then imported in a process of its own, and every class
that both know is compared.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from consolidator.adapters.environment import environment_of
from consolidator.analysis.mro.report import Hierarchy
from consolidator.analysis.mro.world import Target
from consolidator.tree.stdlib.table import load_standard_library

PROBE = Path(__file__).parent / "consolidator" / "mro" / "probe.py"


@dataclass(frozen=True, slots=True)
class Result:
    top: str
    qualname: str
    verdict: str
    """`exact`, `wrong` (claimed exact and is not), `doubted` (and right), `unknown`."""
    found: tuple[str, ...]
    real: tuple[str, ...]
    why: str


def real_orders(folder: Path, tops: Iterable[str]) -> dict[str, tuple[int, list[str]]]:
    """Line and order of every class that CPython makes of these modules or packages."""
    probe = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROBE), str(folder), *tops],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return {name: (line, order) for name, (line, order) in json.loads(probe.stdout).items()}


def check(tops: Iterable[str]) -> Iterator[Result]:
    """Every class of these packages of the running environment that an import can reach."""
    environment = environment_of(Path("/nonexistent"), cache=False)
    standard = load_standard_library(environment.version)
    for top in tops:
        tree = environment.find(top)
        if tree is None:
            continue
        real = real_orders(Path(tree.root), [top])
        hierarchy = Hierarchy(tree, environment, standard, Target(environment.version))
        sources = [path for path in tree.paths if "tests" not in path.split("/")]
        for ref, _ in hierarchy.refs(sources):
            line, order = real.get(ref.dotted, (0, []))
            if line != ref.line:
                continue
            linear = hierarchy.classes.linear(ref)
            found = [entry.dotted if entry else "?" for entry in linear.order]
            if linear.certainty == "exact":
                verdict = "exact" if found == order else "wrong"
            else:
                verdict = "doubted" if found == order else "unknown"
            why = linear.reasons[0].why if linear.reasons else ""
            yield Result(top, ref.dotted, verdict, tuple(found), tuple(order), why)


def markdown(tops: Iterable[str]) -> Iterator[str]:
    version = platform.python_version()
    yield f"# Orders against CPython {version}\n"
    yield "Written by `python tests/mro_truth.py`. `wrong` is an order claimed exact that is not;"
    yield "`doubted` is right but with a reason for doubt; `unknown` is not claimed.\n"
    yield "| package | classes | exact | doubted | unknown | wrong |\n|---|---|---|---|---|---|"
    total: Counter[str] = Counter()
    doubts: Counter[str] = Counter()
    for top in tops:
        results = list(check([top]))
        if not results:
            continue
        counts = Counter(result.verdict for result in results)
        doubts.update(f"{result.top}: {result.why}" for result in results if result.why)
        total += counts
        yield row(top, counts)
    yield row("**all**", total)
    share = 100 * total["exact"] / max(1, total.total())
    yield f"\n{share:.1f}% exact, {total['wrong']} wrong in silence.\n\n## Why the rest is not claimed\n"
    yield from (f"- {count} in {reason}" for reason, count in doubts.most_common(25))


def row(name: str, counts: Counter[str]) -> str:
    kinds = ("exact", "doubted", "unknown", "wrong")
    cells = [name, str(counts.total()), *(str(counts[kind]) for kind in kinds)]
    return f"| {' | '.join(cells)} |"


def everything() -> list[str]:
    """The installed packages that need no service to be imported, and the standard library."""
    packages = (
        *("libcst", "networkx", "rich", "typer", "click", "_pytest", "msgspec", "git", "starlette"),
        *("pydantic", "httpx", "redis", "uvicorn", "websockets", "hypothesis", "anyio", "mypy"),
        *("pathspec", "grimp", "importlinter", "packaging", "pygments", "h11", "attr"),
    )
    left_out = {"tkinter", "idlelib", "turtledemo", "test", "antigravity", "this", "importlib"}
    return [*packages, *sorted(sys.stdlib_module_names - left_out)]


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in markdown(sys.argv[1:] or everything()))
