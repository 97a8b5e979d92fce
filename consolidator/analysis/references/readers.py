"""Who reads a module's names from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.analysis.references.prose import is_prose
from consolidator.plan import is_plan
from consolidator.tree.facts import ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver

STARS = ("import *", "import*", "import  *", "import\t*")
"""How a star import is written."""


def find_reader(tree: Tree, path: str, name: str) -> str:
    """A file that may read, or replace, the module-level `name` of a module; empty if there is none."""
    return next((holder for holder, _ in readers(tree, path, name)), "")


def readers(tree: Tree, path: str, name: str) -> Iterator[tuple[str, int]]:
    """Files that may read, or replace, the module-level `name` of a module, each with the line that says
    so; line 0 where a file has the module and the name, but not beside each other. Prose reads nothing."""
    module = tree.module(path)
    whole = re.compile(rf"\b{re.escape(module)}\.{re.escape(name)}\b")
    told: set[str] = {path}
    for holder in tree.containing(f"{module}.{name}", paths=tree.all_paths):
        text = tree.read(holder).decode("latin-1")
        is_out = holder in told or is_prose(holder) or is_plan(holder, text)
        match = None if is_out else whole.search(text)
        if match:
            told.add(holder)
            yield holder, _line(text, match.start())
    for holder in tree.containing(name, *STARS):
        lines = [] if holder in told else list(_reads(tree, holder, path, name))
        if lines:
            yield holder, max(lines)


def _reads(tree: Tree, holder: str, path: str, name: str) -> Iterator[int]:
    facts = tree.facts(holder)
    text = tree.read(holder).decode("utf-8", "replace")
    for fact in facts.imports if facts else ():
        source = tree.absolute(holder, fact.level, fact.module)
        if source is None:
            continue
        if fact.name == name and tree.find(source, holder) == path:
            yield fact.line
        if fact.name == "*" and tree.find(source, holder) == path:
            yield from (0 for brought in Resolver(tree).exported_names(path) if brought == name)
        whole = f"{source}.{fact.name}" if fact.name else source
        if tree.find(whole, holder) == path:
            yield from _spelled(text, local_name(fact), whole, name)


def _spelled(text: str, local: str, dotted: str, name: str) -> Iterator[int]:
    """Where `name` is read from a module that a file knows by `local` or by its whole name: as its
    attribute, or as a text, which stands beside the module unless a loop or a parameter hands it on."""
    known, said = rf"\b(?:{re.escape(local)}|{re.escape(dotted)})\b", re.escape(name)
    quoted = rf"[\"']{said}[\"']"
    beside = rf"{known}\.{said}\b|{known}[^\n]*\n?[^\n]*?{quoted}"
    if match := re.search(beside, text):
        yield _line(text, match.end())
    elif re.search(quoted, text):
        computed = re.search(rf"(?:attr|object)\(\s*{known}\s*,\s*[^\s\"']", text)
        yield _line(text, computed.start()) if computed else 0


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def local_name(fact: ImportFact) -> str:
    """The name that an import binds."""
    return fact.asname or fact.name or fact.module.partition(".")[0]
