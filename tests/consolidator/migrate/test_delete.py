"""Nothing goes that something still refers to; what nothing needs any more goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.adapters.apply import apply_changes
from consolidator.analysis.changes import Rewriting
from consolidator.analysis.deletion import HARMLESS, TEXT, plan_delete
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan

PLAN = Plan(moves=(Move("app.old.Thing", "new.home.Fresh"),))


def deletion(root: Path, plan: Plan = PLAN) -> Rewriting:
    return plan_delete(tree_of(root), plan)


def blockers(rewriting: Rewriting) -> list[str]:
    assert rewriting.changes == ()
    return [f"{o.path}:{o.line} {o.kind}" for o in rewriting.omissions]


def removed(rewriting: Rewriting) -> list[str]:
    return [change.path for change in rewriting.changes if change.after is None]


def test_an_import_blocks(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {"app/old.py": "class Thing: ...\n", "app/use.py": "x = 1\nfrom .old import Thing\n"},
    )
    assert blockers(deletion(tmp_path)) == ["app/use.py:2 import"]


def test_a_string_a_setting_and_a_patch_block(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/old.py": "class Thing: ...\n",
            "app/settings.py": "BACKEND = 'app.old.Thing'\n",
            "app/script.py": "CODE = '''\nfrom app.old import Thing\n'''\n",
            "tests/test_old.py": "from unittest.mock import patch\npatch('app.old.Thing')\n",
            "logging.json": '{"class": "app.old.Thing"}\n',
        },
    )
    assert blockers(deletion(tmp_path)) == [
        "app/script.py:2 text",
        "app/settings.py:1 string",
        "logging.json:1 config",
        "tests/test_old.py:2 patch",
    ]


def test_what_finds_a_class_by_its_name_blocks_where_the_name_changes(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/base.py": "R = {}\ndef reg(c):\n    R[c.__name__] = c\n",
            "app/old.py": "class Thing: ...\n",
            "app/use.py": "from app.base import R\nR['Thing']\n",
        },
    )
    assert blockers(deletion(tmp_path)) == ["app/use.py:2 text"]
    same = Plan(moves=(Move("app.old.Thing", "new.home.Thing"),))
    assert removed(deletion(tmp_path, same)) == ["app/old.py"]


def test_a_module_kept_on_an_object_a_joined_path_and_another_all_block(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "from app.old import *\nfrom app import old\n__all__ = [*old.__all__]\n",
            "app/old.py": "__all__ = ['Thing', 'Rest']\nclass Thing: ...\nclass Rest: ...\n",
            "app/use.py": "from app import old\nclass Keeper:\n    kept = old\n",
        },
    )
    found = blockers(deletion(tmp_path))
    assert found == [
        "app/__init__.py:3 attribute",
        "app/use.py:3 attribute",
    ]
    write_tree(tmp_path, {"app/__init__.py": "", "app/use.py": "P = ROOT / 'app' / 'old.py'\n"})
    module = Plan(moves=(Move("app.old", "new.home"),))
    assert blockers(deletion(tmp_path, module)) == ["app/use.py:1 text"]


def test_an_import_that_is_put_together_blocks_every_name_of_its_module(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/old.py": "class Thing: ...\nclass Rest: ...\n",
            "app/use.py": "from importlib import import_module\nimport_module(f'{APP}.old')\n",
        },
    )
    names = ("Thing", "Rest")
    both = Plan(moves=tuple(Move(f"app.old.{name}", f"new.home.{name}") for name in names))
    assert blockers(deletion(tmp_path, both)) == ["app/use.py:2 string"] * 2


def test_a_module_that_is_imported_for_its_effect_does_not_block_what_leaves_it(
    tmp_path: Path,
) -> None:
    write_tree(
        tmp_path,
        {
            "app/old.py": "class Thing: ...\nclass Rest: ...\n",
            "conftest.py": "pytest_plugins = ['app.old']\n",
        },
    )
    assert [change.path for change in deletion(tmp_path).changes] == ["app/old.py"]


def test_prose_comments_and_docstrings_do_not_block(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "class Thing: ...\n\n\ndef rest(): ...\n",
            "README.md": "See `app.old.Thing`.\n",
            "app/use.py": '"""Once app.old.Thing."""\n# from app.old import Thing\n',
        },
    )
    found = deletion(tmp_path)
    assert [c.path for c in found.changes] == ["app/old.py"]
    assert found.changes[0].after == b"def rest(): ...\n"


def test_a_text_below_an_attribute_documents_it_and_does_not_block(tmp_path: Path) -> None:
    documented = 'class Uses:\n    kind: str = ""\n    """The name of an app.old.Thing."""\n'
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n\n\ny = 1\n", "app/use.py": documented})
    assert deletion(tmp_path).omissions == ()


def test_a_module_that_its_package_exports_beside_the_name_does_not_block(tmp_path: Path) -> None:
    exporting = "from new.home import Fresh as Thing\n__all__ = ['old', 'Thing']\n"
    write_tree(
        tmp_path, {"app/__init__.py": exporting, "app/old.py": "class Thing: ...\n\n\ny = 1\n"}
    )
    assert deletion(tmp_path).omissions == ()


def test_documentation_that_was_built_does_not_block(tmp_path: Path) -> None:
    page = '<a href="#app.old.Thing">from app.old import Thing</a>\n'
    built = {"docs/searchindex.js": 'x={"app.old.Thing":1}\n', "docs/api/old.html": page}
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n", **built})
    assert removed(deletion(tmp_path)) == ["app/old.py"]
    listed = plan_imports(tree_of(tmp_path), PLAN).omissions
    assert {(o.path, o.kind) for o in listed} == {(path, "prose") for path in built}


def test_a_page_that_is_no_built_documentation_blocks(tmp_path: Path) -> None:
    page = '<%namespace module="app.old.Thing"/>\n'
    files = {"docs/objects.inv": "", "docs2/old.html": page, "pages/old.html": page}
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n", **files})
    assert blockers(deletion(tmp_path)) == ["docs2/old.html:1 file", "pages/old.html:1 file"]


def test_a_catalogue_of_translations_does_not_block(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "class Thing: ...\n",
            "app/de.po": '#: app/old.py:3\nmsgid "Hello"\nmsgstr "Hallo"\n',
        },
    )
    found = deletion(tmp_path)
    assert removed(found) == ["app/old.py"]
    assert found.omissions == ()


def test_what_a_project_is_called_does_not_block(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "shop/__init__.py": "def version(): ...\n\n\ny = 1\n",
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\n',
        },
    )
    assert deletion(tmp_path, Plan(moves=(Move("shop.version", "new.version"),))).omissions == ()


def test_the_key_of_an_entry_point_beside_its_group_does_not_block(tmp_path: Path) -> None:
    group = '[project.entry-points."app.old"]\nthing = "new.home:Fresh"\n'
    write_tree(tmp_path, {"app/old.py": "def thing(): ...\n\n\ny = 1\n", "pyproject.toml": group})
    assert (
        deletion(tmp_path, Plan(moves=(Move("app.old.thing", "new.home.Fresh"),))).omissions == ()
    )


def test_what_a_module_lists_as_its_own_is_no_lookup_by_name(tmp_path: Path) -> None:
    looks_up = "def reg(c):\n    R[c.__name__] = c\n"
    listed = "__all__ = ['R', 'Thing']\nR = {}\n\n\nclass Thing: ...\n\n\n"
    write_tree(tmp_path, {"app/old.py": f"{listed}{looks_up}"})
    found = deletion(tmp_path)
    assert [c.after for c in found.changes] == [
        f"__all__ = ['R']\nR = {{}}\n\n\n{looks_up}".encode()
    ]
    assert found.omissions == ()


def test_the_message_of_a_warning_about_any_name_of_a_package_does_not_block(
    tmp_path: Path,
) -> None:
    asking = "import warnings\n__all__ = ['old']\ndef __getattr__(name):\n    warnings.warn({})\n"
    said = asking.format('f"app.{name} is going"')
    write_tree(tmp_path, {"app/__init__.py": said, "app/old.py": "class Thing: ...\n"})
    plan = Plan(moves=(Move("app.old", "new.home"),))
    assert not [o for o in deletion(tmp_path, plan).omissions if "app." in o.text]


def test_the_message_of_an_exception_does_not_block(tmp_path: Path) -> None:
    """It is for people to read; what they read is listed by `migrate imports`."""
    asking = 'def ask(): raise ValueError("Hint: use an old.Thing, or app.old.Thing, object.")\n'
    write_tree(tmp_path, {"app/old.py": f"class Thing: ...\n\n\n{asking}"})
    found = deletion(tmp_path)
    assert [c.after for c in found.changes] == [asking.encode()]
    assert found.omissions == ()


def test_the_name_of_a_module_in_the_prose_of_an_f_string_does_not_block(tmp_path: Path) -> None:
    """`Thing` is said apart from it: the pair might be `{"Thing": "old"}`."""
    saying = 'def say(x, thing): return thing.Thing, f"the old one, {x}. Old. {x} old={x}"\n'
    saying += 'def place(x): return f"old{x}.dat", f"dat.{x}old"\n'
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n", "app/use.py": saying})
    assert deletion(tmp_path).omissions == ()


def test_the_name_of_a_module_that_an_f_string_joins_or_runs_blocks(tmp_path: Path) -> None:
    saying = [f'lambda x: f"{text}"' for text in ("{x}.old", "old.{x}", "old", "-m old {x}")]
    source = "def say(thing): return thing.Thing\n\n\n" + "\n".join(saying) + "\n"
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n", "app/use.py": source})
    assert blockers(deletion(tmp_path)) == [f"app/use.py:{line} string" for line in (4, 5, 6, 7)]


def test_names_in_longer_strings_can_be_waved_through(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/old.py": "class Thing: ...\n",
            "help.py": "TEXT = 'try: from app.old import Thing'\n",
        },
    )
    assert blockers(deletion(tmp_path)) == ["help.py:1 text"]
    found = plan_delete(tree_of(tmp_path), PLAN, harmless=HARMLESS | TEXT)
    assert removed(found) == ["app/old.py"]


def test_an_undecided_fix_blocks(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n"})
    found = plan_delete(tree_of(tmp_path), PLAN, lambda move: [f"{move.source} has a fix"])
    assert [o.why for o in found.omissions] == ["app.old.Thing has a fix"]
    assert found.changes == ()


def test_one_blocked_name_does_not_hold_back_the_others(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/old.py": "class Thing: ...\nclass Other: ...\n",
            "app/use.py": "from app.old import Other\n",
        },
    )
    plan = Plan(moves=(*PLAN.moves, Move("app.old.Other", "new.home.Other")))
    found = deletion(tmp_path, plan)
    assert [(c.path, c.after) for c in found.changes] == [("app/old.py", b"class Other: ...\n")]
    assert [o.why for o in found.omissions] == ["still refers to app.old.Other"]


def test_after_the_imports_moved_aliases_and_empty_files_go_too(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "from .old import Thing\n\n__all__ = ['Thing', 'rest']\nrest = 1\n",
            "app/old.py": "import os\n\n_made = None\n\n\nclass Thing:\n    x = os, _made\n",
            "app/alias.py": "from app.old import Thing\nRenamed = Thing\n",
            "app/stars.py": '"""All of them."""\nfrom app.alias import *\n',
            "app/use.py": "from app.stars import Renamed\nfrom app import rest\n",
            "tests/test_use.py": "from app.old import Thing\nThing()\n",
        },
    )
    apply_changes(tmp_path, plan_imports(tree_of(tmp_path), PLAN).changes)
    found = deletion(tmp_path)
    assert found.omissions == ()
    assert removed(found) == ["app/alias.py", "app/old.py", "app/stars.py"]
    apply_changes(tmp_path, found.changes)
    assert (tmp_path / "app/__init__.py").read_text() == "\n__all__ = ['rest']\nrest = 1\n"
    assert deletion(tmp_path) == Rewriting(())


def test_a_file_that_imports_other_things_too_is_no_alias_module(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/old.py": "class Thing: ...\n",
        "conftest.py": "from new.home import Fresh as Thing\nfrom app.fixtures import *\nimport os\n",
        "app/fixtures.py": "x = 1\n",
    }
    write_tree(tmp_path, files)
    assert [change.path for change in deletion(tmp_path).changes] == ["app/old.py"]


def test_a_definition_that_its_module_still_uses_gives_way_to_an_import(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"app/old.py": "class Thing:\n    pass\n\n\ndef build(): return Thing()\n"}
    )
    expected = b"from new.home import Fresh as Thing\n\n\ndef build(): return Thing()\n"
    assert deletion(tmp_path).changes[0].after == expected


def test_what_only_a_deleted_definition_refers_to_goes_in_the_same_run(tmp_path: Path) -> None:
    """Otherwise a second run would delete more, for which the first is refused."""
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "class Thing: ...\n\n\ny = 1\n",
            "app/user.py": "class User:\n    kind = 'app.old.Thing'\n\n\nz = 1\n",
        },
    )
    moves = (*PLAN.moves, Move("app.user.User", "new.home.User"))
    found = deletion(tmp_path, Plan(moves=moves))
    assert [(c.path, c.after) for c in found.changes] == [
        ("app/old.py", b"y = 1\n"),
        ("app/user.py", b"z = 1\n"),
    ]
    assert found.omissions == ()


def test_a_module_and_a_word_are_no_name_of_another_module(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "class Top: ...\n\n\nx = 1\n",
            "app/old.py": "class field: ...\n\n\ny = 1\n",
            "notes.yml": "module: app\ncase: a field\n",
        },
    )
    moves = Move("app.Top", "new.home.Top"), Move("app.old.field", "new.home.field")
    assert deletion(tmp_path, Plan(moves=moves)).omissions == ()


def test_lazy_submodules_do_not_hold_a_name_back_but_hold_a_module(tmp_path: Path) -> None:
    lazy = "from importlib import import_module\n\n\ndef __getattr__(name):\n"
    write_tree(
        tmp_path,
        {
            "app/__init__.py": f"{lazy}    return import_module('.' + name, __name__)\n",
            "app/old.py": "class Thing: ...\n\n\ny = 1\n",
        },
    )
    assert deletion(tmp_path).omissions == ()
    module = deletion(tmp_path, Plan(moves=(Move("app.old", "app.new"),)))
    assert blockers(module) == ["app/__init__.py:5 string"]


def test_the_name_of_a_logger_does_not_hold_a_definition_of_its_module_back(tmp_path: Path) -> None:
    saying = "from logging import getLogger\nlog = getLogger('app.old')\nlog.info('Thing')\n"
    write_tree(tmp_path, {"app/old.py": "class Thing: ...\n\n\ny = 1\n", "app/use.py": saying})
    assert deletion(tmp_path).omissions == ()


def test_a_package_with_anything_left_keeps_its_init(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/rest.py": "x = 1\n",
            "app/part/__init__.py": '"""A part."""\n',
            "app/part/old.py": "class Thing: ...\n",
            "app/part/data.json": "{}\n",
        },
    )
    plan = Plan(moves=(Move("app.part.old.Thing", "new.home.Fresh"),))
    assert removed(deletion(tmp_path, plan)) == ["app/part/old.py"]
    (tmp_path / "app/part/data.json").unlink()
    assert removed(deletion(tmp_path, plan)) == ["app/part/__init__.py", "app/part/old.py"]


def test_a_whole_module_goes_when_nothing_imports_it(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"app/__init__.py": "", "app/old.py": "value = 1\n", "app/rest.py": "x = 1\n"}
    )
    plan = Plan(moves=(Move("app.old", "new.home"),))
    assert removed(deletion(tmp_path, plan)) == ["app/old.py"]
    write_tree(tmp_path, {"app/use.py": "import app.old\n"})
    assert blockers(deletion(tmp_path, plan)) == ["app/use.py:1 import"]


def test_what_is_gone_already_is_no_mistake(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/old.py": "rest = 1\n"})
    assert deletion(tmp_path) == Rewriting(())


def test_a_passed_on_name_goes_though_old_and_new_name_are_the_same(tmp_path: Path) -> None:
    plan = Plan(moves=(Move("app.old.part.Thing", "app.new.Thing"),))
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "from app.new import Thing\n",
            "app/new.py": "class Thing: ...\n",
            "app/old/__init__.py": "from app.new import Thing\n__all__ = ['Thing']\nKEPT = 1\n",
            "app/old/part.py": "class Thing: ...\n",
            "app/old/alias.py": "from app.new import Thing\n",
        },
    )
    found = deletion(tmp_path, plan)
    assert removed(found) == ["app/old/alias.py", "app/old/part.py"]
    changed = {change.path: change.after for change in found.changes}
    assert changed["app/old/__init__.py"] == b"__all__ = []\nKEPT = 1\n"
    assert "app/__init__.py" not in changed


def test_what_keeps_an_emptied_file_is_listed(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/old.py": "import os\nclass Thing: ...\n",
            "pyproject.toml": '[x]\nrun = "app.old:main"\n',
        },
    )
    (omission,) = deletion(tmp_path).omissions
    assert (omission.path, omission.line, omission.kind) == ("pyproject.toml", 2, "config")
    assert "defines nothing any more" in omission.why


def test_scripts_and_notebooks_block_and_can_be_waved_through(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "class Thing: ...\n\n\ndef rest(): ...\n",
            "Dockerfile": 'CMD ["serve", "app.old:Thing"]\n',
            "run.sh": "python -c 'from app.old import Thing'\n",
            "use.ipynb": '{"source": ["from app.old import Thing"]}\n',
        },
    )
    assert blockers(deletion(tmp_path)) == [
        "Dockerfile:1 file",
        "run.sh:1 file",
        "use.ipynb:1 file",
    ]
    waved = plan_delete(tree_of(tmp_path), PLAN, harmless=HARMLESS | TEXT)
    assert [change.path for change in waved.changes] == ["app/old.py"]


def test_the_path_of_a_module_in_a_script_blocks(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/old.py": "X = 1\n", "Dockerfile": "COPY app/old.py /srv/\n"})
    moved = Plan(moves=(Move("app.old", "new.home"),))
    assert blockers(deletion(tmp_path, moved)) == ["Dockerfile:1 file"]


def test_a_name_that_a_function_binds_again_stays(tmp_path: Path) -> None:
    """An import in its place would be another name, and without one `+=` would find nothing."""
    write_tree(
        tmp_path,
        {"app/old.py": "COUNT = 0\n\n\ndef bump():\n    global COUNT\n    COUNT += 1\n"},
    )
    moved = Plan(moves=(Move("app.old.COUNT", "new.home.COUNT"),))
    assert blockers(deletion(tmp_path, moved)) == ["app/old.py:6 own-module"]


@pytest.mark.parametrize(
    "more", ["Thing = wrapped(Thing)", "Thing += 1", "if 1:\n    Thing: int = wrapped(Thing)"]
)
def test_a_name_that_its_module_makes_anew_stays(tmp_path: Path, more: str) -> None:
    """The new home need not do the same."""
    text = f"def wrapped(x): return x\nThing = 1\n{more}\n"
    write_tree(tmp_path, {"app/old.py": text})
    moved = Plan(moves=(Move("app.old.Thing", "new.home.Thing"),))
    (place,) = {omission.split(":")[1] for omission in blockers(deletion(tmp_path, moved))}
    assert place in ("3 own-module", "4 own-module")


@pytest.mark.parametrize("more", ["Thing = 2", "Other = Thing", "Thing.x = 1"])
def test_a_name_that_is_bound_twice_or_used_again_need_not_stay(tmp_path: Path, more: str) -> None:
    write_tree(tmp_path, {"app/old.py": f"Thing = 1\n{more}\n"})
    moved = Plan(moves=(Move("app.old.Thing", "new.home.Thing"),))
    assert [change.path for change in deletion(tmp_path, moved).changes] == ["app/old.py"]


def test_a_local_variable_of_the_same_name_keeps_nothing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/old.py": "COUNT = 0\n\n\ndef f():\n    COUNT = 1\n"})
    moved = Plan(moves=(Move("app.old.COUNT", "new.home.COUNT"),))
    assert [change.path for change in deletion(tmp_path, moved).changes] == ["app/old.py"]
