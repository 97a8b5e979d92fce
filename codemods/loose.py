"""Modules that are handed on whole while names leave them: who reads those names can't be followed.

`patch.multiple(old, Thing=…)`, `vars(old)["Thing"]`, `{"Thing": "app.old"}`: the module stands in one
place and the name in another. The module is listed where the file says one of its moved names in a way
that nothing else has dealt with.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.computed import FILLED, spelled
from codemods.handed import handed_on, imported_for_effect
from codemods.lazy import last_name, module_literal
from codemods.mentions import absolute_module, said
from codemods.positions import Located
from codemods.scopes import Binding, Text, Use
from codemods.syntax import messages
from codemods.view import View

_WHY = "names of this module move, and which ones are read here can't be followed"
_LISTED = "__all__"
_WHY_LISTED = (
    "names of this module move, and what it lists will lack them: to be listed here by name"
)
WHOLE = ("__dict__", "__name__", _LISTED)
"""Attributes of a module that lead to everything in it, or to all that a star brings."""
_AFTER_DOT = re.compile(r"\.([^\W\d]\w*)")
_MODULE = re.compile(r"\.*[^\W\d][\w.]*")
_PATH = re.compile(r"[^\W\d][\w.]*")
_NAMES = r"[\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*"
_IMPORTED = re.compile(
    rf"(?<!\w)from[ \t]+(?P<package>[\w.]+)[ \t]+import[ \t]+(?P<named>{_NAMES})"
    rf"|(?<!\w)import[ \t]+(?P<whole>{_NAMES})"
)
_RUN = re.compile(rf"[\w.{FILLED}]+")
_IN_CODE = re.compile(r"(?:\b(?:import|from)|(?<!\S)-m)[ \t]+\Z")


def report_loose_modules(view: View) -> None:
    """Lists the mentions of modules that moved names leave, where they may be the way to one."""
    loose: set[str] | None = None
    asked: set[int] = set()
    effects: set[int] = set()
    for start, text, kind, module in _mentions(view):
        names = view.moves.star(module)
        if not names:
            continue
        if loose is None:
            loose = set(_loose_names(view))
            asked, effects = handed_on(view), imported_for_effect(view)
        if text.rpartition(".")[2] == _LISTED:
            read, why = set(view.moves.star_brings(module) or ()) - view.exports, _WHY_LISTED
        else:
            read, why = set(names) if start in asked else loose, _WHY
        if start in effects:
            read = set(names)
        found = sorted(read.intersection(names))
        if found:
            shown = "effect" if start in effects else kind
            leads = [names[name] for name in found]
            view.omit(start, text, shown, why, leads, is_guess=why == _WHY)


def _mentions(view: View) -> Iterator[tuple[int, str, str, str]]:
    """Offset, text, kind and module of every mention of a whole module outside of imports."""
    for bindings, sites in view.reads:
        for prefix in _prefixes(view, bindings):
            for site in sites:
                rest = site.names[1:-1] if site.names[-1] in WHOLE else site.names[1:]
                module = ".".join((prefix, *rest))
                if view.moves.holds_moved(module):
                    yield site.start, view.text[site.start : site.ends[-1]], "attribute", module
    listed = {(omission.line, omission.column) for omission in view.omissions}
    for text in view.module.texts:
        if text.node in view.listed:
            continue
        named = (module for module in _modules(view, text) if view.moves.holds_moved(module))
        module = next(named, "")
        if module and not _is_settled(view, text) and not _is_key(view, text):
            start = view.positions.span(text.node)[0]
            if view.positions.place(start) not in listed:
                yield start, view.positions.of(text.node), "string", module
    for binding in _class_imports(view):
        imported = view.dotted(binding)
        if imported and binding.alias is not None and view.moves.holds_moved(imported):
            start = view.positions.span(binding.alias)[0]
            yield start, view.positions.of(binding.alias), "import", imported
    for statement in view.module.imports:
        source = view.source(statement) if isinstance(statement, ast.ImportFrom) else None
        if source is not None and view.moves.holds_moved(source):
            for alias in statement.names:
                if alias.name == _LISTED:
                    yield view.positions.span(alias)[0], _LISTED, "import", source
    for joined in view.module.joined:
        for module in filter(view.moves.holds_moved, _said_modules(joined)):
            start = view.positions.span(joined)[0]
            kind = "message" if joined in messages(view.nodes) else "string"
            yield start, view.positions.of(joined), kind, module


def _said_modules(joined: ast.JoinedStr) -> Iterator[str]:
    """What an f-string may mean as a module: all of it, a dotted path, a word that a dot joins to what
    is filled in, and one that code imports or runs. Other words are prose."""
    text = spelled(joined).replace("...", " ")
    for match in _RUN.finditer(text):
        run = match.group().rstrip(".")
        if "." in run or run == text or _IN_CODE.search(text, 0, match.start()):
            yield from (path[0].strip(".") for path in _PATH.finditer(run) if not _is_part(path))


def _is_part(path: re.Match[str]) -> bool:
    """Whether a word without a dot goes on in what is filled in, or comes out of it: `f"old{x}.dat"`."""
    around = path.string[path.start() - 1 : path.start()] + path.string[path.end() : path.end() + 1]
    return "." not in path[0] and FILLED in around


def _modules(view: View, text: Text) -> Iterator[str]:
    """The modules that a string may name: absolute, relative, or a submodule of this very package, as
    in `{"Name": "module"}` for a lazy `__getattr__`."""
    value = str(text.node.value)
    if not _MODULE.fullmatch(value):
        for module in filter(view.moves.holds_moved, _imported_in(value)):
            if said(value, view.moves.star(module).keys()):
                yield module
        return
    if value == view.moves.module.rpartition(".")[2]:
        return  # a word of the module's own
    if value.startswith("."):
        yield absolute_module(value, view.moves)
        return
    yield value
    if view.moves.is_package:
        yield f"{view.package}.{value}"


def _imported_in(code: str) -> Iterator[str]:
    """Modules that code in a string imports as a whole."""
    if "import" not in code:
        return
    for match in _IMPORTED.finditer(code):
        package, named, whole = match["package"], match["named"] or "", match["whole"] or ""
        yield from (part.split()[0] for part in whole.split(",") if part.strip())
        yield from (f"{package}.{part.split()[0]}" for part in named.split(",") if part.strip())


def _class_imports(view: View) -> Iterator[Binding]:
    """What a class body imports can be read from the class and its instances."""
    for scope in view.module.scopes:
        if scope.kind == "class":
            yield from (b for bindings in scope.bindings.values() for b in bindings if b.statement)


def _prefixes(view: View, bindings: list[Binding]) -> list[str]:
    """What bindings stand for; what moves by itself is no module that names leave."""
    found = (view.dotted(binding) for binding in bindings if not view.landing(binding))
    return sorted({prefix for prefix in found if prefix})


def _is_settled(view: View, text: Text) -> bool:
    if text.node in view.settled or text.node in view.module.docstrings:
        return True
    if text.call is not None and last_name(text.call.func) in _TAKE_NAMES:
        return True
    literal = module_literal(text.call)
    return literal is not None and literal is not text.node  # what a relative name counts from


def _is_key(view: View, text: Text) -> bool:
    """Whether a word is a key of a table in the file whose values are no strings: `TABLE["old"](x)`."""
    value = text.node.value
    if "." in str(value):
        return False
    table = text.subscripts
    if isinstance(table, ast.Name):
        found = [binding.value for binding in view.module.find(table.id, text.scope)]
        return bool(found) and all(value in _keys(node) for node in found)
    return any(
        text.node in node.keys and value in _keys(node)
        for node in view.nodes
        if isinstance(node, ast.Dict)
    )


def _keys(node: ast.AST | None) -> set[object]:
    if not isinstance(node, ast.Dict):
        return set()
    items = zip(node.keys, node.values, strict=True)
    return {
        key.value
        for key, value in items
        if isinstance(key, ast.Constant) and isinstance(value, _OBJECTS)
    }


_OBJECTS = (ast.Name, ast.Attribute, ast.Lambda, ast.Call)
"""What a table has that is no text to import something by."""
_TAKE_NAMES = frozenset(
    {
        "assertLogs",
        "assertNoLogs",
        "at_level",
        "filterwarnings",
        "getLogger",
        "get_logger",
        "set_level",
    }
)
"""What is told the name of a logger, or of the module that a warning comes from, and imports nothing."""


def _loose_names(view: View) -> Iterator[str]:
    """Names that the file says without saying of what: as strings, keywords, or attributes of
    something unknown."""
    edited = {edit.end for edit in view.edits}
    for text in view.module.texts:
        is_own = text.annotates and view.starts_here(text)  # those have been dealt with
        if is_own or _is_settled(view, text) or _is_edited(view, text.node):
            continue
        yield from _parts(str(text.node.value))
    for joined in view.module.joined:
        values = (part.value for part in joined.values if isinstance(part, ast.Constant))
        yield from (name for value in values for name in _parts(str(value)))
    for call, _ in view.module.calls:
        yield from (keyword.arg for keyword in call.keywords if keyword.arg)
    chains = [use.nodes[_known(view, use) :] for use in view.module.uses]
    for nodes in (*chains, *(member.nodes for member in view.module.members)):
        for node in nodes:
            if isinstance(node, ast.Attribute) and view.positions.span(node)[1] not in edited:
                yield node.attr


def _known(view: View, use: Use) -> int:
    """How many names at the start of a chain are said of modules of the tree, by way of imports alone:
    whichever of them move have been dealt with."""
    bindings = view.module.find(use.root, use.scope)
    prefixes = [view.dotted(binding) for binding in bindings]
    depth = 1
    while (
        prefixes
        and depth < len(use.names)
        and all(prefix and view.moves.star_brings(prefix) is not None for prefix in prefixes)
    ):
        prefixes = [f"{prefix}.{use.names[depth]}" for prefix in prefixes]
        depth += 1
    return depth


def _parts(value: str) -> Iterator[str]:
    """The last part of a dotted path, and whatever follows a dot in any text."""
    yield value.rpartition(".")[2]
    yield from _AFTER_DOT.findall(value)


def _is_edited(view: View, node: Located) -> bool:
    start, end = view.positions.span(node)
    return any(start <= edit.start < end for edit in view.edits)
