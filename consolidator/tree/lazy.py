"""Names that a module serves through `__getattr__` (PEP 562), where its code says which by literals.

A target is written as an import would: leading dots are relative to the module's package. What is
not one of the two usual shapes gives no names, so that a reader knows only that there are some.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Table = dict[str, str | tuple[str, str]]
Pairs = tuple[tuple[str, str], ...]


def lazy_names(body: list[ast.stmt]) -> Pairs:
    """Name and target of each name that a module's `__getattr__` imports when it is asked for.

    Two shapes are read: `if name == "X": from .m import X; return X`, and a literal dict from names
    to modules, or to (module, attribute), that `import_module` gets.
    """
    function = next(
        (n for n in reversed(body) if isinstance(n, ast.FunctionDef) and n.name == "__getattr__"),
        None,
    )
    if function is None or not function.args.args:
        return ()
    asked = function.args.args[0].arg
    served = dict(_branches(function, asked))
    for name, table in _tables(body, function).items():
        for key, target in _through(function, asked, name, table):
            served.setdefault(key, target)
    return tuple(sorted(served.items()))


# `if name == "X": …`


def _branches(function: ast.FunctionDef, asked: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.If) and (names := _compared(node.test, asked)):
            imported = dict(_imported(node.body))
            last = node.body[-1]
            result = last.value if isinstance(last, ast.Return) else None
            for name in names:
                if target := _returned(result, imported, asked, name):
                    yield name, target


def _compared(test: ast.expr, asked: str) -> list[str]:
    """The names for which `name == "X"` or `name in ("X", "Y")` holds."""
    match test:
        case ast.Compare(
            left=ast.Name(id=left), ops=[ast.Eq()], comparators=[ast.Constant(value=str(name))]
        ) if left == asked:
            return [name]
        case ast.Compare(
            left=ast.Name(id=left),
            ops=[ast.In()],
            comparators=[ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items)],
        ) if left == asked:
            names = [i.value for i in items if isinstance(i, ast.Constant)]
            return [name for name in names if isinstance(name, str)]
    return []


def _imported(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, _below(start, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname or "." not in alias.name:
                    yield alias.asname or alias.name, alias.name


def _returned(
    result: ast.expr | None, imported: dict[str, str], asked: str, name: str
) -> str | None:
    match result:
        case ast.Name(id=local):
            return imported.get(local)
        case ast.Attribute(value=ast.Name(id=local), attr=attr) if local in imported:
            return _below(imported[local], attr)
        case ast.Call(
            func=ast.Name(id="getattr"), args=[ast.Name(id=local), ast.Name(id=attr)]
        ) if local in imported and attr == asked:
            return _below(imported[local], name)
    return None


# tables


def _tables(body: list[ast.stmt], function: ast.FunctionDef) -> dict[str, _Table]:
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    tables = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value):
                table = _literal(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict() as value):
                table = _literal(value)
            case _:
                continue
        if name in used and table:
            tables[name] = table
    return tables


def _literal(node: ast.Dict) -> _Table | None:
    table: _Table = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            return None
        match value:
            case ast.Constant(value=str(text)):
                table[key.value] = text
            case ast.Tuple(elts=[ast.Constant(value=str(module)), ast.Constant(value=str(attr))]):
                table[key.value] = (module, attr)
            case _:
                return None
    return table


def _through(
    function: ast.FunctionDef, asked: str, name: str, table: _Table
) -> Iterator[tuple[str, str]]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    imports = [call for call in calls if _called(call) == "import_module" and call.args]
    fetches = [call for call in calls if _called(call) == "getattr" and len(call.args) > 1]
    if len(imports) != 1 or len(fetches) > 1:
        return
    prefix = _prefix(imports[0].args[0])
    if prefix is None:
        return
    by_name = bool(fetches) and _is_name(fetches[0].args[1], asked)
    for key, value in table.items():
        if isinstance(value, tuple):
            if fetches and not by_name:
                yield key, _below(prefix + value[0], value[1])
        elif by_name:
            yield key, _below(prefix + value, key)
        elif not fetches and _indexed(imports[0].args[0], name):
            yield key, prefix + value


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _indexed(node: ast.expr, table: str) -> bool:
    return any(isinstance(n, ast.Subscript) and _is_name(n.value, table) for n in ast.walk(node))


def _prefix(node: ast.expr) -> str | None:
    """What stands before the table's entry in the module's name; `__name__` and a dot are relative."""
    match node:
        case ast.Name() | ast.Subscript():
            return ""
        case ast.BinOp(left=left, op=ast.Add()):
            parts = _sum(left)
        case ast.JoinedStr(values=[*parts, ast.FormattedValue()]):
            pass
        case _:
            return None
    own = bool(parts) and _is_own(parts[0])
    rest = parts[1:] if own else parts
    texts = [part.value for part in rest if isinstance(part, ast.Constant)]
    text = "".join(str(part) for part in texts)
    if len(texts) < len(rest) or (own and not text.startswith(".")):
        return None
    return text


def _is_own(node: ast.expr) -> bool:
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    return isinstance(inner, ast.Name) and inner.id in ("__name__", "__package__")


def _sum(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_sum(node.left), node.right]
    return [node]


def _below(module: str, name: str) -> str:
    return f"{module}{name}" if not module or module.endswith(".") else f"{module}.{name}"
