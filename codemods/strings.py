"""Strings that name things by their dotted path: patch targets, lazy imports, settings, docstrings."""

from __future__ import annotations

import ast
import re
from functools import cached_property

from codemods.dotted import move_literal
from codemods.edits import Edit
from codemods.filters import FILTERS, category
from codemods.lazy import fromlist, is_sys_modules, last_name, module_literal, named_module
from codemods.mentions import DOTTED, DOTTED_OR_NAME, find_mentions, new_entry
from codemods.moves import STAYS, Landing
from codemods.scopes import Text
from codemods.sites import is_written_plainly
from codemods.syntax import messages
from codemods.titles import title_lines
from codemods.view import View

_WHOLE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*(?::[^\W\d]\w*(?:\.[^\W\d]\w*)*)?")
_ROLE = re.compile(r":[\w:+-]+:`(?:[^`<]*<)?[~!]?([^\W\d][\w.]*)(?=[>`(])")
_REPLACERS = frozenset({"patch", "setattr", "delattr", "object", "multiple"})
_EXTERNAL = "ext://"
"""Begins a dotted path in a logging configuration."""
_BY_NAME = ("lazy-import", "sys.modules")
"""Kinds of strings that name a module even where they are a single word."""


def move_strings(view: View) -> None:
    """Edits every string that names a moved thing, and lists the mentions that stay."""
    for text in view.module.texts:
        if text.node in view.module.docstrings:
            _move_docstring(view, text)
        elif text.node in view.moved_literals:
            continue
        elif text.annotates and not _is_plain(view, text):
            _report_pieces(view, text)
        elif (
            text.call is not None and last_name(text.call.func) == FILTERS and _is_plain(view, text)
        ):
            _move_filter(view, text)
        elif not (text.annotates and _is_read_by_name(view, text)):
            _move_text(view, text)
    _report_mentions(view)
    told = [edit for edit in view.edits if edit.kind == "docstring"]
    view.edits.extend(title_lines(view.text, told))


def _move_filter(view: View, text: Text) -> None:
    """`filterwarnings("ignore:message:app.old.Warning")`; other arguments of that name are plain strings."""
    value = str(text.node.value)
    span = category(value)
    if span is None:
        _move_text(view, text)
        return
    landing = view.moves.looked_up(value[slice(*span)])
    if landing.target is not None:
        start = view.positions.span(text.node)[0]
        start += view.positions.of(text.node).index(value)
        view.edits.append(Edit(start + span[0], start + span[1], landing.target, "string"))


def _is_read_by_name(view: View, text: Text) -> bool:
    """Whether an annotation starts at a name of the file (`dotted` deals with those)."""
    root = str(text.node.value).partition(".")[0].strip()
    return view.starts_here(text) or not root.isidentifier()


def _is_plain(view: View, text: Text) -> bool:
    return is_written_plainly(view.positions.of(text.node), str(text.node.value))


def _report_pieces(view: View, text: Text) -> None:
    """An annotation in several pieces, or with escapes: its names have no place of their own."""
    for chain in DOTTED_OR_NAME.findall(str(text.node.value)):
        root, dot, rest = chain.partition(".")
        prefixes = {view.dotted(binding) for binding in view.module.find(root, text.scope)} or {
            root
        }
        landings = [view.moves.looked_up(f"{p}{dot}{rest}") for p in prefixes if p and rest]
        if any(landings):
            why = "is an annotation that is not written in one piece"
            view.omit(text.node, view.positions.of(text.node), "annotation", why, landings)
            return


def _move_text(view: View, text: Text) -> None:
    value = str(text.node.value).removeprefix(_EXTERNAL)
    if value.startswith(".") and module_literal(text.call) is text.node:
        value = named_module(text.call, value, view.package) or ""
    dotted = value.replace(":", ".")
    is_sought = not view.moves.needles.isdisjoint(dotted.split("."))
    is_alone = text.call is None and text.subscripts is None and text.mapping is None
    if (is_alone and not is_sought) or not _WHOLE.fullmatch(value) or value.endswith(".py"):
        return
    replaced = text.call is not None and last_name(text.call.func) in _REPLACERS
    kind = _kind(text, replaced=replaced)
    if "." not in dotted and kind not in _BY_NAME:
        if not is_sought:
            return
        landing = STAYS if view.moves.tail(value) else view.moves.imported(value, value)
        if landing:
            why = "is the name of a module that moves, if it is meant as one"
            view.omit(text.node, view.positions.of(text.node), kind, why, [landing], is_guess=True)
        return
    landing = STAYS
    if is_sought:
        landing = _tail(view, dotted) or view.moves.looked_up(dotted, replaced=replaced)
    if landing and _gives_the_top(view, text):
        why = "gives the top package, and what is read from it can't be followed"
        view.omit(text.node, view.positions.of(text.node), kind, why, [landing])
    elif landing.target is not None:
        old = str(text.node.value).removeprefix(_EXTERNAL)
        move_literal(view, text.node, old, new_entry(value, view.moves), kind)
    elif text.call is not None and last_name(text.call.func) == "multiple":
        _move_multiple(view, text.node, value, text.call)
    elif landing.doubt:
        shown = view.positions.of(text.node)
        view.omit(text.node, shown, kind, landing.doubt, is_guess=landing.is_guess)
    elif kind in _BY_NAME and view.moves.holds_moved(value) and text.node not in view.settled:
        why = "names of this module move, and which ones are read here can't be followed"
        landings = view.moves.star(value).values()
        view.omit(text.node, view.positions.of(text.node), kind, why, landings, is_guess=True)


