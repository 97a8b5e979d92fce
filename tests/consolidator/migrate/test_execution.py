"""The judge is CPython: a name has left its old home, and every way of coming to it still finds it.

The ways are in `tests/cases/ways.txt`. Each runs in a fresh process before and after; a way that answers
otherwise, or fails, must be among those that the migration listed as not touched.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from trees import tree_of, write_tree

from codemods.view import Options
from consolidator.adapters.apply import apply_changes
from consolidator.analysis.changes import Migration
from consolidator.analysis.deletion import plan_delete
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan
from consolidator.workflow.migrate import prepare

CASES = Path(__file__).parents[2] / "cases" / "ways.txt"
TITLE = re.compile(r"^=== (?P<listed>\? )?(?P<name>\w+)(?: @ (?P<path>\S+))?\n", re.M)


@dataclass(frozen=True)
class Way:
    path: str
    source: bytes
    may_be_listed: bool = False

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def read_ways() -> dict[str, Way]:
    text = CASES.read_text("utf-8")
    titles = list(TITLE.finditer(text))
    ends = [title.start() for title in titles[1:]] + [len(text)]
    return {
        title["name"]: Way(
            title["path"] or f"shop/way_{title['name']}.py",
            (text[title.end() : end].rstrip("\n") + "\n").encode(),
            bool(title["listed"]),
        )
        for title, end in zip(titles, ends, strict=True)
    }


BYTES = {
    "crlf": b"from shop.old import (\r\n    Thing,\r\n    Other,\r\n)\r\n"
    b"def found(): return Other and Thing\r\n",
    "crlf_several": b"from shop.old import Other, Thing\r\ndef found(): return Other and Thing\r\n",
    "no_newline": b"def found():\n    return Thing\nfrom shop.old import Thing",
    "no_newline_several": b"def found():\n    return Other and Thing\nfrom shop.old import Other, Thing",
    "bom": b"\xef\xbb\xbffrom shop.old import Thing\ndef found(): return Thing\n",
    "latin": b"# -*- coding: latin-1 -*-\nfrom shop.old import Thing  # caf\xe9\nX = '\xe9'\n"
    b"def found(): return Thing\n",
    "formfeed": b"\x0cfrom shop.old import Thing\n\x0c\ndef found(): return Thing\n",
}
WAYS = read_ways() | {name: Way(f"shop/way_{name}.py", source) for name, source in BYTES.items()}

PACKAGE = {
    "shop/__init__.py": """
        from .old import Thing as Thing
        from shop import rest
        __all__ = ['Thing', 'rest']
    """,
    "shop/rest.py": "VALUE = 1\n",
    "shop/sub/__init__.py": "",
    "shop/sub/low/__init__.py": "",
    "client/__init__.py": "",
    "nspace/deep/helper.py": "from shop.old import Thing\n",
    "shop/chain1.py": "from shop.old import Thing\n",
    "shop/chain2.py": "from .chain1 import Thing\nRenamed = Thing\n",
    "shop/chain3.py": "from shop.chain2 import Renamed as Final\n",
    "shop/chain4.py": "from shop.chain3 import *\n",
    "shop/chain5.py": "from . import old as o\n",
    "shop/chain6.py": "import shop.old\nmod = shop.old\n",
    "shop/stars.py": "from shop.old import *\n",
    "shop/starmod.py": "from .old import *\n",
    "shop/listed.py": "from .old import *\nfrom .old import __all__\n",
    "shop/allmod.py": "from .old import Thing, Other\n__all__ = [\n    'Thing',\n    'Other',\n]\n",
    "shop/user.py": "from shop.old import Thing\ndef use(): return Thing\n",
    "shop/user_mod.py": "from shop import old\ndef use(): return old.Thing\n",
    "shop/user_modr.py": "from shop import old\ndef use(): return old.Other and old.Thing\n",
    "shop/user_late.py": "def use():\n    from shop.old import Thing\n    return Thing\n",
    "shop/user_dotted.py": "import shop.old\ndef use(): return shop.old.Thing\n",
    "shop/lazy.py": """
        def __getattr__(name):
            if name == 'Thing':
                from shop.old import Thing
                return Thing
            raise AttributeError(name)
    """,
    "shop/lazy2.py": """
        import importlib
        _LAZY = {'Thing': 'shop.old', 'VALUE': 'shop.rest'}
        def __getattr__(name):
            if name in _LAZY:
                return getattr(importlib.import_module(_LAZY[name]), name)
            raise AttributeError(name)
    """,
}
THING = """
class {name}:
    TOKEN = 'thing'
    REG = {{}}
    @staticmethod
    def keep(value): return value
