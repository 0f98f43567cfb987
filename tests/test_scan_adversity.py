"""Damaged, huge and mixed files, full disks and killed scans: a clear sentence, and nothing lost."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch import scan as scanning
from claimwright.batch.scan import Progress, Task, files_of, scan
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.errors import InputError
from tests.claim_files import FOLDER, INSTITUTIONAL, PROFESSIONAL
from tests.test_scan_command import found_in, rows, stop_after, table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)
OURS = {"id": "X", "setting": "outpatient", "diagnoses": ["R25.2"], "service_from": "2025-11-15"}
HUGE = b"a" * (100 << 20)
ONE_LINE = PROFESSIONAL.replace(b"\r", b"").replace(b"\n", b"")


class Outcome:
    """What became of a scan with `--on-error skip`: its summary, its rejects, and whether the numbers agree."""

    def __init__(self, book: Book, folder: Path, names: list[Path], size: int = 4) -> None:
        out, bad = folder / "out.ndjson", folder / "bad.ndjson"
        files = files_of([str(each) for each in names])
        task = Task(files, out, Options(DAY, "skip", size=size), rejects=bad)
        self.summary = scan(book, task).summary
        self.rejects = [json.loads(line) for line in bad.read_text().splitlines()]
        for each in self.summary["files"]:
            mine = [line for line in self.rejects if line["file"] == each["file"]]
            assert each["read"] == each["accepted"] + each["rejected"]
            assert sum(line["record"] > 0 for line in mine) == each["rejected"]
            assert [line["problem"] for line in mine if line["record"] == 0] == [
                line["problem"] for line in mine if each["refused"] and line["record"] == 0
            ]
        self.accepted, self.rejected, self.refused = (
            [each[key] for each in self.summary["files"]] for key in ("accepted", "rejected", "refused")
        )


def ndjson(number: int) -> bytes:
    return b"".join(json.dumps(OURS | {"id": str(at)}).encode() + b"\n" for at in range(number))


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


# ---- damaged files ------------------------------------------------------------------------------


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_what_a_cut_file_still_holds_is_read(mini_book: Book, tmp_path: Path, share: float) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    whole = table(tmp_path / "c.parquet", rows(40)).read_bytes()
    archive = zipped(tmp_path / "c.zip", {"a": ndjson(30), "b": ndjson(30)}).read_bytes()
    packed = gzip.compress(
        b"".join(json.dumps(OURS | {"id": os.urandom(9).hex()}).encode() + b"\n" for _ in range(400))
    )
    files = {"1.parquet": whole, "2.837": PROFESSIONAL, "3.ndjson": ndjson(30), "4.zip": archive, "5.gz": packed}
    for name, data in files.items():
        (folder / name).write_bytes(cut(data, share))
    told = Outcome(mini_book, tmp_path, [folder])
    assert told.refused[0] and "Parquet" in told.refused[0] and told.accepted[0] == 0
    assert told.accepted[1] + told.rejected[1] <= 3
    assert told.accepted[2] == int(len(ndjson(30)) * share) // len(ndjson(1)) or told.accepted[2] <= 30
    assert told.accepted[2] + told.rejected[2] == cut(ndjson(30), share).count(b"\n") + (share < 1)
    assert told.refused[3] and "cannot be" in told.refused[3]
    assert told.refused[4] and "unpacked to the end" in told.refused[4]
    assert told.accepted[4] > 0 or share < 0.9


@pytest.mark.parametrize("at", range(0, 100, 9))
def test_one_changed_bit_is_told_or_changes_one_value(mini_book: Book, tmp_path: Path, at: int) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.Table.from_pylist(rows(40)), path, row_group_size=10, write_page_checksum=True)
    files = {"c.parquet": path.read_bytes(), "c.gz": gzip.compress(ndjson(40), mtime=0)}
    folder = tmp_path / "in"
    folder.mkdir()
    for name, data in files.items():
        changed = bytearray(data)
        changed[len(changed) * at // 100] ^= 1 << (at % 8)
        (folder / name).write_bytes(bytes(changed))
    told = Outcome(mini_book, tmp_path, [folder])
    assert all(each <= 40 for each in told.accepted)
    for number, refused in zip(told.accepted, told.refused, strict=True):
        assert number == 40 or refused
        assert refused is None or "\n" not in refused


@pytest.mark.parametrize("delimiters", [b"|^!", b"\x1d\x1f\x1e", b"A:~", b"*:\n", b"+'?"])
def test_an_isa_with_odd_delimiters_is_read_or_told(mini_book: Book, tmp_path: Path, delimiters: bytes) -> None:
    element, part, end = (delimiters[at : at + 1] for at in range(3))
    moved = ONE_LINE.translate(bytes.maketrans(b"*:~", element + part + end))
    path = tmp_path / "x"
    path.write_bytes(moved)
    told = Outcome(mini_book, tmp_path, [path])
    if delimiters == b"A:~":  # letters of codes too: no segment is what it was
        assert told.refused[0] or told.rejected[0] or told.accepted[0] < 3
    else:
        assert (told.accepted, told.rejected, told.refused) == ([3], [0], [None])


# ---- files of one line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "counts", "says"),
    [
        (lambda: json.dumps(OURS | {"note": HUGE.decode()}).encode(), (1, 0), None),
        (lambda: json.dumps(OURS | {"note": HUGE.decode()}).encode()[:-9] + b"\n" + ndjson(2), (2, 1), None),
        (lambda: json.dumps([OURS | {"note": HUGE[: 1 << 20].decode()}] * 100).encode(), (100, 0), None),
        (lambda: ONE_LINE.replace(b"~HI*", b"~NTE*ADD*" + HUGE + b"~HI*", 1), (0, 0), "no segment ends within"),
        (lambda: b"id,setting,dx1\nA,outpatient," + HUGE + b"\nB,outpatient,R252\n", (1, 1), None),
        (lambda: HUGE, (0, 0), "no known format"),
    ],
    ids=["claim", "lines", "array", "x12", "csv", "text"],
)
def test_a_line_of_a_hundred_megabytes(
    mini_book: Book, tmp_path: Path, data: Callable[[], bytes], counts: tuple[int, int], says: str | None
) -> None:
    path = tmp_path / "huge"
    path.write_bytes(data())
    told = Outcome(mini_book, tmp_path, [path])
    assert (told.accepted[0], told.rejected[0]) == counts
    assert (says in told.refused[0]) if says else told.refused[0] is None


# ---- folders of everything ----------------------------------------------------------------------


def mixed(folder: Path) -> dict[str, int]:
    """A folder of all formats, and the number of claims of each file."""
    claim = {
        "resourceType": "Claim", "use": "claim", "status": "active",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "billablePeriod": {"start": "2025-11-15", "end": "2025-11-15"},
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.2"}]}}],
    }  # fmt: skip
    (folder / "a.parquet").write_bytes(table(folder / "a.parquet", rows(8)).read_bytes())
    (folder / "b.837").write_bytes(PROFESSIONAL)
    (folder / "c.837").write_bytes(INSTITUTIONAL)
    (folder / "d.json").write_bytes(json.dumps(claim).encode())
    (folder / "e.csv").write_text("id,setting,dx1\nA,outpatient,R252\nB,outpatient,I10\n")
    (folder / "f.835").write_bytes((FOLDER / "remittance.835").read_bytes())
    (folder / "README.txt").write_text("What this is.\n\nClaims of a month, as they came.\n")
    zipped(
        folder / "g.zip",
        {"one.ndjson": ndjson(3), "two.txt": b"Nothing of ours", "three.csv": b"id,setting,dx1\nA,outpatient,I10\n"},
    )
    (folder / "h.ndjson").write_bytes(ndjson(2) + b'{"setting": 1}\n')
    return {"README.txt": 0, "a.parquet": 8, "b.837": 3, "d.json": 1, "e.csv": 2, "f.835": 0, "g.zip": 4, "h.ndjson": 2}


def test_a_folder_of_everything_gives_all_claims_and_the_rest_unchanged(mini_book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    meant = mixed(folder)
    told = Outcome(mini_book, tmp_path, [folder])
    found = {Path(each["file"]).name: each["accepted"] for each in told.summary["files"]}
    assert found.items() >= meant.items() and found["c.837"] >= 1
    kept = {Path(line["file"]).name: line.get("text") for line in told.rejects}
    assert kept["README.txt"] == (folder / "README.txt").read_text()
    assert kept["f.835"] == (folder / "f.835").read_bytes().decode()
    assert kept["g.zip"] == "Nothing of ours" and kept["h.ndjson"].strip() == '{"setting": 1}'
    assert set(kept) == {"README.txt", "f.835", "g.zip", "h.ndjson"}


def test_a_folder_of_everything_stops_with_one_sentence(mini_book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    mixed(folder)
    (folder / "README.txt").rename(folder / "z.txt")
    with pytest.raises(InputError, match=r"f.835: X12 without an 837.*findings up to there are in") as caught:
        scan(mini_book, Task(files_of([str(folder)]), tmp_path / "out.parquet", Options(DAY)))
    assert "\n" not in str(caught.value)
    assert pq.ParquetFile(tmp_path / "out.parquet.partial").metadata.num_rows > 0


# ---- killed, and gone on with -------------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from claimwright.batch import scan
from claimwright.book.store import Book
from claimwright.claims.readers import Options

book, source, out, bad, number = sys.argv[1:]
scan.EVERY = 0.0
seen = []

def watch(progress):
    seen.append(progress)
    if len(seen) == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return True

options = Options(date(2026, 1, 15), "skip", size=4)
scan.scan(Book(Path(book)), scan.Task((Path(source),), Path(out), options, rejects=Path(bad)), watch)
"""


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
@pytest.mark.parametrize("chunks", [1, 4])
def test_a_killed_scan_goes_on_from_what_is_on_the_disk(
    mini_book: Book, tmp_path: Path, ending: str, chunks: int
) -> None:
    held = rows(30)
    held[5] |= {"setting": "office"}
    held[21] |= {"setting": "office"}
    source, out, bad = table(tmp_path / "c.parquet", held), tmp_path / f"out.{ending}", tmp_path / "bad"
    straight = tmp_path / f"straight.{ending}"
    options = Options(DAY, "skip", size=4)
    whole = scan(mini_book, Task((source,), straight, options, rejects=tmp_path / "other"))
    words = [sys.executable, "-c", KILLED, str(mini_book.folder), str(source), str(out), str(bad), str(chunks)]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not out.exists()
    for part in tmp_path.glob("out.parquet.partial.0*"):
        assert pq.ParquetFile(part).metadata.num_rows > 0
    task = Task((source,), out, options, rejects=bad, resume=True)
    assert scan(mini_book, task, stop_after(1)).stopped
    result = scan(mini_book, task)
    assert found_in(out) == found_in(straight)
    assert bad.read_text() == (tmp_path / "other").read_text()
    assert {**result.summary, "output": ""} == {**whole.summary, "output": ""}
    assert {each.name for each in tmp_path.iterdir()} == {"c.parquet", "bad", "other", out.name, straight.name}


