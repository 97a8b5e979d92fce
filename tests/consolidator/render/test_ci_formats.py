"""The formats that CI servers read."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from consolidator.analysis.finding import Finding, Rule
from consolidator.render.github import to_github
from consolidator.render.junit import to_junit
from consolidator.render.sarif import to_sarif

LOST = Finding("app/a b.py", 3, "event-lost", "agent_started is lost, 100%: gone\nfor good")
KNOWN = Finding("app/b.py", 9, "swallowed", "failure is swallowed", "warning", baseline=True)


def test_a_fingerprint_survives_a_shift_of_lines() -> None:
    moved = Finding(LOST.path, 90, LOST.rule, LOST.message)
    assert _fingerprints([LOST]) == _fingerprints([moved])


def test_findings_that_differ_in_their_line_alone_have_different_fingerprints() -> None:
    twin = Finding(LOST.path, 90, LOST.rule, LOST.message)
    assert len(set(_fingerprints([LOST, twin]))) == 2


def test_sarif_names_each_rule_once_and_points_at_it() -> None:
    run = to_sarif([LOST, KNOWN, LOST], [Rule("event-lost", "An event is lost", "Why.")])["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["event-lost", "swallowed"]
    assert [r["ruleIndex"] for r in run["results"]] == [0, 1]
    assert [r["baselineState"] for r in run["results"]] == ["new", "unchanged"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "app/a%20b.py"
    assert place["region"] == {"startLine": 3}


def test_junit_fails_on_new_findings_and_skips_accepted_ones() -> None:
    root = ET.fromstring(to_junit([LOST, KNOWN], "guard"))
    counts = {s.get("name"): (s.get("failures"), s.get("skipped")) for s in root}
    assert counts == {"guard.event-lost": ("1", "0"), "guard.swallowed": ("0", "1")}


def test_junit_without_findings_holds_one_case_that_passes() -> None:
    root = ET.fromstring(to_junit([], "guard"))
    assert [case.tag for case in root.iter("testcase")] == ["testcase"]
    assert not list(root.iter("failure"))


def test_junit_replaces_characters_that_xml_cannot_hold() -> None:
    document = to_junit([Finding("a.py", 1, "r", "bell \x07 here")], "guard")
    assert "bell \ufffd here" in document
    ET.fromstring(document)


def test_github_commands_escape_what_would_end_them() -> None:
    assert to_github([LOST]) == (
        "::error file=app/a b.py,title=event-lost,line=3::"
        "agent_started is lost, 100%25: gone%0Afor good\n"
    )


def test_an_accepted_finding_is_only_a_notice_on_github() -> None:
    assert to_github([KNOWN]).startswith("::notice ")


def _fingerprints(findings: list[Finding]) -> list[str]:
    results = to_sarif(findings)["runs"][0]["results"]
    return [result["partialFingerprints"]["consolidator/v1"] for result in results]
