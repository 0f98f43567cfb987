"""The web application as people use it: reading, checking, asking, and an article from draft to *needs review*."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.browser import world

pytestmark = [pytest.mark.book, pytest.mark.browser, pytest.mark.usefixtures("renewed")]
X12 = Path(__file__).parents[1] / "mini" / "claims" / "professional.837"
QUESTION = "Does Medicare in Wisconsin cover nerve conduction studies for R25.2?"
FALL = {
    "id": "SECRET-ID", "setting": "inpatient", "service_from": "2025-11-10", "service_to": "2025-11-14",
    "patient": {"age": 83, "sex": "F", "birth_date": "1942-03-04"}, "discharge_status": "01",
    "diagnoses": [{"code": "W19.XXXA", "poa": "Y"}, {"code": "S72.001A", "poa": "Y"}],
    "note": "SECRETNOTE: fell at home.",
}  # fmt: skip
TERM = "drummer's nightly thumb clench"
INDEX = f"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>{{year}}</version>
  <title>ICD-10-CM INDEX TO DISEASES and INJURIES</title>
  <letter>
    <title>D</title>
    <mainTerm><title>{TERM.capitalize()}</title><code>F48.8</code></mainTerm>
  </letter>
</ICD10CM.index>
"""
TEXT = f"""---
article: {{slug}}
kind: question
title: "{{title}}"
code: R25.2
audiences: [coder, patient]
date_of_service: {date.today()}
written: {date.today()}
next_review: {date.today() + timedelta(days=300)}
state: draft
author: "Ada"
citations:
  1: {{{{table: icd10cm-tabular, code: R25.2}}}}
---

## Answer {{{{coding}}}}

[[R25.2 can be reported by itself :: R25.2 billable]] [1].

## For a coder {{{{coding coder}}}}

[[No list leads from this term to F48.8 :: "{TERM}" not index F48.8]].

## For a patient {{{{patient}}}}

A cramp has a code of its own [1].
"""


def text(slug: str, title: str) -> str:
    return TEXT.format(slug=slug, title=title)


