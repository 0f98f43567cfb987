"""One suite for every engine: the same claims have the same findings, wherever the rules run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch.scan import Task, scan
from claimwright.batch.synthetic import write_claims
from claimwright.batch.warehouse import export
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.model import to_json
from tests import kitchen_sink
from tests.batch_answers import of_file
from tests.batch_ways import WAYS, go
from tests.test_warehouse import counted

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAY = date(2026, 1, 15)
GENERATED, SEED = 4000, 23
Rows = Counter[tuple[Any, ...]]

pytestmark = pytest.mark.book


def _cases() -> list[dict[str, Any]]:
    """The claims of every rule's cases, as columns can hold them: without notes and payers, each with a name."""
    out = []
    for number, claim in enumerate(kitchen_sink.claims()):
        value = json.loads(to_json(claim))
        for name in ("note", "facts", "payer"):
            value.pop(name, None)
        out.append({**value, "id": f"case-{number}"})
    return out


@pytest.fixture(scope="module")
def claims_file(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated claims in row groups of 500, and the same as lines of JSON behind another name."""
    folder = tmp_path_factory.mktemp("conformance")
    write_claims(book, GENERATED, SEED, folder / "made.parquet")
    pq.write_table(pq.read_table(folder / "made.parquet"), folder / "claims.parquet", row_group_size=500)
    write_claims(book, GENERATED, SEED, folder / "claims.ndjson")
    (folder / "made.parquet").unlink()
    return folder / "claims.parquet"


@pytest.fixture(scope="module")
def cases_file(claims_file: Path) -> Path:
    path = claims_file.with_name("cases.ndjson")
    path.write_text("".join(json.dumps(each) + "\n" for each in _cases()), encoding="utf-8")
    return path


def one_by_one(engine: Engine, lines: Path) -> Rows:
    """What `check` finds, which every other engine is held against."""
    claims = [claim_from_object(json.loads(line)) for line in lines.read_text(encoding="utf-8").splitlines()]
    rows = []
    for claim, report in zip(claims, engine.check_all(claims, DAY), strict=True):
        for each in report.findings:
            places = {"positions": [at.position for at in each.at], "codes": [at.code for at in each.at]}
            named = {"rule": each.rule, "code": each.code, "severity": each.severity.value}
            rows.append({"claim": claim.id, **named, **places})
    return of_file(rows)


@pytest.fixture(scope="module")
def of_generated(engine: Engine, claims_file: Path) -> Rows:
    found = one_by_one(engine, claims_file.with_suffix(".ndjson"))
    assert sum(found.values()) > GENERATED / 2, "claims with something to find"
    return found


@pytest.fixture(scope="module")
def of_cases(engine: Engine, cases_file: Path) -> Rows:
    found = one_by_one(engine, cases_file)
    assert len({row[1] for row in found}) > 20, "findings of many rules"
    return found


def by_scan(book: Book, path: Path, to: Path) -> Rows:
    """The streaming engine of one machine."""
    result = scan(book, Task((path,), to, Options(DAY)))
    assert not result.stopped
    if to.suffix == ".parquet":
        return of_file(pq.read_table(to).to_pylist())
    return of_file([json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["parquet", "ndjson"])
def test_scan_finds_what_check_finds(
    book: Book, claims_file: Path, of_generated: Rows, tmp_path: Path, form: str, way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    go(way, monkeypatch)
    assert by_scan(book, claims_file.with_suffix(f".{form}"), tmp_path / f"out.{form}") == of_generated


@pytest.mark.parametrize("way", WAYS)
def test_scan_finds_what_check_finds_in_every_case(
    book: Book, cases_file: Path, of_cases: Rows, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(way, monkeypatch)
    assert by_scan(book, cases_file, tmp_path / "out.parquet") == of_cases


def test_the_rules_as_sql_count_what_check_finds(
    book: Book, claims_file: Path, of_generated: Rows, tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    export(book, tmp_path / "book")
    meant: Counter[str] = Counter()
    found = counted(tmp_path / "book", claims_file)
    for row, number in of_generated.items():
        meant[row[2]] += number
    assert found == {code: meant[code] for code in found}
    assert sum(found.values()) > GENERATED / 4


# ---- the same under Spark -----------------------------------------------------------------------

spark_only = pytest.mark.spark


def findings(rows: Sequence[Any]) -> Rows:
    return of_file([row.asDict() for row in rows if row.kind == "finding"])


def tasks(rows: Sequence[Any]) -> Counter[tuple[str, int, int, int]]:
    return Counter((row.file, row.record, row.accepted, row.rejected) for row in rows if row.kind == "task")


@spark_only
def test_spark_over_files_finds_the_same(
    spark: Any, book: Book, claims_file: Path, cases_file: Path, of_generated: Rows, of_cases: Rows
) -> None:
    from claimwright.batch.spark import scan_files

    given = [claims_file, cases_file]
    rows = scan_files(spark, given, day=DAY, book=book.folder, part=1000).collect()
    assert findings(rows) == of_generated + of_cases
    counted = tasks(rows)
    assert set(counted.values()) == {1}, "every task once"
    assert len(counted) == GENERATED // 1000 + 1
    assert sum(accepted for _, _, accepted, _ in counted) == GENERATED + len(cases_file.read_text().splitlines())


@spark_only
def test_spark_over_a_frame_finds_the_same(spark: Any, book: Book, claims_file: Path, of_generated: Rows) -> None:
    from claimwright.batch.spark import scan_frame

    frame = spark.read.parquet(str(claims_file)).repartition(3)
    rows = scan_frame(frame, day=DAY, book=book.folder).collect()
    assert findings(rows) == of_generated
    assert sum(row.accepted for row in rows if row.kind == "task") == GENERATED


@spark_only
def test_spark_keeps_what_it_cannot_read(spark: Any, book: Book, tmp_path: Path) -> None:
    from claimwright.batch.spark import scan_files

    good = {"id": "a", "setting": "outpatient", "diagnoses": ["R25.2", "G25.0"], "service_from": "2025-11-15"}
    bad = {**good, "id": "b", "patient": {"age": 400}}
    lines = tmp_path / "claims.ndjson"
    lines.write_text("".join(json.dumps(each) + "\n" for each in (good, bad, good)))
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(b"PAR1 and no more")
    rows = scan_files(spark, [tmp_path], day=DAY, on_error="skip", book=book.folder).collect()
    rejects = [row for row in rows if row.kind == "reject"]
    assert {Path(row.file).name for row in rejects} == {"claims.ndjson", "cut.parquet"}
    kept = next(row for row in rejects if row.record == 2)
    assert json.loads(bytes(kept.content)) == bad
    assert "age" in kept.place
    assert sum(row.accepted + row.rejected for row in rows if row.kind == "task") == 3
    with pytest.raises(Exception, match=r"patient\.age"):
        scan_files(spark, [lines], day=DAY, book=book.folder).collect()


@spark_only
def test_a_worker_that_is_killed_loses_nothing_and_says_nothing_twice(
    spark: Any, book: Book, claims_file: Path, of_generated: Rows, killing: Callable[[Any], int]
) -> None:
    from claimwright.batch.spark import scan_files

    many = [claims_file] * 12
    frame = scan_files(spark, many, day=DAY, book=book.folder, part=500)
    answered: list[Any] = []
    failed = killing(lambda: answered.extend(frame.collect()))
    assert failed >= 1, "no task was hit"
    expected: Rows = Counter({row: number * len(many) for row, number in of_generated.items()})
    assert findings(answered) == expected
    assert set(tasks(answered).values()) == {len(many)}
    assert sum(row.accepted for row in answered if row.kind == "task") == GENERATED * len(many)


def in_order(table: Any) -> Any:
    """Findings as they stand, whatever dictionaries they were written with."""
    return table.cast(pa.schema([(each.name, plain(each.type)) for each in table.schema])).combine_chunks()


def plain(kind: Any) -> Any:
    if pa.types.is_list(kind):
        return pa.list_(plain(kind.value_type))
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def test_a_task_that_is_tried_again_writes_the_same(book: Book, cases_file: Path, tmp_path: Path) -> None:
    from claimwright.batch.folder import Folder
    from claimwright.batch.spark_tasks import parts_of_files, rules_here, setting_of
    from claimwright.batch.spark_written import Places, write_part

    lines = tmp_path / "claims.ndjson"
    lines.write_bytes(cases_file.read_bytes() + b'{"setting": "nowhere"}\n')
    setting = setting_of(DAY, None, "skip", None, book.folder)
    with pytest.raises(InputError, match="part: found 0; expected at least one record"):
        parts_of_files(lines, setting, 0)
    (part,) = parts_of_files(lines, setting, 500)
    found, rejects = Folder(tmp_path / "out"), Folder(tmp_path / "rejects")
    places = Places(found.staging, rejects.staging)
    held = []
    for _ in range(2):
        said = write_part(rules_here(setting.book, None), part, setting, places)
        files = [*places.findings.iterdir(), *rejects.staging.iterdir()]
        held.append((said, {each.name: each.read_bytes() for each in files}))
    assert held[0] == held[1]
    assert sorted(held[0][1]) == ["part-000001-000000000001.ndjson", "part-000001-000000000001.parquet"]
    scan(book, Task((lines,), tmp_path / "l.parquet", Options(DAY, "skip"), rejects=tmp_path / "l.ndjson"))
    assert pq.read_table(found.staging).equals(pq.read_table(tmp_path / "l.parquet"))
    assert next(rejects.staging.iterdir()).read_bytes() == (tmp_path / "l.ndjson").read_bytes()


@spark_only
def test_workers_that_write_themselves_are_killed_and_write_all_of_it_once(
    spark: Any, book: Book, claims_file: Path, cases_file: Path, tmp_path: Path, killing: Callable[[Any], int]
) -> None:
    import duckdb
    import pyarrow.dataset as ds

    from claimwright.batch.spark import write_findings

    many = [*[claims_file] * 12, cases_file]
    out = tmp_path / "out"
    results = []
    failed = killing(lambda: results.append(write_findings(spark, many, out, day=DAY, book=book.folder, part=500)))
    assert failed >= 1, "no task was hit"
    local = scan(book, Task(tuple(many), tmp_path / "local.parquet", Options(DAY)))
    assert {**results[0].summary, "output": ""} == {**local.summary, "output": ""}
    expected = pq.read_table(tmp_path / "local.parquet")
    assert in_order(ds.dataset(out).to_table()).equals(in_order(expected))
    assert len(list(out.iterdir())) == 12 * GENERATED // 500 + 1 + 1, "a file a task, the marker, and nothing else"
    assert duckdb.sql(f"SELECT count(*) FROM '{out}/*.parquet'").fetchall() == [(expected.num_rows,)]
    assert spark.read.parquet(str(out)).count() == expected.num_rows


@spark_only
def test_a_job_that_fails_leaves_the_folder_as_it_was(spark: Any, book: Book, tmp_path: Path) -> None:
    from claimwright.batch.spark import write_findings

    lines, out, held = tmp_path / "claims.ndjson", tmp_path / "out", tmp_path / "held"
    lines.write_text('{"setting": "outpatient", "diagnoses": ["R25.2"], "patient": {"age": 400}}\n')
    with pytest.raises(InputError, match=r"claims\.ndjson: .*patient\.age") as refused:
        write_findings(spark, lines, out, day=DAY, book=book.folder)
    assert "\n" not in str(refused.value)
    assert not out.exists()
    held.mkdir()
    (held / "other").touch()
    for mode in ("error", "overwrite"):
        with pytest.raises(InputError, match="holds other"):
            write_findings(None, lines, held, mode=mode, day=DAY)  # type: ignore[arg-type]
    assert [each.name for each in held.iterdir()] == ["other"]
