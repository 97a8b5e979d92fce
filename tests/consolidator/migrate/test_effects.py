"""A module that is imported only to have it run: what leaves it and registers itself is listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan

PLAN = Plan(moves=(Move("app.old.Thing", "new.home.Thing"),))
BASES = """from enum import Enum
import dataclasses

KNOWN = []
def register(thing):
    KNOWN.append(thing)
    return thing
class Meta(type): ...
class Plugin:
    def __init_subclass__(cls, **kw): KNOWN.append(cls)
class Below(Plugin): ...
class Plain: ...
"""
REGISTERED = "from app.base import *\nfrom app import base\n@register\nclass Thing: ...\n"


def listed(root: Path, old: str, using: str = "import app.old\n", home: str = "") -> list[str]:
    files = {"app/__init__.py": "", "app/base.py": BASES, "app/old.py": old, "run.py": using}
    write_tree(root, files | {"new/__init__.py": "", "new/home.py": home or old})
    found = plan_imports(tree_of(root), PLAN)
    return [f"{o.path}:{o.line} {o.why}" for o in found.omissions if o.kind == "effect"]


QUIET = {
    "a plain class": "class Thing: ...\n",
    "a base that hears of nothing": "from app.base import Plain\nclass Thing(Plain): ...\n",
    "a base of the standard library": "from enum import Enum\nclass Thing(Enum): A = 1\n",
    "an exception": "class Thing(Exception): ...\n",
    "a decorator that tells nobody": "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Thing: ...\n",
    "a function": "def Thing(): ...\n",
    "a call that stays": "from app.base import register\nclass Thing: ...\nregister(Thing)\n",
    "a neighbour registers": f"{REGISTERED.replace('Thing', 'Other')}class Thing: ...\n",
}


@pytest.mark.parametrize("old", QUIET.values(), ids=QUIET.keys())
def test_what_registers_nothing_is_not_listed(old: str, tmp_path: Path) -> None:
    assert listed(tmp_path, old) == []


HEARD = {
    "import app.old\nprint(app.old.Rest)\n",
    "from app import old\nold.Rest\n",
    "import app.old as old\ndef f(): return old.Rest\n",
    "from app import old\n__all__ = ['old']\n",
    "import app.old\nfrom app.old import Thing\n",
    "import app.old\nimport new.home\n",
    "import app.base\n",
    "from app.old import Rest\n",
}


@pytest.mark.parametrize("using", sorted(HEARD))
def test_an_import_that_is_used_or_beside_one_of_the_new_home_is_not_listed(
    using: str, tmp_path: Path
) -> None:
    assert listed(tmp_path, f"{REGISTERED}Rest = 1\n", using) == []


def test_nothing_is_listed_where_the_old_module_runs_the_new_home(tmp_path: Path) -> None:
    home = REGISTERED + "Helper = 1\n"
    old = f"{REGISTERED}from new.home import Helper\n"
    assert listed(tmp_path, old, home=home) == []
    assert listed(tmp_path, "from new.home import Thing\n", home=home) == []


REGISTER = {
    "is decorated with register": REGISTERED,
    "is decorated with app.task": "app = 1\n@app.task(bind=True)\ndef Thing(): ...\n",
    "is told to Plugin": "from app.base import Plugin\nclass Thing(Plugin): ...\n",
    "is told to base.Below": "from app import base\nclass Thing(base.Below): ...\n",
    "is told to Meta": "from app.base import Meta\nclass Thing(metaclass=Meta): ...\n",
    "is told to models.Model": "from django.db import models\nclass Thing(models.Model): ...\n",
}


@pytest.mark.parametrize("how", REGISTER)
def test_what_registers_itself_is_listed_where_its_module_is_imported_for_that(
    how: str, tmp_path: Path
) -> None:
    why = f"may be there for what it runs: app.old.Thing {how}, which new.home does from now on"
    assert listed(tmp_path, REGISTER[how]) == [f"run.py:1 {why}"]


@pytest.mark.parametrize(
    "using",
    [
        "from app import old  # noqa: F401\n",
        "import app.old as _\n",
        "import app.old, app.base\nprint(app.base)\n",
        "class Ready:\n    def ready(self):\n        import app.old\n",
        "try:\n    import app.old\nexcept ImportError:\n    pass\n",
    ],
)
def test_every_way_of_such_an_import_is_seen(using: str, tmp_path: Path) -> None:
    assert len(listed(tmp_path, REGISTERED, using)) == 1


def test_a_package_that_runs_its_modules_is_seen(tmp_path: Path) -> None:
    files = {"app/__init__.py": "from . import old\n", "app/base.py": BASES}
    write_tree(tmp_path, files | {"app/old.py": REGISTERED, "new/home.py": REGISTERED})
    found = plan_imports(tree_of(tmp_path), PLAN).omissions
    assert [(o.path, o.line, o.kind) for o in found] == [("app/__init__.py", 1, "effect")]


def test_it_is_still_seen_once_the_definition_was_moved_by_hand(tmp_path: Path) -> None:
    home = "from app.base import KNOWN\nclass Thing: ...\nKNOWN.append(Thing)\n"
    why = "app.old.Thing is handed to a call beside it, which new.home does from now on"
    assert listed(tmp_path, "Rest = 1\n", home=home) == [
        f"run.py:1 may be there for what it runs: {why}"
    ]
