"""Names that are bound behind a reader's back are never certain, and the reason names the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from orders import report_of
from trees import tree_of, write_tree

HEAD = "class A: ...\nclass Base: ...\n"
INSIDE = {
    "globals": 'globals()["Base"] = A\n',
    "exec": 'exec("Base = A")\n',
    "code that is made": "exec(CODE)\n",
    "an update": "globals().update(MORE)\n",
    "a global in a function": "def f():\n    global Base\n    Base = A\nf()\n",
    "a class that a function makes global": "def f():\n    global Base\n    class Base(A): ...\nf()\n",
    "an exception midway": "try:\n    Base = A\n    g()\n    Base = dict\nexcept E: pass\n",
}
HARMLESS = {
    "another name": 'globals()["Other"] = A\n',
    "the members of an enumeration": "globals().update(Color.__members__)\n",
    "a call on something else": 'self.globals()["Base"] = A\n',
}


@pytest.mark.parametrize("code", HARMLESS)
def test_what_leaves_a_name_alone_leaves_it_certain(code: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"m.py": f"{HEAD}{HARMLESS[code]}class X(Base): ...\n".encode()})
    entry = report_of(tree_of(tmp_path), "m.X").classes[0]
    assert (entry.certainty, entry.order[1]) == ("exact", "m.Base"), entry.reasons


@pytest.mark.parametrize("code", INSIDE)
def test_a_name_that_code_may_set_unseen_is_in_doubt(code: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"m.py": f"{HEAD}{INSIDE[code]}class X(Base): ...\n".encode()})
    entry = report_of(tree_of(tmp_path), "m.X").classes[0]
    assert entry.certainty != "exact"
    assert entry.reasons


@pytest.mark.parametrize(
    "code",
    [
        "import m\nm.Base = dict\n",
        "import m\nm.Other, m.Base = int, dict\n",
        "import m\nm.Base, m.Other = dict, int\n",
        "import m\nsetattr(m, 'Base', dict)\n",
        "def patch():\n    from pkg import m as target\n    target.Base: type = dict\n",
    ],
)
def test_a_name_that_another_module_replaces_is_in_doubt(code: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "m.py": HEAD,
        "pkg/__init__.py": "import m\n",
        "patch.py": code,
        "use.py": "import m\nclass X(m.Base): ...\nclass Y(m.A): ...\n",
    }
    report = report_of(tree_of(write_tree(tmp_path, files)), "use.*")
    found = {entry.qualname: entry for entry in report.classes}
    assert found["use.Y"].certainty == "exact"
    assert found["use.X"].certainty == "partial"
    assert "is replaced in patch.py:" in found["use.X"].reasons[0].why
