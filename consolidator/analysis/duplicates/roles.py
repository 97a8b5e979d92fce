"""What part a class plays in its family."""

from __future__ import annotations

from consolidator.analysis.duplicates.bodies import Body
from consolidator.analysis.duplicates.records import Role
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import words

_WRAPPING_NAMES = frozenset({"adapter", "decorator", "proxy", "validated", "wrapped", "wrapper"})


def role_of(shape: Shape, body: Body | None) -> Role:
    """The role of one class, from its place, its bases and what its methods do."""
    if shape.is_double:
        return "test-double"
    if is_protocol(shape, body):
        return "protocol"
    if _wraps(shape, body):
        return "wrapper"
    return "implementation"


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
    """Whether most of its public methods hand their call on to one thing that it was given."""
    if body is None:
        return False
    given = _given(shape)
    if "__getattr__" in shape.methods and given:
        return True
    targets = [body.methods[name].delegates_to for name in shape.public if name in body.methods]
    most = max((targets.count(target) for target in set(targets) if target in given), default=0)
    if targets and most * 2 > len(targets):
        return True
    named = bool(
        _WRAPPING_NAMES & (set(words(shape.name)) | {w for b in shape.base_names for w in words(b)})
    )
    return named and bool(given) and "<locals>" in shape.fact.scope


def _given(shape: Shape) -> frozenset[str]:
    """Attributes that hold a parameter of the constructor as it came."""
    constructor = shape.methods.get("__init__")
    if constructor is None:
        return frozenset()
    parameters = {parameter.name for parameter in constructor.parameters}
    return frozenset(
        name for name, _, value in shape.fact.self_attributes if value in parameters
    ) | (frozenset({"<base>"}) if shape.fact.bases and len(parameters) > 1 else frozenset())
