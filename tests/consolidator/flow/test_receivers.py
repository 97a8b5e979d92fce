"""What a receiver is: each test gives one way by which code gets hold of an object."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.flow.inference import Flow
from consolidator.analysis.flow.values import NONE
from consolidator.analysis.flow.world import World

MANAGER = """
    from contextlib import asynccontextmanager, contextmanager
    from typing import Any, AsyncIterator, Iterator, Optional, Self, TypeVar

    Same = TypeVar("Same", bound="Base")
    class Base:
        def chained(self: Same) -> Same: ...

    class Manager(Base):
        def send(self): ...
        async def __aenter__(self) -> Self: ...
        def __enter__(self): return self
        @property
        def twin(self) -> "Manager": ...
        @classmethod
        def build(cls) -> Self: ...

    class Other:
        def send(self): ...

    def get_manager() -> Manager: ...
    async def make_manager() -> "Optional[Manager]": ...
    def unannotated():
        manager = Manager()
        return manager
    @asynccontextmanager
    async def leased() -> AsyncIterator[Manager]:
        yield Manager()
    @contextmanager
    def borrowed():
        yield Manager()
    singleton: Optional[Manager] = None
    class Holder:
        declared: Manager
        def __init__(self, manager: Manager, anything):
            self.given = manager
            self.made = Manager() if anything else None
            self.unknown = anything
            self.again = self.given
            self.many: list[Manager] = []
            self.by_user: dict[str, Manager] = {}
