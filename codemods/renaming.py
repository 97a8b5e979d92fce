"""`--rename-uses`: the uses of an imported name take its new name, where nobody else can notice."""

from __future__ import annotations

import ast

from codemods.edits import Edit
from codemods.lazy import is_sys_modules
from codemods.scopes import Binding
from codemods.statement import Replacement
from codemods.view import View


def rename_uses(view: View, statement: ast.ImportFrom, alias: ast.alias, new: Replacement) -> bool:
    """Renames the uses of an imported name in the whole file; where somebody else could notice, the
    name stays and is listed."""
    if new.name == alias.name:
        return False
    scope = view.module.import_scopes[statement]
    bindings = view.module.find(alias.name, scope)
    if why := _why_it_stays(view, alias.name, bindings, new):
        view.omit(alias, alias.name, "name", f"the local name stays, because {why}")
        return False
    if bindings[0].alias is alias:
        for site in view.sites:
            if site.names[0] == alias.name and view.module.find(alias.name, site.scope) is bindings:
                view.edits.append(Edit(site.start, site.ends[0], new.name, "name"))
    return True


def _why_it_stays(view: View, name: str, bindings: list[Binding], new: Replacement) -> str:
    if not _all_become(view, bindings, new):
        return "it is bound to something else too"
    home = bindings[0].scope
    if view.is_public(name, home):
        return "other files may read it from here"
    if not view.is_free(new.name, bindings):
        return f"{new.name} means something else in this file"
    if home.kind == "module" and view.moves.read_elsewhere(name):
        return "another file reads it from here"
    if _is_said(view, name):
        return "it is looked up by its text"
    if any(name in s.declared_global | s.declared_nonlocal for s in view.module.scopes):
        return "it is declared global or nonlocal"
    return ""


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
