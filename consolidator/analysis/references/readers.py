"""Who reads a module's names from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.plan import is_plan
from consolidator.tree.facts import ImportFact
from consolidator.tree.index import Tree

STARS = ("import *", "import*", "import  *", "import\t*")
"""How a star import is written."""


def find_reader(tree: Tree, path: str, name: str) -> str:
    """A file that reads, or replaces, the module-level `name` of a module; empty if there is none."""
    module = tree.module(path)
    whole = re.compile(rf"\b{re.escape(module)}\.{re.escape(name)}\b")
    for holder in tree.containing(f"{module}.{name}", paths=tree.all_paths):
        text = tree.read(holder).decode("latin-1")
        is_other = holder != path and not is_plan(holder, text)
        if is_other and whole.search(text):
            return holder
    for holder in tree.containing(name, *STARS):
        if holder != path and _reads(tree, holder, path, name):
            return holder
    return ""


def _reads(tree: Tree, holder: str, path: str, name: str) -> bool:
    facts = tree.facts(holder)
    text = tree.read(holder).decode("utf-8", "replace")
    for fact in facts.imports if facts else ():
        source = tree.absolute(holder, fact.level, fact.module)
        if source is None:
            continue
        if fact.name in (name, "*") and tree.find(source, holder) == path:
            return True
        whole = f"{source}.{fact.name}" if fact.name else source
        if tree.find(whole, holder) == path and any(_spelled(text, local_name(fact), whole, name)):
            return True
    return False


def _spelled(text: str, local: str, dotted: str, name: str) -> Iterator[bool]:
    """Ways of reading `name` from a module that a file knows by `local` or by its whole name."""
    yield f"{local}.{name}" in text or f"{dotted}.{name}" in text
    yield f'"{name}"' in text or f"'{name}'" in text


def local_name(fact: ImportFact) -> str:
    """The name that an import binds."""
    return fact.asname or fact.name or fact.module.partition(".")[0]
