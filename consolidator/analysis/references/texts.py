"""References in files that are not Python: configuration is rewritten, prose on demand, the rest listed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from posixpath import basename, splitext

from codemods.entry_points import group_names
from codemods.mentions import Mention, find_mentions, move_mentions, said
from codemods.moves import Moves
from codemods.outcome import Changed, Omission, Unchanged
from codemods.positions import Positions
from consolidator.analysis.changes import FileChange
from consolidator.analysis.references.directives import directives
from consolidator.analysis.references.file_moves import FileMoves
from consolidator.analysis.references.paths import WHY as PATH
from consolidator.analysis.references.paths import path_mentions
from consolidator.analysis.references.prose import CATALOGUES, is_prose
from consolidator.analysis.references.routes import Routes
from consolidator.plan import is_plan

CONFIGURATION = frozenset({".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".xml", ".conf"})
BUILD = frozenset({"", ".bash", ".bat", ".in", ".mk", ".ps1", ".service", ".sh"})
"""Suffixes of files that say how a project is built, tested and started; many have none."""
BINARY = frozenset(
    f".{suffix}"
    for suffix in [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "ico",
        "bmp",
        "pdf",
        "zip",
        "gz",
        "bz2",
        "xz",
        "zst",
        "tar",
        "whl",
        "egg",
        "so",
        "dll",
        "dylib",
        "pyc",
        "pyo",
        "pyd",
        "exe",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "mp3",
        "mp4",
        "mov",
        "avi",
        "wav",
        "db",
        "sqlite",
        "sqlite3",
        "parquet",
        "npy",
        "npz",
        "pt",
        "bin",
        "pkl",
        "onnx",
        "h5",
        "jar",
        "class",
    ]
)
LARGEST = 8 * 1024 * 1024
"""Bytes; a larger file is data, not configuration."""
_OWN_TABLE = re.compile(
    r"^[ \t]*\[+[ \t]*tool[ \t]*\.[ \t]*consolidator\b.*?(?=^[ \t]*\[+(?![ \t]*tool[ \t]*\.[ \t]*"
    r"consolidator\b)|\Z)",
    re.M | re.S,
)


def other_files(routes: Routes, only: Collection[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of the text files, all or `only` some, that are not Python and may name a moved
    thing."""
    tree = routes.tree
    others = [
        path
        for path in (tree.all_paths if only is None else sorted(only))
        if not path.endswith((".py", ".pyi")) and splitext(path)[1].lower() not in BINARY
    ]
    for path in tree.containing(*routes.needles, paths=others):
        data = tree.read(path)
        if len(data) <= LARGEST and b"\0" not in data:
            yield path, data


def move_text(routes: Routes, path: str, *, docs: bool) -> Iterator[FileChange | Omission]:
    """Changes and omissions of a file that is not Python."""
    data = routes.tree.read(path)
    text, encoding = decoded(data)
    moves: Moves = FileMoves(routes, path)
    kind, why = treatment(routes, path, docs=docs)
    outcome = move_mentions(text, moves, kind=kind, why=why, leave=own_tables(path, text))
    if isinstance(outcome, Changed | Unchanged):
        yield from (replace(omission, path=path) for omission in outcome.omissions)
    positions = Positions(text)
    for mention, _ in left_alone(routes, path, text):
        line, column = positions.place(mention.start)
        yield Omission(path, line, column, mention.text, kind, mention.why)
    if isinstance(outcome, Changed):
        yield FileChange(path, data, outcome.text.encode(encoding), outcome.kinds)


def left_alone(routes: Routes, path: str, text: str) -> Iterator[tuple[Mention, list[str]]]:
    """What stands for moved things and can't be rewritten by itself, with their names."""
    if is_plan(path, text):
        return
    if treatment(routes, path, docs=True)[0] != "prose":
        yield from _modules_apart(routes, path, text)
        if splitext(path)[1].lower() in CONFIGURATION | BUILD:
            yield from modules_of_one_word(routes, text)
    for start, shown, name in path_mentions(routes.files.paths, text):
        yield Mention(start, shown, "", PATH), [name]
    for mention in directives(text, FileMoves(routes, path)):
        yield mention, [s for s, t in routes.targets.items() if t == mention.new]


def modules_of_one_word(routes: Routes, text: str) -> Iterator[tuple[Mention, list[str]]]:
    """Top packages and modules that move, where their name stands by itself, as in `--source=shop`;
    with the names. A project may be called like its package, and keeps its own name."""
    words = frozenset(module for module in routes.moved_modules if "." not in module)
    for word in sorted(said(text, words)):
        for start in _standing(text, word, *_AROUND_TOP):
            if not _is_project(text, start):
                yield Mention(start, word, "", ONE_WORD), [word]