def test_a_scan_that_begins_anew_forgets_the_killed_one(mini_book: Book, tmp_path: Path) -> None:
    source, out = table(tmp_path / "c.parquet", rows(30)), tmp_path / "out.parquet"
    words = [sys.executable, "-c", KILLED, str(mini_book.folder), str(source), str(out), str(tmp_path / "bad"), "3"]
    subprocess.run(words, capture_output=True, check=False)
    assert len(list(tmp_path.glob("out.parquet.partial.0*"))) == 3
    scan(mini_book, Task((source,), out, Options(DAY)))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bad", "c.parquet", "out.parquet"]
    assert pq.ParquetFile(out).metadata.num_rows > 0


# ---- full disks ---------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount here")
    if os.geteuid() != 0 or done.returncode:
        pytest.skip("only root can mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=False)


def many(path: Path, bad: int = 0) -> Path:
    held = [row | ({"setting": "office" * 50} if bad and at % bad == 0 else {}) for at, row in enumerate(rows(20_000))]
    for at, row in enumerate(held):
        row["id"] = f"{at * 7919:x}" * 4  # hardly to be packed
    return table(path, held, 2000)


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    mini_book: Book, tmp_path: Path, small_disk: Path, ending: str
) -> None:
    subprocess.run(["mount", "-o", "remount,size=32k", str(small_disk)], check=True)
    out = small_disk / f"out.{ending}"
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)") as caught:
        scan(mini_book, Task((many(tmp_path / "c.parquet"),), out, Options(DAY, size=1000)))
    assert "\n" not in str(caught.value) and list(small_disk.iterdir()) == []


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
def test_what_was_on_the_disk_before_it_was_full_is_gone_on_with(
    mini_book: Book, tmp_path: Path, small_disk: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "EVERY", 0.0)
    source, out = many(tmp_path / "c.parquet"), small_disk / f"out.{ending}"
    with pytest.raises(InputError, match="then --resume goes on from there"):
        scan(mini_book, Task((source,), out, Options(DAY, size=1000)))
    assert not out.exists() and (small_disk / f"out.{ending}.partial.state").exists()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    summary = scan(mini_book, Task((source,), out, Options(DAY, size=1000), resume=True)).summary
    straight = tmp_path / f"straight.{ending}"
    scan(mini_book, Task((source,), straight, Options(DAY, size=1000)))
    assert summary["claims"] == 20_000 and found_in(out) == found_in(straight)
    assert [each.name for each in small_disk.iterdir()] == [out.name]


