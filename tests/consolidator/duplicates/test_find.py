"""Families in small trees: first what is no family, then what is one."""

from __future__ import annotations

from pathlib import Path

from trees import tree_of, write_tree

from consolidator.analysis.duplicates import Family, Report, find_duplicates

MANAGER = """
    class WebSocketManager:
        def __init__(self):
            self._sockets = {}

        async def connect_user(self, user_id, socket):
            await socket.accept()
            self._sockets.setdefault(user_id, []).append(socket)

        async def send_to_user(self, user_id, message):
            for socket in list(self._sockets.get(user_id, ())):
                try:
                    await socket.send_json(message)
                except ConnectionError:
                    self._sockets[user_id].remove(socket)

        async def broadcast_to_all(self, message):
            for user_id in list(self._sockets):
                await self.send_to_user(user_id, message)
"""


def report_of(root: Path, files: dict[str, str | bytes]) -> Report:
    return find_duplicates(tree_of(write_tree(root, files)))


def only_family(root: Path, files: dict[str, str | bytes]) -> Family:
    report = report_of(root, files)
    assert [family.name for family in report.families][1:] == []
    return report.families[0]


def test_unrelated_classes_of_one_name_are_no_family(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        {
            "app/billing.py": """
                class Session:
                    def charge_card(self, card, amount):
                        receipt = card.authorise(amount)
                        return receipt.number
                    def refund_charge(self, receipt):
                        return self.ledger.reverse(receipt)
            """,
            "app/chat.py": """
                class Session:
                    def append_message(self, text):
                        self.messages.append(text.strip())
                    def last_speaker(self):
                        return self.messages[-1].speaker
            """,
        },
    )
    assert report.families == ()


def test_an_unrelated_class_of_their_name_does_not_join_copies(tmp_path: Path) -> None:
    lock = """
        class DistributedLock:
            def __init__(self, store, name, seconds):
                self.store, self.name, self.seconds = store, name, seconds
                self.token = None

            async def acquire(self):
                self.token = self.store.fresh_token()
                while not await self.store.put_if_absent(self.name, self.token, self.seconds):
                    await self.store.wait_for(self.name)

            async def release(self):
                if await self.store.get(self.name) == self.token:
                    await self.store.delete(self.name)
                self.token = None
    """
    doors = """
        class DistributedLock:
            def __init__(self, bus, doors):
                self.bus, self.doors = bus, doors

            def acquire(self, badge):
                return all(self.bus.command(door, "open", badge) for door in self.doors)

            def release(self):
                for door in self.doors:
                    self.bus.command(door, "close", None)
    """
    family = only_family(
        tmp_path, {"app/cron.py": lock, "app/billing.py": lock, "app/doors.py": doors}
    )
    assert family.kind == "clone"
    assert {member.path for member in family.members} == {"app/cron.py", "app/billing.py"}


def test_what_siblings_inherit_from_one_base_is_told_apart_from_what_they_write(
    tmp_path: Path,
) -> None:
    base = """
        class Channel:
            def open_line(self): return self.line.open()
            def close_line(self): return self.line.close()
    """
    family = only_family(
        tmp_path,
        {
            "app/base.py": base,
            "app/a.py": "    from app.base import Channel\n"
            + MANAGER.replace("Manager:", "Manager(Channel):"),
            "app/b.py": "    from app.base import Channel\n"
            + MANAGER.replace("Manager:", "Manager(Channel):"),
        },
    )
    assert family.inherited == ("close_line", "open_line")
    assert set(family.methods) > set(family.inherited)


def test_identical_copies_are_one_clone_family(tmp_path: Path) -> None:
    family = only_family(tmp_path, {"app/a.py": MANAGER, "app/b.py": MANAGER})
    assert family.kind == "clone"
    assert [(copy.relation, copy.similarity) for copy in family.copies] == [("identical", 1.0)]
    assert {verdict for row in family.methods.values() for verdict in row.values()} == {"same"}


def test_a_test_double_is_shown_as_a_double_and_makes_no_family_alone(tmp_path: Path) -> None:
    double = "class MockWebSocketManager:\n    async def send_to_user(self, user_id, message):\n        pass\n"
    assert (
        report_of(tmp_path / "one", {"app/a.py": MANAGER, "tests/fakes.py": double}).families == ()
    )
    family = only_family(
        tmp_path / "two", {"app/a.py": MANAGER, "app/b.py": MANAGER, "tests/fakes.py": double}
    )
    roles = {member.qualname: member.role for member in family.members}
    assert roles["tests.fakes.MockWebSocketManager"] == "test-double"