def _modules_apart(routes: Routes, path: str, text: str) -> Iterator[tuple[Mention, list[str]]]:
    """Modules that moved names leave, in a file that says such a name apart from its module, as
    `module: app.old` and `class: Thing` do; with the names. In prose they are two words, and so are,
    far from each other, a module of one word and a name, or any two outside of configuration."""
    kind, _ = treatment(routes, path, docs=True)
    tails = said(text, routes.holder_tails)
    likely = sorted(h for h in routes.holders if h.rpartition(".")[2] in tails)
    holders = [h for h in likely if any(True for _ in _standing(text, h, *_AROUND_MODULE))]
    rest = _without_mentions(text, FileMoves(routes, path)) if holders else ""
    for holder in holders:
        places = _standing(rest, holder, *_AROUND_MODULE)
        whole = [start for start in places if not _is_word(path, rest, start, holder)]
        if not whole:
            continue
        names = routes.leaving[holder]
        words = sorted(said(text, names.keys()))
        alone, read = (
            [(names[name], list(_standing(rest, name, *around))) for name in words]
            for around in (_AROUND_NAME, _AROUND_WORD)
        )
        for start in whole:
            is_plain = kind == "config" and "." in holder
            first, last = (0, len(rest)) if is_plain else _lines_around(rest, start)
            is_imported = _IMPORT.search(rest, max(start - _SHORT, 0), start)
            every = read if is_imported else alone
            found = [source for source, places in every if any(first <= at < last for at in places)]
            if found:
                yield Mention(start, holder, "", _APART), found


def _is_word(path: str, text: str, start: int, holder: str) -> bool:
    """Whether a module stands where its name is a word of that file: what a project is called, a group of
    entry points, what a page of mkdocs is called."""
    if "." not in holder and (_is_project(text, start) or basename(path) in _MENUS):
        return True
    return any(first <= start < last for first, last in group_names(text))


def _is_project(text: str, start: int) -> bool:
    """Whether a word is what a project is called (`name = "shop"`), which names no module."""
    return _PROJECT.fullmatch(text, text.rfind("\n", 0, start) + 1, start) is not None


def _lines_around(text: str, offset: int) -> tuple[int, int]:
    """From where to where a line and the `_NEAR` ones before and after it reach."""
    start = end = offset
    for _ in range(_NEAR + 1):
        start = max(text.rfind("\n", 0, start), 0)
        end = text.find("\n", end) + 1 or len(text)
    return start, end


_NEAR = 3
"""Lines between such a module and a name that are still said together."""


def _without_mentions(text: str, moves: Moves) -> str:
    """A text with blanks in the place of what names moved things by itself."""
    parts, reached = [], 0
    for mention in sorted(find_mentions(text, moves), key=lambda mention: mention.start):
        parts += [text[reached : mention.start], " " * (mention.end - max(mention.start, reached))]
        reached = max(mention.end, reached)
    return "".join([*parts, text[reached:]])


ONE_WORD = "is the name of a module that moves, if it is meant as one"
_APART = "names of this module move, and one of them is said apart from it"
_AROUND_MODULE = re.compile(r"(?<![\w./\\-])"), re.compile(r"(?![.:]?\w)")
_AROUND_TOP = re.compile(r"(?<![\w./\\-])"), re.compile(r"(?![\w-])(?![.:/]\w)")
_MENUS = frozenset({"mkdocs.yml", "mkdocs.yaml"})
_PROJECT = re.compile(r"""[ \t{]*["']?name["']?[ \t]*[=:][ \t]*["']?""")
_AROUND_WORD = re.compile(r"(?<!\w)"), re.compile(r"(?!\w)")
_IMPORT = re.compile(r"\bimport[ \t]+\Z")
"""What comes before a module whose names code reads behind a dot, as in `import app.old as m; m.Thing()`."""
_SHORT = 20
_AROUND_NAME = (
    re.compile(r"(?<![\w.:])(?<!\bas )"),
    re.compile(r"""(?![\w.])(?!["']?[ \t]*=(?!=))"""),
)
"""Not before a `=`: a key of a table or a section is a word of that file."""


def _standing(
    text: str, word: str, before: re.Pattern[str], after: re.Pattern[str]
) -> Iterator[int]:
    """Where a word stands between what it may stand between. The word is looked for first: an expression
    that begins by looking back is tried at every character."""
    start = text.find(word)
    while start >= 0:
        if before.match(text, start) and after.match(text, start + len(word)):
            yield start
        start = text.find(word, start + 1)


def treatment(routes: Routes, path: str, *, docs: bool) -> tuple[str, str]:
    """Kind of a file's references, and why they are not rewritten (empty where they are)."""
    if any(path.startswith(f"{folder}/") for folder in routes.built_pages if folder):
        return "prose", "is in documentation that was built"
    suffix = splitext(path)[1].lower()
    if suffix in CONFIGURATION:
        return "config", ""
    if is_prose(path):
        return "prose", "" if docs else "is in prose (rewritten with --docs)"
    if suffix in CATALOGUES:
        return "prose", "is in a catalogue of translations"
    return "file", "is in a file of a kind that is not rewritten"


def decoded(data: bytes) -> tuple[str, str]:
    """Text and the encoding that gives the same bytes back."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def own_tables(path: str, text: str) -> list[tuple[int, int]]:
    """Where the consolidator's own tables stand: a plan is never rewritten."""
    if is_plan(path, text):
        return [(0, len(text))]
    if basename(path) != "pyproject.toml":
        return []
    return [match.span() for match in _OWN_TABLE.finditer(text)]