def _tail(view: View, dotted: str) -> Landing:
    """`attrgetter("module.Name")(package)`: the rest of the path is elsewhere."""
    return view.moves.tail(dotted) if "." in dotted else STAYS


def _gives_the_top(view: View, text: Text) -> bool:
    """`__import__("a.b").b`: without a list of names the value is `a`."""
    call = text.call
    is_bare = call is not None and last_name(call.func) == "__import__" and not fromlist(call)
    return is_bare and any(member.root is call for member in view.module.members)


def _move_multiple(view: View, node: ast.Constant, module: str, call: ast.Call) -> None:
    """`patch.multiple("a.b", Name=…)`: the module follows its names where all of them go together."""
    names = [keyword.arg for keyword in call.keywords if keyword.arg not in _NOT_PATCHED]
    landings = [view.moves.looked_up(f"{module}.{name}", replaced=True) for name in names]
    if not any(landings):
        return
    targets = [(landing.target or "").rpartition(".") for landing in landings]
    heads = {head for head, _, _ in targets}
    view.settled.add(node)
    if len(heads) == 1 and "" not in heads and [last for _, _, last in targets] == names:
        move_literal(view, node, module, heads.pop(), "patch")
    else:
        moved = ", ".join(landing.target or landing.doubt for landing in landings if landing)
        why = f"replaces several names at once, of which some become {moved}"
        view.omit(node, view.positions.of(node), "patch", why)


_NOT_PATCHED = frozenset({None, "spec", "create", "spec_set", "autospec", "new_callable"})


def _kind(text: Text, *, replaced: bool) -> str:
    if text.annotates:
        return "annotation"
    mapping = text.subscripts or text.mapping
    if mapping is not None and is_sys_modules(mapping):
        return "sys.modules"
    if text.call is not None and module_literal(text.call) is text.node:
        return "lazy-import"
    return "patch" if replaced else "string"


def _move_docstring(view: View, text: Text) -> None:
    start, end = view.positions.span(text.node)
    for match in _ROLE.finditer(view.text, start, end):
        landing = view.moves.imported(match.group(1))
        if landing.target is not None:
            view.edits.append(Edit(match.start(1), match.end(1), landing.target, "docstring"))


def _report_mentions(view: View) -> None:
    """Every mention in comments, docstrings and longer strings that nothing else has dealt with."""
    mentions = list(find_mentions(view.text, view.moves))
    if not mentions:
        return
    taken = _taken(view, {mention.text.partition(".")[0] for mention in mentions})
    place = _Places(view)
    for mention in mentions:
        kind = "" if mention.start in taken else place(mention.start)
        if not kind:
            continue
        rewritten = view.options.docs and kind in ("comment", "docstring")
        if rewritten and not mention.is_code and _is_local(view, mention.text):
            why = "is said by a name that this file imports"
            view.omit(mention.start, mention.text, kind, why, [Landing(mention.new)])
        elif not mention.why and rewritten:
            view.edits.append(Edit(mention.start, mention.end, mention.new, kind))
        else:
            if kind == "message" and mention.is_code:
                kind = "string"
            why = mention.why or (_WHY_CODE if mention.is_code else _WHY)[kind]
            landing = Landing(mention.new or None, mention.why)
            shown = "text" if kind == "string" else kind
            view.omit(mention.start, mention.text, shown, why, [landing])


def _is_local(view: View, dotted: str) -> bool:
    """Whether a path begins with a name that the file has from an import of something else, as
    `old.Thing` does after `from app import old`."""
    root = dotted.partition(".")[0]
    meant = {view.dotted(binding) for binding in view.module.scope.bindings.get(root, ())}
    return not meant <= {root, None}


_WHY = {
    "comment": "is in a comment (rewritten with --docs)",
    "docstring": "is in a docstring (rewritten with --docs)",
    "message": "is in the message of an exception, a warning or a log",
    "string": "is part of a longer string",
}
_WHY_CODE = {
    "comment": "is code in a comment (rewritten with --docs)",
    "docstring": "is code in a docstring (rewritten with --docs)",
    "string": "is code in a string",
}


def _taken(view: View, roots: set[str]) -> set[int]:
    """Where names start that were decided on already: code, imports, edits, omissions."""
    starts = {site.start for site in view.sites if site.names[0] in roots}
    starts.update(edit.start for edit in view.edits)
    for statement in view.module.imports:
        start, end = view.positions.span(statement)
        starts.add(start)
        starts.update(match.start() for match in DOTTED.finditer(view.text, start, end))
    for omission in view.omissions:
        offset = view.positions.offset(omission.line, 0) + omission.column
        starts.update(range(offset, offset + 4))  # the quotes and prefix of a string come first
    return starts


class _Places:
    """In which kind of text an offset lies; empty for code."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __call__(self, offset: int) -> str:
        for start, end, kind in self._spans:
            if start <= offset < end:
                is_told = kind == "string" and any(a <= offset < b for a, b in self._messages)
                return "message" if is_told else kind
        line = self._view.text[self._view.positions.line_start(offset) : offset]
        return "comment" if "#" in line else ""

    @cached_property
    def _spans(self) -> list[tuple[int, int, str]]:
        module, positions = self._view.module, self._view.positions
        found = [
            (*positions.span(t.node), "docstring" if t.node in module.docstrings else "string")
            for t in module.texts
        ]
        found += [(*positions.span(node), "string") for node in (*module.joined, *module.raw)]
        return sorted(found)

    @cached_property
    def _messages(self) -> list[tuple[int, int]]:
        return list(map(self._view.positions.span, messages(self._view.nodes)))
