"""The opened book: look-ups by day, and damage told in one sentence."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from claimwright.book.columns import Columns
from claimwright.book.store import Book, open_book
from claimwright.errors import BookDamaged, EditionMissing

DAY = date(2025, 11, 15)


@pytest.fixture
def copy(tmp_path: Path, mini_folder: Path) -> Path:
    return Path(shutil.copytree(mini_folder, tmp_path / "book"))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])


def noise(file: Path) -> None:
    file.write_bytes(b"\x5a" * file.stat().st_size)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def read_everything(folder: Path) -> None:
    """What a look-up and a check would read."""
    with Book(folder) as book:
        assert book.node(0, "R252") is not None
        assert book.registry("R252")
        assert book.successors("G35")
        table = Columns(book, 0)
        for file in book.manifest["files"]:
            if file.endswith(".npy"):
                name = file.removeprefix("arrays/").removesuffix(".npy")
                table.array(name.removeprefix("0."), shared=not name.startswith("0."))


def test_a_whole_book_reads(copy: Path) -> None:
    read_everything(copy)


@pytest.mark.parametrize("damage", [cut, noise, empty, Path.unlink])
@pytest.mark.parametrize("name", ["manifest.json", "book.sqlite", "arrays/codes.npy", "arrays/0.excludes1.matrix.npy"])
def test_a_damaged_file_is_told_with_the_command_that_mends_it(
    copy: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(copy / name)
    with pytest.raises(BookDamaged, match="claimwright data build --force") as error:
        read_everything(copy)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"format": 0}', '"book"'])
def test_a_manifest_of_another_shape_is_damage(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(BookDamaged):
        Book(copy)


def test_a_manifest_that_lacks_the_registry_is_damage(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    del manifest["registry"]
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BookDamaged):
        Book(copy)


def test_an_array_of_objects_is_never_unpickled(copy: Path) -> None:
    import numpy as np

    np.save(copy / "arrays" / "codes.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BookDamaged):
        read_everything(copy)


def test_opening_a_folder_that_is_not_there_is_damage_and_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(BookDamaged):
        open_book(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_reading_a_book_changes_none_of_its_files(copy: Path) -> None:
    before = {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in copy.rglob("*")}
    read_everything(copy)
    assert {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in copy.rglob("*")} == before


def test_a_folder_name_with_blanks_and_signs_opens(tmp_path: Path, mini_folder: Path) -> None:
    odd = Path(shutil.copytree(mini_folder, tmp_path / "a b?c#d%20é"))
    read_everything(odd)


# ---- the dated registry -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("G35", date(2025, 9, 30), True),
        ("G35", date(2025, 10, 1), False),
        ("G35A", date(2025, 9, 30), False),
        ("G35A", date(2025, 10, 1), True),
        ("R252", date(2015, 10, 1), True),
        ("R252", date(2027, 3, 31), True),
        ("R25", DAY, False),
        ("NONE", DAY, False),
        ("", DAY, False),
    ],
)
def test_a_code_is_billable_on_the_days_of_its_row_both_ends_included(
    mini_book: Book, code: str, day: date, expected: bool
) -> None:
    assert mini_book.billable(code, day) is expected


def test_flags_follow_the_day(mini_book: Book) -> None:
    assert [(str(row.window), row.flags) for row in mini_book.registry("C61")] == [
        ("2015-10-01 to 2024-09-30", ("male",)),
        ("since 2024-10-01", ()),
    ]


def test_every_successor_is_listed_and_none_chosen(mini_book: Book) -> None:
    day = date(2025, 10, 1)
    assert mini_book.successors("G35") == [("G35A", day), ("G35B0", day), ("G35B1", day), ("G35D", day)]
    assert mini_book.predecessors("G35A") == [("G35", day)]


def test_a_code_that_came_from_nowhere_has_no_predecessor(mini_book: Book) -> None:
    assert mini_book.predecessors("P91821") == []
    assert mini_book.successors("") == [("P91821", date(2020, 10, 1))]


def test_the_ages_of_a_group_follow_the_day(mini_book: Book) -> None:
    assert mini_book.age_range("maternity", date(2019, 9, 30)) == (12, 55)
    assert mini_book.age_range("maternity", date(2019, 10, 1)) == (9, 64)
    assert mini_book.age_range("giants", DAY) is None


@pytest.mark.parametrize("day", [date(2015, 9, 30), date(2027, 4, 1)])
def test_a_day_that_the_registry_does_not_reach_is_refused_with_what_is_loaded(mini_book: Book, day: date) -> None:
    with pytest.raises(EditionMissing, match=f"covers {day}. Loaded: MCE dated tables to 2027-03-31"):
        mini_book.need_registry(day)


def test_without_a_poa_list_the_answer_is_unknown(mini_book: Book) -> None:
    assert mini_book.poa_exempt("Z6841", DAY) is None


# ---- editions -----------------------------------------------------------------------------------


def test_the_nearest_edition_answers_and_says_so(mini_book: Book) -> None:
    assert mini_book.edition_on(DAY)[1] is False
    assert mini_book.edition_on(date(2024, 1, 1))[1] is True
    assert [used.nearest for used in mini_book.editions_used(date(2026, 12, 1))] == [True, False]


def test_an_edition_not_yet_out_on_the_day_of_replay_does_not_answer(mini_book: Book) -> None:
    with pytest.raises(EditionMissing):
        mini_book.edition_on(DAY, as_of=date(2025, 9, 30))


# ---- the tree and the words ---------------------------------------------------------------------


def test_a_name_shared_by_block_and_category_leads_to_the_category(mini_book: Book) -> None:
    node = mini_book.node(0, "B20")
    assert node is not None
    assert node.kind == "code"


def test_children_and_path_are_each_others_inverse(mini_book: Book) -> None:
    for (pos,) in mini_book.rows("SELECT pos FROM node WHERE edition = 0"):
        node = mini_book.node_at(0, pos)
        assert all(mini_book.path(child)[1] == node for child in mini_book.children(node))


def test_billable_codes_under_a_header_are_those_of_the_day(mini_book: Book) -> None:
    node = mini_book.node(0, "G35")
    assert node is not None
    assert [code for code, _ in mini_book.billable_under(node, DAY)] == ["G35A", "G35B0", "G35B1", "G35D"]
    assert mini_book.billable_under(node, date(2025, 9, 30)) == [("G35", "Multiple sclerosis")]
    assert len(mini_book.billable_under(node, DAY, most=2)) == 2


def test_seventh_characters_of_the_nearest_list_are_offered(mini_book: Book) -> None:
    node = mini_book.node(0, "S52011")
    assert node is not None
    assert list(mini_book.seventh_characters(node)) == list("ADGKPS")


def test_a_title_is_none_for_a_code_that_no_edition_has(mini_book: Book) -> None:
    assert mini_book.title("R252", DAY) == "Cramp and spasm"
    assert mini_book.title("Z999", DAY) is None
    assert mini_book.title("R252", DAY, as_of=date(2020, 1, 1)) is None


def test_our_own_rows_are_found_by_the_places_they_name(mini_book: Book) -> None:
    tremor, parkinson = mini_book.node(0, "R251"), mini_book.node(0, "G20C")
    assert tremor is not None
    assert parkinson is not None
    places = {"symptom": tremor.pos, "diagnosis": parkinson.pos}
    assert len(mini_book.lexicon_rows_at("integral-symptoms", 0, places)) == 1
    assert mini_book.lexicon_rows_at("integral-symptoms", 0, {"symptom": parkinson.pos}) == []
    assert mini_book.lexicon_source("integral-symptoms", "test-page")["publisher"] == "nobody"
    assert mini_book.lexicon_source("integral-symptoms", "none") == {}


def test_threads_may_share_an_open_book(mini_book: Book) -> None:
    wrong: list[object] = []

    def look() -> None:
        for _ in range(100):
            node = mini_book.node(0, "R252")
            if node is None or node.title != "Cramp and spasm" or not mini_book.billable("R252", DAY):
                wrong.append(node)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