def test_a_full_disk_of_rejects_names_the_rejects(mini_book: Book, tmp_path: Path, small_disk: Path) -> None:
    source, bad = many(tmp_path / "c.parquet", bad=2), small_disk / "bad"
    task = Task((source,), tmp_path / "out.parquet", Options(DAY, "skip", size=1000), rejects=bad)
    with pytest.raises(InputError, match=r"disk/bad: cannot be written \(No space left on device\)"):
        scan(mini_book, task)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["c.parquet", "disk"] and not list(small_disk.iterdir())


# ---- every ending -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_a_stop_in_any_format_says_where_and_goes_on(mini_book: Book, tmp_path: Path, number: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    mixed(folder)
    files = files_of([str(folder)])

    def run(name: str, watch: Callable[[Progress], bool], resume: bool = False) -> Any:
        options = Options(DAY, "skip", size=2)
        return scan(mini_book, Task(files, tmp_path / name, options, None, tmp_path / f"{name}.bad", resume), watch)

    whole = run("whole.parquet", lambda _: True)
    result = run("out.parquet", stop_after(number))
    assert result.stopped and "records" in result.stopped
    while result.stopped:
        result = run("out.parquet", stop_after(number), resume=True)
    assert found_in(tmp_path / "out.parquet") == found_in(tmp_path / "whole.parquet")
    assert (tmp_path / "out.parquet.bad").read_text() == (tmp_path / "whole.parquet.bad").read_text()
    assert {**result.summary, "output": ""} == {**whole.summary, "output": ""}