def test_other_names_of_a_class_are_re_exports_with_their_importers(tmp_path: Path) -> None:
    family = only_family(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/a.py": MANAGER,
            "app/b.py": MANAGER,
            "app/alias.py": "from app.a import WebSocketManager\nSocketHub = WebSocketManager\n",
            "app/star.py": "from app.alias import *\n",
            "app/user.py": "from app.star import SocketHub\nfrom app.a import WebSocketManager\n",
            "tests/test_user.py": "from app.alias import SocketHub as Hub\n",
        },
    )
    members = {member.qualname: member for member in family.members}
    assert members["app.alias.SocketHub"].role == "re-export"
    assert members["app.star.SocketHub"].importers == 1
    assert members["app.alias.SocketHub"].test_importers == 1
    assert family.suggested_canonical == "app.a.WebSocketManager"
    assert members["app.a.WebSocketManager"].test_importers == 1


def test_the_matrix_tells_same_from_differing_and_missing(tmp_path: Path) -> None:
    other = MANAGER.replace("socket.send_json(message)", "socket.send_text(str(message))").replace(
        "broadcast_to_all", "broadcast_to_everyone"
    )
    family = only_family(
        tmp_path,
        {
            "app/a.py": MANAGER,
            "app/b.py": other,
            "app/c.py": "from app.a import WebSocketManager\n",
        },
    )
    b = {name: row["app.b.WebSocketManager"] for name, row in family.methods.items()}
    assert b["connect_user"] == "same"
    assert b["send_to_user"] == "differs"
    assert b["broadcast_to_all"] == "missing"
    assert family.canonical_lacks == ("broadcast_to_everyone",)
    assert [copy.relation for copy in family.copies] == ["diverged"]


def test_renamed_locals_and_reordered_methods_do_not_hide_a_copy(tmp_path: Path) -> None:
    renamed = """
        class SocketRegistry:
            async def broadcast_to_all(self, payload):
                for uid in list(self._open):
                    await self.send_to_user(uid, payload)

            async def send_to_user(self, uid, payload):
                for conn in list(self._open.get(uid, ())):
                    try:
                        await conn.send_json(payload)
                    except ConnectionError:
                        self._open[uid].remove(conn)

            async def connect_user(self, uid, conn):
                await conn.accept()
                self._open.setdefault(uid, []).append(conn)

            def __init__(self):
                self._open = {}
    """
    family = only_family(tmp_path, {"app/a.py": MANAGER, "app/b.py": renamed})
    assert family.kind == "clone"
    assert family.copies[0].similarity == 1.0


def test_a_class_its_protocol_and_its_wrapper_are_no_family(tmp_path: Path) -> None:
    others = """
        from typing import Protocol

        class WebSocketManagerProtocol(Protocol):
            async def connect_user(self, user_id, socket): ...
            async def send_to_user(self, user_id, message): ...

        class LoggedWebSocketManager:
            def __init__(self, manager):
                self._manager = manager
            async def connect_user(self, user_id, socket):
                await self._manager.connect_user(user_id, socket)
            async def send_to_user(self, user_id, message):
                print(message)
                await self._manager.send_to_user(user_id, message)
    """
    assert report_of(tmp_path / "one", {"app/a.py": MANAGER, "app/b.py": others}).families == ()
    family = only_family(
        tmp_path / "two", {"app/a.py": MANAGER, "app/b.py": others, "app/c.py": MANAGER}
    )
    assert sorted(member.role for member in family.members) == [
        "implementation",
        "implementation",
        "protocol",
        "wrapper",
    ]


def test_a_twin_in_an_asyncio_folder_is_no_copy(tmp_path: Path) -> None:
    plain = MANAGER.replace("async ", "").replace("await ", "")
    files: dict[str, str | bytes] = {"app/asyncio/hub.py": MANAGER, "app/hub.py": plain}
    assert report_of(tmp_path, files).families == ()


def test_small_classes_of_one_name_are_a_copy_only_where_they_are_equal(tmp_path: Path) -> None:
    small = """
        class HandlerTable:
            def __init__(self):
                self._rows = []
            def register(self, row):
                self._rows.append(row)
            def pick(self, kind):
                return next((r for r in self._rows if r.takes(kind)), None)
    """
    other = small.replace("append(row)", "insert(0, row)")
    family = only_family(tmp_path / "one", {"a.py": small, "b.py": small})
    assert [copy.relation for copy in family.copies] == ["identical"]
    changed = report_of(tmp_path / "two", {"a.py": small, "b.py": other})
    assert not any(copy.relation == "identical" for f in changed.families for copy in f.copies)