@pytest.fixture(scope="module")
def renewed(tmp_path_factory: pytest.TempPathFactory, home: Path, site: world.Served) -> Iterator[tuple[Path, Any]]:
    """Another home with the data of this one, into which a new table is being added meanwhile."""
    folder = tmp_path_factory.mktemp("renewed")
    other = world.copied(home, folder / "home")
    year = date.today().year + (date.today().month > 9)
    file = folder / f"icd10cm-index-{year}.xml"
    file.write_text(INDEX.format(year=year), encoding="utf-8")
    with subprocess.Popen(
        [*world.COMMAND, "data", "add", "icd10cm-index", str(file)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=world.environment(other),
    ) as adding:  # fmt: skip
        yield other, adding
        if adding.poll() is None:
            adding.kill()


# ---- code pages and search ------------------------------------------------------------------------------


def test_a_code_page_answers_for_the_date_that_is_chosen(page: Any) -> None:
    page.goto("/codes/G35")
    page.get_by_label("Date of service", exact=True).fill("2025-09-30")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/codes/G35?date=2025-09-30")
    assert page.locator(".verdict").inner_text().startswith("Billable on 2025-09-30")
    page.get_by_label("Date of service", exact=True).fill("2025-10-01")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/codes/G35?date=2025-10-01")
    assert page.locator(".verdict").inner_text().startswith("Not billable on 2025-10-01")
    page.get_by_role("link", name="G35.D").first.click()  # what it became is a link that keeps the date
    page.wait_for_url("**/codes/G35.D?date=2025-10-01")
    assert page.get_by_role("heading", level=1).inner_text().startswith("G35.D")


def test_a_code_page_leads_to_its_articles(page: Any) -> None:
    page.goto("/codes/R25.2")
    page.locator("#articles a").first.click()
    page.wait_for_url("**/articles/*")
    assert page.get_by_text("nobody", exact=False).first.is_visible(), "a seed says that nobody has reviewed it"


def test_suggestions_are_chosen_by_keyboard(page: Any) -> None:
    page.goto("/")
    field = page.get_by_role("combobox", name="A code, the beginning of one, or words of a record")
    field.press_sequentially("cramp", delay=15)
    page.get_by_role("option").first.wait_for()
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("ArrowUp")
    chosen = page.locator('[role=option][aria-selected="true"]')
    code = chosen.locator(".code").inner_text()
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    field.press("Enter")
    page.wait_for_url(f"**/codes/{code}*")
    assert page.get_by_role("heading", level=1).inner_text().startswith(code)


def test_words_are_searched_by_enter_and_escape_closes_the_list(page: Any) -> None:
    page.goto("/")
    field = page.get_by_role("combobox")
    field.press_sequentially("charley horse", delay=5)
    page.get_by_role("option").first.wait_for()
    field.press("Escape")
    assert page.get_by_role("option").count() == 0 and field.input_value() == "charley horse"
    field.press("Enter")
    page.wait_for_url("**/search?q=charley+horse*")
    assert page.locator("ol.hits li").first.get_by_text("M62.831").first.is_visible()


# ---- the workbench --------------------------------------------------------------------------------------


def test_a_claim_is_typed_checked_and_fixed(page: Any, site: world.Served) -> None:
    page.goto("/check")
    page.get_by_role("combobox", name="Setting").select_option("inpatient")
    page.get_by_label("Service from").fill("2025-11-10")
    page.get_by_label("Service to").fill("2025-11-14")
    page.get_by_label("Age in years").fill("83")
    page.get_by_role("combobox", name="Sex").select_option("F")
    page.get_by_text("More of the claim").click()
    page.get_by_label("Discharge status").fill("01")
    page.get_by_label("Claim id").fill("SECRET-ID")
    page.get_by_label("Diagnosis, row 1").fill("W19.XXXA")
    page.get_by_label("Diagnosis, row 2").fill("S72.001A")
    for row in ("1", "2"):
        page.get_by_label(f"Present on admission, row {row}").select_option("Y")
    finding = page.get_by_role("article", name="external-cause-principal")
    finding.wait_for()  # checked while it was typed
    page.locator("[data-mark=diagnosis-1]").get_by_text("finding").wait_for()
    assert finding.locator("blockquote").first.is_hidden()
    finding.get_by_text("Proof: the official text").click()
    assert finding.locator("blockquote").first.is_visible() and finding.locator("blockquote").first.inner_text()
    finding.get_by_role("button", name=re.compile("^Apply: order S72.001A")).click()
    page.get_by_role("heading", name="What the fix changed").wait_for()
    changed = page.locator("section.change")
    assert changed.get_by_text("external-cause-principal").first.is_visible()
    assert page.get_by_label("Diagnosis, row 1").input_value() == "S72.001A"
    assert page.get_by_role("article", name="external-cause-principal").count() == 0
    moved = changed.get_by_role("row").all_inner_texts()
    assert any(each.startswith("MS-DRG") for each in moved) and any("fail" in each for each in moved)
    changed.get_by_role("button", name=re.compile("^Undo")).click()
    page.get_by_role("article", name="external-cause-principal").wait_for()
    assert page.url.partition("#")[0] == f"{site.address}/check", "nothing of the claim stands in the address"


def test_a_pasted_claim_is_checked_and_taken_away_as_json_and_pdf(page: Any) -> None:
    page.goto("/check")
    page.get_by_text("Open a file, or paste a claim").click()
    page.get_by_label("Or paste JSON").fill(json.dumps(FALL))
    page.get_by_role("button", name="Read the pasted text").click()
    page.get_by_role("article", name="external-cause-principal").wait_for()
    with page.expect_download() as told:
        page.get_by_role("button", name="Report as JSON").click()
    report = json.loads(Path(told.value.path()).read_text(encoding="utf-8"))
    assert report["verdict"] == "fail" and report["claim"] == "SECRET-ID"
    with page.expect_download() as told:
        page.get_by_role("button", name="Report as PDF").click()
    assert Path(told.value.path()).read_bytes().startswith(b"%PDF-")


def test_the_permalink_restores_the_claim_without_id_and_note(page: Any, browser: Any, site: world.Served) -> None:
    page.goto("/check")
    page.get_by_text("Open a file, or paste a claim").click()
    page.get_by_label("Or paste JSON").fill(json.dumps(FALL))
    page.get_by_role("button", name="Read the pasted text").click()
    page.get_by_role("article", name="external-cause-principal").wait_for()
    page.locator("#share").wait_for()  # there once the script has run
    link = page.locator("#share-link").input_value()
    packed = link.partition("#claim=")[2]
    held = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    assert "W19.XXXA" in held and "SECRET" not in held and "1942" not in held
    with world.opened(browser, site.address) as (other, _):
        other.goto(link)
        other.get_by_role("article", name="external-cause-principal").wait_for()
        assert other.get_by_label("Diagnosis, row 2").input_value() == "S72.001A"
        assert other.get_by_label("Age in years").input_value() == "83"
        assert other.locator("[name=id]").input_value() == other.locator("[name=note]").input_value() == ""
    assert packed[:20] not in "".join(site.log) and "SECRET" not in "".join(site.log)


def test_an_837_is_uploaded_or_dropped_and_one_of_its_claims_chosen(page: Any) -> None:
    page.goto("/check")
    page.get_by_text("Open a file, or paste a claim").click()
    page.get_by_label("File: X12 837").set_input_files(X12)
    page.get_by_role("button", name="Open the file").click()
    page.get_by_text("3 claims in the file").first.wait_for()
    page.get_by_role("button", name=re.compile("P2")).click()
    page.locator("#verdict").wait_for()
    assert page.get_by_label("Diagnosis, row 1").input_value() == "E119"
    page.goto("/check")
    page.get_by_text("Open a file, or paste a claim").click()
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "day.837", {type: "text/plain"}));
          document.querySelector("#drop").dispatchEvent(
            new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        X12.read_text(encoding="utf-8"),
    )
    page.get_by_text("3 claims in the file").first.wait_for()


