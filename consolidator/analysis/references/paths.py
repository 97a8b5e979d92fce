"""Files of modules that move, named by their path: `COPY app/old.py`, `ROOT / "app" / "old.py"`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from posixpath import basename, dirname

from codemods.computed import FILLED, spelled
from codemods.lazy import last_name
from codemods.mentions import said
from codemods.outcome import Omission
from codemods.view import View
from consolidator.analysis.references.routes import Routes

WHY = "is the path of a file that moves"
_WHY_JOINED = "may be put together to the path of a file that moves: "
_JOINERS = frozenset({"join", "Path", "PurePath", "PosixPath", "PurePosixPath"})


_RELATIVE = r"(?:(?<![\w./-])|(?<=(?<![\w/-])\./))"
_FROM_ROOT = rf"(?:{_RELATIVE}|(?<=(?<![\w.-])/))"


def path_mentions(moved: Mapping[str, str], text: str) -> Iterator[tuple[int, str, str]]:
    """Offset, text and module of every path of a moved file (see `MovedFiles.paths`), from the root of
    the tree or of its sources on. A folder without a slash at its end is one, unless it reads like an
    address: `/api/users`. A glob is one that fits by the name of the file."""
    for path, source in moved.items() if "*/" in text else ():
        file = path.rstrip("/")
        if f"*/{basename(file)}" not in text:
            continue
        for match in re.finditer(rf"[\w./*-]*\*/{re.escape(basename(file))}(?![\w.-])", text):
            if fnmatch(file, match.group()) or fnmatch(f"./{file}", match.group()):
                yield match.start(), match.group(), source
    for path, source in moved.items():
        stem = source.replace(".", "/")
        if stem not in text:
            continue
        root, found, rest = path.rpartition(stem)
        if not found:
            root, stem, rest = "", path.rstrip("/"), "/" if path.endswith("/") else ""
        named = rf"(?:{re.escape(root)})?{re.escape(stem + rest)}"
        ways = [_FROM_ROOT + named + ("" if rest == "/" else r"(?![\w/-])")]
        if rest == "/" and "/" in root + stem:
            folder = named.removesuffix("/") if "/" in stem else re.escape(root + stem)
            ways.append(rf"{_RELATIVE}{folder}(?![\w/.-])")
        for match in re.finditer("|".join(ways), text):
            yield match.start(), match.group(), source


def may_join_paths(routes: Routes, text: str) -> bool:
    """Whether a file says the last part of a moved path as the end of a string."""
    return any(
        f'{end}"' in text or f"{end}'" in text
        for word in said(text, routes.files.ends.keys())
        for end in routes.files.ends[word]
    )


def paths_in_strings(routes: Routes, view: View, path: str) -> Iterator[tuple[Omission, str]]:
    """Where a Python file says the path of a moved file, whole or in parts; with the module."""
    whole: set[ast.AST] = set()
    every = routes.files.paths.items()
    near = {p: s for p, s in every if s.rpartition(".")[2] in view.text}
    for text in view.module.texts if near else ():
        is_docstring = text.node in view.module.docstrings
        for _, shown, source in path_mentions(near, str(text.node.value)):
            whole.add(text.node)
            line, column = view.positions.place(view.positions.span(text.node)[0])
            kind = "docstring" if is_docstring else "text"
            yield Omission(path, line, column, shown, kind, WHY), source
    if may_join_paths(routes, view.text):
        for node, moved in _joined(routes, view, path):
            if whole.isdisjoint(ast.walk(node)):
                line, column = view.positions.place(view.positions.span(node)[0])
                shown, why = view.positions.of(node), _WHY_JOINED + moved
                omission = Omission(path, line, column, shown, "text", why, is_guess=True)
                yield omission, routes.files.paths[moved]


def _joined(routes: Routes, view: View, path: str) -> Iterator[tuple[ast.expr, str]]:
    """Expressions that end as a moved path does, the outermost ones."""
    inner: set[ast.AST] = set(view.module.docstrings)
    for node in ast.walk(view.tree):
        if node in inner or not isinstance(
            node, ast.BinOp | ast.Call | ast.Constant | ast.JoinedStr
        ):
            continue
        said_path = _path_of(node)
        if said_path == FILLED or (isinstance(node, ast.Constant) and said_path.startswith("/")):
            continue  # from the root of the machine, or an address
        inner.update(ast.walk(node))
        for moved in routes.files.names.get(_last(said_path), ()):
            if _may_be(routes, said_path, moved.rstrip("/"), dirname(path)):
                yield node, moved


def _last(said_path: str) -> str:
    """The last part of a path, where it is known."""
    parts = said_path.rpartition(FILLED)[2].split("/")
    return next((part for part in reversed(parts) if part not in ("", ".", "..")), "")


def _path_of(node: ast.expr) -> str:
    """The path that an expression puts together, with a mark for what only run time knows."""
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"{_path_of(left)}/{_path_of(right)}"
        case ast.Call(func=ast.Attribute(value=start, attr="joinpath"), args=args):
            return "/".join(map(_path_of, [start, *args]))
        case ast.Call(func=function, args=args) if last_name(function) in _JOINERS:
            return "/".join(map(_path_of, args))
        case ast.Constant(value=str(text)):
            return text.replace("\\", "/")
        case ast.JoinedStr():
            return spelled(node)
        case _:
            return FILLED


def _may_be(routes: Routes, said_path: str, moved: str, folder: str) -> bool:
    """Whether a path may be a moved one: by two parts of it at least, from the folder of the file on, or
    where no other file is named so."""
    head, _, tail = said_path.rpartition(FILLED)
    parts = [part for part in tail.split("/") if part not in ("", ".", "..")]
    known = "/".join(parts)
    if not known or not f"/{moved}".endswith(f"/{known}"):
        return False
    before = [part for part in re.split(rf"[/{FILLED}]", head) if part not in ("", ".", "..")]
    if len(parts) > 1 or moved == known or before:
        return all(part in moved.split("/") for part in before)
    is_joined = FILLED in said_path
    return is_joined and (f"{folder}/{known}" == moved or routes.files.is_only(basename(moved)))
