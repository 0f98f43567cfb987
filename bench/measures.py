"""The four sections of the run; each yields its figures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import DAY, SEED
from bench.figures import Figure, installed
from bench.processes import COMMAND, PYTHON, Differs, Run, by_turns, median, run, worker

PEER = "simple-icd-10-cm"
CLAIM = {
    "id": "C1",
    "setting": "outpatient",
    "service_from": "2025-11-15",
    "patient": {"age": 54, "sex": "F"},
    "diagnoses": ["R25.2", "G25.0"],
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    pairs: int
    codes: int
    processes: int
    builds: int
    claims: int
    by_hand: int
    explained: int
    times: int


FULL = Size(pairs=5, codes=2000, processes=11, builds=3, claims=100_000, by_hand=10_000, explained=2000, times=3)
QUICK = Size(pairs=2, codes=200, processes=3, builds=1, claims=5_000, by_hand=1_000, explained=200, times=1)


def ready() -> None:
    """Build the book if there is none: opening it is measured, compiling it apart."""
    if run([(*COMMAND, "data", "build")])[0].code:
        raise Differs("the book could not be built")


def _against(ours: Sequence[float], theirs: Sequence[float], more: bool = False) -> dict[str, Any]:
    """Peer's median, and how many times better ours is: median and spread over the pairs."""
    ratios = sorted(a / b if more else b / a for a, b in zip(ours, theirs, strict=True))
    return {"peer": median(theirs), "ratio": median(ratios), "spread": (ratios[0], ratios[-1])}


def peer(size: Size) -> Iterator[Figure]:
    """Side by side with simple-icd-10-cm, each in processes of its own."""
    if installed(PEER) is None:
        return
    section = f"against {PEER} {installed(PEER)}"
    codes = run([worker("sampled", number=size.codes, day=DAY, seed=SEED)])[0].answer["codes"]
    same = run([worker("same_records", codes=codes, day=DAY)])[0].answer
    if same["differences"]:
        raise Differs(f"records differ from {PEER}: {', '.join(same['differences'][:10])}")
    first = {"code": "R25.2", "day": DAY}
    ours, theirs = by_turns([worker("open_ours", **first), worker("open_theirs", **first)], size.pairs)
    if ours[0].answer["title"] != theirs[0].answer["title"]:
        raise Differs("the first record differs")
    here, there = ([1000 * each.answer["whole"] for each in side] for side in (ours, theirs))
    yield Figure(section, "import, open, first record", median(here), "ms", **_against(here, there))
    here, there = ([each.peak for each in side] for side in (ours, theirs))
    yield Figure(section, "peak memory after the first record", median(here), "MB", **_against(here, there))
    bulk, single, theirs = by_turns(
        [
            worker("records_ours", codes=codes, day=DAY),
            worker("records_ours", codes=codes, day=DAY, singly=True),
            worker("records_theirs", codes=codes, day=DAY),
        ],
        size.pairs,
    )
    said = (
        f"{len(codes):,} codes, {same['notes']:,} equal Excludes texts; on {same['missed']} the peer's walk misses some"
    )
    for at, name in enumerate(("first time", "again")):
        there = _rates(theirs, at, len(codes))
        for how, side in (("records()", bulk), ("show() each", single)):
            here = _rates(side, at, len(codes))
            ratios = _against(here, there, more=True)
            yield Figure(section, f"full records, {how}, {name}", median(here), "/s", note=said, **ratios)
    sides = by_turns([worker(f"whole_{who}", codes=codes, day=DAY) for who in ("ours", "theirs")], size.pairs)
    here, there = ([each.cpu for each in side] for side in sides)
    name = f"process that reads {len(codes):,} records"
    yield Figure(section, name, median(here), "s CPU", **_against(here, there))
    here, there = ([each.peak for each in side] for side in (bulk, theirs))
    yield Figure(section, "peak memory after those records", median(here), "MB", **_against(here, there))


def _rates(side: Sequence[Run], at: int, number: int) -> list[float]:
    return [number / each.answer["passes"][at] for each in side]


