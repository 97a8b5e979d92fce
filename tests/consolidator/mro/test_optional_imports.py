"""Bases that hang on what is installed: certain only where that changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from orders import report_of
from trees import tree_of, write_tree

from consolidator.analysis.mro.report import ClassReport

ABSENT, PRESENT = "no_such_package", "msgspec"


def class_x(root: Path, files: dict[str, str | bytes]) -> ClassReport:
    report = report_of(tree_of(write_tree(root, files)), "app.x.X")
    return report.classes[0]


@pytest.mark.parametrize("package", [ABSENT, PRESENT])
def test_a_fallback_for_a_package_is_in_doubt_whether_or_not_it_is_here(
    package: str, tmp_path: Path
) -> None:
    text = f"""
        try:
            from {package} import Base
        except ImportError:
            class Base(dict): ...
        class X(Base): ...
    """
    found = class_x(tmp_path, {"app/__init__.py": "", "app/x.py": text})
    assert found.certainty != "exact"
    assert [reason.why for reason in found.reasons][:1] == [
        f"it hangs on whether {package!r} is installed"
    ]


def test_the_way_that_is_taken_here_comes_first(tmp_path: Path) -> None:
    text = f"""
        try:
            from {ABSENT} import Base
        except ImportError:
            class Base(dict): ...
        class X(Base): ...
    """
    found = class_x(tmp_path, {"app/__init__.py": "", "app/x.py": text})
    assert found.certainty == "partial"
    assert found.order[1:] == ("app.x.Base", "builtins.dict", "builtins.object")


@pytest.mark.parametrize(
    "fallback", ["Base = None", "raise", "from app.y import Base", "from app.again import Base"]
)
def test_a_fallback_that_can_not_change_the_order_leaves_it_certain(
    fallback: str, tmp_path: Path
) -> None:
    text = f"""
        try:
            import {ABSENT}
            from app.y import Base
        except ImportError:
            {fallback}
        class X(Base): ...
    """
    files: dict[str, str | bytes] = {
        "app/__init__.py": "",
        "app/x.py": text,
        "app/y.py": "class Base: ...\n",
        "app/again.py": "from app.y import Base as _B\nBase = _B\n",
    }
    found = class_x(tmp_path, files)
    assert (found.certainty, found.order[1]) == ("exact", "app.y.Base"), found.reasons


def test_a_package_that_is_none_where_it_is_absent_leaves_the_order_certain(tmp_path: Path) -> None:
    text = """
        try:
            import app.y as y
            import no_such_package
        except ImportError:
            y = None
        if y is not None:
            class X(y.Base): ...
    """
    files: dict[str, str | bytes] = {"app/__init__.py": "", "app/x.py": text}
    found = class_x(tmp_path, files | {"app/y.py": "class Base: ...\n"})
    assert (found.certainty, found.order[1]) == ("exact", "app.y.Base"), found.reasons


@pytest.mark.parametrize(
    "imports",
    [
        f"import {ABSENT}",
        "from app import deeper",
        f"try:\n    import {ABSENT}\nexcept ImportError as error:\n    raise ImportError('x') from error",
    ],
)
def test_a_module_of_the_project_that_needs_a_package_can_fail_as_well(
    imports: str, tmp_path: Path
) -> None:
    text = """
        try:
            from app.fast import Base
        except ImportError:
            class Base(dict): ...
        class X(Base): ...
    """
    files: dict[str, str | bytes] = {
        "app/__init__.py": "",
        "app/x.py": text,
        "app/deeper.py": f"import app.fast\nimport {ABSENT}.part\n",
        "app/fast.py": f"{imports}\nclass Base: ...\n",
    }
    found = class_x(tmp_path, files)
    assert (found.certainty, found.order[1]) == ("partial", "app.x.Base")


def test_a_package_that_the_file_needs_anyway_raises_no_doubt(tmp_path: Path) -> None:
    text = f"""
        import {PRESENT}
        try:
            from app.fast import Base
        except ImportError:
            class Base(dict): ...
        class X(Base): ...
    """
    files: dict[str, str | bytes] = {"app/__init__.py": "", "app/x.py": text}
    found = class_x(tmp_path, files | {"app/fast.py": f"import {PRESENT}\nclass Base: ...\n"})
    assert (found.certainty, found.order[1]) == ("exact", "app.fast.Base")
