"""The reading pages of the web application, on the whole book."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser

import pytest

pytest.importorskip("starlette")

from starlette.testclient import TestClient

from claimwright.book.linking import first_billable, known, named_in, pieces
from claimwright.book.store import Book
from claimwright.book.suggest import suggestions
from claimwright.engine import Engine
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.timeline import picture
from claimwright.model import plain
from claimwright.reference.axes import axes
from claimwright.reference.callouts import callouts
from claimwright.reference.compare import compare
from claimwright.reference.history import Span, history
from claimwright.reference.scenarios import scenarios

pytestmark = pytest.mark.book

DAY = "2026-05-01"
ELSEWHERE = ("/check", "/coverage", "/articles", "/api", "/account", "/login", "/admin")
"""Parts of the site that other modules answer."""
FAR_APART = ("S72.0", "G35", "S72.001A", "0DB68ZX", "I10-I1A", "15", "T78.40", "O24.4", "W19.XXXA", "Z38.00")


class Links(HTMLParser):
    """Addresses, ids and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and tag == "a" and value:
                self.addresses.append(value)
            if name == "id" and value:
                self.ids.append(value)
            assert not name.startswith("on"), f"{name} on {tag}: the content security policy forbids it"
            assert name != "style", f"style on {tag}: the content security policy forbids it"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(engine), raise_server_exceptions=True) as opened:
        yield opened


def read(client: TestClient, address: str, status: int = 200) -> Links:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    assert "<style" not in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    return Links(answer.text)


