"""What a test's parameter is: the nearest fixture of its name, by the rules of pytest, or nothing known."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.flow.inference import Flow
from consolidator.analysis.flow.values import NONE
from consolidator.analysis.flow.world import World

CONFTEST = """
import pytest
from app.manager import Manager, Other

@pytest.fixture
def wired():
    return Manager()

@pytest.fixture(name="told")
def make(wired):
    yield wired

@pytest.fixture
def nothing():
    return object()
"""
HEAD = "import pytest\nfrom app.manager import Manager, Other\n"


def receiver(tmp_path: Path, body: str, extra: dict[str, str]) -> str:
    """The class of what `.send` is called on in `tests/unit/test_it.py`; empty where it is not known."""
    files = {
        "app/__init__.py": "",
        "app/manager.py": "class Manager: ...\nclass Other: ...\n",
        "tests/conftest.py": CONFTEST,
        "tests/unit/test_it.py": HEAD + body,
    }
    flow = Flow(World(tree_of(write_tree(tmp_path, files | extra)))).file("tests/unit/test_it.py")
    assert flow is not None
    (use,) = [n for n in ast.walk(flow.syntax) if isinstance(n, ast.Attribute) and n.attr == "send"]
    values = {(value.kind, value.name) for value in flow.of(use.value) - {NONE}}
    kind, name = values.pop() if len(values) == 1 else ("", "")
    return name.rpartition(".")[2] if kind == "instance" else ""


NEARER = "@pytest.fixture\ndef wired():\n    return {}\n"
TEST = "def test_it(wired):\n    wired.send()\n"
UNKNOWN = {
    "no test": ("def helper(wired):\n    wired.send()\n", {}),
    "a fixture of the file that gives another thing": (NEARER.format("object()") + TEST, {}),
    "one of a nearer conftest": (
        TEST,
        {"tests/unit/conftest.py": HEAD + NEARER.format("object()")},
    ),
    "one that the file imports": (
        f"from tests.more import *\n{TEST}",
        {"tests/more.py": HEAD + NEARER.format("object()")},
    ),
    "one that a star of another package may bring": (f"from plugin import *\n{TEST}", {}),
    "one of two under a condition": (
        f"if x:\n    from tests.more import wired\nelse:\n    from tests.other import wired\n{TEST}",
        {
            "tests/more.py": HEAD + NEARER.format("object()"),
            "tests/other.py": HEAD + NEARER.format("Manager()"),
        },
    ),
    "values of its own": (f"@pytest.mark.parametrize('a, wired', [(1, 2)])\n{TEST}", {}),
    "values of a list of names": (f"@pytest.mark.parametrize(['wired'], [(1,)])\n{TEST}", {}),
    "values of names that can't be read": (f"@pytest.mark.parametrize(NAMES, [(1,)])\n{TEST}", {}),
    "values beside one that is indirect": (
        f"@pytest.mark.parametrize('a, wired', [(1, 2)], indirect=['a'])\n{TEST}",
        {},
    ),
    "values that the file is marked with": (
        f"pytestmark = [pytest.mark.slow, pytest.mark.parametrize('wired', [1])]\n{TEST}",
        {},
    ),
    "values that its class is marked with": (
        "@pytest.mark.parametrize('wired', [1])\nclass TestIt:\n"
        "    def test_it(self, wired):\n        wired.send()\n",
        {},
    ),
    "a fixture of its class": (
        "class TestIt:\n    @pytest.fixture\n    def wired(self):\n        return object()\n"
        "    def test_it(self, wired):\n        wired.send()\n",
        {},
    ),
    "a fixture of a base of its class": (
        "class Base:\n    @pytest.fixture\n    def wired(self):\n        return object()\n"
        "class TestIt(Base):\n    def test_it(self, wired):\n        wired.send()\n",
        {},
    ),
    "a function that makes a fixture of another name": (
        "def test_it(make):\n    make.send()\n",
        {},
    ),
    "a fixture of another class": (
        "class Rest:\n    @pytest.fixture\n    def own(self):\n        return Manager()\n"
        "def test_it(own):\n    own.send()\n",
        {},
    ),
}


@pytest.mark.parametrize(("body", "extra"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_nothing_is_known_of(body: str, extra: dict[str, str], tmp_path: Path) -> None:
    assert receiver(tmp_path, body, extra) == ""


OTHER = NEARER.format("Other()")
KNOWN = {
    "the fixture of a conftest above": (TEST, {}, "Manager"),
    "the fixture of a conftest on the same line as the test": (
        TEST,
        {
            "tests/unit/conftest.py": f"{HEAD}\n{OTHER}".replace("\n\n@", "\n@"),
            "tests/conftest.py": CONFTEST,
        },
        "Other",
    ),
    "a fixture with a name of its own": ("def test_it(told):\n    told.send()\n", {}, "Manager"),
    "the nearest": (OTHER + TEST, {}, "Other"),
    "one that the file imports": (
        f"from tests.more import wired\n{TEST}",
        {"tests/more.py": HEAD + OTHER},
        "Other",
    ),
    "a fixture that overrides one by itself": (
        "@pytest.fixture\ndef wired(wired):\n    return wired\n" + TEST,
        {},
        "Manager",
    ),
    "a fixture of the class before that of the file": (
        f"{OTHER}class TestIt:\n    @pytest.fixture\n    def wired(self):\n        return Manager()\n"
        "    def test_it(self, wired):\n        wired.send()\n",
        {},
        "Manager",
    ),
    "a fixture of the file beside a class that has its own": (
        f"class Rest:\n    @pytest.fixture\n    def wired(self):\n        return Manager()\n{OTHER}{TEST}",
        {},
        "Other",
    ),
    "values of another parameter": (f"@pytest.mark.parametrize('a', [1])\n{TEST}", {}, "Manager"),
    "values that the fixture gets": (
        f"@pytest.mark.parametrize('wired', [1], indirect=True)\n{TEST}",
        {},
        "Manager",
    ),
    "an import of the same name that is no fixture": (
        f"from app.manager import Other as wired\n{TEST}",
        {},
        "Manager",
    ),
}


@pytest.mark.parametrize(("body", "extra", "name"), KNOWN.values(), ids=KNOWN.keys())
def test_known_is(body: str, extra: dict[str, str], name: str, tmp_path: Path) -> None:
    assert receiver(tmp_path, body, extra) == name


def test_a_function_of_the_application_whose_name_begins_with_test_gets_no_fixture(
    tmp_path: Path,
) -> None:
    files = {"app/check.py": "def test_it(wired):\n    wired.send()\n", "conftest.py": CONFTEST}
    manager = {"app/__init__.py": "", "app/manager.py": "class Manager: ...\nclass Other: ...\n"}
    flow = Flow(World(tree_of(write_tree(tmp_path, files | manager)))).file("app/check.py")
    assert flow is not None
    (use,) = [n for n in ast.walk(flow.syntax) if isinstance(n, ast.Attribute)]
    assert all(value.kind != "instance" for value in flow.of(use.value))
