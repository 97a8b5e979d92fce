"""Calls of a known function or class in a given form; other forms are listed, other callees stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codemods.call_patterns import CallPattern, PatternError, rewrite_calls
from codemods.outcome import Changed, Unchanged

PATTERN = CallPattern.parse("app.emit(user, text=body)", "(message={'text': $body}, to=$user)")

UNTOUCHED = {
    "a local function of the same name": "def emit(user, text): ...\nemit(u, text=t)\n",
    "a parameter that shadows the import": "from app import emit\ndef f(emit): emit(u, text=t)\n",
    "a method of something else": "import other\nother.emit(u, text=t)\n",
    "what the call gives": "from app import emit\nemit.emit(u, text=t)\n",
    "a name that is bound twice": "from app import emit\nemit = x\nemit(u, text=t)\n",
}
REWRITTEN = {
    "by name": (
        "from app import emit\nemit(u, text=t)\n",
        "from app import emit\nemit(message={'text': t}, to=u)\n",
    ),
    "by alias": (
        "from app import emit as e\ne(u, text=t)\n",
        "from app import emit as e\ne(message={'text': t}, to=u)\n",
    ),
    "by its full name": (
        "import app\napp.emit(u, text=t)\n",
        "import app\napp.emit(message={'text': t}, to=u)\n",
    ),
}


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_it_stays(text: str) -> None:
    assert rewrite_calls(text, PATTERN) == Unchanged()


@pytest.mark.parametrize(("before", "after"), REWRITTEN.values(), ids=REWRITTEN.keys())
def test_it_becomes(before: str, after: str) -> None:
    outcome = rewrite_calls(before, PATTERN)
    assert isinstance(outcome, Changed)
    assert outcome.text == after
    again = rewrite_calls(after, PATTERN)
    assert isinstance(again, Unchanged)


def test_another_form_is_listed() -> None:
    outcome = rewrite_calls("from app import emit\nemit(u, t)\n", PATTERN)
    assert isinstance(outcome, Unchanged)
    assert [(o.line, o.text) for o in outcome.omissions] == [(2, "emit(u, t)")]


def test_starred_arguments_are_another_form() -> None:
    text = "from app import emit\nemit(*u, text=t)\nemit(u, **t)\n"
    outcome = rewrite_calls(text, PATTERN)
    assert isinstance(outcome, Unchanged)
    assert [o.line for o in outcome.omissions] == [2, 3]


def test_a_class_is_made_by_one_of_its_members() -> None:
    pattern = CallPattern.parse("app.Emitter(user, manager)", "of(manager=$manager, user=$user)")
    outcome = rewrite_calls("import app\ne = app.Emitter(u, m)\n", pattern)
    assert isinstance(outcome, Changed)
    assert outcome.text == "import app\ne = app.Emitter.of(manager=m, user=u)\n"


@pytest.mark.parametrize(
    ("old", "new"), [("app.emit", "()"), ("app.emit(*a)", "()"), ("app.emit(a)", "($b)")]
)
def test_a_pattern_that_means_nothing_is_refused(old: str, new: str) -> None:
    with pytest.raises(PatternError):
        CallPattern.parse(old, new)


def test_the_runner_of_libcst_takes_the_command(tmp_path: Path) -> None:
    file = tmp_path / "use.py"
    file.write_text("from app import emit\nemit(u, text=t)\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x"]
    options = ["--old", "app.emit(user, text=body)", "--new", "(to=$user, body=$body)"]
    name = "codemods.commands.RewriteCallsCommand"
    done = subprocess.run(
        [*command, name, *options, "--no-format", str(file)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert file.read_text() == "from app import emit\nemit(to=u, body=t)\n", done.stderr
