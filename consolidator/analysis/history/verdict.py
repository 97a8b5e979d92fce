"""From the differences of one commit to a verdict, a score and the reasons, in words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from consolidator.analysis.history.records import Evidence, FileEdit, UnitEdit
from consolidator.analysis.history.signals import SIGNALS
from consolidator.analysis.history.statements import readable

Verdict = Literal["fix", "feature", "refactor", "test", "docs", "other"]

_BIAS = -0.7
_MORE_UNITS = 0.15
"""What the next three units add, relative to the strongest."""
_SURGICAL = 0.6
_FEW = 5
"""Statements: who changes so few of what is there, and adds nothing, is mostly mending it."""
_INSERTED = 0.6
_SMALL = 8
"""Statements that are put into a unit of which all else stays."""
_ONE_REWRITE = {
    *("returned", "value", "argument", "renamed-call", "looped", "attribute"),
    *("converted", "pattern"),
}
"""One rewritten statement can show several of these; the strongest counts."""
_SUBJECT_FIX = 1.0
_SUBJECT_REVERT = 0.4
_SUBJECT_OTHER = -0.4
_SUBJECT_MENDS = 0.9
"""Beyond a fix word, where subjects speak: something is prevented, handled, made right."""
_SUBJECT_MAKES = -1.2
"""Where subjects speak: something is added, rebuilt, renamed or taken out."""
_SUBJECT_ONLY_MAKES = -2.0
"""The same, and nothing is said of a failure."""
_SUBJECT_RESTRUCTURES = -1.5
"""Where subjects speak: what is there is written otherwise, and nothing is said of a failure."""
_SUBJECT_SILENT = -0.5
"""Where subjects speak, and this one does not speak of a failure."""
_TESTED = 0.7
_NEW_PARAMETER = -1.4
"""Who can be told more can do more: a feature."""
_SET_UP = -0.4
"""Statements in `__init__`: something new is kept, or configured."""
_LOOSE = -0.6
"""Statements at module level: constants, tables and shims, seldom what goes wrong."""
_TAKEN_OUT = -0.8
"""Functions that are gone: rebuilding."""
_DEPRECATED = -1.2
"""A deprecation comes, goes or is spoken of."""
_WARNED = -0.8
_MODERNISED = -0.8
"""Texts that became f-strings."""
_OPTION = -1.5
"""An option of a command line: something new can be asked for."""
_DOCUMENTED = -0.6
"""More documents than the one that lists changes: something new is explained."""
_NEW_CODE = -0.55
"""Per doubling of new statements in new units: features carry guards of their own."""
_OLD_CODE = -0.45
"""Per doubling of removed statements: who throws away so much is rebuilding."""
_SWEEP = -0.1
"""Per doubling of the files that the commit touches, of whatever kind."""
_OPTIONS = ("option(", "argument(", "addini(")
_OPTION_ADDED = re.compile(
    r"\b_?(add_?option|add_argument|addini|click\.option|typer\.Option)\(", re.I
)
_MOST_TESTS = 12
"""New tests; more than these do not name one behaviour."""
_FIX_WORD = re.compile(
    r"\b(fix(es|ed)?|bug(fix)?|race|leak|deadlock|lost|regression|restore[sd]?|crash|hotfix)\b",
    re.I,
)
_PAPERWORK = r"(type ?hints?|typing|annotations?|typos?|spelling|docs?|docstrings?|comments?|lint\w*|flake8|mypy|black)"
_FIXED_PAPERWORK = re.compile(
    rf"\bfix(es|ed)? (\S+ ){{0,2}}{_PAPERWORK}\b|\b{_PAPERWORK} fix(es|ed)?\b", re.I
)
"""What never runs was fixed."""
_REVERT = re.compile(r"^revert\b|\bthis reverts commit\b", re.I)
_OTHER_WORD = re.compile(
    r"^(feat(ure)?|refactor|chore|docs?|tests?|style|perf|build|ci)\b[(:! ]", re.I
)
_MENDING_WORD = re.compile(
    r"\b(avoid(s|ed|ing)?|prevent(s|ed|ing)?|handl(e|es|ed|ing)|ensur(e|es|ed|ing)|correct(s|ed|ly)?|properly"
    r"|wrong(ly)?|missing|broken|broke|fail(s|ed|ing|ures?)?|error(s)?|exceptions?|issues?|don'?t|do not|doesn'?t"
    r"|never|no longer|hang(s|ing)?|stuck|stale|duplicate[sd]?|invalid|workaround|timeouts?|resolv(e|es|ed))\b",
    re.I,
)
_MAKING_WORD = re.compile(
    r"^\W*(\[[^\]]*\]|\([^)]*\)|[\w./ -]{1,24}:)*\W*(add(s|ed|ing)?|implement(s|ed)?|support(s|ed)?|introduc(e|es|ed)"
    r"|feat(ure)?s?|creat(e|es|ed)|enabl(e|es|ed)|allow(s|ed)?|new|refactor\w*|renam(e|es|ed)|mov(e|es|ed)"
    r"|replac(e|es|ed)|remov(e|es|ed)|drop(s|ped)?|delet(e|es|ed)|deprecat\w*|simplif\w*|clean\w*|improv(e|es|ed)"
    r"|optimi[sz]\w*|speed\w*|reduc(e|es|ed)|updat(e|es|ed)|upgrad(e|es|ed)|bump(s|ed)?|switch\w*|migrat\w*|us(e|es|ed)"
    r"|make|chore|docs?|document\w*|typ(e|es|ing)|annotat\w*|extract(s|ed)?|split(s)?|expos(e|es|ed)|rework\w*"
    r"|reorgani[sz]\w*|convert(s|ed)?|convey|moderni[sz]\w*|log(s|ging)?|cosmetic|style|format\w*|lint\w*|rewrite)\b",
    re.I,
)
_RESTRUCTURING_WORD = re.compile(
    r"\b(refactor\w*|renam(e|es|ed|ing)|factor(ed|s|ing)? out|clean\w*|tidy|cosmetic|pep ?8\w*|style|reformat\w*"
    r"|whitespace|typos?|simplif\w*|reorgani[sz]\w*|moderni[sz]\w*)\b",
    re.I,
)
_WORDS = {
    "race/concurrency": re.compile(r"race|concurren|deadlock|thread.?safe", re.I),
    "event loss": re.compile(
        r"lost|loses?\b|swallow|dropped|deliver|_pending|\"(agent|tool)_\w+\"|tool_(executing|completed)",
        re.I,
    ),
    "isolation/security": re.compile(
        r"isolat|secur(e|ity)|permission|user.?context|\bowner|auth(entic|oriz)\w*", re.I
    ),
    "leak/lifecycle": re.compile(r"leak|clean.?up|dispos|shutdown", re.I),
    "reconnect": re.compile(r"reconnect|re-?connect|resume|tabs?\b", re.I),
    "serialisation": re.compile(r"seriali[sz]|json", re.I),
    "ordering": re.compile(r"order", re.I),
    "performance": re.compile(r"performance|slow\b|latency|faster", re.I),
}
"""Words of a message, or of the code that shows a signal, that name what was wrong."""
_SHOWN = 90
_SENTENCE = 3
"""Words of a subject that says something."""
_SPEAKING = 0.75
"""Share of such subjects from which on they are believed."""


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    score: float
    """How much speaks for a fix of the family's behaviour, 0..1. At 0.5, where the verdict turns, about
    as many are wrongly called fixes as are missed; it is no calibrated probability."""
    why: tuple[str, ...]
    category: str | None


@dataclass(frozen=True, slots=True)
class Touched:
    """What a commit did, as far as the family is concerned."""

    message: str
    files: tuple[FileEdit, ...]
    size: int = 1
    """Files of any kind that the commit changed."""
    new_tests: tuple[str, ...] = ()
    other_tests: int = 0
    docs: int = 0
    spoken: bool = False
    """Whether the subjects of this history say what was done; else they weigh little."""
    evidence: tuple[tuple[str, Evidence], ...] = ()
    """Evidence from the history itself (restored, ported …): unit and signal."""


def judge(touched: Touched) -> Judgement:
    found = [
        (unit.name, evidence)
        for file in touched.files
        for unit in file.units
        for evidence in unit.evidence
    ] + list(touched.evidence)
    logit = _BIAS + _weigh(touched, found) + _context(touched)
    score = 1 / (1 + math.exp(-logit))
    fix = score >= 0.5 and (bool(found) or _is_said(touched))
    verdict: Verdict = "fix" if fix else _otherwise(touched)
    category = _category(touched, found) if fix else None
    return Judgement(verdict, round(score, 3), _reasons(touched, found, fix), category)


def _weigh(touched: Touched, found: list[tuple[str, Evidence]]) -> float:
    """The strongest unit decides, so that a fix shows inside a sweep and a sweep is no fix.

    Signals in a unit that was written anew count for less than those in one that stayed.
    """
    signals: dict[str, set[str]] = {}
    for name, evidence in found:
        signals.setdefault(name, set()).add(evidence.signal)
    units = {unit.name: unit for file in touched.files for unit in file.units}
    ranked = sorted(
        ((unit_weight(names) * _kept(units.get(name)), name) for name, names in signals.items()),
        reverse=True,
    )
    if not ranked:
        return 0.0
    inserted = _INSERTED if _is_insertion(units.get(ranked[0][1])) else 0.0
    return ranked[0][0] + sum(weight for weight, _ in ranked[1:4]) * _MORE_UNITS + inserted


def _kept(unit: UnitEdit | None) -> float:
    """The share of a changed unit's statements that the commit left alone."""
    if unit is None or unit.status != "changed":
        return 1.0
    kept = max(len(unit.after) - len(unit.came), 0)
    return (kept + 2) / (kept + len(unit.went) + 2)


