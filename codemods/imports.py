"""Imports and uses of moved names, in one file: the names' new homes are imported instead.

Local names are kept unless the caller asks otherwise, so what the rest of the file says stays true.
A statement stays where it is: in its function, under its guard, on its line.
"""

from __future__ import annotations

import ast
from collections import Counter

from codemods.computed import report_computed_imports
from codemods.dotted import move_dotted_uses, top_package
from codemods.edits import OverlapError, apply_edits
from codemods.entry_points import report_groups
from codemods.loose import report_loose_modules
from codemods.moves import Landing, Moves
from codemods.outcome import Changed, Failed, Outcome, Skipped, Unchanged
from codemods.renaming import rename_uses
from codemods.scopes import Binding, ImportStatement
from codemods.self_names import report_self_names
from codemods.statement import Replacement, Rewrite, replacement, rewrite_statements
from codemods.strings import move_strings
from codemods.view import Options, View


def move_references(text: str, moves: Moves, options: Options = Options()) -> Outcome:  # noqa: B008
    """Rewrites every reference in a file. Nothing outside the references changes by a byte."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Skipped(getattr(error, "lineno", None) or 1, f"can't be parsed: {error}")
    outcome = rewrite_view(View(text, tree, moves, options))
    if isinstance(outcome, Changed):
        try:
            ast.parse(outcome.text)
        except (SyntaxError, ValueError) as error:
            return Failed(getattr(error, "lineno", None) or 1, f"would no longer parse: {error}")
    return outcome


def rewrite_view(view: View) -> Outcome:
    """Rewrites a file that is parsed already; whether the result parses is the caller's to check."""
    collect(view)
    statements = rewrite_statements(view.positions, view.module.blocks, view.statements)
    edits = [*statements, *view.edits]
    omissions = tuple(sorted(view.omissions))
    if not edits:
        return Unchanged(omissions)
    try:
        text = apply_edits(view.text, edits)
    except OverlapError as error:
        return Failed(view.positions.place(error.start)[0], str(error))
    if text == view.text:
        return Unchanged(omissions)
    return Changed(text, _kinds(view), omissions)


def collect(view: View) -> None:
    """Fills in what is to happen to the file, without making the edits."""
    for statement in view.module.imports:
        _move_statement(view, statement)
    move_dotted_uses(view)
    _move_bare_imports(view)
    report_groups(view)
    move_strings(view)
    report_loose_modules(view)
    report_computed_imports(view)
    report_self_names(view)
    if view.options.absolute and (view.edits or any(view.statements.values())):
        _write_all_absolutely(view)


def _kinds(view: View) -> dict[str, int]:
    kinds = Counter(edit.kind for edit in view.edits if edit.kind)
    kinds["import"] += sum(
        len(r.replaced) or bool(r.added or r.module) for r in view.statements.values()
    )
    return {kind: count for kind, count in sorted(kinds.items()) if count}


# statements


def _move_statement(view: View, statement: ImportStatement) -> None:
    if isinstance(statement, ast.Import):
        _move_import(view, statement)
        return
    source = view.source(statement)
    if source is None:
        return
    if statement.level and view.moves.old_module and source != view.counted(statement):
        _write_absolutely(view, statement, source)
    if statement.names[0].name == "*":
        _complete_star(view, statement, source)
        return
    for index, alias in enumerate(statement.names):
        landing = view.moves.imported(f"{source}.{alias.name}", source)
        if landing:
            _move_alias(view, statement, index, landing)


def _move_import(view: View, statement: ast.Import) -> None:
    for index, alias in enumerate(statement.names):
        if not alias.asname:
            continue
        landing = view.moves.imported(alias.name, alias.name)
        if landing.target is not None:
            new = Replacement(landing.target, "", alias.asname)
            view.rewrite(statement).replaced[index] = [new]
        elif landing.doubt:
            view.omit(alias, alias.name, "import", landing.doubt)


def _move_alias(view: View, statement: ast.ImportFrom, index: int, landing: Landing) -> None:
    alias = statement.names[index]
    shown = f"from {'.' * statement.level}{statement.module or ''} import {alias.name}"
    if landing.target is None:
        view.omit(alias, shown, "import", landing.doubt)
        return
    local = alias.asname or alias.name
    new = replacement(landing.target, local)
    if new.module == view.moves.module and not landing.is_module:
        view.omit(alias, shown, "import", f"{landing.target} is defined in this very file")
        return
    if view.options.rename_uses and not alias.asname and rename_uses(view, statement, alias, new):
        new = Replacement(new.module, new.name, new.name)
    rewrite = view.rewrite(statement)
    rewrite.source = view.source(statement) or ""
    rewrite.replaced[index] = [new]


