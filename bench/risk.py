"""HCCs and scores in columns beside hccinfhir's loop over people, after asserting equal answers."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

from bench import SEED
from bench.figures import Figure, installed
from bench.processes import Differs, by_turns, median, worker

PEER = "hccinfhir"
MODELS = {"V28": "CMS-HCC Model V28", "V24": "CMS-HCC Model V24", "ESRD-V24": "CMS-HCC ESRD Model V24"}
"""Models whose tables the package reads as they are; it mixes the two tables of RxHCC V08."""

YEAR = 2026


def risk(pairs: int, people: int, peer_people: int) -> Iterator[Figure]:
    """People scored a second, each side in processes of its own, by turns."""
    if installed(PEER) is None:
        return
    for model in MODELS:
        section = f"risk scores against {PEER} {installed(PEER)}, {model} {YEAR}"
        settings = {"model": model, "seed": SEED}
        ours, theirs = by_turns(
            [
                worker("risk_ours", number=people, compared=peer_people, **settings),
                worker("risk_theirs", number=peer_people, **settings),
            ],
            pairs,
        )
        for mine, other in zip(ours, theirs, strict=True):
            if mine.answer["hccs"] != other.answer["hccs"]:
                raise Differs(f"HCC lists differ from {PEER} in {model}")
            if any(abs(a - b) > 1e-9 for a, b in zip(mine.answer["scores"], other.answer["scores"], strict=True)):
                raise Differs(f"scores differ from {PEER} in {model}")
        here = [people / each.answer["seconds"] for each in ours]
        there = [peer_people / each.answer["seconds"] for each in theirs]
        ratios = sorted(a / b for a, b in zip(here, there, strict=True))
        note = f"{people:,} against {peer_people:,} people, 12 diagnoses each, numbered before; same HCCs and scores"
        yield Figure(section, "people scored", median(here), "/s", peer=median(there), ratio=median(ratios),
                     spread=(ratios[0], ratios[-1]), note=note)  # fmt: skip
        yield Figure(section, "peak memory", median(each.peak for each in ours), "MB",
                     peer=median(each.peak for each in theirs))  # fmt: skip


def sample(model: str, number: int, seed: int) -> tuple[Any, Any, Any, list[list[str]]]:
    """(book, kernel, people, codes of each): community members of all ages of which both sides price everything."""
    import random

    from claimwright.book.store import open_book
    from claimwright.grouping.hcc_batch import kernel
    from claimwright.grouping.person import Person

    book = open_book()
    engine = kernel(book, model, YEAR)
    edited = engine.model.source.edits
    known = [code.decode() for code in engine.model.codes.tolist()]
    # Codes with an edit and two HCCs are left out: of those the package edits one HCC by chance.
    chosen = [code for code in known if code not in edited]
    chance = random.Random(f"{model} {seed}")  # noqa: S311 - a sample, no secret
    persons = [
        Person(
            age=chance.randint(35, 95),
            sex=chance.choice("FM"),
            dual=chance.choice(("NA", "01", "02")),
            orec=chance.choice("23") if model == "ESRD-V24" else chance.choice("01"),
        )
        for _ in range(number)
    ]
    return book, engine, persons, [chance.choices(chosen, k=12) for _ in range(number)]


def risk_ours(model: str, seed: int, number: int, compared: int) -> dict[str, Any]:
    """Wall seconds from numbered diagnoses to HCC words and scores, after one call that warms up."""
    import numpy as np

    from claimwright.grouping.person import people_of

    _, engine, persons, codes = sample(model, compared, seed)
    times = -(-number // compared)
    flat = np.array([code.encode() for each in codes for code in each], dtype="S8")
    one, many = people_of(persons), people_of(persons * times)
    numbers = np.tile(engine.model.numbers(flat), times)
    offsets = np.arange(0, len(numbers) + 1, 12, dtype=np.int64)
    engine.scores(one, numbers[: 12 * compared], offsets[: compared + 1])
    begun = time.perf_counter()
    found = engine.scores(many, numbers, offsets)
    seconds = (time.perf_counter() - begun) * number / len(many)
    lists = [sorted(engine.model.hccs_of(row)) for row in found.after[:compared]]
    return {"seconds": seconds, "hccs": lists, "scores": found.score[:compared].tolist()}


def risk_theirs(model: str, seed: int, number: int) -> dict[str, Any]:
    """Wall seconds of the package's function over the same people; its modules are loaded before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from hccinfhir.model_calculate import calculate_raf

    _, _, persons, codes = sample(model, number, seed)
    name = MODELS[model]
    rows = list(zip(persons, codes, strict=True))
    calculate_raf(codes[0], name, 70, "F")
    begun = time.perf_counter()
    found = [calculate_raf(listed, name, each.age, each.sex, each.dual, each.orec) for each, listed in rows]
    seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "hccs": [sorted(map(int, each.hcc_list)) for each in found],
        "scores": [each.risk_score for each in found],
    }
