"""The whole book against counts and facts that were verified on the official files by other means.

Counts: reference/data-sources.md section 2.1 (checked there against six independent lists). Two tests
need files that cannot be installed: CLAIMWRIGHT_FY2025_XML names the tabular XML of April 2025, and
CLAIMWRIGHT_SHARED the folder that holds `data/icd10cm` (default: `shared` beside the checkout).
"""

from __future__ import annotations

import os
import random
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from claimwright.book import home as homes
from claimwright.book.build import compile_book
from claimwright.book.columns import Columns
from claimwright.book.store import Book, NodeEntry
from claimwright.errors import EditionMissing
from claimwright.sources import poa
from tests import mini

pytestmark = pytest.mark.book

FY2025 = os.environ.get("CLAIMWRIGHT_FY2025_XML", "")
SHARED = Path(os.environ.get("CLAIMWRIGHT_SHARED", Path(__file__).parents[3] / "shared"))
DAY = date(2026, 5, 1)

BILLABLE = {
    "2015-10-01": 69_823,
    "2016-10-01": 71_486,
    "2017-10-01": 71_704,
    "2018-10-01": 71_932,
    "2019-10-01": 72_184,
    "2020-10-01": 72_616,
    "2021-01-01": 72_621,
    "2021-10-01": 72_748,
    "2022-04-01": 72_750,
    "2022-10-01": 73_639,
    "2023-04-01": 73_674,
    "2023-10-01": 74_044,
    "2024-10-01": 74_260,
    "2025-04-01": 74_260,
    "2025-10-01": 74_719,
    "2026-04-01": 74_719,
    "2026-05-01": 74_719,
    "2026-10-01": 74_879,
}


def shared(name: str) -> Path:
    """A file of the shared data; the test is skipped, by name, where it is absent."""
    file = SHARED / "data" / "icd10cm" / "fy2025" / name
    if not file.is_file():
        pytest.skip(f"{file} is not here: CMS publishes {name}")
    return file


def valid(book: Book, day: str) -> set[str]:
    sql = "SELECT code FROM registry WHERE starts <= ? AND (ends IS NULL OR ends >= ?)"
    return {code for (code,) in book.rows(sql, (day, day))}


def leaves(book: Book, edition: int) -> set[str]:
    return {code for (code,) in book.rows("SELECT code FROM node WHERE edition = ? AND kind = 'code'", (edition,))}


def node(book: Book, code: str, edition: int = 0) -> NodeEntry:
    found = book.node(edition, code.replace(".", ""))
    assert found is not None, code
    return found


def number_of(book: Book, year: int) -> int:
    return next(each.number for each in book.editions if each.fiscal_year == year)


# ---- the dated registry -------------------------------------------------------------------------


@pytest.mark.parametrize("day", BILLABLE)
def test_as_many_codes_are_billable_as_cms_published(book: Book, day: str) -> None:
    assert len(valid(book, day)) == BILLABLE[day]
    counts = book.manifest["registry"]["billable"]
    assert counts[max(each for each in counts if each <= day)] == BILLABLE[day]


def test_after_the_table_ends_nothing_is_answered(book: Book) -> None:
    with pytest.raises(EditionMissing):
        book.need_registry(date(2027, 4, 1))


def test_the_registry_has_the_rows_that_were_counted(book: Book) -> None:
    entry = book.manifest["registry"]
    assert (entry["rows"], entry["codes"], entry["conversions"]) == (85_122, 75_909, 6_182)


def test_sex_flags_end_on_2024_09_30(book: Book) -> None:
    sql = "SELECT DISTINCT ends FROM registry WHERE flags LIKE '%male%'"  # holds "female" too
    assert max(ends for (ends,) in book.rows(sql)) == "2024-09-30"
    assert None not in {ends for (ends,) in book.rows(sql)}


@pytest.mark.parametrize(
    ("code", "successors", "day"),
    [
        ("G35", "G35A G35B0 G35B1 G35B2 G35C0 G35C1 G35C2 G35D", date(2025, 10, 1)),
        ("G20", "G20A1 G20A2 G20B1 G20B2 G20C", date(2023, 10, 1)),
        ("B880", "B8801 B8809", date(2025, 10, 1)),
    ],
)
def test_a_code_that_was_divided_leads_to_all_its_successors(book: Book, code: str, successors: str, day: date) -> None:
    assert book.successors(code) == [(each, day) for each in successors.split()]


# ---- the tabular list ---------------------------------------------------------------------------


def test_tree_and_registry_agree_on_every_code_of_fy2026(book: Book) -> None:
    edition = number_of(book, 2026)
    codes = leaves(book, edition)
    assert len(codes) == 74_719
    assert codes == valid(book, "2026-05-01")
    assert book.manifest["tabular"][edition]["phantoms"] == 76


