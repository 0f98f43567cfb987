"""`scan` and `bench-claims`, end to end: what is written, left behind, gone on with, refused."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch import output
from claimwright.batch.scan import Progress, Result, Task, files_of, scan
from claimwright.batch.synthetic import write_claims
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.errors import ClaimwrightError, InputError
from tests.batch_answers import of_file
from tests.test_commands import refused, run

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)
ROW = {"setting": "outpatient", "service_from": "2025-11-15"}
PAIRS = [["R25.2", "G25.0"], ["I10"], ["R25.2", "R25.2"], ["X"]]


def rows(number: int) -> list[dict[str, Any]]:
    return [ROW | {"id": f"c{at}", "diagnoses": PAIRS[at % len(PAIRS)], "charge": 10.0} for at in range(number)]


def table(path: Path, held: Sequence[dict[str, Any]], group: int = 5) -> Path:
    pq.write_table(pa.Table.from_pylist(list(held)), path, row_group_size=group)
    return path


def found_in(path: Path) -> Counter[tuple[Any, ...]]:
    if path.suffix == ".parquet":
        return of_file(pq.read_table(path).to_pylist())
    return of_file([json.loads(line) for line in path.read_text().splitlines()])


def meant(book: Book, held: Sequence[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    claims = [claim_from_object({key: value for key, value in row.items() if key != "charge"}) for row in held]
    reports = [json_of(each) for each in Engine(book).check_all(claims, DAY)]
    return of_file([line for report in reports for line in report])


def json_of(report: Any) -> list[dict[str, Any]]:
    return [
        {
            "claim": report.claim,
            "rule": each.rule,
            "code": each.code,
            "severity": each.severity.value,
            "positions": [place.position for place in each.at],
            "codes": [place.code for place in each.at],
        }
        for each in report.findings
    ]


def task(files: Sequence[Path], out: Path, **other: Any) -> Task:
    options = Options(DAY, other.pop("on_error", "stop"), size=other.pop("size", 4))
    return Task(tuple(files), out, options, **other)


def stop_after(number: int) -> Callable[[Progress], bool]:
    seen: list[Progress] = []

    def watch(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < number

    return watch


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
def test_the_file_holds_what_check_finds(mini_book: Book, tmp_path: Path, ending: str) -> None:
    held = rows(12)
    out = tmp_path / f"out.{ending}"
    result = scan(mini_book, task([table(tmp_path / "c.parquet", held)], out))
    assert found_in(out) == meant(mini_book, held)
    assert (result.summary["claims"], result.summary["verdicts"]["fail"]) == (12, 9)
    assert result.summary["charges"] == {"claims": 12, "stated": 120.0, "at_risk": 90.0}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["c.parquet", out.name]


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
@pytest.mark.parametrize("stops", [1, 2, 3, 5])
def test_a_stopped_scan_is_whole_so_far_and_goes_on(mini_book: Book, tmp_path: Path, ending: str, stops: int) -> None:
    held = rows(23)
    files = [table(tmp_path / "a.parquet", held[:11]), table(tmp_path / "b.parquet", held[11:])]
    straight, out = tmp_path / f"straight.{ending}", tmp_path / f"out.{ending}"
    whole = scan(mini_book, task(files, straight))
    stopped = scan(mini_book, task(files, out), stop_after(stops))
    assert stopped.stopped and not out.exists()
    before = stopped.summary["claims"]
    partial = tmp_path / f"out.{ending}.partial"
    kept = partial.rename(tmp_path / f"look.{ending}")
    assert found_in(kept) == meant(mini_book, held[:before])
    kept.rename(partial)
    result = Result({}, "x")
    while result.stopped:
        result = scan(mini_book, task(files, out, resume=True), stop_after(2))
    assert found_in(out) == found_in(straight)
    assert {**result.summary, "output": ""} == {**whole.summary, "output": ""}
    assert not partial.exists() and not partial.with_name(partial.name + ".state").exists()


def test_a_scan_does_not_go_on_with_other_files(mini_book: Book, tmp_path: Path) -> None:
    file, out = table(tmp_path / "c.parquet", rows(12)), tmp_path / "out.ndjson"
    scan(mini_book, task([file], out), stop_after(1))
    table(file, rows(13))
    with pytest.raises(InputError, match="not those of the scan that stopped"):
        scan(mini_book, task([file], out, resume=True))
    with pytest.raises(InputError, match="nothing to go on with"):
        scan(mini_book, task([file], tmp_path / "other.ndjson", resume=True))


def test_skipped_records_go_to_the_rejects_and_none_is_lost(mini_book: Book, tmp_path: Path) -> None:
    held = rows(10)
    held[3] = held[3] | {"setting": "office"}
    held[7] = held[7] | {"service_from": "2099-01-01"}
    file, out, bad = table(tmp_path / "c.parquet", held), tmp_path / "out.parquet", tmp_path / "bad.ndjson"
    result = scan(mini_book, task([file], out, rejects=bad, on_error="skip"))
    [counted] = result.summary["files"]
    assert (counted["read"], counted["accepted"], counted["rejected"]) == (10, 8, 2)
    lines = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [line["record"] for line in lines] == [4, 8]
    assert json.loads(lines[0]["text"])["setting"] == "office" and "column setting" in lines[0]["place"]
    assert "2099-01-01" in lines[1]["problem"]
    good = [row for at, row in enumerate(held) if at not in (3, 7)]
    assert found_in(out) == meant(mini_book, good)


def test_a_stop_at_a_bad_record_keeps_what_was_found(mini_book: Book, tmp_path: Path) -> None:
    held = rows(10)
    held[6] = held[6] | {"setting": "office"}
    file, out = table(tmp_path / "c.parquet", held), tmp_path / "out.ndjson"
    with pytest.raises(
        InputError, match=r"row 7, column setting: .*the findings up to there are in .*out.ndjson.partial"
    ):
        scan(mini_book, task([file], out))
    partial = tmp_path / "out.ndjson.partial"
    assert found_in(partial.rename(tmp_path / "look.ndjson")) == meant(mini_book, held[:6])


def test_rejects_go_on_where_they_stopped(mini_book: Book, tmp_path: Path) -> None:
    held = [row | ({"setting": "office"} if at % 3 == 0 else {}) for at, row in enumerate(rows(20))]
    file, out, bad = table(tmp_path / "c.parquet", held), tmp_path / "out.ndjson", tmp_path / "bad.ndjson"
    first = scan(mini_book, task([file], out, rejects=bad, on_error="skip"), stop_after(2))
    bad.write_bytes(bad.read_bytes() + b"half a li")
    assert first.stopped
    scan(mini_book, task([file], out, rejects=bad, on_error="skip", resume=True))
    assert [json.loads(line)["record"] for line in bad.read_text().splitlines()] == list(range(1, 21, 3))


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
def test_a_full_disk_leaves_nothing_half_written(
    mini_book: Book, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kind = output.ParquetSink if ending == "parquet" else output.LineSink
    monkeypatch.setattr(kind, "write", full)
    out = tmp_path / f"out.{ending}"
    with pytest.raises(InputError, match="No space left on device"):
        scan(mini_book, task([table(tmp_path / "c.parquet", rows(9))], out))
    assert [each.name for each in tmp_path.iterdir()] == ["c.parquet"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_claims_are_not_half_written_either(mini_book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be written"), output.whole_file(tmp_path / "x") as work:
        work.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_scanned(mini_book: Book, tmp_path: Path) -> None:
    good = table(tmp_path / "b.parquet", rows(8))
    text, cut = tmp_path / "a.txt", tmp_path / "c.parquet"
    text.write_bytes(b"\x01\x02\x03")
    cut.write_bytes(good.read_bytes()[:-20])
    out, bad = tmp_path / "out.ndjson", tmp_path / "bad.ndjson"
    result = scan(mini_book, task([text, good, cut], out, rejects=bad, on_error="skip"))
    assert [bool(each["refused"]) for each in result.summary["files"]] == [True, False, True]
    assert found_in(out) == meant(mini_book, rows(8))
    assert [json.loads(line)["file"] for line in bad.read_text().splitlines()] == [str(text), str(cut)]


def test_a_directory_gives_its_files_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    assert [each.name for each in files_of([str(tmp_path)])] == ["a.parquet", "b.parquet"]


def test_generated_claims_are_the_same_for_a_seed(mini_book: Book, tmp_path: Path) -> None:
    for name, count, seed in (("one", 300, 5), ("two", 300, 5), ("longer", 400, 5), ("other", 300, 6)):
        write_claims(mini_book, count, seed, tmp_path / f"{name}.ndjson")
    one, two, longer, other = ((tmp_path / f"{name}.ndjson").read_text() for name in ("one", "two", "longer", "other"))
    assert one == two and longer.startswith(one) and one != other
    assert all(claim_from_object(json.loads(line)).id for line in one.splitlines())


# ---- the command --------------------------------------------------------------------------------


@pytest.mark.book
def test_the_command_writes_findings_and_says_fail_with_exit_code_1(book: Book, tmp_path: Path) -> None:
    file, out = table(tmp_path / "c.parquet", rows(8)), tmp_path / "out.ndjson"
    done = run("scan", str(file), "-o", str(out), "--json")
    summary = json.loads(done.stdout)
    assert (done.returncode, done.stderr, summary["claims"]) == (1, "", 8)
    assert found_in(out) == meant(book, rows(8))
    quiet = run("scan", str(table(tmp_path / "d.parquet", [rows(2)[1]])), "-o", str(out))
    assert quiet.returncode == 0 and quiet.stdout.startswith("1 claim: 0 fail")


@pytest.mark.book
def test_what_cannot_be_scanned_is_one_sentence(book: Book, tmp_path: Path) -> None:
    file = str(table(tmp_path / "c.parquet", rows(2)))
    out = str(tmp_path / "out.parquet")
    assert "there is no such file" in refused(run("scan", "nowhere", "-o", out), 2)
    assert "stands in no directory" in refused(run("scan", file, "-o", str(tmp_path / "no" / "out.parquet")), 2)
    assert "is a directory" in refused(run("scan", file, "-o", str(tmp_path)), 2)
    assert "--rejects" in refused(run("scan", file, "-o", out, "--on-error", "skip"), 2)
    assert "nothing to go on with" in refused(run("scan", file, "-o", out, "--resume"), 2)
    assert "no column 'nothing'" in refused(run("scan", file, "-o", out, "--map", "setting=nothing"), 2)
    (tmp_path / "text").write_text("hello")
    assert "no known format" in refused(run("scan", str(tmp_path / "text"), "-o", out), 2)
    assert "cannot be written" in refused(run("bench-claims", "--claims", "5", "-o", str(tmp_path / "no" / "x")), 2)


def test_without_pyarrow_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "find_spec", lambda _: None)
    with pytest.raises(ClaimwrightError, match="pip install claimwright"):
        output.need_pyarrow()


@pytest.mark.book
def test_control_c_leaves_a_file_that_can_be_gone_on_with(book: Book, tmp_path: Path) -> None:
    file, out = tmp_path / "claims.parquet", tmp_path / "out.parquet"
    write_claims(book, 400_000, 2, file)
    words = [sys.executable, "-m", "claimwright", "scan", str(file), "-o", str(out), "--json"]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    partial = tmp_path / "out.parquet.partial"
    for _ in range(600):
        if partial.exists() and partial.stat().st_size > 4:
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said, told = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert told.count("\n") == 1 and "stopped in" in told and "--resume" in told
    before = json.loads(said)
    assert 0 < before["claims"] < 400_000
    assert pq.ParquetFile(partial).metadata.num_rows == before["findings"]
    done = run("scan", str(file), "-o", str(out), "--json", "--resume")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["claims"]) == (1, 400_000)
    assert pq.ParquetFile(out).metadata.num_rows == summary["findings"]
