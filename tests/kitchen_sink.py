"""Claims that between them trip every rule: those of the case files that expect a finding."""

from __future__ import annotations

from typing import Any

from tests import rule_cases


def claims() -> list[dict[str, Any]]:
    """Every claim of a case with a finding in the whole book, each with an id of its own."""
    found = [case for case in rule_cases.every() if case.expect and case.book == "whole"]
    return [{**case.claim, "id": f"{case.file}-{number}"} for number, case in enumerate(found)]