def test_exactly_the_known_references_lead_nowhere(book: Book) -> None:
    entry = book.manifest["tabular"][number_of(book, 2026)]
    assert [(each["holder"], each["kind"], each["reference"]) for each in entry["unresolved"]] == [
        ("F02", "codeFirst", "G31.90"),
        ("O996", "inclusionTerm", "K00-K93"),
        ("R1085", "excludes1", "R10.1-R10.4-"),
        ("21", "notes", "A00-Y89"),
        ("Z823", "inclusionTerm", "I60-I64"),
        ("Z837", "inclusionTerm", "K00-K93"),
        ("Z871", "inclusionTerm", "K00-K93"),
    ]


def test_as_many_notes_of_each_kind_are_read_as_were_counted(book: Book) -> None:
    assert book.manifest["tabular"][number_of(book, 2026)]["notes"] == {
        "includes": 1_024,
        "inclusionTerm": 12_574,
        "excludes1": 5_407,
        "excludes2": 2_520,
        "codeFirst": 809,
        "useAdditionalCode": 1_485,
        "codeAlso": 655,
        "notes": 180,
        "sevenChrNote": 508,
    }


def test_r25_2_holds_and_inherits_its_official_notes(book: Book) -> None:
    edition = number_of(book, 2026)
    path = book.path(node(book, "R25.2", edition))
    notes = {each.code: [(n.kind, n.text) for n in book.notes_at(edition, each.pos)] for each in path}
    assert list(notes) == ["R252", "R25", "R25-R29", "18"]
    assert [text for kind, text in notes["R252"] if kind == "excludes2"] == [
        "carpopedal spasm (R29.0)",
        "charley-horse (M62.831)",
        "infantile spasms (G40.4-)",
        "muscle spasm of back (M62.830)",
        "muscle spasm of calf (M62.831)",
    ]
    assert [text for kind, text in notes["R25"] if kind == "excludes1"] == [
        "specific movement disorders (G20-G26)",
        "stereotyped movement disorders (F98.4)",
        "tic disorders (F95.-)",
    ]
    assert sum(kind == "excludes2" for kind, _ in notes["18"]) == 4


def test_a_stroke_sequela_named_by_its_last_characters_does_not_mean_every_sequela(book: Book) -> None:
    edition = number_of(book, 2026)
    fluency, other = node(book, "I69.323", edition), node(book, "I69.351", edition)
    holder = node(book, "F80.81", edition)
    found = [n for each in book.path(holder) for n in book.notes_at(edition, each.pos, ("excludes1",))]
    assert any(book.names(note, fluency.pos) for note in found)
    assert not any(book.names(note, other.pos) for note in found)


# ---- exclusions ---------------------------------------------------------------------------------

# first, second, relation from first to second, from second to first: "1", "2", "12" or "" for none.
# A chapter's Excludes2 is not among them: it does not decide a pair.
PAIRS = [
    ("R25.2", "M62.830", "2", "1"),
    ("R25.2", "M62.831", "2", "1"),
    ("R25.2", "M62.838", "", "1"),
    ("R25.2", "M62.40", "", "1"),
    ("R25.2", "R29.0", "2", ""),
    ("R25.2", "G40.401", "2", ""),
    ("R25.2", "G40.821", "", ""),
    *(("R25.2", code, "1", "") for code in ("G20.A1", "G24.3", "G24.8", "G25.0", "G25.3", "G25.82", "F95.0")),
    ("R25.2", "F98.4", "1", "1"),
    *(("R25.2", code, "", "") for code in ("G12.21", "G35.D", "G62.9", "G47.62", "G10")),
    *(("R25.2", code, "", "") for code in ("E83.42", "E87.6", "E86.0", "R25.3", "M54.12", "I73.9", "T67.2XXA")),
    ("M62.838", "G25.82", "1", ""),
    ("M54.12", "M50.121", "1", ""),
    ("I73.9", "I70.213", "1", ""),
    ("M54.12", "M62.838", "", ""),
    ("M54.17", "M62.838", "", ""),
    ("E83.42", "E61.2", "1", "1"),
]


@pytest.mark.parametrize(("first", "second", "there", "back"), PAIRS)
def test_the_pairs_of_the_reference_pages_stand_as_the_notes_say(
    book: Book, first: str, second: str, there: str, back: str
) -> None:
    edition = number_of(book, 2026)
    table = Columns(book, edition)
    one, other = node(book, first, edition), node(book, second, edition)
    for a, b, expected in ((one, other, there), (other, one, back)):
        found = ""
        for kind in "12":
            pair = table.pair(f"excludes{kind}")
            found += kind if pair.matrix[pair.row[a.pos], pair.column[b.pos]] else ""
        assert found == expected, f"{a.code} to {b.code}"


def test_infantile_spasms_have_moved_out_of_the_codes_that_r25_2_names(book: Book) -> None:
    edition = number_of(book, 2026)
    found = book.moved(book.path(node(book, "R25.2", edition)), book.path(node(book, "G40.821", edition)))
    assert [note.text for note, _, _ in found] == ["infantile spasms (G40.4-)"]


