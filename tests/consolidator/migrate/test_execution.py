"""The judge is CPython: the class has left its old home, and every way of naming it still finds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.adapters.apply import apply_changes
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan
from consolidator.workflow.migrate import prepare

WAYS = {
    "absolute": "from shop.old import Thing\ndef found(): return Thing",
    "alias": "from shop.old import Thing as T\ndef found(): return T",
    "several": "from shop.old import Other, Thing\ndef found(): return Thing if Other else None",
    "parenthesised": "from shop.old import (\n    Thing,\n    Other,\n)\ndef found(): return Thing",
    "backslash": "from shop.old import Other, \\\n    Thing\ndef found(): return Thing",
    "semicolons": "import os; from shop.old import Thing; x = 1\ndef found(): return Thing",
    "relative": "from .old import Thing\ndef found(): return Thing",
    "relative_module": "from . import old\ndef found(): return old.Thing",
    "relative_module_and_rest": "from . import old\ndef found(): return old.Other and old.Thing",
    "dotted": "import shop.old\ndef found(): return shop.old.Thing",
    "dotted_and_rest": "import shop.old\ndef found(): return shop.old.Other and shop.old.Thing",
    "module_alias": "import shop.old as m\ndef found(): return m.Thing",
    "module_alias_and_rest": "import shop.old as m\ndef found(): return m.Other and m.Thing",
    "module_from": "from shop import old as o\ndef found(): return o.Thing",
    "star": "from shop.old import *\ndef found(): return Thing",
    "star_and_rest": "from shop.old import *\ndef found(): return Other and Thing",
    "in_function": "def found():\n    from shop.old import Thing\n    return Thing",
    "in_function_dotted": "def found():\n    import shop.old\n    return shop.old.Thing",
    "fallback": (
        "try:\n    from shop.old import Thing\nexcept ImportError:\n    Thing = None\n"
        "def found(): return Thing"
    ),
    "condition": "if True: from shop.old import Thing\ndef found(): return Thing",
    "class_body": "class Holder:\n    from shop.old import Thing\ndef found(): return Holder.Thing",
    "type_checking": (
        "from typing import TYPE_CHECKING, get_type_hints\nimport shop.old\n"
        "if TYPE_CHECKING:\n    from shop.old import Thing\n"
        "def f(x: 'shop.old.Thing'): ...\ndef found(): return get_type_hints(f)['x']"
    ),
    "annotation": (
        "import typing\nfrom shop.old import Thing\ndef f(x: 'list[Thing]'): ...\n"
        "def found(): return typing.get_args(typing.get_type_hints(f)['x'])[0]"
    ),
    "re_export": "from shop import Thing\ndef found(): return Thing",
    "re_export_dotted": "import shop\ndef found(): return shop.Thing",
    "alias_module": "from shop.aliases import Renamed\ndef found(): return Renamed",
    "alias_star": "from shop.stars import Renamed\ndef found(): return Renamed",
    "subclass": "from shop.old import Thing\nclass Sub(Thing): ...\ndef found(): return Sub.__base__",
    "shadowed": (
        "import shop.old\ndef other(shop): return shop.old\ndef found():\n"
        "    class A: old = type('B', (), {'Thing': 1})\n"
        "    assert other(A).Thing == 1\n    return shop.old.Thing"
    ),
    "global_name": (
        "def load():\n    global Thing\n    from shop.old import Thing\n"
        "def found():\n    load()\n    return Thing"
    ),
    "import_module": (
        "import importlib\ndef found(): return importlib.import_module('shop.old').Thing"
    ),
    "import_module_name": (
        "import importlib\nm = importlib.import_module('shop.old')\ndef found(): return m.Thing"
    ),
    "dunder_import": ("def found(): return __import__('shop.old', fromlist=['Thing']).Thing"),
    "getattr": "from shop import old\ndef found(): return getattr(old, 'Thing')",
    "resolve_name": ("import pkgutil\ndef found(): return pkgutil.resolve_name('shop.old:Thing')"),
    "settings": (
        "import pkgutil\nBACKEND = 'shop.old.Thing'\ndef found(): return pkgutil.resolve_name(BACKEND)"
    ),
    "patched_string": (
        "from unittest.mock import patch, sentinel\nimport shop.old\ndef found():\n"
        "    before = shop.old.Thing\n    with patch('shop.old.Thing', sentinel.fake):\n"
        "        assert shop.old.Thing is sentinel.fake\n    return before"
    ),
    "patched_object": (
        "from unittest.mock import patch, sentinel\nfrom shop import old\ndef found():\n"
        "    before = old.Thing\n    with patch.object(old, 'Thing', sentinel.fake):\n"
        "        assert old.Thing is sentinel.fake\n    return before"
    ),
    "patched_importer": (
        "from unittest.mock import patch, sentinel\nimport shop.user\ndef found():\n"
        "    with patch('shop.user.Thing', sentinel.fake):\n"
        "        assert shop.user.use() is sentinel.fake\n    return shop.user.use()"
    ),
    "mock_spec": (
        "from unittest.mock import Mock\nfrom shop.old import Thing\n"
        "def found(): return Mock(spec=Thing).__class__"
    ),
    "comprehension": ("import shop.old\ndef found(): return [shop.old.Thing for shop_ in (1,)][0]"),
    "lambda_default": "import shop.old as m\ndef found(): return (lambda x=m.Thing: x)()",
    "walrus": "import shop.old as m\ndef found(): return (t := m.Thing)",
    "match": "from shop.old import Thing\ndef found():\n    match Thing():\n        case Thing(): return Thing",
    "decorator": "import shop.old\n@shop.old.Thing.keep\nclass C: ...\ndef found(): return shop.old.Thing",
    "deleted": "from shop.old import Thing\nkept = Thing\ndel Thing\ndef found(): return kept",
    "crlf": "from shop.old import (\r\n    Thing,\r\n    Other,\r\n)\r\ndef found(): return Thing\r\n",
}
PACKAGE = {
    "shop/__init__.py": "from .old import Thing as Thing\n",
    "shop/aliases.py": "from shop.old import Thing\nRenamed = Thing\n",
    "shop/stars.py": "from shop.aliases import *\n",
    "shop/user.py": "from shop.old import Thing\ndef use(): return Thing\n",
}
CLASS = "class {name}:\n    @staticmethod\n    def keep(value): return value\n"
OTHER = "class Other: ...\n"
JUDGE = """
import importlib, sys
wrong = []
new = getattr(importlib.import_module("{module}"), "{name}")
for way in sys.argv[1:]:
    try:
        found = importlib.import_module("shop.way_" + way).found()
    except Exception as error:
        found = repr(error)
    if found is not new:
        wrong.append((way, str(found)))
