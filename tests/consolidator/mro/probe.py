"""Runs in a process of its own: imports packages and prints the real order of every class.

`python probe.py FOLDER TOP…` prints `{qualname: [line, [entry, …]]}` for the classes that the
source below FOLDER/TOP defines and that can be reached once everything is imported. Entries are
named by where they are defined, not by `__module__`, which libraries overwrite.
"""

import ast
import importlib
import inspect
import json
import os
import sys
import types
from pathlib import Path

SKIPPED = {"__main__", "tests", "test", "antigravity", "this", "idlelib", "turtledemo"}


def definitions(path):
    """The statement of each class outside functions; None where there are several of one name."""
    found = {}
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return found

    def walk(body, scope):
        for node in body:
            if isinstance(node, ast.ClassDef):
                name = f"{scope}{node.name}"
                found[name] = None if name in found else node
                walk(node.body, f"{name}.")
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for field in ("body", "orelse", "finalbody"):
                    walk(getattr(node, field, ()), scope)
                for handler in getattr(node, "handlers", ()):
                    walk(handler.body, scope)

    walk(tree.body, "")
    return found


def modules(folder, top):
    base = folder / top
    files = sorted(base.rglob("*.py")) if base.is_dir() else [folder / f"{top}.py"]
    for path in files:
        parts = list(path.relative_to(folder).with_suffix("").parts)
        if SKIPPED & set(parts):
            continue
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def loaded(name):
    try:
        return importlib.import_module(name)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return None


def reach(module, qualname):
    value = module
    for part in qualname.split("."):
        value = value.__dict__.get(part) if isinstance(value, type | types.ModuleType) else None
    return value


def label(cls):
    """Module and qualname as `type` keeps them: some classes have properties of these names."""
    module = type.__dict__["__module__"].__get__(cls)
    return module if isinstance(module, str) else "", type.__dict__["__qualname__"].__get__(cls)


def in_c(cls):
    """Whether an accelerator in C took the place of the class in the source."""
    kinds = (types.MethodDescriptorType, types.WrapperDescriptorType)
    # By `type`: asking a lazy object for its class may load what it stands for.
    return any(issubclass(type(v), kinds) and v.__objclass__ is cls for v in vars(cls).values())


def lives_elsewhere(cls, top):
    """Whether another package really has the class, which this module only imported."""
    owner, qualname = label(cls)
    if owner.partition(".")[0].strip("_") == top.strip("_") or owner not in sys.modules:
        return False
    return reach(sys.modules[owner], qualname) is cls


def made_by(cls, qualname, statement, module_name):
    """Whether a class comes from this class statement: told by the lines of its methods, else by its
    names, and where its module is another one by its docstring."""
    lines = [
        value.__code__.co_firstlineno
        for value in vars(cls).values()
        if issubclass(type(value), types.FunctionType)
        and value.__qualname__.startswith(f"{qualname}.")
        and value.__code__.co_filename != "<string>"
    ]
    inside = [statement.lineno <= line <= statement.end_lineno for line in lines]
    module, real = label(cls)
    if real != qualname:  # a class with a property of that name
        return bool(lines) and all(inside)
    kept = cls.__dict__.get("__doc__")  # without indentation since CPython 3.13
    written = ast.get_docstring(statement)
    if not isinstance(kept, str):  # none, or a property
        documented = True
    else:
        documented = written is not None and inspect.cleandoc(kept) == written
    return any(inside) if lines else module == module_name or documented


def named(folder, top, names, answers):
    for module_name, path in modules(folder, top):
        module = loaded(module_name)
        if module is None or getattr(module, "__file__", None) is None:
            continue
        if Path(module.__file__).resolve() != path.resolve():
            continue
        for qualname, statement in definitions(path).items():
            cls = reach(module, qualname)
            if statement is None or not isinstance(cls, type):
                continue
            if id(cls) in names or lives_elsewhere(cls, top) or in_c(cls):
                continue
            if made_by(cls, qualname, statement, module_name):
                names[id(cls)] = f"{module_name}.{qualname}"
                answers.append((f"{module_name}.{qualname}", statement.lineno, cls))


def main():
    folder = Path(sys.argv[1])
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, str(folder))
    names, answers = {}, []
    for top in sys.argv[2:]:
        named(folder, top, names, answers)
    others = set()
    for _, _, cls in answers:
        for entry in cls.__mro__:
            if id(entry) not in names:
                others.add(label(entry)[0].partition(".")[0])
    for top in sorted(others - {""} - set(sys.stdlib_module_names) - set(sys.argv[2:])):
        source = getattr(sys.modules.get(top), "__file__", None)
        if source:
            parent = Path(source).parent
            named(parent.parent if source.endswith("__init__.py") else parent, top, names, [])
    result = {}
    for name, line, cls in answers:
        order = [names.get(id(e), ".".join(label(e))) for e in cls.__mro__]
        result[name] = [line, order]
    json.dump(result, output)


if __name__ == "__main__":
    main()
