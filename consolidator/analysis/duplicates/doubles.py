"""Stand-ins for tests: they belong to the family that they imitate, as doubles, never as copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import role_words, words


def attach_doubles(
    families: Sequence[Sequence[Shape]], shapes: Iterable[Shape]
) -> list[list[Shape]]:
    """For each family the doubles that imitate it, in order of path and line.

    A double has the role words of a member, `Mock` and the like left out, and either a method in
    common with the family or a member for a base. It joins the one family with which it has most
    in common.
    """
    by_role: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, members in enumerate(families):
        for role in sorted({role_words(shape.name) for shape in members}):
            by_role[role].append(at)
    concepts = [frozenset[str]().union(*(s.concepts for s in members)) for members in families]
    names = [{shape.name for shape in members} for members in families]
    found: list[list[Shape]] = [[] for _ in families]
    for shape in shapes:
        if not shape.is_double or _tests_something(shape):
            continue
        fits = {
            at: len(shape.concepts & concepts[at]) + bool(shape.base_names & names[at])
            for at in by_role.get(role_words(shape.name), ())
        }
        best = max(fits, key=lambda at: (fits[at], -at), default=None)
        if best is not None and fits[best]:
            found[best].append(shape)
    return found


def _tests_something(shape: Shape) -> bool:
    """A test case is named after what it tests; it imitates nothing."""
    return (
        any(name.startswith("test_") for name in shape.methods)
        or words(shape.name)[0] in ("test", "tests")
        or any(base.endswith("TestCase") for base in shape.base_names)
    )
