"""`python -m bench [--quick] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from bench import SEED
from bench.coverage import coverage
from bench.figures import Figure, installed, machine, table
from bench.grouping import grouping
from bench.http import http
from bench.mcd import mcd
from bench.measures import FULL, PEER, QUICK, Size, book, kernels, peer, processes, ready
from bench.notes import notes
from bench.procedures import procedures
from bench.processes import Differs
from bench.reading import reading
from bench.risk import risk
from bench.searching import searching
from bench.word_scores import words

SECTIONS: dict[str, Callable[[Size], Iterator[Figure]]] = {
    "peer": peer,
    "processes": processes,
    "book": book,
    "kernels": kernels,
    "grouping": grouping,
    "procedures": lambda size: procedures(10 * size.claims, 25 * size.claims, SEED, size.times),
    "mcd": lambda size: mcd(size.codes, size.codes // 4, 100 * size.times),
    "reading": lambda size: reading(size.claims // 10, size.times),
    "coverage": coverage,
    "notes": lambda size: notes(max(20, size.explained // 10)),
    "risk": lambda size: risk(size.pairs, 40 * size.explained, size.explained),
    "search": lambda size: searching(size.codes // 4, size.codes // 4),
    "words": lambda size: words(),
    "http": lambda size: http(2 * size.times, size.pairs, 3 * size.explained // 2),
}
"""What can be measured, in order."""


def main() -> int:
    """Measure, print the table, write the figures; 1 when two sides do not agree."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure claimwright, side by side with peers."
    )
    parser.add_argument("--quick", action="store_true", help="small samples: does it run, do the answers agree?")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures, versions, cores and seeds")
    parser.add_argument("--only", choices=list(SECTIONS), action="append", help="one section (may be repeated)")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    about = machine()
    skipped = [] if installed(PEER) else [f"{PEER} is not installed: the comparison with it is skipped"]
    figures: list[Figure] = []
    try:
        ready()
        for name in options.only or SECTIONS:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            figures += SECTIONS[name](size)
    except Differs as error:
        print(f"bench: {error}; nothing is quoted", file=sys.stderr)
        return 1
    print(f"claimwright {about['claimwright']}, Python {about['python']}, {about['cores']} cores, {about['processor']}")
    print(table(figures))
    for each in skipped:
        print(f"skipped: {each}")
    if options.json:
        lines = [{**asdict(each), "verdict": each.verdict} for each in figures]
        document = {"machine": about, "quick": options.quick, "skipped": skipped, "figures": lines}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
