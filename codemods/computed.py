"""Imports that are put together at run time: `import_module(f"app.{name}")`, and code that is written,
`"from app.old import " + ", ".join(names)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.lazy import anchor_of, is_importer, is_sys_modules, name_argument
from codemods.scopes import Scope
from codemods.view import View

_WHY = "imports a module by a name that is put together, which may be "
_NAMES_OPEN = "begins an import of names that are put together, and names of this module move"
_UNFINISHED = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t(]*(?:\0|\Z)")
FILLED = "\0"
"""Stands for each value that is filled in."""
_FIELD = re.compile(r"%[\w.]|\{[^{}]*\}")
_WORD = re.compile(r"[^\W\d]\w*")


def report_computed_imports(view: View) -> None:
    """Lists imports that may mean what moves, and how they do can't be followed."""
    _report_calls(view)
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
        name = "" if asked is None else spelled(asked)
        if name.startswith("."):
            anchor = anchor_of(call, view.package, view.moves.module)
            name = "" if name.startswith("..") else anchor + name
        if asked is None or FILLED not in name or not _WORD.search(name):
            continue
        pattern = re.compile(re.escape(name).replace(re.escape(FILLED), r"[\w.]+"))
        found = view.moves.modules_like(pattern, name.partition(FILLED)[0])
        if _gives_submodules(call, scope):
            found = {name: landing for name, landing in found.items() if landing.is_module}
        if found:
            why = _WHY + ", ".join(sorted(found))
            names = (landing for module in found for landing in view.moves.star(module).values())
            leads = [*found.values(), *names]
            view.omit(asked, view.positions.of(asked), "string", why, leads, is_guess=True)


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


def spelled(node: ast.expr) -> str:
    """The text of an expression, with a mark for each part that only run time knows."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(spelled(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return spelled(left) + spelled(right)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return _FIELD.sub(FILLED, text)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return _FIELD.sub(FILLED, text)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(glue)), attr="join"),
            args=[ast.List(elts=parts) | ast.Tuple(elts=parts)],
        ):
            return glue.join(map(spelled, parts))
        case _:
            return FILLED