def _is_insertion(unit: UnitEdit | None) -> bool:
    return (
        unit is not None
        and unit.status == "changed"
        and not unit.removed
        and len(unit.rewritten) <= 1
        and len(unit.added) <= _SMALL
    )


def unit_weight(names: set[str]) -> float:
    """How much the signals seen in one unit say together."""
    rewrites = [SIGNALS[name].weight for name in names & _ONE_REWRITE]
    return sum(SIGNALS[name].weight for name in names - _ONE_REWRITE) + max(rewrites, default=0.0)


def _context(touched: Touched) -> float:
    units = [unit for file in touched.files for unit in file.units]
    new = sum(len(unit.added) for unit in units if unit.status == "added")
    edited = sum(
        len(unit.added) + len(unit.rewritten) for unit in units if unit.status == "changed"
    )
    gone = sum(len(unit.removed) for unit in units if unit.status != "added")
    extra = _NEW_CODE * math.log2(1 + new / 10) + _OLD_CODE * math.log2(1 + gone / 10)
    extra += _SWEEP * math.log2(1 + touched.size)
    extra += _SURGICAL if edited <= _FEW and not new else 0.0
    extra += sum(weight for weight, holds in _TRAITS if holds(units))
    extra += _DOCUMENTED if touched.docs > 1 else 0.0
    subject = touched.message.partition("\n")[0]
    extra += _said(subject) if touched.spoken else 0.0
    extra += _SUBJECT_FIX if _fixes(subject) else 0.0
    extra += _SUBJECT_OTHER if _OTHER_WORD.match(subject) else 0.0
    extra += _SUBJECT_REVERT if _REVERT.search(touched.message) else 0.0
    return extra + (_TESTED if 0 < len(touched.new_tests) <= _MOST_TESTS else 0.0)