# ---- coverage -------------------------------------------------------------------------------------------


def test_the_coverage_question_another_audience_and_a_follow_up(page: Any) -> None:
    page.goto("/coverage")
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    card = page.locator("article.policy").first
    card.wait_for()
    assert card.locator(".tree .criterion").count() or card.get_by_text("diagnosis").first.is_visible()
    verdicts = page.locator("article.policy .tags .tag:first-child").all_inner_texts()
    coder = page.locator("#answer").inner_text()
    page.get_by_role("button", name="patient", exact=True).click()
    page.locator("article.policy").first.wait_for()
    assert page.locator("article.policy .tags .tag:first-child").all_inner_texts() == verdicts
    assert page.locator("#answer").inner_text() != coder, "the words change, the verdicts do not"
    page.get_by_label("A follow-up").fill("And with weakness?")
    page.get_by_role("button", name="Ask on").click()
    page.locator("#answer").get_by_text("weakness").first.wait_for()
    assert "R25.2" in page.locator("#answer").inner_text(), "the codes of the question before are kept"
    assert "weakness" not in page.url


# ---- without scripts ------------------------------------------------------------------------------------


def test_everything_reads_without_scripts(browser: Any, site: world.Served) -> None:
    with world.opened(browser, site.address, java_script_enabled=False) as (page, _):
        page.goto("/")
        page.get_by_label("A code, the beginning of one").fill("charley horse")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name=re.compile("^M62.831")).first.click()
        assert page.get_by_role("heading", level=1).inner_text().startswith("M62.831")
        page.goto("/check")
        page.get_by_label("Diagnosis, row 1").fill("R25.2")
        page.get_by_label("Diagnosis, row 2").fill("G20.A1")
        page.get_by_label("Service from").fill("2025-11-15")
        page.get_by_role("button", name="Check", exact=True).first.click()
        finding = page.get_by_role("article", name="excludes1-conflict").first
        finding.get_by_text("Proof: the official text").click()
        assert finding.locator("blockquote").first.is_visible()
        finding.get_by_role("button", name=re.compile("^Apply: ")).click()
        assert page.get_by_role("heading", name="What the fix changed").is_visible()
        page.goto("/coverage")
        page.get_by_label("Question", exact=True).fill(QUESTION)
        page.get_by_role("button", name="Ask", exact=True).click()
        assert page.locator("article.policy").count()
        page.goto("/articles/code-r25-2")
        assert page.locator("#facts").is_visible()


# ---- editorial work ----


