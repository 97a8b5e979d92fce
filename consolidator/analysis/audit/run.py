"""An audit of a tree against a plan: one pass over the files that can matter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from consolidator.analysis.audit.code import CodeFile
from consolidator.analysis.audit.dangling import dangling_references
from consolidator.analysis.audit.exceptions import unraised_exceptions
from consolidator.analysis.audit.identifiers import mixed_identifiers
from consolidator.analysis.audit.members import missing_members, new_name, signature_conflicts
from consolidator.analysis.audit.modules import with_parts
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.points.connections import CONNECTIONS
from consolidator.analysis.audit.points.doubles import Lost, doubles, role_of
from consolidator.analysis.audit.points.endpoints import ENDPOINTS
from consolidator.analysis.audit.points.frontend import SUFFIXES, client_evidence, frontend
from consolidator.analysis.audit.points.handlers import HANDLERS, MIDDLEWARE
from consolidator.analysis.audit.points.own import own_point
from consolidator.analysis.audit.points.routing import routing
from consolidator.analysis.audit.points.tools import TOOLS
from consolidator.analysis.audit.points.wiring import ENGINE, REGISTRY
from consolidator.analysis.audit.report import AuditReport, Evidence, Point
from consolidator.analysis.audit.shrinking import shrunk_bodies
from consolidator.analysis.audit.uses import MemberUse, member_uses
from consolidator.analysis.calls.reach import Reach
from consolidator.analysis.calls.subjects import Subjects
from consolidator.analysis.flow.inference import Flow
from consolidator.analysis.flow.world import Class, Library, World, no_library
from consolidator.analysis.history.family import is_test
from consolidator.plan import Plan
from consolidator.tree.collector import without_collector
from consolidator.tree.index import Tree
from consolidator.tree.source import SourceText

SENT_FIELDS = {
    "agent_started": frozenset({"agent_name"}),
    "agent_thinking": frozenset({"agent_name", "reasoning", "step", "progress"}),
    "tool_executing": frozenset({"agent_name", "tool_name", "parameters", "call_id"}),
    "tool_completed": frozenset(
        {"agent_name", "tool_name", "call_id", "status", "results", "duration"}
    ),
    "agent_completed": frozenset({"agent_name", "status", "final_response", "duration"}),
}
"""The fields of `data` that `unified_runtime` sends."""


@without_collector()
def audit(tree: Tree, plan: Plan, library: Library = no_library) -> AuditReport:
    """What the plan would break. Without moves, the integration points alone."""
    plan = with_parts(plan, tree)
    world = World(tree, library)
    subjects = Subjects(world, plan)
    uses = _uses(world, subjects)
    missing = missing_members(uses)
    return AuditReport(
        tree.root,
        len(tree.paths),
        tuple(tree.skipped()),
        tuple(_points(tree, plan, subjects, uses)),
        tuple(m for m in missing if not m.already),
        tuple(signature_conflicts(uses)),
        shrunk=tuple(sorted(set(shrunk_bodies(subjects)))),
        mixed=tuple(sorted(set(mixed_identifiers(uses)))),
        unraised=tuple(unraised_exceptions(uses)),
        dangling=tuple(sorted(set(dangling_references(tree, subjects, plan.path)))),
        already_missing=tuple(m for m in missing if m.already),
        unread=tuple(_unread(subjects, tree)),
    )


def _uses(world: World, subjects: Subjects) -> list[MemberUse]:
    reach = Reach(subjects)
    flow = Flow(world, worth=reach.makes)
    found: list[MemberUse] = []
    for path in sorted(reach.files()):
        known = flow.file(path, reach.matters(path))
        if known is not None:
            found += member_uses(subjects, known)
    return found


def _unread(subjects: Subjects, tree: Tree) -> Iterator[str]:
    modules = tree.modules()
    for subject in subjects.all:
        if subject.move.source in modules and subject.move.target in modules:
            continue  # what they define is looked at piece by piece
        if subject.target is None:
            yield f"{subject.move.target}: found neither in ROOT nor as installed source"
        if subject.legacy is None and not subjects.is_alias(subject):
            yield f"{subject.move.source}: no class or function of ROOT that can be read"


# points


def _points(
    tree: Tree, plan: Plan, subjects: Subjects, uses: Sequence[MemberUse]
) -> Iterator[Point]:
    events = plan.guard.events
    targets_runtime = any(m.target.startswith("unified_runtime.") for m in plan.moves)
    fields = SENT_FIELDS if targets_runtime else {}
    client = frontend(events)
    checks = (
        REGISTRY,
        ENGINE,
        TOOLS,
        ENDPOINTS,
        client,
        HANDLERS,
        MIDDLEWARE,
        CONNECTIONS,
        routing(events),
        doubles(_lost(subjects), frozenset(s.legacy_name for s in subjects.all)),
        *(own_point(point) for point in plan.audit_points),
    )
    evidence: dict[str, list[Evidence]] = {check.id: [] for check in checks}
    for file, concerned in _files(tree, checks):
        for check in concerned:
            evidence[check.id] += check.read(file)
    evidence[client.id] += _clients(tree, events, fields)
    evidence["test-doubles"] += _broken_doubles(uses)
    for check in checks:
        yield check.point(evidence[check.id])


def _files(
    tree: Tree, checks: Sequence[IntegrationPoint]
) -> Iterator[tuple[CodeFile, list[IntegrationPoint]]]:
    concerned: dict[str, list[IntegrationPoint]] = {}
    tests = [path for path in tree.paths if is_test(path)]
    production = sorted(set(tree.paths) - set(tests))
    for check in checks:
        paths = tests if check.tests else production
        pattern = re.compile(check.only.encode())
        for path in tree.containing(*check.needles, paths=paths) if check.needles else ():
            if pattern.search(tree.read(path)):
                concerned.setdefault(path, []).append(check)
    for path in sorted(concerned):
        source, syntax = tree.source(path), tree.syntax(path)
        if isinstance(source, SourceText) and isinstance(syntax, ast.Module):
            file = CodeFile(path, tree.module(path), source.text, syntax, is_test(path))
            yield file, concerned[path]


def _clients(
    tree: Tree, events: Sequence[str], fields: dict[str, frozenset[str]]
) -> Iterator[Evidence]:
    paths = [
        path
        for path in tree.all_paths
        if path.endswith(SUFFIXES) and "node_modules/" not in path and not _is_client_test(path)
    ]
    for path in tree.containing("WebSocket", "io(", *events, paths=paths):
        text = tree.read(path).decode("utf-8", "replace")
        yield from client_evidence(path, text, events, fields)


def _is_client_test(path: str) -> bool:
    return bool(re.search(r"(^|/)(__tests__|tests?|e2e|cypress)/|\.(test|spec)\.[jt]sx?$", path))


def _lost(subjects: Subjects) -> dict[str, Lost]:
    """Members that a legacy class has and its replacement lacks or calls otherwise."""
    lost: dict[str, Lost] = {}
    for subject in subjects.all:
        if not isinstance(subject.legacy, Class) or not isinstance(subject.target, Class):
            continue
        role = role_of(subject.legacy_name)
        for name in subject.members.of(subject.legacy):
            renamed = new_name(subject, name)
            if name.startswith("_") or subject.target_member(name) is not None:
                continue
            known = subject.target_member(renamed) is not None
            said = f"is {renamed!r} on" if known else "is not a member of"
            before = lost.get(name, Lost(f"it {said} {subject.move.target}", frozenset()))
            lost[name] = Lost(before.said, before.roles | {role})
    return lost


def _broken_doubles(uses: Iterable[MemberUse]) -> Iterator[Evidence]:
    for use in uses:
        if use.double and use.subject.target_member(new_name(use.subject, use.member)) is None:
            why = f"{use.subject.move.target} has no {use.member!r}, so a double by spec refuses it"
            yield Evidence(use.path, use.line, use.member, "broken", why)
