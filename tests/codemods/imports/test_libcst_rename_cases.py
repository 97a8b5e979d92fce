"""The rename cases that LibCST ships, read from the installed package, against our rewrite.

Our text is the same as LibCST's unless a case is listed below, with the reason why it shall not be.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

import pytest
from libcst.codemod.commands.tests.test_rename import TestRenameCommand

from codemods.imports import move_references
from codemods.moves import MoveTable
from codemods.outcome import Changed
from codemods.testing import assert_rewrite
from codemods.view import Options

ALIAS = "an alias that the author chose stays"
QUALIFIED = "a name that was used through its module still is, so that patching goes on working"
IN_PLACE = "the new import stands where the old one stood, with the old one's layout"
COLON = "the colon of LibCST's own notation says what is a module; a plan has dotted names"
OTHER = "a local variable and a builtin are no references to a module's name"
DIFFERENT = {
    "test_comma_import_from_parens": IN_PLACE,
    "test_complex_module_rename": QUALIFIED,
    "test_complex_module_rename_with_asname": QUALIFIED,
    "test_import_parent_module": QUALIFIED,
    "test_import_parent_module_2": QUALIFIED,
    "test_import_parent_module_3": IN_PLACE,
    "test_import_parent_module_asname": ALIAS,
    "test_input_with_colon_sep": COLON,
    "test_input_with_colon_sep_at_the_end": COLON,
    "test_input_with_colon_sep_at_the_front": COLON,
    "test_no_removal_of_dotted_import_in_use": IN_PLACE,
    "test_no_removal_of_import_from_in_use": QUALIFIED,
    "test_no_removal_of_import_in_use": IN_PLACE,
    "test_push_down_toplevel_names_with_asname": ALIAS,
    "test_rename_attr_asname": ALIAS,
    "test_rename_attr_asname_2": ALIAS,
    "test_rename_importfrom_same_module_2": QUALIFIED,
    "test_rename_local_variable": OTHER,
    "test_rename_multiple_occurrences": QUALIFIED,
    "test_rename_name_asname": ALIAS,
    "test_rename_repeated_name_with_asname": ALIAS,
    "test_rename_single_with_colon": COLON,
    "test_rename_to_builtin": OTHER,
}


@dataclass(frozen=True)
class Case:
    before: str
    after: str
    moves: MoveTable

    def rewrite(self, text: str) -> object:
        return move_references(text, self.moves, Options(rename_uses=True))


class Recorder(TestRenameCommand):
    """Takes the arguments of each check instead of checking."""

    case: Case

    def assertCodemod(self, before, after, *args, old_name, new_name, **options):  # type: ignore[no-untyped-def]
        context = options.get("context_override")
        module = (context.full_module_name if context else None) or ""
        table = MoveTable({old_name.replace(":", "."): new_name.replace(":", ".")}, module)
        self.case = Case(*(dedent(text).strip() + "\n" for text in (before, after)), table)


NAMES = sorted(name for name in dir(TestRenameCommand) if name.startswith("test_"))


def recorded(name: str) -> Case:
    recorder = Recorder(name)
    recorder.debug()
    return recorder.case


def test_libcst_still_ships_its_cases() -> None:
    assert len(NAMES) >= 48


@pytest.mark.parametrize("name", NAMES)
def test_rename_case(name: str) -> None:
    case = recorded(name)
    outcome = case.rewrite(case.before)
    text = outcome.text if isinstance(outcome, Changed) else case.before
    assert_rewrite(case.rewrite, case.before, text)
    assert (text == case.after) == (name not in DIFFERENT), f"{case.after}\nbut here:\n{text}"