print(wrong)
"""


@pytest.mark.parametrize(
    "target", ["shop.new.Thing", "shop.new.Fresh", "fresh.home.deep.Thing", "fresh.Better"]
)
def test_every_way_of_naming_a_class_finds_it_in_its_new_home(target: str, tmp_path: Path) -> None:
    module, _, name = target.rpartition(".")
    parts = module.split(".")
    inside = {"/".join(parts[:cut]) + "/__init__.py": "" for cut in range(1, len(parts))}
    home = {f"{'/'.join(parts)}.py": CLASS.format(name=name)}
    ways = {f"shop/way_{way}.py": f"{source}\n".encode() for way, source in WAYS.items()}
    write_tree(tmp_path, {**inside, **home, **PACKAGE, **ways})
    write_tree(tmp_path, {"shop/old.py": CLASS.format(name="Thing") + OTHER})

    plan = Plan(moves=(Move("shop.old.Thing", target),))
    apply_changes(tmp_path, prepare(tree_of(tmp_path), plan, plan_imports).changes)
    write_tree(tmp_path, {"shop/old.py": OTHER})

    assert judged(tmp_path, module, name) == "[]"
    for path, source in ways.items():
        assert (b"\r\n" in source) == (b"\r\n" in (tmp_path / path).read_bytes())


def judged(root: Path, module: str, name: str) -> str:
    command = [sys.executable, "-c", JUDGE.format(module=module, name=name), *WAYS]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
