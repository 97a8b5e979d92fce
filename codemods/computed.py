"""Imports that are put together at run time: `import_module(f"app.{name}")`, and code that is written,
`"from app.old import " + ", ".join(names)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from codemods.lazy import IMPORTERS, anchor_of, is_importer, is_sys_modules, name_argument
from codemods.moves import Landing
from codemods.scopes import Scope
from codemods.view import View

_NOTHING: Mapping[str, str] = MappingProxyType({})
_WHY = "imports a module by a name that is put together, which may be "
_NAMES_OPEN = "begins an import of names that are put together, and names of this module move"
_UNFINISHED = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t(]*(?:\0|\Z)")
FILLED = "\0"
"""Stands for each value that is filled in."""
_FIELD = re.compile(r"%[\w.]|\{[^{}]*\}")
_WORD = re.compile(r"[^\W\d]\w*")


def report_computed_imports(view: View) -> None:
    """Lists imports that may mean what moves, and how they do can't be followed."""
    if any(name in view.text for name in IMPORTERS):
        _report_calls(view)
        _report_helped(view)
    nodes = (*(text.node for text in view.module.texts), *view.module.joined)
    for node in nodes:
        text = spelled(node)
        match = _UNFINISHED.search(text) if "import" in text else None
        names = view.moves.star(match[1]) if match and view.moves.holds_moved(match[1]) else None
        if names:
            shown = view.positions.of(node)
            view.omit(node, shown, "text", _NAMES_OPEN, [names[name] for name in sorted(names)])


def _report_calls(view: View) -> None:
    """Lists imports by a string that may mean a module which moves, or which moved names leave. One of
    whose name nothing is written down may mean any module, and is not listed."""
    for call, scope in view.module.calls:
        asked = name_argument(call) if is_importer(call) else None
        name = "" if asked is None else _absolute(view, call, spelled(asked))
        if asked is None or FILLED not in name or not _WORD.search(name):
            continue
        found = _meant(view, name)
        if _gives_submodules(call, scope):
            found = {name: landing for name, landing in found.items() if landing.is_module}
        _list(view, asked, _WHY, found, is_guess=True)


def _report_helped(view: View) -> None:
    """Lists what is given to a function of the file that imports a module by it, or by what it makes of it.
    A whole name is dealt with as a string, and what says nothing may mean any module."""
    helpers = {helper.function.name: helper for helper in _helpers(view)}
    for call, scope in view.module.calls if helpers else ():
        helper = helpers.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if helper is None or not helper.is_meant(view, scope):
            continue
        given = {name: node for name, node in _given(helper.function, call) if name in helper.asks}
        texts = {name: spelled(node) for name, node in given.items()}
        name = _absolute(view, helper.imports, spelled(helper.asked, texts))
        told = [node for key, node in given.items() if _WORD.search(texts[key])]
        if told and not (isinstance(told[0], ast.Constant) and told[0].value == name):
            why = f"is given to {helper.function.name}, which imports by it what may be "
            _list(view, told[0], why, _meant(view, name), is_guess=FILLED in name)


def _absolute(view: View, call: ast.Call, name: str) -> str:
    """The name that an importer is asked for; empty where it climbs."""
    if not name.startswith("."):
        return name
    return "" if name.startswith("..") else anchor_of(call, view.package, view.moves.module) + name


def _meant(view: View, name: str) -> Mapping[str, Landing]:
    pattern = re.compile(re.escape(name).replace(re.escape(FILLED), r"[\w.]+"))
    return view.moves.modules_like(pattern, name.partition(FILLED)[0])


def _list(
    view: View, node: ast.expr, why: str, found: Mapping[str, Landing], *, is_guess: bool
) -> None:
    names = (landing for module in found for landing in view.moves.star(module).values())
    leads, shown = [*found.values(), *names], view.positions.of(node)
    if found and not _is_listed(view, node, leads):
        view.omit(node, shown, "string", why + ", ".join(sorted(found)), leads, is_guess=is_guess)


