"""MS-DRG groupings a second: ours with reasons, ours in batches, and drgpy, on the same claims."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from bench import SEED
from bench.figures import Figure, installed
from claimwright.book.store import Book, open_book
from claimwright.grouping.batch import group_batch
from claimwright.grouping.explain import explain
from claimwright.grouping.msdrg_engine import MsdrgGrouper
from claimwright.grouping.msdrg_engine import installed as opened
from claimwright.grouping.protocol import Case
from claimwright.model import Claim, Diagnosis, Patient, Setting

PEER = "drgpy"
DAY = date(2026, 5, 1)
PEER_VERSION = "v43.1"
PEER_NONE = "000"
"""What the peer answers where CMS says 999, ungroupable."""


def claims_of(book: Book, number: int) -> list[Claim]:
    """Seeded synthetic inpatient claims of 1 to 12 diagnoses valid on the day."""
    sql = "SELECT code FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?) ORDER BY code"
    codes = [code for (code,) in book.rows(sql, (str(DAY), str(DAY)))]
    draw = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    return [
        Claim(
            Setting.INPATIENT,
            tuple(Diagnosis(code, "Y") for code in draw.sample(codes, draw.randint(1, 12))),
            service_from=DAY,
            service_to=DAY,
            patient=Patient(age=draw.randint(18, 95), sex=draw.choice("FM")),
            discharge_status="01",
        )
        for _ in range(number)
    ]


def every_code(book: Book, grouper: MsdrgGrouper) -> tuple[int, int]:
    """(codes, of them ungroupable) with every code valid on the day as sole principal diagnosis."""
    sql = "SELECT code FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?)"
    codes = [code for (code,) in book.rows(sql, (str(DAY), str(DAY)))]
    version = grouper.version_on(DAY).number
    found = grouper.outcomes([Case(version, 65, "F", 1, False, ((code, "Y"),)) for code in codes])
    return len(codes), sum(each.returned != "OK" for each in found)


def _rate(number: int, what: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = what()
    return number / (time.perf_counter() - started), answer


def grouping(size: Any) -> Iterator[Figure]:
    """The section of the run; `size.claims` claims in batches, `size.explained` of them with reasons."""
    with open_book() as book:
        grouper = opened(book)
        claims = claims_of(book, size.claims)
        section = f"MS-DRG, {size.claims:,} claims of 1 to 12 diagnoses"
        batch, ours = _rate(len(claims), lambda: group_batch(grouper, claims, DAY))
        some = claims[: size.explained]
        reasons, reports = _rate(len(some), lambda: [explain(each, DAY, book, grouper, ()) for each in some])
        if [each.drg for each in reports] != [each.drg for each in ours[: len(some)]]:
            raise RuntimeError("group_batch and explain give different DRGs")
        theirs = _peer(claims[: size.by_hand])
        against: dict[str, Any] = {}
        if theirs:
            rate, drgs = theirs
            same = sum(a == b.drg for a, b in zip(drgs, ours, strict=False)) / len(drgs)
            against = {"peer": rate, "ratio": batch / rate, "note": f"the peer is {PEER}; {same:.1%} equal DRGs"}
        else:
            against = {"note": f"{PEER} is not installed: no comparison"}
        yield Figure(section, "group_batch", batch, "claims/s", **against)
        yield Figure(section, "explain, with alternatives", reasons, "claims/s", note=f"{len(some):,} claims")
        rate, (codes, barred) = _rate(1, lambda: every_code(book, grouper))
        note = f"{codes:,} codes, {barred:,} cannot be principal"
        yield Figure(section, "every code as sole principal", codes * rate, "codes/s", note=note)


def _peer(claims: Sequence[Claim]) -> tuple[float, list[str]] | None:
    """Rate and DRGs of drgpy; None when it is not installed."""
    if installed(PEER) is None:
        return None
    from drgpy.msdrg import DRGEngine  # type: ignore[import-not-found,import-untyped,unused-ignore]

    engine = DRGEngine(version=PEER_VERSION)
    asked = [([each.code for each in claim.diagnoses], claim.patient.sex) for claim in claims]
    answer = engine.get_drg
    rate, found = _rate(len(asked), lambda: [str(answer(codes, [], gender=sex)) for codes, sex in asked])
    return rate, ["999" if each == PEER_NONE else each for each in found]
