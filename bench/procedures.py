"""PTP at the size of a quarter: reading 2.5 million pairs, and a million claims of three lines against them.

Every code is made up (`ZQ` and three characters, which no code set has). The peer of the kernel is
DuckDB with the same lines and pairs in its own tables: a self-join of the lines by claim and day, joined
to the pairs by code and date.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.figures import Figure, installed
from bench.processes import COMMAND, Differs, run, worker

PARTS = 4
CODES = 15_000
DAY = 20636  # 2026-07-02, in the quarter of the files
HEADER = (
    "Made-up notice.\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
RATIONALES = tuple(f"Made-up rationale {letter * 3} of some length" for letter in "ABCDEFGHIJKL")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def codes() -> list[str]:
    """Made-up codes in order."""
    return [f"ZQ{_DIGITS[n // 1296]}{_DIGITS[n // 36 % 36]}{_DIGITS[n % 36]}" for n in range(CODES)]


def pairs(number: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Distinct directed pairs of code numbers with dates (days since 1970; -1 without deletion)."""
    chance = np.random.default_rng(seed)
    keys = np.unique(chance.integers(0, CODES * CODES, int(number * 1.02), dtype=np.int64))
    keys = np.sort(chance.permutation(keys)[:number])
    begins = chance.integers(9_496, 20_600, len(keys))  # 1996 to May 2026
    ended = chance.random(len(keys)) < 0.2
    return {
        "first": keys // CODES,
        "second": keys % CODES,
        "effective": begins,
        "deletion": np.where(ended, begins + chance.integers(1, 12_000, len(keys)), -1),
        "indicator": chance.choice([0, 1, 9], len(keys), p=[0.3, 0.6, 0.1]),
        "rationale": chance.integers(0, len(RATIONALES), len(keys)),
    }


def lines(claims: int, table: dict[str, npt.NDArray[Any]], seed: int) -> npt.NDArray[np.int64]:
    """Code numbers of three lines a claim, [claims, 3]; a third of the claims hold some pair of the table."""
    chance = np.random.default_rng(seed + 1)
    out = chance.integers(0, CODES, (claims, 3))
    some = chance.integers(0, len(table["first"]), claims)
    with_pair = chance.random(claims) < 1 / 3
    out[:, 0] = np.where(with_pair, table["first"][some], out[:, 0])
    out[:, 2] = np.where(with_pair, table["second"][some], out[:, 2])
    return out


