"""What only may refer to a name can be called unrelated in the plan, aloud; what does refer can't."""

from __future__ import annotations

from pathlib import Path

from trees import tree_of, write_tree

from consolidator.analysis.changes import Rewriting
from consolidator.analysis.deletion import plan_delete
from consolidator.plan import Move, Plan, Unrelated

KEEPING = (
    "from types import SimpleNamespace\nfrom app import old\n\nkept = SimpleNamespace(m=old)\n"
)
SAYING = "does not refer to app.old.Thing, as the plan says: only its logger is read"


def deletion(root: Path, path: str, text: str, *names: str) -> Rewriting:
    moves = tuple(Move(f"app.old.{name}", f"new.home.{name}s") for name in names or ("Thing",))
    said = (Unrelated(path, text, "only its logger is read"),)
    return plan_delete(tree_of(root), Plan(moves=moves, unrelated=said))


def keeper(root: Path, files: dict[str, str] | None = None) -> None:
    old = "class Thing: ...\n\n\nlogger = 1\n"
    write_tree(root, {"app/__init__.py": "", "app/old.py": old, "app/use.py": KEEPING})
    write_tree(root, files or {})


def test_a_module_kept_on_an_object_blocks_and_says_how_it_would_not(tmp_path: Path) -> None:
    keeper(tmp_path)
    found = deletion(tmp_path, "app/other.py", "old")
    assert found.changes == ()
    assert [o.why for o in found.omissions] == [
        "may refer to app.old.Thing; if it does not, the plan can say so under [[unrelated]]"
    ]


def test_another_text_of_the_same_file_still_blocks(tmp_path: Path) -> None:
    keeper(tmp_path)
    assert deletion(tmp_path, "app/use.py", "old.Thing").changes == ()


def test_what_certainly_refers_blocks_whatever_the_plan_says(tmp_path: Path) -> None:
    keeper(tmp_path, {"app/use.py": "from app import old\nprint(old.Thing)\n"})
    for text in ("old.Thing", "print(old.Thing)", "old"):
        found = deletion(tmp_path, "app/use.py", text)
        assert found.changes == ()
        assert [o.why for o in found.omissions] == ["still refers to app.old.Thing"]


def test_the_name_goes_once_the_plan_says_so_and_that_is_told(tmp_path: Path) -> None:
    keeper(tmp_path)
    found = deletion(tmp_path, "app/use.py", "old")
    assert [(c.path, c.after) for c in found.changes] == [("app/old.py", b"logger = 1\n")]
    assert [(o.path, o.line, o.text, o.why) for o in found.omissions] == [
        ("app/use.py", 4, "old", SAYING)
    ]


def test_a_name_in_a_register_and_a_computed_import_can_be_called_unrelated(tmp_path: Path) -> None:
    looking = "R = {}\ndef reg(c):\n    R[c.__name__] = c\nR['Thing']\n"
    keeper(tmp_path, {"app/use.py": looking})
    assert deletion(tmp_path, "app/use.py", "'Other'").changes == ()
    found = deletion(tmp_path, "app/use.py", "'Thing'")
    assert [c.path for c in found.changes] == ["app/old.py"]
    importing = "from importlib import import_module\nimport_module(f'{APP}.old')\n"
    keeper(tmp_path, {"app/use.py": importing})
    found = deletion(tmp_path, "app/use.py", "f'{APP}.old'")
    assert [c.path for c in found.changes] == ["app/old.py"]
    assert [o.why for o in found.omissions] == [SAYING]


def test_one_saying_counts_for_every_name_of_the_module(tmp_path: Path) -> None:
    keeper(tmp_path, {"app/old.py": "class Thing: ...\nclass Rest: ...\nlogger = 1\n"})
    found = deletion(tmp_path, "app/use.py", "old", "Thing", "Rest")
    assert [c.after for c in found.changes] == [b"logger = 1\n"]


def test_the_label_of_a_django_app_blocks_its_package_until_it_is_called_unrelated(
    tmp_path: Path,
) -> None:
    files = {
        "orders/__init__.py": "",
        "sales/__init__.py": "",
        "use.py": 'key = Key("orders.It")\n',
    }
    write_tree(tmp_path, files)
    moves = (Move("orders", "sales"),)
    found = plan_delete(tree_of(tmp_path), Plan(moves=moves))
    assert found.changes == ()
    said = (Unrelated("use.py", found.omissions[0].text, "a label"),)
    found = plan_delete(tree_of(tmp_path), Plan(moves=moves, unrelated=said))
    assert [change.path for change in found.changes] == ["orders/__init__.py"]
