"""Modules by name, in the order of trust: ROOT, installed source, the standard library's table."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

from consolidator.analysis.mro.values import (
    AliasValue,
    AnnotatedForm,
    ClassRef,
    ClassValue,
    ConstantValue,
    FunctionValue,
    ModuleValue,
    Place,
    Provenance,
    Space,
    SpecialValue,
    Unknown,
    Value,
)
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver
from consolidator.tree.stdlib.table import StandardLibrary


class Library(Protocol):
    """Where the source of installed packages is found."""

    def find(self, package: str) -> Tree | None:
        """The tree of a top-level package or module; None where there is no source of it."""
        ...

    def compiled(self, package: str) -> bool:
        """Whether the package is installed as machine code only."""
        ...

    def stubs(self, package: str) -> Tree | None:
        """The stubs of a top-level package, by the paths of the modules they stand for."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """The interpreter that the answers are for."""

    version: tuple[int, int] = (sys.version_info.major, sys.version_info.minor)
    platform: str = sys.platform


class World:
    """Every module that code in ROOT can import."""

    def __init__(
        self, project: Tree, library: Library, standard: StandardLibrary, target: Target
    ) -> None:
        self.project = Space(project, Resolver(project), "project")
        self.standard = standard
        self.target = target
        self._library = library
        self._spaces: dict[str, Space | None] = {}
        self._stub_spaces: dict[str, Space | None] = {}

    def module(self, dotted: str, importer: Place) -> Value:
        """The module of an absolute name, seen from a file; `Unknown` where there is none."""
        space = importer.space
        found = self._in(space, dotted) or self._in_standard(dotted)
        if found is not None:
            return found
        installed = self._installed(dotted)
        absent = isinstance(installed, Unknown) and installed.missing
        # Test folders and scripts import their neighbours by bare names.
        if absent and space is self.project and (path := space.tree.find(dotted, importer.path)):
            return ModuleValue(space.tree.module(path), space, path)
        return installed

    def space(self, package: str) -> Space | None:
        """The source of an installed top-level package."""
        if package not in self._spaces:
            tree = self._library.find(package)
            provenance: Provenance = "source"
            self._spaces[package] = Space(tree, Resolver(tree), provenance) if tree else None
        return self._spaces[package]

    def is_inside(self, dotted: str, importer: Place) -> bool:
        """Whether a module belongs to the importer's own source or the standard library, so that
        what is installed here has no say in it."""
        tree, top = importer.space.tree, dotted.partition(".")[0]
        return tree.is_first_party(top) or self.standard.has_top(top)

    def _in(self, space: Space, dotted: str) -> Value | None:
        if path := space.tree.find(dotted):
            return ModuleValue(space.tree.module(path), space, path)
        if space.tree.is_namespace(dotted):
            return ModuleValue(dotted, space)
        if space.is_compiled(dotted.replace(".", "/")):
            return self._in_stubs(dotted) or Unknown(
                f"module {dotted!r} is machine code, without source"
            )
        if space.tree.find(dotted.partition(".")[0]):
            return Unknown(f"there is no module {dotted!r}", missing=True)
        return None

    def _in_stubs(self, dotted: str) -> Value | None:
        """A module that is machine code, as its stub tells type checkers about it."""
        top = dotted.partition(".")[0]
        if top not in self._stub_spaces:
            tree = self._library.stubs(top)
            self._stub_spaces[top] = Space(tree, Resolver(tree), "stub") if tree else None
        space = self._stub_spaces[top]
        path = space.tree.find(dotted) if space else None
        return ModuleValue(dotted, space, path) if path else None

    def _in_standard(self, dotted: str) -> Value | None:
        if dotted.partition(".")[0] == "distutils" and self._library.find("_distutils_hack"):
            return Unknown("setuptools puts its own distutils in the place of the standard one")
        return ModuleValue(dotted) if self.standard.has_module(dotted) else None

    def _installed(self, dotted: str) -> Value:
        top = dotted.partition(".")[0]
        space = self.space(top)
        if space is None:
            if self._library.compiled(top):
                return self._in_stubs(dotted) or Unknown(
                    f"{top!r} is installed as machine code, without source"
                )
            if self.standard.has_top(top):
                return Unknown(f"module {dotted!r} is not in the standard library here", True)
            return Unknown(f"package {top!r} is not installed here", missing=True)
        return self._in(space, dotted) or Unknown(f"there is no module {dotted!r}", missing=True)

    # names of the standard library

    def standard_name(self, module: str, name: str) -> Value | None:
        """What a name of a standard module holds; None where it has no such name."""
        if (constant := self._constant(module, name)) is not None:
            return constant
        if module in ("typing", "typing_extensions"):
            match name:
                case "NamedTuple" | "TypedDict":
                    return SpecialValue(name)
                case "Annotated":
                    return AnnotatedForm()
        found = self.standard.name(module, name)
        if found is None:
            submodule = f"{module}.{name}"
            return ModuleValue(submodule) if self.standard.has_module(submodule) else None
        match found.kind:
            case "class":
                return ClassValue(self.table_class(found.number))
            case "module":
                return ModuleValue(found.target)
            case "alias":
                return AliasValue(self.table_class(found.number), "named")
            case "plain-alias":
                return AliasValue(self.table_class(found.number), "plain")
            case "function":
                return FunctionValue(f"{module}.{name}")
            case "special":
                return Unknown(f"`{module}.{name}` is a special form")
        return Unknown(f"`{module}.{name}` is a value of the standard library")

    def _constant(self, module: str, name: str) -> Value | None:
        constants = {
            ("sys", "version_info"): (*self.target.version, 0, "final", 0),
            ("sys", "platform"): self.target.platform,
            ("sys", "maxsize"): 2**63 - 1,
            ("os", "name"): "nt" if self.target.platform == "win32" else "posix",
            ("typing", "TYPE_CHECKING"): False,
            ("builtins", "__debug__"): True,
        }
        found = constants.get((module, name))
        return None if found is None else ConstantValue(found)

    def table_class(self, number: int) -> ClassRef:
        return ClassRef(self.standard.entry(number).dotted, "builtin", number=number)

    def builtin(self, dotted: str) -> ClassRef:
        """A class that every Python has; `KeyError` where the table lacks it."""
        number = self.standard.find(dotted)
        if number is None:
            raise KeyError(dotted)
        return self.table_class(number)
