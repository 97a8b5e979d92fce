"""Enums and data classes that are one list of fields under one name: the only way in which classes
without behaviour count as duplicates. Mere likeness (equal fields, other names; one name, other
fields) proves nothing for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from consolidator.analysis.duplicates.gather import Group
from consolidator.analysis.duplicates.origins import Generators
from consolidator.analysis.duplicates.shapes import Shape, Sort
from consolidator.analysis.duplicates.similarity import Evidence
from consolidator.analysis.duplicates.words import words

_FIELDS: dict[Sort, int] = {"enum": 3, "data": 4}
"""Fields from which equality is no coincidence."""
_SCORES: dict[Sort, float] = {"enum": 0.6, "data": 0.55}
"""Below any copied behaviour: two layers may want a record each."""


def equal_records(shapes: Sequence[Shape], generators: Generators) -> list[Group]:
    """Groups of production enums and data classes with one name of two words or more (`Status` is
    said of anything), the same fields, annotations and values, and the same methods by name.
    Generated ones are left out."""
    buckets: dict[tuple[str, Sort, frozenset[tuple[str, str, str]], frozenset[str]], list[Shape]]
    buckets = defaultdict(list)
    for shape in shapes:
        if shape.is_double or shape.is_inner_configuration or len(words(shape.name)) < 2:
            continue
        if shape.sort in _FIELDS and len(shape.fields) >= _FIELDS[shape.sort]:
            key = (shape.name, shape.sort, frozenset(shape.fields), frozenset(shape.methods))
            buckets[key].append(shape)
    return [
        Group(tuple(members), dict.fromkeys(combinations(range(len(members)), 2), _equal(sort)))
        for (_, sort, _, _), found in buckets.items()
        if len(found) > 1
        and len(members := [shape for shape in found if not generators.wrote(shape.path)]) > 1
    ]


def _equal(sort: Sort) -> Evidence:
    return Evidence(
        name=1.0,
        methods=0.0,
        shared=(),
        weight=0.0,
        bodies=1.0,
        copied=True,
        around=frozenset(),
        score=_SCORES[sort],
        doubts=("no behaviour: one name and the same fields are all there is",),
    )
