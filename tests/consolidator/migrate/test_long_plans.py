"""A long plan asks no more of what a file says than a short one: steps of the interpreter, counted."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from consolidator.analysis.changes import FileChange, Rewriting
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan
from consolidator.tree.index import Tree
from tests.trees import tree_in_memory

_MOVES = 100
_CODE = '''
from lib_{k} import name_{k} as other_{k}
from shop.home_0 import Thing_0 as Thing_{k}_here

def f_{k}(a: "Model_{k}", b: "list[lib_{k}.Thing_0]" = None):
    """See :class:`lib_{k}.Thing_0` and lib_{k}.name."""
    patch("lib_{k}.Thing_0")
    patch("shop.home_0.Thing_0.part_{k}")
    monkeypatch.setattr("lib_{k}.thing", "value {k}")
    getattr(other_{k}, "name_{k}")
    getattr(other_{k}, a)
    importlib.import_module("app.part_{k}")
    sys.modules["lib_{k}"].part
    exec("from lib_{k} import Thing_0")
    registry = {{"key_{k}": "lib_{k}.Thing_0", "home_0": "word_{k}"}}
    text = f"{{a}}.lib_{k}.{{b}}", b"lib_{k}.raw", "Thing_0 %s {k}" % a, "".join(["lib_{k}.", a])
    (ROOT / "shop" / "file_{k}.py").open("shop/file_{k}.yaml")
    a.b.c_{k}.d(other_{k}.e.Thing_0, Thing_{k}_here.create(x=1))  # lib_{k}.Thing_0, said beside it
    if a.__class__.__name__ == "Class_{k}" or a.__module__ == "lib_{k}.home_0": ...
'''
_STRANGER = _CODE.replace("shop.home_0", "lib_{k}.home_0")
_SETTINGS = """
- class: lib_{k}.Thing_0
  module: lib_{k}.home_0
  name: Thing_0
  words: some words of prose, and a path, shop/file_{k}.py
"""


def _plan(moves: int, of: str) -> Plan:
    sources = (f"shop.home_{i}" + (f".Thing_{i}" if of == "classes" else "") for i in range(moves))
    return Plan(moves=tuple(Move(s, s.replace("shop", "store")) for s in sources))


def _tree(path: str, content: str) -> Tree:
    homes = {f"shop/home_{i}.py": f"class Thing_{i}: ...\n" for i in range(_MOVES)}
    texts = {"shop/__init__.py": "", **homes, path: content}
    return tree_in_memory({name: text.encode() for name, text in texts.items()})


def _steps(work: Callable[[], Any]) -> int:
    """Calls, lines and returns of Python code."""
    steps = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal steps
        steps += 1
        return count

    outer = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(outer)
    return steps


def _more(plan: Plan, path: str, part: str) -> int:
    """How many steps a file takes more that says twice as much: what is found out once for each plan or
    each file is in both."""
    counts = []
    for copies in (5, 10):
        content = "".join(part.format(k=k) for k in range(copies))
        tree = _tree(path, content)
        change = FileChange(path, content.encode(), content.encode(), {})
        needles = frozenset(move.source.rpartition(".")[2] for move in plan.moves)
        only = Rewriting((change,), (), needles)
        tree.prefetch()
        counts.append(_steps(lambda tree=tree, only=only: plan_imports(tree, plan, only)))
    return counts[1] - counts[0]


@pytest.mark.parametrize("of", ["classes", "modules"])
@pytest.mark.parametrize(
    ("path", "part"),
    [("app/user.py", _CODE), ("app/stranger.py", _STRANGER), ("app/settings.yaml", _SETTINGS)],
    ids=["code", "code that refers to nothing", "settings"],
)
def test_no_rule_asks_every_move_about_what_a_file_says(path: str, part: str, of: str) -> None:
    one, hundred = (_more(_plan(moves, of), path, part) for moves in (1, _MOVES))
    assert one > 0
    assert hundred <= 1.02 * one
