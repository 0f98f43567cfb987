"""Notes: what their words imply, what they inherit from a heading, and where they hold."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from claimwright.book.notes import Moved, Note, moved_references, read_notes
from claimwright.book.store import Book
from claimwright.book.tree import Tree, grow
from claimwright.sources import tabular
from claimwright.sources.tabular import Tabular
from tests.mini import Everything, tabular_of

EDITION = 0


def notes_of(codes: str, *notes: tuple[str, str, str]) -> tuple[list[Note], Tree]:
    source = tabular_of(codes, notes)
    tree = grow(source, Everything())
    return read_notes(source, tree), tree


@pytest.fixture(scope="module")
def mini_notes(mini_tabular: Tabular, mini_tree: Tree) -> list[Note]:
    return read_notes(mini_tabular, mini_tree)


def texts(notes: Sequence[Note]) -> list[str]:
    return [note.text for note in notes]


def test_a_note_that_ends_in_a_colon_heads_those_that_follow_in_its_group() -> None:
    notes, _ = notes_of(
        "G63 E08 E09",
        ("G63", "codeFirst", "underlying disease, such as:"),
        ("G63", "codeFirst", "one (E08)"),
        ("G63", "codeFirst", "another (E09)"),
        ("G63", "excludes1", "a note of another group (E08)"),
    )
    assert [note.head for note in notes] == [-1, 0, 0, -1]
    assert [note.run for note in notes] == [0, 0, 0, 1]
    assert [note.element for note in notes] == [0, 0, 0, 1]


def test_a_second_heading_ends_the_first() -> None:
    notes, _ = notes_of(
        "E08 E09",
        ("E08", "useAdditionalCode", "code to identify:"),
        ("E08", "useAdditionalCode", "one (E09)"),
        ("E08", "useAdditionalCode", "code to identify control, if applicable:"),
        ("E08", "useAdditionalCode", "two (E09)"),
    )
    assert [note.head for note in notes] == [-1, 0, -1, 2]
    assert [note.run for note in notes] == [0, 0, 1, 1]
    assert [note.conditional for note in notes] == [False, False, True, True]


def test_a_group_without_heading_gives_each_note_a_run_of_its_own() -> None:
    notes, _ = notes_of("E08 E09", ("E08", "codeAlso", "one (E09)"), ("E08", "codeAlso", "two (E09)"))
    assert [note.run for note in notes] == [0, 1]


@pytest.mark.parametrize(
    ("text", "conditional"),
    [
        ("code, if applicable, for adverse effect (T36)", True),
        ("code, where applicable, to identify:", True),
        ("specific type, if known, such as:", True),
        ("any associated intracranial injury (S06.-)", True),
        ("underlying disease (E08)", False),
        ("many manifestations (E08)", False),
    ],
)
def test_words_like_if_applicable_and_any_make_an_instruction_conditional(text: str, conditional: bool) -> None:
    notes, _ = notes_of("E08 S06 T36", ("E08", "useAdditionalCode", text))
    assert notes[0].conditional is conditional


def test_such_as_leaves_the_list_open_for_everything_under_it() -> None:
    notes, _ = notes_of(
        "G63 E08", ("G63", "codeFirst", "underlying disease, such as:"), ("G63", "codeFirst", "diabetes (E08)")
    )
    assert [note.open for note in notes] == [True, True]
    closed, _ = notes_of("G63 E08", ("G63", "codeFirst", "underlying disease:"), ("G63", "codeFirst", "diabetes (E08)"))
    assert [note.open for note in closed] == [False, False]


def test_with_narrows_an_instruction_and_not_a_description() -> None:
    notes, tree = notes_of(
        "E08 E08.42 E08.9", ("E08", "excludes1", "(E08 with .42)"), ("E08", "includes", "condition in E08 with .42")
    )
    assert [len(note.spans) for note in notes] == [1, 1]
    assert [tree.nodes[note.spans[0][0]].code for note in notes] == ["E0842", "E08"]


def test_the_notes_of_the_small_book_stand_at_their_holders(mini_notes: list[Note], mini_tree: Tree) -> None:
    held = {(mini_tree.nodes[note.holder].code, note.kind, note.text) for note in mini_notes}
    assert ("R252", "excludes2", "infantile spasms (G40.4-)") in held
    assert ("M62", "excludes1", "cramp and spasm (R25.2)") in held
    assert ("V00-V99", "excludes1") in {each[:2] for each in held}
    assert ("6", "excludes2") in {each[:2] for each in held}


def test_only_the_note_known_to_dangle_is_unresolved_among_the_enforced(mini_notes: list[Note]) -> None:
    wrong = [
        reference.text
        for note in mini_notes
        for reference in note.references
        if reference.problem and note.kind in ("excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")
    ]
    assert wrong == ["R10.1-R10.4-"]


def test_notes_hold_for_everything_below_by_the_path_of_a_code(mini_book: Book) -> None:
    node = mini_book.node(EDITION, "V0001XA")
    assert node is not None
    inherited = [
        (each.code, note.kind) for each in mini_book.path(node) for note in mini_book.notes_at(EDITION, each.pos)
    ]
    assert ("V00-V99", "excludes1") in inherited
    assert ("V00-V09", "includes") in inherited
    assert ("V00", "sevenChrNote") in inherited


def test_a_note_is_found_from_the_codes_it_names(mini_book: Book) -> None:
    node = mini_book.node(EDITION, "R252")
    assert node is not None
    found = mini_book.notes_naming(EDITION, node.pos, node.stop)
    assert "cramp and spasm (R25.2)" in [note.text for note in found]
    assert all(mini_book.names(note, node.pos) for note in found)


def test_opposing_notes_of_a_pair_both_stand_in_the_book(mini_book: Book) -> None:
    cramp, spasm = mini_book.node(EDITION, "R252"), mini_book.node(EDITION, "M62830")
    assert cramp is not None
    assert spasm is not None
    one_way = [note.kind for note in mini_book.notes_at(EDITION, cramp.pos) if mini_book.names(note, spasm.pos)]
    other = [
        note.kind
        for each in mini_book.path(spasm)
        for note in mini_book.notes_at(EDITION, each.pos, ("excludes1",))
        if mini_book.names(note, cramp.pos)
    ]
    assert one_way == ["excludes2"]
    assert other == ["excludes1"]


# ---- moved references ---------------------------------------------------------------------------


def moved(notes: list[Note], tree: Tree) -> list[tuple[str, str]]:
    return [
        (tree.nodes[notes[each.note].holder].code, tree.nodes[each.to].code) for each in moved_references(notes, tree)
    ]


def test_words_that_now_stand_elsewhere_make_the_reference_a_moved_one(mini_notes: list[Note], mini_tree: Tree) -> None:
    assert moved(mini_notes, mini_tree) == [("R252", "G4082")]


def test_a_term_that_still_stands_under_the_code_named_has_not_moved() -> None:
    notes = (
        ("R25", "excludes2", "infantile spasms (G40)"),
        ("G41", "inclusionTerm", "Infantile spasms"),
        ("G40", "inclusionTerm", "Infantile spasms of any kind"),
    )
    assert moved(*notes_of("G40 G41 R25", *notes)) == []
    assert moved(*notes_of("G40 G41 R25", *notes[:2])) == [("R25", "G41")]


def test_a_title_carries_words_as_an_inclusion_term_does() -> None:
    source = tabular_of("G40 G41 R25", [("R25", "excludes1", "title of g41 (G40)")])
    tree = grow(source, Everything())
    found = moved_references(read_notes(source, tree), tree)
    assert found == [Moved(0, tree.where["G41"], -1)]


def test_a_term_under_the_holder_itself_has_not_moved() -> None:
    notes = (("R25", "excludes1", "spasm (G40)"), ("R25.2", "inclusionTerm", "Spasm"))
    assert moved(*notes_of("G40 R25 R25.2", *notes)) == []


def test_the_element_names_of_the_list_are_the_kinds_of_the_notes(mini_notes: list[Note]) -> None:
    assert {note.kind for note in mini_notes} == set(tabular.NOTE_KINDS)
    assert texts(mini_notes) == [note.text for note in mini_notes]
