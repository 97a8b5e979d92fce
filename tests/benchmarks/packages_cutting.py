"""Definitions of a package cut out by chance, each into a new module: what a hand would do before `migrate`."""

from __future__ import annotations

import ast
import builtins
import random
import re
import symtable
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from consolidator.errors import ConsolidatorError
from consolidator.plan import Move

_BUILTINS = frozenset(dir(builtins))
_OWN_PLACE = frozenset({"__file__", "__name__", "__package__", "__path__", "globals"})
"""What answers otherwise in another module, so that no hand would move what reads it as it stands."""
_TOOLS = frozenset({".git", ".consolidator"})
_LONG = 80
"""Characters from which on a string is no annotation."""
_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class DrawingError(ConsolidatorError):
    """There is nothing to draw from."""


@dataclass(frozen=True)
class Draw:
    """What is to move, and how."""

    definitions: int
    modules: int
    renamed: bool
    """New names for the moved definitions, as far as no string says the old ones."""
    entangled: bool
    """Definitions too that need others of their module: their new homes import those from the old one."""
    seed: int


@dataclass(frozen=True)
class Module:
    path: Path
    dotted: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        """Of module level, or under a condition there that has no other branch."""
        found = []
        for statement in self.tree.body:
            inner = _alone(statement) if isinstance(statement, ast.If) else [statement]
            found += [s for s in inner if isinstance(s, ast.Import | ast.ImportFrom)]
        return found

    @cached_property
    def imported(self) -> set[str]:
        return {local for statement in self.imports for local in _locals(statement)}

    @cached_property
    def own(self) -> set[str]:
        """Names that module level binds, imported ones included."""
        table = symtable.symtable(self.text, str(self.path), "exec")
        return {s.get_name() for s in table.get_symbols() if s.is_local()}

    @cached_property
    def definitions(self) -> list[_Definition]:
        """Of module level, those that are the only ones of their name, without overloads and without
        those whose name is bound again, as to what a decorator has made of it."""
        every = list(ast.walk(self.tree))
        nodes = [node for node in every if isinstance(node, _Definition)]
        once = {name for name, n in Counter(node.name for node in nodes).items() if n == 1}
        once -= {n.id for n in every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        return [node for node in self.tree.body if node in nodes and node.name in once]

    def source(self, node: ast.stmt) -> str:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        return "".join(self.text.splitlines(keepends=True)[first - 1 : node.end_lineno])


@dataclass(frozen=True)
class Piece:
    """A definition, with the names of its module that it needs."""

    module: Module
    node: _Definition
    imports: frozenset[str]
    neighbours: frozenset[str]

    @property
    def name(self) -> str:
        return self.node.name

    def renamed(self, new: str) -> str | None:
        """The definition under another name; None where a string says the old one."""
        text = self.module.source(self.node)
        inner = ast.parse(text)
        if any(re.search(rf"\b{self.name}\b", said) for said in _strings(inner)):
            return None
        places = {
            (n.lineno, n.col_offset)
            for n in ast.walk(inner)
            if isinstance(n, ast.Name) and n.id == self.name
        }
        lines = text.splitlines(keepends=True)
        for line, column in sorted(places, reverse=True):
            encoded = lines[line - 1].encode()
            end = column + len(self.name.encode())
            lines[line - 1] = (encoded[:column] + new.encode() + encoded[end:]).decode()
        return re.sub(rf"\b(class|def) {self.name}\b", rf"\1 {new}", "".join(lines), count=1)


@dataclass(frozen=True)
class Cut:
    moves: tuple[Move, ...]
    drawn_from: int
    definitions: Mapping[str, Path]
    """By the old dotted name, the file that it is to leave."""
    modules: Mapping[str, Path]
    """By the old dotted name, the file that is to go."""
    source_root: str


def cut_out(root: Path, package: Path, draw: Draw) -> Cut:
    """Writes the new homes; the old definitions stay for `migrate delete`."""
    dice = random.Random(draw.seed)
    modules = list(_modules(package))
    texts = {path: path.read_text(errors="replace") for path in root.rglob("*.py")}
    pieces = [
        piece
        for module in modules
        for piece in _pieces(module)
        if draw.entangled or not piece.neighbours
        if any(_says(text, piece.name) for path, text in texts.items() if path != module.path)
    ]
    chosen = dice.sample(pieces, min(draw.definitions, len(pieces)))
    taken = {piece.module.path for piece in chosen}
    whole = [m for m in modules if m.path not in taken and not m.path.name.startswith("__")]
    moving = dice.sample(whole, min(draw.modules, len(whole)))
    if not chosen and not moving:
        raise DrawingError(f"{package}: nothing that other files use can be cut out")
    moves = [*_write_homes(chosen, renamed=draw.renamed), *map(_copy, moving)]
    return Cut(
        tuple(moves),
        len(pieces),
        {f"{piece.module.dotted}.{piece.name}": piece.module.path for piece in chosen},
        {module.dotted: module.path for module in moving},
        package.parent.relative_to(root).as_posix(),
    )


def _modules(package: Path) -> Iterator[Module]:
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).parts
        if {"tests", "test", "testing", "_vendor", "vendor"} & set(inside):
            continue
        parts = [package.name, *inside[:-1], *([path.stem] if path.stem != "__init__" else [])]
        module = Module(path, ".".join(parts), path.read_text(errors="replace"))
        try:
            _ = module.tree, module.own
        except (SyntaxError, ValueError):
            continue
        yield module


