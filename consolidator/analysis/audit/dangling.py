"""Documents, configuration and scripts that name what the plan removes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename

from consolidator.analysis.audit.report import Dangling
from consolidator.analysis.calls.subjects import Subjects
from consolidator.tree.index import Tree

_SUFFIXES = (
    *(".md", ".rst", ".txt", ".adoc", ".xml", ".html", ".toml", ".cfg", ".ini", ".json"),
    *(".yml", ".yaml", ".sh", ".bat", ".ps1", ".env", ".tf"),
)
_NAMES = {"Dockerfile", "Makefile", "Procfile", "Jenkinsfile", "justfile", "CODEOWNERS"}


def dangling_references(tree: Tree, subjects: Subjects, plan_path: str) -> Iterator[Dangling]:
    """One entry a line and name. `plan_path` is not looked at: a plan names what it removes."""
    names = sorted(_removed(tree, subjects), key=lambda name: (-len(name), name))
    if not names:
        return
    pattern = re.compile(r"(?<![\w./])(?:" + "|".join(map(re.escape, names)) + r")(?![\w/])")
    for path in tree.containing(*names, paths=filter(_is_text, tree.all_paths)):
        if plan_path.endswith(path) and basename(path) == basename(plan_path):
            continue
        text = tree.read(path).decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            for found in sorted(set(pattern.findall(line))):
                yield Dangling(path, number, line.strip()[:160], found)


def _is_text(path: str) -> bool:
    name = basename(path)
    return name.endswith(_SUFFIXES) or name in _NAMES


def _removed(tree: Tree, subjects: Subjects) -> set[str]:
    """Dotted names that move away, and the modules and files that nothing is left in."""
    names = {subject.move.source for subject in subjects.all}
    moved: dict[str, set[str]] = {}
    for subject in subjects.all:
        if subject.legacy is not None:
            moved.setdefault(subject.legacy.path, set()).add(subject.legacy.fact.qualname)
    for path, qualnames in moved.items():
        facts = tree.facts(path)
        if facts is None:
            continue
        defined = {cls.name for cls in facts.classes if not cls.scope}
        defined |= {function.name for function in facts.functions if not function.scope}
        if defined <= qualnames:
            names |= {path, tree.module(path)}
    return names - {""}
