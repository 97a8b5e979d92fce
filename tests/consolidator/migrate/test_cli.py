"""`consolidator migrate` from outside: what it prints, writes, refuses, and exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.references.rewrite import plan_imports
from consolidator.errors import ToolError
from consolidator.plan import Move, Plan
from consolidator.workflow.migrate import prepare

FILES: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/old.py": "class Thing: ...\n",
    "app/use.py": b"\xef\xbb\xbffrom app.old import Thing  # keep\r\nx = 1",
    "app/latin.py": "# -*- coding: latin-1 -*-\nfrom app.old import Thing\nname = 'é'\n".encode(
        "latin-1"
    ),
    "app/missing.py": "from app.nowhere import Gone\n",
    "README.md": "app.old.Thing\n",
    "consolidation.toml": '[[move]]\nfrom = "app.old.Thing"\nto = "new.home.Fresh"\n',
}


def migrate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "consolidator", "migrate", *arguments, "--no-cache"]
    if arguments[0] == "undo":
        command.pop()
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=false")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_tree(tmp_path, FILES)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "start")
    return tmp_path


def test_a_dry_run_prints_a_diff_that_git_applies_and_writes_nothing(project: Path) -> None:
    done = migrate(project, "imports", ".")
    assert done.returncode == 1
    assert "+from new.home import Fresh as Thing  # keep" in done.stdout
    assert "README.md:1:1: app.old.Thing [prose]" in done.stdout
    assert (project / "app/use.py").read_bytes() == FILES["app/use.py"]
    assert not (project / ".consolidator").exists()


def test_json_is_one_document_with_the_keys_of_the_contract(project: Path) -> None:
    document = json.loads(migrate(project, "imports", ".", "--format", "json").stdout)
    assert document["changed"] == [
        {"path": "app/latin.py", "edits": 1, "kinds": {"import": 1}},
        {"path": "app/use.py", "edits": 1, "kinds": {"import": 1}},
    ]
    (omission,) = document["omissions"]
    assert omission.keys() == {"path", "line", "column", "text", "kind", "why"}
    assert document["already_broken"] == [
        {"path": "app/missing.py", "line": 1, "module": "app.nowhere", "name": "Gone"}
    ]
    assert document.keys() >= {"schema", "root", "files", "skipped"}


def test_a_file_that_is_not_python_is_not_read_as_python(project: Path) -> None:
    (project / "patch.ini").write_text("[it]\ntarget = app.old.Thing\npatch.name = on or off it\n")
    document = json.loads(migrate(project, "imports", ".", "--format", "json").stdout)
    assert "patch.ini" in [change["path"] for change in document["changed"]]
    assert document["skipped"] == []


def test_apply_then_check_then_undo(project: Path) -> None:
    assert migrate(project, "imports", ".", "--apply").returncode == 0
    assert b"as Thing  # keep\r\n" in (project / "app/use.py").read_bytes()
    assert "é".encode("latin-1") in (project / "app/latin.py").read_bytes()
    assert migrate(project, "imports", ".", "--check").returncode == 0
    assert migrate(project, "undo", ".").returncode == 0
    for path, content in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        assert (project / path).read_bytes() == data


def test_a_dirty_tree_is_refused_unless_the_dirt_is_our_own(project: Path) -> None:
    (project / "app/missing.py").write_text("x = 1\n")
    done = migrate(project, "imports", ".", "--apply")
    assert (done.returncode, "app/missing.py" in done.stderr) == (2, True)
    assert migrate(project, "imports", ".", "--apply", "--allow-dirty").returncode == 0
    git(project, "checkout", "app/missing.py")
    assert migrate(project, "delete", ".", "--apply").returncode == 0
    assert not (project / "app/old.py").exists()


def test_one_name_moves_without_a_plan_file(project: Path) -> None:
    done = migrate(
        project, "imports", ".", "--from", "app.old.Thing", "--to", "other.Place", "--check"
    )
    assert (done.returncode, "2 files would change" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--apply", "--check"), "exclude each other"),
        (("--from", "a.b"), "go together"),
        (("--from", "a.b", "--to", "a.b"), "the same name"),
        (("--from", "a.b", "--to", "a-b"), "move[0].to"),
        (("--plan", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_bad_usage_is_exit_2(project: Path, arguments: tuple[str, ...], message: str) -> None:
    done = migrate(project, "imports", ".", *arguments)
    assert (done.returncode, message in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ("from app.old import Thing\nclass Sub(Thing): ...\n", "2: Thing is needed while"),
        ("from app.old import Thing\n", "1: Thing is imported for others"),
        (
            "from app.old import Thing\n__all__ = ['Thing']\ndef f(): Thing()\n",
            "1: Thing is in __all__",
        ),
        (
            "try:\n    from app.old import Thing\nexcept ImportError:\n    Thing = 1\n",
            "2: the import",
        ),
        (
            "from x import model\nfrom app.old import Thing\n@model\nclass C:\n    t: Thing\n",
            "model may",
        ),
        ("from app.old import Thing\nf = lambda: Thing()\n", "2: Thing is needed while"),
        ("from app.old import Thing\ndef f():\n    global Thing\n    Thing()\n", "declared global"),
        ("from app.old import Thing\ndef f(): Thing()\nif f:\n    Thing = 1\n", "more than once"),
        ("from app.old import Thing\ndef f(x: Thing['a']): ...\n", "can't be written as a string"),
    ],
)
def test_a_cycle_that_no_late_import_avoids_is_refused_and_shown(
    use: str, why: str, project: Path
) -> None:
    write_tree(project, {"app/use.py": use, "app/new.py": "import app.use\nclass Fresh: ...\n"})
    plan = Plan(moves=(Move("app.old.Thing", "app.new.Fresh"),))
    with pytest.raises(ToolError) as refusal:
        prepare(tree_of(project), plan, plan_imports)
    assert "app/use.py → app/new.py → app/use.py" in str(refusal.value)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    "reader",
    [
        "import app.use\napp.use.Thing\n",
        "from app import use as u\nu.Thing\n",
        "from unittest.mock import patch\npatch('app.use.Thing')\n",
        "from app import use\ndef test(monkeypatch): monkeypatch.setattr(use, 'Thing', 1)\n",
        "from app.use import *\n",
    ],
)
def test_a_name_that_others_read_from_the_file_stays_at_its_top(reader: str, project: Path) -> None:
    write_tree(project, {"app/use.py": "from app.old import Thing\ndef f(): return Thing()\n"})
    write_tree(
        project, {"app/new.py": "import app.use\nclass Fresh: ...\n", "app/reader.py": reader}
    )
    plan = Plan(moves=(Move("app.old.Thing", "app.new.Fresh"),))
    with pytest.raises(ToolError, match=r"app/reader\.py reads Thing from this module"):
        prepare(tree_of(project), plan, plan_imports)


def test_prose_reads_no_name_and_keeps_no_import_at_the_top(project: Path) -> None:
    write_tree(project, {"app/use.py": "from app.old import Thing\ndef f(): return Thing()\n"})
    write_tree(
        project,
        {"app/new.py": "import app.use\nclass Fresh: ...\n", "CHANGES.md": "`app.use.Thing` too\n"},
    )
    plan = Plan(moves=(Move("app.old.Thing", "app.new.Fresh"),))
    (made,) = (c for c in prepare(tree_of(project), plan, plan_imports).changes if "use" in c.path)
    assert made.after == b"def f(): from app.new import Fresh as Thing; return Thing()\n"


def test_an_import_that_failed_by_a_short_name_before_is_not_newly_broken(project: Path) -> None:
    write_tree(
        project,
        {
            "tests/helper.py": "def made(): ...\n",
            "tests/test_it.py": "from helper import gone, made\n",
            "app/testing.py": "def made(): ...\n",
        },
    )
    plan = Plan(moves=(Move("tests.helper", "app.testing"),))
    migration = prepare(tree_of(project), plan, plan_imports)
    (change,) = migration.changes
    assert change.after == b"from app.testing import gone, made\n"


def test_an_import_of_a_name_that_only_the_old_module_has_is_newly_broken(project: Path) -> None:
    write_tree(project, {"app/use.py": "from app.old import Thing\n", "app/other.py": ""})
    with pytest.raises(ToolError, match=r"app\.other\.Thing: .*app/use\.py:1"):
        prepare(tree_of(project), Plan(moves=(Move("app.old", "app.other"),)), plan_imports)


def test_a_circle_that_a_module_moved_by_hand_was_in_before_is_not_new(project: Path) -> None:
    (project / "app/old.py").unlink()
    write_tree(
        project,
        {
            "app/new.py": "import app.use\nclass Thing: ...\n",
            "app/use.py": "from app.old import Thing\nclass Sub(Thing): ...\n",
        },
    )
    plan = Plan(moves=(Move("app.old", "app.new"),))
    migration = prepare(tree_of(project), plan, plan_imports)
    assert "app/use.py" in [change.path for change in migration.changes]


def test_a_package_is_in_no_circle_with_its_modules_whatever_they_are_called(project: Path) -> None:
    write_tree(
        project,
        {
            "app/setup.py": "",  # makes app a source root too
            "app/config/__init__.py": "from app.config.old import Thing\nclass Sub(Thing): ...\n",
            "app/config/old.py": "class Thing: ...\n",
            "app/config/new.py": "import app.config.parts\nclass Thing: ...\n",
            "app/config/parts.py": "",
        },
    )
    plan = Plan(moves=(Move("app.config.old", "app.config.new"),))
    migration = prepare(tree_of(project), plan, plan_imports)
    assert "app/config/__init__.py" in [change.path for change in migration.changes]


def test_a_circle_that_moves_as_a_whole_is_not_new(project: Path) -> None:
    circle = {
        "a": "from app.{}.b import B\nclass A(B): ...\n",
        "b": "import app.{}.a\nB = object\n",
    }
    write_tree(project, {f"app/{home}/__init__.py": "" for home in ("one", "two")})
    write_tree(project, {f"app/one/{n}.py": text.format("one") for n, text in circle.items()})
    write_tree(project, {f"app/two/{n}.py": text.format("one") for n, text in circle.items()})
    plan = Plan(moves=(Move("app.one.a", "app.two.a"), Move("app.one.b", "app.two.b")))
    migration = prepare(tree_of(project), plan, plan_imports)
    assert {"app/two/a.py", "app/two/b.py"} <= {change.path for change in migration.changes}


@pytest.mark.parametrize("neighbour", ["consolidation.toml", "app/notes.txt"])
def test_neither_the_plan_nor_a_longer_name_reads_a_name_from_a_file(
    neighbour: str, project: Path
) -> None:
    said = "app.use.Thing" if neighbour == "consolidation.toml" else "app.use.Things"
    write_tree(
        project,
        {
            "app/use.py": "from app.old import Thing\ndef f(): return Thing()\n",
            "app/new.py": "import app.use\nclass Fresh: ...\n",
            neighbour: said,
        },
    )
    plan = Plan(moves=(Move("app.old.Thing", "app.new.Fresh"),))
    migration = prepare(tree_of(project), plan, plan_imports)
    assert "app/use.py" in [change.path for change in migration.changes]


def test_a_plan_is_never_rewritten_whatever_its_name_and_however_it_is_given(project: Path) -> None:
    plan = (project / "consolidation.toml").read_text()
    write_tree(project, {"plans/next.toml": plan, "other.toml": 'path = "app.old.Thing"\n'})
    migrate(project, "imports", ".", "--plan", "plans/next.toml", "--apply", "--allow-dirty")
    assert (project / "plans/next.toml").read_text() == plan
    assert (project / "consolidation.toml").read_text() == plan
    assert (project / "other.toml").read_text() == 'path = "new.home.Fresh"\n'


def test_a_file_and_a_link_to_it_are_one_file(project: Path) -> None:
    write_tree(project, {"app/sub/__init__.py": "", "app/use.py": "from app.old import Thing\n"})
    (project / "app/sub/linked.py").symlink_to("../use.py")
    write_tree(project, {"app/relative.py": "from .old import Thing\n"})
    (project / "app/sub/elsewhere.py").symlink_to("../relative.py")
    done = migrate(project, "imports", ".", "--format", "json", "--apply", "--allow-dirty")
    document = json.loads(done.stdout)
    changed = [change["path"] for change in document["changed"]]
    assert changed == ["app/latin.py", "app/relative.py", "app/use.py"]
    links = [o["path"] for o in document["omissions"] if o["kind"] == "link"]
    assert links == ["app/sub/elsewhere.py"]
    assert (project / "app/sub/linked.py").is_symlink()
    assert (project / "app/sub/linked.py").read_text() == (project / "app/use.py").read_text()
    again = migrate(project, "imports", ".", "--check")
    assert again.stdout.startswith("0 files would change")


def test_after_applying_what_is_left_is_listed_by_the_lines_of_the_new_tree(project: Path) -> None:
    use = "from app.old import (  # both\n    Other,\n    Thing,\n)\n# see app.old.Thing\nprint(Thing)\n"
    write_tree(project, {"app/use.py": use, "app/new.py": "class Fresh: ...\n"})
    move = ("--from", "app.old.Thing", "--to", "app.new.Fresh", "--format", "json")
    listed = []
    for mode in ("--check", "--apply"):
        document = json.loads(migrate(project, "imports", ".", *move, mode, "--allow-dirty").stdout)
        (omission,) = [o for o in document["omissions"] if o["path"] == "app/use.py"]
        text = (project / "app/use.py").read_text().splitlines()[omission["line"] - 1]
        listed.append((omission["kind"], text))
    assert listed == [("comment", "# see app.old.Thing")] * 2


def test_what_a_file_repeats_has_one_line_with_all_its_places(project: Path) -> None:
    write_tree(project, {"app/use.py": "# app.old.Thing\n\n# see app.old.Thing, app.old\n"})
    done = migrate(project, "imports", ".", "--check")
    assert "  app/use.py:1:3, 3:7: app.old.Thing [comment] is in a comment" in done.stdout


def test_a_refusal_is_exit_3_and_writes_nothing(project: Path) -> None:
    write_tree(project, {"app/new.py": "import app.use\nclass Fresh: ...\n"})
    move = ("--from", "app.old.Thing", "--to", "app.new.Fresh", "--apply", "--allow-dirty")
    done = migrate(project, "imports", ".", *move)
    assert (done.returncode, "nothing was written" in done.stderr) == (3, True)
    assert (project / "app/latin.py").read_bytes() == FILES["app/latin.py"]


def test_an_import_that_would_newly_fail_is_refused(project: Path) -> None:
    write_tree(project, {"app/new.py": "class Fresh: ...\n"})
    done = migrate(project, "imports", ".", "--from", "app.old", "--to", "app.new")
    assert done.returncode == 3
    assert "app.new.Thing: app/latin.py:2, app/use.py:1" in done.stderr


def test_a_name_that_many_files_would_import_in_vain_is_said_once(project: Path) -> None:
    reader = "from app.old import Thing\nThing()\n"
    write_tree(project, {f"app/reader{n}.py": reader for n in range(9)} | {"app/new.py": ""})
    done = migrate(project, "imports", ".", "--from", "app.old", "--to", "app.new")
    assert done.returncode == 3
    first = "app/latin.py:2, app/reader0.py:1, app/reader1.py:1"
    assert f"app.new.Thing: {first} and 8 more" in done.stderr


@pytest.mark.parametrize("target", ["app.new.Typo", "app.now.Fresh", "app.use.Sub.Fresh"])
def test_a_new_name_that_does_not_exist_is_a_mistake_in_the_plan(
    target: str, project: Path
) -> None:
    write_tree(project, {"app/new.py": "class Fresh: ...\n"})
    plan = f'[[move]]\nfrom = "app.old.Thing"\nto = "{target}"\n'
    write_tree(project, {"consolidation.toml": plan})
    done = migrate(project, "imports", ".")
    assert done.returncode == 2
    assert f"consolidation.toml:1: to: {target} exists nowhere in ROOT" in done.stderr


@pytest.mark.parametrize("body", ["def __getattr__(name): ...\n", "from x import *\n"])
def test_a_new_name_that_may_come_from_anywhere_is_taken(body: str, project: Path) -> None:
    write_tree(project, {"app/new.py": body})
    move = ("--from", "app.old.Thing", "--to", "app.new.Fresh")
    assert migrate(project, "imports", ".", *move).returncode == 1


def test_a_swap_is_applied_once(project: Path) -> None:
    swap = '[[move]]\nfrom = "app.one.A"\nto = "app.two.A"\n[[move]]\nfrom = "app.two.A"\nto = "app.one.A"\n'
    use = "from app.one import A\n"
    files = {"app/one.py": "class A: ...\n", "app/two.py": "class A: ...\n", "app/use.py": use}
    write_tree(project, {**files, "consolidation.toml": swap})
    apply = ("imports", ".", "--apply", "--allow-dirty")
    first = migrate(project, *apply)
    assert (first.returncode, "apply it once" in first.stderr) == (0, True)
    moved = (project / "app/use.py").read_text()
    assert moved == "from app.two import A\n"
    again = migrate(project, *apply)
    assert (again.returncode, "was applied already" in again.stderr) == (2, True)
    assert "was applied already" in migrate(project, "imports", ".", "--check").stderr
    assert (project / "app/use.py").read_text() == moved
    assert migrate(project, "undo", ".").returncode == 0
    assert migrate(project, *apply).returncode == 0


def test_a_legacy_name_that_does_not_exist_is_said_with_its_line(project: Path) -> None:
    plan = project / "consolidation.toml"
    plan.write_text(
        '[[move]]\nfrom = "app.old.Thing"\nto = "new.A"\n[[move]]\nfrom = "app.old.Thong"\nto = "new.B"\n'
    )
    done = migrate(project, "imports", ".", "--check")
    assert done.returncode == 1
    assert ":4: app.old.Thong names nothing in ." in done.stderr
    assert "app.old.Thing names" not in done.stderr


def test_a_plan_and_a_single_move_exclude_each_other(project: Path) -> None:
    move = ("--from", "app.old.Thing", "--to", "new.Home", "--plan", "consolidation.toml")
    assert migrate(project, "imports", ".", *move).returncode == 2


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("app.old.Thing", "app.new", "app.old.Thing is a class, app.new is not"),
        ("app.old", "app.new.Fresh", "app.old is a module, app.new.Fresh is not"),
    ],
)
def test_a_module_and_what_a_module_holds_never_become_one_another(
    project: Path, source: str, target: str, said: str
) -> None:
    write_tree(project, {"app/new.py": "class Fresh: ...\n"})
    done = migrate(project, "imports", ".", "--from", source, "--to", target, "--apply")
    assert (done.returncode, said in done.stderr) == (2, True)
    assert (project / "app/latin.py").read_bytes() == FILES["app/latin.py"]
