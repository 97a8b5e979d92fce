"""`load-test` from outside: the real server, real sockets, real clients."""

from __future__ import annotations

import json
import subprocess
import sys

from consolidator.render import load_test as render


def load_test(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "consolidator", "load-test", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


def test_a_small_load_loses_nothing_and_exits_with_0() -> None:
    done = load_test("--users", "10", "--events", "10", "--format", "json")
    figures = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert figures["delivered"] >= figures["sent"] > 0
    assert [figures[name] for name in ("lost", "repeated", "out_of_order", "foreign")] == [0] * 4


def test_a_server_that_is_not_there_exits_with_3() -> None:
    done = load_test("--users", "2", "--events", "2", "--url", "ws://127.0.0.1:1/ws")
    assert (done.returncode, done.stdout) == (3, "")
    assert "none of 2 clients could connect" in done.stderr


def test_an_unknown_journal_exits_with_2() -> None:
    assert load_test("--journal", "paper").returncode == 2


def test_a_loss_is_the_first_thing_that_every_format_says() -> None:
    figures = {
        "users": 2, "connections": 2, "sent": 9, "delivered": 8, "lost": 1, "repeated": 0,
        "out_of_order": 0, "foreign": 0, "phases": {"streams": {"delivered": 8, "deliveries_per_s": 4.0}},
    }  # fmt: skip
    assert render.verdict(figures) == "2 users, 2 connections: 1 lost"
    assert "1 lost" in render.to_markdown(figures)
    assert 'class="bad">1<' in render.to_html(figures)
