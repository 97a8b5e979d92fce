"""ROOT on disk to a `Tree`: files listed, facts cached and parsed on every core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from consolidator.adapters.cache import ContentCache
from consolidator.adapters.contents import ContentReader
from consolidator.adapters.files import check_root, left_in, links_among, list_files
from consolidator.adapters.git import Repository
from consolidator.tree import facts, lazy, literals, newer, parse, read, source
from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.index import Tree
from consolidator.tree.modules import find_layout
from consolidator.tree.read import facts_of

Facts = ModuleFacts | Unreadable


def load_tree(
    root: Path,
    *,
    source_roots: Sequence[str] = (),
    exclude: Iterable[str] = (),
    jobs: int | None = None,
    cache: bool = True,
) -> Tree:
    """The tree below ROOT. `jobs` is the number of processes (default: all cores); neither it nor
    `cache` changes any answer."""
    base = check_root(root)
    paths = list_files(base, tuple(exclude))
    contents = facts_contents(jobs, cache=cache)
    reader = Reader(base, contents)
    layout = find_layout(paths, source_roots, _package_name(base))
    links = links_among(base, paths)
    return Tree(str(base), paths, layout, reader.read, reader.facts, contents.records, links)


def _package_name(root: Path) -> str:
    """The dotted name of ROOT where it is a package itself."""
    names: list[str] = []
    while (root / "__init__.py").is_file() and root != root.parent:
        names.insert(0, root.name)
        root = root.parent
    return ".".join(names)


def facts_contents(jobs: int | None = None, *, cache: bool = True) -> ContentReader[Facts]:
    """Reads the facts of any files."""
    known = (
        ContentCache[Facts]("facts", Facts, (facts, lazy, literals, newer, parse, read, source))
        if cache
        else None
    )
    return ContentReader[Facts](facts_of, Facts, jobs, known)


class Reader:
    """The files of one folder and their facts, as a `Tree` asks for them."""

    def __init__(self, root: Path, contents: ContentReader[Facts]) -> None:
        self._prefix = f"{root}/"
        self._contents = contents

    def read(self, path: str) -> bytes:
        # Plain strings: building a Path a file takes as long as reading it.
        with open(self._prefix + path, "rb") as file:
            return file.read()

    def facts(self, paths: Sequence[str]) -> Mapping[str, Facts]:
        answers: dict[str, Facts] = {}
        contents: dict[str, bytes] = {}
        for path in paths:
            try:
                contents[path] = self.read(path)
            except OSError as error:
                answers[path] = Unreadable(1, error.strerror or str(error))
        return answers | self._contents.records(contents)


def tree_at(
    repository: Repository,
    revision: str,
    *,
    source_roots: Sequence[str] = (),
    exclude: Iterable[str] = (),
    jobs: int | None = None,
    cache: bool = True,
) -> Tree:
    """ROOT as it was at a revision, read from git's objects. `UsageError` where there is none."""
    blobs = repository.tree_at(revision)
    paths = left_in(blobs, tuple(exclude))
    wanted = {blobs[path] for path in paths if path.endswith(".py")}
    contents = {blob: data or b"" for blob, data in repository.read_blobs(sorted(wanted))}
    reader = facts_contents(jobs, cache=cache)

    def read_blob(path: str) -> bytes:
        blob = blobs[path]
        if blob not in contents:
            contents[blob] = dict(repository.read_blobs([blob]))[blob] or b""
        return contents[blob]

    def read_facts(paths: Sequence[str]) -> Mapping[str, Facts]:
        return reader.records({path: read_blob(path) for path in paths})

    layout = find_layout(paths, source_roots, _package_name(repository.root))
    return Tree(str(repository.root), paths, layout, read_blob, read_facts)
