"""Findings as SARIF 2.1.0, for GitHub code scanning and other viewers.

Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from consolidator.analysis.finding import Finding, Rule, in_order

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def to_sarif(findings: Iterable[Finding], rules: Sequence[Rule] = ()) -> dict[str, Any]:
    """One run. A finding's fingerprint leaves its line out, so that moved code stays known."""
    ordered = in_order(findings)
    catalogue = _catalogue(ordered, rules)
    positions = {rule.id: index for index, rule in enumerate(catalogue)}
    fingerprints = _fingerprints(ordered)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "consolidator", "rules": [_rule(r) for r in catalogue]}
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"ROOT": {"description": {"text": "The folder analysed."}}},
                "results": [
                    _result(finding, positions[finding.rule], fingerprint)
                    for finding, fingerprint in zip(ordered, fingerprints, strict=True)
                ],
            }
        ],
    }


def _catalogue(findings: Sequence[Finding], rules: Sequence[Rule]) -> list[Rule]:
    known = {rule.id: rule for rule in rules}
    for finding in findings:
        known.setdefault(finding.rule, Rule(finding.rule, finding.rule))
    return [known[rule_id] for rule_id in sorted(known)]


def _rule(rule: Rule) -> dict[str, Any]:
    described = {"id": rule.id, "shortDescription": {"text": rule.title}}
    if rule.explanation:
        described["fullDescription"] = {"text": rule.explanation}
    return described


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    location: dict[str, Any] = {
        "artifactLocation": {"uri": quote(finding.path), "uriBaseId": "ROOT"}
    }
    if finding.line:
        location["region"] = {"startLine": finding.line}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": finding.message},
        "partialFingerprints": {"consolidator/v1": fingerprint},
        "baselineState": "unchanged" if finding.baseline else "new",
    }
    if finding.path:
        result["locations"] = [{"physicalLocation": location}]
    return result


def _fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Findings that differ in their line alone are told apart by their order."""
    seen: Counter[tuple[str, str, str]] = Counter()
    fingerprints = []
    for finding in findings:
        key = (finding.rule, finding.path, finding.message)
        digest = hashlib.sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest()
        fingerprints.append(digest[:32])
        seen[key] += 1
    return fingerprints
