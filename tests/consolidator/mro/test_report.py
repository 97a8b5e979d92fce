"""What `mro-report` says beside the order: methods, accidents, consumers, refusals, changes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from orders import report_of
from trees import tree_of, write_tree
from typer.testing import CliRunner

from consolidator.analysis.mro.mentions import unmentioned
from consolidator.analysis.mro.report import ClassReport, MroReport
from consolidator.cli import app
from consolidator.render.mro import RENDERERS

CHAT = {
    "chat/__init__.py": "",
    "chat/base.py": """
        import abc
        from typing import Protocol
        class Sender(Protocol):
            def send(self, text): ...
        class Base(abc.ABC):
            @abc.abstractmethod
            def open(self): ...
            def close(self): ...
            def close(self, hard=False): ...
            @property
            def state(self): ...
            @state.setter
            def state(self, value): ...
        class Loud:
            def close(self): ...
            def shout(self): super().whisper()
        class Manager(Base, Loud):
            def open(self): super().open()
        class Wrapper:
            def __init__(self, inner): self._inner = inner
            def __getattr__(self, name): return getattr(self._inner, name)
        class MockManager(Manager): ...
        class Outer:
            class Inner: ...
    """,
    "chat/use.py": "from chat.base import Manager as M\nM().open()\nM().close()\n",
    "chat/star.py": "from chat.base import *\nManager().shout()\n",
    "tests/test_use.py": "from chat import base\nbase.Manager().open()\n",
    "chat/other.py": "class Manager: ...\nManager().open()\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tree(tmp_path, dict(CHAT))


def by_name(report: MroReport) -> dict[str, ClassReport]:
    return {entry.qualname.removeprefix("chat.base."): entry for entry in report.classes}


def test_the_winner_of_each_method_and_what_it_overrides(root: Path) -> None:
    manager = by_name(report_of(tree_of(root)))["Manager"]
    assert manager.methods["open"].defined_in == "chat.base.Manager"
    assert manager.methods["open"].overrides == ("chat.base.Base",)
    assert manager.methods["close"].defined_in == "chat.base.Base"
    assert manager.methods["close"].overrides == ("chat.base.Loud",)
    assert manager.methods["shout"].overrides == ()
    assert "__hash__" not in manager.methods, "what only object defines is left out"


def test_accidents_are_told_from_property_pairs_and_overrides(root: Path) -> None:
    found = by_name(report_of(tree_of(root)))
    assert [(s.kind, s.name) for s in found["Base"].shadowed] == [("twice", "close")]
    assert [(s.kind, s.name, s.hidden) for s in found["Manager"].shadowed] == [
        ("sibling", "close", "chat.base.Loud")
    ]
    assert found["MockManager"].shadowed == ()


def test_a_super_call_that_reaches_nothing_is_named_with_its_line(root: Path) -> None:
    found = by_name(report_of(tree_of(root)))
    assert [call.method for call in found["Loud"].dead_supers] == ["whisper"]
    assert found["Manager"].dead_supers == ()


def test_a_super_call_of_a_mixin_is_dead_only_if_no_heir_reaches_something(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "mixins.py": """
            class Mixin:
                def stop(self):
                    if self: super().halt()
                    super().stop()
                    [super().freeze() for _ in self]
                    super().abandon()
            class Lonely:
                def stop(self): super().stop()
                def make(self):
                    class Local(list):
                        def stop(self): super().append(1)
                    return Local
            class Guessed:
                def stop(self): super().stop()
        """,
        "use.py": """
            from mixins import Guessed, Mixin as Other
            from unknown_package import Thing
            class Base:
                def stop(self): ...
            class Freezer:
                def freeze(self): ...
            class First(Other, Base): ...
            class Second(Freezer): ...
            class Third(First, Second): ...
            class Fourth(Guessed, Thing): ...
        """,
    }
    report = report_of(tree_of(write_tree(tmp_path, files)), "mixins.*")
    dead = {e.qualname: [(c.line, c.method) for c in e.dead_supers] for e in report.classes}
    assert dead == {
        "mixins.Mixin": [(3, "halt"), (6, "abandon")],
        "mixins.Lonely": [(8, "stop")],
        "mixins.Lonely.make.<locals>.Local": [],
        "mixins.Guessed": [],
    }


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("Sender", ("protocol", "unreferenced")),
        ("Base", ("abstract",)),
        ("Manager", ("implementation",)),
        ("Wrapper", ("wrapper", "unreferenced")),
        ("MockManager", ("test-double", "unreferenced")),
        ("Outer.Inner", ("implementation", "nested", "unreferenced")),
    ],
)
def test_classes_are_labelled(root: Path, name: str, labels: tuple[str, ...]) -> None:
    assert by_name(report_of(tree_of(root)))[name].labels == labels


def test_consumers_are_files_that_import_the_class_under_any_name(root: Path) -> None:
    manager = by_name(report_of(tree_of(root), "chat.base.Manager"))["Manager"]
    assert manager.consumers is not None
    assert manager.consumers.impact == "breaking"
    assert manager.consumers.importers == ("chat/star.py", "chat/use.py", "tests/test_use.py")
    assert manager.consumers.members == {
        "close": ("chat/use.py",),
        "open": ("chat/use.py", "tests/test_use.py"),
        "shout": ("chat/star.py",),
    }


def test_subclasses_are_found_through_aliases_and_a_narrow_question_parses_little(
    root: Path,
) -> None:
    write_tree(
        root,
        {
            "chat/heirs.py": "from chat.use import M\nclass Deep(M): ...\n",
            "chat/broken.py": "def f(:\n",
        },
    )
    report = report_of(tree_of(root), subclasses_of="chat.base.Loud")
    names = [entry.qualname for entry in report.classes]
    assert names == [
        "chat.base.Loud",
        "chat.base.Manager",
        "chat.base.MockManager",
        "chat.heirs.Deep",
    ]
    assert report.skipped == (), "a file without any of the names is never parsed"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("class A: ...\nclass B(A): ...\nclass X(A, B): ...", "inconsistent-mro"),
        ("class A: ...\nclass X(A, A): ...", "duplicate-base"),
        ("class A: ...\nB = A\nclass X(A, B): ...", "duplicate-base"),
        ("class X(X): ...", "cycle"),
        ("class X(3): ...", "not-a-class"),
        ("import os\nclass X(os): ...", "not-a-class"),
        ("def f(): ...\nclass X(f): ...", "not-a-class"),
        ("class X(bool): ...", "refused"),
        ("class X(int, str): ...", "refused"),
        ("import enum\nclass E(enum.Enum):\n    a = 1\nclass X(E): ...", "refused"),
        ("class M(type): ...\nclass N(type): ...\nclass A(metaclass=M): ...\n"
         "class X(A, metaclass=N): ...", "refused"),
        ("from typing import NewType\nN = NewType('N', int)\nclass X(N): ...", "not-a-class"),
    ],
)  # fmt: skip
def test_what_cpython_refuses_is_an_error_with_its_place(
    tmp_path: Path, source: str, kind: str
) -> None:
    root = write_tree(tmp_path, {"m.py": source + "\n"})
    errors = report_of(tree_of(root)).errors
    assert [(error.qualname, error.path, error.kind) for error in errors] == [("m.X", "m.py", kind)]
    assert errors[0].line == source[: source.index("class X")].count("\n") + 1


def test_a_cycle_across_modules_is_an_error(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "a.py": "from b import B\nclass A(B): ...\n",
            "b.py": "from a import A\nclass B(A): ...\n",
        },
    )
    assert {error.kind for error in report_of(tree_of(root)).errors} == {"cycle"}


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True)


def test_diff_tells_what_a_revision_had(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "before")
    run = CliRunner()
    arguments = ["mro-report", str(root), "--diff", "HEAD", "--format", "json", "--no-cache"]
    assert run.invoke(app, arguments).exit_code == 0
    path = root / "chat" / "base.py"
    changed = path.read_text().replace("Manager(Base, Loud)", "Manager(Loud, Base)")
    path.write_text(changed.replace("class Outer:", "class New: ...\nclass Late:"))
    result = run.invoke(app, arguments)
    diff = json.loads(result.stdout)["diff"]
    assert result.exit_code == 1
    assert diff["added"] == ["chat.base.Late", "chat.base.Late.Inner", "chat.base.New"]
    assert diff["gone"] == ["chat.base.Outer", "chat.base.Outer.Inner"]
    assert [entry["qualname"] for entry in diff["changed"]] == [
        "chat.base.Manager",
        "chat.base.MockManager",
    ]
    assert diff["changed"][0]["methods"] == [
        {"name": "close", "before": "chat.base.Base", "after": "chat.base.Loud"}
    ]
    text = run.invoke(app, [*arguments[:4], "--no-cache"]).stdout
    assert "  gone: 2 classes\n    chat.base.Outer\n    chat.base.Outer.Inner\n" in text
    assert "      close: chat.base.Base -> chat.base.Loud\n" in text


@pytest.mark.parametrize("output", ["text", "json", "md", "html", "dot", "mermaid"])
def test_every_format_shows_every_class_whatever_the_jobs(root: Path, output: str) -> None:
    run = CliRunner()
    arguments = ["mro-report", str(root), "--format", output, "--no-cache", "--jobs"]
    results = [run.invoke(app, [*arguments, jobs]) for jobs in ("1", "2")]
    assert results[0].stdout == results[1].stdout
    for name in ("Manager", "Sender", "Wrapper", "MockManager"):
        assert f"chat.base.{name}" in results[0].stdout


def test_text_fits_eighty_columns_for_one_class_and_for_many(root: Path) -> None:
    long = "A" * 120
    many = "".join(f"class {long}{n}: ...\n" for n in range(20))
    write_tree(root, {"chat/many.py": many})
    run = CliRunner()
    for match in ("chat.base.Manager", "*"):
        result = run.invoke(app, ["mro-report", str(root), "--match", match, "--no-cache"])
        assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_classes_of_unknown_bases_come_last(tmp_path: Path) -> None:
    classes = "".join(f"class C{n}: ...\n" for n in range(12))
    text = f"from unknown_package import Thing\nclass A(Thing): ...\n{classes}"
    write_tree(tmp_path, {"m.py": text.encode()})
    out = CliRunner().invoke(app, ["mro-report", str(tmp_path), "--no-cache"]).stdout
    assert out.index("\nbuiltins.object\n") < out.index("\n?\n") < out.index("In doubt")


def test_a_class_that_does_not_exist_is_bad_usage(root: Path) -> None:
    from consolidator.errors import UsageError

    with pytest.raises(UsageError):
        report_of(tree_of(root), subclasses_of="chat.base.Nobody")


def test_labels_tell_re_exports_and_classes_that_nothing_mentions(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "legacy.py": "class Manager: ...\nclass Settings: ...\nclass Gone(Exception): ...\n",
        "new.py": """
            import legacy
            class Manager(legacy.Manager):
                '''The same.'''
            class Lost(legacy.Gone): ...
            class Settings(legacy.Settings):
                extra = 1
        """,
        "test_new.py": "class TestManager:\n    def test_it(self): ...\n",
        "setup.cfg": "[entry]\nmain = legacy:Gone\n",
    }
    found = {c.qualname: c.labels for c in report_of(tree_of(write_tree(tmp_path, files))).classes}
    assert found["new.Manager"] == ("re-export",)
    assert found["new.Lost"] == ("implementation", "unreferenced")
    assert found["new.Settings"] == ("implementation",)
    assert found["legacy.Gone"] == ("implementation",)
    assert found["test_new.TestManager"] == ("implementation",)


def test_the_other_names_of_a_class_are_those_that_modules_hand_on(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "app/__init__.py": "from app.real import Manager as Boss\n",
        "app/real.py": "class Manager: ...\n",
        "app/alias.py": "from app.real import Manager\nOther = Manager\n",
        "app/listed.py": "from app.real import *\n__all__ = ['Manager']\n",
        "app/user.py": "from app.real import Manager\nManager()\n",
    }
    report = report_of(tree_of(write_tree(tmp_path, files)), "app.real.Manager")
    used = report.classes[0].consumers
    assert used is not None
    assert used.other_names == ("app.Boss", "app.alias.Other", "app.listed.Manager")


def test_the_page_draws_the_hierarchy_with_a_way_to_each_class(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"m.py": "class A: ...\nclass B(A): ...\nclass C(B): ...\n"})
    page = str(RENDERERS["html"](report_of(tree_of(root)), None))
    drawn = page.partition("<h2>Hierarchy</h2>")[2].partition("<h2>Classes</h2>")[0]
    assert [drawn.index(f">{name}</a>") for name in "ABC"] == sorted(
        drawn.index(f">{name}</a>") for name in "ABC"
    )
    assert drawn.count("<ul>") == drawn.count("</ul>") == 4
    assert all(f'<details id="m.py:{line}">' in page for line in (1, 2, 3))


def test_names_that_share_a_piece_are_each_looked_for_in_full(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "m.py": "class FirstSocketManager: ...\nclass SocketManager: ...\nclass X: ...\nclass Y: ...\n",
        "use.py": "from m import FirstSocketManager, X\n",
        "settings.toml": "[x]\ny = 'SocketManagerOfOthers'\n",
    }
    names = {"FirstSocketManager", "SocketManager", "X", "Y"}
    tree = tree_of(write_tree(tmp_path, files))
    assert unmentioned(tree, names) == {"SocketManager", "Y"}