def _walk(book: Book, holder: NodeEntry, named: NodeEntry) -> bool:
    """Does any Excludes1 note on the path of one code name the other? Slow, from the words alone."""
    return any(
        book.names(note, named.pos)
        for each in book.path(holder)
        for note in book.notes_at(each.edition, each.pos, ("excludes1",))
    )


def test_the_class_matrix_answers_as_a_walk_over_the_notes_for_3000_pairs(book: Book) -> None:
    edition = number_of(book, 2026)
    chance = random.Random(20260501)  # noqa: S311 - a fixed sample, not a secret
    codes = [pos for (pos,) in book.rows("SELECT pos FROM node WHERE edition = ? AND kind = 'code'", (edition,))]
    named = book.rows(
        "SELECT n.holder, h.stop, s.start, s.stop FROM note n "
        "JOIN node h ON h.edition = n.edition AND h.pos = n.holder "
        "JOIN note_reference l ON l.edition = n.edition AND l.note = n.number JOIN span s ON s.reference = l.reference "
        "WHERE n.edition = ? AND n.kind = 'excludes1'",
        (edition,),
    )
    pairs = [(chance.choice(codes), chance.choice(codes)) for _ in range(1000)]
    # Chance alone seldom meets an exclusion: the rest lies in and just around what a note names.
    for low, high, start, stop in (chance.choice(named) for _ in range(2000)):
        near = min(codes[-1], chance.randrange(max(0, start - 2), stop + 2))
        pairs.append((chance.randrange(low, high), near))
    pair = Columns(book, edition).pair("excludes1")
    wrong, held = [], 0
    for a, b in pairs:
        expected = _walk(book, book.node_at(edition, a), book.node_at(edition, b))
        held += expected
        if expected != bool(pair.matrix[pair.row[a], pair.column[b]]):
            wrong.append((a, b, expected))
    assert wrong == []
    assert held > 900


# ---- another edition, other files ---------------------------------------------------------------


@pytest.fixture(scope="module")
def two_editions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    if not Path(FY2025).is_file():
        pytest.skip(
            "CLAIMWRIGHT_FY2025_XML names no file: it is the tabular XML of April 2025 (simple-icd-10-cm 1.4.0)"
        )
    folder = tmp_path_factory.mktemp("two")
    inputs = homes.inputs(folder)
    work = folder / "book"
    work.mkdir()
    compile_book([mini.source("icd10cm-tabular", Path(FY2025)), *inputs], work)
    with Book(work) as opened:
        yield opened


def test_fy2025_agrees_with_the_registry_and_answers_for_its_own_days(two_editions: Book) -> None:
    found, nearest = two_editions.edition_on(date(2025, 9, 30))
    assert (found.fiscal_year, nearest) == (2025, False)
    assert two_editions.edition_on(date(2025, 10, 1))[0].fiscal_year == 2026
    codes = leaves(two_editions, found.number)
    assert len(codes) == 74_260
    assert codes == valid(two_editions, "2025-04-01")


def test_the_difference_of_the_editions_is_487_new_and_28_deleted(two_editions: Book) -> None:
    before, after = (leaves(two_editions, number_of(two_editions, year)) for year in (2025, 2026))
    assert (len(after - before), len(before - after)) == (487, 28)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def order_file() -> dict[str, tuple[bool, str]]:
    """Code, is it billable, and its long title, from the CMS order file of April 2025."""
    archive = zipfile.ZipFile(shared("2025-code-descriptions-tabular-order-april.zip"))
    with archive:
        (name,) = [each for each in archive.namelist() if each.endswith("icd10cm_order_2025.txt")]
        lines = archive.read(name).decode("ascii").splitlines()
    return {line[6:13].strip(): (line[14] == "1", line[77:].strip()) for line in lines}


def test_the_registry_agrees_with_the_cms_order_file_of_fy2025(book: Book) -> None:
    assert valid(book, "2025-04-01") == {code for code, (billable, _) in order_file().items() if billable}


def test_titles_made_by_a_seventh_character_are_those_cms_writes_out(two_editions: Book) -> None:
    titles = order_file()
    sql = "SELECT code, title FROM node WHERE edition = ? AND made = 1"
    made = two_editions.rows(sql, (number_of(two_editions, 2025),))
    # The order file is ASCII: "Brown-Sequard".
    other = [(code, title) for code, title in made if _ascii(title) != titles[code][1]]
    assert len(made) > 40_000
    assert other == []


def test_the_poa_exempt_list_of_fy2025_is_read_whole(book: Book) -> None:
    found = poa.read(shared("2025-poa-exempt-codes.zip"))
    assert (found.name, len(found.codes)) == ("FY2025", 38_154)
    assert "R252" not in found.codes
    assert len(set(found.codes) & valid(book, "2026-05-01")) == 38_140
