"""Which binding of a name is in force at a line, followed through branches as they would run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consolidator.tree.literals import swallows_errors, walrus


@dataclass(frozen=True, slots=True)
class Bind:
    """One way a name is bound: the statement, and the alias or value expression in it."""

    node: ast.stmt | ast.ExceptHandler | ast.arg
    alias: ast.alias | None = None
    value: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class Reaching:
    """The bindings that can be in force, likeliest first; None stands for `not bound here`."""

    binds: tuple[Bind | None, ...]
    why: str = ""
    """Why there are several."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether imports succeed here (None: can't be told), and why that may differ elsewhere."""

    works: bool | None
    elsewhere: str = ""


class Judge:
    """What a walk must ask: which way a condition goes, whether a `try` body's imports succeed."""

    def __init__(
        self,
        test: Callable[[ast.expr], bool | None],
        imports: Callable[[ast.Import | ast.ImportFrom], Outcome],
        star: Callable[[ast.ImportFrom, str], bool | None],
        *,
        walrus: bool = False,
    ) -> None:
        self.test = test
        self.imports = imports
        self.star = star
        self.walrus = walrus
        """Whether the source has a `:=` at all."""


_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_UNBOUND = Reaching((None,))


class _StoppedError(Exception):
    """The walk has come to the line that it was asked about."""

    def __init__(self, state: Reaching) -> None:
        super().__init__()
        self.state = state


def reaching(
    body: Sequence[ast.stmt], name: str, line: int | None, judge: Judge, start: Reaching = _UNBOUND
) -> Reaching:
    """The bindings of `name` in force when the statement at `line` runs (None: at the end)."""
    try:
        return _Walk(name, line, judge).run(body, start)
    except _StoppedError as stopped:
        return stopped.state


