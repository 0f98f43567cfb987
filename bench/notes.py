"""Notes read a second on one core; beside medSpaCy where a Python that has it is named in MEDSPACY_PYTHON.

The notes are the openly licensed visit notes of the shared data folder (`../shared/data/notes`); without them
nothing is measured. medSpaCy looks for the same terms of `lexicons/facts.yaml` with its own sentence splitter
and ConText rules, in an environment of its own, since its pins exclude ours.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bench.figures import Figure

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "notes"
_PEER = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
try:
    from loguru import logger
    logger.remove()
except ImportError:
    pass
import medspacy
from medspacy.ner import TargetRule
given = json.load(open(sys.argv[1]))
nlp = medspacy.load(enable=["medspacy_pyrush", "medspacy_target_matcher", "medspacy_context"])
nlp.get_pipe("medspacy_target_matcher").add([TargetRule(term, "FACT") for term in given["terms"]])
nlp(given["notes"][0])
start = time.process_time()
found = sum(len(nlp(note).ents) for note in given["notes"])
print(json.dumps({"seconds": time.process_time() - start, "found": found}))
"""


def visit_notes() -> list[str]:
    """The texts, in a fixed order; empty when the folder is not there."""
    out: list[str] = []
    csv.field_size_limit(10**8)
    for file in sorted(FOLDER.glob("aci-bench/*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            out += [row["note"] for row in csv.DictReader(stream)]
    for file in sorted(FOLDER.glob("primock57/*.json")):
        out.append(json.loads(file.read_text(encoding="utf-8"))["note"])
    return out


def notes(peer_notes: int) -> Iterator[Figure]:
    """Kilobytes of notes read a second (a note of 1 kB is one note), facts alone and with candidates."""
    texts = visit_notes()
    if not texts:
        return
    from bench import DAY
    from claimwright.book.store import open_book
    from claimwright.notes.reading import Notes

    reader = Notes(open_book())
    section = f"reading notes ({len(texts)} visit notes, {sum(map(len, texts)) // 1000} kB)"
    cold = _rate(texts, lambda text: reader.facts(text))
    warm = _rate(texts, lambda text: reader.facts(text))
    yield Figure(section, "facts, first pass", cold, "kB/s", note="at least 400 are wanted; processor time")
    peer = _medspacy(texts[:peer_notes], [str(term) for row in reader.fact_rows() for term in row["terms"]])
    yield Figure(section, "facts, second pass", warm, "kB/s", peer=peer,
                 ratio=warm / peer if peer else None, note="peer: medSpaCy" if peer else "")  # fmt: skip
    day = date.fromisoformat(DAY)
    both = _rate(texts[:peer_notes], lambda text: reader.read(text, "outpatient", day))
    yield Figure(section, "facts and candidates", both, "kB/s")


def _rate(texts: list[str], read: object) -> float:
    assert callable(read)
    start = time.process_time()
    for text in texts:
        read(text)
    return sum(map(len, texts)) / 1000 / (time.process_time() - start)


def _medspacy(texts: list[str], terms: list[str]) -> float | None:
    python = os.environ.get("MEDSPACY_PYTHON")
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.json"
        given.write_text(json.dumps({"notes": texts, "terms": terms}), encoding="utf-8")
        done = subprocess.run([python, "-c", _PEER, str(given)], capture_output=True, text=True, check=True)
    return sum(map(len, texts)) / 1000 / float(json.loads(done.stdout.splitlines()[-1])["seconds"])
