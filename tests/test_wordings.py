"""The lexicons of words, and how a question is read with them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
from bench.lay_scores import rank
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book import navigate as navigate_module
from claimwright.book.index_hits import INDEX, IndexHit, fused
from claimwright.book.query_words import read_question
from claimwright.book.ranking import TOP, Scored
from claimwright.book.search import Hits, search
from claimwright.book.store import Book
from claimwright.book.wordings import SAID, SPELLING, by_lexicons, expand, joined_negations
from claimwright.book.words import STOP_WORDS, raw_tokens, tokens
from claimwright.interfaces.cli.search_command import command
from claimwright.sources.lexicon import Lexicon, lexicons

DAY = date(2025, 11, 15)
LEXICONS: dict[str, Lexicon] = {each.name: each for each in lexicons()}
WORDS = (*SAID, "word-forms", "near-terms")
LEAST = {"lay-terms": 900, "abbreviations": 500, "eponyms": 150, "word-forms": 400, "near-terms": 100}

whole_book = pytest.mark.book


def codes(hits: Hits) -> list[str]:
    return [hit.code for hit in hits.hits]


def rows(name: str) -> tuple[dict[str, Any], ...]:
    return LEXICONS[name].rows


# ---- the lexicons ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORDS)
def test_every_row_has_a_source_or_is_ours(name: str) -> None:
    assert len(rows(name)) >= LEAST[name]
    for row in rows(name):
        assert (row.get("ours") is True) != ("source" in row), row


@pytest.mark.parametrize("name", SAID)
def test_nothing_is_said_twice(name: str) -> None:
    key = SAID[name]
    said = Counter(" ".join(tokens(row[key])) if name != "abbreviations" else row[key].lower() for row in rows(name))
    assert not [each for each, times in said.items() if times > 1]
    for row in rows(name):
        assert row["means"] or row.get("beyond"), row
        assert len(set(row["means"])) == len(row["means"]), row


def test_forms_are_single_words_of_known_kinds() -> None:
    for row in rows("word-forms"):
        assert row["form"].isalpha()
        assert row["base"].replace("-", "").isalpha()
        assert row["form"] != row["base"]
        assert row["kind"] in {"adjective", "verb", "plural", "noun", SPELLING}


def test_near_terms_name_a_gap() -> None:
    for row in rows("near-terms"):
        assert row["near"] != row["term"]
        assert row["says"]


def test_an_ambiguous_abbreviation_keeps_every_meaning() -> None:
    row = next(row for row in rows("abbreviations") if row["short"] == "MS")
    assert {"multiple sclerosis", "mitral stenosis", "morphine"} <= {*row["means"], *row["beyond"]}


@whole_book
@pytest.mark.parametrize("name", SAID)
def test_no_meaning_is_dead(book: Book, name: str) -> None:
    """All words of every meaning stand together in at least one title or term."""
    dead = []
    for row in rows(name):
        for mean in row["means"]:
            words = [word for word in dict.fromkeys(tokens(mean)) if word not in STOP_WORDS]
            match = " AND ".join(f'"{word}"' for word in words)
            if not words or not book.rows("SELECT 1 FROM phrase_words WHERE phrase_words MATCH ? LIMIT 1", (match,)):
                dead.append((row, mean))
    assert not dead


@whole_book
@pytest.mark.parametrize("name", SAID)
def test_every_row_is_found_as_it_is_said(book: Book, name: str) -> None:
    for row in rows(name):
        said = row[SAID[name]]
        found = [each for each in expand(book, said) if set(tokens(each.said)) == set(tokens(said))]
        assert {each.means for each in found} >= set(row["means"]), row


@whole_book
def test_every_base_is_a_word_of_the_book(book: Book) -> None:
    for row in rows("word-forms"):
        match = " AND ".join(f'"{word}"' for word in tokens(row["base"]))
        assert book.rows("SELECT 1 FROM phrase_words WHERE phrase_words MATCH ? LIMIT 1", (match,)), row


# ---- reading ------------------------------------------------------------------------------------


def test_capitals_are_told_apart() -> None:
    assert raw_tokens("ALL of the R knee's") == (["all", "of", "the", "r", "knee"], [True, False, False, True, False])


def test_negations_of_can_are_one_word() -> None:
    assert joined_negations(tokens("can't sleep, can not eat, cannot, not")) == [
        *("cannot", "sleep", "cannot", "eat", "cannot", "not")
    ]


@whole_book
def test_word_order_and_endings_of_a_wording_do_not_matter(book: Book) -> None:
    wanted = {each.means for each in expand(book, "heart attack")}
    for said in ("attack of the heart", "Heart attacks", "an attack on his heart"):
        assert {each.means for each in expand(book, said)} == wanted, said
    # Too far apart to be one wording.
    assert not expand(book, "heart of gold, iron, silver and copper under attack")


@whole_book
def test_a_wording_among_small_words_is_found_as_written(book: Book) -> None:
    assert [each.means for each in expand(book, "I have the runs")] == ["diarrhea"]
    assert not [each for each in expand(book, "he runs daily") if each.means == "diarrhea"]


@whole_book
def test_a_short_word_in_capitals_only(book: Book) -> None:
    assert "acute lymphoblastic leukemia" in {each.means for each in expand(book, "ALL in remission")}
    assert not [each for each in expand(book, "all in remission") if each.lexicon == "abbreviations"]


@whole_book
def test_the_longest_wording_wins(book: Book) -> None:
    assert {each.said for each in expand(book, "broken ankle")} == {"broken ankle"}


@whole_book
def test_readings_begin_with_the_question_itself(book: Book) -> None:
    question = read_question(book, "ms and pink eye")
    assert not question.readings[0].expansions
    assert len(question.readings) >= 3
    assert {each.said for each in question.expansions} == {"MS", "pink eye"}
    assert question.corrected is None


@whole_book
def test_mere_writing_is_not_searched(book: Book) -> None:
    terms = {term.said for term in read_question(book, "anemia d/t blood loss").readings[0].terms}
    assert terms == {"anemia", "blood", "loss"}


@whole_book
def test_another_spelling_is_a_correction_and_another_form_is_not(book: Book) -> None:
    assert search(book, "oesophageal varices", DAY).searched_for == "esophageal varices"
    found = search(book, "femur fracture", DAY, explain=True)
    assert found.searched_for is None
    assert found.explain is not None
    assert ("word-forms", "femur", "femoral") in {(each.how, each.said, each.read) for each in found.explain.steps}


@whole_book
@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("broken wrist", "S"),
        ("stung by a wasp", "T63.46"),
        ("sugar diabetes with nerve damage", "E11.4"),
        ("bitten by dog", "W54.0"),
        ("Lou Gehrig's disease", "G12.21"),
        ("lou gehrigs disease", "G12.21"),
        ("GERD", "K21"),
        ("chf", "I50"),
        ("L knee pain", "M25.562"),
        ("can't sleep", "G47.0"),
        ("blood in poo", "K92.1"),
        ("haemorrhoidal bleeding", "K64"),
        ("tummy ache", "R10"),
    ],
)
def test_speech_of_patients_and_clinicians(book: Book, words: str, family: str) -> None:
    assert any(code.startswith(family) for code in codes(search(book, words, DAY))[:10]), codes(
        search(book, words, DAY)
    )


@whole_book
def test_broken_wrist_is_no_broken_tooth(book: Book) -> None:
    assert codes(search(book, "broken wrist", DAY))[0].startswith(("S62", "S52.5"))


@whole_book
def test_a_reworded_hit_is_told_as_such(book: Book) -> None:
    found = search(book, "pink eye", DAY)
    assert found.hits[0].code.startswith("H10")
    assert "lay" in {hit.kind for hit in found.hits}
    assert any("pink eye: conjunctivitis" in note for note in found.notes)
    # The words of the lists themselves stay what they are.
    assert {hit.kind for hit in search(book, "conjunctivitis", DAY).hits} <= {"title", "inclusion", "index"}


@whole_book
def test_every_meaning_of_an_abbreviation_is_offered(book: Book) -> None:
    found = codes(search(book, "MS", DAY))
    assert any(code.startswith("G35") for code in found)
    assert any(code.startswith(("I05", "I34.2")) for code in found)


@whole_book
def test_only_the_site_is_not_enough(book: Book) -> None:
    first = search(book, "xanthoma of the knee", DAY, explain=True)
    assert first.explain is not None
    assert "xanthoma" in first.explain.hits[0].found


# ---- the Index ----------------------------------------------------------------------------------


def scored(pos: int, coverage: float, turn: int = 0) -> Scored:
    return Scored(coverage * TOP, pos, 0, pos, turn, coverage, 1.0, pos)


def entry(pos: int, score: float = 1.0) -> IndexHit:
    return IndexHit(score, pos, "Main > sub", (), (), "index")


def test_without_an_index_the_tabular_list_answers_alone() -> None:
    phrases = [scored(1, 1.0), scored(2, 0.5)]
    assert [each for _, each in fused(phrases, [], 1)] == phrases[:1]
    assert [each.pos for _, each in fused([], [entry(5), entry(3)], 9)] == [3, 5]


def test_the_better_list_decides_and_a_second_one_lifts() -> None:
    found = fused([scored(1, 0.5), scored(2, 0.5)], [entry(7), entry(2, 0.4), entry(1, 0.5)], 9, frozenset({2}))
    assert [each.pos for _, each in found] == [7, 2, 1]
    assert found[0][0] == pytest.approx(INDEX)


def test_an_official_wording_keeps_its_words() -> None:
    whole = scored(1, 0.9999)._replace(score=0.5)
    assert fused([whole], [entry(1)], 9)[0][1] == whole
    reworded = whole._replace(turn=1)
    assert fused([reworded], [entry(1)], 9)[0][1] == entry(1)
    assert fused([whole, scored(2, 1.0)], [entry(1), entry(2)], 9)[0][0] <= 1


@whole_book
def test_a_navigator_is_used_when_there_is_one(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    levels = (SimpleNamespace(words="Cramp(s)"), SimpleNamespace(words="limb"))
    found = SimpleNamespace(
        code="J10.1", levels=levels, via=("see Cramp",), rules=("dash",), score=0.6, source="icd10cm-index FY2025"
    )
    monkeypatch.setattr(navigate_module, "navigate", lambda *_, **__: SimpleNamespace(found=(found, found)))
    answer = search(book, "writer's cramp", DAY, explain=True)
    assert (answer.hits[0].code, answer.hits[0].kind) == ("F48.8", "inclusion")
    assert "G25.89" in codes(answer)
    place = codes(answer).index("J10.1")
    assert (answer.hits[place].kind, answer.hits[place].matched) == ("index", "Cramp(s) > limb")
    assert answer.explain is not None
    assert answer.explain.hits[place].via == ("see Cramp",)
    assert "navigated" in answer.notes[-1]
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)


# ---- the command --------------------------------------------------------------------------------


@whole_book
def test_explain_in_json(book: Book) -> None:
    arguments = ["pink", "eye", "--date", "2025-11-15", "--json"]
    assert "explain" not in json.loads(CliRunner().invoke(command, arguments).stdout)
    answer = json.loads(CliRunner().invoke(command, [*arguments, "--explain"]).stdout)
    explain = answer["explain"]
    assert {"how": "lay-terms", "said": "pink eye", "read": "conjunctivitis"}.items() <= explain["steps"][0].items()
    assert explain["readings"][:2] == ["eye pink", "conjunctivitis"]
    assert [each["code"] for each in explain["hits"]] == [hit["code"] for hit in answer["hits"]]
    assert explain["hits"][0]["coverage"] == 1


@whole_book
def test_explain_in_text(book: Book) -> None:
    said = CliRunner().invoke(command, ["pink", "eyee", "--date", "2025-11-15", "--explain", "--limit", "3"]).stdout
    assert "Read eyee as eyes (spelling)" in said
    assert "Read pink eye as conjunctivitis (lay-terms, row" in said
    assert "coverage 1.00" in said
    assert max(map(len, said.splitlines())) <= 80


@whole_book
def test_reasons_add_up(book: Book) -> None:
    from claimwright.book.ranking import COVERAGE, PRECISION, TOP

    for words in ("pink eye", "fracture of left femur", "history of colon polyps", "ckd stage 4"):
        found = search(book, words, DAY, explain=True)
        assert found.explain is not None
        for hit, reason in zip(found.hits, found.explain.hits, strict=True):
            if reason.index_says is not None:
                continue  # an Index was added to this book: its list counts too
            assert reason.coverage is not None
            assert reason.precision is not None
            bonuses = sum(each.worth for each in reason.bonuses)
            whole = COVERAGE * reason.coverage + PRECISION * reason.precision + bonuses
            assert hit.score == pytest.approx(whole / TOP, abs=2e-4), hit.code


# ---- any text -----------------------------------------------------------------------------------


said_somewhere = st.sampled_from([row[SAID[name]] for name in SAID for row in rows(name)])


@whole_book
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(said_somewhere, st.text(max_size=20)), min_size=1, max_size=6))
def test_any_mix_of_wordings_is_answered_alike_twice(book: Book, parts: list[str]) -> None:
    text = " ".join(parts)
    if not text.split():
        return
    found = search(book, text, DAY, explain=True)
    assert found == search(book, text, DAY, explain=True)
    assert len(set(codes(found))) == len(found.hits)
    assert all(0 < hit.score <= 1 for hit in found.hits)
    question = read_question(book, text)
    for group in question.readings[1:]:
        assert group.expansions


def test_rank_of_the_first_good_code() -> None:
    assert rank(["A00.1", "B20"], ["B2"]) == 2
    assert rank(["A00.1"], ["B2"]) == 0


@whole_book
def test_tokens_say_what_the_lexicons_tell(book: Book) -> None:
    found = by_lexicons(book, tokens("renal stones and a pink eye"))
    assert ("pink eye", "lay") in {
        (" ".join(tokens("renal stones and a pink eye")[e.start : e.stop]), e.how) for e in found
    }
    assert any(each.how == "form" and "kidney" in each.means for each in found)
    assert by_lexicons(book, []) == []
    assert [each.how for each in by_lexicons(book, ["oedema"])][:1] == ["spelling"]
