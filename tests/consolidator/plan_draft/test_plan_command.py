"""`consolidator plan` writes a draft that the plan reader accepts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from trees import write_tree

from consolidator.analysis.draft import draft_plan
from consolidator.analysis.duplicates import Family, Member, Report, Signature
from consolidator.analysis.duplicates.records import Kind
from consolidator.plan import read_plan

SEND = Signature(("self", "message"), ("self", "message"), True, "a.py", 2, 3, b"")
SIGNATURES = {"a.Hub": {"send": SEND}, "b.Hub": {"send": SEND}}

HUB = """
    class ChatHub:
        async def {send}(self, user_id, message):
            for socket in list(self.sockets.get(user_id, ())):
                await socket.send_json(message)

        async def drop_user(self, user_id):
            for socket in self.sockets.pop(user_id, ()):
                await socket.close()

        def count_users(self):
            return sum(1 for sockets in self.sockets.values() if sockets)
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "consolidator", "plan", *map(str, arguments), "--no-cache"]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=dict(os.environ)
    )


def chat(root: Path) -> Path:
    return write_tree(
        root,
        {
            "app/__init__.py": "",
            "app/one.py": HUB.format(send="send_to_user")
            + "\n    def get_chat_hub() -> ChatHub:\n        return ChatHub()\n",
            "app/two.py": HUB.format(send="notify_to_user")
            + "\n    def get_chat_hub() -> ChatHub:\n        return ChatHub()\n",
            "app/user.py": "from app.one import ChatHub\n",
        },
    )


def test_an_existing_plan_is_not_overwritten_without_force(tmp_path: Path) -> None:
    root = chat(tmp_path)
    (root / "consolidation.toml").write_text("# mine\n")
    answer = run(root)
    assert answer.returncode == 2
    assert "--force" in answer.stderr
    assert (root / "consolidation.toml").read_text() == "# mine\n"
    assert run(root, "--force").returncode == 0


def test_nothing_found_writes_nothing(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"app/one.py": HUB.format(send="send_to_user")})
    assert run(root).returncode == 0
    assert not (root / "consolidation.toml").exists()


def test_a_target_for_several_families_has_to_say_which(tmp_path: Path) -> None:
    answer = run(chat(tmp_path), "--to", "Other=app.one.ChatHub")
    assert answer.returncode == 2
    assert "Other" in answer.stderr


def test_the_draft_moves_the_copy_its_factory_and_its_renamed_method(tmp_path: Path) -> None:
    root = chat(tmp_path)
    assert run(root).returncode == 0
    plan = read_plan(root / "consolidation.toml")
    moves = {move.source: move for move in plan.moves}
    assert moves["app.two.ChatHub"].target == "app.one.ChatHub"
    assert moves["app.two.ChatHub"].methods == {"notify_to_user": "send_to_user"}
    assert moves["app.two.get_chat_hub"].target == "app.one.get_chat_hub"
    assert "uncertain" in (root / "consolidation.toml").read_text()


def test_a_given_target_outside_the_root_takes_every_member(tmp_path: Path) -> None:
    root = chat(tmp_path)
    assert run(root, "--to", "runtime.Hub").returncode == 0
    plan = read_plan(root / "consolidation.toml")
    assert {move.source for move in plan.moves} == {"app.one.ChatHub", "app.two.ChatHub"}
    assert {move.target for move in plan.moves} == {"runtime.Hub"}


def test_a_factory_that_takes_other_arguments_is_left_to_the_reader(tmp_path: Path) -> None:
    root = chat(tmp_path)
    two = root / "app/two.py"
    two.write_text(two.read_text().replace("get_chat_hub()", "get_chat_hub(room)"))
    assert run(root).returncode == 0
    plan = read_plan(root / "consolidation.toml")
    assert "app.two.get_chat_hub" not in {move.source for move in plan.moves}
    assert "uncertain: app.two.get_chat_hub" in (root / "consolidation.toml").read_text()


def test_a_class_inside_a_function_is_named_but_not_moved(tmp_path: Path) -> None:
    hub = HUB.format(send="send_to_user")
    local = "    def make():\n" + "\n".join(f"    {line}" for line in hub.splitlines())
    root = write_tree(
        tmp_path, {"app/one.py": hub, "app/two.py": local + "\n        return ChatHub\n"}
    )
    assert run(root).returncode == 0
    assert read_plan(root / "consolidation.toml").moves == ()
    assert "app.two.make.<locals>.ChatHub" in (root / "consolidation.toml").read_text()


def test_a_folder_that_is_no_module_name_makes_no_move(tmp_path: Path) -> None:
    hub = HUB.format(send="send_to_user")
    files = {
        "app/one.py": hub,
        "my-scripts/hub.py": hub,
        "app/user.py": "from app.one import ChatHub\nhub = ChatHub()\n",
    }
    root = write_tree(tmp_path, dict(files))
    assert run(root).returncode == 0
    assert read_plan(root / "consolidation.toml").moves == ()
    assert "my-scripts.hub.ChatHub" in (root / "consolidation.toml").read_text()


@pytest.mark.parametrize(
    ("kind", "similarity", "doubted"),
    [("same-role", 0.9, True), ("same-name", 0.2, True), ("clone", 0.9, False)],
)
def test_a_move_that_joins_classes_with_little_in_common_is_called_uncertain(
    kind: Kind, similarity: float, doubted: bool
) -> None:
    kept = Member("a.Hub", "a.py", 1, "implementation", 1, 0, 1, 1.0)
    moved = Member("b.Hub", "b.py", 1, "implementation", 1, 0, 1, similarity)
    family = Family("Hub", kind, (kept, moved), {}, "a.Hub", 0.8, (), signatures=SIGNATURES)
    draft = draft_plan(Report((family,), 0, 2), {}, {})
    assert draft.moves == 1
    assert (draft.uncertain == 1) is doubted
    assert ("uncertain" in draft.text.partition("[[move]]")[0].rpartition("# -----")[2]) is doubted
