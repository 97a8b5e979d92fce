"""What names mean across files."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.tree.names import Resolver

FILES: dict[str, str | bytes] = {
    "app/__init__.py": "from .core import Manager as Boss\nfrom .shapes import *\n",
    "app/core.py": """
        class Manager:
            class Inner: ...
        Alias = Manager
        Chain = Alias
    """,
    "app/shapes/__init__.py": "from ._impl import *\n",
    "app/shapes/_impl.py": "__all__ = ['Round']\nclass Round: ...\nclass Square: ...\n",
    "app/ring_a.py": "from app.ring_b import thing\n",
    "app/ring_b.py": "from app.ring_a import thing\n",
    "app/guarded.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from app.shapes import Round as Thing
        try:
            from fast import Thing
        except ImportError:
            from app.core import Manager as Thing
    """,
    "app/lazy.py": "def __getattr__(name): ...\n",
    "app/logging.py": "import logging\nclass Handler(logging.Handler): ...\n",
    "app/celery.py": "from celery import Celery\nclass App(Celery): ...\n",
    "app/tasks.py": "from celery import Task\n",
    "tests/helpers.py": "class Fake: ...\n",
    "tests/deep/test_x.py": "from helpers import Fake\n",
}


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tree_of(write_tree(tmp_path, FILES)))


@pytest.mark.parametrize(
    ("dotted", "meaning"),
    [
        ("app.Boss", "app.core.Manager"),
        ("app.core.Chain", "app.core.Manager"),
        ("app.core.Chain.Inner", "app.core.Manager.Inner"),
        ("app.Round", "app.shapes._impl.Round"),
        ("app.shapes", "app.shapes"),
        ("os.path.join", "os.path.join"),
    ],
)
def test_a_dotted_name_means_its_definition(resolver: Resolver, dotted: str, meaning: str) -> None:
    found = resolver.absolute(dotted).exact
    assert found is not None
    assert found.dotted == meaning


@pytest.mark.parametrize(
    "dotted", ["app.Square", "app.ring_a.thing", "app.lazy.anything", "app.nothing", "app.core.no"]
)
def test_what_has_no_answer_has_a_reason(resolver: Resolver, dotted: str) -> None:
    found = resolver.absolute(dotted)
    assert found.exact is None
    assert found.reasons


@pytest.mark.parametrize(
    "package",
    [
        "from .fast import fast\n",  # an extension that is not built
        "from pkg.fast import fast\n",
        "import pkg.fast as fast\n",
        "from pkg.fast import other as fast\nfrom pkg.other import fast as other\n",
        "_LAZY = {'fast': '.fast'}\ndef __getattr__(name):\n    import importlib\n"
        "    if name in _LAZY:\n        return importlib.import_module(_LAZY[name], __name__)\n"
        "    raise AttributeError(name)\n",
    ],
)
def test_a_package_that_imports_a_missing_module_by_its_own_name_has_an_answer(
    package: str, tmp_path: Path
) -> None:
    write_tree(tmp_path, {"pkg/__init__.py": package})
    resolver = Resolver(tree_of(tmp_path))
    found = resolver.absolute("pkg.fast"), resolver.lookup("pkg/__init__.py", "fast")
    assert all(not answer.definitions and answer.reasons for answer in found)


def test_a_guarded_import_has_both_meanings_and_not_the_type_checkers(resolver: Resolver) -> None:
    found = resolver.lookup("app/guarded.py", "Thing")
    assert {d.dotted for d in found.definitions} == {"fast.Thing", "app.core.Manager"}


def test_a_test_folder_finds_its_neighbours_by_bare_name(resolver: Resolver) -> None:
    found = resolver.lookup("tests/deep/test_x.py", "Fake").exact
    assert found is not None
    assert found.path == "tests/helpers.py"


def test_a_module_named_like_the_standard_librarys_does_not_hide_it(resolver: Resolver) -> None:
    found = resolver.expression("app/logging.py", "logging.Handler").exact
    assert found is not None
    assert (found.kind, found.dotted) == ("external", "logging.Handler")


@pytest.mark.parametrize(("path", "name"), [("app/celery.py", "Celery"), ("app/tasks.py", "Task")])
def test_a_module_that_imports_its_own_name_is_named_after_a_library(
    resolver: Resolver, path: str, name: str
) -> None:
    found = resolver.lookup(path, name).exact
    assert found is not None
    assert (found.kind, found.dotted) == ("external", f"celery.{name}")