def _pieces(module: Module) -> Iterator[Piece]:
    known = module.imported | module.own
    for node in module.definitions:
        text = module.source(node)
        words = {w for said in _strings(ast.parse(text)) for w in re.findall(r"\w+", said)}
        free, hidden = _free(text)
        needed = (free | (words | hidden) & known) - {node.name}
        if node.name.startswith("__") or needed & _OWN_PLACE or needed - known - _BUILTINS:
            continue
        imports, neighbours = needed & module.imported, needed & known - module.imported
        yield Piece(module, node, frozenset(imports), frozenset(neighbours))


def _free(text: str) -> tuple[set[str], set[str]]:
    """Names that a definition takes from its module, or from the builtins, and those that a class body
    may have from there before it binds them."""
    top = symtable.symtable(text, "piece", "exec")
    tables, found, hidden = [top], set[str](), set[str]()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_declared_global():
                found.add("globals")
            if symbol.is_referenced() and (symbol.is_global() or table is top):
                found.add(symbol.get_name())
            elif symbol.is_referenced() and table.get_type() == "class":
                hidden.add(symbol.get_name())
    return found, hidden


def _strings(tree: ast.AST) -> Iterator[str]:
    """Short ones: annotations, names for a registry."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    texts = (value for value in constants if isinstance(value, str))
    return (text for text in texts if len(text) < _LONG and "\n" not in text)


def _locals(statement: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.asname or alias.name.partition(".")[0] for alias in statement.names]


def _says(text: str, name: str) -> bool:
    return name in text and re.search(rf"\b{re.escape(name)}\b", text) is not None


def _write_homes(pieces: Sequence[Piece], *, renamed: bool) -> Iterator[Move]:
    """Every second definition gets a home of its own, the others share one for each old module."""
    homes: dict[Path, list[tuple[Piece, str, str]]] = {}
    for index, piece in enumerate(pieces):
        old = piece.module.path
        stem = old.stem if old.stem != "__init__" else "package"
        own = f"_home_of_{stem}_{piece.name.lower()}.py"
        home = old.with_name(f"_home_beside_{stem}.py" if index % 2 else own)
        wanted = piece.name + ("Renamed" if piece.name[0].isupper() else "_renamed")
        text = piece.renamed(wanted) if renamed else None
        name = wanted if text else piece.name
        homes.setdefault(home, []).append((piece, name, text or piece.module.source(piece.node)))
        package = piece.module.dotted.rpartition(".")[0]
        if old.name == "__init__.py":
            package = piece.module.dotted
        yield Move(f"{piece.module.dotted}.{piece.name}", f"{package}.{home.stem}.{name}")
    for home, held in homes.items():
        _write_home(home, held)


def _write_home(home: Path, held: Sequence[tuple[Piece, str, str]]) -> None:
    imports: dict[str, None] = {}
    here = frozenset(piece.name for piece, name, _ in held if name == piece.name)
    for piece, _, _ in held:
        for line in _imports(piece, here):
            imports[line] = None
    first = sorted(imports, key=lambda line: "__future__" not in line)
    typing = [line for line in first if line.startswith("if ")]
    plain = [line for line in first if line not in typing]
    bodies = "".join(f"\n\n{text.rstrip()}\n" for _, _, text in held)
    home.write_text("".join([*plain, *typing]) + bodies)


def _imports(piece: Piece, here: frozenset[str]) -> Iterator[str]:
    """The imports that a definition needs, conditions around them included, without what is defined
    `here`, in its new home."""
    body = piece.module.tree.body
    conditions = [s for s in body if isinstance(s, ast.If) and _needs(s, piece.imports)]
    asked = {n.id for c in conditions for n in ast.walk(c.test) if isinstance(n, ast.Name)}
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            yield f"{ast.unparse(statement)}\n"
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (f"{line}\n" for line in _of_those(statement, piece.imports | asked))
        elif statement in conditions and isinstance(statement, ast.If):
            test = ast.unparse(statement.test)
            for line in _needs(statement, piece.imports):
                yield f"if {test}:\n    {line}\n"
    if neighbours := sorted(piece.neighbours - here):
        yield f"from {piece.module.dotted} import {', '.join(neighbours)}\n"


def _alone(condition: ast.If) -> list[ast.stmt]:
    return [] if condition.orelse else condition.body


def _needs(condition: ast.If, wanted: frozenset[str]) -> list[str]:
    imports = (s for s in _alone(condition) if isinstance(s, ast.Import | ast.ImportFrom))
    return [line for statement in imports for line in _of_those(statement, wanted)]


def _of_those(statement: ast.Import | ast.ImportFrom, wanted: frozenset[str]) -> Iterator[str]:
    kept = [
        alias
        for alias, local in zip(statement.names, _locals(statement), strict=True)
        if local in wanted
    ]
    if kept and isinstance(statement, ast.Import):
        yield ast.unparse(ast.Import(kept))
    elif kept and isinstance(statement, ast.ImportFrom):
        yield ast.unparse(ast.ImportFrom(statement.module, kept, statement.level))


def _copy(module: Module) -> Move:
    new = module.path.with_name(f"{module.path.stem}_renamed.py")
    new.write_bytes(module.path.read_bytes())
    return Move(module.dotted, f"{module.dotted}_renamed")


def plan_text(cut: Cut) -> str:
    head = f'[consolidation]\nschema = 1\nsource_roots = ["{cut.source_root}"]\n'
    each = (f'\n[[move]]\nfrom = "{move.source}"\nto = "{move.target}"\n' for move in cut.moves)
    return head + "".join(each)


def defines(path: Path, dotted: str) -> bool:
    """Whether a file still has the definition of a name at module level."""
    body = ast.parse(path.read_bytes()).body if path.exists() else []
    name = dotted.rpartition(".")[2]
    return any(isinstance(node, _Definition) and node.name == name for node in body)


def unlisted(root: Path, cut: Cut, listed: Set[tuple[str, int]]) -> Iterator[str]:
    """Lines that still hold an old dotted name, or import it, and are not among those listed."""
    old = {move.source for move in cut.moves}
    dotted = re.compile("|".join(rf"(?<![\w./-]){re.escape(name)}(?!\w)" for name in sorted(old)))
    own = {*cut.definitions.values(), *cut.modules.values(), root / "consolidation.toml"}
    for path in sorted(root.rglob("*")):
        shown = path.relative_to(root)
        built = any(part.endswith(".egg-info") for part in shown.parts)
        if path in own or not path.is_file() or built or shown.parts[0] in _TOOLS:
            continue
        text = path.read_bytes().decode(errors="replace")
        lines = text.splitlines()
        found = {(n, n) for n, line in enumerate(lines, 1) if dotted.search(line)}
        if path.suffix == ".py":
            found |= set(_imports_of(text, shown, cut.source_root, old))
        for first, last in sorted(found):
            if not any((shown.as_posix(), n) in listed for n in range(first, last + 1)):
                yield f"{shown}:{first}: {lines[first - 1].strip()[:100]}"


def _imports_of(text: str, path: Path, root: str, old: Set[str]) -> Iterator[tuple[int, int]]:
    """First and last line of every `from` import of an old name."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    above = list(path.relative_to(root).parts[:-1]) if path.is_relative_to(root) else []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            start = above[: len(above) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            if any(f"{source}.{alias.name}" in old for alias in node.names):
                yield node.lineno, node.end_lineno or node.lineno
