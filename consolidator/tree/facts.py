"""What one parse of a file leaves behind: small records, independent of where the file lies.

Facts depend on the file's bytes alone, so they are cached by content. Lines count from 1; columns
are UTF-8 byte offsets from 0, as in `ast`. `scope` is the qualified name inside the module of the
class or function that encloses a record (`""` at module level, `f.<locals>` inside `f`).

`guards` are the conditions around a record, outermost first, in the words of the source:
`if TYPE_CHECKING`, `else TYPE_CHECKING`, `try`, `except ImportError`, `if sys.version_info >= (3, 12)`,
`with suppress(ImportError)` (of `with` only those that swallow errors), `:=` for a name bound inside an
expression.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Guards = tuple[str, ...]
GLOBAL = "global"
"""The outermost guard of a record that a function makes of a module-level name."""
ParameterKind = Literal["positional-only", "positional", "vararg", "keyword", "kwarg"]


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of all facts: immutable, compact on disk, free of reference cycles."""


class ImportFact(Record, frozen=True):
    """One name bound by an import statement; a statement with three names gives three facts."""

    line: int
    column: int
    end_line: int
    end_column: int
    level: int
    """Leading dots of a relative import; 0 is absolute."""
    module: str
    """As written after the dots; empty for `from . import x`."""
    name: str
    """The imported name; empty for `import module`; `*` for a star."""
    asname: str
    scope: str
    guards: Guards

    @property
    def local(self) -> str:
        """The name that the statement binds (empty for a star)."""
        if self.asname:
            return self.asname
        if self.name == "*":
            return ""
        return self.name or self.module.partition(".")[0]


class Parameter(Record, frozen=True):
    name: str
    kind: ParameterKind
    default: str | None = None
    """Source text of the default; None where the caller must pass the argument."""
    annotation: str = ""


class FunctionFact(Record, frozen=True):
    name: str
    qualname: str
    scope: str
    line: int
    column: int
    end_line: int
    is_async: bool
    parameters: tuple[Parameter, ...]
    returns: str
    decorators: tuple[str, ...]
    guards: Guards
    locals: tuple[str, ...] = ()
    """Names that statements of its own body assign, sorted; parameters and definitions are apart."""


class BindingFact(Record, frozen=True):
    """A name bound by assignment: `X = value`, `X: T = value`, `X += value`, `(X := value)`, `del X`, a
    loop or `with` target."""

    name: str
    scope: str
    line: int
    column: int
    form: Literal["name", "call", "literal", "annotation", "augmented", "del", "other"]
    """What the value is: a dotted name, a call, a constant or container, nothing, something else.
    `augmented` adds to what was bound before."""
    value: str
    """Source text of the value, at most 400 characters; empty where it is longer or absent."""
    annotation: str
    guards: Guards


class ClassFact(Record, frozen=True):
    name: str
    qualname: str
    scope: str
    line: int
    column: int
    end_line: int
    bases: tuple[str, ...]
    """Source text of each base as written, starred ones with their star."""
    keywords: tuple[tuple[str, str], ...]
    decorators: tuple[str, ...]
    type_parameters: bool
    guards: Guards
    self_attributes: tuple[tuple[str, int, str], ...] = ()
    """`self.x` assignments in its methods: name, line, source text of the value."""


class ModuleFacts(Record, frozen=True, tag=True):
    parser: str
    """Which parser read the file, for example `cpython-3.11` or `libcst`."""
    imports: tuple[ImportFact, ...]
    classes: tuple[ClassFact, ...]
    functions: tuple[FunctionFact, ...]
    """Functions and methods at any depth, in source order."""
    bindings: tuple[BindingFact, ...]
    """Bindings at module and class level, and those of `global` names inside functions."""
    exports: tuple[str, ...] | None
    """`__all__` where it can be read; None where the module has none."""
    exports_exact: bool
    """False where `__all__` is built in a way that can't be read statically."""
    lazy_names: tuple[tuple[str, str], ...] = ()
    """Names that a module `__getattr__` serves: name and target, where its code says so by literals.
    A target's leading dots are relative, as in an import."""
    has_getattr: bool = False
    lines: int = 0


class Unreadable(Record, frozen=True, tag=True):
    """A file that could not be decoded or parsed."""

    line: int
    reason: str


class Skipped(Record, frozen=True):
    """A file that was left out, as reports list it."""

    path: str
    line: int
    reason: str

    def as_dict(self) -> dict[str, str | int]:
        return {"path": self.path, "line": self.line, "reason": self.reason}
