"""A definition goes with what served it alone; everything else keeps its bytes."""

from __future__ import annotations

from functools import partial
from textwrap import dedent

import pytest

from codemods.moves import MoveTable
from codemods.outcome import Outcome
from codemods.removal import remove_definitions, remove_star_imports
from codemods.testing import assert_rewrite

CASES = {
    "a name that is not there": ("x = 1\n", None),
    "a name in a function or a class is another name": (
        """
        def f():
            Thing = 1
            return Thing
        class A:
            Thing = 2
        """,
        None,
    ),
    "a class with its decorators and the comment above": (
        """
        import os

        x = 1


        # about the thing
        @decorate(x)
        class Thing:
            pass


        def rest(): ...
        """,
        """
        import os

        x = 1


        def rest(): ...
        """,
    ),
    "a comment apart stays": (
        """
        # Section

        class Thing: ...
        """,
        """
        # Section
        """,
    ),
    "imports that it alone used go, unused ones stay": (
        """
        import os
        import sys, re
        import unused
        from a import b, c

        class Thing(b):
            value = os.path, re

        print(sys, c)
        """,
        """
        import sys
        import unused
        from a import c

        print(sys, c)
        """,
    ),
    "a private name that only it used goes with it": (
        """
        _cache = {}

        class Thing:
            def get(self): return _cache

        public = 1
        """,
        """
        public = 1
        """,
    ),
    "where the file still uses it, the new one is imported in its place": (
        """
        class Thing:
            pass

        def build(): return Thing()
        """,
        """
        from new.home import Fresh as Thing

        def build(): return Thing()
        """,
    ),
    "its entry in __all__ goes": (
        """
        __all__ = ["Thing", "rest"]
        __all__ += ("a", "Thing")
        __all__ = [
            "first",
            "Thing",  # the thing
            "last",
        ]
        Thing = rest = 1
        class Thing: ...
        """,
        """
        __all__ = ["rest"]
        __all__ += ("a",)
        __all__ = [
            "first",
            "last",
        ]
        Thing = rest = 1
        """,
    ),
    "an imported name goes from its statement": (
        """
        from old import (
            Other,
            Thing,
        )
        from old import Thing  # noqa
        """,
        """
        from old import (
            Other,
        )
        """,
    ),
    "the only statement under a condition leaves pass": (
        """
        if flag:
            class Thing: ...
        else:
            Thing = None
            other = 1
        """,
        """
        if flag:
            pass
        else:
            other = 1
        """,
    ),
    "a block whose imports all served what goes": (
        """
        if TYPE_CHECKING:
            import one

            from two import Two
        class Thing:
            x: one.One
            y: Two
        """,
        """
        if TYPE_CHECKING:

            pass
        """,
    ),
    "a block of which a definition and its import go": (
        """
        try:
            import one
            class Thing(one.One): ...
        except ImportError:
            from two import Two
            class Thing(Two): ...
            import three
            three.start()
        """,
        """
        try:
            pass
        except ImportError:
            import three
            three.start()
        """,
    ),
    "one statement of a line": (
        """
        a = 1; Thing = 2; b = 3
        """,
        """
        a = 1; b = 3
        """,
    ),
}


def remove(text: str) -> Outcome:
    return remove_definitions(text, {"Thing": "new.home.Fresh"}, lambda _: False)


@pytest.mark.parametrize("title", CASES)
def test_removal(title: str) -> None:
    before, after = (dedent(text or "").lstrip("\n") for text in CASES[title])
    assert_rewrite(remove, before, after if CASES[title][1] is not None else None)


def test_neighbours_leave_a_list_of_exports_together() -> None:
    rewrite = partial(remove_definitions, removals={"A": "n.A", "B": "n.B"}, is_public=bool)
    before = "__all__ = ['x', 'A', 'B']\nx = 1\ndef A(): ...\ndef B(): ...\n"
    assert_rewrite(rewrite, before, "__all__ = ['x']\nx = 1\n")
    lines = "__all__ = [\n    'x',\n    'A',  # one\n    'B',\n    'y',\n]\nclass A: ...\nclass B: ...\n"
    assert_rewrite(rewrite, lines, "__all__ = [\n    'x',\n    'y',\n]\n")


def test_imports_that_other_files_take_from_here_stay() -> None:
    before = "import os\nimport re\nclass Thing:\n    x = os, re\n"
    rewrite = partial(remove_definitions, removals={"Thing": "n.T"}, is_public="os".__eq__)
    assert_rewrite(rewrite, before, "import os\n")


def test_dos_line_endings_and_tabs_stay() -> None:
    before = "if 1:\r\n\tclass Thing:\r\n\t\tpass\r\n\tx = 1\r\ny = 2"
    assert_rewrite(remove, before, "if 1:\r\n\tx = 1\r\ny = 2")


def test_a_text_that_is_not_python_is_skipped() -> None:
    outcome = remove("class Thing(:\n")
    assert (outcome.line, "can't be parsed" in outcome.reason) == (1, True)


def test_stars_of_emptied_modules_go() -> None:
    moves = MoveTable({}, "app.use")
    rewrite = partial(remove_star_imports, moves=moves, emptied={"app.old"})
    before = "from app.old import *\nfrom .old import *  # noqa\nfrom app.rest import *\n"
    assert_rewrite(rewrite, before, "from app.rest import *\n")
