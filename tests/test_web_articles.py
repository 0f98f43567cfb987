"""Articles in the browser's eyes: writing, reviewing, history, and texts that try to be more than text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from claimwright.editorial import articles
from claimwright.editorial.reading import BookReader, Checked, Examined
from claimwright.engine import Engine
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.article_text import _markdown, safe_link, shown
from claimwright.interfaces.web.desk import Desk, desk_of
from claimwright.interfaces.web.settings import Settings
from tests.editorial_world import fast_hashes, four
from tests.test_web_people import log_in, word

pytestmark = pytest.mark.book
DUE = (date.today() + timedelta(days=300)).isoformat()
TEXT = f"""---
article: cramp-words
kind: question
title: "Which code for a cramp?"
date_of_service: 2026-03-01
written: 2026-03-01
next_review: {DUE}
state: draft
author: "Ada"
audiences: [coder, patient]
citations:
  1: {{table: icd10cm-tabular, code: R25.2}}
---

## Answer

[[a billable code :: R25.2 billable]], see the official list [1].

## For coders {{coder}}

[[R25 not billable]] [1].

## For patients {{patient}}

Ask whoever wrote the note [1].
"""


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    from claimwright.editorial import renewal

    fast_hashes(monkeypatch)
    monkeypatch.setattr(renewal, "seeds", lambda: iter(()))
    app = create_app(engine, Settings(database=f"sqlite:///{tmp_path}/e.sqlite"))
    made = desk_of(app.state.site)
    four(made.database)
    made.app = app  # type: ignore[attr-defined]
    yield made
    made.database.close()


def browser(desk: Desk, name: str = "") -> TestClient:
    client = TestClient(desk.app, follow_redirects=False)  # type: ignore[attr-defined]
    if name:
        assert log_in(client, name).status_code == 303
    return client


def write(client: TestClient, text: str = TEXT, path: str = "/articles/new", base: int = 0, do: str = "save") -> Any:
    form = {"csrf": word(client.get("/account")), "text": text, "base": str(base), "do": do}
    return client.post(path, data=form)


def act(client: TestClient, action: str, state: str, number: int = 1, **more: str) -> Any:
    form = {"csrf": word(client.get("/account")), "version": str(number), "state": state, "action": action, **more}
    return client.post("/articles/cramp-words/steps", data=form)


def approved(desk: Desk, text: str = TEXT) -> TestClient:
    ada, rene = browser(desk, "Ada"), browser(desk, "Rene")
    assert write(ada, text).headers["location"] == "/articles/cramp-words?version=1"
    assert act(ada, "submit", "draft").status_code == 303
    assert act(rene, "take into review", "submitted").status_code == 303
    assert act(rene, "approve", "under review", due=DUE).status_code == 303
    return ada


def plain(page: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def test_an_article_is_written_reviewed_and_read(desk: Desk) -> None:
    ada, stranger = browser(desk, "Ada"), browser(desk)
    write(ada)
    assert stranger.get("/articles/cramp-words").text.count("There is no approved text of this article") == 1
    assert "cramp" not in plain(stranger.get("/articles"))
    assert stranger.get("/articles/cramp-words?version=1").status_code == 404
    assert stranger.get("/articles/cramp-words/history").status_code == 404
    assert "Submit" in ada.get("/articles/cramp-words").text
    act(ada, "submit", "draft")
    assert "Submitted. Waiting for a reviewer. Nobody has reviewed it." in plain(stranger.get("/articles/cramp-words"))
    rene = browser(desk, "Rene")
    act(rene, "take into review", "submitted")
    assert act(rene, "approve", "under review", due=DUE).status_code == 303
    page = stranger.get("/articles/cramp-words")
    assert "Approved. Reviewed and approved. Version 1 by Ada" in plain(page)
    assert f"Next review due {DUE}" in plain(page) and "Approved by Rene" in plain(page)
    assert "<form" not in page.text.split("<main")[1]
    assert f"next review due {DUE}" in plain(stranger.get("/articles?state=approved"))
    assert "No article is like this" in stranger.get("/articles?state=approved&q=nothing").text


def test_reviewing_an_own_text_is_refused_with_a_sentence(desk: Desk) -> None:
    rene, rosa = browser(desk, "Rene"), browser(desk, "Rosa")
    write(rene)
    act(rene, "submit", "draft")
    page = act(rene, "take into review", "submitted")
    assert page.status_code == 403 and "somebody else has to review it" in page.text
    act(rosa, "take into review", "submitted")
    for action in ("approve", "return"):
        page = act(rene, action, "under review", comment="mine", due=DUE)
        assert page.status_code == 403 and "You wrote a part of this text" in page.text
    assert "Approve" not in rene.get("/articles/cramp-words").text.split("<main")[1]
    assert articles.article(desk.database, "cramp-words").current.state == "under review"


@pytest.mark.parametrize("name, state", [("", 403), ("Ada", 403)])
def test_who_may_not_review_does_not(desk: Desk, name: str, state: int) -> None:
    ada = browser(desk, "Ada")
    write(ada)
    act(ada, "submit", "draft")
    client = browser(desk, name)
    form = {"version": "1", "state": "submitted", "action": "take into review"}
    page = client.post(
        "/articles/cramp-words/steps", data={**form, "csrf": word(client.get("/account" if name else "/login"))}
    )
    assert page.status_code == state


def test_a_step_from_a_page_that_is_out_of_date_is_refused(desk: Desk) -> None:
    approved(desk)
    page = act(browser(desk, "Rosa"), "approve", "under review", due=DUE)
    assert page.status_code == 409 and "is approved by now" in page.text


@pytest.mark.parametrize(
    "form, status",
    [
        ({"action": "burn"}, 400),
        ({"state": "burnt"}, 400),
        ({"version": "x"}, 400),
        ({"version": "9"}, 404),
        ({"due": "soon"}, 400),
        ({"action": "replace"}, 403),
        ({"action": "doubt"}, 400),
    ],
)
def test_forms_made_by_hand(desk: Desk, form: dict[str, str], status: int) -> None:
    write(browser(desk, "Ada"))
    client = browser(desk, "Admin")
    filled = {"version": "1", "state": "draft", "action": "submit", **form, "csrf": word(client.get("/account"))}
    assert client.post("/articles/cramp-words/steps", data=filled).status_code == status
    assert client.post("/articles/none/steps", data={**filled, "action": "submit"}).status_code in (400, 404)


def test_returning_asks_for_a_comment_and_shows_it(desk: Desk) -> None:
    ada, rene = browser(desk, "Ada"), browser(desk, "Rene")
    write(ada)
    act(ada, "submit", "draft")
    act(rene, "take into review", "submitted")
    assert act(rene, "return", "under review").status_code == 400
    assert act(rene, "return", "under review", comment="<script>alert(1)</script> cite").status_code == 303
    page = ada.get("/articles/cramp-words")
    assert "<script>alert" not in page.text and "<script>alert(1)</script> cite" in plain(page).replace("  ", " ")
    assert "<script>alert" not in ada.get("/articles/cramp-words/history").text
    assert browser(desk).get("/articles/cramp-words?version=1").status_code == 404


def test_audiences_facts_and_citations(desk: Desk) -> None:
    approved(desk)
    client = browser(desk)
    page = client.get("/articles/cramp-words")
    assert "For coders" in page.text and "For patients" in page.text
    coder = client.get("/articles/cramp-words?audience=coder")
    assert "For coders" in coder.text and "For patients" not in coder.text
    assert 'aria-label="Checked fact 1 holds"' in page.text and '<tr id="fact-1">' in page.text
    assert '<a href="#source-1"' in page.text and '<li id="source-1"' in page.text
    assert client.get("/articles/cramp-words?audience=%3Cb%3E").status_code == 200


def test_code_pages_are_told_of_articles_that_all_may_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("kind: question", "kind: question\ncode: R25.2")
    write(browser(desk, "Ada"), text)
    assert desk.about("R25.2") == []
    act(browser(desk, "Ada"), "submit", "draft")
    assert desk.about("R25.2") == [], "remembered"
    monkeypatch.setattr("claimwright.interfaces.web.desk.monotonic", lambda: float("inf"))
    assert desk.about("R25.2") == [("Which code for a cramp?", "/articles/cramp-words")]
    assert desk.about("R25.1") == []


def test_history_shows_every_version_and_what_changed(desk: Desk) -> None:
    ada = approved(desk)
    write(ada, TEXT.replace("the official list", "the list of the CDC"), "/articles/cramp-words/edit", 1)
    page = ada.get("/articles/cramp-words/history")
    assert "<del>official</del>" in page.text or "<del>official " in page.text
    assert "Version 2 compared with version 1" in page.text
    assert [each in plain(page) for each in ("version 1 approved", "version 2 written")] == [True, True]
    stranger = browser(desk)
    seen = stranger.get("/articles/cramp-words/history")
    assert "version 2" not in seen.text and "all of it new" in seen.text
    for query in ("to=2", "from=2", "to=x", "to=99", "from=-1"):
        assert stranger.get(f"/articles/cramp-words/history?{query}").status_code == 404
    assert ada.get("/articles/cramp-words/history?from=2&to=1").status_code == 200
    assert ada.get("/articles/cramp-words/history?from=1&to=1").text.count("The two are the same") == 1


def test_preview_saves_nothing_and_names_what_is_wrong(desk: Desk) -> None:
    ada = browser(desk, "Ada")
    page = write(ada, TEXT.replace("[[R25 not billable]] [1]", "[[R25 billable]] [4]"), do="preview")
    assert page.status_code == 200 and articles.articles(desk.database) == []
    told = plain(page)
    assert "fact-changed line 21: R25 is billable: expected billable" in told
    assert "dangling-citation line 21: [4] has no entry" in told
    assert "4: no such source" in told and "Preview" in told
    good = write(ada, do="preview")
    assert "Nothing is wrong: 2 bound facts compared" in good.text


def test_a_text_with_problems_is_kept_but_not_submitted(desk: Desk) -> None:
    ada = browser(desk, "Ada")
    write(ada, TEXT.replace("[[R25 not billable]]", "[[R25 billable]]"))
    page = act(ada, "submit", "draft")
    assert page.status_code == 400 and "a problem that must be settled first: line 21" in page.text


def test_a_refused_text_stays_in_the_form(desk: Desk) -> None:
    ada = browser(desk, "Ada")
    page = write(ada, "no head </textarea><script>alert(1)</script>")
    assert page.status_code == 400 and "Nothing was saved" in page.text
    assert "no head &lt;/textarea&gt;&lt;script&gt;" in page.text
    write(ada)
    write(ada, TEXT + "\nMore [1].\n", "/articles/cramp-words/edit", 1)
    page = write(browser(desk, "Rene"), TEXT + "\nOther words [1].\n", "/articles/cramp-words/edit", 1)
    assert page.status_code == 409 and "Ada has saved version 2 since you read version 1" in page.text
    assert "What your text changes in theirs" in page.text and "Other words [1]." in page.text
    assert write(ada, TEXT, "/articles/nothing/edit", 1).status_code == 404


def test_what_waits_for_a_reviewer_is_not_edited(desk: Desk) -> None:
    ada = browser(desk, "Ada")
    write(ada)
    assert ada.get("/articles/cramp-words/edit").text.count("a billable code :: R25.2 billable") == 2
    act(ada, "submit", "draft")
    page = ada.get("/articles/cramp-words/edit")
    assert page.status_code == 400 and "withdraw or return it first" in page.text


def test_a_changed_fact_is_shown_with_its_source(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(desk)
    real = BookReader.examine

    def later(self: BookReader, text: str) -> Examined:
        gone = Checked("R25.2 is billable", 16, "changed", "billable", "not billable <b>", "icd10cm-registry 2027")
        return replace(real(self, text), facts=(gone,))

    monkeypatch.setattr(BookReader, "examine", later)
    admin = browser(desk, "Admin")
    done = admin.post("/articles/recheck", data={"csrf": word(admin.get("/articles"))})
    assert done.headers["location"] == "/articles?state=needs+review"
    page = plain(browser(desk).get("/articles/cramp-words"))
    assert "Needs review. It was approved, and has to be reviewed again." in page
    assert "A bound fact has changed." in page
    assert (
        "R25.2 is billable: expected billable, found not billable <b>. Official source: icd10cm-registry 2027" in page
    )
    assert "Which code for a cramp?" in plain(browser(desk).get("/articles?state=needs+review"))


def test_the_articles_that_ship_are_there_as_submitted(engine: Engine, tmp_path: Path) -> None:
    app = create_app(engine, Settings(database=f"sqlite:///{tmp_path}/e.sqlite"))
    with TestClient(app) as client:
        page = client.get("/articles?state=submitted")
        slugs = re.findall(r'<a href="/articles/([a-z0-9-]+)">', page.text.split("<main")[1])
        assert "code-r25-2" in slugs
        for slug in slugs:
            one = client.get(f"/articles/{slug}")
            assert one.status_code == 200 and "Nobody has reviewed it" in one.text
            assert "cannot be read as an article" not in one.text and "no such source" not in one.text
            assert client.get(f"/articles/{slug}/history").status_code == 200
    desk_of(app.state.site).database.close()


# ---- text that tries to be more ---------------------------------------------------------------------

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//evil.example)",
    "[x](\\\\evil.example)",
    "![x](https://evil.example/pixel.png)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://ok.example "\\" onmouseover=alert(1)")',
    "`<b>`",
    "[[<script>alert(1)</script> :: R25.2 billable]]",
    '["onclick=alert(1)](https://ok.example)',
    "<!-- --><svg/onload=alert(1)>",
    "| <b>a</b> | b |\n|---|---|\n| <i>x</i> | [y](javascript:1) |",
]


@pytest.mark.parametrize("evil", EVIL)
def test_an_article_cannot_bring_scripts_images_or_other_schemes(desk: Desk, evil: str) -> None:
    text = TEXT.replace("Which code for a cramp?", "<script>alert(0)</script>").replace(
        "Ask whoever", evil + "\n\nAsk whoever"
    )
    page = write(browser(desk, "Ada"), text, do="preview")
    assert page.status_code == 200
    inside = page.text.split('<h2 id="preview">')[1].split("</main>")[0]
    tags = re.findall(r"<[^>]*>", inside)
    assert not [tag for tag in tags if re.match(r"<(script|img|svg|b|i|iframe|style)\b", tag)]
    assert not [tag for tag in tags if re.search(r"\son\w+\s*=(?=[^\"]*(?:\"[^\"]*\"[^\"]*)*>)", tag)]
    for address in re.findall(r'href="([^"]*)"', inside):
        assert re.match(r"(https?://|#|/(?!/))", address), address


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>\"'&[](){}:=/\\ab1!`*_#|\n\t javscript", max_size=60))
def test_whatever_is_written_makes_only_our_tags(text: str) -> None:
    made = _markdown().render(text, {"facts": {}, "known": {}})
    names = set(re.findall(r"<\s*/?\s*([^\s>/]+)", made))
    ours = "p a em strong code pre ul ol li blockquote hr br table thead tbody tr th td div sup span"
    assert names <= set(ours.split())
    for address in re.findall(r'href="([^"]*)"', made):
        assert safe_link(html.unescape(address))


@pytest.mark.parametrize(
    "address, safe",
    [
        ("https://example.org/a?b=c#d", True),
        ("HTTP://example.org", True),
        ("/codes/R25.2", True),
        ("../x", True),
        ("#source-1", True),
        ("javascript:x", False),
        ("mailto:a@b", False),
        (" javascript:x", False),
        ("java\tscript:x", False),
        ("//example.org", False),
        ("/\\example.org", False),
    ],
)
def test_links_lead_to_the_web_or_to_us(address: str, safe: bool) -> None:
    assert safe_link(address) is safe


def test_a_text_of_another_release_is_shown_as_it_is(engine: Engine) -> None:
    page = shown("no head <b>", engine)
    assert page.plain == "no head <b>" and "begins with its head" in page.problem
