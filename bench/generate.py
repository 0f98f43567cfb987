"""Seeded samples: codes, and claims of two mixes."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from claimwright.book.store import Book

MIXES = ("random", "close")
"""`random`: any billable codes, few hits. `close`: codes that stand near each other, many hits."""

_FIRST, _DAYS = date(2025, 10, 1), 212
_NEAR = 150


def billable(book: Book, day: str) -> list[str]:
    """Every code that is billable on `day`, without dots, in order."""
    sql = "SELECT code FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?) ORDER BY code"
    return [code for (code,) in book.rows(sql, (day, day))]


def sample(codes: list[str], number: int, seed: int) -> list[str]:
    """A sample without repeats."""
    return random.Random(seed).sample(codes, min(number, len(codes)))  # noqa: S311 - not for secrets


def claims(codes: list[str], number: int, seed: int, mix: str, diagnoses: int = 5) -> list[dict[str, Any]]:
    """Claims as the contract describes them, with 2025-10-01 to 2026-04-30 as dates of service."""
    chance = random.Random(f"{seed} {mix}")  # noqa: S311 - not for secrets
    out = []
    for serial in range(number):
        day = _FIRST + timedelta(days=chance.randrange(_DAYS))
        if mix == "close":
            middle = chance.randrange(_NEAR, len(codes) - _NEAR)
            chosen = [codes[middle + chance.randrange(-_NEAR, _NEAR)] for _ in range(diagnoses)]
        else:
            chosen = [codes[chance.randrange(len(codes))] for _ in range(diagnoses)]
        out.append(
            {
                "id": f"B{serial}",
                "setting": chance.choice(("inpatient", "outpatient", "professional", "emergency")),
                "service_from": day.isoformat(),
                "service_to": day.isoformat(),
                "patient": {"age": chance.randrange(100), "sex": chance.choice("FM")},
                "diagnoses": chosen,
            }
        )
    return out
