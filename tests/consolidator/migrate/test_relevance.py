"""Which files are parsed at all: leaving one out must never lose a reference."""

from pathlib import Path

import pytest

from consolidator.adapters.load import load_tree
from consolidator.analysis.references.candidates import find_candidates
from consolidator.analysis.references.relevance import can_refer
from consolidator.analysis.references.routes import Routes
from consolidator.plan import Move
from consolidator.tree.names import Resolver

_MOVES = (Move("shop.old.Thing", "shop.new.Thing"), Move("depot.gone", "depot.there"))


def _routes(root: Path, text: str) -> Routes:
    files = {
        "shop/__init__.py": "",
        "shop/old.py": "class Thing: ...\n\n\nclass Other: ...\n",
        "depot/__init__.py": "",
        "depot/gone.py": "x = 1\n",
        "shop/again.py": "from shop.old import Thing\n",
        "shop/other.py": "class Thing: ...\n",
        "shop/user.py": text,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    tree = load_tree(root, jobs=1, cache=False)
    routes = Routes(tree, Resolver(tree), _MOVES)
    find_candidates(routes)
    return routes


@pytest.mark.parametrize(
    "text",
    [
        "from shop.other import Thing\nThing()\n",
        "from shop import other\nother.Thing\n",
        "from shop.old import Other\nclass Thing: ...\n",
        "import elsewhere\nelsewhere.old.Thing()\nelsewhere.gone()\n",
        "def f(Thing): return Thing.x\n",
        "x = {'Thing': 'shop.other'}\n",
        "from shop.old import *\nOther\n",
        "patch('shop.old.Other')\nThing\n",
        "def old(): ...\nold()  # the old Thing\n",
    ],
)
def test_another_thing_of_the_same_name_is_not_looked_at(tmp_path: Path, text: str) -> None:
    assert not can_refer(_routes(tmp_path, text), "shop/user.py")


@pytest.mark.parametrize(
    "text",
    [
        "import shop\nshop . old . Thing\n",
        "import shop\n(shop.old).Thing\n",
        "import shop\nx = (shop\n     .old\n     .Thing)\n",
        "import shop\nx = (shop.old  # the home\n     .Thing)\n",
        "import shop\nx = (shop.old.  # the home\n     Thing)\n",
        "import shop.again as a\na.Thing\n",
        "from . import again\ngetattr(again, 'Thing')\n",
        "x = 'shop.old.' 'Thing'\n",
        "from importlib import import_module\nimport_module('shop.old').Thing\n",
        "from importlib import import_module\nm = import_module('.again', __package__)\nm.Thing\n",
        "from importlib import import_module\nm = import_module('shop.again')\nm.Thing\n",
        "def f():\n    from shop import old\n    return f'{old}.Thing'\n",
        "TABLE = {'Thing': 'shop.old'}\n",
        "# see shop.old.Thing\n",
        "CODE = 'from shop.old import Thing'\n",
        "from shop.old import *\nThing\n",
        "import depot\ndepot.gone.x\n",
        "patch('depot.gone.x')\n",
        "a = 1; from shop.old import Thing\n",
        "NAME = 'shop.old:Thing'\n",
        "from operator import attrgetter\nattrgetter('old.Thing')\n",
        "import shop.old\nvars(shop.old)['Thing']\n",
        "import shop.old\nshop.old.__dict__['Thing']\n",
        "def f(p): return __import__(f'{p}.old'), 'Thing'\n",
        "RUN = f'python -m old', 'Thing'\n",
    ],
)
def test_every_way_to_the_moved_thing_is_looked_at(tmp_path: Path, text: str) -> None:
    assert can_refer(_routes(tmp_path, text), "shop/user.py")


@pytest.mark.parametrize(
    ("after", "expected"),
    [("class Other: ...\n", False), ("Thing()\n", True), ("__all__ = ['Thing']\n", True)],
)
def test_a_defining_module_is_looked_at_where_it_says_the_name_outside_of_what_moves(
    tmp_path: Path, after: str, expected: bool
) -> None:
    _routes(tmp_path, "")
    text = f"class Thing:\n    def twin(self): return Thing()\n\n\n{after}"
    (tmp_path / "shop/old.py").write_text(text)
    tree = load_tree(tmp_path, jobs=1, cache=False)
    routes = Routes(tree, Resolver(tree), _MOVES)
    assert can_refer(routes, "shop/old.py") is expected
