"""What calls give whose callee is known by its name alone: builtins, typing, asyncio, mocks.

Such names are rarely taken for something else, and following the standard library's source instead
would say less: its functions carry no annotations.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from consolidator.analysis.flow.values import (
    NONE,
    NOTHING_KNOWN,
    Value,
    Values,
    contents,
    giving,
    holding,
    row,
)

if TYPE_CHECKING:
    from consolidator.analysis.flow.evaluate import Evaluator

EMPTY: Values = frozenset({Value("items")})
"""A container in which nothing was put yet."""


@dataclass(frozen=True)
class Call:
    """A call with what its parts are."""

    evaluator: Evaluator
    node: ast.Call
    arguments: list[Values]
    keywords: Mapping[str | None, Values]

    @property
    def is_plain(self) -> bool:
        """Whether the callee is a name alone, as a builtin's is."""
        return isinstance(self.node.func, ast.Name)

    def argument(self, index: int) -> Values:
        return self.arguments[index] if index < len(self.arguments) else NOTHING_KNOWN

    def items(self, index: int = 0) -> Values:
        return self.evaluator.iterated(self.argument(index))

    def literal(self, index: int) -> str:
        """The string that is written as an argument; empty for anything else."""
        node = self.node.args[index] if index < len(self.node.args) else None
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        return str(node.value) if isinstance(node, ast.Constant) and is_text else ""


