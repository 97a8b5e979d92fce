"""What part a class plays in its family."""

from __future__ import annotations

from consolidator.analysis.duplicates.bodies import Body
from consolidator.analysis.duplicates.records import Role
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import words

_WRAPPING_NAMES = frozenset({"decorator", "proxy", "wrapped", "wrapper"})


def role_of(shape: Shape, body: Body | None) -> Role:
    """The role of one class, from its place, its bases and what its methods do."""
    if shape.is_double:
        return "test-double"
    if is_protocol(shape, body):
        return "protocol"
    if _wraps(shape, body):
        return "wrapper"
    return "implementation"


_SHORT = 10
"""Lines at most, on average, of methods that only declare or hand on."""


def may_stand_for(shape: Shape) -> bool:
    """Whether a class can be a protocol or a wrapper, from facts alone."""
    public = [shape.methods[name] for name in shape.public]
    lines = sum(method.end_line - method.line + 1 for method in public)
    return "__getattr__" in shape.methods or lines <= _SHORT * len(public) or bool(shape.fact.bases)


def is_protocol(shape: Shape, body: Body | None) -> bool:
    """A `Protocol`, or a class all of whose public methods are abstract or say nothing."""
    if "Protocol" in shape.base_names:
        return True
    public = [shape.methods[name] for name in shape.public]
    if not public:
        return False
    if all(any("abstractmethod" in d for d in method.decorators) for method in public):
        return True
    return body is not None and all(
        body.methods[method.name].hollow for method in public if method.name in body.methods
    )


def _wraps(shape: Shape, body: Body | None) -> bool:
    """Whether most of its public methods call the same method of something else."""
    if body is None:
        return False
    handed_on = [body.methods[name].hands_on for name in shape.public if name in body.methods]
    if handed_on and sum(handed_on) * 2 > len(handed_on):
        return True
    constructor = shape.methods.get("__init__")
    takes_something = constructor is not None and len(constructor.parameters) > 1
    if "__getattr__" in shape.methods:
        return takes_something
    spoken_of = {*words(shape.name), *(word for base in shape.base_names for word in words(base))}
    return bool(_WRAPPING_NAMES & spoken_of) and takes_something and bool(shape.fact.bases)
