"""Spark in local mode against the streaming engine, over the same file, measured in turn.

`python -m bench.spark [FILE.parquet] [--claims N] [--rounds R] [--without-frame]` prints the least of R rounds that
take turns, and the ratio to the local `scan` of the same run:

* `local scan`: findings written as one Parquet file, on as many threads as it takes;
* `files, counted`: `scan_files`, where Spark only counts the findings by rule;
* `files, written`: `write_findings`, the same findings as Parquet files;
* `files, by Spark`: `scan_files`, whose rows Spark writes;
* `frame, by Spark`: `scan_frame` of a DataFrame of claims, whose rows Spark writes.

What they found is compared first. The first run of each starts the workers and is told apart. Beside the seconds
stands the processor time of Python and Java together, which counts where the machine is shared.
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
from claimwright.batch.spark import scan_files, scan_frame, write_findings
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
    """Findings of a file or folder by rule and severity."""
    held = pq.read_table(path, columns=["rule", "severity"])
    counted = held.group_by(["rule", "severity"]).aggregate([([], "count_all")]).to_pylist()
    # Rows that are no findings have no severity.
    return Counter({(row["rule"], row["severity"]): row["count_all"] for row in counted if row["severity"]})


def used() -> float:
    """Processor seconds of this process and all below it that live."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                stat = (each / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(each.name)] = int(stat[1])
            spent[int(each.name)] = sum(map(int, stat[11:15])) / ticks  # its own, and of children that ended

    def ours(pid: int) -> bool:
        while pid > 1 and pid != os.getpid():
            pid = parents.get(pid, 0)
        return pid == os.getpid()

    return sum(seconds for pid, seconds in spent.items() if ours(pid))


def steps_of(book: Book, spark: Any, file: Path, folder: Path) -> dict[str, Callable[[], Counter[tuple[str, str]]]]:
    """What is measured: each answers with what it found, by rule, or with the count of it."""

    def local(out: Path) -> None:
        scan(book, Task((file,), out, Options(DAY)))

    def written(out: Path) -> None:
        write_findings(spark, file, out, day=DAY, book=book.folder)

    def files(out: Path) -> None:
        scan_files(spark, file, day=DAY, book=book.folder).write.parquet(str(out))

    def frame(out: Path) -> None:
        scan_frame(spark.read.parquet(str(file)), day=DAY, book=book.folder).write.parquet(str(out))

    def counted() -> Counter[tuple[str, str]]:
        found = scan_files(spark, file, day=DAY, book=book.folder).where("kind = 'finding'")
        rows = found.groupBy("rule", "severity").count().collect()
        return Counter({(row["rule"], row["severity"]): row["count"] for row in rows})

    def into(step: Callable[[Path], None], name: str) -> Callable[[], Counter[tuple[str, str]]]:
        out = folder / name

        def run() -> Counter[tuple[str, str]]:
            shutil.rmtree(out, ignore_errors=True)
            step(out)
            return Counter()

        return run

    return {
        "local scan": into(local, "local.parquet"),
        "files, counted": counted,
        "files, written": into(written, "written"),
        "files, by Spark": into(files, "files"),
        "frame, by Spark": into(frame, "frame"),
    }


def measure(
    steps: dict[str, Callable[[], Counter[tuple[str, str]]]], folder: Path, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """(wall, processor) seconds of every round, the first one apart."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    found: dict[str, Counter[tuple[str, str]]] = {}
    for _ in range(rounds + 1):
        for name, step in steps.items():
            wall, spent = time.perf_counter(), used()
            found[name] = step()
            taken[name].append((time.perf_counter() - wall, used() - spent))
    files = {each.stem: rules(each) for each in folder.iterdir()}
    counted = [*files.values(), *(each for each in found.values() if each)]
    if any(each != counted[0] for each in counted):
        raise SystemExit("the engines do not agree")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-frame", action="store_true", help="leave out what takes longest")
    asked = parser.parse_args()
    book = open_book()
    spark = session()
    with tempfile.TemporaryDirectory() as folder:
        file = asked.file or Path(folder) / "claims.parquet"
        if asked.file is None:
            write_claims(book, asked.claims, 1, file)
        claims = pq.ParquetFile(file).metadata.num_rows
        out = Path(folder) / "out"
        out.mkdir()
        steps = steps_of(book, spark, file, out)
        if asked.without_frame:
            steps = {name: step for name, step in steps.items() if not name.endswith("by Spark")}
        taken = measure(steps, out, asked.rounds)
    spark.stop()
    base, base_used = (min(column) for column in zip(*taken["local scan"][1:], strict=True))
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{claims:,} claims, least of {asked.rounds} rounds, findings equal; load {load}, {os.cpu_count()} cores")
    print(f"{'':<16}{'wall s':>8}{'first':>8}{'claims/s':>12}{'of local':>10}{'CPU s':>8}{'of local':>10}")
    for name, (first, *others) in taken.items():
        wall, spent = (min(column) for column in zip(*others, strict=True))
        print(
            f"{name:<16}{wall:>8.2f}{first[0]:>8.2f}{claims / wall:>12,.0f}{base / wall:>10.2f}"
            f"{spent:>8.2f}{base_used / spent:>10.2f}"
        )


if __name__ == "__main__":
    main()
