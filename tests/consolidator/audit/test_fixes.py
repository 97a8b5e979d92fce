"""Fixes at risk, as `extract` finds them, are part of what a plan would break."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from consolidator import sample


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("audit") / "backend"
    sample.build(root)
    return root


def lost(backend: Path, plan: str) -> list[str]:
    (backend / "consolidation.toml").write_text(plan, "utf-8")
    line = [sys.executable, "-m", "consolidator", "audit", str(backend), "--format", "json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return [fix["fix"] for fix in json.loads(done.stdout)["lost_fixes"]]


def test_a_fix_is_listed_until_the_plan_decides_on_it(backend: Path) -> None:
    reviewed = sample.PLAN.read_text("utf-8")
    decided = re.findall(r'^\[\[(?:drop|keep)\]\]\nfix = "(\w+)"', reviewed, re.M)
    assert decided
    undecided = re.sub(r"^\[\[(?:drop|keep)\]\]\n(?:(?!\[).*\n)*", "", reviewed, flags=re.M)
    assert lost(backend, reviewed) == []
    found = lost(backend, undecided)
    assert found
    assert all(fix.startswith(tuple(decided)) for fix in found)
