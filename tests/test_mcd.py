"""The Medicare Coverage Database: exports as published, and what the book answers from them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.book import mcd as book_mcd
from claimwright.book.mcd import document, documents_for, listing, related, versions
from claimwright.book.store import Book
from claimwright.errors import EditionMissing, SourceError
from claimwright.interfaces.cli import data_command
from claimwright.sources import mcd
from claimwright.sources.mcd_export import day_of, plain_text, read_csv
from tests.mcd_files import HTML, article, articles, export, lcds, ncds, table, zipped
from tests.mini import home as mini_home
from tests.test_ncci import PAGE, added, book_of, file

DAY = date(2026, 7, 15)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("mcd")
    inputs = [
        added("mcd", export(folder, "all_article", articles())),
        added("mcd", export(folder, "current_lcd", lcds())),
        added("mcd", export(folder, "ncd", ncds())),
    ]
    with book_of(folder, *inputs) as opened:
        yield opened


# ---- the export -----------------------------------------------------------------------------------


def test_documents_with_their_days(tmp_path: Path) -> None:
    found = mcd.read(export(tmp_path, "all_article", articles()))
    assert (found.name, found.kind, found.drafts) == ("all article 2026-09-03", "article", 1)
    told = {key: (row.number, row.starts, row.ends, row.published) for key, row in found.documents.items()}
    assert told == {
        (54001, 3): ("A54001", date(2024, 1, 1), date(2026, 3, 31), False),
        (54001, 4): ("A54001", date(2026, 4, 1), None, False),
        (54002, 1): ("A54002", date(2026, 1, 1), date(2026, 10, 31), False),  # it will be retired
        (54003, 1): ("A54003", date(2020, 1, 1), None, True),
    }
    assert found.documents[54002, 1].title == "Another article \xe9"
    assert found.documents[54001, 4].type == mcd.BILLING_AND_CODING


def test_lcds_and_ncds(tmp_path: Path) -> None:
    lcd = mcd.read(export(tmp_path, "current_lcd", lcds()))
    assert [(row.number, row.starts, row.ends) for row in lcd.documents.values()] == [
        ("L34001", date(2026, 2, 1), None),
        ("L34002", date(2015, 10, 1), date(2026, 5, 31)),
    ]
    ncd = mcd.read(export(tmp_path, "ncd", ncds()))
    assert [(row.number, row.version, row.ends) for row in ncd.documents.values()] == [
        ("160.99", 1, date(2025, 12, 31)),
        ("160.99", 2, None),
    ]
    assert mcd.check(export(tmp_path, "ncd", ncds()))[1] == 2


def test_no_description_of_a_service_is_read(tmp_path: Path) -> None:
    found, _ = mcd.check(export(tmp_path, "all_article", articles()))
    everything = [*found.codes(), *found.groups(), *found.jurisdictions(), *found.related(), *found.documents.values()]
    assert "SECRET" not in repr(everything)
    assert len(found.placeholders) == 1 and not found.rejected


def test_the_inner_zip_alone_and_windows_text_are_read(tmp_path: Path) -> None:
    tables = articles()
    tables["article.csv"] = tables["article.csv"].decode("utf-8-sig").encode("cp1252")
    place = file(
        tmp_path, "all_article_csv.zip", zipped({f"all_article_csv/{name}": data for name, data in tables.items()})
    )
    assert mcd.read(place).documents[54002, 1].title == "Another article \xe9"


def without(name: str) -> dict[str, bytes]:
    return {key: data for key, data in articles().items() if key != name}


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({}, "holds neither article.csv, lcd.csv nor ncd_trkg.csv"),
        ({**articles(), **lcds()}, "holds article and lcd"),
        (articles(()), "no article in force or retired could be read"),
        (without("state_lookup.csv"), "no table state_lookup.csv in the export"),
        ({**articles(), "article.csv": table(("id", "title"), [])}, "article.csv:1: no column article_id"),
        ({**articles(), "article_x_hcpc_code.csv": articles()["article_x_hcpc_code.csv"][:-9]}, "cut off or damaged"),
        ({**articles(), "article.csv": PAGE}, "article.csv:1: no column article_id; the table begins"),
        ({**articles(), "article.csv": bytes(300)}, "article.csv: not a text table"),
        (articles([article(n, 1, "2026-13-01") for n in range(30)]), "no article in force or retired"),
        (articles([article(1, 1, "2026-01-01"), *(article(n, 1, "01/02/2026") for n in range(2, 40))]),
         "a day '01/02/2026 00:00:00' that is not YYYY-MM-DD HH:MM:SS; 38 rows are not as published"),
    ],
)  # fmt: skip
def test_exports_not_as_published_are_refused(tmp_path: Path, tables: dict[str, bytes], says: str) -> None:
    place = export(tmp_path, "current_article", tables)
    with pytest.raises(SourceError, match=r"^[^\n]*$") as refused:
        mcd.check(place)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [b"", PAGE, b"PK\3\4cut", zipped({"x.mdb": b""}), zipped({"a_csv.zip": b"x", "b_csv.zip": b"x"}),
     zipped({"a_csv.zip": b"not a zip"}), zipped({"a_csv.zip": zipped(articles())[:-50]}), b"id,title\r\n", bytes(999)],
)  # fmt: skip
def test_what_is_no_export_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match=r"^[^\n]*$"):
        mcd.read(file(tmp_path, "current_article.zip", data))


@given(rows=st.lists(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=2, max_size=5)))
@settings(max_examples=200, deadline=None)
def test_whatever_cms_quotes_is_read_back(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    text = stream.getvalue()
    found = list(read_csv(text, "x"))
    assert [cells for _, cells in found] == rows
    lines = [line for line, _ in found]
    assert lines == sorted(set(lines))  # a record begins after the last one ended


@given(text=st.text(max_size=60))
def test_a_day_is_read_or_refused(text: str) -> None:
    try:
        found = day_of(text)
    except ValueError:
        return
    assert found is None or text.startswith(found.isoformat())


def test_markup_gives_way_to_its_words() -> None:
    assert plain_text(HTML) == 'Group 1 Paragraph: Only with "a second" diagnosis, always'
    assert plain_text("<p>&amp;lt;b&amp;gt; x</p>") == "x"


# ---- the book -------------------------------------------------------------------------------------


def names(found: tuple[book_mcd.McdDocument, ...]) -> list[tuple[str, int]]:
    return [(each.number, each.version) for each in found]


@pytest.mark.parametrize(
    ("service", "state", "day", "expected"),
    [
        ("ZZ001", "", DAY, [("A54001", 4), ("A54002", 1), ("L34001", 7)]),
        ("ZZ001", "WI", DAY, [("A54001", 4), ("L34001", 7)]),
        ("ZZ001", "WI", date(2026, 4, 1), [("A54001", 4), ("L34001", 7), ("L34002", 2)]),
        ("ZZ001", "WI", date(2026, 3, 31), [("A54001", 3), ("L34001", 7), ("L34002", 2)]),
        ("ZZ001", "WI", date(2026, 5, 31), [("A54001", 4), ("L34001", 7), ("L34002", 2)]),
        ("ZZ001", "WI", date(2023, 12, 31), [("L34002", 2)]),
        ("ZZ001", "NY", DAY, [("A54001", 4), ("A54002", 1), ("L34001", 7)]),  # a part of New York is in New York
        ("ZZ001", "DN", DAY, [("A54001", 4), ("A54002", 1), ("L34001", 7)]),  # who serves all serves the part
        ("ZZ001", "UN", DAY, []),
        ("ZZ001", "IL", date(2026, 6, 30), [("A54001", 4), ("L34001", 7)]),  # the contractor served it to that day
        ("ZZ001", "IL", date(2026, 7, 1), []),
        ("ZZ001", "NY", date(2026, 10, 31), [("A54001", 4), ("A54002", 1), ("L34001", 7)]),
        ("ZZ001", "NY", date(2026, 11, 1), [("A54001", 4), ("L34001", 7)]),  # retired as announced
        ("ZZ015", "WI", DAY, [("A54001", 4)]),  # inside a range of services
        ("ZZ020", "WI", DAY, []),
        ("ZZ003", "CA", DAY, [("A54003", 1)]),
        ("ZZ999", "", DAY, []),
    ],
)
def test_documents_by_service_place_and_day(
    book: Book, service: str, state: str, day: date, expected: list[tuple[str, int]]
) -> None:
    assert names(documents_for(book, service, state, day=day)) == expected


def test_a_document_tells_who_and_where(book: Book) -> None:
    (found,) = documents_for(book, "zz002", state="wi", contractor="made-up services", day=DAY)
    assert (found.contractors, found.states, found.parts) == (("Made-up Services, Inc.",), ("NY", "WI"), ("DN",))
    assert (found.groups, found.edition, str(found.window)) == ((2,), "all article 2026-09-03", "since 2026-04-01")
    assert documents_for(book, "ZZ002", contractor="equipment", day=DAY) == ()
    earlier = document(book, "a54001", date(2025, 1, 1))
    assert earlier and (earlier.version, earlier.states) == (3, ("IL", "NY", "WI"))
    assert [each.version for each in versions(book, "article", 54001)] == [3, 4]
    assert document(book, "A99999", DAY) is None


@pytest.mark.parametrize(
    ("number", "diagnosis", "state", "groups"),
    [
        ("A54001", "R25.2", "listed", [(1, True, True), (2, True, False)]),  # group 2 has no words above it
        ("A54001", "G25.0", "conditional", [(2, True, True)]),  # an asterisk
        ("A54001", "G56.01", "conditional", [(3, True, True)]),  # only inside a range
        ("A54001", "G56.00", "listed", [(3, True, False)]),
        ("A54001", "G56.031", "conditional", [(3, True, True)]),
        ("A54001", "G56.1", "not-listed", []),
        ("A54001", "M62.82", "listed", [(3, True, False)]),
        ("A54001", "M62.83", "not-listed", []),  # the rows name what is in the range: this is not
        ("A54001", "Z00.00", "not-listed", [(1, False, False)]),
        ("A54001", "R29.6", "conditional", [(3, True, False), (1, False, False)]),  # in both lists
        ("A54001", "R25.1", "not-listed", []),  # the draft that lists it is left out
        ("A54002", "R25.2", "list-not-loaded", []),
        ("A54002", "R25.3", "not-listed", [(1, False, False)]),
        ("L34001", "R25.2", "list-not-loaded", []),
    ],
)
def test_what_a_list_says(
    book: Book, number: str, diagnosis: str, state: str, groups: list[tuple[int, bool, bool]]
) -> None:
    found = document(book, number, DAY)
    assert found
    told = listing(book, found, diagnosis)
    assert (told.state, [(each.group, each.covered, each.conditional) for each in told.groups]) == (state, groups)


def test_the_version_of_the_day_answers(book: Book) -> None:
    earlier = document(book, "A54001", date(2026, 3, 31))
    assert earlier and listing(book, earlier, "R25.2").state == "listed"
    assert listing(book, earlier, "G25.0").state == "not-listed"


def test_words_above_groups_are_kept_for_their_user(book: Book) -> None:
    found = document(book, "A54001", DAY)
    assert found
    (first, second) = listing(book, found, "R25.2").groups
    assert first.paragraph == 'Group 1 Paragraph: Only with "a second" diagnosis, always'
    assert (second.paragraph, second.asterisk_text) == ("", "Starred: with another.")
    assert book_mcd.group_text(book, found, "service", 2) == "Prose"
    assert book_mcd.services(book, found) == (
        (1, "ZZ001", ""), (2, "ZZ002", ""), (3, "ZZ010", ""), (3, "ZZ010", "ZZ019"), (3, "ZZ019", ""),
    )  # fmt: skip
    assert book_mcd.codes(book, found, covered=False) == ((1, "R296", ""), (1, "Z0000", ""))
    assert all(b"SECRET" not in each.read_bytes() for each in book.folder.rglob("*") if each.is_file())


def test_related_documents_both_ways(book: Book) -> None:
    found = document(book, "A54001", DAY)
    assert found
    assert names(related(book, found, DAY)) == [("A54002", 1), ("L34001", 7), ("160.99", 2)]
    other = document(book, "A54002", DAY)
    assert other and names(related(book, other, DAY)) == [("A54001", 4), ("L34001", 7)]


def test_without_exports_what_to_load_is_said(tmp_path: Path, book: Book) -> None:
    with book_of(tmp_path, added("mcd", export(tmp_path, "ncd", ncds()))) as bare:
        with pytest.raises(EditionMissing, match=r"No edition of mcd \(article or lcd\) covers 2026-07-15"):
            documents_for(bare, "ZZ001", "WI", day=DAY)
        assert book_mcd.loaded(bare) == ("all ncd",)
    assert book_mcd.loaded(book, "lcd") == ("current lcd 2026-09-03",)


def test_a_document_that_a_later_export_no_longer_lists_has_ended(tmp_path: Path) -> None:
    later = articles([article(54002, 2, "2026-09-10")])
    later["update_period.csv"] = later["update_period.csv"].replace(b"2026-09-03", b"2026-09-10")
    first = articles([article(54001, 4, "2026-04-01"), article(54002, 1, "2026-01-01")])
    inputs = [
        added("mcd", export(tmp_path, "current_article", first), "2026-09-04"),
        added("mcd", export(tmp_path, "current_article_next", later), "2026-09-11"),
    ]
    with book_of(tmp_path, *inputs) as opened:
        assert names(documents_for(opened, "ZZ001", day=date(2026, 9, 3))) == [("A54001", 4), ("A54002", 1)]
        assert names(documents_for(opened, "ZZ001", day=date(2026, 9, 4))) == [("A54002", 1)]
        assert [each.version for each in versions(opened, "article", 54002)] == [1, 2]


def test_versions_follow_each_other(tmp_path: Path) -> None:
    """Whatever days they print: one that ended is not taken up again, one that dropped a service is."""
    documents = [
        article(54001, 3, "2024-01-01", "2025-12-31"), article(54001, 4, "2024-01-01"),  # the day of the document
        article(54002, 1, "2024-01-01"), article(54002, 2, "2024-01-01", "2026-06-30"),  # replaced on its first day
        article(54003, 1, "2024-01-01"), article(54003, 2, "2026-01-01"),  # the second lists no service
    ]  # fmt: skip
    with book_of(tmp_path, added("mcd", export(tmp_path, "all_article", articles(documents)))) as opened:
        windows = {
            (each.number, each.version): str(each.window)
            for n in (1, 2, 3)
            for each in versions(opened, "article", 54000 + n)
        }
        assert windows["A54001", 3] == "2024-01-01 to 2025-12-31"
        assert windows["A54001", 4] == "since 2026-01-01"
        assert windows["A54003", 1] == "2024-01-01 to 2025-12-31"
        assert names(documents_for(opened, "ZZ001", day=date(2025, 12, 31))) == [("A54001", 3)]
        assert names(documents_for(opened, "ZZ001", day=date(2026, 1, 1))) == [("A54001", 4)]
        assert document(opened, "A54002", date(2026, 6, 30)) is not None
        assert document(opened, "A54002", date(2026, 7, 1)) is None  # version 1 does not come back
        assert names(documents_for(opened, "ZZ003", day=date(2025, 12, 31))) == [("A54003", 1)]
        assert documents_for(opened, "ZZ003", day=DAY) == ()


def test_adding_needs_the_terms_accepted_and_is_idempotent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimwright.book import parts

    mini_home.use(monkeypatch, mini_home.packages(tmp_path / "packages"))
    monkeypatch.setattr(parts, "MODULES", ("mcd",))
    monkeypatch.setenv("CLAIMWRIGHT_HOME", str(tmp_path / "home"))
    place = str(export(tmp_path, "all_article", articles()))
    run = CliRunner()
    refused = run.invoke(data_command.command, ["add", "mcd", place])
    assert "adding it needs your acceptance of the terms of the Medicare Coverage Database" in str(refused.exception)
    words = ["add", "mcd", place, "--accept-licence", "--json"]
    refused = run.invoke(data_command.command, [*words, "--release", "2026-07-01"])
    assert "an export tells the days of its documents" in str(refused.exception)
    told = [run.invoke(data_command.command, words, catch_exceptions=False).stdout for _ in range(2)]
    assert told[0] == told[1]
    answer = json.loads(told[0])
    assert (answer["edition"], answer["rejected"]) == ("all article 2026-09-03", [])
    listed = run.invoke(data_command.command, ["list"], catch_exceptions=False).stdout
    assert "mcd: all article 2026-09-03, since 2020-01-01\n" in listed
