"""The mutations themselves: text in, text out."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from consolidator.analysis.emissions.report import GuardReport


@dataclass(frozen=True)
class Mutant:
    kind: str
    event: str
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Spot:
    """A statement that emits, with its file's text."""

    source: str
    statement: ast.stmt
    function: ast.FunctionDef | ast.AsyncFunctionDef
    event: str

    @property
    def code(self) -> str:
        return ast.get_source_segment(self.source, self.statement) or ""

    def replaced(self, code: str) -> str:
        """The file with the statement replaced; further lines are indented like the first."""
        lines = self.source.splitlines(keepends=True)
        first, last = self.statement.lineno - 1, self.statement.end_lineno or 0
        indent = " " * self.statement.col_offset
        new = "".join(f"{indent}{line}\n" for line in code.splitlines())
        return "".join([*lines[:first], new, *lines[last:]])


def mutants(root: Path, report: GuardReport) -> Iterator[Mutant]:
    """Every mutation of every site that reaches a socket, that parses and changes something."""
    spots = {
        (site.path, site.line, event.event)
        for event in report.events
        for site in event.sites
        if site.reachable == "true"
    }
    for path, line, event in sorted(spots):
        source = (root / path).read_text("utf-8")
        if (spot := _spot(source, line, event)) is not None:
            others = {(p, n) for p, n, _ in spots if p == path} - {(path, line)}
            inside = range(spot.function.lineno, (spot.function.end_lineno or 0) + 1)
            for kind, text in _at(spot, alone=not any(n in inside for _, n in others)):
                if text != source and _parses(text):
                    yield Mutant(kind, event, path, line, text)
    yield from _wiring(root)
    yield from _frontend(root)


