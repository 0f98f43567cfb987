"""Claims by the million: decoding a file of claims against checking it, measured in turn.

`python -m bench.scan [FILE.parquet] [--claims N] [--rounds R]` prints, as the least of R rounds that take turns
(the machine may be shared; minima are what it can do): pyarrow's decode of the columns that are read; reading
into `ClaimBatch`; all rules; the whole scan with its output. Ratios are to the decode. Without a file,
synthetic claims are made (`claimwright bench-claims`).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from claimwright.batch.local import Scanner
from claimwright.batch.scan import Task, scan
from claimwright.batch.synthetic import write_claims
from claimwright.book.store import Book, open_book
from claimwright.claims.readers import Options
from claimwright.claims.readers.parquet import ParquetReader

DAY = date(2026, 1, 1)


def timed(step: Callable[[], object]) -> tuple[float, float]:
    """(wall, processor) seconds."""
    wall, used = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - used


def measure(book: Book, file: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """The least time of each step, in seconds."""
    scanner = Scanner(book)
    reader = ParquetReader(file, Options(DAY))

    def decode() -> None:
        for group in range(reader.groups):
            for _ in reader.tables(group):
                pass

    def read() -> None:
        for _ in reader.chunks():
            pass

    def rules() -> None:
        for chunk in reader.chunks():
            scanner.findings(chunk.batch)

    with tempfile.TemporaryDirectory() as folder:

        def whole() -> None:
            scan(book, Task((file,), Path(folder) / "findings.parquet", Options(DAY)))

        steps = {"decode": decode, "read": read, "read and check": rules, "scan": whole}
        best: dict[str, tuple[float, float]] = {}
        for _ in range(rounds):
            for name, step in steps.items():
                wall, used = timed(step)
                before = best.get(name, (wall, used))
                best[name] = (min(wall, before[0]), min(used, before[1]))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    book = open_book()
    with tempfile.TemporaryDirectory() as folder:
        file = asked.file or Path(folder) / "claims.parquet"
        if asked.file is None:
            write_claims(book, asked.claims, 1, file)
        import pyarrow.parquet as pq

        claims = pq.ParquetFile(file).metadata.num_rows
        best = measure(book, file, asked.rounds)
    base = best["decode"]
    print(f"{claims:,} claims, least of {asked.rounds} rounds")
    for name, (wall, used) in best.items():
        ratios = f"{wall / base[0]:6.1f} x decode, {used / base[1]:6.1f} x by processor time"
        print(f"{name:<16}{wall:8.3f} s  {used:8.3f} s cpu  {claims / wall:12,.0f} claims/s  {ratios}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