def test_generated_code_is_no_copy(tmp_path: Path) -> None:
    generated = b"# Generated by the protocol compiler. DO NOT EDIT!\n" + MANAGER.encode().replace(
        b"\n    ", b"\n"
    )
    files = {"app/a.py": MANAGER, "app/b.py": generated}
    assert report_of(tmp_path, files).families == ()


def test_services_that_share_nothing_are_suspected_only_below_the_default(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "auth/Dockerfile": "FROM python\n",
            "auth/manager.py": MANAGER,
            "chat/Dockerfile": "FROM python\n",
            "chat/manager.py": MANAGER,
        },
    )
    report = find_duplicates(tree_of(root))
    assert (report.families, report.weaker) == ((), 1)
    weak = find_duplicates(tree_of(root), min_score=0.0).families[0]
    assert any("auth/ and chat/ are built apart" in reason for reason in weak.why)
    (root / "chat/use.py").write_text("from auth.manager import WebSocketManager\n")
    assert len(find_duplicates(tree_of(root)).families) == 1


def test_enums_count_only_with_one_telling_name_and_equal_members(tmp_path: Path) -> None:
    enum = "from enum import Enum\nclass {}(Enum):\n    OPEN = 'open'\n    HALF = 'half'\n    SHUT = '{}'\n"
    files: dict[str, str | bytes] = {
        "a.py": enum.format("CircuitState", "shut"),
        "b.py": enum.format("CircuitState", "shut"),
        "c.py": enum.format("CircuitState", "closed"),
        "d.py": enum.format("GateState", "shut"),
        "e.py": enum.format("State", "shut"),
        "f.py": enum.format("State", "shut"),
    }
    family = only_family(tmp_path, files)
    assert [member.qualname for member in family.members] == ["a.CircuitState", "b.CircuitState"]


def test_a_family_is_shown_whole_when_one_member_matches(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"app/a.py": MANAGER, "other/b.py": MANAGER})
    assert len(find_duplicates(tree_of(root), match=["other.*"]).families[0].members) == 2
    assert find_duplicates(tree_of(root), match=["*Emitter"]).families == ()


def test_importing_the_module_counts_where_the_class_is_named(tmp_path: Path) -> None:
    family = only_family(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/a.py": MANAGER,
            "app/b.py": MANAGER,
            "app/c.py": "from app import a\nmanager = a.WebSocketManager()\n",
            "app/d.py": "import app.a\nmanager = app.a.WebSocketManager()\n",
            "app/e.py": "import app.a\n",
        },
    )
    members = {member.qualname: member for member in family.members}
    assert members["app.a.WebSocketManager"].importers == 2


def test_seventy_copies_are_one_family(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"app/m{n}.py": MANAGER for n in range(70)}
    assert len(only_family(tmp_path, files).members) == 70


def test_two_classes_of_one_name_in_one_file_are_one_definition(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"app/a.py": MANAGER + MANAGER})
    assert report.families == ()
    assert report.classes == 1


def test_a_copy_is_found_however_plain_the_names_of_its_methods(tmp_path: Path) -> None:
    sheet = """
        class {name}:
            def __init__(self, {title}):
                self.{title} = {title}
                self.{rows} = []
            def add(self, {item}):
                self.{rows}.append(tuple({item}))
            def total(self):
                return sum({item}[1] for {item} in self.{rows} if {item}[1] > 0)
            def render(self):
                return chr(10).join("; ".join(map(str, {item})) for {item} in self.{rows})
    """
    files: dict[str, str | bytes] = {
        "app/bill.py": sheet.format(name="Bill", title="title", rows="lines", item="entry"),
        "app/roster.py": sheet.format(name="Roster", title="team", rows="people", item="person"),
    }
    family = only_family(tmp_path, files)
    assert {member.qualname for member in family.members} == {"app.bill.Bill", "app.roster.Roster"}


def test_two_ways_to_do_what_one_base_asks_for_are_two_things(tmp_path: Path) -> None:
    rules = """
        class Rule:
            def price(self, order):
                raise NotImplementedError
        class WeightRule(Rule):
            name = "weight"
            def price(self, order):
                return sum(parcel.weight for parcel in order.parcels) * self.per_kilo
        class StrictWeightRule(Rule):
            name = "strict-weight"
            def price(self, order):
                if order.weight > self.limit:
                    raise ValueError(order.weight)
                return self.table[order.zone]
    """
    assert report_of(tmp_path, {"app/rules.py": rules}).families == ()
