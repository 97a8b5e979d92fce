"""Every way of writing a base that fools static tools, against the order CPython computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from orders import hold_against_cpython, report_of
from trees import tree_of, write_tree

EXACT = {
    "a named tuple": "from typing import NamedTuple\nclass X(NamedTuple):\n    a: int\nclass Y(X): ...",
    "a generic named tuple": """
        from typing import Generic, NamedTuple, TypeVar
        T = TypeVar("T")
        class X(NamedTuple, Generic[T]):
            a: T
        class Y(X[int]): ...
    """,
    "typed dicts lose their typed bases": """
        from typing import Generic, TypedDict, TypeVar
        T = TypeVar("T")
        class X(TypedDict):
            a: int
        class Y(X, total=False):
            b: int
        class Z(X, Y): ...
        class G(TypedDict, Generic[T]):
            c: T
        class H(G[int]): ...
    """,
    "a typed dict made by a call": """
        from typing import TypedDict
        Base = TypedDict("Base", {"a": int})
        class X(Base): ...
    """,
    "the tail of Protocol and Generic": """
        from typing import Generic, Protocol, TypeVar
        T = TypeVar("T")
        class P(Protocol[T]): ...
        class Q(Protocol, Generic[T]): ...
        class R(P[int], Protocol): ...
        class Impl(P[int]): ...
        class G(Generic[T], P[T]): ...
        class H(Generic[T]): ...
        class I(H[int], Generic[T]): ...
    """,
    "typing aliases of builtins": """
        from typing import Callable, Dict, Generic, List, Mapping, Tuple, TypeVar
        import typing
        T = TypeVar("T")
        class A(List[int]): ...
        class B(Dict[str, T], Generic[T]): ...
        class C(List): ...
        class D(list[int]): ...
        class E(typing.Mapping[str, int]): ...
        class F(List[int], list): ...
        class H(typing.Iterable[T], typing.Sized): ...
        class I(dict, Generic[T]): ...
        class J(typing.Mapping[str, T], I[int]): ...
    """,
    "collections.abc": """
        import collections.abc as c
        from collections.abc import MutableMapping
        class A(c.Mapping): ...
        class B(MutableMapping[str, int]): ...
        class C(c.Sized, c.Iterable): ...
    """,
    "C classes": """
        import collections, ctypes, datetime, decimal, enum, io, queue, threading
        class A(enum.IntFlag): ...
        class B(str, enum.Enum): ...
        class C(collections.Counter): ...
        class D(ctypes.Structure): ...
        class E(decimal.Decimal): ...
        class F(io.StringIO): ...
        class G(OSError, ValueError): ...
        class H(threading.local): ...
        class I(enum.StrEnum): ...
        class J(collections.UserDict): ...
        class K(queue.Queue): ...
        class L(datetime.datetime): ...
    """,
    "bases under version conditions": """
        import sys
        if sys.version_info >= (3, 99):
            Base = dict
        elif sys.version_info[0] >= 3:
            class Base(list): ...
        else:
            Base = object
        class X(Base): ...
        class Y(int if sys.version_info < (3,) else str): ...
    """,
    "bases under platform conditions": """
        import os, sys
        if os.name == "nt" or sys.platform.startswith("x") and False:
            from ctypes import Structure as Base
        else:
            from collections import OrderedDict as Base
        class X(Base): ...
    """,
    "bases under try and ImportError": """
        try:
            from typing import NoSuchName as Other
        except (ImportError, AttributeError):
            from collections import UserList as Other
        try:
            import json
        except ImportError:
            Third = object
        else:
            Third = json.JSONEncoder
        class Y(Other): ...
        class Z(Third): ...
    """,
    "type checkers' bases": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from collections import OrderedDict as Base
            Mixin = dict
        else:
            Base = object
            Mixin = object
        class X(Base): ...
        class Y(Mixin): ...
    """,
    "aliases, chains and attributes": """
        import collections
        class A: ...
        B = A
        C = B
        class X(C): ...
        class Holder:
            Inner = A
            class Nested(A): ...
        class Y(Holder.Nested): ...
        class Z(Holder.Inner): ...
        class Sub(Holder): ...
        class W(Sub.Nested): ...
        Alias = collections.OrderedDict
        class V(Alias): ...
    """,
    "a name bound again": """
        class A: ...
        class B(A): ...
        class A(dict): ...
        class C(A): ...
        Base = list
        class D(Base): ...
        Base = dict
        class E(Base): ...
    """,
    "a class that takes its base's name": """
        from collections import OrderedDict
        class OrderedDict(OrderedDict): ...
        class X(OrderedDict): ...
    """,
    "bases made by calls": """
        import collections, enum, types, typing
        class A: ...
        class X(collections.namedtuple("Point", "x y")): ...
        Point = collections.namedtuple("Point", ["x", "y"])
        class Y(Point): ...
        class Z(type("Made", (A,), {})): ...
        class W(typing.NamedTuple("N", [("a", int)])): ...
        class V(types.new_class("V2", (A, dict))): ...
        class U(type(A())): ...
        class S(type(A)): ...
    """,
    "a function that returns a class": """
        class A: ...
        def make():
            class Inner(A): ...
            return Inner
        class X(make()): ...
    """,
    "starred bases": """
        class A: ...
        class B: ...
        BASES = (A, B)
        MORE = [*BASES, dict]
        class X(*BASES): ...
        class Y(*MORE): ...
        class Z(*()): ...
        class W(*(BASES + (list,))): ...
        class V(BASES[1], BASES[0]): ...
    """,
    "with_metaclass of six": {
        "six.py": "def with_metaclass(meta, *bases):\n"
        "    class metaclass(type):\n"
        "        def __new__(cls, name, this_bases, d):\n"
        "            return meta(name, bases, d)\n"
        "    return type.__new__(metaclass, 'temporary_class', (), {})\n",
        "trap.py": """
            import six
            from six import with_metaclass
            class Meta(type): ...
            class A: ...
            class X(with_metaclass(Meta, A)): ...
            class Y(six.with_metaclass(Meta)): ...
            class Z(X, metaclass=Meta): ...
        """,
    },
    "decorators that hand the class back": """
        import dataclasses, enum, functools, typing
        from dataclasses import dataclass
        def plain(cls):
            cls.x = 1
            return cls
        def factory(name):
            def wrap(cls):
                return cls
            return wrap
        def both(cls=None, *, loud=False):
            def wrap(c):
                return c
            if cls is None:
                return wrap
            return wrap(cls)
        class Registry:
            def register(self, name):
                def wrap(cls):
                    return cls
                return wrap
            def __call__(self, cls):
                return cls
        registry = Registry()
        @plain
        class A(dict): ...
        @factory("b")
        class B(A): ...
        @both
        class C: ...
        @both(loud=True)
        class D(C): ...
        @registry.register("e")
        class E(B): ...
        @registry
        class F(E): ...
        @dataclass(slots=True)
        class G: ...
        @dataclasses.dataclass(frozen=True)
        class H:
            x: int = 1
        @functools.total_ordering
        class I:
            def __lt__(self, other): return True
            def __eq__(self, other): return True
        @enum.unique
        class J(enum.Enum):
            a = 1
        @typing.final
        class K(H): ...
    """,
    "diamonds": """
        class O: ...
        class A(O): ...
        class B(O): ...
        class C(A, B): ...
        class D(B): ...
        class E(C, D): ...
    """,
    "metaclasses": """
        import abc, enum
        class Meta(abc.ABCMeta):
            def __new__(mcs, name, bases, namespace, **kwargs):
                return super().__new__(mcs, name, bases, namespace, **kwargs)
        class A(metaclass=Meta): ...
        class B(A, dict): ...
        class C(abc.ABC): ...
        class D(B, C): ...
    """,
    "a base with __class_getitem__": """
        class A:
            def __class_getitem__(cls, item):
                return super().__class_getitem__(item)
        from types import GenericAlias
        class B:
            __class_getitem__ = classmethod(GenericAlias)
        class X(B[int]): ...
    """,
    "re-exports, stars and packages": {
        "trap/__init__.py": "from .core import *\nfrom . import extra\nfrom .core import Base as Renamed",
        "trap/core.py": "__all__ = ['Base', '_Hidden']\nclass Base: ...\nclass _Hidden(Base): ...\n"
        "class NotExported: ...",
        "trap/extra.py": "from trap import Base\nclass Extra(Base): ...",
        "trap/user.py": "from trap import *\nimport trap.extra\nfrom trap import extra as e, _Hidden, Renamed\n"
        "class X(Base): ...\nclass Y(trap.extra.Extra): ...\nclass Z(e.Extra): ...\n"
        "class W(_Hidden): ...\nclass V(Renamed): ...",
        "trap/star.py": "class Base(dict): ...\nfrom trap.core import *\nclass X(Base): ...",
        "trap/deep/__init__.py": "",
        "trap/deep/leaf.py": "from ..core import Base\nfrom .. import extra\n"
        "class X(Base): ...\nclass Y(extra.Extra): ...",
    },
    "circular imports": {
        "trap/__init__.py": "from . import a",
        "trap/a.py": "class A: ...\nimport trap.b\nclass C(trap.b.B): ...",
        "trap/b.py": "from trap.a import A\nclass B(A): ...",
    },
    "a module named like the standard library's": {
        "trap/__init__.py": "",
        "trap/logging.py": "import logging\nclass X(logging.Handler): ...",
        "trap/enum.py": "from enum import Enum\nclass E(Enum): ...",
    },
    "a name deleted, and one bound in a loop": """
        class A: ...
        B = A
        del A
        class X(B): ...
        for Base in (dict, list):
            class Y(Base): ...
    """,
    "an exchange of __bases__": """
        class A: ...
        class B: ...
        class C(A): ...
        C.__bases__ = (B,)
        class D(C): ...
    """,
    "a metaclass with its own mro": """
        class Meta(type):
            def mro(cls):
                return [cls, dict, object]
        class X(dict, metaclass=Meta): ...
        class Y(X): ...
    """,
    "a metaclass that changes the bases": """
        class Mixin: ...
        class Meta(type):
            def __new__(mcs, name, bases, namespace):
                bases = (*bases, Mixin)
                return super().__new__(mcs, name, bases, namespace)
        class X(metaclass=Meta): ...
    """,
    "a decorator that returns another class": """
        class Other(dict): ...
        def swap(cls):
            return Other
        def derive(cls):
            return type(cls.__name__, (cls, dict), {})
        @swap
        class X: ...
        @derive
        class Y: ...
        class Z(Y): ...
    """,
    "__mro_entries__ of its own": """
        class A: ...
        class Odd:
            def __mro_entries__(self, bases):
                return (A,)
        class X(Odd()): ...
    """,
    "a base that is a parameter or looked up": """
        REGISTRY = {"a": dict}
        class X(REGISTRY["a"]): ...
        class Y(globals()["X"]): ...
        class Z(getattr(__import__("collections"), "OrderedDict")): ...
    """,
    "a module's __getattr__": {
        "lazy.py": "def __getattr__(name):\n    return dict",
        "trap.py": "import lazy\nfrom lazy import Base\nclass X(Base): ...\nclass Y(lazy.Other): ...",
    },
    "a table of lazy names": {
        "lazy/__init__.py": """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from .impl import Base
            _names = {"Base": (__spec__.parent, ".impl")}
            def __getattr__(name):
                from importlib import import_module
                package, module = _names[name]
                return getattr(import_module(module, package), name)
        """,
        "lazy/impl.py": "class Base: ...",
        "trap.py": "from lazy import Base\nimport unittest\nclass X(Base): ...\n"
        "class Y(unittest.IsolatedAsyncioTestCase): ...",
    },
    "a global set by a function": """
        Base = None
        def setup():
            global Base
            Base = dict
        setup()
        class X(Base): ...
    """,
    "a generic that answers for itself": """
        class A:
            def __class_getitem__(cls, item):
                return type(f"A[{item}]", (cls,), {})
        class X(A[int]): ...
    """,
}
DOUBTFUL = {
    "a name deleted, and one bound in a loop",
    "an exchange of __bases__",
    "a metaclass with its own mro",
    "a metaclass that changes the bases",
    "a decorator that returns another class",
    "__mro_entries__ of its own",
    "a base that is a parameter or looked up",
    "a module's __getattr__",
    "a global set by a function",
    "a generic that answers for itself",
    "a base with __class_getitem__",
}


