"""Where a scan may write: what it reads is never written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimwright.batch.scan import files_of
from claimwright.errors import InputError
from claimwright.interfaces.cli.scan_places import check_places


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "claims").mkdir()
    for name in ("claims/a.csv", "b.csv", "remits.835"):
        (tmp_path / name).write_text("x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "b.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"-o": ""}, "-o: found nothing"),
        ({"-o": "a\0b"}, "-o: .* is no path"),
        ({"-o": "claims"}, "-o: claims is a directory"),
        ({"-o": "/dev/null"}, "-o: /dev/null is no plain file"),
        ({"-o": "out", "--report": "no/report.html"}, "--report: no/report.html stands in no directory"),
        ({"-o": "b.csv"}, "-o: b.csv is one of the files that are read"),
        ({"-o": "link.csv"}, "link.csv is one of the files that are read"),
        ({"-o": "out", "--rejects": "claims/../claims/a.csv"}, "--rejects: .* is one of the files that are read"),
        ({"-o": "out", "--report": "remits.835"}, "--report: remits.835 is one of the files that are read"),
        ({"-o": "out", "--rejects": "./out"}, "--rejects: ./out is also the file of -o"),
    ],
)
def test_a_wrong_place_is_refused(here: Path, written: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_places(written, ("claims", "b.csv", "remits.835"))


def test_a_new_file_beside_the_claims_is_fine(here: Path) -> None:
    check_places({"-o": "claims/out.parquet", "--report": "report.html"}, ("claims", "b.csv"))


def test_of_a_directory_the_halves_of_an_earlier_scan_are_not_read(here: Path) -> None:
    for name in ("o.parquet.partial", "o.parquet.partial.0001", "o.parquet.partial.state", ".hidden", "partial.csv"):
        (here / "claims" / name).write_text("x")
    assert [each.name for each in files_of(["claims"])] == ["a.csv", "partial.csv"]
