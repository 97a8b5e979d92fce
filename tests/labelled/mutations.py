"""What happens to a copied class before anybody notices: each mutation is one kind of copy."""

from __future__ import annotations

import ast
from collections.abc import Callable
from textwrap import indent

Mutation = Callable[[str], str]


def identical(source: str) -> str:
    return source


def class_renamed(source: str) -> str:
    tree = ast.parse(source)
    class_of(tree).name = "Copied" + class_of(tree).name[::-1].capitalize()
    return ast.unparse(tree)


def locals_renamed(source: str) -> str:
    tree = ast.parse(source)
    for method in methods_of(tree):
        names = {node.arg for node in ast.walk(method) if isinstance(node, ast.arg)} - {"self"}
        names |= {
            n.id
            for n in ast.walk(method)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        for node in ast.walk(method):
            if isinstance(node, ast.Name) and node.id in names:
                node.id = f"the_{node.id}"
            elif isinstance(node, ast.arg) and node.arg in names:
                node.arg = f"the_{node.arg}"
    return ast.unparse(tree)


def attributes_renamed(source: str) -> str:
    tree = ast.parse(source)
    kept = {method.name for method in methods_of(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
            node.attr = node.attr if node.attr in kept else f"my_{node.attr.strip('_')}"
    return ast.unparse(tree)


def methods_reordered(source: str) -> str:
    tree = ast.parse(source)
    class_of(tree).body.reverse()
    return ast.unparse(tree)


def logging_added(source: str) -> str:
    tree = ast.parse(source)
    for method in methods_of(tree):
        method.body.insert(0, ast.parse(f"logger.debug('{method.name}')").body[0])
    return ast.unparse(tree)


def annotated_and_documented(source: str) -> str:
    tree = ast.parse(source)
    for method in methods_of(tree):
        for arg in method.args.args[1:]:
            arg.annotation = ast.Name("Any", ast.Load())
        method.body.insert(0, ast.Expr(ast.Constant(f"Does what {method.name} should do.")))
    return ast.unparse(tree)


def pruned(source: str) -> str:
    tree = ast.parse(source)
    class_of(tree).body.pop()
    return ast.unparse(tree)


def extended(source: str) -> str:
    tree = ast.parse(source)
    extra = "def explain_yourself(self, level):\n    words = ['who', 'what', 'why'][:level]\n    return ' '.join(words).title()"
    class_of(tree).body.append(ast.parse(extra).body[0])
    return ast.unparse(tree)


def nested_in_a_class(source: str) -> str:
    return "class Outer:\n    limit = 3\n" + indent(source, "    ")


def nested_in_a_function(source: str) -> str:
    name = class_of(ast.parse(source)).name
    return f"def make():\n{indent(source, '    ')}\n    return {name}\n"


def constants_changed(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | str):
            node.value = node.value * 2
    return ast.unparse(tree)


def renamed_throughout(source: str) -> str:
    return methods_reordered(attributes_renamed(locals_renamed(class_renamed(source))))


MUTATIONS: tuple[Mutation, ...] = (
    identical,
    class_renamed,
    locals_renamed,
    attributes_renamed,
    methods_reordered,
    logging_added,
    annotated_and_documented,
    pruned,
    extended,
    nested_in_a_class,
    nested_in_a_function,
    constants_changed,
    renamed_throughout,
)


def class_of(tree: ast.AST) -> ast.ClassDef:
    return next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def methods_of(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in class_of(tree).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
