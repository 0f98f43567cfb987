"""What a scan can tell beside its findings: a report, denials, and the difference of two editions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch.backtest import Backtest, denial_of
from claimwright.batch.compare import Comparison, as_on, compare, side_of
from claimwright.batch.scan import Progress, Task, scan
from claimwright.batch.survey import Survey
from claimwright.book.store import Book
from claimwright.claims.batch import batch_of
from claimwright.claims.readers import Options
from claimwright.claims.remits import Adjustment, Remit, RemitLine
from claimwright.claims.wire import claim_from_object
from claimwright.edits.registry import load_rules
from claimwright.engine import Engine
from claimwright.errors import EditionMissing, InputError
from claimwright.interfaces.render.scan_report import report_page
from tests.test_commands import refused, run

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)
OPTIONS = Options(DAY)
ROW: dict[str, Any] = {"setting": "outpatient", "service_from": "2025-11-15"}

pytestmark = pytest.mark.book


def lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(ROW | each) + "\n" for each in rows), encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ---- two editions -------------------------------------------------------------------------------

HISTORY: list[dict[str, Any]] = [
    {"id": "ms", "diagnoses": ["G35"]},
    {"id": "ms too", "diagnoses": ["I10", "G35"]},
    {"id": "new code", "diagnoses": ["G35.D"]},
    {"id": "same", "diagnoses": ["R25.2", "G25.0"]},
    {"id": "dated line", "diagnoses": ["G35"], "lines": [{"code": "99213", "date": "2025-11-15"}]},
]


def compared(book: Book, file: Path, to: Path, before: str, after: str) -> dict[str, Any]:
    return compare(book, Comparison((file,), to, OPTIONS, side_of(book, before), side_of(book, after)))


def test_claims_whose_verdict_changes_are_told_with_the_codes_that_do_it(book: Book, tmp_path: Path) -> None:
    file, to = lines(tmp_path / "h.ndjson", HISTORY), tmp_path / "out.ndjson"
    summary = compared(book, file, to, "FY2025", "FY2026")
    assert (summary["claims"], summary["changed"]) == (5, 4)
    moves = {(each["before"], each["after"]): each["claims"] for each in summary["verdicts"]}
    assert moves == {("pass", "fail"): 3, ("fail", "pass"): 1}
    retired = next(each for each in summary["reasons"] if each["codes"] == ("G35",))
    assert (retired["change"], retired["rule"], retired["claims"]) == ("new", "code-not-in-effect", 3)
    rows = rows_of(to)
    assert {each["claim"] for each in rows} == {"ms", "ms too", "new code", "dated line"}
    assert next(each for each in rows if each["claim"] == "new code")["change"] == "gone"


def test_of_a_mixed_directory_what_cannot_be_read_is_told(book: Book, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lines(tmp_path / "in" / "h.ndjson", HISTORY)
    (tmp_path / "in" / "notes.txt").write_text("to be read first")
    words = ("scan", str(tmp_path / "in"), "-o", str(tmp_path / "out.ndjson"), "--diff", "FY2025", "FY2026")
    assert "notes.txt" in refused(run(*words), 2)
    done = run(*words, "--on-error", "skip")
    assert done.returncode == 0 and "4 of 5 claims change verdict" in done.stdout
    assert "could not be read, or not to its end" in done.stdout and "notes.txt" in done.stdout


def test_the_other_way_round_what_was_new_is_gone(book: Book, tmp_path: Path) -> None:
    file = lines(tmp_path / "h.ndjson", HISTORY)
    there = compared(book, file, tmp_path / "a.ndjson", "FY2025", "FY2026")
    back = compared(book, file, tmp_path / "b.ndjson", "FY2026", "FY2025")
    swapped = {"new": "gone", "gone": "new"}
    told = {(swapped[each["change"]], each["rule"], each["codes"], each["claims"]) for each in there["reasons"]}
    assert told == {(each["change"], each["rule"], each["codes"], each["claims"]) for each in back["reasons"]}


def test_the_same_day_twice_changes_nothing(book: Book, tmp_path: Path) -> None:
    file = lines(tmp_path / "h.ndjson", HISTORY)
    assert compared(book, file, tmp_path / "out.ndjson", "2026-03-01", "2026-03-01")["changed"] == 0
    assert (tmp_path / "out.ndjson").read_bytes() == b""


def test_columns_and_objects_are_compared_alike(book: Book, tmp_path: Path) -> None:
    plain = [{key: value for key, value in each.items() if key != "lines"} for each in HISTORY]
    file = lines(tmp_path / "h.ndjson", plain)
    pq.write_table(pa.Table.from_pylist([ROW | each for each in plain]), tmp_path / "h.parquet")
    summaries = [
        compared(book, each, tmp_path / "out.parquet", "FY2025", "FY2026") for each in (file, tmp_path / "h.parquet")
    ]
    assert summaries[0] == summaries[1]
    assert len(pq.read_table(tmp_path / "out.parquet")) > 0


def test_every_service_moves_to_the_day() -> None:
    claim = {
        "setting": "inpatient",
        "diagnoses": ["I10"],
        "service_from": "2024-12-30",
        "service_to": "2025-01-02",
        "procedures": [{"code": "0DJD8ZZ", "date": "2024-12-31"}],
        "lines": [{"code": "99213", "date": "2024-12-31"}],
    }
    batch = as_on(batch_of([claim_from_object(claim)], DAY), date(2025, 10, 1))
    number = (date(2025, 10, 1) - date(1970, 1, 1)).days
    assert batch.day.tolist() == batch.procedure_days.tolist() == batch.line_days.tolist() == [number]


@pytest.mark.parametrize("name", ["FY1999", "1980-01-01"])
def test_a_day_beyond_the_tables_is_no_side(book: Book, name: str) -> None:
    with pytest.raises((EditionMissing, InputError)):
        side_of(book, name)


def test_what_is_no_edition_is_refused_with_those_that_are(book: Book) -> None:
    with pytest.raises(InputError, match=r"'next year' is no edition; expected a fiscal year \(FY2026\), a day, or FY"):
        side_of(book, "next year")
    with pytest.raises(InputError, match="is no edition"):
        side_of(book, "2025-W40-3")


def test_a_comparison_that_is_stopped_leaves_nothing(book: Book, tmp_path: Path) -> None:
    file, to = lines(tmp_path / "h.ndjson", HISTORY), tmp_path / "out.ndjson"
    task = Comparison((file,), to, OPTIONS, side_of(book, "FY2025"), side_of(book, "FY2026"))
    seen: list[Progress] = []
    with pytest.raises(KeyboardInterrupt):
        compare(book, task, lambda progress: bool(seen.append(progress)))
    assert [(each.claims, each.done) for each in seen] == [(5, 1.0)]
    assert [each.name for each in tmp_path.iterdir()] == ["h.ndjson"]


# ---- denials ------------------------------------------------------------------------------------


def remit(charge: float, paid: float, *adjustments: Adjustment, **more: Any) -> Remit:
    return Remit("c", more.pop("status", "1"), charge, paid, "f", adjustments=adjustments, **more)


CO97, CO45, PR1 = Adjustment("CO", "97", 100), Adjustment("CO", "45", 20), Adjustment("PR", "1", 100)


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        (remit(100, 0, CO97), [("CO", "97")]),
        (remit(100, 0, CO97, status="4"), [("CO", "97")]),
        (remit(0, 0, status="4"), []),
        (remit(100, 0, PR1), None),
        (remit(100, 80, CO45), None),
        (remit(0, 0), None),
        (remit(100, 0), None),
    ],
)
def test_money_tells_what_is_a_denial(given: Remit, reasons: list[tuple[str, str]] | None) -> None:
    found = denial_of(given)
    assert (None if found is None else list(found.reasons)) == reasons


def test_a_line_can_be_denied_on_a_claim_that_pays() -> None:
    paid = RemitLine("99213", (), 80, 60, adjustments=(CO45,))
    line = RemitLine("95861", ("59",), 100, 0, adjustments=(CO97,))
    found = denial_of(remit(180, 60, lines=(paid, line)))
    assert found is not None
    assert (found.codes, found.amount, found.whole) == (("95861",), 100, False)


def x12(*claims: str) -> str:
    """An 835 of these claims."""
    head = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *251220*1200*^*00501*000000003*0*T*:~"
    body = "".join(claims)
    return f"{head}GS*HP*P*C*20251220*1200*3*X*005010X221A1~ST*835*0003~LX*1~{body}SE*9*0003~GE*1*3~IEA*1*000000003~"


CLAIMS: list[dict[str, Any]] = [
    {"id": "A", "diagnoses": ["G35"]},
    {"id": "B", "diagnoses": ["G35"]},
    {"id": "C", "diagnoses": ["I10"]},
    {"id": "D", "diagnoses": ["I10"]},
    {"id": "E", "diagnoses": ["G35"]},
]
REMITS = x12(
    "CLP*A*4*100*0*0*MB*1~CAS*CO*11*100~",
    "CLP*B*1*100*90*0*MB*2~CAS*CO*45*10~",
    "CLP*C*4*70*0*0*MB*3~CAS*CO*197*70~",
    "CLP*D*22*-70*0*0*MB*4~",
    "CLP*X*4*5*0*0*MB*5~CAS*CO*11*5~",
)


def test_denials_are_joined_to_findings(book: Book, tmp_path: Path) -> None:
    (tmp_path / "r.835").write_text(REMITS)
    file = lines(tmp_path / "c.ndjson", CLAIMS)
    test = Backtest.of_files([tmp_path / "r.835"])
    scan(book, Task((file,), tmp_path / "out.ndjson", OPTIONS, onlookers=(test,)))
    told = test.summary(list(load_rules().values()))
    assert told["remittances"] == 5
    assert told["claims"] == {
        "scanned": 5, "with_remittance": 3, "denied": 2, "denied_amount": 170.0, "caught": 1, "caught_amount": 100.0,
    }  # fmt: skip
    assert told["remittances_without_claim"] == 1
    retired = next(each for each in told["rules"] if each["rule"] == "code-not-in-effect")
    assert (retired["claims"], retired["denied"], retired["precision"]) == (2, 1, 0.5)
    reasons = {each["reason"]: each for each in told["reasons"]}
    assert reasons["11"]["by"] == [{"rule": "code-not-in-effect", "denials": 1}]
    assert (reasons["197"]["caught"], reasons["197"]["by"]) == (0, [])


def test_a_scan_that_goes_on_has_the_same_report_and_denials(book: Book, tmp_path: Path) -> None:
    (tmp_path / "r.835").write_text(REMITS)
    pq.write_table(pa.Table.from_pylist([ROW | each for each in CLAIMS]), tmp_path / "c.parquet", row_group_size=2)

    def made(name: str, **options: Any) -> Task:
        lookers = (Backtest.of_files([tmp_path / "r.835"]), Survey(Engine(book)))
        return Task((tmp_path / "c.parquet",), tmp_path / name, OPTIONS, onlookers=lookers, **options)

    rules = list(load_rules().values())
    once = made("once.ndjson")
    scan(book, once)
    assert scan(book, made("twice.ndjson"), lambda _: False).stopped
    twice = made("twice.ndjson", resume=True)
    assert not scan(book, twice).stopped
    for one, other in zip(once.onlookers, twice.onlookers, strict=True):
        assert isinstance(one, Backtest | Survey)
        told = other.summary(rules) if isinstance(other, Backtest) else other.result(rules)  # type: ignore[union-attr]
        assert told == (one.summary(rules) if isinstance(one, Backtest) else one.result(rules))
    bare = Task((tmp_path / "c.parquet",), tmp_path / "bare.ndjson", OPTIONS)
    assert scan(book, bare, lambda _: False).stopped
    with pytest.raises(InputError, match="without --remits"):
        scan(book, made("bare.ndjson", resume=True))


# ---- the report ---------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Counts tags, and sees that each that opens is closed."""

    VOID = ("meta", "br", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_report_shows_rules_months_providers_and_examples_and_escapes_them(book: Book, tmp_path: Path) -> None:
    held = [
        {"id": "<script>x</script>", "diagnoses": ["R25.2", "G25.0"], "provider": "<b>1</b>"},
        {"id": "b", "diagnoses": ["G35"], "provider": "2222222222", "service_from": "2025-12-03"},
        {"id": "c", "diagnoses": ["Z00.00"], "provider": "2222222222"},
    ]
    survey = Survey(Engine(book))
    result = scan(
        book, Task((lines(tmp_path / "c.ndjson", held),), tmp_path / "o.ndjson", OPTIONS, onlookers=(survey,))
    )
    found = survey.result(list(load_rules().values()))
    assert [(each["month"], each["error"]) for each in found["months"]] == [("2025-11", 1), ("2025-12", 1)]
    assert {each["provider"]: (each["error"], each["none"]) for each in found["providers"]} == {
        "<b>1</b>": (1, 0), "2222222222": (1, 1),
    }  # fmt: skip
    example = next(each for each in found["examples"] if each["rule"] == "excludes1-conflict")["findings"][0]
    assert example["because"][0]["text"]
    assert example["codes"] == ["R25.2", "G25.0"]
    page = report_page(result.summary, found, "Scan")
    assert "<script" not in page
    assert "<b>1</b>" not in page
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    for word in ("excludes1-conflict", "2025-12", "2222222222", example["message"]):
        assert word in tags.text


def test_the_command_writes_report_and_denials(book: Book, tmp_path: Path) -> None:
    (tmp_path / "r.835").write_text(REMITS)
    file = lines(tmp_path / "c.ndjson", CLAIMS)
    out, report = str(tmp_path / "o.ndjson"), tmp_path / "r.html"
    ended = run("scan", str(file), "-o", out, "--report", str(report), "--remits", str(tmp_path / "r.835"), "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["remits"]["claims"]["denied"] == 2
    assert "Denials" in report.read_text(encoding="utf-8")
    ended = run("scan", str(file), "-o", out, "--diff", "FY2025", "FY2026")
    assert ended.returncode == 0
    assert "3 of 5 claims change verdict" in ended.stdout
    assert "3 claims with G35: new error code-not-in-effect" in ended.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--diff", "FY2025", "FY2026", "--resume"), "does not go with --resume"),
        (("--remits", "missing.835"), "there is no such file"),
        (("--report", "/nowhere/r.html"), "/nowhere/r.html"),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    file = lines(tmp_path / "c.ndjson", CLAIMS)
    assert says in refused(run("scan", str(file), "-o", str(tmp_path / "o.ndjson"), *options), 2)
