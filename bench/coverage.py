"""Coverage answers a second: one set of policies with criteria, and a thousand list policies that all answer."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from bench import SEED
from bench.figures import Figure
from bench.processes import Differs
from claimwright.book.store import Book, open_book
from claimwright.coverage.cover import cover
from claimwright.coverage.prepared import PreparedPolicy
from claimwright.coverage.shelf import PolicyShelf, list_policy
from claimwright.model import Claim, Diagnosis, Fact, Patient, Payer, Policy, ServiceLine, Setting
from claimwright.sources.policy import policies_of_object

DAY = date(2025, 11, 15)
SERVICE = "95909"
LISTS = 1000
"""List policies of one payer; each holds `CODES` codes."""

CODES = 200
FACTS = tuple(f"fact-{number}" for number in range(12))


def _criteria_policies(shelf: PolicyShelf) -> list[Policy]:
    """Eight policies: a list, an any-of, nested trees, an at-least."""
    some, more = list(FACTS[:6]), list(FACTS[6:])
    trees: list[Any] = [
        None,
        {"any_of": some},
        {"all_of": [{"any_of": some[:3]}, {"any_of": more[:3]}]},
        {"all_of": [*some[:2], {"none_of": more[:2]}]},
        {"at_least": {"count": 2, "of": some}},
        {"any_of": [{"all_of": some[:3]}, {"all_of": more}]},
        {"all_of": [{"at_least": {"count": 2, "of": some[:4]}}, {"any_of": more}]},
        {"none_of": more},
    ]
    values = [
        {"id": f"P{number}", "version": "1", "payer": "one", "from": "2025-01-01", "to": None, "procedures": [SERVICE],
         "diagnosis_list": None if tree else ["R25.2"], "criteria": tree}
        for number, tree in enumerate(trees)
    ]  # fmt: skip
    return policies_of_object(values, shelf.vocabulary, "bench")


def _list_policies(codes: list[str], draw: random.Random) -> list[Policy]:
    """A thousand synthetic articles, each a contractor's list of codes."""
    return [
        list_policy(f"A{number}", f"Synthetic list {number}", [SERVICE], {"1": draw.sample(codes, CODES)}, "1",
                    date(2025, 1, 1), contractor=f"MAC {number % 7}")
        for number in range(LISTS)
    ]  # fmt: skip


def _claims(codes: list[str], number: int, draw: random.Random) -> list[Claim]:
    return [
        Claim(
            Setting.PROFESSIONAL,
            tuple(Diagnosis(each) for each in draw.sample(codes, draw.randint(1, 4))),
            service_from=DAY,
            patient=Patient(draw.randint(18, 95), draw.choice("FM")),
            payer=Payer("medicare"),
            lines=(ServiceLine(SERVICE),),
            facts=tuple(
                Fact(each, draw.choice(("present", "absent", "uncertain")))
                for each in draw.sample(FACTS, draw.randint(0, 8))
            ),
        )
        for _ in range(number)
    ]


def _asked(shelf: PolicyShelf, policies: list[Policy]) -> Callable[[Claim], int]:
    ready = [PreparedPolicy(each, shelf.grounds) for each in policies]
    return lambda claim: len(cover(claim, ready, shelf.grounds, DAY, DAY, given=True).answers)


def coverage(size: Any) -> Iterator[Figure]:
    """The section of the run; `size.explained` claims against few policies, a tenth of them against a thousand."""
    with open_book() as book:
        draw = random.Random(SEED)  # noqa: S311 - a sample, not a secret
        codes = _codes(book)
        shelf = PolicyShelf(book)
        claims = _claims(codes, size.explained, draw)
        few = _criteria_policies(shelf)
        yield from _figures(
            f"coverage, {len(few)} policies with criteria", _asked(shelf, few), claims, few, payer="one"
        )
        many = _list_policies(codes, draw)
        some = claims[: max(10, size.explained // 20)]
        yield from _figures(f"coverage, {LISTS:,} list policies", _asked(shelf, many), some, many, payer="medicare")


def _codes(book: Book) -> list[str]:
    sql = "SELECT code FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?) ORDER BY code"
    return [code for (code,) in book.rows(sql, (str(DAY), str(DAY)))]


def _figures(
    section: str, ask: Callable[[Claim], int], claims: list[Claim], policies: list[Policy], payer: str
) -> Iterator[Figure]:
    from dataclasses import replace

    asked = [replace(each, payer=Payer(payer)) for each in claims]
    if ask(asked[0]) != len(policies):  # also warms up: lists become sets on first use
        raise Differs("not every policy answers")
    times = []
    for each in asked:
        begun = time.perf_counter()
        ask(each)
        times.append(time.perf_counter() - begun)
    answers = len(asked) * len(policies)
    note = f"{len(asked):,} claims, every policy answers each"
    yield Figure(section, "answers", answers / sum(times), "/s", note=note)
    yield Figure(section, "one claim, median", 1000 * statistics.median(times), "ms")
    yield Figure(section, "one claim, p99", 1000 * sorted(times)[int(0.99 * len(times))], "ms")
