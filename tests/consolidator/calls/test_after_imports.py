"""Calls after `migrate imports` become exactly what they become before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from call_cases import LEGACY, NEW, PLAN, plan_of
from trees import tree_of, write_tree

from codemods.view import Options
from consolidator.adapters.apply import apply_changes
from consolidator.analysis.call_sites import plan_calls
from consolidator.analysis.references.rewrite import plan_imports

TWO = """
    class First:
        def __init__(self, who, run): ...
        def told(self, tool, agent): ...
    class Second:
        def __init__(self, run, who): ...
        def told(self, agent, tool): ...
    def first() -> First: ...
"""
ONE = """
    class One:
        def __init__(self, *, who, run): ...
        def told(self, agent, tool): ...
    def first() -> One: ...
"""
TWO_ONTO_ONE = f"""{PLAN}
    [[move]]
    from = "app.two.First"
    to = "app.one.One"
    [[move]]
    from = "app.two.Second"
    to = "app.one.One"
    [[move]]
    from = "app.two.first"
    to = "app.one.first"
"""
CASES = {
    "a dotted constructor": "import app.two\napp.two.First(a, b)\napp.two.Second(a, b)\n",
    "a dotted constructor of an aliased module": "import app.two as t\nt.First(a, b)\n",
    "two classes that become one": (
        "from app.two import First, Second\nFirst(a, b).told(1, 2)\nSecond(a, b).told(1, 2)\n"
    ),
    "annotations": (
        "from app.two import First, Second\n"
        "def f(x: First, y: 'list[Second]'):\n    x.told(1, 2)\n    y[0].told(1, 2)\n"
    ),
    "factories": "from app.two import first\ndef made(): return first()\nmade().told(1, 2)\n",
    "subclasses": (
        "from app.two import First\nclass Own(First):\n    def go(self): self.told(1, 2)\n"
        "Own(a, b).told(1, 2)\n"
    ),
    "a subclass of a dotted class": (
        "import app.two\nclass Own(app.two.First):\n    def go(self): super().told(1, 2)\n"
    ),
    "attributes": (
        "import app.two\nclass Holder:\n    def __init__(self): self.first = app.two.First(a, b)\n"
        "    def go(self): self.first.told(1, 2)\n"
    ),
    "nested dotted calls": (
        "import app.legacy, app.two\n"
        "app.legacy.Emitter('u', app.legacy.get_manager())\napp.two.First(app.two.first(), 2)\n"
    ),
    "strings": (
        "from unittest.mock import patch\nfrom app.legacy import Manager\n"
        "getattr(Manager, 'send')\npatch.object(Manager, 'count')\n"
        "patch('app.legacy.Manager.count')\n"
    ),
    "a lazy import": (
        "def f():\n    from app.legacy import Manager\n    import app.two\n"
        "    app.two.First(a, b)\n    return Manager().active\n"
    ),
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES.keys())
def test_the_order_of_the_two_does_not_matter(tmp_path: Path, body: str) -> None:
    files = {
        "app/__init__.py": "",
        "app/legacy.py": LEGACY,
        "app/new.py": NEW,
        "app/two.py": TWO,
        "app/one.py": ONE,
        "app/use.py": body,
    }
    plan = plan_of(TWO_ONTO_ONE)
    calls_first = write_tree(tmp_path / "a", files)
    adapted = plan_calls(tree_of(calls_first), plan)
    apply_changes(calls_first, adapted.changes)
    apply_changes(
        calls_first, plan_imports(tree_of(calls_first), plan, None, options=Options()).changes
    )

    imports_first = write_tree(tmp_path / "b", files)
    moved = plan_imports(tree_of(imports_first), plan, None, options=Options()).changes
    apply_changes(imports_first, moved)
    after = plan_calls(tree_of(imports_first), plan, last_migration=moved)
    apply_changes(imports_first, after.changes)

    assert (imports_first / "app/use.py").read_text() == (calls_first / "app/use.py").read_text()
    assert [o.kind for o in after.omissions] == [o.kind for o in adapted.omissions]


def test_a_file_that_was_edited_since_is_read_as_it_is(tmp_path: Path) -> None:
    files = {"app/__init__.py": "", "app/two.py": TWO, "app/one.py": ONE}
    root = write_tree(tmp_path, {**files, "app/use.py": "import app.two\napp.two.First(a, b)\n"})
    plan = plan_of(TWO_ONTO_ONE)
    moved = plan_imports(tree_of(root), plan, None, options=Options()).changes
    apply_changes(root, moved)
    use = root / "app/use.py"
    use.write_text(use.read_text() + "app.one.One(run=1, who=2)\n")
    found = plan_calls(tree_of(root), plan, last_migration=moved)
    assert found.changes == ()
    assert [o.kind for o in found.omissions] == ["ambiguous"]