def _complete_star(view: View, statement: ast.ImportFrom, source: str) -> None:
    """A star stays and what it brought is imported beside it; it goes where it brought nothing else.
    The star of a moved module follows the module."""
    whole = view.moves.imported(source, source)
    if whole.target is not None:
        view.rewrite(statement).module = whole.target
        return
    wanted = []
    for name, landing in sorted(view.moves.star(source).items()):
        if not _needs_star(view, statement, name, landing):
            continue
        if landing.target is None:
            view.omit(statement, f"from {source} import *", "star", f"{name}: {landing.doubt}")
        else:
            wanted.append(replacement(landing.target, name))
    if not wanted:
        return
    rewrite = view.rewrite(statement)
    if _star_brings_nothing_else(view, source, {new.local for new in wanted}):
        rewrite.replaced[0] = wanted
    else:
        rewrite.added += wanted


def _needs_star(view: View, statement: ast.ImportFrom, name: str, landing: Landing) -> bool:
    bindings = view.module.scope.bindings.get(name, [])
    if any(_is_bound_again(view, statement, binding) for binding in bindings):
        return False
    if bindings and all(_brings(view, statement, binding, landing) for binding in bindings):
        return False
    if bindings and landing.target == f"{view.moves.module}.{name}":
        return False  # the star brings what is defined here
    used = any(
        site.names[0] == name and view.module.find(name, site.scope) in ([], bindings)
        for site in view.sites
    )
    said = any(text.node.value == name for text in view.module.texts)
    return used or said or name in view.exports or view.moves.used_elsewhere(name)


def _is_bound_again(view: View, star: ast.ImportFrom, binding: Binding) -> bool:
    """Whether a statement behind a star, in its block or at the top of the file, binds a name again."""
    line = getattr(binding.node, "lineno", 0)
    blocks = (view.tree.body, view.module.blocks[star])
    return line > star.lineno and any(
        binding.node is statement
        or (
            isinstance(statement, _BINDS)
            and statement.lineno <= line <= (statement.end_lineno or 0)
        )
        for block in blocks
        for statement in block
    )


def _brings(view: View, star: ast.ImportFrom, binding: Binding, landing: Landing) -> bool:
    """Whether an import at the top, before a star, brings the same as the star does."""
    statement = binding.statement
    is_before = statement in view.tree.body and statement.lineno < star.lineno
    return is_before and view.landing(binding).target == landing.target


_BINDS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def _star_brings_nothing_else(view: View, source: str, moved: set[str]) -> bool:
    brought = view.moves.star_brings(source)
    if brought is None or view.moves.is_package:
        return False
    others = set(brought) - moved
    read = {use.root for use in view.module.uses} | view.exports
    if any(use.names[-1] == "__all__" and len(use.names) > 1 for use in view.module.uses):
        return False
    return not any(name in read or view.moves.used_elsewhere(name) for name in others)


def _move_bare_imports(view: View) -> None:
    """`import a.b` for its effect alone, where nothing in the file says `a.b`."""
    for statement in view.module.imports:
        if not isinstance(statement, ast.Import):
            continue
        for index, alias in enumerate(statement.names):
            landing = view.moves.imported(alias.name, alias.name)
            rewrite = view.statements.get(statement, Rewrite())
            if alias.asname or landing.target is None or index in rewrite.replaced:
                continue
            view.rewrite(statement).replaced[index] = _bare(view, statement, alias, landing.target)


def _bare(view: View, statement: ast.Import, alias: ast.alias, target: str) -> list[Replacement]:
    """The new module, and the old local name where the file, or another, uses it by itself."""
    top, dot, _ = alias.name.partition(".")
    scope = view.module.import_scopes[statement]
    used = any(use.root == top for use in view.module.uses) or view.is_public(top, scope)
    new = [Replacement(target, "", "")] if dot or not used else []
    return [*new, top_package(view, top)] if used else new


def _write_all_absolutely(view: View) -> None:
    """Relative imports of modules that moved names leave, or that move."""
    for statement in view.module.imports:
        if not isinstance(statement, ast.ImportFrom) or not statement.level:
            continue
        source = view.source(statement)
        if source is None:
            continue
        modules = (source, *(f"{source}.{alias.name}" for alias in statement.names))
        if any(view.moves.holds_moved(module) for module in modules):
            _write_absolutely(view, statement, source)


def _write_absolutely(view: View, statement: ast.ImportFrom, source: str) -> None:
    rewrite = view.rewrite(statement)
    rewrite.source, rewrite.module = source, rewrite.module or source