def _spot(source: str, line: int, event: str) -> Spot | None:
    tree = ast.parse(source)
    inside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    functions = [n for n in inside if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not functions:
        return None
    statement = max(inside, key=lambda node: (node.lineno, node.col_offset))
    return Spot(source, statement, max(functions, key=lambda n: n.lineno), event)


def _at(spot: Spot, *, alone: bool) -> Iterator[tuple[str, str]]:
    code = spot.code
    yield "delete the call", spot.replaced("pass")
    yield "comment it out", spot.replaced("pass  # " + code.replace("\n", "\n# "))
    renamed = code.replace(spot.event, f"{spot.event}_x")
    yield "rename the event", spot.replaced(renamed)
    body = "\n".join(f"    {line}" for line in code.splitlines())
    yield "dead flag", spot.replaced(f"if False:\n{body}")
    flagged = spot.replaced(f"if _SEND_EVENTS:\n{body}")
    yield "dead constant", _after_imports(flagged, "_SEND_EVENTS = False")
    yield "early return", spot.replaced(f"return None\n{code}")
    yield "early return in a branch", spot.replaced(f"if not False:\n    return None\n{code}")
    if match := re.search(r"await (self\.\w+|\w+)\.", code):
        wrong = code.replace(match[1] + ".", match[1] + "_x.", 1)
        yield "wrong receiver", spot.replaced(wrong)
        lacking = re.sub(r"await ((?:\w+\.)+)(\w+)\(", r"await \1\2_x(", code, count=1)
        caught = "\n".join(f"    {line}" for line in lacking.splitlines())
        yield (
            "method missing, swallowed",
            spot.replaced(f"try:\n{caught}\nexcept Exception:\n    pass"),
        )
    if "await asyncio.shield(" not in code:  # which makes a task at once: nothing is lost
        yield "missing await", spot.replaced(code.replace("await ", "", 1))
    if spot.event in ("agent_completed", "tool_completed") and not alone:
        yield "after the end", _moved_to_start(spot)


def _moved_to_start(spot: Spot) -> str:
    """The statement at the start of its function: the end is told before anything happens."""
    first = next(s for s in spot.function.body if not isinstance(s, ast.Expr) or _is_call(s))
    without = spot.replaced("pass").splitlines(keepends=True)
    indent = " " * first.col_offset
    moved = "".join(f"{indent}{line.strip()}\n" for line in spot.code.splitlines())
    return "".join([*without[: first.lineno - 1], moved, *without[first.lineno - 1 :]])


def _is_call(node: ast.Expr) -> bool:
    return isinstance(node.value, ast.Call | ast.Await | ast.Yield | ast.YieldFrom)


def _after_imports(source: str, line: str) -> str:
    body = ast.parse(source).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    at = imports[-1].end_lineno or 0 if imports else 0
    lines = source.splitlines(keepends=True)
    return "".join([*lines[:at], f"\n{line}\n", *lines[at:]])


_WIRING = re.compile(
    r"^\s*(await )?[\w.]*\b(set_websocket_bridge|set_websocket_manager|chat_endpoint|answer|execute)\(.*\)$"
)
_IDS = re.compile(r"user_id=([\w.]*user_id), (.*?)run_id=([\w.]*run_id)")


def _wiring(root: Path) -> Iterator[Mutant]:
    """Setters and handlers that are not called, ids that change places."""
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if "tests" in path.split("/") or file.stat().st_size > 100_000:
            continue
        source = file.read_bytes().decode("utf-8", "replace")
        lines = source.splitlines(keepends=True)
        for number, line in enumerate(lines):
            if _WIRING.match(line) and path.startswith("chat_backend"):
                indent = line[: len(line) - len(line.lstrip())]
                text = "".join([*lines[:number], f"{indent}pass\n", *lines[number + 1 :]])
                if _parses(text):
                    yield Mutant("handler or wiring gone", "", path, number + 1, text)
        for match in _IDS.finditer(source) if path.startswith("chat_backend") else ():
            swapped = f"user_id={match[3]}, {match[2]}run_id={match[1]}"
            text = source[: match.start()] + swapped + source[match.end() :]
            line_number = source.count("\n", 0, match.start()) + 1
            yield Mutant("swapped ids", "", path, line_number, text)


def _frontend(root: Path) -> Iterator[Mutant]:
    for file in sorted([*root.rglob("*.ts"), *root.rglob("*.js")]):
        path = file.relative_to(root).as_posix()
        source = file.read_text("utf-8")
        for match in re.finditer(r'case "(\w+)":', source):
            text = source[: match.start()] + f'case "{match[1]}_x":' + source[match.end() :]
            line = source.count("\n", 0, match.start()) + 1
            if match[1] in ("agent_started", "agent_thinking", "tool_executing") or (
                match[1] in ("tool_completed", "agent_completed")
            ):
                yield Mutant("frontend case gone", match[1], path, line, text)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


# harmless edits


def harmless_edit(data: bytes, chance: random.Random) -> tuple[str, str] | None:
    """A kind of edit that loses nothing, and the file after it; None where the file does not allow it."""
    try:
        source = data.decode("utf-8")
        tree = ast.parse(source)
    except (UnicodeDecodeError, SyntaxError):
        return None
    kind = chance.choice(list(_HARMLESS))
    text = _HARMLESS[kind](source, tree, chance)
    if text is None or text == source or not _parses(text):
        return None
    return kind, text


def _shifted(source: str, tree: ast.Module, chance: random.Random) -> str | None:
    if not tree.body:
        return None
    at = chance.choice(tree.body).lineno - 1
    lines = source.splitlines(keepends=True)
    note = ["\n", "# agent_started is sent elsewhere\n"] * chance.randint(1, 20)
    decorated = any(getattr(node, "decorator_list", ()) for node in tree.body)
    return None if decorated else "".join([*lines[:at], *note, *lines[at:]])


def _reformatted(_source: str, tree: ast.Module, _chance: random.Random) -> str | None:
    return ast.unparse(tree) + "\n"


def _reordered(_source: str, tree: ast.Module, chance: random.Random) -> str | None:
    """Methods of a class in another order."""
    classes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and len(_methods(node)) > 1 and not _has_accessors(node)
    ]
    if not classes:
        return None
    cls = chance.choice(classes)
    methods = _methods(cls)
    cls.body = [node for node in cls.body if node not in methods] + chance.sample(
        methods, len(methods)
    )
    return ast.unparse(tree) + "\n"


def _methods(node: ast.ClassDef) -> list[ast.stmt]:
    return [s for s in node.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]


def _has_accessors(node: ast.ClassDef) -> bool:
    return any(getattr(method, "decorator_list", ()) for method in _methods(node))


def _logged(_source: str, tree: ast.Module, chance: random.Random) -> str | None:
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not functions:
        return None
    function = chance.choice(functions)
    note = ast.parse('print("about to send agent_started", "tool_completed")').body[0]
    has_docstring = ast.get_docstring(function) is not None
    function.body.insert(int(has_docstring), note)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _renamed(_source: str, tree: ast.Module, chance: random.Random) -> str | None:
    """A local variable of a function under another name."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    chance.shuffle(functions)
    for function in functions:
        inner = [n for n in ast.walk(function) if n is not function]
        if any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) for n in inner):
            continue
        if any(
            isinstance(n, ast.Global | ast.Nonlocal | ast.Import | ast.ImportFrom) for n in inner
        ):
            continue
        names = sorted(
            {n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            - {
                argument.arg
                for argument in ast.walk(function.args)
                if isinstance(argument, ast.arg)
            }
        )
        if not names:
            continue
        old = chance.choice(names)
        for node in inner:
            if isinstance(node, ast.Name) and node.id == old:
                node.id = f"{old}_renamed"
        return ast.unparse(tree) + "\n"
    return None


_HARMLESS = {
    "line shift": _shifted,
    "reformatting": _reformatted,
    "moved functions": _reordered,
    "added logging": _logged,
    "renamed local": _renamed,
}
