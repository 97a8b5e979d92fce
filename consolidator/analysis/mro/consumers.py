"""Who uses a class from outside, and which of its members: what a change of it would touch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from consolidator.analysis.mro.values import ClassRef, Space
from consolidator.tree.facts import ImportFact

_ATTRIBUTE = re.compile(rb"\.([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Consumers:
    """Files are counted, not calls. A file counts for a member if it imports the class, under any
    name, and names `.member` somewhere."""

    importers: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_names: tuple[str, ...] = ()
    """Dotted names under which other modules hand it on: packages, `__all__`, assignments."""

    @property
    def impact(self) -> str:
        return "breaking" if self.importers else "safe"


def consumers(ref: ClassRef, methods: Iterable[str]) -> Consumers:
    """Consumers of one class of the project and of these methods of it."""
    if ref.space is None:
        return Consumers(())
    importers = sorted(set(_importers(ref, ref.space)))
    used: dict[str, list[str]] = {}
    wanted = {name for name in methods if not name.startswith("__")}
    for path in importers:
        named = {word.decode() for word in _ATTRIBUTE.findall(ref.space.tree.read(path))}
        for name in named & wanted:
            used.setdefault(name, []).append(path)
    names = sorted({name for path in importers for name in _handed_on(ref, ref.space, path)})
    members = {name: tuple(sorted(used[name])) for name in sorted(used)}
    return Consumers(tuple(importers), members, tuple(names))


def _handed_on(ref: ClassRef, space: Space, path: str) -> Iterator[str]:
    """Names of a file that mean the class and are there for others to import."""
    facts, module = space.tree.facts(path), space.tree.module(path)
    if facts is None:
        return
    listed = space.resolver.exported_names(path) if space.tree.is_package(path) else facts.exports
    assigned = {b.name for b in facts.bindings if not b.scope and b.form == "name"}
    for name in {*(listed or ()), *assigned}:
        found = space.resolver.lookup(path, name).definitions
        if any((d.path, d.qualname, d.kind) == (ref.path, ref.qualname, "class") for d in found):
            yield f"{module}.{name}" if module else name


def _importers(ref: ClassRef, space: Space) -> Iterator[str]:
    top = ref.qualname.partition(".")[0]
    paths = space.tree.containing(top)
    space.tree.prefetch(paths)
    for path in paths:
        facts = space.tree.facts(path)
        if path == ref.path or facts is None:
            continue
        if any(_imports(ref, space, path, fact, top) for fact in facts.imports):
            yield path


def _imports(ref: ClassRef, space: Space, path: str, fact: ImportFact, top: str) -> bool:
    if fact.name == "*":
        found = space.resolver.expression(path, top, fact.scope)
    elif fact.name == top:
        found = space.resolver.expression(path, fact.local, fact.scope)
    elif fact.name or fact.asname:  # a module: `from package import module`
        found = space.resolver.expression(path, f"{fact.local}.{top}", fact.scope)
    else:
        found = space.resolver.expression(path, f"{fact.module}.{top}", fact.scope)
    return any(
        d.path == ref.path and d.qualname == top and d.kind == "class" for d in found.definitions
    )
