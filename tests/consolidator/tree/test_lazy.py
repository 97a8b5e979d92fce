"""Names that a module's `__getattr__` serves: read where its code says which by literals."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest
from orders import report_of
from trees import tree_of, write_tree

from consolidator.tree.lazy import lazy_names
from consolidator.tree.names import Resolver

SHAPES = {
    "branches": (
        """
        def __getattr__(name):
            if name == "X":
                from .inner import X
                return X
            if name in ("Y", "Z"):
                from . import inner
                return getattr(inner, name)
            raise AttributeError(name)
        """,
        {"X": ".inner.X", "Y": ".inner.Y", "Z": ".inner.Z"},
    ),
    "a table of modules": (
        """
        from importlib import import_module
        _NAMES = {"X": ".inner"}
        def __getattr__(name):
            if name not in _NAMES:
                raise AttributeError(name)
            return getattr(import_module(_NAMES[name], __name__), name)
        """,
        {"X": ".inner.X"},
    ),
    "a table of bare modules behind a dot": (
        """
        import importlib
        _NAMES: dict[str, str] = {"X": "inner"}
        def __getattr__(name):
            module = importlib.import_module(f".{_NAMES[name]}", __package__)
            return getattr(module, name)
        """,
        {"X": ".inner.X"},
    ),
    "a table of modules and attributes": (
        """
        import importlib
        _NAMES = {"X": ("pkg.inner", "Real")}
        def __getattr__(name):
            module, attribute = _NAMES[name]
            value = globals()[name] = getattr(importlib.import_module(module), attribute)
            return value
        """,
        {"X": "pkg.inner.Real"},
    ),
    "the module's own name before the entry": (
        """
        import importlib
        _NAMES = {"X": "inner"}
        def __getattr__(name):
            return getattr(importlib.import_module(__name__ + "." + _NAMES[name]), name)
        """,
        {"X": ".inner.X"},
    ),
}
UNREAD = {
    "a name that is changed first": """
        import importlib
        _NAMES = {"X": "inner"}
        def __getattr__(name):
            return getattr(importlib.import_module(_NAMES[name]), name.lower())
    """,
    "a module's name that is made": """
        import importlib
        _NAMES = {"X": "inner"}
        def __getattr__(name):
            return getattr(importlib.import_module(_NAMES[name].lower()), name)
    """,
    "a table that is no literal": """
        import importlib
        _NAMES = {"X": make()}
        def __getattr__(name):
            return getattr(importlib.import_module(_NAMES[name]), name)
    """,
    "no table at all": """
        def __getattr__(name):
            return type(name, (), {})
    """,
}


@pytest.mark.parametrize("shape", UNREAD)
def test_what_is_not_literal_gives_no_names(shape: str) -> None:
    assert lazy_names(ast.parse(dedent(UNREAD[shape])).body) == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_literal_tables_and_branches_name_their_targets(shape: str) -> None:
    text, served = SHAPES[shape]
    assert dict(lazy_names(ast.parse(dedent(text)).body)) == served


@pytest.mark.parametrize("shape", SHAPES)
def test_a_served_name_resolves_to_the_class_it_stands_for(shape: str, tmp_path: Path) -> None:
    inner = "class X: ...\nclass Y: ...\nclass Z: ...\nReal = X\n"
    user = "from pkg import X\nclass Sub(X): ...\n"
    files: dict[str, str | bytes] = {"pkg/__init__.py": SHAPES[shape][0], "pkg/inner.py": inner}
    tree = tree_of(write_tree(tmp_path, files | {"user.py": user}))
    found = Resolver(tree).lookup("user.py", "X").exact
    assert found is not None
    assert found.dotted == "pkg.inner.X"
    entry = report_of(tree, "user.Sub").classes[0]
    assert (entry.certainty, entry.order[1]) == ("exact", "pkg.inner.X"), entry.reasons