@pytest.mark.parametrize("trap", EXACT)
def test_never_claims_an_order_that_cpython_does_not_compute(trap: str, tmp_path: Path) -> None:
    tops = ["trap", *(["six"] if "six" in trap else [])]
    hold_against_cpython(tmp_path, EXACT[trap], tops, may_doubt=trap in DOUBTFUL)


def test_classes_in_functions_are_named_and_ordered(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "m.py": """
                class A: ...
                def make(base, flag):
                    from collections import OrderedDict
                    local = A
                    class One(A): ...
                    class Two(base): ...
                    class Three(OrderedDict, local): ...
                    class Four(Three): ...
            """
        },
    )
    found = {c.qualname: c for c in report_of(tree_of(root), "m.make.*").classes}
    assert found["m.make.<locals>.One"].order == ("m.make.<locals>.One", "m.A", "builtins.object")
    assert found["m.make.<locals>.Two"].certainty == "unknown"
    assert found["m.make.<locals>.Four"].certainty == "exact"
    assert found["m.make.<locals>.Four"].order[2] == "collections.OrderedDict"


def test_pep_695_classes_get_generic_at_the_end(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path, {"m.py": "class A: ...\nclass X[T](A): ...\nclass Y[T](X[T]): ...\n"}
    )
    found = {c.qualname: c for c in report_of(tree_of(root)).classes}
    assert found["m.X"].order == ("m.X", "m.A", "typing.Generic", "builtins.object")
    assert found["m.Y"].order == ("m.Y", "m.X", "m.A", "typing.Generic", "builtins.object")
