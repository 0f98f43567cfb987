"""Claims by the million: decoding a file of claims against checking it, measured in turn.

`python -m bench.scan [FILE.parquet] [--claims N] [--seed S] [--rounds R] [--engine numpy|fast|both] [--profile]`
prints, as the least of R rounds that take turns (the machine may be shared; minima are what it can do): pyarrow's
decode of the columns that are read; reading into `ClaimBatch`; all rules; the whole scan with its output. Ratios are
to the decode; those by processor time are the dependable ones where others use the machine. Each engine runs in a
process of its own, so that its peak memory is its own; before that both have to find the same. `fast` needs numba.
`--profile` adds the processor time of each stage and each rule. Without a file, synthetic claims are made
(`claimwright bench-claims`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from bench.processes import PYTHON, ROOT, environment
from claimwright.batch.ahead import WORKERS
from claimwright.batch.findings import table
from claimwright.batch.local import Scanner
from claimwright.batch.memo import Memo
from claimwright.batch.memory import keep_freed_memory
from claimwright.batch.scan import Task, scan
from claimwright.batch.synthetic import write_claims
from claimwright.book.store import Book, open_book
from claimwright.claims.readers import Chunk, Options
from claimwright.claims.readers.parquet import ParquetReader
from claimwright.edits.compiled import SWITCH, kernels

DAY = date(2026, 1, 1)
ENGINES = ("numpy", "fast")
VERSIONS = ("numpy", "pyarrow", "numba")


def timed(step: Callable[[], object]) -> tuple[float, float]:
    """(wall, processor) seconds."""
    wall, used = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - used


def decode(reader: ParquetReader) -> None:
    """pyarrow alone."""
    for group in range(reader.groups):
        for _ in reader.tables(group):
            pass


def read(reader: ParquetReader) -> None:
    """Into columns of claims."""
    for _ in reader.chunks():
        pass


def check(reader: ParquetReader, scanners: SimpleQueue[Scanner]) -> None:
    """To findings in columns, as `scan` does it: the file is read on while chunks are checked side by side."""

    def found(chunk: Chunk) -> None:
        free = scanners.get()
        free.findings(chunk.batch)
        scanners.put(free)

    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[None]] = deque()
        for chunk in reader.chunks():
            waiting.append(pool.submit(found, chunk))
            if len(waiting) > WORKERS:
                waiting.popleft().result()
        for each in waiting:
            each.result()


def measure(book: Book, file: Path, rounds: int) -> tuple[dict[str, tuple[float, float]], str]:
    """The least time of each step, in seconds; and a digest of what was found."""
    keep_freed_memory()
    reader = ParquetReader(file, Options(DAY))
    scanners: SimpleQueue[Scanner] = SimpleQueue()
    memo = Memo(book)
    for _ in range(WORKERS):
        scanners.put(Scanner(book, memo=memo))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "findings.parquet"
        steps: dict[str, Callable[[], object]] = {
            "decode": lambda: decode(reader),
            "read": lambda: read(reader),
            "read and check": lambda: check(reader, scanners),
            "scan": lambda: scan(book, Task((file,), output, Options(DAY))),
        }
        best: dict[str, tuple[float, float]] = {}
        for _ in range(rounds):
            for name, step in steps.items():
                wall, used = timed(step)
                before = best.get(name, (wall, used))
                best[name] = (min(wall, before[0]), min(used, before[1]))
        return best, hashlib.sha256(output.read_bytes()).hexdigest()


def profile(book: Book, file: Path) -> dict[str, float]:
    """Processor seconds of each stage and rule, one thread, without the first time of anything."""
    scanner = Scanner(book)
    names = [(each.name, each.code) for each in scanner.rules]
    used: dict[str, float] = defaultdict(float)
    plain = Scanner._of

    def watched(self: Scanner, number: int, *rest: Any) -> Any:
        before = time.process_time()
        part = plain(self, number, *rest)
        used[f"{names[number][1]} {names[number][0]}"] += time.process_time() - before
        return part

    def of(stage: str, step: Callable[..., Any], *given: Any) -> Any:
        before = time.process_time()
        made = step(*given)
        used[stage] += time.process_time() - before
        return made

    Scanner._of = watched  # type: ignore[method-assign]
    try:
        for warm in (True, False):
            used.clear()
            chunks = ParquetReader(file, Options(DAY)).chunks()
            while (chunk := of("* read", next, chunks, None)) is not None:
                found = of("* rules", scanner.findings, chunk.batch)
                of("* table", table, found, chunk.batch.ids, chunk.records, str(file), names)
                if warm and chunk.done > 0.2:
                    break
    finally:
        Scanner._of = plain  # type: ignore[method-assign]
    return dict(used)


def report(asked: argparse.Namespace) -> None:
    """One engine, measured in this process, as JSON."""
    begun = time.perf_counter()
    at_hand = kernels()
    start = time.perf_counter() - begun
    if asked.engine == "fast" and at_hand is None:
        json.dump({"missing": "numba is not installed, or its cache cannot be written to"}, sys.stdout)
        return
    book = open_book()
    best, found = measure(book, asked.file, asked.rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    stages = profile(book, asked.file) if asked.profile else {}
    json.dump({"best": best, "found": found, "peak": peak, "start": start, "stages": stages}, sys.stdout)


def one(asked: argparse.Namespace, file: Path, engine: str) -> dict[str, Any]:
    """One engine in a process of its own."""
    switches = ["--rounds", str(asked.rounds), "--engine", engine, "--report"] + ["--profile"] * asked.profile
    command = [PYTHON, "-m", "bench.scan", str(file), *switches]
    extra = {SWITCH: "0" if engine == "numpy" else "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment(extra), cwd=ROOT)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def show(engine: str, answer: dict[str, Any], claims: int) -> None:
    if "missing" in answer:
        print(f"{engine}: {answer['missing']}")
        return
    base = answer["best"]["decode"]
    print(f"{engine}: peak memory {answer['peak']:,.0f} MB; kernels at hand after {answer['start']:.2f} s")
    for name, (wall, used) in answer["best"].items():
        ratios = f"{wall / base[0]:6.1f} x decode, {used / base[1]:6.1f} x by processor time"
        print(f"  {name:<16}{wall:8.3f} s  {used:8.3f} s cpu  {claims / wall:12,.0f} claims/s  {ratios}")
    for name, used in sorted(answer["stages"].items(), key=lambda item: (item[0][0] != "*", -item[1]))[:24]:
        print(f"    {name:<32}{used:8.3f} s cpu  {used / base[1]:6.2f} x decode")


def versions() -> str:
    told = [f"python {platform.python_version()}"]
    for name in VERSIONS:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            told.append(f"no {name}")
    return ", ".join(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--report", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.report:
        report(asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = asked.file or Path(folder) / "claims.parquet"
        if asked.file is None:
            write_claims(open_book(), asked.claims, asked.seed, file)
        import pyarrow.parquet as pq

        claims = pq.ParquetFile(file).metadata.num_rows
        engines = ENGINES if asked.engine == "both" else (asked.engine,)
        answers = {engine: one(asked, file, engine) for engine in engines}
    made = f"seed {asked.seed}" if asked.file is None else str(asked.file)
    print(f"{claims:,} claims ({made}), least of {asked.rounds} rounds; {versions()}; {os.cpu_count()} cores")
    for engine, answer in answers.items():
        show(engine, answer, claims)
    if len({each["found"] for each in answers.values() if "found" in each}) > 1:
        sys.exit("the engines found different things: no figure counts")


if __name__ == "__main__":
    main()
