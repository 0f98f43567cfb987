"""The format of articles, the facts bound in them, and their lint."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.pages import (
    check_article,
    check_facts,
    facts_in,
    parse_article,
    parse_fact,
    read_article,
    shipped_articles,
    with_facts,
)
from claimwright.pages.facts import RELATIONS

WRITTEN = date(2026, 11, 21)
HEAD = """---
article: some-page
kind: code-page
title: J44.1 in short
code: J44.1
date_of_service: 2026-09-30
written: 2026-11-21
next_review: 2027-04-01
state: submitted
author: editors
citations:
  1: {table: icd10cm-tabular, code: J44.1}
---
"""


def article(body: str, head: str = HEAD) -> str:
    return head + body


def problems(engine: Engine, body: str, head: str = HEAD, day: date = WRITTEN) -> list[tuple[str, int]]:
    found = check_article(parse_article(article(body, head)), engine, day)
    return [(each.kind, each.line) for each in found if not each.remark]


# ---- the format -------------------------------------------------------------------------------------


def test_sections_carry_topics_audiences_and_lines() -> None:
    read = parse_article(
        article("\nOpening.\n\n## Signs {clinical clinician}\n\nText [1].\n\n### Detail {patient}\n\nMore.\n")
    )
    opening, signs, detail = read.sections
    assert (opening.level, opening.line, opening.text.strip()) == (0, 14, "Opening.")
    assert (signs.title, signs.line, signs.topics, signs.audiences) == ("Signs", 17, ("clinical",), ("clinician",))
    # A lower heading keeps the topic; an audience of its own stands in place of the inherited one.
    assert (detail.topics, detail.audiences) == (("clinical",), ("patient",))
    assert read.audiences == ("clinician", "patient")
    assert [each.title for each in read.for_audience("patient")] == ["", "Detail"]


def test_a_heading_inside_a_fence_is_text() -> None:
    read = parse_article(article("\n## One\n\n```\n## not a heading {nonsense}\n```\n"))
    assert [each.title for each in read.sections] == ["One"]


@pytest.mark.parametrize(
    "change, says",
    [
        (("article: some-page\n", ""), "lacks the key 'article'"),
        (("article: some-page", "article: Some Page"), ":2: article: is 'Some Page'"),
        (("kind: code-page", "kind: essay"), ":3: kind: is 'essay'"),
        (("code: J44.1\n", ""), "a code-page lacks the key 'code'"),
        (("code: J44.1", "code: J4"), ":5: code: is 'J4'"),
        (("date_of_service: 2026-09-30", "date_of_service: soon"), ":6: date_of_service: is 'soon'"),
        (("next_review: 2027-04-01", "next_review: 2020-04-01"), ":8: next_review: is 2020-04-01"),
        (("state: submitted", "state: perfect"), ":9: state: is 'perfect'"),
        (("author: editors", "author: editors\ncolour: red"), ":11: colour: is an unknown key"),
        (("author: editors", "author: editors\nauthor: others"), ":11: the key 'author' stands twice"),
        (("  1: {table", "  2: {table"), ":12: citations.2: is number '2'; expected 1"),
        (("{table: icd10cm-tabular, code: J44.1}", "{web: x}"), ":12: citations.1: names no source"),
        (("{table: icd10cm-tabular, code: J44.1}", "{table: x, page: 3}"), "citations.1.page: is an unknown key"),
        (("citations:\n  1: {table: icd10cm-tabular, code: J44.1}", "citations: []"), "citations: is not a mapping"),
        (("---\narticle", "article"), "an article begins with its head"),
        (("J44.1}\n---\n", "J44.1}\n"), "the head is not closed"),
        (("title: J44.1 in short", "title: [unclosed"), "not readable as YAML"),
    ],
)
def test_a_head_that_is_wrong_is_refused_with_its_line(change: tuple[str, str], says: str) -> None:
    assert change[0] in HEAD
    with pytest.raises(InputError) as refusal:
        parse_article(HEAD.replace(*change) + "\n## One\n\nText.\n", "page.md")
    assert says in str(refusal.value)
    assert str(refusal.value).startswith("page.md")


@pytest.mark.parametrize(
    "body, says",
    [
        ("## One {clinicl}\n", ":14: the mark 'clinicl' of a heading is not known"),
        ("## {coder}\n", ":14: a heading has no words"),
        ("text\n[[J44.1 bilable]]\n", ":15: 'bilable' is no relation of a fact"),
        ("[[J44.1 billable\n", ":14: a fact is opened and not closed"),
        ("[[:: J44.1 billable]]", "no words before the two colons"),
        ("[[J44.1]]", "is incomplete"),
        ("[[]]", "is incomplete"),
        ("[[J44.1 not severity CC]]", "severity cannot be denied"),
        ("[[J44.1 billable yes]]", "billable has 1 values; expected 0"),
        ("[[J44.1 billable on yesterday]]", "'yesterday' is not a day"),
        ("[[J44.1 billable on]]", "'' is not a day"),
        ("[[J44.1 title Chronic]] [[J44.1 title]]", "title has 0 values"),
        ('[[J44.1 title "Chronic]]', "a quotation of a fact is opened and not closed"),
        ("[[J44.1 hcc 111]]", "hcc names no model and payment year"),
        ("[[J44.1 hcc 111 in V24]]", "the option 'in' is incomplete"),
        ("[[J44.1 severity CC at J44]]", "'at' is no option of severity"),
        ("[[A1 lists J44.1 as covered B]]", "'B' stands behind the options"),
        (f'[[J44.1 title "{"x" * 700}"]]', "a fact of 714 characters"),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_its_line(body: str, says: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_article(article(body), "page.md")
    assert says in str(refusal.value)


def test_files_that_are_no_articles_are_refused_in_one_sentence(tmp_path: Path) -> None:
    for name, data in {"empty": b"", "binary": b"\x89PNG\xff\x00", "big": b"a" * (2 * 1024 * 1024 + 1)}.items():
        file = tmp_path / name
        file.write_bytes(data)
        with pytest.raises(InputError) as refusal:
            read_article(file)
        assert "\n" not in str(refusal.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_article(tmp_path / "absent")


def test_a_fact_reads_its_parts() -> None:
    fact = parse_fact("own words :: E11.42 hcc 37 in V28 2026 on 2025-11-15", "page.md", 7, 3)
    assert (fact.subject, fact.relation, fact.values, fact.option("in")) == ("E11.42", "hcc", ("37",), "V28 2026")
    assert (fact.on, fact.line, fact.column, fact.says) == (date(2025, 11, 15), 7, 3, "own words")
    assert fact.sentence == "E11.42 maps to HCC 37 in V28 2026 on 2025-11-15"


def test_facts_are_rendered_in_place() -> None:
    text = "Say [[G35 not billable]] and [[so :: I10 billable]], not `[1]`.\nNext [[I10 kind code]]."
    assert with_facts(text, lambda fact: f"<{fact.says}|{fact.line}>") == (
        "Say <G35 is not billable|1> and <so|1>, not `[1]`.\nNext <I10 is a code|2>."
    )
    assert [each.column for each in facts_in(text, "x")] == [4, 29, 5]


@given(st.text(max_size=300))
def test_the_parser_answers_or_refuses_any_body(body: str) -> None:
    try:
        read = parse_article(article(body), "page.md")
    except InputError as refusal:
        assert str(refusal).startswith("page.md:")
        return
    assert "\n".join(read.body.split("\n")) == body.replace("\r\n", "\n").replace("\r", "\n")


@given(
    st.text(alphabet=st.characters(blacklist_characters='"[]:\n\r', blacklist_categories=("Cs", "Z", "C")), min_size=1),
    st.sampled_from(sorted(RELATIONS)),
    st.lists(st.text(alphabet="abcXYZ019.-", min_size=1).map(lambda each: f"v{each}"), max_size=3),
)
def test_what_is_written_as_a_fact_is_read_back(subject: str, relation: str, values: list[str]) -> None:
    form = RELATIONS[relation]
    if not form.least <= len(values) <= form.most or relation == "hcc":
        return
    fact = parse_fact(f'"{subject}" {relation} {", ".join(values)}')
    assert (fact.subject, fact.relation, list(fact.values)) == (subject, relation, values)


# ---- facts against the book -------------------------------------------------------------------------

HOLD = """
G35 not billable
G35 billable on 2025-09-30
G35 retired 2025-09-30
G35 successors G35.A, G35.B0, G35.B1, G35.B2, G35.C0, G35.C1, G35.C2, G35.D
J44.1 title "Chronic obstructive pulmonary disease with (acute) exacerbation"
J44 kind category
J44.1 parent J44
J44.1 not parent J45
J44.1 excludes2 J44.0 at J44.1
J44.1 excludes2 "bronchiectasis"
J44.1 excludes1 J68.0 at J40-J4A
J44.1 not excludes1 J44.0
R25.2 excludes1 G20-G26 at R25
R25.2 inclusion none
M62.831 inclusion "Charley-horse"
E11.42 use-additional Z79.4
I10 includes "high blood pressure"
E87.1 severity CC
R25.2 severity none
R25.2 drg 091, 092, 093
R25.2 mdc 01
093 drg-title "Other Disorders of Nervous System without CC/MCC"
E11.42 hcc 37 in V28 2026
R25.2 hcc none in V28 2026
I10 flag questionable-admission
R25.2 flag none
B96.20 flag unacceptable-principal
"writer's cramp" index F48.8
A54095 lists R25.2 as covered group 3
A54095 not lists R25.9
NCD-210.3 serves G0121
""".strip().splitlines()
CHANGED = {
    "G35 billable": "G35 is billable: expected billable, found not billable; listed 2015-10-01 to 2025-09-30",
    "J44.1 severity none": "found CC",
    'R29.0 title "Carpopedal spasm"': 'found "Tetany"',
    "R25.2 excludes2 G20-G26": "found carpopedal spasm (R29.0) [R25.2]",
    "R25.2 excludes1 G10": "found specific movement disorders (G20-G26) [R25]",
    "E11.42 hcc 18 in V28 2026": "expected 18, found 37 (hcc-map payment year 2026",
    "Q99.ZZ billable": "Q99.ZZ",
    "A00000 lists R25.2": "is not loaded",
    'R25.2 inclusion "Cramp"': "no inclusion terms",
    "R25.2 mdc 10": "found 01",
}
NOT_LOADED = {
    "95860 ptp 95909": "claimwright data add ncci-ptp",
    "95885 mue 4": "claimwright data add ncci-mue",
    "95885 add-on-to 95907": "claimwright data add ncci-aoc",
    "093 weight 0.7": "claimwright data add msdrg-weights",
    "R25.2 hcc none in V24 2027": "No map of V24 for payment year 2027",
    "CG-MED-24 lists R25.2": "No diagnosis list of CG-MED-24 is loaded",
    "R25.2 drg 093 on 2016-01-01": "No MS-DRG version",
}


@pytest.mark.book
def test_facts_that_hold_have_changed_or_cannot_be_looked_up(engine: Engine) -> None:
    texts = [*HOLD, *CHANGED, *NOT_LOADED]
    read = parse_article(article("\n".join(f"[[{each}]]" for each in texts)))
    states = {each.fact.text: each for each in check_facts(read, engine)}
    assert {text: states[text].says for text in HOLD if states[text].state != "holds"} == {}
    assert {text: states[text].state for text in CHANGED} == dict.fromkeys(CHANGED, "changed")
    assert {text: states[text].state for text in NOT_LOADED} == dict.fromkeys(NOT_LOADED, "not-loaded")
    for text, says in {**CHANGED, **NOT_LOADED}.items():
        assert says in states[text].says
    assert all(each.source for text, each in states.items() if text not in NOT_LOADED)


# ---- the lint ---------------------------------------------------------------------------------------


@pytest.mark.book
def test_shipped_articles_have_no_problem_on_the_day_of_writing(engine: Engine) -> None:
    found = {
        each.id: [f"{p.line}: {p.kind}: {p.says}" for p in check_article(each, engine, WRITTEN) if not p.remark]
        for each in shipped_articles()
    }
    assert {name: each for name, each in found.items() if each} == {}
    assert len(found) >= 7
    assert {each.state for each in shipped_articles()} == {"submitted"}


@pytest.mark.book
@pytest.mark.parametrize(
    "body, expected",
    [
        ("\n## One\n\nText [1].\n", []),
        ("\n## One\n\nText [1] and [2].\n", [("dangling-citation", 17)]),
        ("\n## One\n\nText [1-3].\n", [("dangling-citation", 17), ("dangling-citation", 17)]),
        ("\n## One\n\n## Two\n\nText [1].\n", [("empty-section", 15)]),
        ("\n## One\n\n### Part\n\nText [1].\n", []),
        ("\n## Signs {clinical}\n\nCough lasts longer than usual.\n", [("uncited-clinical", 17)]),
        ("\n## Signs {clinical}\n\nCough lasts longer than usual [1].\n", []),
        ("\n## Signs {clinical}\n\n[[J44.1 billable]], which everybody knows.\n", []),
        ("\n## Signs {clinical}\n\nFor signs no cited source is loaded.\n", []),
        (
            "\n## Signs {clinical}\n\nOne claim stands here [1]. Another one does not.\n",
            [("uncited-clinical", 17)],
        ),
        ("\n## One\n\nSee G35 [1].\n", [("retired-code", 17)]),
        ("\n## One\n\nSee [[G35 not billable]], G35 [1].\n", []),
        ("\n## One\n\nSee G35.Z9 [1].\n", [("unknown-code", 17)]),
        ("\n## One\n\n[[J44.1 severity MCC]] [1].\n", [("fact-changed", 17)]),
        ("\n## One\n\n[[95860 ptp 95909]] [1].\n", []),
        ("\n## For you {patient}\n\n## Other\n\nText [1].\n", [("audience-without-text", 1), ("empty-section", 15)]),
    ],
)
def test_what_the_lint_finds(engine: Engine, body: str, expected: list[tuple[str, int]]) -> None:
    assert problems(engine, body) == expected


@pytest.mark.book
def test_an_overdue_review_and_citations_that_lead_nowhere_are_found(engine: Engine) -> None:
    text = "\n## One\n\nText [1].\n"
    assert problems(engine, text, day=date(2027, 4, 2)) == [("review-overdue", 1)]
    for entry in (
        "{table: ncci-ptp}",
        "{table: icd10cm-tabular, code: Q99.ZZ}",
        "{table: icd10cm-tabular, edition: FY1999}",
        "{document: icd10cm-guidelines, section: IX.Z}",
        '{policy: A54095, version: "1999"}',
        "{policy: A99999, version: x}",
    ):
        head = HEAD.replace("{table: icd10cm-tabular, code: J44.1}", entry)
        assert problems(engine, text, head) == [("dangling-citation", 12)], entry
