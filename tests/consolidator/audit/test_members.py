"""Members that callers use, held against the replacement."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from trees import tree_of, write_tree

from consolidator.analysis.audit.report import AuditReport
from consolidator.analysis.audit.run import audit
from consolidator.plan import Move, Plan, parse_plan

OLD = """
    class Old:
        def __init__(self): self.active = {}
        async def send(self, user_id: str, text: str) -> bool: ...
        def drop_user(self, user_id): ...
        def stats(self): ...
        def never_used(self): ...
        @property
        def size(self): ...
        async def __aenter__(self): return self
"""
NEW = """
    class New:
        async def send(self, text: str, user_id: str) -> None: ...
        def remove_user(self, user_id): ...
        def size(self): ...
"""
PLAN = '[[move]]\nfrom = "app.old.Old"\nto = "app.new.New"\n'


def audited(tmp_path: Path, body: str, plan: str = PLAN) -> AuditReport:
    files = {"app/__init__.py": "", "app/old.py": OLD, "app/new.py": NEW, "app/use.py": body}
    return audit(tree_of(write_tree(tmp_path, files)), parse_plan(dedent(plan), "plan.toml"))


HEAD = "from app.old import Old\n"


def test_nothing_is_missing_where_nothing_is_used(tmp_path: Path) -> None:
    report = audited(tmp_path, "def f(x): x.drop_user(1)\n")
    assert report.missing == ()
    assert report.conflicts == ()


def test_what_an_heir_has_from_elsewhere_is_no_member_of_the_legacy_class(tmp_path: Path) -> None:
    body = HEAD + (
        "class Store:\n    def load(self): ...\n"
        "class Heir(Old, Store):\n"
        "    def __init__(self): self.token = None\n"
        "    def work(self): return self.token, self.load(), self.stats()\n"
    )
    report = audited(tmp_path, body)
    assert report.already_missing == ()
    assert [missing.member for missing in report.missing] == ["stats"]


def test_a_move_of_another_name_of_the_target_has_nothing_to_examine(tmp_path: Path) -> None:
    body = "from app.new import New as Renewed\n"
    report = audited(tmp_path, body, '[[move]]\nfrom = "app.use.Renewed"\nto = "app.new.New"\n')
    assert report.unread == ()


def test_a_missing_member_is_named_with_every_caller_and_a_suggestion(tmp_path: Path) -> None:
    report = audited(tmp_path, HEAD + "def f(o: Old):\n    o.drop_user(1)\n    o.drop_user(2)\n")
    (missing,) = report.missing
    assert (missing.legacy, missing.canonical) == ("app.old.Old", "app.new.New")
    assert missing.member == "drop_user"
    assert [use.line for use in missing.used_by] == [3, 4]
    assert "'remove_user'" in missing.suggestion
    assert "user_id" in missing.suggestion


def test_a_member_that_the_plan_renames_is_not_missing(tmp_path: Path) -> None:
    plan = PLAN + 'methods = { drop_user = "remove_user" }\n'
    assert audited(tmp_path, HEAD + "def f(o: Old): o.drop_user(1)\n", plan).missing == ()


def test_a_renaming_to_nothing_is_missing(tmp_path: Path) -> None:
    plan = PLAN + 'methods = { drop_user = "forget" }\n'
    (missing,) = audited(tmp_path, HEAD + "def f(o: Old): o.drop_user(1)\n", plan).missing
    assert "'forget'" in missing.why


def test_attributes_and_context_managers_count(tmp_path: Path) -> None:
    body = HEAD + "async def f(o: Old):\n    o.active.clear()\n    async with o: ...\n"
    names = [missing.member for missing in audited(tmp_path, body).missing]
    assert names == ["__aenter__", "active"]


def test_what_is_only_asked_for_by_name_is_listed_apart(tmp_path: Path) -> None:
    body = HEAD + "def f(o: Old):\n    if hasattr(o, 'stats'): ...\n"
    (missing,) = audited(tmp_path, body).missing
    assert missing.used_by == ()
    assert [use.line for use in missing.asked_by] == [3]


def test_what_the_legacy_class_lacks_too_is_not_the_plans_fault(tmp_path: Path) -> None:
    report = audited(tmp_path, HEAD + "def f(o: Old): o.ghost()\n")
    assert report.missing == ()
    assert [missing.member for missing in report.already_missing] == ["ghost"]


def test_two_strings_in_another_order_are_a_conflict_that_calls_can_adapt(tmp_path: Path) -> None:
    (conflict,) = audited(tmp_path, HEAD + "async def f(o: Old): await o.send(a, b)\n").conflicts
    assert conflict.member == "send"
    assert conflict.adapted
    assert "send(user_id, text)" in conflict.why
    assert "send(text, user_id)" in conflict.why


def test_a_result_that_no_longer_comes_is_a_conflict(tmp_path: Path) -> None:
    body = HEAD + "async def f(o: Old):\n    return await o.send(user_id=a, text=b)\n"
    (conflict,) = audited(tmp_path, body).conflicts
    assert not conflict.adapted
    assert "result is used" in conflict.why


def test_a_property_that_becomes_a_method_is_a_conflict(tmp_path: Path) -> None:
    (conflict,) = audited(tmp_path, HEAD + "def f(o: Old): return o.size + 1\n").conflicts
    assert conflict.why == "was a property, is a method"


def test_a_target_that_cannot_be_found_is_said_and_nothing_is_claimed(tmp_path: Path) -> None:
    plan = '[[move]]\nfrom = "app.old.Old"\nto = "elsewhere.New"\n'
    report = audited(tmp_path, HEAD + "def f(o: Old): o.drop_user(1)\n", plan)
    assert report.missing == ()
    assert report.unread == ("elsewhere.New: found neither in ROOT nor as installed source",)


def test_a_replacement_that_keeps_the_name_and_empties_it_is_named(tmp_path: Path) -> None:
    files = {
        "app/old.py": "class Old:\n    def send(self):\n        self.socket.write(1)\n    def idle(self): pass\n",
        "app/new.py": "class New:\n    def send(self):\n        '''Sent elsewhere.'''\n        return True\n"
        "    def idle(self): pass\n",
    }
    tree = tree_of(write_tree(tmp_path, {"app/__init__.py": "", **files}))
    (shrunk,) = audit(tree, parse_plan(PLAN, "plan.toml")).shrunk
    assert shrunk.canonical == "app.new.New.send"


def test_a_run_passed_where_a_user_is_expected_is_named(tmp_path: Path) -> None:
    body = HEAD + "def f(o: Old, c):\n    o.drop_user(c.user_id)\n    o.drop_user(c.run_id)\n"
    (mixed,) = audited(tmp_path, body).mixed
    assert (mixed.line, mixed.text) == (4, "run_id")


def test_the_classes_of_a_package_that_moves_are_looked_at(tmp_path: Path) -> None:
    files = {
        "app/old/hub.py": "class Hub:\n    def drop(self): ...\ndef _help(): ...\n",
        "app/new/hub.py": "class Hub: ...\n",
        "use.py": "from app.old.hub import Hub\ndef f(h: Hub):\n    h.drop()\n",
    }
    packages = {"app/__init__.py": "", "app/old/__init__.py": "", "app/new/__init__.py": ""}
    tree = tree_of(write_tree(tmp_path, {**packages, **files}))
    report = audit(tree, Plan(moves=(Move("app.old", "app.new"),)))
    assert [(m.legacy, m.member) for m in report.missing] == [("app.old.hub.Hub", "drop")]
    assert report.unread == ()


PROTOCOLS = {
    "old.py": """
        class HubError(Exception): ...
        class Old:
            def __iter__(self): return iter(())
            def __len__(self): return 0
            def __contains__(self, user): return False
            def __getitem__(self, user): return None
            def send(self, text): self._check(text)
            def drop(self, text): ...
            def _check(self, text):
                if not text: raise HubError("empty")
        class New:
            def send(self, text): ...
            def drop(self, text): ...
        """,
    "use.py": """
        from old import HubError, Old
        def work(hub: Old, user):
            for peer in hub: print(peer)
            print(len(hub), user in hub, hub[user])
            try:
                hub.send("x")
                hub.drop("x")
            except (HubError, ValueError):
                pass
        """,
}


def test_protocols_and_exceptions_that_callers_rely_on_are_held_against_the_replacement(
    tmp_path: Path,
) -> None:
    plan = Plan(moves=(Move(source="old.Old", target="old.New"),))
    report = audit(tree_of(write_tree(tmp_path, PROTOCOLS)), plan)
    assert {missing.member for missing in report.missing} == {
        *("__iter__", "__len__", "__contains__", "__getitem__")
    }
    (never,) = report.unraised  # `drop` never raised it, and nothing raises ValueError
    assert (never.path, never.member, never.exception) == ("use.py", "send", "HubError")
