from pathlib import Path

import pytest
from repositories import git

from consolidator import sample


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The legacy backend, for tests that only read it."""
    directory = tmp_path_factory.mktemp("legacy") / "backend"
    sample.build(directory)
    return directory


@pytest.fixture(scope="session")
def hashes(backend: Path) -> dict[str, str]:
    """Commit hash by its date in UTC, which is different for each."""
    lines = git(backend, "log", "--format=%H %at").decode().splitlines()
    return {moment: name for name, moment in (line.split() for line in lines)}