@pytest.mark.parametrize("code", FAR_APART)
def test_page_says_what_show_says(client: TestClient, book: Book, code: str) -> None:
    record = book.show(code, date.fromisoformat(DAY))
    page = read(client, f"/codes/{code}?date={DAY}")
    assert record.code in page.text
    assert (record.title or "no title") in page.text
    assert ("Billable" if record.billable else "Not billable") + f" on {DAY}" in page.text
    for note in plain(record)["notes"]:
        assert re.sub(r"\s+", " ", note["text"]) in page.text, note
    for note in plain(record)["reverse_notes"]:
        assert re.sub(r"\s+", " ", note["text"]) in page.text, note
    for change in (*record.successors, *record.predecessors):
        assert f"/codes/{change.code}?date={DAY}" in page.addresses
    for each in (*record.parents, *record.children):
        assert f"/codes/{each.code}?date={DAY}" in page.addresses
    for term in record.inclusion_terms:
        assert term in page.text
    for meaning in record.seventh_characters.values():
        assert meaning in page.text
    for policy in record.coverage[:40]:
        assert f"/policies/{policy.policy}" in page.addresses
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize(("typed", "proper"), [("s72001a", "S72.001A"), ("i10-i1a", "I10-I1A"), ("e119", "E11.9")])
def test_other_spellings_lead_to_the_page(client: TestClient, typed: str, proper: str) -> None:
    answer = client.get(f"/codes/{typed}?date={DAY}", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/codes/{proper}?date={DAY}"


def test_the_date_changes_the_answer(client: TestClient) -> None:
    before, after = (read(client, f"/codes/G35?date={day}").text for day in ("2025-09-30", "2025-10-01"))
    assert "Billable on 2025-09-30" in before
    assert "Not billable on 2025-10-01" in after
    assert "the documentation decides which one" in after
    sexes = [read(client, f"/codes/N40.1?date={day}").text for day in ("2024-09-30", "2024-10-01")]
    assert all("Flag no longer set: Male diagnosis" in each for each in sexes)


def test_every_callout_names_its_source(engine: Engine) -> None:
    for code in FAR_APART:
        record = engine.book.show(code, date.fromisoformat(DAY))
        for each in callouts(engine, record):
            assert each.sources, (code, each)
            assert each.kind in ("critical", "warning", "info", "cdi")


def test_callouts_are_what_the_rules_find_on_the_code_alone(engine: Engine) -> None:
    day = date.fromisoformat(DAY)
    rules = {each.rule for each in callouts(engine, engine.book.show("G99.2", day))}
    assert {"manifestation-principal", "code-first"} <= rules
    assert "external-cause-principal" in {e.rule for e in callouts(engine, engine.book.show("W19.XXXA", day))}
    retired = [each for each in callouts(engine, engine.book.show("G35", day)) if each.kind == "critical"]
    assert "G35.D" in retired[0].text


def test_scenarios_are_judged_by_the_rules(engine: Engine) -> None:
    found = scenarios(engine, engine.book.show("K92.2", date.fromisoformat(DAY)))
    for each in found:
        claim = {"setting": "professional", "service_from": DAY, "diagnoses": list(each.codes)}
        told = {finding.message for finding in engine.check(claim).findings}
        assert {finding.message for finding in each.findings} <= told
    assert any(each.severity == "error" and each.kind == "Excludes1" for each in found)
    assert not scenarios(engine, engine.book.show("K92", date.fromisoformat(DAY)))


def test_axes_are_read_from_titles(book: Book) -> None:
    day = date.fromisoformat(DAY)
    found = {each.name: {one.value for one in each.choices} for each in axes(book, book.show("M17.11", day))}
    assert found["side"] == {"right", "left", "unspecified"}
    heart = {each.name for each in axes(book, book.show("I50.22", day))}
    assert "acute or chronic" in heart
    assert axes(book, book.show("19", day)) == ()


def test_history_names_what_changed(book: Book) -> None:
    past = history(book, book.show("G35", date.fromisoformat(DAY)), {})
    assert [each.says for each in past.events if each.day == date(2025, 9, 30)] == ["Last day on which it is billable"]
    assert any(each.says.startswith("Became G35.A") for each in past.events)


def test_picture_holds_its_bars() -> None:
    spans = [Span("Billable", "", date(2015, 10, 1), date(2020, 9, 30)), Span("Flag", "", date(2016, 1, 1), None)]
    drawn = picture(spans, date(2026, 1, 1))
    assert drawn is not None
    assert all(bar.x >= 0 and bar.x + bar.width <= drawn.width for row in drawn.rows for bar in row.bars)
    assert "2016-01-01 with no end known" in drawn.says
    assert picture([], date(2026, 1, 1)) is None


def test_comparison_tells_exclusion_in_both_directions(client: TestClient, engine: Engine) -> None:
    day = date.fromisoformat(DAY)
    for left, right in (("K92.2", "K57.31"), ("K57.31", "K92.2")):
        both = compare(engine, engine.book.show(left, day), engine.book.show(right, day))
        assert both.excluded == "yes"
    page = read(client, f"/compare?a=k922&b=K57.31&date={DAY}").text
    assert "They exclude each other" in page
    assert "378" in page or "DRG family" in page
    assert "No Excludes1 note stands between them" in read(client, f"/compare?a=I10&b=E11.9&date={DAY}").text
    assert "header or a procedure code cannot" in read(client, f"/compare?a=K92&b=E11.9&date={DAY}").text
    assert "is in no loaded table" in read(client, "/compare?a=K92.2&b=Q0Q0Q", 404).text


def test_search_leads_to_codes(client: TestClient) -> None:
    page = read(client, f"/search?q=sleep+related+leg+cramps&date={DAY}")
    assert f"/codes/G47.62?date={DAY}" in page.addresses
    assert "charley" in read(client, "/search?q=charley+horse").text.lower()
    answer = client.get("/search?q=t7840xa", follow_redirects=False)
    assert answer.headers["location"] == "/codes/T78.40XA"
    assert read(client, "/search?q=").text.startswith(" claimwright")


def test_suggestions_while_typing(client: TestClient, book: Book) -> None:
    found = client.get("/suggest", params={"q": "fracture of fem", "date": DAY}).json()["suggestions"]
    assert any(each["code"] == "S72" for each in found)
    assert all(each["url"].endswith(f"?date={DAY}") for each in found)
    assert client.get("/suggest?q=a").json() == {"suggestions": []}
    assert client.get("/suggest", params={"q": "'\"<\x00%_*("}).status_code == 200
    assert suggestions(book, "E11.3", date.fromisoformat(DAY), 3)[0].code == "E11.3"
    assert len(suggestions(book, "pain " * 40, date.fromisoformat(DAY), 5)) <= 5


def test_procedures_are_suggested_and_found_by_code(client: TestClient, book: Book) -> None:
    found = suggestions(book, "0db6", date.fromisoformat(DAY))
    assert found[0].code == "0DB6"
    assert all(each.code.startswith("0DB6") for each in found)
    answer = client.get("/search?q=0db68zx", follow_redirects=False)
    assert answer.headers["location"] == "/codes/0DB68ZX"
    answer = client.get("/search?q=95907", follow_redirects=False)
    assert answer.headers["location"] == "/codes/95907"


def test_catalogues(client: TestClient, engine: Engine) -> None:
    page = read(client, "/rules")
    for name in engine.rules:
        assert f"/rules/{name}" in page.addresses
    assert "How to fix" in read(client, "/rules/header-code").text
    assert client.get("/rules/DX201", follow_redirects=False).headers["location"] == "/rules/excludes1-conflict"
    listed = read(client, "/policies")
    for name in engine.book.policies.ids:
        assert f"/policies/{name}" in listed.addresses
    some = read(client, "/policies?code=G0121")
    assert 0 < len(some.addresses) < len(listed.addresses)
    assert "No loaded policy fits" in read(client, "/policies?state=ZZ&payer=nobody").text
    data = read(client, "/data").text
    for edition in engine.book.editions:
        assert edition.name in data
    assert "claimwright data add ncci-ptp" in data or "ncci-ptp" in data


def test_policy_page_has_its_criteria(client: TestClient, engine: Engine) -> None:
    for name in engine.book.policies.ids:
        policy = engine.book.policies.get(name)
        page = read(client, f"/policies/{name}")
        for version in policy.versions:
            assert version.completeness in page.text
            if version.criteria:
                assert re.sub(r"\s+", " ", version.criteria.says).strip() in page.text
        for number in range(1, len(policy.sources) + 1):
            assert f"source-{number}" in page.ids


def test_a_service_code_without_its_tables_shows_what_is_known(client: TestClient, book: Book) -> None:
    if any(each["table"] in ("pfs", "ncci-mue") for each in book.manifest["inputs"]):
        pytest.skip("the tables of service lines are loaded")
    page = read(client, "/codes/95907")
    assert "not loaded" in page.text
    assert any(each.startswith("/policies/") for each in page.addresses)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/codes/ZZZ", 404),
        ("/codes/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404),
        ("/codes/" + "A" * 3000, 404),
        ("/codes/R25.2/x/y", 404),
        ("/codes/%00", 400),
        ("/codes/E11.9?date=yesterday", 400),
        ("/codes/E11.9?date=1999-01-01", 400),
        ("/search?q=pain&date=2026-13-01", 400),
        ("/compare?a=E11.9&b=I10&date=x", 400),
        ("/rules/%3Cb%3E", 404),
        ("/policies/%3Cb%3E", 404),
        ("/nowhere", 404),
    ],
)
def test_failures_are_sentences(client: TestClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text
    assert len(answer.text) < 20_000


def test_words_are_escaped(client: TestClient) -> None:
    words = '<script>alert(1)</script> & "pain"'
    text = client.get("/search", params={"q": words, "date": DAY}).text
    assert "<script>alert" not in text
    assert html.escape("<script>") in text
    text = client.get("/compare", params={"a": "<img src=x>", "b": "I10"}).text
    assert "<img" not in text


def test_unknown_codes_come_with_neighbours(client: TestClient) -> None:
    page = read(client, f"/codes/S72.0ZZZ?date={DAY}", 404)
    assert any(each.startswith("/codes/S72") for each in page.addresses)


def test_articles_of_other_parts_are_linked(engine: Engine) -> None:
    app = create_app(engine)
    app.state.site.article_lookups.append(lambda code: [(f"About {code}", "/articles/a")] if code == "I10" else [])
    with TestClient(app) as client:
        assert "About I10" in client.get("/codes/I10").text
        assert "/articles/a" not in client.get("/codes/I11.0").text


def test_no_internal_link_is_dead(client: TestClient) -> None:
    """Every link of a few pages answers; a code page costs some 20 ms, so that the walk is bounded."""
    starts = ("/", "/rules/code-first", "/policies/A54095", "/data", "/codes/D63.1", "/codes/S72.0", "/search?q=anemia")
    seen: dict[str, int] = {}
    for start in starts:
        page = read(client, start)
        inside = [each for each in page.addresses if each.startswith("#")]
        assert all(each[1:] in page.ids for each in inside), start
        for address in page.addresses:
            plain_address = address.partition("#")[0]
            if plain_address.startswith("/") and not plain_address.startswith(ELSEWHERE) and len(seen) < 150:
                seen.setdefault(
                    plain_address, client.get(plain_address).status_code if plain_address not in seen else 0
                )
    assert {address for address, status in seen.items() if status != 200} == set()
    assert len(seen) > 60


def test_codes_in_notes_are_found(book: Book) -> None:
    text = "tic disorders (F95.-), specific ones (G20-G26), not Q9Z.9 nor AB12"
    there = known(book, named_in(text))
    assert [each.code for each in pieces(text, there) if each.code] == ["F95", "G20-G26"]
    assert "".join(each.text for each in pieces(text, there)) == text
    assert first_billable(book, "nothing here", date.fromisoformat(DAY)) is None
    found = first_billable(book, "S72.0-", date.fromisoformat(DAY))
    assert found is not None
    assert book.billable(found[0].replace(".", ""), date.fromisoformat(DAY))
