"""What a module goes on having of a deleted definition, and who patches it there."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.changes import Rewriting
from consolidator.analysis.deletion import plan_delete
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan

PLAN = Plan(moves=(Move("app.old.Thing", "new.home.Fresh"),))


def deletion(root: Path, plan: Plan = PLAN) -> Rewriting:
    return plan_delete(tree_of(root), plan)


def test_a_patch_of_a_name_that_its_module_goes_on_reading_is_listed_and_blocks_nothing(
    tmp_path: Path,
) -> None:
    """Nobody could rewrite it before the deletion, and with the import in place it stays right."""
    asking = "def ask(): return Thing()\n"
    patching = "from app import old\n\n\ndef test(): old.Thing = 1\n"
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": f"class Thing: ...\n\n\n{asking}",
            "tests/test_old.py": patching,
            "tests/test_ask.py": "def test(mocker): mocker.patch('app.old.Thing')\n",
        },
    )
    found = deletion(tmp_path)
    expected = f"from new.home import Fresh as Thing\n\n\n{asking}".encode()
    assert [(c.path, c.after) for c in found.changes] == [("app/old.py", expected)]
    assert [(o.path, o.line, o.kind) for o in found.omissions] == [
        ("tests/test_ask.py", 1, "patch"),
        ("tests/test_old.py", 4, "patch"),
    ]


def test_what_a_module_finds_among_its_own_names_by_text_stays_there_as_an_import(
    tmp_path: Path,
) -> None:
    asking = "def __getattr__(name): return globals()[f'_{name}']\n"
    write_tree(tmp_path, {"app/old.py": f"class _Thing: ...\n\n\nclass Other: ...\n\n\n{asking}"})
    moves = Move("app.old._Thing", "new.home.Fresh"), Move("app.old.Other", "new.home.Other")
    found = deletion(tmp_path, Plan(moves=moves))
    expected = f"from new.home import Fresh as _Thing\n\n\n{asking}".encode()
    assert [(c.path, c.after) for c in found.changes] == [("app/old.py", expected)]
    listed = plan_imports(tree_of(tmp_path), Plan(moves=moves)).omissions
    assert [(o.line, o.text, o.kind) for o in listed] == [
        (7, "globals()[f'_{name}']", "own-module")
    ]


def test_an_import_that_another_file_patches_stays_and_the_patch_is_listed(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "import io\nimport os\n\n\nclass Thing:\n    x = io, os\n\n\ny = 1\n",
            "tests/test_old.py": "def test(monkeypatch): monkeypatch.setattr('app.old.io', 1)\n",
        },
    )
    found = deletion(tmp_path)
    assert [c.after for c in found.changes] == [b"import io\n\n\ny = 1\n"]
    assert [(o.path, o.line, o.text) for o in found.omissions] == [
        ("tests/test_old.py", 1, "app.old.io")
    ]


def test_an_import_that_a_loop_or_a_parameter_patches_is_listed_too(tmp_path: Path) -> None:
    looping = "for name in ['io']:\n    setattr(old, name, None)\n"
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "import io\n\n\nclass Thing:\n    x = io\n\n\ny = 1\n",
            "tests/test_old.py": f"from app import old\n\n\n{looping}",
        },
    )
    found = deletion(tmp_path)
    assert [(o.path, o.line, o.text) for o in found.omissions] == [
        ("tests/test_old.py", 5, "app.old.io")
    ]


@pytest.mark.parametrize(
    "patch",
    [
        "@patch('app.old.io')",
        "@mock.patch(\n    target='app.old.io', autospec=True)",
        "patching('app.old.io')",
        "monkeypatch.setattr('app.old.io', 1)",
        "from app import old as o\no.io = None",
        "from app import old\nold.io = None",
        "import app.old\npatch.object(app.old, 'io')",
        "import app\napp.old.io = None",
        "import app as a\nmonkeypatch.setattr(a.old, 'io', None)",
        "import app.old as o\no.io = None",
    ],
)
def test_a_patch_of_what_both_the_moved_and_those_who_stay_read_is_listed(
    patch: str, tmp_path: Path
) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "import io\n\n\nclass Thing:\n    x = io\n\n\ny = io\n",
            "tests/test_old.py": f"{patch}\ndef test(): ...\n",
        },
    )
    found = deletion(tmp_path)
    assert [c.after for c in found.changes] == [b"import io\n\n\ny = io\n"]
    line = patch.count("\n") + 1
    assert [(o.path, o.line, o.text) for o in found.omissions] == [
        ("tests/test_old.py", line, "app.old.io")
    ]


@pytest.mark.parametrize(
    "use",
    [
        "patch('app.old.os')",
        "patch('app.old.io.open')",
        "patch.dict('app.old.io', {})",
        "dispatch('app.old.io')",
        "from app import old\nprint(old.io == 1)",
        "from app import other as old\nold.io = None",
    ],
)
def test_what_replaces_nothing_that_the_moved_read_is_not_listed(use: str, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/other.py": "",
            "app/old.py": "import io, os\n\n\nclass Thing:\n    x = io\n\n\ny = io, os\n",
            "tests/test_old.py": f"{use}\n",
        },
    )
    assert deletion(tmp_path).omissions == ()


def test_a_word_in_a_file_that_has_the_module_is_no_patch(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "from app.old import *\n",
            "app/old.py": "import io\n__all__ = ['y']\n\n\nclass Thing:\n    x = io\n\n\ny = 1\n",
            "app/use.py": "from app import old\n\nKINDS = ['io', 'db']\nprint(old.y)\n",
        },
    )
    assert deletion(tmp_path).omissions == ()


def test_a_star_brings_what_its_module_exports_and_keeps_no_other_import(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "from app.old import *\n",
            "app/old.py": "import io\n__all__ = ['y']\n\n\nclass Thing:\n    x = io\n\n\ny = 1\n",
        },
    )
    found = deletion(tmp_path)
    assert [c.after for c in found.changes] == [b"__all__ = ['y']\n\n\ny = 1\n"]
    assert found.omissions == ()


def test_a_patched_import_is_listed_also_where_it_may_be_found_by_text(tmp_path: Path) -> None:
    asking = "def __getattr__(name): return globals()[f'_{name}']\n"
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": f"import io as _io\n\n\nclass Thing:\n    x = _io\n\n\n{asking}",
            "tests/test_old.py": "def test(monkeypatch): monkeypatch.setattr('app.old._io', 1)\n",
        },
    )
    found = deletion(tmp_path)
    assert [c.after for c in found.changes] == [f"import io as _io\n\n\n{asking}".encode()]
    assert [(o.path, o.line, o.text) for o in found.omissions] == [
        ("tests/test_old.py", 1, "app.old._io")
    ]