def _is_listed(view: View, node: ast.expr, leads: Iterable[Landing]) -> bool:
    """Whether an omission at the same place leads to all of these."""
    place = view.positions.place(view.positions.span(node)[0])
    ends = {landing.target or landing.doubt for landing in leads if landing}
    here = (o for o in view.omissions if (o.line, o.column) == place)
    return any(ends.issubset(omission.leads_to) for omission in here)


@dataclass(frozen=True)
class _Helper:
    """A function at the top of a file that imports what some of its parameters say."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    imports: ast.Call
    asked: ast.expr

    @cached_property
    def asks(self) -> frozenset[str]:
        """The parameters."""
        read = {node.id for node in ast.walk(self.asked) if isinstance(node, ast.Name)}
        return frozenset(read.intersection(_parameters(self.function)))

    def is_meant(self, view: View, scope: Scope) -> bool:
        """Whether its name means it, and nothing else, in a scope."""
        bindings = view.module.find(self.function.name, scope)
        return [binding.node for binding in bindings] == [self.function]


def _helpers(view: View) -> Iterator[_Helper]:
    for call, scope in view.module.calls:
        function = scope.node
        asked = name_argument(call) if is_importer(call) else None
        if asked is None or scope.parent is not view.module.scope:
            continue
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            helper = _Helper(function, call, asked)
            if helper.asks:
                yield helper


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]


def _given(
    function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call
) -> Iterator[tuple[str, ast.expr]]:
    """Parameters and what a call gives for each, as far as no star hides it."""
    starred = (i for i, node in enumerate(call.args) if isinstance(node, ast.Starred))
    plain = call.args[: next(starred, len(call.args))]
    yield from zip(_parameters(function), plain, strict=False)
    yield from ((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg)


def _gives_submodules(call: ast.Call, scope: Scope) -> bool:
    """Whether a call gives a module's `__getattr__` its answer: whoever asks says `package.module.Name`."""
    function = scope.node
    is_getattr = isinstance(function, ast.FunctionDef) and function.name == "__getattr__"
    if not is_getattr or scope.parent is None or scope.parent.kind != "module":
        return False
    return any(isinstance(node, ast.Return) and node.value is call for node in ast.walk(function))


def own_lookups(view: View) -> Iterator[tuple[ast.expr, re.Pattern[str]]]:
    """Where a module reads names of its own by their text, as in `globals()["_" + name]`, with what that
    text can be."""
    if not any(word in view.text for word in OWN_LOOKUPS):
        return
    for node in view.nodes:
        match node:
            case ast.Subscript(value=owner, slice=key, ctx=ast.Load()):
                pass
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *_]):
                pass
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[owner, key, *_]):
                pass
            case _:
                continue
        if _is_own_names(owner):
            said = re.escape(spelled(key)).replace(re.escape(FILLED), r"\w+")
            yield node, re.compile(said)


def _is_own_names(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="globals" | "vars"), args=[]):
            return True
        case ast.Subscript(value=modules, slice=ast.Name(id="__name__")):
            return is_sys_modules(modules)
        case _:
            return False


OWN_LOOKUPS = ("globals", "vars", "modules")
"""One of which a module says that reads names of its own by their text."""


def spelled(node: ast.expr, known: Mapping[str, str] = _NOTHING) -> str:
    """The text of an expression, with a mark for each part that only run time knows; `known` are the texts
    that variables hold."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) | ast.FormattedValue(value=ast.Name(id=name)) if name in known:
            return known[name]
        case ast.JoinedStr(values=parts):
            return "".join(spelled(part, known) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return spelled(left, known) + spelled(right, known)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return _FIELD.sub(FILLED, text)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return _FIELD.sub(FILLED, text)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(glue)), attr="join"),
            args=[ast.List(elts=parts) | ast.Tuple(elts=parts)],
        ):
            return glue.join(spelled(part, known) for part in parts)
        case _:
            return FILLED
