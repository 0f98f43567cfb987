"""Pages of modifiers: words and days from the file that is loaded, what they do from cited lists, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from claimwright.book.build import compile_book
from claimwright.book.record import CodeRecord
from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.errors import EditionMissing, InputError
from claimwright.interfaces.render import html, markdown, terminal
from tests import mini, procedure_files

DAY = date(2026, 8, 15)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """The small book with made-up HCPCS releases of 2026 Q3 and Q4."""
    folder = tmp_path_factory.mktemp("modifiers")
    (work := folder / "book").mkdir()
    extra = [procedure_files.lexicon("modifier-sides")]
    held = [*mini.inputs(folder), *procedure_files.inputs(folder)]
    held += [each for each in extra if each.path not in {other.path for other in held}]
    compile_book(held, work)
    with Book(work) as book:
        yield book


def texts(record: CodeRecord) -> str:
    return "\n".join(each.text for each in record.notes)


def test_a_level_two_modifier_has_the_words_and_days_of_its_file(loaded: Book) -> None:
    record = loaded.show("zz", DAY)
    assert (record.code, record.kind, record.billable) == ("ZZ", "modifier", False)
    assert record.title == "Made-up long words of ZZ"
    assert (record.valid_from, record.valid_to) == (date(2026, 8, 1), date(2026, 11, 15))
    assert record.status.endswith("; in effect") and record.title_note is None and not record.not_evaluated
    assert [each.table for each in record.editions] == ["hcpcs"] and record.sources[0].sha256


@pytest.mark.parametrize(
    ("name", "day", "says"),
    [
        ("ZZ", date(2026, 7, 15), "not yet in effect, added 2026-08-01"),
        ("ZZ", date(2026, 11, 16), "no longer in effect, last day 2026-11-15"),
        ("ZY", DAY, "no longer in effect, last day 2026-07-20; the file refers to ZZ"),
        ("ZX", DAY, "not yet in effect, added 2026-10-01"),
        ("LT", date(2027, 2, 1), "in effect by 2026 Oct, the nearest release loaded; 2027-02-01 is not covered"),
    ],
)
def test_days(loaded: Book, name: str, day: date, says: str) -> None:
    assert loaded.show(name, day).status.endswith(says)


def test_what_the_lists_say_comes_with_its_source(loaded: Book) -> None:
    said = texts(loaded.show("LT", DAY))
    assert "States the left side (HCPCS Level II" in said
    assert "NCCI-associated" in said and "Does not stand with 50" in said
    assert "PC/TC indicator is 6" in texts(loaded.show("modifier:TC", DAY))


def test_a_cpt_modifier_has_no_words(loaded: Book) -> None:
    record = loaded.show("modifier:59", DAY)
    assert record.title is None and "American Medical Association" in str(record.title_note)
    assert "NCCI-associated" in texts(record) and not record.editions and not record.not_evaluated


def test_forms(loaded: Book) -> None:
    record = loaded.show("LT", DAY)
    for shown in (terminal.render(record, 80), markdown.render(record), html.render(record)):
        assert "left side" in shown and "nclusion terms" not in shown
    assert "Editions" not in markdown.render(loaded.show("59", DAY))


@pytest.mark.parametrize("name", ["modifier:", "modifier:123", "modifier:Q", "modifier:QQ", "QQ", "Q"])
def test_what_is_no_modifier_is_refused(loaded: Book, name: str) -> None:
    with pytest.raises(InputError):
        loaded.show(name, DAY)


def test_without_the_file_what_is_missing_is_told(mini_book: Book) -> None:
    with pytest.raises(EditionMissing, match="claimwright data add hcpcs FILE"):
        mini_book.show("modifier:QQ", DAY)


@pytest.mark.book
def test_names_of_chapters_and_procedures_stay_theirs(book: Book) -> None:
    assert book.show("22", DAY).kind == "chapter" and book.show("modifier:22", DAY).kind == "modifier"
    assert book.show("F1", DAY).kind == "body-system" and book.show("modifier:F1", DAY).kind == "modifier"
    assert book.show("25", DAY).kind == "modifier"


@pytest.mark.book
def test_the_site_has_the_same_page(engine: Engine) -> None:
    client = pytest.importorskip("starlette.testclient").TestClient(create_site(engine))
    page = client.get("/codes/lt", params={"date": "2026-08-15"})
    assert page.status_code == 200 and page.url.path == "/codes/modifier:LT"
    assert "States the left side" in page.text and "Modifier of service lines" in page.text
    assert client.get("/codes/modifier:22").status_code == 200
    assert client.get("/codes/modifier:QQ").status_code == 404
    assert client.get("/api/v1/codes/modifier:22").json()["kind"] == "modifier"


def create_site(engine: Engine) -> object:
    from claimwright.interfaces.web.app import create_app
    from claimwright.interfaces.web.settings import Settings

    return create_app(engine, Settings())
