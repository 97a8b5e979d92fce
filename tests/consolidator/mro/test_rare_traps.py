"""Rarer ways to a base, collected from what fooled the tool once, against the order CPython computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from orders import hold_against_cpython

TRAPS: dict[str, str | dict[str, str]] = {
    "a name that an inner function sets": """
        def f():
            class A: ...
            class B(dict): ...
            Base = A
            def g():
                nonlocal Base
                Base = B
            g()
            class X(Base): ...
            return X
        X = f()
        class Y(X): ...
    """,
    "names bound by :=": """
        class A: ...
        class X((B := A)): ...
        class Y(B): ...
        if (C := dict): ...
        class Z(C): ...
        (D := list)
        class W(D): ...
        print(E := set)
        class V(E): ...
        [F := c for c in (A, dict)]
        class U(F): ...
    """,
    "the namespace under another name": """
        class A: ...
        class Base: ...
        g = globals()
        g["Base"] = A
        class X(Base): ...
    """,
    "the namespace handed to a function": """
        class A: ...
        class Base: ...
        def install(ns): ns["Base"] = A
        install(globals())
        class X(Base): ...
    """,
    "setattr on its own module": """
        import sys
        class A: ...
        class Base: ...
        setattr(sys.modules[__name__], "Base", A)
        class X(Base): ...
    """,
    "its own module under another name": """
        import sys
        class A: ...
        class Base: ...
        this = sys.modules[__name__]
        this.Base = A
        class X(Base): ...
    """,
    "a module that imports itself": {
        "trap.py": "class A: ...\nclass Base: ...\nimport trap as me\nme.Base = A\nclass X(Base): ...\nclass Y(me.Base): ...\n",
    },
    "a module's __dict__": {
        "m.py": "class A: ...\nclass Base: ...\n",
        "trap.py": 'import m\nm.__dict__["Base"] = m.A\nclass X(m.Base): ...\n',
    },
    "vars of a module": {
        "m.py": "class A: ...\nclass Base: ...\n",
        "trap.py": 'import m\nvars(m)["Base"] = m.A\nclass X(m.Base): ...\n',
    },
    "setattr with a computed name": {
        "m.py": "class A: ...\nclass Base: ...\n",
        "trap.py": 'import m\nfor name in ("Base",):\n    setattr(m, name, m.A)\nclass X(m.Base): ...\n',
    },
    "a class's attribute replaced": """
        class A: ...
        class B: ...
        class H:
            Inner = A
        H.Inner = B
        class X(H.Inner): ...
    """,
    "a name bound by with": """
        import contextlib
        class A: ...
        class B: ...
        Base = A
        with contextlib.nullcontext(B) as Base: ...
        class X(Base): ...
    """,
    "loops and their else": """
        class A: ...
        class B: ...
        while False:
            Base = A
        else:
            Base = B
        class X(Base): ...
        for _ in ():
            Base2 = A
        else:
            Base2 = B
        class Y(Base2): ...
        for i in range(3):
            if i: Base3 = A; break
        else:
            Base3 = B
        class Z(Base3): ...
    """,
    "names bound by match": """
        class A: ...
        class B: ...
        match 3:
            case 1: Base = A
            case x: Base = B
        class X(Base): ...
        match A:
            case Base2: pass
        class Y(Base2): ...
    """,
    "an augmented name": """
        class M(type):
            def __iadd__(cls, other): return other
        class A(metaclass=M): ...
        class B: ...
        Base = A
        Base += B
        class X(Base): ...
    """,
    "Annotated bases": """
        from typing import Annotated
        import typing
        A = Annotated[dict, 1]
        class X(A): ...
        class Y(typing.Annotated[list, 1]): ...
    """,
    "a function as metaclass": """
        def meta(name, bases, ns):
            return type(name, (dict, *bases), ns)
        class X(metaclass=meta): ...
        class Y(X): ...
    """,
    "a metaclass that returns another class": """
        class A: ...
        class Meta(type):
            def __new__(m, name, bases, ns):
                if name == "X": return A
                return super().__new__(m, name, bases, ns)
        class X(metaclass=Meta): ...
        class Y(X): ...
    """,
    "a metaclass of a metaclass": """
        class A: ...
        class MM(type):
            def __call__(cls, name, bases, ns):
                return super().__call__(name, (*bases, A), ns)
        class Meta(type, metaclass=MM): ...
        class X(metaclass=Meta): ...
        class Y(X): ...
    """,
    "a metaclass that exchanges bases": """
        class B: ...
        class A: ...
        class Meta(type):
            def __init__(cls, name, bases, ns):
                super().__init__(name, bases, ns)
                if name == "X":
                    cls.__bases__ = (B,)
        class R(A, metaclass=Meta): ...
        class X(R): ...
    """,
    "__init_subclass__ that exchanges bases": """
        class B: ...
        class P: ...
        class A:
            def __init_subclass__(cls, **k):
                if cls.__name__ == "X":
                    cls.__bases__ = (P,)
        class Q(P): ...
        class X(A): ...
    """,
    "a decorator that exchanges bases": """
        class B: ...
        class A: ...
        def swap(cls):
            cls.__bases__ = (B,)
            return cls
        @swap
        class X(A): ...
    """,
    "a decorator that rebinds in a loop": """
        class O(dict): ...
        def d(cls):
            for x in (O,):
                cls = x
            return cls
        @d
        class X: ...
        class Y(X): ...
    """,
    "a decorator with an inner function that rebinds": """
        class O(dict): ...
        def d(cls):
            def inner():
                nonlocal cls
                cls = O
            inner()
            return cls
        @d
        class X: ...
        class Y(X): ...
    """,
    "a decorator that goes through a global": """
        class O(dict): ...
        K = None
        def d(cls):
            global K
            K = cls
            other()
            return K
        def other():
            global K
            K = O
        @d
        class X: ...
        class Y(X): ...
    """,
    "a decorator that keeps the class in an object": """
        class O(dict): ...
        class R:
            def __init__(self): self.k = None
            def add(self, cls):
                self.k = O
                return self.k
            def same(self, cls):
                self.k = cls
                return self.k
        r = R()
        @r.add
        class X: ...
        class Y(X): ...
        @r.same
        class Z: ...
        class W(Z): ...
    """,
    "decorators made by partial": """
        import functools
        class O(dict): ...
        def d(flag, cls): return cls
        def e(cls, flag): return flag
        @functools.partial(d, 1)
        class X: ...
        @functools.partial(e, flag=O)
        class Y: ...
        class Z(Y): ...
        class W(X): ...
    """,
    "a decorator that returns its option": """
        class O(dict): ...
        def d(cls=None, *, other=O):
            if cls is None:
                return lambda c: c
            return other
        @d
        class X: ...
        @d()
        class Y: ...
        class Z(X): ...
        class W(Y): ...
    """,
    "a decorator that decides by the class": """
        class O(dict): ...
        def d(cls): return cls if issubclass(cls, list) else O
        @d
        class X: ...
        @d
        class Y(list): ...
        class Z(X): ...
        class W(Y): ...
    """,
    "decorators that return in a try": """
        class O(dict): ...
        def d(cls):
            try:
                cls.nope
            except AttributeError:
                return O
            return cls
        @d
        class X: ...
        class Z(X): ...
        def e(cls):
            try:
                return cls
            finally:
                cls.x = 1
        @e
        class Y: ...
        class W(Y): ...
        def f(cls):
            try:
                return cls
            finally:
                return O
        @f
        class V: ...
        class U(V): ...
    """,
    "a decorator that returns in a with": """
        import contextlib
        class O(dict): ...
        def d(cls):
            with contextlib.suppress(ZeroDivisionError):
                1/0
                return cls
            return O
        @d
        class X: ...
        class Z(X): ...
    """,
    "a decorated decorator": """
        class O(dict): ...
        def swap(f):
            def g(cls): return O
            return g
        @swap
        def d(cls): return cls
        @d
        class X: ...
        class Y(X): ...
        import functools
        def log(f):
            @functools.wraps(f)
            def g(*a, **k): return f(*a, **k)
            return g
        @log
        def e(cls): return cls
        @e
        class Z: ...
        class W(Z): ...
    """,
    "a class as decorator, by __new__": """
        class O(dict): ...
        class d:
            def __new__(cls, c): return c
        class e:
            def __new__(cls, c): return O
        @d
        class X: ...
        class Y(X): ...
        @e
        class Z: ...
        class W(Z): ...
    """,
    "decorators that copy the class": """
        def d(cls):
            return type(cls)(cls.__name__, cls.__bases__, {k: v for k, v in cls.__dict__.items() if k not in ("__dict__","__weakref__")})
        def e(cls):
            return type(cls.__name__, (cls,), {})
        def f(cls):
            return type(cls.__name__, cls.__bases__ + (dict,), {})
        @d
        class X(list): ...
        class Y(X): ...
        @e
        class Z: ...
        class W(Z): ...
    """,
    "classes from functions": """
        class A: ...
        def ident(c): return c
        class X(ident(A)): ...
        def pick(n): return {"a": A}[n]
        class Y(pick("a")): ...
        def mk():
            if True:
                return A
            return dict
        class Z(mk()): ...
        make = lambda: A
        class W(make()): ...
    """,
    "functions that shadow a class": """
        class A: ...
        def mk():
            A = dict
            return A
        class X(mk()): ...
        def mk2():
            class A(list): ...
            return A
        class Y(mk2()): ...
    """,
    "the type of an object": """
        import pathlib, re, threading, collections
        class A: ...
        a = A()
        class X(type(a)): ...
        class Y(type(pathlib.Path())): ...
        class Z(type([])): ...
        class S:
            def __new__(cls): return dict()
        class W(type(S())): ...
        class V(type({})): ...
        class U(a.__class__): ...
        class T_(type(1)): ...
        class R(type("")): ...
        class Q(type(collections.OrderedDict())): ...
    """,
    "an __all__ that grows": {
        "pk/__init__.py": "from .a import *\nfrom .b import *\n__all__ = a.__all__ + b.__all__\n",
        "pk/a.py": "__all__ = ['A']\nclass A: ...\nclass Hidden: ...\nclass B(dict): ...\n",
        "pk/b.py": "__all__=['B']\n__all__ += ['C']\n__all__.append('_D')\n__all__.extend(['E'])\nclass B: ...\nclass C(B): ...\nclass _D: ...\nclass E: ...\nclass Hidden: ...\n",
        "trap.py": "class Hidden(list): ...\nfrom pk import *\nclass X(A): ...\nclass Y(B): ...\nclass Z(C): ...\nclass W(_D): ...\nclass V(Hidden): ...\nclass U(E): ...\n",
    },
    "an __all__ that is computed": {
        "pk.py": "class A: ...\nclass B: ...\n__all__ = [n for n in dir() if n == 'A']\n",
        "trap.py": "class B(dict): ...\nclass A(dict): ...\nfrom pk import *\nclass X(A): ...\nclass Y(B): ...\n",
    },
    "an __all__ that shrinks": {
        "pk.py": "class A: ...\nclass B: ...\n__all__ = ['A','B']\n__all__.remove('B')\n",
        "trap.py": "class B(dict): ...\nfrom pk import *\nclass Y(B): ...\n",
    },
    "a slice as __all__": {
        "pk.py": "class A: ...\nclass B: ...\n__all__ = ['A','B'][:1]\n",
        "trap.py": "class B(dict): ...\nfrom pk import *\nclass Y(B): ...\n",
    },
    "a star of a conditional name": {
        "pk.py": "import os\nclass A: ...\nif os.environ.get('NOPE_X'):\n    class B: ...\n",
        "trap.py": "class B(dict): ...\nfrom pk import *\nclass Y(B): ...\n",
    },
    "a conditional star": {
        "a.py": "class K: ...\n",
        "b.py": "class K(dict): ...\n",
        "trap.py": "import sys\nif sys.version_info > (3,):\n    from a import *\nelse:\n    from b import *\nclass X(K): ...\n",
    },
    "a submodule that takes a class's place": {
        "pk/__init__.py": "class sub(dict): ...\n",
        "pk/sub.py": "class K: ...\n",
        "trap.py": "import pk.sub\nfrom pk import sub\nclass Y(sub.K): ...\n",
    },
    "a class and a submodule of one name": {
        "pk/__init__.py": "class Base(dict): ...\nfrom . import other\n",
        "pk/Base.py": "class Base: ...\n",
        "pk/other.py": "\n",
        "trap.py": "from pk import other\nfrom pk.Base import Base as B\nfrom pk import Base\nclass Y(Base if isinstance(Base, type) else B): ...\n",
    },
    "a __getattr__ by assignment": {
        "pk.py": "def f(n): return dict\n__getattr__ = f\n",
        "trap.py": "try:\n    from pk import L\nexcept ImportError:\n    L = list\nclass Y(L): ...\n",
    },
    "a module with a class of its own": {
        "pk.py": "import sys, types\nclass M(types.ModuleType):\n    class K(dict): ...\nsys.modules[__name__].__class__ = M\n",
        "trap.py": "import pk\ntry:\n    from pk import K\nexcept ImportError:\n    K = list\nclass Y(K): ...\n",
    },
    "a module that replaces itself": {
        "pk.py": "import sys\nclass NS:\n    class K(dict): ...\nsys.modules[__name__] = NS\nclass K: ...\n",
        "trap.py": "import pk\nclass Y(pk.K): ...\n",
    },
    "namespace packages": {
        "ns/a.py": "class A: ...\n",
        "ns/sub/b.py": "from ns.a import A\nclass B(A): ...\n",
        "trap.py": "import ns.sub.b\nfrom ns.sub import b as q\nclass X(ns.sub.b.B): ...\nclass Y(q.A): ...\n",
    },
    "a binding under suppress": {
        "trap.py": "import contextlib\nclass A: ...\nclass B: ...\nBase = A\nwith contextlib.suppress(ZeroDivisionError):\n    1/0\n    Base = B\nclass X(Base): ...\n",
    },
    "private names": {
        "trap.py": "class A: ...\nclass X:\n    __Base = A\n    class Y(__Base): ...\n    class __In(A): ...\nclass Z(X._X__In): ...\n",
    },
    "scopes of class bodies": {
        "trap.py": "class A: ...\nB = dict\nclass X:\n    B = A\n    class Y(B): ...\n    class N:\n        class Q(B): ...\n",
    },
    "attributes by the order of the bases": {
        "trap.py": "class A:\n    K = dict\nclass B:\n    K = list\nclass C(A): ...\nclass D(C, B): ...\nclass X(D.K): ...\nclass O: K = dict\nclass P(O): ...\nclass Q(O): K = list\nclass R(P, Q): ...\nclass Y(R.K): ...\n",
    },
    "a metaclass's __getattribute__": {
        "trap.py": "class M(type):\n    def __getattribute__(c, n): return dict if n == 'K' else type.__getattribute__(c, n)\nclass A(metaclass=M):\n    K = list\nclass X(A.K): ...\n",
    },
    "a metaclass's property": {
        "trap.py": "class M(type):\n    K = dict\n    @property\n    def L(c): return set\nclass A(metaclass=M):\n    L = list\nclass X(A.K): ...\nclass Y(A.L): ...\n",
    },
    "descriptors as bases": {
        "trap.py": "import sys\nclass D:\n    def __get__(s, i, o): return dict\nclass A:\n    K = D()\n    @classmethod\n    @property\n    def L(cls): return list\nclass X(A.K): ...\nif sys.version_info < (3, 13):\n    class Y(A.L): ...\n",
    },
    "names that change places": {
        "trap.py": "class A: ...\nclass B: ...\nA, B = B, A\nclass X(A): ...\nP, *Q = A, B, dict\nclass Y(P): ...\nclass Z(Q[1]): ...\n",
    },
    "a loop's last class": {
        "trap.py": "class A: ...\nclass B: ...\nfor K in (A, B): pass\nclass X(K): ...\n",
    },
    "classes made by metaclasses": {
        "trap.py": "class A: ...\nT2 = type('T2', (A,), dict(x=1))\nclass X(T2): ...\nclass M(type): ...\nT3 = M('T3', (A, dict), {})\nclass Y(T3): ...\nimport abc\nT4 = abc.ABCMeta('T4', (A,), {})\nclass Z(T4): ...\nT5 = type('T5', (), {})\nclass W(T5): ...\n",
    },
    "builtins under other names": {
        "trap.py": "dict = list\nclass X(dict): ...\nimport builtins\nclass Y(builtins.dict): ...\nobject = set\nclass Z(object): ...\n",
    },
    "the standard library patched": {
        "trap.py": "import collections\nclass K(dict): ...\ncollections.OrderedDict = K\nclass X(collections.OrderedDict): ...\nfrom collections import OrderedDict\nclass Y(OrderedDict): ...\n",
    },
    "parameter specifications": {
        "trap.py": "from typing import *\nP = ParamSpec('P')\nT = TypeVar('T')\nTs = TypeVarTuple('Ts')\nclass A(Generic[P, T]): ...\nclass B(A[[int], str]): ...\nclass C(Generic[Unpack[Ts]]): ...\nclass D(C[int, str]): ...\nclass E(Generic[*Ts], dict): ...\nclass F(Callable[[int], str]): ...\nclass G(Callable[P, T]): ...\n",
    },
    "where Generic goes": {
        "trap.py": "from typing import *\nT = TypeVar('T')\nclass A(Generic[T]): ...\nclass B(List[T], A[T]): ...\nclass C(A[T], Iterable[T], Generic[T]): ...\nclass D(Generic[T], A[T]): ...\nclass E(Sequence[T], A[T], Sized): ...\nclass F(A if True else dict): ...\n",
    },
    "register as decorator": {
        "trap.py": "from abc import ABC\nclass A(ABC): ...\n@A.register\nclass X: ...\nfrom collections.abc import Mapping\n@Mapping.register\nclass Y(dict): ...\nclass Z(Y): ...\n",
    },
    "dataclasses with slots": {
        "trap.py": "from dataclasses import dataclass, make_dataclass\n@dataclass(slots=True)\nclass A:\n    x: int\n@dataclass\nclass B(A):\n    y: int\nC = make_dataclass('C', ['x'], bases=(A,))\nclass D(C): ...\n",
    },
    "exceptions by old names": {
        "trap.py": "class A(ExceptionGroup, ValueError): ...\nclass B(OSError, KeyError): ...\nclass C(IOError): ...\nclass D(EnvironmentError): ...\nimport socket, asyncio, concurrent.futures as f\nclass E(socket.error): ...\nclass F(socket.timeout): ...\nclass G(asyncio.TimeoutError): ...\nclass H(f.TimeoutError): ...\nclass I(asyncio.CancelledError): ...\n",
    },
    "every typing alias": """
        import typing as t
        from typing import *
        class X(List[int]): ...
        class Y(DefaultDict[str, int]): ...
        class Z(OrderedDict[str,int]): ...
        class W(ChainMap[str,int], t.Generic[t.TypeVar("T")]): ...
        class V(Type): ...
        class U(ContextManager[int]): ...
        class S(AsyncIterator[int]): ...
        class R(Hashable, Sized): ...
        class Q(SupportsInt, Protocol): ...
        class P(IO[str]): ...
        class O(TextIO): ...
        class N(Counter[str]): ...
        class M(Deque[int]): ...
        class L(Set[int]): ...
        class K(FrozenSet[int]): ...
        class J(Pattern if False else dict): ...
        class I(Tuple[int, str]): ...
        class H(Awaitable[int]): ...
        class G(ByteString): ...
    """,
    "Any as base": """
        from typing import Any
        class X(Any): ...
        class Y(dict, Any): ...
    """,
}
SURE = {
    "Annotated bases",
    "functions that shadow a class",
    "a conditional star",
    "namespace packages",
    "scopes of class bodies",
    "attributes by the order of the bases",
    "classes made by metaclasses",
    "builtins under other names",
    "parameter specifications",
    "where Generic goes",
    "register as decorator",
    "exceptions by old names",
    "every typing alias",
    "Any as base",
}
"""Those whose orders are all certain; elsewhere a doubt is allowed, with its reason."""


@pytest.mark.parametrize("trap", TRAPS)
def test_a_rare_way_to_a_base_is_read_right_or_doubted(trap: str, tmp_path: Path) -> None:
    hold_against_cpython(tmp_path, TRAPS[trap], ["trap"], may_doubt=trap not in SURE)
