"""Dotted uses of moved names: `package.module.Name`, `module.Name`, in code and in annotations."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, replace

from codemods.edits import Edit
from codemods.lazy import fromlist, imported_module, is_loaded_already, module_literal
from codemods.moves import Landing
from codemods.scopes import Binding, ImportStatement
from codemods.sites import Site, member_name, member_owner, names_member, replaces_member
from codemods.statement import Replacement
from codemods.view import View


@dataclass(frozen=True, slots=True)
class _Hit:
    """A site whose first `depth + 1` names mean a moved thing."""

    site: Site
    depth: int
    landing: Landing

    @property
    def module(self) -> str:
        """The module that has to be imported to write the new name."""
        target = self.landing.target or ""
        if self.landing.is_module:
            return target
        return target.rpartition(".")[0]

    @property
    def kind(self) -> str:
        if self.site.annotates:
            return "annotation"
        return "patch" if self.site.replaced else "attribute"

    @property
    def name(self) -> str:
        target = self.landing.target or ""
        return "" if self.landing.is_module else target.rpartition(".")[2]


def move_dotted_uses(view: View) -> None:
    """Edits every dotted use, and decides what becomes of the imports that served them."""
    groups: list[_Group] = []
    for bindings, sites in view.reads:
        imports = [binding for binding in bindings if view.dotted(binding) is not None]
        if imports:
            groups.append(_Group(view, bindings, imports))
            groups[-1].add(sites)
    for group in groups:
        group.finish()
    if not view.is_complete:
        _report_hidden(view)
    for member in view.module.members:
        node = member.nodes[0]
        end, replaced = view.positions.span(node)[1], not isinstance(node.ctx, ast.Load)
        _move_member(view, member.root, node.attr, end, replaced=replaced)
    for call, _ in view.module.calls:
        owner = member_owner(call) if names_member(call) else None
        if owner is not None:
            named = member_name(view.text, view.positions, call)
            _move_member(view, owner, *named, replaced=replaces_member(call))


def _report_hidden(view: View) -> None:
    """Chains inside text that the tree only shows as a string: f-strings of a newer Python."""
    known = {site.start for site in view.sites if len(site.names) > 1}
    for name, bindings in view.module.scope.bindings.items():
        prefixes = {view.dotted(binding) for binding in bindings} - {None}
        for match in re.finditer(rf"(?<![\w.]){name}((?:\.\w+)+)", view.text):
            if match.start() in known:
                continue
            landings = [view.moves.looked_up(f"{prefix}{match.group(1)}") for prefix in prefixes]
            if any(landings):
                why = "is in an f-string or in a type's parameters that this Python can't parse"
                view.omit(match.start(), match.group(), "attribute", why, landings)


def _move_member(view: View, root: ast.expr, name: str, end: int, *, replaced: bool) -> None:
    """`import_module("a.b").Name`: the string and the attribute (which ends at `end`) change
    together."""
    module, literal = imported_module(root, view.package), module_literal(root)
    if module is None or literal is None or name == "__dict__":
        return
    view.settled.add(literal)
    landing = view.moves.looked_up(f"{module}.{name}", replaced=replaced)
    if landing.target is not None:
        head, _, last = landing.target.rpartition(".")
        view.edits.append(Edit(end - len(name), end, last, "attribute"))
        move_literal(view, literal, str(literal.value), head, "lazy-import")
        _move_fromlist(view, root, {name: last})
        if is_loaded_already(root) and not view.moves.imported(module, module):
            _import_beside(view, module, head)
    elif landing.doubt:
        kind = "patch" if replaced else "lazy-import"
        view.omit(literal, view.positions.of(literal), kind, landing.doubt)


def _import_beside(view: View, module: str, new: str) -> None:
    """`sys.modules["a.b"].Name` imports nothing: where the file imports `a.b` for it, it has to import
    the new module as well."""
    for statement in view.module.imports:
        if isinstance(statement, ast.Import) and any(a.name == module for a in statement.names):
            rewrite = view.rewrite(statement)
            every = [*rewrite.added, *(r for new in rewrite.replaced.values() for r in new)]
            if all(entry.module != new for entry in every):
                rewrite.added.append(Replacement(new, "", ""))
            return


def _move_fromlist(view: View, root: ast.expr | None, new: dict[str, str]) -> None:
    """`__import__("a.b", fromlist=["Name"])` asks for the name too."""
    for name in fromlist(root) if isinstance(root, ast.Call) else ():
        old = name.value if isinstance(name, ast.Constant) else None
        if isinstance(name, ast.Constant) and isinstance(old, str) and old in new:
            view.settled.add(name)
            if new[old] != old:
                move_literal(view, name, old, new[old], "")


def move_literal(view: View, literal: ast.Constant, old: str, new: str, kind: str) -> None:
    """Puts another value into a string literal, keeping its quotes and prefix where they allow it."""
    view.moved_literals.add(literal)
    start, end = view.positions.span(literal)
    source = view.text[start:end]
    if source.count(old) == 1:
        at = start + source.index(old)
        view.edits.append(Edit(at, at + len(old), new, kind))
    else:
        quote = '"' if source.endswith('"') else "'"
        view.edits.append(Edit(start, end, f"{quote}{new}{quote}", kind))


class _Group:
    """All uses of one set of bindings: one name in one scope."""

    def __init__(self, view: View, bindings: list[Binding], imports: list[Binding]) -> None:
        self._view = view
        self._imports = imports
        self._name = imports[0].name
        self._scope = imports[0].scope
        self._certain = all(b in imports or _is_none(b) or _is_deletion(b) for b in bindings)
        self._lazy = [b for b in imports if b.statement is None]
        self._sites: list[Site] = []
        self._hits: list[_Hit] = []

    def add(self, sites: list[Site]) -> None:
        self._sites += sites
        needles = self._view.moves.needles
        prefixes = ".".join(self._view.dotted(b) or "" for b in self._imports)
        is_sought = not needles.isdisjoint(prefixes.split("."))
        for site in sites:
            if is_sought or not needles.isdisjoint(site.names):
                self._look(site)

    def _look(self, site: Site) -> None:
        found = [self._hit(site, binding) for binding in self._imports]
        hits = [hit for hit in found if hit is not None]
        if not hits:
            return
        targets = {(hit.depth, hit.landing) for hit in hits}
        hit = hits[0]
        if hit.landing.target is None:
            self._omit(hit, hit.landing.doubt)
        elif len(targets) > 1 or (len(hits) < len(found) and not self._same_package()):
            self._omit(hit, f"{self._name!r} is imported from several places")
        elif not self._certain:
            self._omit(hit, f"{self._name!r} is bound again in the same scope")
        elif hit.module == self._module_before(hit):
            self._write(hit, self._view.text[slice(*site.spans[hit.depth - 1])])
        else:
            self._hits.append(hit)

    def _module_before(self, hit: _Hit) -> str:
        """The module that the chain names already, right before the name that moves."""
        prefix = self._view.dotted(self._imports[0]) or ""
        return ".".join((prefix, *hit.site.names[1 : hit.depth])) if hit.name else ""

    def _same_package(self) -> bool:
        """`import a.b` and `import a.c` bind the same `a`."""
        return len({self._view.dotted(binding) for binding in self._imports}) == 1

    def _hit(self, site: Site, binding: Binding) -> _Hit | None:
        prefix = self._view.dotted(binding)
        if prefix is None:
            return None
        owner = self._view.landing(binding)
        expected = owner.target
        hit: _Hit | None = None
        for depth in range(1, len(site.names)):
            dotted = ".".join((prefix, *site.names[1 : depth + 1]))
            replaced = site.replaced and depth == len(site.names) - 1
            landing = self._view.moves.looked_up(dotted, replaced=replaced)
            if _is_member(landing, owner):
                break
            owner = landing
            expected = expected and f"{expected}.{site.names[depth]}"
            is_module = self._names_module(dotted)
            if landing.doubt or landing.target not in (None, expected):
                expected = landing.target
                hit = _Hit(site, depth, replace(landing, is_module=landing.is_module or is_module))
            elif landing.target is None and expected is not None:
                hit = expected = None  # a new name already, below one that moves
            elif hit is not None and is_module and expected is not None:
                hit = _Hit(site, depth, Landing(expected, "", is_module=True))
        return hit

    def _names_module(self, dotted: str) -> bool:
        """Whether an `import a.b.c`, whichever of those that bind this `a`, proves a name to be a module."""
        return any(
            self._is_dotted_import(b) and b.alias and f"{b.alias.name}.".startswith(f"{dotted}.")
            for b in self._imports
        )

    def _omit(self, hit: _Hit, why: str) -> None:
        text = self._view.text[hit.site.start : hit.site.ends[hit.depth]]
        self._view.omit(hit.site.start, text, hit.kind, why, [hit.landing])

    # what becomes of the imports

    def finish(self) -> None:
        dotted = [b for b in self._imports if self._is_dotted_import(b)]
        if self._hits and not dotted and self._can_rebind():
            self._rebind()
        elif self._hits and self._lazy:
            for hit in self._hits:
                self._omit(
                    hit, f"{self._name!r} is imported by a string and read for other names too"
                )
        elif self._hits:
            self._add_imports(dotted or self._imports)
        if all(len(site.names) > 1 for site in self._sites):
            self._view.settled.update(filter(None, (module_literal(b.value) for b in self._lazy)))

    @staticmethod
    def _is_dotted_import(binding: Binding) -> bool:
        alias = binding.alias
        return isinstance(binding.statement, ast.Import) and alias is not None and not alias.asname

    def _can_rebind(self) -> bool:
        """Whether the local name can stand for the new module: nothing else is read from it."""
        modules = {hit.module for hit in self._hits}
        return (
            len(modules) == 1
            and "" not in modules
            and len(self._hits) == len(self._sites)
            and all(hit.depth == 1 and hit.name for hit in self._hits)
            and not self._view.is_public(self._name, self._scope)
            and not any(self._view.landing(binding) for binding in self._imports)
        )

    def _rebind(self) -> None:
        module = self._hits[0].module
        for binding in self._imports:
            literal = module_literal(binding.value)
            if literal is not None:
                move_literal(self._view, literal, str(literal.value), module, "lazy-import")
                names = {hit.site.names[1]: hit.name for hit in self._hits}
                _move_fromlist(self._view, binding.value, names)
                continue
            head, _, last = module.rpartition(".")
            is_from = isinstance(binding.statement, ast.ImportFrom) and head
            new = (
                Replacement(head, last, self._name)
                if is_from
                else Replacement(module, "", self._name)
            )
            self._replace(binding, [new])
        for hit in self._hits:
            end = hit.site.ends[1]
            old = hit.site.names[1]
            self._view.edits.append(Edit(end - len(old), end, hit.name, hit.kind))

    def _replace(self, binding: Binding, new: list[Replacement]) -> None:
        assert binding.statement is not None
        assert binding.alias is not None
        index = binding.statement.names.index(binding.alias)
        self._view.rewrite(binding.statement).replaced[index] = new

    def _add_imports(self, imports: list[Binding]) -> None:
        prefixes: dict[str, str] = {}
        added: dict[int, list[Replacement]] = defaultdict(list)
        going = [b for b in imports if not self._is_needed(b)]
        for hit in self._hits:
            if hit.module not in prefixes:
                if self._is_imported(hit.module, going):
                    prefixes[hit.module] = hit.module
                else:
                    new, prefixes[hit.module] = self._import_of(hit.module)
                    for binding in self._servers(imports, hit):
                        added[id(binding)].append(new)
            self._write(hit, prefixes[hit.module])
        for binding in imports:
            moved = self._moved_module(binding)
            new_imports = _without_prefixes([*moved, *added[id(binding)]])
            if moved:
                self._replace(binding, new_imports)
            elif self._is_needed(binding):
                assert binding.statement is not None
                rewrite = self._view.rewrite(binding.statement)
                before = [*self._added_before(binding.statement), *rewrite.added]
                rewrite.added += [new for new in new_imports if new not in before]
            elif new_imports or self._served(binding):
                self._replace(binding, new_imports)

    def _moved_module(self, binding: Binding) -> list[Replacement]:
        """What takes the place of `import a.b` where `a.b` moves as a whole, whoever needs it."""
        module = binding.alias.name if self._is_dotted_import(binding) and binding.alias else ""
        target = self._view.moves.imported(module, module).target if module else None
        if target is None:
            return []
        top = [top_package(self._view, self._name)] if self._is_needed(binding) else []
        return [Replacement(target, "", ""), *top]

    def _added_before(self, statement: ImportStatement) -> list[Replacement]:
        """What earlier statements at the top bring already."""
        above = (s for s in self._view.statements if s in self._view.tree.body)
        earlier = [s for s in above if s.lineno < statement.lineno]
        return [new for s in earlier for new in self._view.statements[s].added]

    def _write(self, hit: _Hit, prefix: str) -> None:
        spans, depth = hit.site.spans, hit.depth
        if hit.site.apart and depth == len(spans) - 1:
            self._write_apart(hit, prefix)
            return
        text = ".".join(part for part in (prefix, hit.name) if part)
        self._view.edits.append(Edit(*spans[depth], text, hit.kind))

    def _write_apart(self, hit: _Hit, prefix: str) -> None:
        """`getattr(old, "Name")`, and `getattr(package, "old")` where that moves as a module."""
        spans, old = hit.site.spans, hit.site.names[hit.depth]
        owner, name = (prefix, hit.name) if hit.name else prefix.rpartition(".")[::2]
        if not owner:
            self._omit(hit, f"the new module is imported as {prefix} here")
            return
        end = spans[hit.depth][1]
        self._view.edits.append(Edit(*spans[hit.depth - 1], owner, ""))
        self._view.edits.append(Edit(end - len(old), end, name, hit.kind))

    def _servers(self, imports: list[Binding], hit: _Hit) -> list[Binding]:
        """The import statements that made a chain work: the longest modules that begin it."""
        chain = ".".join(hit.site.names)
        lengths = {id(b): self._reach(b, chain) for b in imports}
        longest = max(lengths.values())
        return [b for b in imports if lengths[id(b)] == longest]

    @staticmethod
    def _reach(binding: Binding, chain: str) -> int:
        assert binding.alias is not None
        module = binding.alias.name
        return len(module) if f"{chain}.".startswith(f"{module}.") else 0

    def _served(self, binding: Binding) -> bool:
        return any(binding in self._servers([binding], hit) for hit in self._hits)

    def _is_needed(self, binding: Binding) -> bool:
        """Whether something that stays still needs this import."""
        moved = {id(hit.site) for hit in self._hits}
        left = [site for site in self._sites if id(site) not in moved]
        if self._view.is_public(self._name, self._scope):
            return True
        if not self._is_dotted_import(binding):
            return bool(left)
        assert binding.alias is not None
        module = binding.alias.name
        others = [b for b in self._imports if b is not binding]
        for site in left:
            chain = ".".join(site.names)
            if f"{chain}.".startswith(f"{module}.") or module.startswith(f"{chain}."):
                return True
            if not any(self._reach(other, chain) for other in others):
                return True
        return False

    def _is_imported(self, module: str, going: list[Binding]) -> bool:
        """Whether the file imports a module at its top already, under its full name, by an import that
        does not go."""
        head = module.partition(".")[0]
        bindings = self._view.module.bound_anywhere(head)
        return all(self._is_package(b, head) for b in bindings) and any(
            binding.statement in self._view.tree.body
            and binding.alias is not None
            and f"{binding.alias.name}.".startswith(f"{module}.")
            and not any(binding is b for b in going)
            for binding in bindings
        )

    def _import_of(self, module: str) -> tuple[Replacement, str]:
        """An import of a module and the text by which it can be named from then on."""
        head = module.partition(".")[0]
        same = [b for b in self._view.module.bound_anywhere(head) if self._is_package(b, head)]
        if head == self._name or self._view.is_free(head, same):
            return Replacement(module, "", ""), module
        local = module.rpartition(".")[2] + "_"
        while not self._view.is_free(local):
            local += "_"
        return Replacement(module, "", local), local

    def _is_package(self, binding: Binding, head: str) -> bool:
        return self._is_dotted_import(binding) and self._view.dotted(binding) == head


def top_package(view: View, name: str) -> Replacement:
    """What still binds the package that `import a.b` has bound as `a`; under this name if it moves."""
    target = view.moves.imported(name, name).target
    return Replacement(target or name, "", name if target else "")


def _without_prefixes(new: list[Replacement]) -> list[Replacement]:
    """`import a.b` makes `a` known, so that `import a` beside it says nothing."""
    return [
        one
        for one in new
        if one.local or not any(not o.local and o.module.startswith(f"{one.module}.") for o in new)
    ]


def _is_member(landing: Landing, owner: Landing) -> bool:
    """Whether a name behind a moved class is one that the plan renames: `adapt_calls` deals with those,
    knowing what is called on what."""
    head = (landing.target or "").rpartition(".")[0]
    return bool(head) and head == owner.target and not owner.is_module


def _is_none(binding: Binding) -> bool:
    return isinstance(binding.value, ast.Constant) and binding.value.value is None


def _is_deletion(binding: Binding) -> bool:
    return isinstance(binding.node, ast.Name) and isinstance(binding.node.ctx, ast.Del)
