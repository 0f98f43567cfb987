"""Synthetic claims with service lines and providers: of loaded codes, and the same claims as without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claimwright.batch.scan import Task, scan
from claimwright.batch.synthetic import write_claims
from claimwright.book.build import compile_book
from claimwright.book.store import Book
from claimwright.claims.readers import Options
from claimwright.errors import BookError
from tests import mini, test_hcpcs
from tests.ncci_files import inputs
from tests.test_batch_answer import DAY
from tests.test_ncci import added, book_of, file

pq = pytest.importorskip("pyarrow.parquet")
CODES = {f"ZZ0{number}" for number in range(20, 26)} | {"ZZ900", "ZZ901"}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book with the made-up PTP table."""
    folder = tmp_path_factory.mktemp("stocked")
    (folder / "book").mkdir()
    compile_book([*mini.inputs(folder), *inputs(folder)], folder / "book")
    return folder / "book"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_are_of_loaded_codes_and_change_nothing_else(stocked: Path, tmp_path: Path) -> None:
    with Book(stocked) as book:
        for name, count, lines in (("plain", 300, False), ("one", 300, True), ("longer", 400, True)):
            write_claims(book, count, 5, tmp_path / f"{name}.ndjson", lines)
        write_claims(book, 300, 5, tmp_path / "one.parquet", lines=True)
        plain, one, longer = (read(tmp_path / f"{name}.ndjson") for name in ("plain", "one", "longer"))
        assert one == longer[:300]
        assert plain == [{key: value for key, value in each.items() if key != "lines"} for each in one]
        found = {line["code"] for each in one for line in each.get("lines", ())}
        assert found and found <= CODES
        assert all(("lines" in each) == (each["setting"] != "inpatient") for each in one)
        columns = pq.read_table(tmp_path / "one.parquet").to_pylist()
        assert [[line["code"] for line in each["lines"]] for each in columns] == [
            [line["code"] for line in each.get("lines", ())] for each in one
        ]
        results = []
        for form in ("parquet", "ndjson"):
            out = tmp_path / f"out.{form}.ndjson"
            scan(book, Task((tmp_path / f"one.{form}",), out, Options(DAY)))
            results.append([{**each, "file": ""} for each in read(out)])
        assert results[0] == results[1]
        assert {"ptp-conflict"} <= {each["rule"] for each in results[0]}


def test_every_claim_names_a_provider_and_some_bill_more_than_others(mini_book: Book, tmp_path: Path) -> None:
    write_claims(mini_book, 2000, 5, tmp_path / "c.ndjson")
    named = [each["provider"] for each in read(tmp_path / "c.ndjson")]
    assert all(each[0] == "P" and len(each) == 5 for each in named)
    assert named.count("P0001") > named.count("P0100") > 0


def test_without_a_table_of_such_codes_it_says_which(mini_book: Book, tmp_path: Path) -> None:
    with pytest.raises(BookError, match="data add hcpcs"):
        write_claims(mini_book, 10, 1, tmp_path / "c.ndjson", lines=True)
    assert list(tmp_path.iterdir()) == []


def test_with_hcpcs_alone_lines_have_its_codes_and_modifiers(tmp_path: Path) -> None:
    with book_of(tmp_path, added("hcpcs", file(tmp_path, test_hcpcs.NAME, test_hcpcs.text()))) as book:
        write_claims(book, 300, 5, tmp_path / "c.ndjson", lines=True)
    lines = [line for each in read(tmp_path / "c.ndjson") for line in each.get("lines", ())]
    assert {line["code"] for line in lines} == {"Z0001", "Z0002", "Z0003"}
    assert {name for line in lines for name in line.get("modifiers", ())} == {"ZZ"}
