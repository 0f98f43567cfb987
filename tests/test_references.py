"""Code references in the words of official notes: every hazard of the real list, and any text at all."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.book.references import Reference, ReferenceParser, merged
from claimwright.book.tree import Node, Tree
from tests.mini import tree_of


def named(tree: Tree, references: tuple[Reference, ...]) -> list[str]:
    """The codes that the references mean, in tabular order."""
    spans = merged(span for reference in references for span in reference.spans)
    return [node.code for node in tree.leaves() if any(low <= node.pos < high for low, high in spans)]


# (what stands in the tree, text of the note, codes meant): the hazards of the official list, by holder.
HAZARDS = {
    "A05, range": ("A04 A04.0 A04.1 A04.4 A04.5 A05", "infection (A04.0-A04.4)", "A040 A041 A044"),
    "range of categories": ("T60 T61 T62 T63", "toxic effect (T61-T62)", "T61 T62"),
    "A05, all below": ("A05 A05.0 A05.9 A06", "bacterial intoxication (A05.-)", "A050 A059"),
    "dash after a digit": ("A04 A04.7 A04.71 A04.72 A04.8", "foodborne (A04.7-)", "A0471 A0472"),
    "G63, suffix": (
        "E08 E08.4 E08.42 E08.9 E10 E10.42 E13 E13.42 E13.9 E14",
        "diabetes (E08-E13 with .42)",
        "E0842 E1042 E1342",
    ),
    "I73.8, range of suffixes": ("E08 E08.50 E08.51 E08.52 E08.59", "angiopathy (E08-E08 with .51-.52)", "E0851 E0852"),
    "L99, suffix of a family": ("E08 E08.61 E08.62 E08.620 E08.622", "dermatitis (E08-E08 with .62-)", "E08620 E08622"),
    "F80.81, final characters": (
        "I69 I69.0 I69.01 I69.023 I69.123 I69.128 I69.23",
        "fluency (I69. with final characters -23)",
        "I69023 I69123",
    ),
    "G31, dot before with": ("J96 J96.0 J96.01 J96.02 J96.12", "(J96. with 5th character 2)", "J9602 J9612"),
    "S01, 7th character": (
        "S02 S02.0XXA S02.0XXB S02.1XXB S03",
        "fracture (S02.- with 7th character B)",
        "S020XXB S021XXB",
    ),
    "G90.81, sixth character": (
        "T36 T36.8X T36.8X1 T36.8X4 T36.8X5",
        "drug (T36.8X- with sixth character 1-4)",
        "T368X1 T368X4",
    ),
    "F07.81, seventh character": (
        "S06 S06.0X S06.0X0A S06.0X0D S06.0X1A",
        "injury (S06.0X- with seventh character A)",
        "S060X0A S060X1A",
    ),
    "I73.9, double dash": (
        "I70 I70.1 I70.2 I70.20 I70.3 I70.31 I70.7 I70.71 I70.8",
        "(I70.2--I70.7-)",
        "I7020 I7031 I7071",
    ),
    "P28.2, dash and blanks": ("P28 P28.2 P28.3 P28.30 P28.4 P28.40 P28.5", "apnea (P28.3- - P28.4-)", "P2830 P2840"),
    "Q70.4, blank and dash": ("Q70 Q70.0 Q70.00 Q70.3 Q70.33 Q70.4", "(Q70.0- -Q70.3-)", "Q7000 Q7033"),
    "S14, spare dot": ("S12 S12.0 S12.01 S12.6 S12.6XXA S12.8", "fracture (S12.0--S12.6.-)", "S1201 S126XXA"),
    "T42, dot before dashes": ("F10 F10.1 F19 F19.1 F20", "dependence (F10.--F19.-)", "F101 F191"),
    "E72.20, no brackets": ("E72 E72.2 E72.4", "ornithine syndrome E72.4", "E724"),
    "H47.6, no brackets, family": ("S04 S04.04 S04.041 S04.1", "injury to visual cortex S04.04-", "S04041"),
    "Q18, range without brackets": ("Q67 Q67.0 Q67.4 Q67.5", "conditions classified to Q67.0-Q67.4", "Q670 Q674"),
    "S06.0, to, and": (
        "S06 S06.1 S06.11 S06.6 S06.61 S06.7 S06.81 S06.811 S06.89 S06.891 S06.9",
        "S06.1- to S06.6-, and S06.81- to S06.89-",
        "S0611 S0661 S06811 S06891",
    ),
    "J90, bracket too many": ("J91 J91.0", "malignant effusion (J91.0))", "J910"),
    "Z47.33, bracket missing": ("Z89 Z89.52 Z89.521", "absence of joint (Z89.52-", "Z89521"),
    "R11.16, wrong bracket": ("E87 E87.6 E87.8", "imbalance (E87.8}", "E878"),
    "K80.0, or": ("K82 K82.A K82.A1 K82.A2", "gangrene (K82.A1), or perforation (K82.A2)", "K82A1 K82A2"),
    "K82.A, ranges in a list": (
        "K80 K80.00 K80.19 K80.20 K80.40 K80.47 K80.60 K80.67 K80.70 K81 K81.0",
        "(K81.-), or with stones (K80.00-K80.19, K80.40-K80.47, K80.60-K80.67)",
        "K8000 K8019 K8040 K8047 K8060 K8067 K810",
    ),
    "A08, commas": ("J09 J09.X3 J10 J10.2 J10.3 J11 J11.2", "influenza (J09.X3, J10.2, J11.2)", "J09X3 J102 J112"),
    "letters in a code": ("C7A C7A.02 C7A.021 C7A.1", "malignant carcinoid (C7A.02-)", "C7A021"),
    "letter at the end of a range": ("O00 O00.1 O98 O99 O9A O9A.1 P00", "pregnancy (O00-O9A)", "O001 O98 O99 O9A1"),
    "B27, fifth character": (
        "B27 B27.0 B27.00 B27.01 B27.9 B27.91",
        "(B27.0-B27.9 with fifth character 1)",
        "B2701 B2791",
    ),
    "fifth or sixth character": (
        "T36 T36.0X5 T36.0X6 T36.95 T36.951",
        "drug (T36-T36 with fifth or sixth character 5)",
        "T360X5",
    ),
    "F10-F19, several suffixes": (
        "F10 F10.1 F10.17 F10.27 F10.9 F10.97 F19 F19.17 F19.2",
        "(F10-F19, with .17, .27, .97)",
        "F1017 F1027 F1097 F1917",
    ),
    "spare dash after a code": ("G35 G35.A G36", "multiple sclerosis (G35-)", "G35A"),
    "dot and dash after a range": ("E00 E00.1 E03 E03.9 E04", "thyroid (E00-E03.-)", "E001 E039"),
    "placeholder": ("T36 T36.0X T36.0X1 T36.8 T36.8X1", "penicillins (T36.0X-)", "T360X1"),
    "chapter 1, prose": ("A05 A05.0", "certain localized infections - see body system-related chapters", ""),
    "vitamin B12 is a vitamin": ("B12 E53.8", "vitamin B12 deficiency (E53.8)", "E538"),
    "G6PD is an enzyme": ("G60 G61 G6P", "glucose-6-phosphate dehydrogenase deficiency (G6PD)", ""),
    "not ASCII": ("C88 C88.0 C88.00", "Waldenström macroglobulinemia (C88.0-)", "C8800"),
    "letter in second place": ("QA0 QA0.0 QA0.01 QA0.010 QA0.0101", "related disorder (QA0.010-)", "QA00101"),
    "Merkel cells before C44": ("C43 C43.0 C4A C4A.0 C44 C44.0", "skin (C43-C44)", "C430 C4A0 C440"),
}


@pytest.mark.parametrize("hazard", HAZARDS)
def test_a_reference_means_the_codes_its_words_mean(hazard: str) -> None:
    codes, text, expected = HAZARDS[hazard]
    tree = tree_of(codes)
    found = ReferenceParser(tree).parse(text)
    assert named(tree, found) == expected.split()
    assert [each.problem for each in found if each.problem] == []


@pytest.mark.parametrize(
    ("codes", "text", "says"),
    [
        ("G31 G31.0 G31.9", "(G31.90)", "G31.90 does not exist"),
        ("R10 R10.1 R10.11", "(R10.1-R10.4-)", "R10.4 does not exist"),
        ("A04 A04.0 A04.4", "(A04.4-A04.0)", "runs backwards"),
        ("E08 E08.9", "(E08-E08 with .42)", "meets the condition 'with .42'"),
        ("A04 A05", "(A07-A09)", "A07 and A09 do not exist"),
    ],
)
def test_a_reference_that_leads_nowhere_is_reported_with_its_words(codes: str, text: str, says: str) -> None:
    (found,) = ReferenceParser(tree_of(codes)).parse(text)
    assert found.spans == ()
    assert says in found.problem
    assert found.text in text.replace("(", "").replace(")", "")


def test_a_single_code_is_exact_and_a_family_or_range_is_not() -> None:
    parser = ReferenceParser(tree_of("A04 A04.0 A04.7 A04.71"))
    assert [each.exact for each in parser.parse("(A04.0), (A04.7-), (A04.0-A04.7)")] == ["A040", "", ""]


def test_a_category_named_without_dash_means_everything_below_it() -> None:
    tree = tree_of("G20 G20.A1 G20.C G21")
    assert named(tree, ReferenceParser(tree).parse("Parkinson's disease (G20)")) == ["G20A1", "G20C"]


def test_with_is_plain_english_where_a_note_only_describes() -> None:
    tree = tree_of("I00 I01 I01.0")
    text = "any condition in I00 with pericarditis"
    assert named(tree, ReferenceParser(tree).parse(text, conditions=False)) == ["I00"]


def test_the_condition_in_words_is_what_is_left_without_the_codes() -> None:
    parser = ReferenceParser(tree_of("G40 G40.4 G40.401 J09 J09.X3 J10 J10.2"))
    for text, words in (("infantile spasms (G40.4-)", "infantile spasms"), ("influenza (J09.X3, J10.2)", "influenza")):
        assert parser.strip(text) == words


# ---- any text -----------------------------------------------------------------------------------

OFFICIAL = tree_of(
    "A04 A04.0 A04.4 A04.7 A04.71 C43 C4A C44 E08 E08.4 E08.42 E10 E10.42 F10 F10.17 I70 I70.2 I70.21 I70.7 "
    "J09 J09.X3 M1A M1A.9 S02 S02.0 S06 S06.0X0 T36 T36.0X5 QA0 QA0.01",
    sevenths={"S02": "ABS", "S06": "ADS"},
)
WORDS = """
A04 A04.0 A04.7 C43 C4A C44 E08 E10 I70.2 I70.7 J09.X3 M1A S02 S06.0 T36 QA0 Z99 B12 G6PD . - -- .- ( ) } , ; : or and
to with 7th seventh fifth sixth character characters final A B 5 1-4 A-C .42 .51-.52 -23 such as vitamin
"""
PIECES = st.sampled_from(WORDS.split())
TEXTS = st.text(max_size=80) | st.lists(PIECES, max_size=14).map(" ".join) | st.lists(PIECES, max_size=14).map("".join)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    parser = ReferenceParser(OFFICIAL)
    for conditions in (True, False):
        for each in parser.parse(text, conditions):
            assert bool(each.spans) != bool(each.problem)
            assert list(merged(each.spans)) == sorted(each.spans)
            assert all(0 <= low < high <= len(OFFICIAL.nodes) for low, high in each.spans)
            assert all(first[1] < second[0] for first, second in pairwise(each.spans))
    assert parser.strip(text) == " ".join(parser.strip(text).split())


NODES = [node for node in OFFICIAL.nodes if node.kind not in ("chapter", "block") and len(node.code) <= 6]


def _dotted(code: str) -> str:
    return code if len(code) == 3 else f"{code[:3]}.{code[3:]}"


@given(st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(["-", " to ", "--", "- - "]))
def test_a_range_means_what_a_walk_from_its_first_to_its_last_code_meets(low: Node, high: Node, join: str) -> None:
    found = ReferenceParser(OFFICIAL).parse(f"({_dotted(low.code)}{join}{_dotted(high.code)})")
    under_last = {node.pos for node in OFFICIAL.nodes if high.pos in OFFICIAL.path(node.pos)}
    met = [node for node in OFFICIAL.nodes[low.pos :] if node.pos <= high.pos or node.pos in under_last]
    walk = [node.code for node in met if node.leaf]
    if walk:
        assert named(OFFICIAL, found) == walk
    else:
        assert [each.spans for each in found] == [()]


SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 8)).map(lambda each: (each[0], each[0] + each[1])), max_size=8
)


@given(SPANS)
def test_merged_intervals_hold_the_same_positions_sorted_and_apart(spans: list[tuple[int, int]]) -> None:
    joined = merged(spans)
    assert {p for low, high in joined for p in range(low, high)} == {p for low, high in spans for p in range(low, high)}
    assert all(first[1] < second[0] for first, second in pairwise(joined))
