"""Classes and functions that something finds by what they say of themselves: `{c.__name__: c}["Thing"]`,
`relationship("Thing")`, `thing.__module__ == "app.old"`. The text stays, because who finds what by it
can't be followed."""

from __future__ import annotations

import re

from codemods.lazy import last_name
from codemods.mentions import said
from codemods.moves import STAYS, Landing
from codemods.scopes import Text
from codemods.view import View

_OWN_NAME = r"\.__(?:qual)?name__"
_LOOKS_UP = re.compile(
    rf"{_OWN_NAME}\s*(?:\]|:\s|[=!]=|in\b|not\b|for\b|\)\s*(?:[=!]=|in\b|not\b))"
    rf"|(?:[=!]=|\bin|\[)\s*[\w.()]+{_OWN_NAME}"
    rf"|\b(\w+){_OWN_NAME},\s*\1\b|\bmatch\s+[\w.()]+{_OWN_NAME}"
)
"""Where the name of a class or a function is a key, or is compared; not where it is put into a message."""
_FINDERS = frozenset(
    {"relationship", "backref", "dynamic_loader", "Nested", "SubFactory", "get_model"}
    | {"ForeignKey", "OneToOneField", "ManyToManyField", "OneToOneRel", "ManyToOneRel"}
)
"""Functions of SQLAlchemy, Django, marshmallow and factory_boy that take a class by its name."""
_EVALUATE = frozenset({"relationship", "backref", "dynamic_loader"})
_FINDS = re.compile(rf"\b(?:{'|'.join(sorted(_FINDERS))})\(|\bMapped\[")
_MAPPED = "Mapped["
"""SQLAlchemy reads the names in such an annotation as those of its classes."""
_OWN_MODULE = ".__module__"
_WHY_NAME = "is the old name of what is renamed, where it may be found by its name"
_WHY_MODULE = "is the module that names leave, where modules are compared (`__module__`)"


def looks_names_up(text: str) -> bool:
    """Whether a file may look something up by its `__name__`."""
    return "name__" in text and _LOOKS_UP.search(text) is not None


def finds_by_name(text: str) -> bool:
    """Whether a file hands names of classes to a library that finds these by them."""
    is_said = _MAPPED in text or any(finder in text for finder in _FINDERS)
    return is_said and _FINDS.search(text) is not None


def report_self_names(view: View) -> None:
    """Lists the strings by which a class or function may be found that has another name afterwards."""
    compares = _OWN_MODULE in view.text
    for text in view.module.texts:
        value = str(text.node.value)
        if (landing := _found(view, text, value)) and not _is_done(view, text):
            is_guess, shown = not _is_told(view, text), view.positions.of(text.node)
            view.omit(text.node, shown, "text", _WHY_NAME, [landing], is_guess=is_guess)
        elif compares and view.moves.holds_moved(value) and _is_compared(view, text):
            leads = view.moves.star(value).values()
            if not _is_done(view, text):
                shown = view.positions.of(text.node)
                view.omit(text.node, shown, "string", _WHY_MODULE, leads, is_guess=True)


def _found(view: View, text: Text, value: str) -> Landing:
    """Where what a string names leads: all of it, or a word of an expression that SQLAlchemy evaluates."""
    names = view.moves.own_names
    if value in names:
        return view.moves.found_by_name(value, for_certain=_is_told(view, text))
    is_code = text.call is not None and last_name(text.call.func) in _EVALUATE
    words = sorted(said(value, names)) if is_code else []
    return view.moves.found_by_name(words[0], for_certain=True) if words else STAYS


def _is_done(view: View, text: Text) -> bool:
    """Whether something else has dealt with a string."""
    start, end = view.positions.span(text.node)
    place = view.positions.place(start)
    return (
        text.node in view.settled
        or text.node in view.listed
        or text.node in view.module.docstrings
        or any(start <= edit.start < end for edit in view.edits)
        or any((omission.line, omission.column) == place for omission in view.omissions)
    )


def _is_compared(view: View, text: Text) -> bool:
    """Whether a string stands where modules are compared; one word has to stand beside the comparison."""
    if not text.node.value:
        return False
    start, end = view.positions.span(text.node)
    line = view.text[view.positions.line_start(start) : view.positions.line_end(end)]
    return "." in str(text.node.value) or _OWN_MODULE in line


def _is_told(view: View, text: Text) -> bool:
    if text.annotates:
        return _MAPPED in view.text
    return text.call is not None and last_name(text.call.func) in _FINDERS
