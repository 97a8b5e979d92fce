"""The runtime as a distribution of its own, in an environment that has nothing but what it asks for."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import msgspec
import pytest

import unified_runtime

PACKAGE = Path(unified_runtime.__file__).parent
ROOT = PACKAGE.parent


def project_of(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of a new environment with the built wheel and msgspec."""
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    folder = tmp_path_factory.mktemp("runtime")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"],
        cwd=PACKAGE,
        check=True,
        capture_output=True,
    )
    venv.create(folder / "env", with_pip=False, symlinks=os.name != "nt")
    env = str(folder / "env")
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": env, "platbase": env}))
    [wheel] = (folder / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(packages)
    shutil.copytree(Path(msgspec.__file__).parent, packages / "msgspec")
    scripts = "Scripts" if os.name == "nt" else "bin"
    return folder / "env" / scripts / "python"


def run(python, *arguments):
    return subprocess.run(
        [python, *arguments],
        cwd=python.parent,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "UNIFIED_RUNTIME_TOKEN": "t"},
    )


PROGRAM = """
import asyncio, importlib.util, unified_runtime as runtime
for name in ("libcst", "typer", "consolidator", "websockets", "redis"):
    assert importlib.util.find_spec(name) is None, name

async def main():
    async with runtime.UnifiedWebSocketManager(journal=runtime.SqliteJournal("e.db")) as manager:
        print(await manager.emit("u1", "note", {}))

asyncio.run(main())
"""


def test_it_works_with_msgspec_alone(python):
    done = run(python, "-c", PROGRAM)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_what_needs_an_extra_names_it(python):
    for what, extra in (
        ("from unified_runtime import standalone", "server"),
        ("from unified_runtime import metrics", "metrics"),
        ("import asyncio; from unified_runtime import RedisJournal as R; "
         "asyncio.run(R().start(print))", "redis"),
        ("import unified_runtime.loadtest.__main__", "asgi"),
        ("import asyncio; from unified_runtime import connect; "
         "asyncio.run(connect('ws://x').__aenter__())", "asgi"),
    ):  # fmt: skip
        done = run(python, "-c", what)
        assert f"install it with the `{extra}` extra" in done.stderr
    done = run(python, "-m", "unified_runtime")
    assert (done.returncode, "`server` extra" in done.stderr) == (2, True)


def test_it_asks_for_what_the_toolkits_distribution_asks_for_it():
    runtime, toolkit = project_of(PACKAGE), project_of(ROOT)
    assert runtime["version"] == toolkit["version"]
    assert set(runtime["dependencies"]) <= set(toolkit["dependencies"])
    shared = runtime["optional-dependencies"].keys() & toolkit["optional-dependencies"].keys()
    for extra in shared:
        assert runtime["optional-dependencies"][extra] == toolkit["optional-dependencies"][extra]
