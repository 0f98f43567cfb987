"""How well a search answers a file of queries: `python -m bench.lay_scores FILE... [--misses] [--json]`.

A file is a YAML list of rows {query, accept: [code prefixes, dotted], kind?, say?}, or a mapping whose
`queries` is one. A hit counts when its code begins with an accepted prefix.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from claimwright.book.store import Book, open_book

DAY = date(2025, 11, 15)
TEN = 10


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of the queries answered by the first and by one of the first ten hits; processor ms a query."""

    name: str
    queries: int
    first: float
    ten: float
    p50: float
    p95: float
    misses: tuple[tuple[str, int], ...]


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a file; `ValueError` when it is not of the form."""
    import yaml

    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    rows = data["queries"] if isinstance(data, dict) else data
    for row in rows:
        if not isinstance(row.get("query"), str) or not isinstance(row.get("accept"), list) or not row["accept"]:
            raise ValueError(f"{file}: expected rows {{query, accept: [code prefixes]}}")
    return list(rows)


def rank(codes: Sequence[str], accept: Sequence[str]) -> int:
    """The place of the first good code, from 1; 0 when there is none."""
    good = (any(code.startswith(str(prefix)) for prefix in accept) for code in codes)
    return next((place for place, is_good in enumerate(good, start=1) if is_good), 0)


def score(book: Book, name: str, rows: Sequence[dict[str, Any]]) -> Score:
    """The score of the rows on this book."""
    book.search("warm up", DAY)
    ranks, times = [], []
    for row in rows:
        start = time.process_time()
        hits = book.search(row["query"], DAY, TEN).hits
        times.append(1000 * (time.process_time() - start))
        ranks.append(rank([hit.code for hit in hits], row["accept"]))
    times.sort()
    return Score(
        name,
        len(rows),
        sum(each == 1 for each in ranks) / len(rows),
        sum(0 < each <= TEN for each in ranks) / len(rows),
        statistics.median(times),
        times[int(0.95 * (len(times) - 1))],
        tuple((row["query"], each) for row, each in zip(rows, ranks, strict=True) if each != 1),
    )


def main() -> None:
    """Print the score of every file."""
    parser = argparse.ArgumentParser(prog="python -m bench.lay_scores")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="list queries whose first hit is not accepted")
    parser.add_argument("--json", action="store_true", help="one JSON document, without the queries")
    options = parser.parse_args()
    with open_book() as book:
        scores = [score(book, file.name, read(file)) for file in options.files]
    if options.json:
        print(json.dumps([{k: v for k, v in asdict(each).items() if k != "misses"} for each in scores], indent=1))
        return
    for each in scores:
        figures = f"hit@1 {each.first:.2f}  hit@10 {each.ten:.2f}  p50 {each.p50:.1f} ms  p95 {each.p95:.1f} ms"
        print(f"{each.name}: {each.queries} queries  {figures}")
        if options.misses:
            print("".join(f"  {place or '-':>3}  {query}\n" for query, place in each.misses), end="")


if __name__ == "__main__":
    main()
