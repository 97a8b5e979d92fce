"""What calls, subscripts and decorators make of classes."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from consolidator.analysis.mro.conditions import constant
from consolidator.analysis.mro.values import (
    AliasValue,
    ClassRef,
    ClassValue,
    ConstantValue,
    Either,
    FunctionValue,
    InstanceValue,
    Place,
    SequenceValue,
    Space,
    SpecialValue,
    Unknown,
    Value,
    WithMetaclass,
    either,
)
from consolidator.tree.facts import BindingFact, FunctionFact

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

_MAKES_TUPLE = {"collections.namedtuple"}
_SIX_MODULES = {"six", "_six", "utils", "compat", "_compat"}


class Calls:
    """Values of calls, as far as the called thing is known."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._definitions: dict[
            tuple[Space, str, int, str], ast.FunctionDef | ast.AsyncFunctionDef | None
        ] = {}

    def value(self, node: ast.Call, place: Place) -> Value:
        function = self._evaluator.expression(node.func, place)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith"):
            owner = self._evaluator.expression(node.func.value, place)
            if isinstance(owner, ConstantValue) and isinstance(owner.value, str):
                return self._string_test(owner.value, node, place)
        return self._called(function, node, place)

    def _string_test(self, text: str, node: ast.Call, place: Place) -> Value:
        """`sys.platform.startswith("win")` and its like."""
        assert isinstance(node.func, ast.Attribute)
        values = [constant(self._evaluator.expression(part, place)) for part in node.args]
        try:
            return ConstantValue(getattr(text, node.func.attr)(*values))
        except TypeError:
            return Unknown(f"`{_text(node)}` is computed")

    def _called(self, function: Value, node: ast.Call, place: Place) -> Value:
        match function:
            case FunctionValue():
                return self._function(function, node, place)
            case ClassValue(ref):
                return self._class(ref, node, place)
            case SpecialValue("NamedTuple"):
                return self._made(node, place, (self._builtin("builtins.tuple"),))
            case SpecialValue("TypedDict"):
                made = self._made(node, place, (self._builtin("builtins.dict"),))
                if isinstance(made, ClassValue):
                    return ClassValue(replace(made.ref, typed_dict=True))
                return made
            case Either(options, why):
                return either([self._called(option, node, place) for option in options], why)
            case Unknown(why):
                return Unknown(why)
        return Unknown(f"`{_text(node)}` is computed")

    def _builtin(self, dotted: str) -> ClassRef:
        return self._evaluator.world.builtin(dotted)

    def _made(self, node: ast.Call, place: Place, bases: tuple[ClassRef, ...]) -> Value:
        named = self._evaluator.expression(node.args[0], place) if node.args else None
        name = named.value if isinstance(named, ConstantValue) else None
        if not isinstance(name, str):
            return Unknown(f"`{_text(node)}` makes a class whose name is computed")
        module = place.space.tree.module(place.path)
        dotted = f"{module}.{name}" if module else name
        provenance, space = place.space.provenance, place.space
        line = node.lineno if place.line is None else place.line
        return ClassValue(
            ClassRef(dotted, provenance, space, place.path, name, line, made_from=bases)
        )

    # classes

    def _class(self, ref: ClassRef, node: ast.Call, place: Place) -> Value:
        classes = self._evaluator.classes
        if ref.dotted == "builtins.type" and len(node.args) == 1:
            return self.type_of(self._evaluator.expression(node.args[0], place))
        if ref.dotted == "builtins.tuple" and len(node.args) == 1:
            return self._evaluator.expression(node.args[0], place)
        if ref.dotted == "typing.NewType":
            return InstanceValue(ref)
        if classes.inherits(ref, "builtins.type"):
            made = self._with_bases(node, place)
            owner = classes.definer(ref, "__new__")
            if isinstance(made, ClassValue) and owner is not None:
                # `type.__new__` names the module of the code that calls it.
                module = owner.dotted.removesuffix(f".{owner.qualname or ref.qualname}")
                module = owner.dotted.rpartition(".")[0] if owner.number >= 0 else module
                return ClassValue(replace(made.ref, dotted=f"{module}.{made.ref.qualname}"))
            return made
        metaclass = classes.linear(ref).metaclass
        if metaclass is not None and classes.inherits(metaclass, "enum.EnumType"):
            return self._made(node, place, (ref,)) if len(node.args) > 1 else Unknown("a member")
        return InstanceValue(ref, node, place)

    def type_of(self, value: Value) -> Value:
        """What `type(…)` gives for a value."""
        match value:
            case InstanceValue(of=ref):
                if self._chooses(ref):
                    return Unknown(f"`{ref.dotted}(…)` may make an object of another class")
                return ClassValue(ref)
            case ConstantValue(constant):
                return ClassValue(self._builtin(f"builtins.{type(constant).__name__}"))
            case ClassValue(ref):
                metaclass = self._evaluator.classes.linear(ref).metaclass
                return ClassValue(metaclass) if metaclass else Unknown("an unknown metaclass")
            case AliasValue(kind="plain"):
                return ClassValue(self._builtin("types.GenericAlias"))
        return Unknown("`type(…)` of something that can't be read")

    def _chooses(self, ref: ClassRef) -> bool:
        """Whether calling a class may make an object of another one (`pathlib.Path()` does)."""
        classes = self._evaluator.classes
        metaclass = classes.linear(ref).metaclass
        if metaclass is None or classes.defines(metaclass, "__call__"):
            return True
        return classes.defines(ref, "__new__")

    def _with_bases(self, node: ast.Call, place: Place) -> Value:
        bases = self._evaluator.expression(node.args[1], place) if len(node.args) > 1 else None
        if bases is None or bases == ConstantValue(()):
            bases = SequenceValue(())
        if not isinstance(bases, SequenceValue):
            return Unknown(f"the bases of `{_text(node)}` are computed")
        refs = tuple(item.ref for item in bases.items if isinstance(item, ClassValue))
        if len(refs) < len(bases.items):
            return Unknown(f"the bases of `{_text(node)}` can't be read")
        return self._made(node, place, refs or (self._builtin("builtins.object"),))

    # functions

    def _function(self, function: FunctionValue, node: ast.Call, place: Place) -> Value:
        name = function.dotted
        if name in _MAKES_TUPLE:
            return self._made(node, place, (self._builtin("builtins.tuple"),))
        if name == "types.new_class":
            made = self._with_bases(node, place)
            if isinstance(made, ClassValue):  # its module is the one that calls the metaclass
                return ClassValue(replace(made.ref, dotted=f"types.{made.ref.qualname}"))
            return made
        if name.rpartition(".")[2] == "with_metaclass" and _from_six(name):
            values = [self._evaluator.expression(argument, place) for argument in node.args]
            return (
                WithMetaclass(values[0], tuple(values[1:])) if values else Unknown("no metaclass")
            )
        if name == "builtins.hasattr":
            return self._hasattr(node, place)
        if name == "builtins.getattr" and len(node.args) >= 2:
            return self._getattr(node, place)
        if name == "typing.cast" and len(node.args) == 2:
            return self._evaluator.expression(node.args[1], place)
        if name == "importlib.import_module" and len(node.args) == 1:
            return self._import_module(node, place)
        if name in ("platform.python_implementation", "platform.system"):
            return self._platform(name)
        if function.fact is None:
            return Unknown(f"`{name}(…)` is computed")
        return self._returned(function)

    def _hasattr(self, node: ast.Call, place: Place) -> Value:
        found = self._getattr(node, place) if len(node.args) == 2 else Unknown("")
        if isinstance(found, Unknown):
            return ConstantValue(False) if found.missing else found
        return ConstantValue(True)

    def _getattr(self, node: ast.Call, place: Place) -> Value:
        owner = self._evaluator.expression(node.args[0], place)
        name = self._evaluator.expression(node.args[1], place)
        if not (isinstance(name, ConstantValue) and isinstance(name.value, str)):
            return Unknown(f"`{_text(node)}` is computed")
        found = self._evaluator.attribute(owner, name.value)
        if isinstance(found, Unknown) and found.missing and len(node.args) == 3:
            return self._evaluator.expression(node.args[2], place)
        return found

    def _import_module(self, node: ast.Call, place: Place) -> Value:
        name = self._evaluator.expression(node.args[0], place)
        if isinstance(name, ConstantValue) and isinstance(name.value, str):
            return self._evaluator.world.module(name.value, place)
        return Unknown(f"`{_text(node)}` is computed")

    def _platform(self, name: str) -> Value:
        if name == "platform.python_implementation":
            return ConstantValue("CPython")
        systems = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
        return ConstantValue(systems.get(self._evaluator.world.target.platform, ""))

    def _returned(self, function: FunctionValue) -> Value:
        """What a function of the source returns, where that does not hang on its arguments."""
        node = self.definition(function)
        if node is None or function.fact is None or function.place is None:
            return Unknown(f"the source of `{function.dotted}` can't be read")
        if function.fact.decorators or function.fact.is_async or _yields(node):
            return Unknown(f"`{function.dotted}(…)` is computed")
        scope = f"{function.fact.qualname}.<locals>"
        values = [
            self._evaluator.expression(
                result.value,
                Place(function.place.space, function.place.path, scope, result.lineno),
            )
            for result in returns(node)
            if result.value is not None
        ]
        if not values or not all(isinstance(v, ClassValue | AliasValue) for v in values):
            return Unknown(f"`{function.dotted}(…)` is computed")
        return either(values, f"`{function.dotted}` returns different classes")

    def definition(self, function: FunctionValue) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The syntax of a function of the source."""
        if function.place is None or function.fact is None:
            return None
        key = (function.place.space, function.place.path, function.fact.line, function.fact.name)
        if key not in self._definitions:
            syntax = function.place.space.tree.syntax(function.place.path)
            nodes = ast.walk(syntax) if isinstance(syntax, ast.Module) else ()
            self._definitions[key] = next(
                (
                    node
                    for node in nodes
                    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                    and (node.lineno, node.name) == key[2:]
                ),
                None,
            )
        return self._definitions[key]

    # subscripts

    def subscripted(self, ref: ClassRef) -> Value:
        """`C[…]` for a class: an alias, unless the class makes something of its own."""
        for owner in self._evaluator.classes.linear(ref).order:
            if owner is None:
                why = f"{ref.dotted} has a base that is not known, so `[…]` may mean anything"
                return Either((AliasValue(ref, "generic"), Unknown(why)), why)
            if owner.dotted in ("typing.Generic", "typing.Protocol"):
                return AliasValue(ref, "generic")
            if owner.number >= 0:
                if (
                    "__class_getitem__"
                    in self._evaluator.world.standard.entry(owner.number).methods
                ):
                    return AliasValue(ref, "plain")
            elif own := self._own_getitem(ref, owner):
                return own
        return Unknown(f"{ref.dotted} can't be subscripted at run time")

    def _own_getitem(self, ref: ClassRef, owner: ClassRef) -> Value | None:
        if owner.space is None or owner.made_from is not None:
            return None
        bound = owner.space.resolver.bindings(owner.path, "__class_getitem__", owner.qualname)
        if not bound:
            return None
        last = bound[-1]
        if isinstance(last, BindingFact) and "GenericAlias" in last.value:
            return AliasValue(ref, "plain")
        if isinstance(last, FunctionFact):
            asked = self._asked_of(owner, last)
            if asked and all(text.startswith("super().__class_getitem__(") for text in asked):
                return None
            if set(asked) == {last.parameters[0].name if last.parameters else ""}:
                return ClassValue(ref)
        why = f"{owner.dotted} makes something of its own of `{ref.qualname}[…]`"
        return Either((ClassValue(ref), Unknown(why)), why)

    def _asked_of(self, owner: ClassRef, fact: FunctionFact) -> list[str]:
        """What a `__class_getitem__` returns, as written; nothing where it can't be read."""
        assert owner.space is not None
        place = Place(owner.space, owner.path, owner.qualname, fact.line)
        node = self.definition(FunctionValue("", place, fact))
        if node is None or not isinstance(node.body[-1], ast.Return):
            return []
        own = fact.parameters[0].name if fact.parameters else ""
        if any(
            isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id == own
            for part in ast.walk(node)
        ):
            return []
        return [ast.unparse(result.value) if result.value else "" for result in returns(node)]


def returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Return]:
    """The return statements of a function, without those of functions inside it."""
    found: list[ast.Return] = []
    pending: list[ast.AST] = list(node.body)
    while pending:
        part = pending.pop(0)
        if isinstance(part, ast.Return):
            found.append(part)
        elif not isinstance(
            part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        ):
            pending += ast.iter_child_nodes(part)
    return found


def _yields(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))


def _from_six(dotted: str) -> bool:
    parts = dotted.split(".")
    return len(parts) > 1 and parts[-2] in _SIX_MODULES


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."