def write(page: Any, slug: str, title: str) -> None:
    page.get_by_role("link", name="Articles", exact=True).click()
    page.get_by_role("link", name="New article").click()
    page.get_by_label("Text in Markdown").fill(text(slug, title))
    page.get_by_role("button", name="Check and preview").click()
    assert page.get_by_text("Nothing is wrong: 2 bound facts compared.").is_visible()
    page.get_by_role("button", name="Save as draft").click()
    page.wait_for_url(f"**/articles/{slug}*")
    page.get_by_role("button", name="Submit").click()
    assert page.locator(".banner").get_by_text("submitted", exact=False).first.is_visible()


def test_a_reviewer_cannot_approve_the_own_text(browser: Any, site: world.Served) -> None:
    with world.opened(browser, site.address) as (page, watch):
        world.log_in(page, "Rene")
        write(page, "own-text", "A text of a reviewer")
        assert page.get_by_role("button", name="Approve").count() == 0
        status = page.evaluate(
            """async () => {
              const form = document.querySelector("form.steps");
              const body = new URLSearchParams(new FormData(form));
              body.set("action", "approve");
              body.set("due", "2099-01-01");
              return (await fetch(form.getAttribute("action"), {method: "POST", body})).status;
            }"""
        )
        assert status in (400, 403), "the server refuses what no button offers"
        page.reload()
        assert page.locator(".banner").get_by_text("submitted", exact=False).first.is_visible()
        watch.clean(["Failed to load resource"])
        world.log_out(page)


def test_an_admin_makes_accounts_and_reads_the_audit_log(browser: Any, site: world.Served) -> None:
    with world.opened(browser, site.address) as (page, watch):
        page.goto("/admin/users")  # asked to log in, and led back
        page.get_by_label("Name").fill("Admin")
        page.get_by_label("Password").fill("wrong password")
        page.get_by_role("button", name="Log in").click()
        assert page.get_by_role("alert").is_visible()
        watch.clean(["401"])
        page.get_by_label("Password").fill(world.PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/users")
        page.get_by_label("Name", exact=True).fill("Nora")
        page.get_by_role("button", name="Add", exact=True).click()
        shown = re.search(r"shown this once: (\S+)", page.locator("p[role=status]").inner_text())
        assert shown is not None
        page.get_by_role("link", name="Audit log").click()
        assert page.get_by_text("Nora").first.is_visible() and shown[1] not in page.content()
        world.log_out(page)


def test_an_article_is_written_reviewed_approved_and_falls_when_its_fact_changes(
    browser: Any, site: world.Served, renewed: tuple[Path, Any], database: str
) -> None:
    with world.opened(browser, site.address) as (page, watch):
        world.log_in(page, "Ada")
        write(page, "thumb-clench", "Does a thumb clench have a code?")
        assert page.get_by_role("button", name="Approve").count() == 0, "an author approves nothing"
        world.log_out(page)

        world.log_in(page, "Rene")
        page.goto("/articles?state=submitted")
        page.get_by_role("link", name="Does a thumb clench have a code?").click()
        page.get_by_role("button", name="Take into review").click()
        page.get_by_role("link", name="patient", exact=True).click()
        assert page.get_by_text("A cramp has a code of its own").is_visible()
        assert page.get_by_text("No list leads from this term").is_hidden()
        page.get_by_role("button", name="Approve").click()
        assert page.locator(".banner").get_by_text("approved", exact=False).first.is_visible()
        page.get_by_role("link", name="History and differences").click()
        assert [each for each in ("written", "submitted", "taken into review", "approved")
                if each not in page.locator(".history").inner_text()] == []  # fmt: skip
        world.log_out(page)

        page.goto("/articles/thumb-clench")  # a reader without log-in
        assert page.locator(".banner").get_by_text("approved", exact=False).first.is_visible()
        assert page.get_by_text("holds", exact=True).count() == 2
        watch.clean()

    home, adding = renewed
    said = adding.communicate(timeout=120)[1]
    assert adding.returncode == 0, said
    with world.served(database, home=home) as again, world.opened(browser, again.address) as (page, _):
        page.goto("/articles/thumb-clench")
        banner = page.locator(".banner").inner_text()
        assert "needs review" in banner.lower() and "A bound fact has changed" in banner
        assert TERM in banner and "found" in banner and "F48.8" in banner
        page.goto("/articles?state=needs+review")
        assert page.get_by_role("link", name="Does a thumb clench have a code?").is_visible()
        assert "1 approved articles need review" in "".join(again.log) or "need" in "".join(again.log)
