"""What names a file, module or class that the plan removes, in everything that is not Python."""

from __future__ import annotations

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.audit.run import audit
from consolidator.plan import parse_plan

PLAN = """
[consolidation]
schema = 1
[[move]]
from = "app.ws.manager.Manager"
to = "app.new.Hub"
[[move]]
from = "app.whole"
to = "app.newer"
"""
FILES = {
    "app/__init__.py": "",
    "app/ws/__init__.py": "",
    "app/ws/manager.py": "class Manager: ...\n",
    "app/new.py": "class Hub: ...\n",
    "app/whole.py": "def start(): ...\ndef stop(): ...\n",
    "app/newer.py": "def start(): ...\ndef stop(): ...\n",
    "other/app/ws/manager.py": "",
    "consolidation.toml": PLAN,
}


def dangling(tmp_path, files):
    tree = tree_of(write_tree(tmp_path, {**FILES, **files}))
    return {(d.path, d.names) for d in audit(tree, parse_plan(PLAN, "consolidation.toml")).dangling}


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        ("docs/a.md", "[here](../app/ws/manager.py)", "app/ws/manager.py"),
        ("app/ws/README.md", "see [manager](manager.py)", "app/ws/manager.py"),
        ("docs/a.md", "https://host/o/r/blob/main/app/ws/manager.py#L3", "app/ws/manager.py"),
        ("docs/a.rst", ".. automodule:: app.whole", "app.whole"),
        ("docs/a.md", "call `app.ws.manager.Manager`", "app.ws.manager.Manager"),
        ("docs/a.md", "from app.ws.manager import Base, Manager", "app.ws.manager"),
        (".github/workflows/ci.yml", "run: python ./app/whole.py", "app/whole.py"),
        (".github/workflows/ci.yml", "${{ github.workspace }}/app/whole.py", "app/whole.py"),
        (".github/workflows/ci.yml", "run: pytest --cov=app.whole", "app.whole"),
        ("CODEOWNERS", "/app/whole.py @team", "app/whole.py"),
        ("Dockerfile.prod", 'CMD ["python", "/srv/app/whole.py"]', "app/whole.py"),
        ("bin/start", "#!/bin/sh\npython -m app.whole", "app.whole"),
        ("run.bat", "python app\\whole.py", "app/whole.py"),
        ("pyproject.toml", 'a = "app.ws.manager:Manager"', "app.ws.manager:Manager"),
        ("tools/run.py", 'subprocess.run(["python", "app/whole.py"])', "app/whole.py"),
    ],
)
def test_what_names_something_removed_is_listed(tmp_path, path, text, named):
    assert (path, named) in dangling(tmp_path, {path: text + "\n"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/a.md", "the other/app/ws/manager.py stays"),
        ("docs/a.md", "app.wholesale, myapp.whole, app/whole.pyc, app/whole.py2 and whole.py"),
        ("docs/a.md", "Manager in prose, from app.ws.manager import Base"),
        ("tools/a.py", "from app.whole import start"),
        ("data.bin", "\0 app/whole.py"),
        ("app/whole.py", "# app/whole.py\ndef start(): ...\n"),
    ],
)
def test_what_names_something_else_is_not_listed(tmp_path, path, text):
    keep = {"app/ws/manager.py": "class Manager: ...\nclass Base: ...\n"}
    assert dangling(tmp_path, {**keep, path: text + "\n"}) == set()