def subjects_speak(subjects: Iterable[str]) -> bool:
    """Whether nearly all subjects of a history are sentences, not "a", "wip" or "fix:"."""
    words = [len(subject.split()) for subject in subjects]
    return sum(count >= _SENTENCE for count in words) >= _SPEAKING * len(words)


def _fixes(subject: str) -> bool:
    return bool(_FIX_WORD.search(subject)) and not _FIXED_PAPERWORK.search(subject)


def _is_said(touched: Touched) -> bool:
    """Whether a history whose subjects are believed calls a commit a fix that changes what acts."""
    subject = touched.message.partition("\n")[0]
    return (
        touched.spoken
        and _fixes(subject)
        and not _OTHER_WORD.match(subject)
        and any(u.came or u.removed for file in touched.files for u in file.units)
    )


def _said(subject: str) -> float:
    makes = bool(_MAKING_WORD.match(subject))
    if _MENDING_WORD.search(subject) or _fixes(subject):
        return _SUBJECT_MENDS + _SUBJECT_MAKES * makes
    restructures = bool(_RESTRUCTURING_WORD.search(subject))
    return _SUBJECT_SILENT + _SUBJECT_ONLY_MAKES * makes + _SUBJECT_RESTRUCTURES * restructures


def _take_more(units: list[UnitEdit]) -> bool:
    return any(
        new.startswith(("def ", "async def ")) and new.count(",") > old.count(",")
        for unit in units
        for old, new in unit.rewritten
    )


def _set_up(units: list[UnitEdit]) -> bool:
    return any(unit.name.endswith("__init__") and unit.came for unit in units)