def given_by(call: Call) -> Values | None:
    """What the call gives; None where its name says nothing."""
    function = call.node.func
    name = last_name(function)
    if isinstance(function, ast.Attribute) and name in _METHODS:
        given = _METHODS[name](call, call.evaluator.value(function.value))
        if given is not None:
            return given
    if name in _BUILTINS and call.is_plain and call.arguments:
        return _BUILTINS[name](call)
    handler = _FUNCTIONS.get(name)
    return handler(call) if handler else None


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`; empty where an expression has no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


# methods of containers and tasks


def _item(call: Call, owner: Values) -> Values | None:
    holders = frozenset(v for v in owner if v.kind == "items")
    if not holders:
        return None
    held = frozenset(v for holder in holders for v in holder.of)
    default = call.arguments[1] if len(call.arguments) > 1 else frozenset({NONE})
    is_empty = not held and default == {NONE}
    return NOTHING_KNOWN if is_empty else held | default


def _put_or_got(call: Call, owner: Values) -> Values | None:
    if isinstance(call.node.func, ast.Attribute) and len(call.arguments) > 1:
        call.evaluator.put(call.node.func.value, call.arguments[1])
    return _item(call, owner)


def _holders(_call: Call, owner: Values) -> Values | None:
    return frozenset(v for v in owner if v.kind == "items") or None


def _pairs(call: Call, owner: Values) -> Values | None:
    holders = _holders(call, owner)
    return holding("items", row(NOTHING_KNOWN, contents(holders, "items"))) if holders else None


def _outcome(_call: Call, owner: Values) -> Values | None:
    tasks = frozenset(v for v in owner if v.kind == "awaitable")
    return contents(tasks, "awaitable") if tasks else None


_METHODS: dict[str, Callable[[Call, Values], Values | None]] = {
    **dict.fromkeys(("get", "pop", "popleft", "popitem", "__getitem__"), _item),
    "setdefault": _put_or_got,
    **dict.fromkeys(("values", "copy"), _holders),
    "items": _pairs,
    "result": _outcome,
}


# builtins


def _named_attribute(call: Call) -> Values:
    if not (name := call.literal(1)):
        return NOTHING_KNOWN
    members = call.evaluator.answers.member
    found: Values = frozenset().union(*(members(v, name) for v in call.argument(0) - {NONE}))
    return found | (call.arguments[2] if len(call.arguments) > 2 else frozenset())


def _type(call: Call) -> Values | None:
    return class_of(call.argument(0)) if len(call.arguments) == 1 else None


def class_of(values: Values) -> Values:
    """What `type(x)` is."""
    known = frozenset(replace(v, kind="class") for v in values if v.kind == "instance")
    return known or NOTHING_KNOWN


def _parent(call: Call) -> Values:
    evaluator = call.evaluator
    here = evaluator.place.this
    return evaluator.answers.parent(here) if here else NOTHING_KNOWN


_BUILTINS: dict[str, Callable[[Call], Values | None]] = {
    "enumerate": lambda call: holding("items", row(NOTHING_KNOWN, call.items())),
    "zip": lambda call: holding("items", row(*(call.items(i) for i in range(len(call.arguments))))),
    "filter": lambda call: holding("items", call.items(1)),
    "map": lambda call: holding("items", call.evaluator.called(call.argument(0))),
    **dict.fromkeys(("next", "anext"), lambda call: call.items()),
    "getattr": _named_attribute,
    "type": _type,
    **dict.fromkeys(
        ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "aiter"),
        lambda call: holding("items", call.items()),
    ),
}


# functions of the standard library, under any qualification


def _made_empty(call: Call) -> Values | None:
    return EMPTY if not call.arguments and not call.keywords else None


def _mapping(call: Call) -> Values | None:
    given: Values = frozenset().union(*call.keywords.values())
    return holding("items", given) if given and not call.arguments else _made_empty(call)


def _from_keys(call: Call) -> Values:
    return holding("items", call.argument(1))


def _module(call: Call) -> Values | None:
    name = call.literal(0)
    return call.evaluator.answers.absolute(name) if name and not name.startswith(".") else None


def _defaultdict(call: Call) -> Values:
    return holding("items", call.evaluator.called(call.argument(0))) if call.arguments else EMPTY


def _super(call: Call) -> Values | None:
    return _parent(call) if call.is_plain else None


def _cast(call: Call) -> Values | None:
    return call.evaluator.annotation(call.node.args[0]) if len(call.node.args) == 2 else None


def _passed_on(call: Call) -> Values | None:
    return call.arguments[0] if call.arguments else None


def _copied(call: Call) -> Values | None:
    function = call.node.func
    owner = last_name(function.value) if isinstance(function, ast.Attribute) else ""
    return _passed_on(call) if call.is_plain or owner in ("copy", "dataclasses") else None


def _gathered(call: Call) -> Values | None:
    starred = [isinstance(node, ast.Starred) for node in call.node.args]
    given = [
        contents(call.evaluator.iterated(argument) if is_many else argument, "awaitable")
        for argument, is_many in zip(call.arguments, starred, strict=True)
    ]
    if any(starred):
        return holding("awaitable", holding("items", frozenset().union(*given)))
    return holding("awaitable", row(*given)) if given else None


def _entered(call: Call) -> Values | None:
    if not call.arguments:
        return None
    is_async = last_name(call.node.func) == "enter_async_context"
    given = call.evaluator.entered(call.arguments[0], is_async=is_async)
    return holding("awaitable", given) if is_async else given


def _partial(call: Call) -> Values | None:
    return giving(call.evaluator.called(call.argument(0))) if call.arguments else None


def _extreme(call: Call) -> Values | None:
    return call.items() if len(call.arguments) == 1 else None


def _type_variable(call: Call) -> Values:
    bounds = [keyword.value for keyword in call.node.keywords if keyword.arg == "bound"]
    return call.evaluator.alias(bounds or call.node.args[1:])


# test doubles


def _double(call: Call) -> Values:
    """`create_autospec(Class)` doubles the class itself unless `instance=True`."""
    node = call.node
    spec = call.keywords.get("spec") or call.keywords.get("spec_set") or call.argument(0)
    wants_instance = last_name(node.func) != "create_autospec" or any(
        keyword.arg == "instance" and getattr(keyword.value, "value", False) is True
        for keyword in node.keywords
    )
    found = set()
    for value in spec:
        if value.kind == "instance" or (value.kind == "class" and wants_instance):
            found.add(replace(value, kind="instance", mock=True))
        elif value.kind == "class":
            found.add(replace(value, mock=True))
    return frozenset(found) or NOTHING_KNOWN


def _patched_member(call: Call) -> Values | None:
    """`patch.object(owner, "method")`: entered, it gives the double of that method."""
    if not isinstance(call.node.func, ast.Attribute) or not call.literal(1):
        return None
    return _replaced(call.argument(0), call.literal(1), call, 2)


def _patched_name(call: Call) -> Values | None:
    """`patch("a.b.Class.method")`."""
    owner, _, member = call.literal(0).rpartition(".")
    found = call.evaluator.answers.absolute(owner) if owner else frozenset()
    return _replaced(found, member, call, 1)


def injected(evaluator: Evaluator, decorators: list[ast.expr]) -> list[Values]:
    """What `@patch(…)` decorators pass to the first parameters: the last one's double comes first."""
    return [
        contents(evaluator.value(decorator), "context")
        for decorator in reversed(decorators)
        if isinstance(decorator, ast.Call) and _passes_a_double(decorator)
    ]


def _passes_a_double(node: ast.Call) -> bool:
    names = ast.unparse(node.func).split(".")
    is_object = names[-2:] == ["patch", "object"]
    has_new = any(keyword.arg == "new" for keyword in node.keywords)
    return (is_object or names[-1] == "patch") and not (
        has_new or len(node.args) > (2 if is_object else 1)
    )


def _replaced(owners: Values, name: str, call: Call, places: int) -> Values | None:
    """The double that takes a method's place; nothing is known of one that the code brings along."""
    if len(call.arguments) > places or "new" in call.keywords:
        return None
    known = frozenset(
        Value("method", owner.name, owner.via, name, mock=True)
        for owner in owners
        if owner.kind in ("instance", "class")
    )
    return holding("context", known) if known else None


_FUNCTIONS: dict[str, Callable[[Call], Values | None]] = {
    **dict.fromkeys(("list", "set", "deque"), _made_empty),
    **dict.fromkeys(("dict", "OrderedDict"), _mapping),
    "fromkeys": _from_keys,
    "import_module": _module,
    **dict.fromkeys(("copy", "deepcopy", "replace"), _copied),
    "defaultdict": _defaultdict,
    "super": _super,
    "cast": _cast,
    **dict.fromkeys(("wait_for", "shield", "create_task", "ensure_future"), _passed_on),
    "gather": _gathered,
    **dict.fromkeys(("enter_context", "enter_async_context"), _entered),
    "partial": _partial,
    **dict.fromkeys(("max", "min", "choice"), _extreme),
    "TypeVar": _type_variable,
    **dict.fromkeys(
        (
            *("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock"),
            "create_autospec",
        ),
        _double,
    ),
    "object": _patched_member,
    "patch": _patched_name,
}
