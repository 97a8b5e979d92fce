"""Which files can refer to a moved name: found by bytes, widened by every alias on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from posixpath import dirname

from consolidator.analysis.references.relevance import MAY_COMPUTE, computes_import
from consolidator.analysis.references.routes import Routes
from consolidator.analysis.spread import Spread, one_by_one
from consolidator.tree.facts import ImportFact, ModuleFacts
from consolidator.tree.index import MANY, Tree

_BATCH = 128
"""Files that are searched at once: enough for the search to take longer than handing them out."""


def find_candidates(routes: Routes, spread: Spread = one_by_one) -> list[str]:
    """Python files that can name a moved thing, sorted; `routes.needles` then holds every name by
    which one goes."""
    tree = routes.tree
    found = {*_referring(routes, spread), *_whole_importers(routes), *routes.files.by_hand}
    fresh = found
    while fresh:
        tree.prefetch(sorted(fresh))
        aliases = [(path, name) for path in sorted(fresh) for name in _new_aliases(routes, path)]
        routes.needles |= {name for _, name in aliases}
        reached = _readers(routes, aliases)
        reached |= _star_importers(routes)
        fresh = reached - found
        found |= fresh
    return sorted(found)


def _referring(routes: Routes, spread: Spread) -> Iterable[str]:
    """Files that may refer to what moves by themselves. Many names take each file apart into words, which
    is worth spreading."""
    tree = routes.tree
    needles = [*routes.needles, *_quoted_modules(routes)]
    if len(needles) <= MANY:
        return _search(routes, needles, tree.paths)
    found = spread(partial(_search, routes, needles), _batches(tree))
    return chain.from_iterable(found)


def _batches(tree: Tree) -> Iterator[Sequence[str]]:
    for start in range(0, len(tree.paths), _BATCH):
        yield tree.paths[start : start + _BATCH]
    tree.prefetch()  # where others search, meanwhile: many moves ask for the facts of all files


def _search(routes: Routes, needles: Sequence[str], paths: Sequence[str]) -> set[str]:
    """Those of some files that say a needle, or that compute what they import."""
    found = set(routes.tree.containing(*needles, paths=paths))
    return found.union(_computing(routes, [path for path in paths if path not in found]))


def _whole_importers(routes: Routes) -> Iterator[str]:
    """Files that import a module as a whole which moved names leave: they can keep it, pass it on or ask it
    for a name that they do not say."""
    tails = sorted(routes.holder_tails)
    paths = routes.tree.containing(*(tails if len(tails) <= MANY else [""]))
    routes.tree.prefetch(paths)
    for path in paths:
        facts = routes.tree.facts(path)
        if facts and any(_is_holder(routes, path, fact) for fact in facts.imports):
            yield path


def _is_holder(routes: Routes, path: str, fact: ImportFact) -> bool:
    if (fact.name or fact.module.rpartition(".")[2]) not in routes.holder_tails:
        return False
    source = routes.tree.absolute(path, fact.level, fact.module)
    dotted = f"{source}.{fact.name}" if fact.name else source
    return dotted is not None and routes.holds_moved(dotted, path)


def _computing(routes: Routes, paths: Sequence[str]) -> Iterator[str]:
    """Files that import a module, or names from one, by a name which is put together: they need not say
    its last part."""
    for path in routes.tree.matching(MAY_COMPUTE, paths):
        if computes_import(routes, path, routes.tree.read(path).decode("latin-1")):
            yield path


def _quoted_modules(routes: Routes) -> list[str]:
    """What a file says that imports a module by a string and takes the moved name from it elsewhere."""
    return [
        f"{quote}{module}{quote}" for module in sorted(routes.holders - {""}) for quote in "\"'"
    ]


def _star_importers(routes: Routes) -> set[str]:
    """Files through which a star passes a moved name on without naming it."""
    return {path for path in routes.star_importers if _passes_on(routes, path)}


def _passes_on(routes: Routes, path: str) -> bool:
    tree = routes.tree
    facts = tree.facts(path)
    for fact in facts.imports if facts else ():
        source = tree.absolute(path, fact.level, fact.module) if fact.name == "*" else None
        target = tree.find(source, path) if source else None
        if target is not None and not routes.needles.isdisjoint(routes.star_names(target)):
            return True
    return False


def _new_aliases(routes: Routes, path: str) -> set[str]:
    facts = routes.tree.facts(path)
    if facts is None:
        return set()
    return {
        name
        for name, dotted in _aliases(routes, path, facts)
        if name not in routes.needles and routes.trace(dotted, path).landing
    }


def _aliases(routes: Routes, path: str, facts: ModuleFacts) -> Iterator[tuple[str, str]]:
    """Module-level names that stand for another name: `import … as name`, `name = other`."""
    module = routes.tree.module(path)
    for imported in facts.imports:
        if imported.asname and not imported.scope:
            source = routes.tree.absolute(path, imported.level, imported.module)
            if source is not None:
                yield imported.asname, f"{source}.{imported.name}" if imported.name else source
    for bound in facts.bindings:
        if bound.form == "name" and not bound.scope:
            yield bound.name, f"{module}.{bound.value}"


def _readers(routes: Routes, aliases: Collection[tuple[str, str]]) -> set[str]:
    """Files that can read aliases from the modules that make them. The tree is looked through once,
    however many aliases there are."""
    if not aliases:
        return set()
    tree = routes.tree
    readers: set[str] = set()
    homes = [
        (dirname(path), tree.module(path).rpartition(".")[2].encode(), name.encode())
        for path, name in sorted(aliases)
    ]
    for holder in tree.containing(*{name for _, name in aliases}):
        data, folder = tree.read(holder), dirname(holder)
        if any(alias in data and (folder == near or last in data) for near, last, alias in homes):
            readers.add(holder)
    return readers
