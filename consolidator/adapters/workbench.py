"""The repository that a staged consolidation works on: its tests, its branch, the toolkit's commands."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from consolidator.adapters.process import run
from consolidator.errors import ToolError, UsageError
from consolidator.model import Finished
from consolidator.plan import find_plan, with_moves

_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}", "-c", "commit.gpgSign=false")
_AUTHOR = ("-c", "user.name=consolidator", "-c", "user.email=consolidator@localhost")


class GitWorkbench:
    """A work tree, clean at the start, on a branch of its own. `shown` hears of every command.

    `plan` is the plan file; without it the commands find ROOT's own.
    """

    def __init__(
        self,
        root: Path,
        test: str,
        timeout: float,
        plan: Path | None = None,
        shown: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._root = root
        self._test = shlex.split(test)
        self._timeout = timeout
        self._plan = plan
        self._tool_options = ("--plan", str(plan)) if plan else ()
        self._shown = shown

    def start_branch(self, branch: str) -> str:
        """Put the tree on a new branch; the hash it starts from."""
        if self._git("rev-parse", "--is-inside-work-tree", check=False).code:
            raise ToolError(
                f"{self._root}: is not a git work tree; `run` works on a branch of its own"
            )
        if self._git("rev-parse", "--verify", "--quiet", "HEAD", check=False).code:
            raise ToolError(f"{self._root}: the repository has no commit to start from")
        if changed := self._git("status", "--porcelain", "--untracked-files=no").output.strip():
            raise UsageError(f"{self._root}: the git tree is dirty:\n{changed}")
        if not self._git(
            "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False
        ).code:
            raise UsageError(
                f"branch {branch!r} exists already; remove it or name another (--branch)"
            )
        base = self.head()
        self._git("switch", "--quiet", "--create", branch)
        return base

    def head(self) -> str:
        return self._git("rev-parse", "HEAD").output.strip()

    def commit(self, message: str) -> str:
        self._git("add", "--update", ".")
        if self._git("diff", "--cached", "--quiet", check=False).code:
            known = self._git("config", "user.email", check=False).code == 0
            author = () if known else _AUTHOR
            self._git(*author, "commit", "--quiet", "--no-verify", "--message", message)
        return self.head()

    def rollback(self, commit: str) -> None:
        self._git("reset", "--quiet", "--hard", commit)

    def test(self) -> Finished:
        self._shown(shlex.join(self._test))
        return run(self._test, self._root, self._timeout)

    def tool(self, *arguments: str) -> tuple[Finished, Mapping[str, Any]]:
        name, *rest = arguments
        sub = [rest.pop(0)] if name == "migrate" else []
        command = [name, *sub, ".", *rest, *self._tool_options]
        self._shown(shlex.join(["consolidator", *command]))
        line = [sys.executable, "-P", "-m", "consolidator", *command, "--format", "json"]
        finished = run(line, self._root, self._timeout, merge_errors=False)
        try:
            document = json.loads(finished.output)
        except ValueError:
            document = {}
        return finished, document if isinstance(document, dict) else {}

    def choose_moves(self, kept: Collection[int] | None) -> None:
        plan = self._plan or find_plan(self._root)
        if plan is None or kept is None:
            self._tool_options = ("--plan", str(self._plan)) if self._plan else ()
            return
        # Inside .git it can't be committed, and the file's name says how it is to be read.
        limited = Path(self._git("rev-parse", "--absolute-git-dir").output.strip()) / plan.name
        limited.write_text(with_moves(plan.read_text("utf-8"), kept), "utf-8")
        self._tool_options = ("--plan", str(limited))

    def page(self, target: Path, *arguments: str) -> Finished:
        name, *rest = arguments
        form = {".html": "html", ".md": "md"}.get(target.suffix, "text")
        command = [name, ".", *rest, *self._tool_options, "--format", form, "--output", str(target)]
        self._shown(shlex.join(["consolidator", *command]))
        return run(
            [sys.executable, "-P", "-m", "consolidator", *command], self._root, self._timeout
        )

    def add(self, path: str) -> None:
        self._git("add", "--", path)

    def _git(self, *arguments: str, check: bool = True) -> Finished:
        done = run(["git", *_NO_HOOKS, *arguments], self._root, 120, merge_errors=False)
        if check and done.code:
            raise ToolError(f"git {shlex.join(arguments)} failed: {done.errors.strip()}")
        return done
