"""Tasks that run in a process of their own: `python -m bench.worker TASK SETTINGS`; one JSON document out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimwright.edits.frame import Frame

Answer = dict[str, Any]


def open_ours(code: str, day: str) -> Answer:
    """Import, open the book, first record; the opening alone is told apart."""
    begun = time.perf_counter()
    from datetime import date

    import claimwright

    open_book = claimwright.open_book
    imported = time.perf_counter()
    book = open_book()
    opened = time.perf_counter()
    title = book.show(code, date.fromisoformat(day)).title
    ended = time.perf_counter()
    return {"title": title, "import": imported - begun, "open": opened - imported, "whole": ended - begun}


def open_theirs(code: str, day: str) -> Answer:
    """Import (which reads the XML) and first record."""
    from bench.records import theirs

    begun = time.perf_counter()
    import simple_icd_10_cm  # noqa: F401

    imported = time.perf_counter()
    title = next(theirs([code]))["title"]
    ended = time.perf_counter()
    return {"title": title, "import": imported - begun, "open": 0.0, "whole": ended - begun}


def records_ours(codes: list[str], day: str, singly: bool = False) -> Answer:
    """CPU seconds for full records of all codes: at once, and again with what the first pass has kept."""
    from datetime import date

    import claimwright

    on = date.fromisoformat(day)
    book = claimwright.open_book()
    book.show("A00.0", on)
    passes = []
    for _ in range(2):
        begun = time.process_time()
        count = sum(1 for _ in ((book.show(code, on) for code in codes) if singly else book.records(codes, on)))
        passes.append(time.process_time() - begun)
        assert count == len(codes)
    return {"passes": passes}


def records_theirs(codes: list[str], day: str) -> Answer:
    """The same of the peer."""
    from bench.records import theirs

    list(theirs(["A00.0"]))
    passes = []
    for _ in range(2):
        begun = time.process_time()
        count = sum(1 for _ in theirs(codes))
        passes.append(time.process_time() - begun)
        assert count == len(codes)
    return {"passes": passes}


def whole_ours(codes: list[str], day: str) -> Answer:
    """Import, open, every record once: measured from outside."""
    from datetime import date

    import claimwright

    return {"records": sum(1 for _ in claimwright.open_book().records(codes, date.fromisoformat(day)))}


def whole_theirs(codes: list[str], day: str) -> Answer:
    """The same of the peer."""
    from bench.records import theirs

    return {"records": sum(1 for _ in theirs(codes))}


def same_records(codes: list[str], day: str) -> Answer:
    """Compare both sides code by code; `differences` must be empty."""
    from datetime import date

    import claimwright
    from bench.records import our_answer, stands_there, their_answer, theirs

    book = claimwright.open_book()
    differences, missed, notes = [], 0, 0
    ours = book.records(codes, date.fromisoformat(day))
    for record, theirs_raw in zip(ours, theirs(codes), strict=True):
        other = their_answer(theirs_raw)
        answer = our_answer(record, other["parents"])
        extra = answer.pop("missed")
        other.pop("missed")
        if answer != other or not all(stands_there(record.code, *each) for each in extra):
            differences.append(record.code)
        missed += bool(extra)
        notes += len(answer["excludes1"]) + len(answer["excludes2"]) + len(extra)
    return {"differences": differences, "missed": missed, "notes": notes}


def sampled(number: int, day: str, seed: int) -> Answer:
    """A seeded sample of billable codes, with dots."""
    import claimwright
    from bench.generate import billable, sample
    from claimwright.model import dotted

    return {"codes": [dotted(each) for each in sample(billable(claimwright.open_book(), day), number, seed)]}


def _timed(function: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Median CPU seconds after one call that warms up, and the answer."""
    answer = function()
    spent = []
    for _ in range(times):
        begun = time.process_time()
        answer = function()
        spent.append(time.process_time() - begun)
    return sorted(spent)[len(spent) // 2], answer


def kernels(number: int, by_hand: int, day: str, seed: int, mix: str, times: int) -> Answer:
    """All rules' relations over one frame, each rule's CPU time, and Excludes1 against plain Python."""
    from datetime import date

    import claimwright
    from bench.generate import billable, claims
    from claimwright.book.columns import columns
    from claimwright.claims.batch import batch_of
    from claimwright.claims.wire import claim_from_object
    from claimwright.edits.frame import Frame
    from claimwright.edits.registry import load_rules

    on = date.fromisoformat(day)
    book = claimwright.open_book()
    read = [claim_from_object(each) for each in claims(billable(book, day), number, seed, mix)]
    arrays = columns(book, book.edition_on(on)[0].number)
    begun = time.process_time()
    batch = batch_of(read, on)
    batching = time.process_time() - begun
    framing, frame = _timed(lambda: Frame(batch, arrays), times)
    rules = {}
    for rule in load_rules().values():
        spent, hits = _timed(lambda rule=rule: rule.relation.find(frame), times)  # type: ignore[misc]
        rules[f"{rule.code} {rule.name}"] = {"seconds": spent, "hits": len(hits)}
    few = Frame(batch_of(read[:by_hand], on), arrays)
    return {"batch": batching, "frame": framing, "rules": rules, "pair": _pair(few, arrays.edition, times)}


def _pair(frame: Frame, edition: int, times: int) -> Answer:
    """The kernel and the loops on one small frame; equal hits first."""
    from bench.by_hand import Excludes1
    from claimwright.edits.relations import Pair

    held: list[list[tuple[int, int, int]]] = [[] for _ in range(len(frame.batch))]
    places = zip(frame.claim.tolist(), frame.pos.tolist(), frame.code.tolist(), strict=True)
    for index, (claim, pos, code) in enumerate(places):
        if pos >= 0:
            held[claim].append((index, pos, code))
    slow = Excludes1(frame.columns.book, edition)
    kernel = Pair("excludes1")
    fast_time, hits = _timed(lambda: kernel.find(frame), max(times, 5))
    slow_time, pairs = _timed(lambda: slow.conflicts(held), 1)
    equal = list(zip(hits.left.tolist(), hits.right.tolist(), strict=True)) == pairs
    return {"kernel": fast_time, "by_hand": slow_time, "hits": len(hits), "equal": equal}


def explained(number: int, singly: int, day: str, seed: int, mix: str) -> Answer:
    """Reports with explanations: CPU seconds for all claims at once, and wall time of single warm checks."""
    import claimwright
    from bench.generate import billable, claims

    engine = claimwright.Engine(claimwright.open_book())
    wanted = claims(billable(engine.book, day), number, seed, mix)
    at_once, one_by_one = engine.check_all(wanted[:singly]), [engine.check(each) for each in wanted[:singly]]
    begun = time.process_time()
    reports = engine.check_all(wanted)
    spent = time.process_time() - begun
    walls = []
    for each in wanted[:singly]:
        start = time.perf_counter()
        engine.check(each)
        walls.append(time.perf_counter() - start)
    walls.sort()
    return {
        "seconds": spent,
        "findings": sum(len(each.findings) for each in reports),
        "equal": at_once == one_by_one == reports[:singly],
        "median": walls[len(walls) // 2],
        "p99": walls[int(0.99 * (len(walls) - 1))],
    }


def risk_ours(**settings: Any) -> Answer:
    """Scores of many people in columns; imported here, so that no other task pays for it."""
    from bench import risk

    return risk.risk_ours(**settings)


def risk_theirs(**settings: Any) -> Answer:
    """Scores of the same people, one by one, by the package hccinfhir."""
    from bench import risk

    return risk.risk_theirs(**settings)


def write_files(**settings: Any) -> Answer:
    """A quarter of made-up PTP files."""
    from bench import procedures

    return procedures.write_files(**settings)


def ptp_ours(**settings: Any) -> Answer:
    """The PTP relation over many claims."""
    from bench import procedures

    return procedures.ptp_ours(**settings)


def ptp_theirs(**settings: Any) -> Answer:
    """The same in DuckDB."""
    from bench import procedures

    return procedures.ptp_theirs(**settings)


def write_export(**settings: Any) -> Answer:
    """An export of made-up articles."""
    from bench import mcd

    return mcd.write_export(**settings)


def mcd_asked(**settings: Any) -> Answer:
    """Questions to the imported articles."""
    from bench import mcd

    return mcd.mcd_asked(**settings)


def mcd_covered(**settings: Any) -> Answer:
    """Coverage answers of many imported articles."""
    from bench import mcd

    return mcd.mcd_covered(**settings)


_ALL = (
    open_ours,
    open_theirs,
    records_ours,
    records_theirs,
    whole_ours,
    whole_theirs,
    same_records,
    sampled,
    kernels,
    explained,
    risk_ours,
    risk_theirs,
    write_files,
    ptp_ours,
    ptp_theirs,
    write_export,
    mcd_asked,
    mcd_covered,
)
TASKS: dict[str, Callable[..., Answer]] = {each.__name__: each for each in _ALL}
"""Every task by name."""


if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](**json.loads(sys.argv[2])), sys.stdout)