def processes(size: Size) -> Iterator[Figure]:
    """Commands as whole processes, beside an interpreter that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "claim.json"
        file.write_text(json.dumps(CLAIM), encoding="utf-8")
        commands = {
            "python -I -c pass": ((PYTHON, "-I", "-c", "pass"), "", None, None),
            "show R25.2": ((*COMMAND, "show", "R25.2"), "Cramp and spasm", 80, 40),
            'search "writer\'s cramp"': ((*COMMAND, "search", "writer's cramp"), "F48.8", None, None),
            "check of one claim": ((*COMMAND, "check", str(file)), "excludes1-conflict", 350, None),
        }
        sides = by_turns([command for command, *_ in commands.values()], size.processes)
    for (name, (_, wanted, most_time, most_memory)), runs in zip(commands.items(), sides, strict=True):
        if not all(wanted in each.said for each in runs):
            raise Differs(f"{name} does not answer {wanted!r}")
        cpu = f"median of {len(runs)}; CPU {1000 * median(each.cpu for each in runs):.0f} ms"
        walls = [1000 * each.wall for each in runs]
        yield Figure("whole processes", name, median(walls), "ms", target=most_time, note=cpu)
        yield Figure("whole processes", name, median(each.peak for each in runs), "MB", target=most_memory)


def book(size: Size) -> Iterator[Figure]:
    """Opening the book, and compiling it into an empty home."""
    section = "the book"
    (opened,) = by_turns([worker("open_ours", code="R25.2", day=DAY)], size.processes)
    yield Figure(section, "open_book()", median(1000 * each.answer["open"] for each in opened), "ms", target=10)
    yield Figure(section, "import claimwright", median(1000 * each.answer["import"] for each in opened), "ms")
    builds, seen = [], set()
    for _ in range(size.builds):
        with tempfile.TemporaryDirectory() as home:
            builds += run([(*COMMAND, "data", "build")], {"CLAIMWRIGHT_HOME": home})
            seen.add(tuple(each.read_bytes() for each in sorted(Path(home).glob("books/*/manifest.json"))))
    if len(seen) != 1 or () in seen or any(each.code for each in builds):
        raise Differs("two builds of the same input differ")
    note = f"{size.builds} builds, same digests; CPU {median(each.cpu for each in builds):.1f} s"
    yield Figure(section, "data build", median(each.wall for each in builds), "s", target=25, note=note)
    yield Figure(section, "data build", max(each.peak for each in builds), "MB", target=1000)


def kernels(size: Size) -> Iterator[Figure]:
    """Rules in columns, Excludes1 against plain Python, and reports with explanations."""
    for mix in ("random", "close"):
        settings = {"number": size.claims, "by_hand": size.by_hand, "times": size.times}
        found = run([worker("kernels", day=DAY, seed=SEED, mix=mix, **settings)])[0]
        yield from _kernels(f"kernels, {size.claims:,} claims, {mix} codes", found.answer, size)
        yield Figure(f"kernels, {size.claims:,} claims, {mix} codes", "peak memory", found.peak, "MB")
    for mix in ("random", "close"):
        settings = {"number": size.explained, "singly": min(200, size.explained)}
        answer = run([worker("explained", day=DAY, seed=SEED, mix=mix, **settings)])[0].answer
        if not answer["equal"]:
            raise Differs("check_all and check give different reports")
        section = f"reports, {size.explained:,} claims, {mix} codes"
        note = f"{answer['findings'] / size.explained:.2f} findings a claim, explained"
        yield Figure(section, "Engine.check_all", size.explained / answer["seconds"], "claims/s", note=note)
        yield Figure(section, "Engine.check, warm, median", 1000 * answer["median"], "ms")
        yield Figure(section, "Engine.check, warm, p99", 1000 * answer["p99"], "ms")


def _kernels(section: str, answer: dict[str, Any], size: Size) -> Iterator[Figure]:
    pair, rules = answer["pair"], answer["rules"]
    if not pair["equal"]:
        raise Differs("the Excludes1 kernel and the plain loops find different pairs")
    whole = sum(each["seconds"] for each in rules.values())
    hits = sum(each["hits"] for each in rules.values())
    yield Figure(section, "all rules", size.claims / whole, "claims/s", note=f"{hits:,} hits")
    rate, other = size.by_hand / pair["kernel"], size.by_hand / pair["by_hand"]
    note = f"{size.by_hand:,} claims, {pair['hits']:,} equal hits; the peer is plain Python"
    yield Figure(section, "Excludes1 alone", rate, "claims/s", peer=other, ratio=rate / other, note=note)
    yield Figure(section, "Claim objects to columns", size.claims / answer["batch"], "claims/s")
    yield Figure(section, "columns to frame", size.claims / answer["frame"], "claims/s")
    for name, each in sorted(rules.items(), key=lambda item: -item[1]["seconds"]):
        note = f"{each['hits']:,} hits"
        yield Figure(section, name, 100 * each["seconds"] / whole, "% of time", note=note)
