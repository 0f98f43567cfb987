"""The lint of what coding pages commonly say: planted errors are found on their lines, right statements are left alone."""
# ruff: noqa: E501 - a text under test stands on one line, beside what is expected of it

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from claimwright.engine import Engine
from claimwright.interfaces.cli import lint_article_command
from claimwright.pages import lint_text
from claimwright.pages.text import MOST_BLOCK, read_text

DAY = date(2026, 11, 21)

pytestmark = pytest.mark.book

WRONG = [
    # other words in place of the title, in every form of a list
    ("- E87.1: Low sodium\n", "wrong", 'title of E87.1 is "Hypo-osmolality'),
    ("- I10 - HTN\n", "wrong", "title of I10 is"),
    ("* J45.901 Asthma attack\n", "wrong", "title of J45.901 is"),
    ("1. I63.9 - Stroke\n", "wrong", "title of I63.9 is"),
    ("R29.0 Carpopedal spasm\n", "wrong", '"Tetany"'),
    ("- E66.01 (Obesity from overeating)\n", "wrong", "title of E66.01 is"),
    ("<ul><li>K21.9 - Heartburn</li></ul><p>x</p>", "wrong", "title of K21.9 is"),
    ("- G81.91 - Hemiplegia, unspecified affecting left nondominant side\n", "wrong", "title of G81.91 is"),
    ("H10.32 means unspecified acute conjunctivitis, right eye.\n", "wrong", "is H10.31"),
    ("J45.50 is the code for mild intermittent asthma, uncomplicated.\n", "wrong", "is J45.20"),
    # what a code is and where it stands
    ("I10 is a header and not billable.\n", "wrong", "I10 is billable"),
    ("J40 is retired.\n", "wrong", "J40 has not ended"),
    ("R53.8 is a complete code.\n", "wrong", "R53.8 is a header"),
    ("S72.001X is a valid ICD-10-CM code.\n", "wrong", "S72.001X is no code"),
    ("Report M54.5 for back pain.\n\nM54.5 was retired in 2021.\n", "stale", "M54.50"),
    ("H10 belongs to chapter 8.\n", "wrong", 'chapter 7 "'),
    ("J12.82 is in chapter 1.\n", "wrong", "chapter 10"),
    ("At S72.001 the seventh character D means initial encounter for closed fracture.\n", "wrong", "character D means"),
    ("For T78.40 the 7th character B is for the second visit.\n", "wrong", "no seventh character B"),
    # groups and edits
    ("E11.65 groups to MS-DRG 291.\n", "wrong", "DRG 637, 638, 639"),
    ("J18.9 groups to MDC 05.\n", "wrong", "MDC 04"),
    ("E11.42 maps to HCC 37 in V28 and HCC 37 in V24.\n", "wrong", "HCC 18 in V24"),
    ("The weight of DRG 582 is 1.9000.\n", "unsupported", "DRG 582"),
    ("I10 has a sex edit: it is limited to female patients.\n", "wrong", "flags of I10"),
    ("T47.1X5A is acceptable as a principal diagnosis.\n", "wrong", "not accepted as principal"),
    ("Z68.41 can be the principal diagnosis.\n", "wrong", "not accepted as principal"),
    ("Use B96.20 as principal diagnosis when E. coli is the cause.\n", "wrong", "not accepted as principal"),
    ("## HCC V28\n- electrolyte disorders \u2014 HCC opportunity\n", "wrong", "electrolyte disorders: no HCC"),
    # terms
    ("Chorea \u2014 one of the movements mapped to R25.8 \u2014 is fast.\n", "wrong", "leads to G25.5"),
    ("Is K35 billable? Yes, K35 is billable.\n", "wrong", "K35 is a header"),
    # coverage without a policy
    ("According to LCD L99999, endoscopy is medically necessary for K92.0.\n", "unsupported", "is not loaded"),
    ("Medicare covers nerve conduction studies for R25.2.\n", "unsupported", "a list is not coverage"),
    ("Screening mammography with Z12.31 is paid by Medicare.\n", "unsupported", "names no payer's policy"),
    ("Aetna will reimburse nerve testing for G62.9.\n", "unsupported", "names no payer's policy"),
    ("Blue Cross does not pay for spirometry with J45.20.\n", "unsupported", "names no payer's policy"),
    ("Medicare does not cover nerve conduction studies for R25.2.\n", "wrong", "7 loaded policies list R25.2"),
    ("Outpatient scenario\nDiagnoses:\n- E03.9 - Hypothyroidism, unspecified (probable)\n", "wrong", "IV.H"),
    ("Codes for FY2024.\n", "stale", "FY2024 ended on 2024-09-30"),
]  # fmt: skip