def _loose(units: list[UnitEdit]) -> bool:
    return any(not unit.name and unit.came for unit in units)


def _taken_out(units: list[UnitEdit]) -> bool:
    return any(unit.status == "removed" for unit in units)


def _deprecate(units: list[UnitEdit]) -> bool:
    return any("Deprecat" in key for unit in units for key in (*unit.came, *unit.went))


def _warn(units: list[UnitEdit]) -> bool:
    return any(key.startswith("warnings.warn") for unit in units for key in unit.came)


def _modernise(units: list[UnitEdit]) -> bool:
    came = sum('f"' in key for unit in units for key in unit.came)
    return came > sum('f"' in key for unit in units for key in unit.went)


def _offer_option(units: list[UnitEdit]) -> bool:
    came = "\n".join(key for unit in units for key in unit.came)
    lower = came.lower()  # an expression that ignores case costs ten times as much
    return any(word in lower for word in _OPTIONS) and _OPTION_ADDED.search(came) is not None


_TRAITS: tuple[tuple[float, Callable[[list[UnitEdit]], bool]], ...] = (
    (_NEW_PARAMETER, _take_more),
    (_SET_UP, _set_up),
    (_LOOSE, _loose),
    (_TAKEN_OUT, _taken_out),
    (_DEPRECATED, _deprecate),
    (_WARNED, _warn),
    (_MODERNISED, _modernise),
    (_OPTION, _offer_option),
)
"""What in the units of a commit speaks against a fix, whatever else was seen in them."""


def _otherwise(touched: Touched) -> Verdict:
    units = [unit for file in touched.files for unit in file.units]
    left = {key for unit in units for key in unit.went}
    fresh = [unit for unit in units if unit.status == "added"]
    new = sum(key not in left for unit in fresh for key in unit.added)
    new -= sum(key not in left for unit in fresh for key in unit.added[:1]) if left else 0
    grown = sum(len(unit.added) for unit in units if unit.status == "changed")
    acted = any(unit.added or unit.removed or unit.rewritten or unit.reordered for unit in units)
    if not touched.files:
        if touched.new_tests or touched.other_tests:
            return "test"
        return "docs" if touched.docs else "other"
    if not acted:
        return (
            "refactor" if any(file.moved or unit_noise(file) for file in touched.files) else "docs"
        )
    gone = sum(len(unit.removed) for unit in units)
    return "feature" if new + grown > gone and new >= 3 else "refactor"


def unit_noise(file: FileEdit) -> int:
    return sum(unit.noise for unit in file.units)


def _category(touched: Touched, found: list[tuple[str, Evidence]]) -> str:
    votes: Counter[str] = Counter()
    for _, evidence in found:
        signal = SIGNALS[evidence.signal]
        if signal.category:
            votes[signal.category] += int(signal.weight * 10)
        for category, words in _WORDS.items():
            if words.search(evidence.detail):
                votes[category] += 12
    for category, words in _WORDS.items():
        if words.search(touched.message.partition("\n")[0]):
            votes[category] += 25
    return min(votes, key=lambda name: (-votes[name], name)) if votes else "other"


def _reasons(touched: Touched, found: list[tuple[str, Evidence]], fix: bool) -> tuple[str, ...]:
    strongest: dict[str, tuple[str, Evidence]] = {}
    for unit, evidence in found:
        strongest.setdefault(evidence.signal, (unit, evidence))
    ranked = sorted(strongest.values(), key=lambda item: -SIGNALS[item[1].signal].weight)
    words = [
        f"{SIGNALS[evidence.signal].words} in {unit or 'the module'}: {_short(readable(evidence.detail))}"
        for unit, evidence in ranked
    ]
    if touched.new_tests:
        words.append(f"comes with tests: {', '.join(touched.new_tests[:3])}")
    if not found and fix:
        words.append("is called a fix by its subject, as all subjects here say what was done")
    if not fix and not words:
        words.append(_nothing(touched))
    return tuple(words[:8])


def _nothing(touched: Touched) -> str:
    if not touched.files:
        return "touches only tests or documents"
    if any(file.status == "added" for file in touched.files):
        return "only adds new code"
    if any(file.status == "removed" for file in touched.files):
        return "removes whole files"
    if any(
        unit.came or unit.went or unit.reordered for file in touched.files for unit in file.units
    ):
        return "nothing in what has changed speaks for a fix"
    return "nothing that acts has changed"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
