"""The rewrites as commands of LibCST's own runner: `python -m libcst.tool codemod -x …`."""

from __future__ import annotations

import argparse

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from codemods.call_patterns import CallPattern, rewrite_calls
from codemods.imports import move_references
from codemods.moves import MoveTable
from codemods.outcome import Changed, Outcome, Skipped, Unchanged
from codemods.removal import remove_definitions
from codemods.view import Options


class MoveReferencesCommand(CodemodCommand):
    """Moves references to one name. Each file is seen alone: re-exports by other files are unknown."""

    DESCRIPTION = "Make references to a dotted name mean another one."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Adds the options of the command line."""
        arg_parser.add_argument("--old_name", required=True, help="dotted name, module included")
        arg_parser.add_argument("--new_name", required=True, help="dotted name, module included")
        arg_parser.add_argument(
            "--rename_uses", action="store_true", help="adopt the new name in the whole file"
        )

    def __init__(
        self, context: CodemodContext, old_name: str, new_name: str, rename_uses: bool = False
    ) -> None:
        super().__init__(context)
        self._moves = {old_name: new_name}
        self._options = Options(rename_uses=rename_uses)

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """The module with its references moved; omissions become warnings."""
        module = self.context.full_module_name or ""
        is_package = (self.context.filename or "").endswith("__init__.py")
        moves = MoveTable(self._moves, module, is_package=is_package)
        return _as_module(self, tree, move_references(tree.code, moves, self._options))


class RemoveDefinitionsCommand(CodemodCommand):
    """Removes a module-level name; where its file still uses it, the new one is imported in its place."""

    DESCRIPTION = "Remove a module-level definition and the imports that served it alone."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Adds the options of the command line."""
        arg_parser.add_argument("--name", required=True, help="name in the module")
        arg_parser.add_argument("--new_name", required=True, help="dotted name that stands for it")

    def __init__(self, context: CodemodContext, name: str, new_name: str) -> None:
        super().__init__(context)
        self._removals = {name: new_name}

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """The module without the definition."""
        return _as_module(self, tree, remove_definitions(tree.code, self._removals))


class RewriteCallsCommand(CodemodCommand):
    """Rewrites the arguments of calls of one function or class that have a given form; calls of it in
    another form are warnings."""

    DESCRIPTION = "Give calls of a dotted function or class other arguments."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Adds the options of the command line."""
        arg_parser.add_argument("--old", required=True, help="such as 'app.emit(user, text=body)'")
        arg_parser.add_argument("--new", required=True, help="such as '(message=$body, to=$user)'")

    def __init__(self, context: CodemodContext, old: str, new: str) -> None:
        super().__init__(context)
        self._pattern = CallPattern.parse(old, new)

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """The module with matching calls rewritten."""
        module = self.context.full_module_name or ""
        return _as_module(self, tree, rewrite_calls(tree.code, self._pattern, module))


def _as_module(command: CodemodCommand, tree: cst.Module, outcome: Outcome) -> cst.Module:
    if isinstance(outcome, Skipped):
        raise SkipFile(f"line {outcome.line}: {outcome.reason}")
    if isinstance(outcome, Changed | Unchanged):
        for omission in outcome.omissions:
            command.warn(f"{omission.line}: {omission.text}: {omission.why}")
    if not isinstance(outcome, Changed):
        return tree
    return cst.parse_module(outcome.text, config=tree.config_for_parsing)
