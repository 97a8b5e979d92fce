"""What every format of `duplicates` shows alike: letters for the members, and the order of methods."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from consolidator.analysis.duplicates import CLASS_ROLES, Family, Member
from consolidator.wording import counted


def classes(family: Family) -> list[Member]:
    """The members that are classes of their own: no other names, no doubles."""
    return [member for member in family.members if member.role in CLASS_ROLES]


def letters(family: Family) -> dict[str, str]:
    """A letter for each class, by qualified name: a to z, then a1 to z1."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    named = [member.qualname for member in classes(family)]
    return {name: f"{alphabet[n % 26]}{n // 26 or ''}" for n, name in enumerate(named)}


def lettered(text: str, by_name: Mapping[str, str]) -> str:
    """A reason with the letters of the classes in place of their names."""
    names = "|".join(re.escape(name) for name in sorted(by_name, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])({names})(?![\w.])", lambda found: by_name[found[0]], text)


def ranked(family: Family) -> list[str]:
    """The methods of the classes: public ones first, then those that differ, are missing, are same;
    without those that all have from one base."""
    names = [member.qualname for member in classes(family)]
    rows = {
        method: [verdicts[name] for name in names] for method, verdicts in family.methods.items()
    }

    def rank(method: str) -> tuple[bool, bool, bool, int, str]:
        row = rows[method]
        missing = row.count("missing")
        alone = missing == len(row) - 1
        return (method.startswith("_"), alone, "differs" not in row, missing, method)

    inherited = set(family.inherited)
    return sorted(
        (m for m, row in rows.items() if set(row) != {"missing"} and m not in inherited), key=rank
    )


def tally(family: Family) -> str:
    """How many methods are the same everywhere, differ somewhere, are missing somewhere, in words;
    those that all have from one base apart."""
    if not family.methods:
        return "no methods to compare"
    names = [member.qualname for member in classes(family)]
    counts: Counter[str] = Counter()
    for method in ranked(family):
        row = {family.methods[method][name] for name in names}
        counts["differ" if "differs" in row else "are missing" if "missing" in row else "same"] += 1
    said = [
        f"{counts['same']} the same in all",
        f"{counts['differ']} differ",
        f"{counts['are missing']} are missing in some",
    ]
    if inherited := len(family.inherited):
        said.append(f"{inherited} more that all inherit from one base")
    return f"{counted(counts.total(), 'method')}: " + ", ".join(said)
