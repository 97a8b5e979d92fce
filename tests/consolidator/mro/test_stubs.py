"""Classes of machine code are known from stubs, marked so, and never certain."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.adapters.environment import environment_of
from consolidator.analysis.mro.report import ClassReport, Hierarchy, Selection, report
from consolidator.analysis.mro.world import Target
from consolidator.tree.stdlib.table import load_standard_library

STUB = "class Meta(type): ...\nclass Base(dict[str, int], metaclass=Meta): ...\n"


def class_x(root: Path, text: str, installed: dict[str, str | bytes]) -> ClassReport:
    site = write_tree(root / "site", installed)
    project = write_tree(root / "project", {"app.py": text})
    where = environment_of(project, site_packages=[site], cache=False)
    standard = load_standard_library(where.version)
    hierarchy = Hierarchy(tree_of(project), where, standard, Target(where.version))
    return report(hierarchy, Selection(("app.X",))).classes[0]


@pytest.mark.parametrize(
    "installed",
    [
        {"fast/__init__.py": "", "fast/_core.so": b"", "fast/_core.pyi": STUB},
        {"fast/__init__.py": "", "fast/_core.so": b"", "fast-stubs/_core.pyi": STUB},
    ],
    ids=["beside the code", "in a package of stubs"],
)
def test_a_base_of_machine_code_is_taken_from_its_stub(
    installed: dict[str, str | bytes], tmp_path: Path
) -> None:
    found = class_x(tmp_path, "from fast._core import Base\nclass X(Base): ...\n", installed)
    assert found.order == ("app.X", "fast._core.Base", "builtins.dict", "builtins.object")
    assert found.provenance["fast._core.Base"] == "stub"
    assert found.certainty == "partial"
    assert found.reasons[0].why.endswith("known only from a stub, as type checkers see it")


def test_a_top_level_module_of_machine_code_has_a_stub_as_well(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"fast.so": b"", "fast-stubs/__init__.pyi": STUB}
    found = class_x(tmp_path, "import fast\nclass X(fast.Base): ...\n", files)
    assert (found.certainty, found.order[1]) == ("partial", "fast.Base")


def test_a_name_that_a_stub_leaves_out_may_still_be_there(tmp_path: Path) -> None:
    text = """\
try:
    from fast._core import Hidden as Base
except ImportError:
    Base = object
class X(Base): ...
"""
    files: dict[str, str | bytes] = {
        "fast/__init__.py": "",
        "fast/_core.so": b"",
        "fast/_core.pyi": STUB,
    }
    assert class_x(tmp_path, text, files).certainty != "exact"
