"""The book as tables and SQL: the counts of a scan, and a directory that is whole or not there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch.scan import Task, scan
from claimwright.batch.synthetic import write_claims
from claimwright.batch.warehouse import export
from claimwright.batch.warehouse_sql import NoSql, query_of
from claimwright.book.build import compile_book
from claimwright.book.home import sha256
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.edits.registry import load_rules
from claimwright.edits.relations import Membership, OneOf, Pair
from claimwright.errors import InputError
from tests import mini
from tests.ncci_files import inputs
from tests.test_commands import run

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
duckdb = pytest.importorskip("duckdb")

DAY = date(2026, 1, 15)
ROW: dict[str, Any] = {
    "discharge_status": None,
    "procedures": None,
    "setting": "inpatient",
    "service_from": "2025-11-15",
    "service_to": "2025-11-18",
    "age": 30,
    "sex": "F",
}
BY_HAND: list[dict[str, Any]] = [
    ROW | {"diagnoses": codes, **more}
    for codes, more in [
        (["R25.2", "G24.9"], {}), (["G25.0", "R25.2", "R25.2"], {"discharge_status": "01"}),
        (["T78.40"], {"discharge_status": "99"}), (["T78.40A9"], {"discharge_status": " "}),
        (["R25"], {"discharge_status": "xx"}), (["ZZZ", "r25.2 "], {}),
        (["G24", "QQQ1234567"], {"setting": "outpatient"}),
        (["O80", "Z37.0"], {"sex": "M"}), (["O80"], {"age": 70}), (["Z37.0", "O80"], {}), (["P07.30"], {"age": 40}),
        (["O80"], {"procedures": [{"code": "10E0XZZ", "date": None}, {"code": "XXXXXXX", "date": None}]}),
        (["O80", "Z37.0"], {"procedures": [{"code": "10E0XZZ", "date": None}]}),
        (["N40.0"], {"procedures": [{"code": "0UT90ZZ", "date": "2024-01-05"}], "sex": "M"}),
        (["N40.0"], {"procedures": [{"code": "0UT90ZZ", "date": "2024-01-05"}], "sex": "M", "setting": "outpatient"}),
        (["N40.0"], {"procedures": [{"code": "0UT90ZZ", "date": None}], "sex": "M", "service_from": "2024-01-01",
                     "service_to": "2024-01-05"}),
    ]
]  # fmt: skip


def counted(folder: Path, claims: Path) -> dict[str, int]:
    """Findings of each exported rule by its SQL."""
    con = duckdb.connect()
    con.execute(f"create view claims as select * from read_parquet('{claims}')")
    setup = (folder / "sql" / "setup.sql").read_text().replace("'tables/", f"'{folder}/tables/")
    con.execute(setup)
    rows = con.execute((folder / "sql" / "counts.sql").read_text()).fetchall()
    manifest = json.loads((folder / "manifest.json").read_text())
    one_by_one = {
        each["code"]: len(con.execute((folder / each["file"]).read_text()).fetchall()) for each in manifest["rules"]
    }
    assert {code: number for code, _, number in rows} == one_by_one
    return one_by_one


def scanned(book: Book, folder: Path, claims: Path) -> Counter[str]:
    out = folder / "findings.parquet"
    scan(book, Task((claims,), out, Options(DAY)))
    return Counter(pq.read_table(out).column("code").to_pylist())


def same(book: Book, folder: Path, exported: Path, claims: Path) -> dict[str, int]:
    """The counts, equal to those of a scan."""
    found, meant = counted(exported, claims), scanned(book, folder, claims)
    assert found == {code: meant[code] for code in found}
    return found


@pytest.fixture(scope="module")
def exported(mini_book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse") / "book"
    export(mini_book, folder)
    return folder


def test_generated_claims_give_the_counts_of_a_scan(mini_book: Book, exported: Path, tmp_path: Path) -> None:
    write_claims(mini_book, 3000, 4, tmp_path / "c.parquet")
    found = same(mini_book, tmp_path, exported, tmp_path / "c.parquet")
    assert sum(found.values()) > 1000


def test_claims_made_by_hand_give_the_counts_of_a_scan(mini_book: Book, exported: Path, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([*BY_HAND, ROW | {"diagnoses": ["I10"]}]), tmp_path / "c.parquet")
    found = same(mini_book, tmp_path, exported, tmp_path / "c.parquet")
    assert {code for code, number in found.items() if number} >= {"DX101", "DX103", "DX201", "DX306"}


@pytest.mark.book
def test_the_whole_book_gives_the_counts_of_a_scan(book: Book, tmp_path: Path) -> None:
    export(book, tmp_path / "book")
    write_claims(book, 20_000, 4, tmp_path / "c.parquet")
    found = same(book, tmp_path, tmp_path / "book", tmp_path / "c.parquet")
    assert found["DX201"] > 100 and found["DX202"] > 100
    pq.write_table(pa.Table.from_pylist(BY_HAND), tmp_path / "d.parquet")
    hands = same(book, tmp_path, tmp_path / "book", tmp_path / "d.parquet")
    assert {code for code, number in hands.items() if number} >= {"DX306", "DX311", "PR101", "PR202", "PR203"}


def test_every_rule_is_exported_or_listed_with_its_reason(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    named = [each["rule"] for each in (*manifest["rules"], *manifest["rules_without_sql"])]
    assert sorted(named) == sorted(load_rules())
    assert all(each["why"] for each in manifest["rules_without_sql"])
    for rule in load_rules().values():
        parts = rule.relation.relations if isinstance(rule.relation, OneOf) else (rule.relation,)
        if not all(isinstance(each, Membership | Pair) for each in parts):
            with pytest.raises(NoSql):
                query_of(rule)


def test_the_manifest_holds_editions_and_digests(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    assert all(sha256(exported / name) == digest for name, digest in manifest["files"].items())
    assert all(len(each["sha256"]) == 64 for each in manifest["sources"])
    for each in manifest["tables"]:
        assert pq.ParquetFile(exported / each["file"]).metadata.num_rows == each["rows"]


def test_the_same_export_again_changes_nothing_and_other_content_is_refused(
    mini_book: Book, exported: Path, tmp_path: Path
) -> None:
    before = {each: each.stat().st_mtime_ns for each in exported.rglob("*")}
    export(mini_book, exported)
    assert before == {each: each.stat().st_mtime_ns for each in exported.rglob("*")}
    with pytest.raises(InputError, match="is not empty"):
        export(mini_book, exported, include_licensed=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        export(mini_book, tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        export(mini_book, tmp_path / "no" / "where")
    other = tmp_path / "other"
    other.mkdir()
    manifest = export(mini_book, other)
    assert manifest["files"] == json.loads((exported / "manifest.json").read_text())["files"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "other"]


def test_an_export_that_fails_leaves_nothing(mini_book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Iterator[None]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("claimwright.batch.warehouse._rules", full)
    with pytest.raises(InputError, match="No space left on device"):
        export(mini_book, tmp_path / "book")
    assert list(tmp_path.iterdir()) == []


def test_tables_under_terms_go_out_only_when_asked_for(tmp_path: Path) -> None:
    work = tmp_path / "book"
    work.mkdir()
    compile_book([*mini.inputs(tmp_path), *inputs(tmp_path)], work)
    with Book(work) as book:
        plain, licensed = export(book, tmp_path / "plain"), export(book, tmp_path / "licensed", include_licensed=True)
    assert {each["table"] for each in plain["left_out"]} == {"ncci_ptp", "ncci_mue", "ncci_aoc"}
    assert not list((tmp_path / "plain").rglob("ncci*")) and licensed["left_out"] == []
    limits = pq.read_table(tmp_path / "licensed" / "tables" / "ncci_mue.parquet").column("code").to_pylist()
    assert "ZZ001" in limits
    assert pq.read_table(tmp_path / "licensed" / "tables" / "ncci_ptp.parquet").num_rows > 0


@pytest.mark.book
def test_the_command_says_what_it_wrote(book: Book, tmp_path: Path) -> None:
    done = run("data", "export", "--parquet", str(tmp_path / "out"))
    assert done.returncode == 0 and "rules as SQL" in done.stdout
    assert run("data", "export", "--parquet", str(tmp_path)).returncode == 2
