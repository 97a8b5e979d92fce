"""The command line from outside: help to work from, one code per kind of failure, bad ROOTs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from consolidator import __version__
from consolidator.cli import COMMANDS

LOOKS = ("mro-report", "duplicates", "audit", "guard")
"""Commands that only look and work outside git."""


def consolidator(
    *arguments: str | Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "consolidator", *map(str, arguments)]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_help_lists_every_command() -> None:
    done = consolidator("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_its_exit_codes(command: str) -> None:
    done = consolidator(command, "--help")
    pages = done.stdout
    if command == "migrate":
        pages += "".join(
            consolidator("migrate", sub, "--help").stdout for sub in ("imports", "calls", "delete")
        )
    assert done.returncode == 0
    assert "Example" in pages
    assert "Exit codes" in pages


def test_the_version_is_printed() -> None:
    assert consolidator("--version").stdout == f"{__version__}\n"


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("guard", "--no-such-option"), ("guard", ".", "x")]
)
def test_bad_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    done = consolidator(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.parametrize("command", [*LOOKS, "extract", "plan"])
def test_a_root_that_is_missing_or_a_file_exits_with_2_and_says_so(
    command: str, tmp_path: Path
) -> None:
    file = tmp_path / "file.py"
    file.write_text("x = 1\n")
    for root, words in ((tmp_path / "absent", "no such directory"), (file, "is a file")):
        done = consolidator(command, root)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", LOOKS)
def test_an_empty_root_and_one_without_python_give_a_document(command: str, tmp_path: Path) -> None:
    for content in ({}, {"notes.txt": "hello"}):
        for name, text in content.items():
            (tmp_path / name).write_text(text)
        done = consolidator(command, tmp_path, "--format", "json")
        assert done.returncode in (0, 1), done.stderr
        document = json.loads(done.stdout)
        assert (document["schema"], document["files"], document["skipped"]) == (1, 0, [])


def test_extract_outside_git_exits_with_3(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    done = consolidator("extract", tmp_path)
    assert done.returncode == 3
    assert "git" in done.stderr


@pytest.mark.parametrize("command", LOOKS)
def test_files_that_can_not_be_read_are_listed_and_stop_nothing(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "good.py").write_text('class Good:\n    """agent_started"""\n')
    (tmp_path / "broken.py").write_text("class Broken(:  # agent_started\n")
    (tmp_path / "nul.py").write_bytes(b"x = 1\n\0\nclass C: 'agent_started'\n")
    (tmp_path / "latin.py").write_bytes(b"class D: '\xe9 agent_started'\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    done = consolidator(command, tmp_path, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    skipped = {entry["path"]: entry["line"] for entry in json.loads(done.stdout)["skipped"]}
    assert skipped == {"broken.py": 1, "latin.py": 1, "nul.py": 2}


@pytest.mark.parametrize("command", LOOKS)
def test_a_plan_with_five_mistakes_is_answered_with_all_five(command: str, tmp_path: Path) -> None:
    plan = tmp_path / "consolidation.toml"
    plan.write_text(
        "[consolidation]\nschema = 7\nsource_root = []\n"
        '[[move]]\nfrom = "a b"\n[guard]\nevents = 3\nevent = []\n'
    )
    done = consolidator(command, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    for line in (2, 3, 5, 7, 8):
        assert f"{plan}:{line}:" in done.stderr


@pytest.mark.parametrize("command", LOOKS)
def test_output_is_the_same_whatever_the_jobs_and_the_cache(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSOLIDATOR_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    for number in range(60):
        (root / f"m{number}.py").write_text(
            f"class Manager:\n    def send(self): return {number}\n"
        )
    outputs = {
        consolidator(command, root, "--format", "json", *options).stdout
        for options in (("--no-cache",), ("--jobs", "1"), ("--jobs", "2"), ())
    }
    assert len(outputs) == 1
    assert json.loads(outputs.pop())["files"] == 60


@pytest.mark.parametrize("command", LOOKS)
def test_literals_that_no_cache_could_hold_stop_nothing(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSOLIDATOR_CACHE_DIR", str(tmp_path / "cache"))
    odd = (
        "__all__ = ['f', '\\ud800']\nX: str = '\\udfff'\nBIG = 10 ** 30 + 123456789012345678901234567890\n"
        "def f(a='\\ud801'):\n    send('agent_started\\ud800', -99999999999999999999, a)\n"
        "class Manager:\n    def send(self): return f'{self}\\ud802'\n"
    )
    for number in range(60):
        (tmp_path / f"m{number}.py").write_text(odd)
    done = consolidator(command, tmp_path, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["files"] == 60


def copies(root: Path) -> Path:
    """A project with one family of duplicates, so that there is something to report."""
    root.mkdir()
    for name in ("a", "b"):
        (root / f"{name}.py").write_text(
            "class Mailer:\n    def send(self, to):\n        self.seen.append(to)\n"
            "        return self.box[to].put(to.encode())\n"
        )
    return root


@pytest.mark.parametrize("command", [*LOOKS, "extract", "plan"])
def test_an_output_that_can_not_be_written_is_told_before_the_work(
    command: str, tmp_path: Path
) -> None:
    root = copies(tmp_path / "project")
    for output in (tmp_path / "missing" / "out.txt", tmp_path):
        done = consolidator(command, root, "--output", output)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(output) in done.stderr
        assert "directory" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("command", LOOKS)
def test_a_full_disk_exits_with_3_and_says_so(command: str, tmp_path: Path) -> None:
    root = copies(tmp_path / "project")
    line = [sys.executable, "-m", "consolidator", command, str(root)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_reader_that_goes_away_changes_no_verdict(form: str, tmp_path: Path) -> None:
    root = copies(tmp_path / "project")
    (root / "broken.py").write_text("def broken(:\n")
    line = [sys.executable, "-m", "consolidator", "duplicates", str(root), "--format", form]
    for merged in (False, True):
        gone, ours = os.pipe()
        os.close(gone)
        errors = ours if merged else subprocess.PIPE
        done = subprocess.run(line, stdout=ours, stderr=errors, text=True, check=False)
        os.close(ours)
        assert done.returncode == 1
        assert merged or "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("mro-report",), ("migrate", "imports")])
def test_a_reader_that_goes_away_from_a_help_page_sees_no_traceback(
    command: tuple[str, ...],
) -> None:
    gone, ours = os.pipe()
    os.close(gone)
    line = [sys.executable, "-m", "consolidator", *command, "--help"]
    done = subprocess.run(line, stdout=ours, stderr=subprocess.PIPE, text=True, check=False)
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("error", ["EOFError()", "BrokenPipeError(32, 'x')", "KeyError('x')"])
def test_an_internal_error_exits_with_3_whatever_its_type(error: str, tmp_path: Path) -> None:
    script = (
        "import sys; from consolidator.cli import main, duplicates as command\n"
        f"def fail(*_, **__): raise {error}\n"
        "command.find_duplicates = fail\n"
        f"sys.argv = ['consolidator', 'duplicates', {str(copies(tmp_path / 'project'))!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "bug in consolidator" in done.stderr


def test_an_interrupt_exits_with_130_and_no_traceback(tmp_path: Path) -> None:
    script = (
        "import signal, sys; from consolidator.cli import main, duplicates as command\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it\n"
        "def stop(*_, **__): signal.raise_signal(signal.SIGINT)\n"
        "command.find_duplicates = stop\n"
        f"sys.argv = ['consolidator', 'duplicates', {str(copies(tmp_path / 'project'))!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("command", "what"), [("mro-report", "class"), ("duplicates", "family")])
def test_a_glob_that_fits_nothing_is_told_what_it_would_have_needed(
    tmp_path: Path, command: str, what: str
) -> None:
    (tmp_path / "push.py").write_text("class PushEmitter: ...\n", encoding="utf-8")
    done = consolidator(command, tmp_path, "--match", "Emitter")
    assert done.returncode == 0
    hint = "a glob is for the whole name, try '*Emitter*'"
    assert done.stderr == f"no {what} fits 'Emitter'; {hint}\n"
    assert consolidator(command, tmp_path, "--match", "Emitter", "--quiet").stderr == ""
    assert consolidator(command, tmp_path, "--match", "*Spoon*").stderr == (
        f"no {what} fits '*Spoon*'\n"
    )