"""


def receiver(tmp_path: Path, body: str, extra: dict[str, str] | None = None) -> str:
    """The dotted class of what `.send` is called on in `body`; empty where it is not certain."""
    files = {"app/__init__.py": "", "app/manager.py": MANAGER, "app/use.py": body, **(extra or {})}
    world = World(tree_of(write_tree(tmp_path, files)))
    flow = Flow(world).file("app/use.py")
    assert flow is not None
    uses = [n for n in ast.walk(flow.syntax) if isinstance(n, ast.Attribute) and n.attr == "send"]
    assert uses, "the case calls nothing"
    found = {frozenset((v.kind, v.name) for v in flow.of(use.value) - {NONE}) for use in uses}
    assert len(found) == 1
    values = found.pop()
    kind, name = next(iter(values)) if len(values) == 1 else ("", "")
    return name if kind == "instance" else ""


UNKNOWN = {
    "no annotation": "def f(m): m.send()",
    "a name that only sounds like one": "def f(manager, websocket_manager): manager.send()",
    "one of two on different paths": """
        from app.manager import Manager, Other
        def f(flag):
            if flag:
                m = Manager()
            else:
                m = Other()
            m.send()
    """,
    "replaced in a loop": """
        from app.manager import Manager, Other
        def f(items):
            m = Manager()
            for item in items:
                m.send
                m = Other()
    """,
    "replaced before a break": """
        from app.manager import Manager, Other
        def f(items):
            m = Manager()
            for item in items:
                m = Other()
                break
            m.send()
    """,
    "a parameter that shadows the import": """
        from app.manager import Manager as m
        def f(m): m().send()
    """,
    "a local that shadows the import": """
        from app.manager import get_manager
        def f(x):
            get_manager = x
            get_manager().send()
    """,
    "a comprehension variable": """
        from app.manager import Manager
        m = Manager()
        def f(xs): return [m.send() for m in xs]
    """,
    "an attribute that is set from an unknown": """
        from app.manager import Holder
        def f(h: Holder): h.unknown.send()
    """,
    "a coroutine that nobody awaits": """
        from app.manager import make_manager
        async def f(): make_manager().send()
    """,
    "a union with another class": """
        from app.manager import Manager, Other
        def f(m: Manager | Other): m.send()
    """,
    "a caught exception of the same name": """
        from app.manager import Manager
        def f(m: Manager):
            try:
                pass
            except ValueError as m:
                m.send()
    """,
    "another place of a tuple": """
        from app.manager import Manager
        def f(pair: tuple[Manager, object]): pair[1].send()
    """,
    "what a tuple of two kinds is looped over for": """
        from app.manager import Manager, Other
        def f(pair: tuple[Manager, Other]):
            for m in pair: m.send()
    """,
    "captured by a pattern of another kind": """
        from app.manager import Manager
        def f(m: Manager, message):
            match message:
                case {"m": m}:
                    m.send()
    """,
    "a default, which the caller may replace": """
        from app.manager import Manager
        def f(m=Manager()): m.send()
    """,
    "the other branch of isinstance": """
        from app.manager import Manager
        def f(x):
            if not isinstance(x, Manager):
                x.send()
    """,
    "a container that holds something else too": """
        from app.manager import Manager, Other
        def f():
            held = {}
            held["a"] = Manager()
            held["b"] = Other()
            held["a"].send()
    """,
    "a mock without a spec": """
        from unittest.mock import Mock
        def f():
            manager = Mock()
            manager.send()
    """,
}

KNOWN = {
    "constructed": "from app.manager import Manager\nManager().send()",
    "through an alias": "from app.manager import Manager as M\nm = M()\nm.send()",
    "through the module": "import app.manager\napp.manager.Manager().send()",
    "imported in the function": "def f():\n    from app.manager import Manager\n    Manager().send()",
    "annotated": "from app.manager import Manager\ndef f(m: Manager): m.send()",
    "annotated as text": "from app.manager import Manager\ndef f(m: 'Manager'): m.send()",
    "optional": (
        "from typing import Optional\nfrom app.manager import Manager\n"
        "def f(m: Optional[Manager] = None):\n    if m:\n        m.send()"
    ),
    "a union with None": "from app.manager import Manager\ndef f(m: Manager | None): m.send()",
    "imported for type checkers": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.manager import Manager\n"
        "def f(m: 'Manager'): m.send()"
    ),
    "an import that may fail": (
        "try:\n    from app.manager import Manager\nexcept ImportError:\n    Manager = None\n"
        "def f(m: 'Manager'): m.send()"
    ),
    "from an annotated factory": "from app.manager import get_manager\nget_manager().send()",
    "from a factory without annotation": "from app.manager import unannotated\nunannotated().send()",
    "awaited": (
        "from app.manager import make_manager\nasync def f():\n    m = await make_manager()\n    m.send()"
    ),
    "from a classmethod": "from app.manager import Manager\nManager.build().send()",
    "from a method that gives what it was called on": (
        "from app.manager import Manager\ndef f(m: Manager): m.chained().send()"
    ),
    "from a property": "from app.manager import Manager\ndef f(m: Manager): m.twin.send()",
    "a module's singleton": "from app import manager\ndef f(): manager.singleton.send()",
    "set by a function that says global": (
        "from app.manager import Manager\n_m = None\ndef f():\n    global _m\n"
        "    if _m is None:\n        _m = Manager()\n    _m.send()"
    ),
    "an attribute of the instance": "from app.manager import Holder\ndef f(h: Holder): h.given.send()",
    "an attribute that may be None": "from app.manager import Holder\ndef f(h: Holder): h.made.send()",
    "an attribute set from another": "from app.manager import Holder\ndef f(h: Holder): h.again.send()",
    "declared in the class body": (
        "from app.manager import Holder\ndef f(h: Holder): h.declared.send()"
    ),
    "an attribute of what an attribute is": (
        "from app.manager import Holder\nclass Outer:\n    def __init__(self): self.inner = Holder(1, 2)\n"
        "class Top:\n    def __init__(self): self.outer = Outer()\n"
        "def f(top: Top): top.outer.inner.given.send()"
    ),
    "own attribute": (
        "from app.manager import Manager\nclass C:\n    def __init__(self, m: Manager): self._m = m\n"
        "    def go(self): self._m.send()"
    ),
    "inherited attribute": (
        "from app.manager import Holder\nclass C(Holder):\n    def go(self): self.given.send()"
    ),
    "an item of a list": (
        "from app.manager import Holder\ndef f(h: Holder):\n    for m in h.many: m.send()"
    ),
    "a value of a mapping": (
        "from app.manager import Holder\ndef f(h: Holder): h.by_user['u'].send()"
    ),
    "found in a mapping": (
        "from app.manager import Holder\ndef f(h: Holder):\n    m = h.by_user.get('u')\n    m.send()"
    ),
    "in a comprehension": (
        "from app.manager import Manager\ndef f(ms: list[Manager]): return [m.send() for m in ms]"
    ),
    "entered by async with": (
        "from app.manager import Manager\nasync def f():\n    async with Manager() as m: m.send()"
    ),
    "entered by with": "from app.manager import Manager\nwith Manager() as m: m.send()",
    "lent by a context manager": (
        "from app.manager import leased\nasync def f():\n    async with leased() as m: m.send()"
    ),
    "lent by a generator": "from app.manager import borrowed\nwith borrowed() as m: m.send()",
    "in a closure": (
        "from app.manager import Manager\ndef f():\n    m = Manager()\n    def g(): m.send()\n    return g"
    ),
    "in a lambda": "from app.manager import Manager\nm = Manager()\nf = lambda: m.send()",
    "either of two of the same": (
        "from app.manager import Manager, get_manager\ndef f(m: Manager | None):\n"
        "    m = m or get_manager()\n    m.send()"
    ),
    "after isinstance": (
        "from app.manager import Manager\ndef f(x):\n    if isinstance(x, Manager): x.send()"
    ),
    "cast": "from typing import cast\nfrom app.manager import Manager\ndef f(x): cast(Manager, x).send()",
    "a mock with a spec": (
        "from unittest.mock import Mock\nfrom app.manager import Manager\nm = Mock(spec=Manager)\nm.send()"
    ),
    "an autospec of an instance": (
        "from unittest.mock import create_autospec\nfrom app.manager import Manager\n"
        "m = create_autospec(Manager, instance=True)\nm.send()"
    ),
    "bound by a walrus": (
        "from app.manager import get_manager\ndef f():\n    if (m := get_manager()): m.send()"
    ),
    "a place of a tuple": (
        "from app.manager import Manager, Other\ndef f(pair: tuple[Other, Manager]):\n"
        "    other, m = pair\n    m.send()\n    pair[1].send()"
    ),
    "one of two results": (
        "from app.manager import Manager\ndef both(): return 1, Manager()\nn, m = both()\nm.send()"
    ),
    "enumerated": (
        "from app.manager import Manager\ndef f(ms: list[Manager]):\n"
        "    for i, m in enumerate(ms): m.send()"
    ),
    "an item of a mapping": (
        "from app.manager import Manager\ndef f(ms: dict[str, Manager]):\n"
        "    for name, m in ms.items(): m.send()"
    ),
    "put into a mapping": (
        "from app.manager import Manager\ndef f():\n    held = {}\n    held['a'] = Manager()\n"
        "    held['a'].send()"
    ),
    "appended to a list": (
        "from app.manager import Manager\ndef f():\n    held = []\n    held.append(Manager())\n"
        "    held[0].send()"
    ),
    "gathered": (
        "import asyncio\nfrom app.manager import make_manager\nasync def f(x):\n"
        "    m, other = await asyncio.gather(make_manager(), x())\n    m.send()"
    ),
    "a type alias of a container": (
        "from app.manager import Manager\nMany = list[Manager]\ndef f(ms: Many): ms[0].send()"
    ),
    "bound by a type variable": (
        "from typing import TypeVar\nfrom app.manager import Manager\n"
        "T = TypeVar('T', bound=Manager)\ndef f(m: T): m.send()"
    ),
    "after isinstance has left": (
        "from app.manager import Manager\ndef f(x):\n    if not isinstance(x, Manager): return\n"
        "    x.send()"
    ),
    "behind isinstance and": (
        "from app.manager import Manager\ndef f(x): isinstance(x, Manager) and x.send()"
    ),
    "matched by its class": (
        "from app.manager import Manager\ndef f(x):\n    match x:\n"
        "        case Manager() as m: m.send()"
    ),
    "given by FastAPI": (
        "from fastapi import Depends\nfrom app.manager import make_manager\n"
        "def f(m=Depends(make_manager)): m.send()"
    ),
    "annotated for FastAPI": (
        "from typing import Annotated\nfrom fastapi import Depends\n"
        "from app.manager import Manager, get_manager\n"
        "Given = Annotated[Manager, Depends(get_manager)]\ndef f(m: Given): m.send()"
    ),
    "entered on a stack": (
        "from app.manager import leased\nasync def f(stack):\n"
        "    m = await stack.enter_async_context(leased())\n    m.send()"
    ),
    "unpacked": "from app.manager import Manager\na, m = 1, Manager()\nm.send()",
}


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_receiver_that_could_be_something_else_is_not_known(tmp_path: Path, body: str) -> None:
    assert receiver(tmp_path, body) == ""


@pytest.mark.parametrize("body", KNOWN.values(), ids=KNOWN.keys())
def test_a_receiver_is_known_when_it_is(tmp_path: Path, body: str) -> None:
    assert receiver(tmp_path, body) == "app.manager.Manager"


def test_functions_that_call_each_other_end(tmp_path: Path) -> None:
    body = """
        def a(n): return b(n)
        def b(n): return a(n) if n else c()
        def c(): return a(0)
        a(1).send()
    """
    assert receiver(tmp_path, body) == ""


def test_lines_that_do_not_matter_are_not_walked(tmp_path: Path) -> None:
    files = {"m.py": "def f():\n    x.send()\n\ndef g():\n    str.send()\n"}
    world = World(tree_of(write_tree(tmp_path, files)))
    flow = Flow(world).file("m.py", lambda first, _last: first == 4)
    assert flow is not None
    assert {ast.unparse(node) for node in flow.values} == {"str", "str.send", "str.send()"}