class _Walk:
    def __init__(self, name: str, line: int | None, judge: Judge) -> None:
        self._name = name
        self._line = line
        self._judge = judge

    def run(self, body: Sequence[ast.stmt], state: Reaching) -> Reaching:
        for statement in body:
            state = self._statement(statement, state)
        return state

    def _holds(self, body: Sequence[ast.AST]) -> bool:
        if self._line is None or not body:
            return False
        first, last = body[0], body[-1]
        return _first_line(first) <= self._line <= (getattr(last, "end_lineno", None) or 0)

    def _statement(self, node: ast.stmt, state: Reaching) -> Reaching:
        inside = self._holds([node])
        if self._judge.walrus and not inside:
            state = self._named(node, state)
        match node:
            case ast.If():
                return self._if(node, state)
            case ast.Try() | ast.TryStar():
                return self._try(node, state)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        state = self._target(node, item.optional_vars, None, state)
                if not inside and any(swallows_errors(i.context_expr) for i in node.items):
                    ways = [self.run(node.body, state), self._midway(node.body, state)]
                    return _merge(ways, "it is bound in a `with` that swallows errors")
                return self.run(node.body, state)
            case ast.For() | ast.AsyncFor():
                return self._loop(node, state, self._target(node, node.target, None, state))
            case ast.While():
                return self._loop(node, state, state)
            case ast.Match():
                return self._match(node, state)
        if inside:
            raise _StoppedError(state)
        return self._simple(node, state)

    def _loop(
        self, node: ast.For | ast.AsyncFor | ast.While, before: Reaching, first: Reaching
    ) -> Reaching:
        why = "it is bound in a loop"
        once = _Walk(self._name, None, self._judge).run(node.body, first)
        if self._holds(node.body):
            return self.run(node.body, _merge([first, once], why))
        after = _merge([before, once], why)
        if not node.orelse:
            return after
        other = self.run(node.orelse, after)
        broken = any(isinstance(part, ast.Break) for part in ast.walk(node))
        return _merge([after, other], why) if broken else other

    def _named(self, node: ast.stmt, state: Reaching) -> Reaching:
        """What `:=` in the statement's own expressions binds."""
        for named in walrus(node):
            if named.target.id == self._name:
                bound = Reaching((Bind(node, value=named.value),))
                sure = named is getattr(node, "value", getattr(node, "test", None))
                state = (
                    bound if sure else _merge([bound, state], "it is bound inside an expression")
                )
        return state

    def _simple(self, node: ast.stmt, state: Reaching) -> Reaching:
        match node:
            case ast.Import() | ast.ImportFrom():
                return self._import(node, state)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                return Reaching((Bind(node),)) if node.name == self._name else state
            case ast.Assign():
                for target in node.targets:
                    state = self._target(node, target, node.value, state)
            case ast.AnnAssign() if node.value is not None:
                return self._target(node, node.target, node.value, state)
            case ast.AugAssign():
                return self._target(node, node.target, None, state)
            case ast.Delete():
                if any(isinstance(t, ast.Name) and t.id == self._name for t in node.targets):
                    return _UNBOUND
        return state

    def _import(self, node: ast.Import | ast.ImportFrom, state: Reaching) -> Reaching:
        for alias in node.names:
            if alias.name == "*" and isinstance(node, ast.ImportFrom):
                brings = self._judge.star(node, self._name)
                if brings is not False:
                    bound = Reaching((Bind(node, alias),))
                    why = f"it may come from `from {node.module} import *`"
                    state = bound if brings else _merge([bound, state], why)
            elif (alias.asname or _bound_name(node, alias)) == self._name:
                state = Reaching((Bind(node, alias),))
        return state

    def _target(
        self, node: ast.stmt, target: ast.expr, value: ast.expr | None, state: Reaching
    ) -> Reaching:
        if isinstance(target, ast.Name):
            return Reaching((Bind(node, value=value),)) if target.id == self._name else state
        if isinstance(target, ast.Starred):
            return self._target(node, target.value, None, state)
        if isinstance(target, ast.Tuple | ast.List):
            parts: Sequence[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                parts = value.elts
            for element, part in zip(target.elts, parts, strict=True):
                state = self._target(node, element, part, state)
        return state

    def _if(self, node: ast.If, state: Reaching) -> Reaching:
        if self._holds(node.body):
            return self.run(node.body, state)
        if self._holds(node.orelse):
            return self.run(node.orelse, state)
        decided = self._judge.test(node.test)
        if decided is not None:
            return self.run(node.body if decided else node.orelse, state)
        then, other = self.run(node.body, state), self.run(node.orelse, state)
        return _merge([then, other], f"`if {ast.unparse(node.test)}` can't be decided here")

    def _try(self, node: ast.Try | ast.TryStar, state: Reaching) -> Reaching:
        for handler in node.handlers:
            if self._holds(handler.body):
                return self.run(node.finalbody, self.run(handler.body, state))
        if self._holds(node.body):
            return self.run(node.body, state)
        succeeded = self.run(node.orelse, self.run(node.body, state))
        caught = [h for h in node.handlers if catches_imports(h)]
        outcome = self._outcome(node.body) if caught else Outcome(None)
        if outcome.works is None:
            ways = [succeeded]
            midway = self._midway(node.body, state)
            ways += [self.run(h.body, midway) for h in node.handlers if not _leaves(h.body)]
            return self.run(node.finalbody, _merge(ways, "it is bound in a `try` that may fail"))
        if _leaves(caught[0].body):  # code after the `try` has seen the imports succeed
            return self.run(node.finalbody, succeeded)
        ways = [succeeded, self.run(caught[0].body, state)]
        if not outcome.works:
            ways.reverse()
        if not outcome.elsewhere:
            return self.run(node.finalbody, ways[0])
        return self.run(node.finalbody, _merge(ways, outcome.elsewhere))

    def _midway(self, body: Sequence[ast.stmt], state: Reaching) -> Reaching:
        """What can be bound when some statement of a body fails."""
        states = [state]
        for statement in body[:-1]:
            states.append(self._statement(statement, states[-1]))
        return _merge(states, "it is bound in a `try` that may fail")

    def _outcome(self, body: Sequence[ast.stmt]) -> Outcome:
        """Whether the body fails because an import in it does."""
        outcomes = [
            self._judge.imports(statement)
            for statement in body
            if isinstance(statement, ast.Import | ast.ImportFrom)
        ]
        elsewhere = next((o.elsewhere for o in outcomes if o.elsewhere), "")
        failed = [o for o in outcomes if o.works is False]
        if failed:
            certain = any(not outcome.elsewhere for outcome in failed)
            return Outcome(False, "" if certain else failed[0].elsewhere)
        return Outcome(None if any(o.works is None for o in outcomes) else True, elsewhere)

    def _match(self, node: ast.Match, state: Reaching) -> Reaching:
        for case in node.cases:
            if self._holds(case.body):
                return self.run(case.body, state)
        ways = [self.run(case.body, state) for case in node.cases]
        return _merge([*ways, state], "it is bound in a `match`")


def _merge(ways: Sequence[Reaching], why: str) -> Reaching:
    binds = tuple(dict.fromkeys(bind for way in ways for bind in way.binds))
    if len(binds) == 1:
        return Reaching(binds)
    return Reaching(binds, next((way.why for way in ways if way.why), why))


def _bound_name(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    return alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name


def _first_line(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", ())
    first: int = getattr(node, "lineno", 0)
    lines: list[int] = [decorator.lineno for decorator in decorators]
    return min([first, *lines])


def catches_imports(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is reached when an import before it fails."""
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in _IMPORT_ERRORS for name in caught)


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a handler ends in `raise` or `return`, so that nothing after the `try` sees it."""
    return isinstance(body[-1], ast.Raise | ast.Return)
