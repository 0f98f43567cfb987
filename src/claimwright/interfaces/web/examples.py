"""Requests that the description of the API shows, and how their answers are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from claimwright.engine import Engine
from claimwright.model import plain

DAY = date(2025, 11, 15)
MOST = 2
"""Items of a list that an example shows."""

CLAIM: dict[str, Any] = {
    "id": "C1",
    "setting": "outpatient",
    "service_from": "2025-11-15",
    "patient": {"age": 54, "sex": "F"},
    "diagnoses": ["R25.2", "G25.0"],
}
INPATIENT: dict[str, Any] = {
    "id": "C2",
    "setting": "inpatient",
    "service_from": "2025-11-10",
    "service_to": "2025-11-15",
    "patient": {"age": 71, "sex": "M"},
    "diagnoses": [{"code": "I50.9", "poa": "Y"}, {"code": "E11.9", "poa": "Y"}],
    "discharge_status": "01",
}
COVERED: dict[str, Any] = {
    "id": "C3",
    "setting": "professional",
    "service_from": "2025-11-15",
    "payer": {"id": "medicare", "state": "WI"},
    "diagnoses": ["G56.01"],
    "lines": [{"code": "95909", "pointers": [1]}],
}
QUESTION: dict[str, Any] = {"question": "Does Medicare cover 95909 for G56.01 in Wisconsin?", "date": "2025-11-15"}
NOTE: dict[str, Any] = {"note": "Numbness of the right hand for three months. No neck pain.", "setting": "outpatient"}

REQUESTS: dict[str, Any] = {
    "check": CLAIM,
    "group": INPATIENT,
    "risk": {"codes": ["E11.9", "I50.9"]},
    "cover": COVERED,
    "ask": QUESTION,
    "query": CLAIM,
    "read": NOTE,
}


def _rules(engine: Engine) -> list[dict[str, Any]]:
    from claimwright.interfaces.render.rules import rule_entry

    return [rule_entry(each) for each in engine.rules.values()]


def _risk(engine: Engine) -> Any:
    from claimwright.interfaces.render.risk import risk_document

    return risk_document(engine.risk_of_codes(REQUESTS["risk"]["codes"], day=DAY))


def _search(engine: Engine) -> Any:
    found = plain(engine.book.search("numbness of hand", DAY, MOST))
    del found["explain"]
    return found


def _policies(engine: Engine) -> Any:
    from claimwright.interfaces.render.policies import policy_entry

    return {"policies": [policy_entry(each) for each in engine.book.policies.all()[:MOST]]}


def _data(engine: Engine) -> Any:
    from claimwright.book.tables import not_loaded, tables

    return {"tables": tables(engine.book), "not_loaded": not_loaded(engine.book)}


ANSWERS: dict[str, Callable[[Engine], Any]] = {
    "code": lambda engine: engine.book.show("G56.01", DAY),
    "search": _search,
    "rules": lambda engine: {"rules": _rules(engine)},
    "rule": lambda engine: _rules(engine)[0],
    "policies": _policies,
    "data": _data,
    "check": lambda engine: engine.check(CLAIM),
    "group": lambda engine: engine.group(INPATIENT),
    "risk": _risk,
    "cover": lambda engine: engine.cover(COVERED, as_of=DAY),
    "ask": lambda engine: engine.ask(QUESTION["question"], as_of=DAY),
    "query": lambda engine: engine.query(CLAIM),
    "read": lambda engine: engine.read(NOTE["note"], NOTE["setting"], DAY),
}


def short(value: Any) -> Any:
    """Plain values with every list cut to its first items."""
    return _short(plain(value))


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value[:MOST]] if isinstance(value, list) else value
