"""Spark in local mode against the streaming engine, over the same file, measured in turn.

`python -m bench.spark [FILE.parquet] [--claims N] [--rounds R]` prints the least of R rounds that take turns:
the local `scan`; `scan_files`; `scan_frame`. All write Parquet, and what they found is compared first. The
first run of each way in starts the workers and is told apart.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.scan import DAY
from claimwright.batch.scan import Task, scan
from claimwright.batch.spark import scan_files, scan_frame
from claimwright.batch.synthetic import write_claims
from claimwright.book.store import Book, open_book
from claimwright.claims.readers import Options


def session() -> Any:
    """A session on all cores."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    build = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
    build = build.config("spark.driver.host", "127.0.0.1").config("spark.log.level", "OFF")
    return build.config("spark.ui.showConsoleProgress", "false").getOrCreate()


def rules(path: Path) -> Counter[tuple[str, str]]:
    """Findings of a file by rule and severity."""
    held = pq.read_table(path, columns=["rule", "severity"]).to_pydict()
    rows = zip(held["rule"], held["severity"], strict=True)
    return Counter(row for row in rows if row[1])  # rows that are no findings have no severity


def measure(book: Book, spark: Any, file: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of every round."""
    with tempfile.TemporaryDirectory() as folder:
        out = {name: Path(folder) / f"{name}.parquet" for name in ("local scan", "spark files", "spark frame")}

        def local() -> None:
            scan(book, Task((file,), out["local scan"], Options(DAY)))

        def files() -> None:
            scan_files(spark, [file], day=DAY, book=book.folder).write.parquet(str(out["spark files"]))

        def frame() -> None:
            claims = spark.read.parquet(str(file))
            scan_frame(claims, day=DAY, book=book.folder).write.parquet(str(out["spark frame"]))

        steps: dict[str, Callable[[], None]] = dict(zip(out, (local, files, frame), strict=True))
        taken: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(rounds + 1):
            for name, step in steps.items():
                shutil.rmtree(out[name], ignore_errors=True)
                began = time.perf_counter()
                step()
                taken[name].append(time.perf_counter() - began)
        counted = {name: rules(path) for name, path in out.items()}
        if len({tuple(sorted(each.items())) for each in counted.values()}) != 1:
            raise SystemExit("the engines do not agree")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    book = open_book()
    spark = session()
    with tempfile.TemporaryDirectory() as folder:
        file = asked.file or Path(folder) / "claims.parquet"
        if asked.file is None:
            write_claims(book, asked.claims, 1, file)
        claims = pq.ParquetFile(file).metadata.num_rows
        taken = measure(book, spark, file, asked.rounds)
    base = min(taken["local scan"][1:])
    print(f"{claims:,} claims, least of {asked.rounds} rounds, findings equal")
    for name, (first, *others) in taken.items():
        best = min(others)
        print(
            f"{name:<12}{best:8.2f} s (first {first:.2f})  {claims / best:11,.0f} claims/s  {base / best:5.2f} x local"
        )
    spark.stop()


if __name__ == "__main__":
    main()