RIGHT = [
    "- Z20.828 use for contact with other viral diseases\n- J96.01: add when documented\n- A41.9 \u2014 see also R65.20\n",
    "# I10: Hypertension coding guide\n\n- I10 Essential (primary) hypertension\n",
    "## N18: Chronic kidney disease codes\n\nText.\n",
    "E11.9 maps to HCC 38 in V28 and HCC 19 in V24.\nIn V24, HCC 18 is that of E11.42.\n",
    "M54.5 (retired): low back pain\n\nM54.5 is still seen on old claims.\n",
    "The ICD-10 code J18.9 stands for pneumonia, unspecified organism.\nM54.51 is vertebrogenic low back pain.\n",
    "J12.82 is listed in chapter 10. I10 and I11.0 are in block I10-I1A.\n",
    "J18.9 groups to DRG 193, 194 or 195. E11.65 groups to MDC 10.\n",
    "T39.1X1A may be the principal diagnosis.\n",
    "The 7th character S is used for sequela at S72.001.\n",
    "Check whether Medicare covers the test before you order it. Ask if your plan covers E11.65.\n",
    "The Medicare Code Editor covers many codes. Medicare Advantage plans use HCC scores.\n",
    "FY2024 added codes; these rules hold for FY2027.\n",
    "I10 is not a header. The code H54.0 has been expanded.\n",
    "Do not use B96.20 as principal diagnosis.\n",
]

NO_CODES = """G6PD deficiency, B12, T4, T3, A1C, H1N1, COVID-19, N95 masks, Q10, CoQ10, vitamin B6, D3 and K2.
MRI at L4-L5, C5-C6 and S1 was normal; a C-section in room C12 at 5 PM; stage T2N0M0, grade G3.
Phone 414-555-0101, on 10/12/2026, page B20, form W2, I9, UB04 and CMS-1500; exit J12 of the M25.
Windows W10, iPhone X15, R2D2, F16, A380, P100 filters, O2 sat 95%, PHQ-9, HCPCS G0439 and J1100 and E0424.
"""


@pytest.mark.parametrize("text, verdict, part", WRONG, ids=lambda each: None)
def test_what_is_planted_is_found_on_its_line(engine: Engine, text: str, verdict: str, part: str) -> None:
    rows = lint_text(text, engine, DAY).statements
    last = 3 if "Outpatient" in text else 2 if "HCC opp" in text else 1
    assert [(each.line, each.verdict) for each in rows if part in each.fact] == [(last, verdict)], rows
    assert all(each.source for each in rows)


@pytest.mark.parametrize("text", [*RIGHT, NO_CODES], ids=lambda each: None)
def test_right_statements_and_words_like_codes_are_left_alone(engine: Engine, text: str) -> None:
    assert [(each.rule, each.fact) for each in lint_text(text, engine, DAY).statements] == []


def test_a_statement_stands_once_with_all_that_is_said_of_it(engine: Engine) -> None:
    text = "M62.830, M62.831 and R25.2 carry Excludes1.\nR25.2 excludes1: M62.830, M62.831\n"
    rows = lint_text(text, engine, DAY).statements
    keys = [(each.line, each.statement, each.verdict) for each in rows]
    assert keys and len(keys) == len(set(keys))


def test_lines_of_html_are_those_of_the_file(engine: Engine) -> None:
    text = "<html><script>var a = 'G35';</script>\n<body><p>Fine here,\nthen G35\nstays; I10 too.<br>\nUse G20.</p>\n<ul><li>\nUse M54.5 &amp; rest</li></ul>"
    rows = lint_text(text, engine, DAY).statements
    assert [(each.line, each.verdict) for each in rows] == [(3, "stale"), (5, "stale"), (7, "stale")]


def test_line_ends_of_any_system_and_utf16_are_read(tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    for data in (b"Fine.\r\nUse G35.\r\n", "\ufeffFine.\nUse G35.\n".encode("utf-16-le"), b"Fine.\rUse G35.\r"):
        file.write_bytes(data)
        outcome = CliRunner().invoke(lint_article_command.command, [str(file), "--date", "2026-11-21"])
        assert outcome.exit_code == 1 and "line 2  STALE" in outcome.stdout


def test_long_lines_are_judged_in_bounded_pieces(engine: Engine) -> None:
    text = "The code E11.65 is fine. " * 2000 + "Use G35."
    assert all(len(each.text) <= MOST_BLOCK for each in read_text(text).blocks)
    assert [each.verdict for each in lint_text(text, engine, DAY).statements] == ["stale"]
