"""Findings as a JUnit XML report, the format that most CI servers show as test results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

from consolidator.analysis.finding import Finding, in_order

# Characters that XML 1.0 can't hold in any form (https://www.w3.org/TR/xml/#charsets).
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(findings: Iterable[Finding], suite: str) -> str:
    """One test case a finding, grouped by rule. A finding of the baseline, or a note, counts as
    skipped.

    Without findings there is one case that passes, since many servers take no cases for a failure.
    """
    ordered = sorted(in_order(findings), key=lambda finding: finding.rule)
    root = ET.Element("testsuites", name=f"consolidator {suite}")
    for rule, group in groupby(ordered, key=lambda finding: finding.rule):
        _suite(root, f"{suite}.{rule}", list(group))
    if not ordered:
        counts = {"tests": "1", "failures": "0", "errors": "0", "skipped": "0"}
        passed = ET.SubElement(root, "testsuite", {"name": suite, **counts})
        ET.SubElement(passed, "testcase", classname=suite, name="no findings")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ET.Element, name: str, findings: list[Finding]) -> None:
    skipped = sum(not finding.fails for finding in findings)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(findings)),
        failures=str(len(findings) - skipped),
        errors="0",  # required by Jenkins' schema (xunit-plugin, junit-10.xsd)
        skipped=str(skipped),
    )
    for finding in findings:
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        case = ET.SubElement(suite, "testcase", classname=name, name=_clean(place or finding.rule))
        if not finding.fails:
            ET.SubElement(case, "skipped", message=_clean(finding.message))
            continue
        failure = ET.SubElement(
            case, "failure", type=finding.severity, message=_clean(finding.message)
        )
        failure.text = _clean(f"{place}: {finding.message}" if place else finding.message)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
