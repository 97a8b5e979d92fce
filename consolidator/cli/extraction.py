"""The history of ROOT's family, as `extract` shows it and `migrate delete` asks for it."""

from __future__ import annotations

from pathlib import Path

from consolidator.adapters.environment import environment_of
from consolidator.adapters.files import check_root
from consolidator.adapters.git import open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.adapters.report_cache import JudgedCache, ReportCache
from consolidator.analysis.history.report import ExtractReport
from consolidator.plan import Plan
from consolidator.workflow.extract import Selection, run


def extraction(
    root: Path, plan: Plan, selection: Selection, jobs: int | None = None, *, no_cache: bool = False
) -> ExtractReport | None:
    """None where ROOT is in no git repository."""
    base = check_root(root)
    repository = open_repository(base)
    if repository is None:
        return None
    with CommitReader(repository, jobs, cache=not no_cache) as reader:
        return run(
            root,
            history=repository,
            reader=reader,
            selection=selection,
            plan=plan,
            library=environment_of(base, cache=not no_cache).find,
            reports=None if no_cache else ReportCache(),
            judged=None if no_cache else JudgedCache(),
        )