def write_files(folder: str, number: int, seed: int) -> dict[str, Any]:
    """The four parts of one quarter as text files."""
    table, names = pairs(number, seed), codes()
    text = {
        day: np.datetime64(day, "D").astype(object).strftime("%Y%m%d")
        for day in np.unique(np.concatenate([table["effective"], table["deletion"]])).tolist()
    }
    text[-1] = "*"
    columns = [table[name].tolist() for name in ("first", "second", "effective", "deletion", "indicator", "rationale")]
    rows = list(zip(*columns, strict=True))
    step = -(-len(rows) // PARTS)
    for part in range(PARTS):
        place = Path(folder) / f"ccipra-v322r0-f{part + 1}.txt"
        with place.open("w", encoding="latin-1", newline="") as stream:
            stream.write(HEADER)
            stream.writelines(
                f"{names[a]}\t{names[b]}\t\t{text[c]}\t{text[c] if e == 9 else text[d]}\t{e}\t{RATIONALES[f]}\r\n"
                for a, b, c, d, e, f in rows[part * step : (part + 1) * step]
            )
    return {"rows": len(rows), "bytes": sum(each.stat().st_size for each in Path(folder).glob("*.txt"))}


def ptp_ours(claims: int, number: int, seed: int, times: int) -> dict[str, Any]:
    """Wall seconds of the rule's relation over a fresh frame of all lines, smallest of several; and its hits."""
    import claimwright
    from claimwright.book.columns import columns
    from claimwright.edits.frame import Frame
    from claimwright.edits.registry import load_rules

    book = claimwright.open_book()
    arrays = columns(book, book.editions[-1].number)
    relation = next(each for each in load_rules().values() if each.name == "ptp-conflict").relation
    batch = _batch(lines(claims, pairs(number, seed), seed))
    spent, hits = [], None
    for _ in range(times + 1):
        frame = Frame(batch, arrays)
        begun = time.perf_counter()
        hits = relation.find(frame)
        spent.append(time.perf_counter() - begun)
    assert hits is not None
    return {"seconds": min(spent[1:]), "hits": len(hits), "sum": int((hits.left * 3 + hits.right).sum())}


def _batch(code: npt.NDArray[np.int64]) -> Any:
    """Professional claims of one day with nothing but lines, as columns."""
    from claimwright.claims.batch import SETTINGS, ClaimBatch
    from claimwright.model import Setting

    number, width = code.shape
    none = np.zeros(0, np.int32)
    empty = np.zeros(number + 1, np.int64)
    of_lines = np.zeros(number * width + 1, np.int64)
    return ClaimBatch(
        claims=None,
        setting=np.full(number, SETTINGS.index(Setting.PROFESSIONAL), np.uint8),
        day=np.full(number, DAY, np.int32),
        age=np.zeros(number, np.int16),
        sex=np.zeros(number, np.uint8),
        exempt=np.zeros(number, np.bool_),
        offsets=empty,
        codes=np.zeros(0, "S8"),
        poa=np.zeros(0, "S1"),
        status=np.zeros(number, np.int16),
        procedure_offsets=empty,
        procedure_codes=np.zeros(0, "S8"),
        procedure_days=none,
        line_offsets=np.arange(number + 1, dtype=np.int64) * width,
        line_codes=np.array(codes(), "S8")[code.ravel()],
        line_days=np.full(number * width, DAY, np.int32),
        units=np.ones(number * width),
        modifier_offsets=of_lines,
        modifiers=np.zeros(0, "S2"),
        pointer_offsets=of_lines,
        pointers=none,
    )


QUERY = """
SELECT count(*), sum(a.line * 3 + b.line) FROM lines a
JOIN lines b ON a.claim = b.claim AND a.day = b.day AND a.line <> b.line
JOIN ptp ON ptp.first = a.code AND ptp.second = b.code
WHERE ptp.indicator <> 9 AND ptp.effective <= a.day AND (ptp.deletion = -1 OR a.day <= ptp.deletion)
"""


def ptp_theirs(claims: int, number: int, seed: int, times: int, threads: int) -> dict[str, Any]:
    """Wall seconds of the same job in DuckDB, smallest of several; loading its tables is not timed."""
    import duckdb

    table, names = pairs(number, seed), np.array(codes(), dtype=object)
    code = lines(claims, table, seed)
    db = duckdb.connect()
    db.execute(f"SET threads = {threads}")
    ptp = {**table, "first": names[table["first"]], "second": names[table["second"]]}
    del ptp["rationale"]
    held = {
        "claim": np.repeat(np.arange(len(code)), 3),
        "line": np.arange(code.size),
        "day": np.full(code.size, DAY),
        "code": names[code.ravel()],
    }
    for name, columns in (("ptp", ptp), ("lines", held)):
        db.register("arrays", columns)
        db.execute(f"CREATE TABLE {name} AS SELECT * FROM arrays")
        db.unregister("arrays")
    spent, answer = [], None
    for _ in range(times + 1):
        begun = time.perf_counter()
        answer = db.execute(QUERY).fetchone()
        spent.append(time.perf_counter() - begun)
    assert answer is not None
    return {"seconds": min(spent[1:]), "hits": int(answer[0]), "sum": int(answer[1] or 0)}


def procedures(claims: int, number: int, seed: int, times: int) -> Iterator[Figure]:
    """Import of one quarter's practitioner table, then its relation over many claims beside DuckDB."""
    with tempfile.TemporaryDirectory() as folder:
        made = run([worker("write_files", folder=folder, number=number, seed=seed)])[0].answer
        home = {"CLAIMWRIGHT_HOME": str(Path(folder) / "home")}
        section = f"PTP, {number:,} pairs, {made['bytes'] / 1e6:.0f} MB of text"
        (before,) = run([(*COMMAND, "data", "build")], home)
        files = [str(Path(folder) / f"ccipra-v322r0-f{part}.txt") for part in range(1, PARTS + 1)]
        (added,) = run([(*COMMAND, "data", "add", "ncci-ptp", *files, "--accept-licence")], home)
        if before.code or added.code:
            raise Differs("the files could not be added")
        note = f"with the whole book, CPU {added.cpu:.1f} s; the book alone {before.wall:.1f} s, CPU {before.cpu:.1f} s"
        yield Figure(section, "data add ncci-ptp, four parts", added.wall, "s", target=60, note=note)
        yield Figure(section, "data add ncci-ptp, four parts", added.peak, "MB", target=1500)
        settings = {"claims": claims, "number": number, "seed": seed, "times": times}
        ours = run([worker("ptp_ours", **settings)], home)[0]
        section = f"PTP over {claims:,} claims of 3 lines"
        note = f"{ours.answer['hits']:,} edits; smallest of {times}"
        if installed("duckdb") is None:
            yield Figure(section, "relation", ours.answer["seconds"], "s", note=note)
            return
        for threads in (1, 2):
            theirs = run([worker("ptp_theirs", threads=threads, **settings)])[0].answer
            if any(theirs[name] != ours.answer[name] for name in ("hits", "sum")):
                raise Differs(f"DuckDB finds {theirs['hits']} edits, the relation {ours.answer['hits']}")
            here, there = ours.answer["seconds"], theirs["seconds"]
            name = f"relation, DuckDB on {threads} thread{'s' * (threads > 1)}"
            yield Figure(section, name, here, "s", peer=there, ratio=there / here, note=note)
        yield Figure(section, "peak memory", ours.peak, "MB")
