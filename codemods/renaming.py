"""`--rename-uses`: the uses of an imported name take its new name, where nobody else can notice."""

from __future__ import annotations

import ast

from codemods.edits import Edit
from codemods.lazy import is_sys_modules
from codemods.scopes import Binding
from codemods.statement import Replacement
from codemods.view import View


def rename_uses(view: View, statement: ast.ImportFrom, alias: ast.alias, new: Replacement) -> bool:
    """Renames the uses of an imported name in the whole file, where nobody else can notice."""
    scope = view.module.import_scopes[statement]
    bindings = view.module.find(alias.name, scope)
    if new.name == alias.name or not _all_become(view, bindings, new):
        return False
    home = bindings[0].scope
    if view.is_public(alias.name, home) or not view.is_free(new.name, bindings):
        return False
    if home.kind == "module" and view.moves.read_elsewhere(alias.name):
        return False
    if _is_said(view, alias.name):
        return False
    if any(alias.name in s.declared_global | s.declared_nonlocal for s in view.module.scopes):
        return False
    if bindings[0].alias is alias:
        for site in view.sites:
            if site.names[0] == alias.name and view.module.find(alias.name, site.scope) is bindings:
                view.edits.append(Edit(site.start, site.ends[0], new.name, "name"))
    return True


def _is_said(view: View, name: str) -> bool:
    """Whether something may look the local name up by its text: `globals()["Name"]`, `f"{m}.Name"`,
    `sys.modules[__name__].Name`."""
    spellings = {name, f".{name}", f"{view.moves.module}.{name}"}
    for text in view.module.texts:
        if not text.annotates and text.node.value in spellings:
            return True
    parts = (part for joined in view.module.joined for part in joined.values)
    if any(isinstance(p, ast.Constant) and str(p.value).endswith(f".{name}") for p in parts):
        return True
    return any(
        member.nodes[0].attr == name
        and isinstance(member.root, ast.Subscript)
        and is_sys_modules(member.root.value)
        for member in view.module.members
    )


def _all_become(view: View, bindings: list[Binding], new: Replacement) -> bool:
    target = f"{new.module}.{new.name}"
    return bool(bindings) and all(
        b.alias is not None and not b.alias.asname and view.landing(b).target == target
        for b in bindings
    )
