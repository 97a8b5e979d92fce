"""Documents, configuration and scripts that name what the plan removes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename, dirname, normpath
from string import ascii_letters, digits

from consolidator.analysis.audit.report import Dangling
from consolidator.analysis.calls.subjects import Subjects
from consolidator.tree.index import Tree

_PYTHON = (".py", ".pyi")
_LOOKED_AT = 8192  # bytes in which a file that is no text shows a NUL
_LONGEST = 300  # characters of the folders before a file's name
_OF_PATHS = f"{ascii_letters}{digits}_-./\\@"
_SEPARATORS = re.compile(r"[\\/]+")


@dataclass(frozen=True, slots=True)
class _Removed:
    """What is gone once the plan is carried out."""

    names: frozenset[str]
    """Dotted names of classes, functions and modules."""
    paths: frozenset[str]
    """Files that nothing is left in."""


def dangling_references(tree: Tree, subjects: Subjects, plan_path: str) -> Iterator[Dangling]:
    """One entry a line and name. `plan_path` is not looked at: a plan names what it removes.

    Of Python files only paths in them are looked for: `migrate imports` knows their names.
    """
    removed = _removed(tree, subjects)
    if not removed.names:
        return
    dotted, files = _dotted_pattern(removed.names), _file_pattern(removed.paths)
    existing = frozenset(tree.all_paths)
    words = {name.rpartition(".")[2] for name in removed.names} | set(map(basename, removed.paths))
    for path in tree.containing(*sorted(words), paths=tree.all_paths):
        if plan_path.endswith(path) and basename(path) == basename(plan_path):
            continue
        content = tree.read(path)
        if b"\0" in content[:_LOOKED_AT] or path in removed.paths:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            found = {
                named
                for token in _ways(line, files)
                if (named := _file_of(token, path, existing, removed.paths))
            }
            if not path.endswith(_PYTHON):
                found |= {match.group() for match in dotted.finditer(line)}
            for name in sorted(found):
                yield Dangling(path, number, line.strip()[:160], name)


def _dotted_pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Names as they are imported, as entry points (`module:name`) and in `from … import …`."""
    forms = [_forms(name) for name in sorted(names, key=lambda name: (-len(name), name))]
    return re.compile(rf"(?<![\w./])(?:{'|'.join(forms)})(?![\w/])")


def _forms(name: str) -> str:
    module, _, last = map(re.escape, name.rpartition("."))
    if not module:
        return last
    return rf"{module}[.:]{last}|(?<=from ){module}(?= import [\w\s,.()]*(?<!\w){last}(?!\w))"


def _file_pattern(paths: frozenset[str]) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(set(map(basename, paths))))
    return re.compile(rf"(?<![\w.-])(?:{names})(?!\w)" if names else r"(?!)")


def _ways(line: str, files: re.Pattern[str]) -> Iterator[str]:
    """Names of files in a line, with the folders that stand before them."""
    for found in files.finditer(line):
        before = line[max(0, found.start() - _LONGEST) : found.start()]
        folders = before[len(before.rstrip(_OF_PATHS)) :]
        yield folders + found.group()


def _file_of(token: str, path: str, existing: frozenset[str], removed: frozenset[str]) -> str:
    """The removed file that a path in some text means: from ROOT, from the text's own folder, or with
    a longer way in front of it (`/srv/app/x.py`, the address of a repository) that is no other file."""
    written = _SEPARATORS.sub("/", token)
    from_root, from_here = normpath(written).lstrip("/"), normpath(f"{dirname(path)}/{written}")
    for candidate in (from_root, from_here):
        if candidate in removed:
            return candidate
    if from_root in existing or from_here in existing:
        return ""
    ends = [name for name in removed if "/" in name and written.endswith(f"/{name}")]
    return max(ends, key=len, default="")


def _removed(tree: Tree, subjects: Subjects) -> _Removed:
    """Dotted names that move away, and the modules and files that nothing is left in."""
    names = {subject.move.source for subject in subjects.all}
    modules = {
        module: path
        for module, path in tree.modules().items()
        if any(module == name or module.startswith(f"{name}.") for name in names)
    }
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
            modules[tree.module(path)] = path
    return _Removed(frozenset(names | modules.keys()) - {""}, frozenset(modules.values()))
