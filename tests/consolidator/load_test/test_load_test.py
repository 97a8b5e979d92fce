"""`load-test` from outside: the real server, real sockets, real clients."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

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


def test_pictures_are_drawn_as_files_that_a_browser_reads(tmp_path) -> None:
    folder = tmp_path / "new" / "pictures"
    done = load_test("--users", "10", "--events", "10", "-q", "--pictures", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    drawn = {file.name: ElementTree.parse(file).getroot() for file in folder.iterdir()}
    assert set(drawn) == {
        "counts.svg", "rates.svg", "latency.svg", "stalled.svg", "timeline.svg",
    }  # fmt: skip
    assert all(root.tag == "{http://www.w3.org/2000/svg}svg" for root in drawn.values())


def test_a_folder_for_pictures_that_is_a_file_is_refused_before_the_load(tmp_path) -> None:
    (tmp_path / "taken").write_text("")
    done = load_test("--pictures", str(tmp_path / "taken"))
    assert done.returncode == 2
    assert "--pictures" in done.stderr


FIGURES = {
    "users": 2, "connections": 2, "sent": None, "delivered": 8, "lost": 3, "repeated": 0,
    "out_of_order": 0, "foreign": 0,
}  # fmt: skip


def test_what_was_not_measured_is_not_drawn() -> None:
    assert set(render.pictures(FIGURES)) == {"counts.svg"}


def test_a_loss_stands_out_in_the_picture() -> None:
    root = ElementTree.fromstring(render.pictures(FIGURES)["counts.svg"])
    bars = root.findall("{http://www.w3.org/2000/svg}rect")[1:]
    assert [bar.get("fill") for bar in bars] == ["#2a6fb0"] * 2 + ["#c0392b"] * 4
    assert float(bars[2].get("width")) > float(bars[3].get("width"))


def test_names_in_pictures_are_escaped() -> None:
    timeline = {
        "at": [0.5, 1.0],
        "delivered": [5, 5],
        "reconnects": [0, 0],
        "marks": {"<a&b>": 0.2},
    }
    svg = render.pictures(FIGURES | {"timeline": timeline})["timeline.svg"]
    assert "<a&b>" in "".join(ElementTree.fromstring(svg).itertext())