"""
OTHERS = """
class Other:
    TOKEN = 'other'
    WIDTH = 9
class Third: ...
class Err(Exception): ...
"""
JUDGE = """
import asyncio, dataclasses, doctest, importlib, inspect, json, logging.config, os, pkgutil, sys
import typing, unittest.mock, pytest
sys.path[:0] = json.loads(sys.argv[1])
sys.dont_write_bytecode = True
answers = {}
for name, module in json.loads(sys.argv[2]).items():
    read, write = os.pipe()
    if not os.fork():
        try:
            value = importlib.import_module(module).found()
            answer = str(getattr(value, "TOKEN", value))
        except BaseException as error:
            answer = repr(error)
        os.write(write, answer.encode()[:4000])
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        answers[name] = pipe.read().decode()
    os.wait()
print(json.dumps(answers))
"""


def answers(paths: list[Path], ways: dict[str, Way]) -> dict[str, str]:
    modules = json.dumps({name: way.module for name, way in ways.items()})
    places = json.dumps([str(path) for path in paths])
    command = [sys.executable, "-W", "ignore", "-c", JUDGE, places, modules]
    done = subprocess.run(command, cwd=paths[0], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def old_module(*names: str) -> str:
    exported = f"__all__ = {[*names, 'Other', 'Third', 'Err']!r}\n"
    return exported + "".join(THING.format(name=name) for name in names) + OTHERS


def write_project(root: Path) -> None:
    write_tree(root, {**PACKAGE, **{way.path: way.source for way in WAYS.values()}})
    write_tree(root, {"shop/old.py": old_module("Thing").encode()})


def helpers_of(source: str) -> set[str]:
    """The modules of the package that a source names."""
    stems = {path: path.rpartition("/")[2].removesuffix(".py") for path in PACKAGE}
    return {
        path
        for path, stem in stems.items()
        if stem not in ("__init__", "rest") and re.search(rf"\b{stem}\b", source)
    }


def migrated(root: Path, source: str, target: str, *options: str) -> Migration:
    plan = Plan(moves=(Move(source, target),))
    planner = partial(plan_imports, options=Options(**dict.fromkeys(options, True)))
    migration = prepare(tree_of(root), plan, planner)
    apply_changes(root, migration.changes)
    return migration


def check(
    before: dict[str, str], after: dict[str, str], ways: dict[str, Way], done: Migration
) -> None:
    """No way answers otherwise without having been listed, and only some may be."""
    assert not [name for name, answer in before.items() if "Error" in answer]
    wrong = {name for name in ways if after[name] != before[name]}
    listed = {omission.path for omission in done.omissions} | {"shop/way_lazy_dict.py"}
    assert "shop/lazy2.py" in listed or "lazy_dict" not in wrong
    assert {name: after[name] for name in wrong if ways[name].path not in listed} == {}
    assert {name: after[name] for name in wrong if not ways[name].may_be_listed} == {}


def left_in(root: Path, source: str, done: Migration) -> list[str]:
    """Lines that hold the old dotted name and are not listed."""
    listed = {(omission.path, omission.line) for omission in done.omissions}
    name = re.compile(rf"(?<![\w.]){re.escape(source)}(?!\w)".encode())
    return [
        f"{path.relative_to(root)}:{number}"
        for path in sorted(root.rglob("*.py"))
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if name.search(line) and (path.relative_to(root).as_posix(), number) not in listed
    ]


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.may_be_listed])
def test_what_is_listed_keeps_a_definition_from_being_deleted(name: str, tmp_path: Path) -> None:
    way = WAYS[name]
    helpers = {path: PACKAGE[path] for path in helpers_of(way.source.decode())}
    write_tree(tmp_path, {"shop/__init__.py": "", "shop/rest.py": "VALUE = 1\n", **helpers})
    write_tree(tmp_path, {way.path: way.source, "shop/old.py": old_module("Thing").encode()})
    write_tree(tmp_path, {"shop/new.py": THING.format(name="Thing").encode()})
    plan = Plan(moves=(Move("shop.old.Thing", "shop.new.Thing"),))
    assert plan_delete(tree_of(tmp_path), plan).changes == ()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("before")
    write_project(root)
    return answers([root], WAYS)


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("shop.new.Thing", []),
        ("shop.new.Fresh", ["rename_uses", "docs", "absolute"]),
        ("fresh.home.deep.Fresh", []),
        ("fresh.Thing", ["rename_uses"]),
    ],
)
def test_every_way_of_naming_a_class_finds_it_in_its_new_home(
    target: str, options: list[str], before: dict[str, str], tmp_path: Path
) -> None:
    module, _, name = target.rpartition(".")
    parts = module.split(".")
    write_tree(tmp_path, {"/".join(parts[:n]) + "/__init__.py": "" for n in range(1, len(parts))})
    write_project(tmp_path)
    write_tree(tmp_path, {f"{'/'.join(parts)}.py": THING.format(name=name).encode()})
    done = migrated(tmp_path, "shop.old.Thing", target, *options)
    write_tree(tmp_path, {"shop/old.py": old_module().encode()})
    check(before, answers([tmp_path], WAYS), WAYS, done)
    assert left_in(tmp_path, "shop.old.Thing", done) == []


def test_a_class_of_an_installed_package_is_found_without_being_looked_at(
    before: dict[str, str], tmp_path: Path
) -> None:
    root, library = tmp_path / "root", tmp_path / "library"
    write_project(root)
    write_tree(library, {"ext/__init__.py": "", "ext/lib.py": THING.format(name="Better").encode()})
    done = migrated(root, "shop.old.Thing", "ext.lib.Better")
    write_tree(root, {"shop/old.py": old_module().encode()})
    check(before, answers([root, library], WAYS), WAYS, done)


def test_a_name_that_changes_within_its_module_is_found(
    before: dict[str, str], tmp_path: Path
) -> None:
    write_project(tmp_path)
    write_tree(tmp_path, {"shop/old.py": old_module("Fresh", "Thing").encode()})
    done = migrated(tmp_path, "shop.old.Thing", "shop.old.Fresh")
    write_tree(tmp_path, {"shop/old.py": old_module("Fresh").encode()})
    check(before, answers([tmp_path], WAYS), WAYS, done)


@pytest.mark.parametrize("target", ["shop.new", "top"])
def test_a_module_that_moves_is_found(target: str, before: dict[str, str], tmp_path: Path) -> None:
    write_project(tmp_path)
    home = tmp_path / f"{target.replace('.', '/')}.py"
    home.parent.mkdir(exist_ok=True)
    shutil.copy(tmp_path / "shop/old.py", home)
    done = migrated(tmp_path, "shop.old", target)
    (tmp_path / "shop/old.py").unlink()
    check(before, answers([tmp_path], WAYS), WAYS, done)
    assert left_in(tmp_path, "shop.old", done) == ["shop/way_shadow_param.py:2"]


def test_a_package_that_moves_is_found_with_all_that_is_in_it(
    before: dict[str, str], tmp_path: Path
) -> None:
    write_project(tmp_path)
    shutil.copytree(tmp_path / "shop", tmp_path / "lib/store")
    done = migrated(tmp_path, "shop", "lib.store")
    shutil.rmtree(tmp_path / "shop")
    moved = {
        name: Way(re.sub("^shop/", "lib/store/", way.path), way.source, way.may_be_listed)
        for name, way in WAYS.items()
    }
    check(before, answers([tmp_path], moved), moved, done)
