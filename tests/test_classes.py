"""Compressed relations answer as the rows they were made of; sides are read from titles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.book.classes import Row, companion_groups, compress
from claimwright.book.columns import Columns
from claimwright.book.notes import read_notes
from claimwright.book.references import Spans, merged
from claimwright.book.relations import edition_arrays
from claimwright.book.sides import BILATERAL, LEFT, NONE, RIGHT, UNSPECIFIED, sides
from claimwright.book.store import Book
from claimwright.book.tree import Node, Tree, grow
from claimwright.sources.tabular import Tabular
from tests.mini import Everything, tabular_of

SIZE = 30
SPANS = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)).map(lambda each: (each[0], min(SIZE, each[0] + each[1]))),
    max_size=3,
).map(merged)
ROWS = st.lists(st.tuples(SPANS, SPANS), max_size=8).map(
    lambda found: [Row(number, left, right) for number, (left, right) in enumerate(found)]
)


def inside(spans: Spans, pos: int) -> bool:
    return any(low <= pos < high for low, high in spans)


def brute(rows: list[Row]) -> npt.NDArray[np.bool_]:
    out = np.zeros((SIZE, SIZE), dtype=np.bool_)
    for row in rows:
        for a in range(SIZE):
            for b in range(SIZE):
                out[a, b] |= inside(row.left, a) and inside(row.right, b)
    return out


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_a_compressed_relation_answers_as_its_rows_for_every_pair(rows: list[Row]) -> None:
    found = compress(rows, SIZE)
    assert (found.matrix[found.row_class[:, None], found.column_class[None, :]] == brute(rows)).all()


@given(ROWS)
@settings(deadline=None)
def test_class_zero_is_in_no_row_and_no_two_classes_are_alike(rows: list[Row]) -> None:
    found = compress(rows, SIZE)
    assert not found.matrix[0].any()
    assert not found.matrix[:, 0].any()
    assert len({each.tobytes() for each in found.matrix}) == len(found.matrix)
    assert len({each.tobytes() for each in found.matrix.T}) == found.matrix.shape[1]
    assert found.row_class.shape == found.column_class.shape == (SIZE,)


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_companion_groups_apply_and_are_satisfied_as_their_rows_say(rows: list[Row]) -> None:
    found = companion_groups(rows, SIZE)
    assert found.keys.tolist() == [row.key for row in rows]
    for pos in range(SIZE):
        segment = found.group_class[pos]
        applying = found.members[found.offsets[segment] : found.offsets[segment + 1]].tolist()
        assert applying == [number for number, row in enumerate(rows) if inside(row.left, pos)]
        satisfied = found.satisfied[:, found.column_class[pos]].tolist()
        assert satisfied == [inside(row.right, pos) for row in rows]


def test_a_relation_of_no_rows_holds_for_nobody() -> None:
    found = compress([], 4)
    assert not found.matrix[found.row_class[:, None], found.column_class].any()
    assert companion_groups([], 4).members.size == 0


# ---- sides --------------------------------------------------------------------------------------


def _sides(titles: dict[str, str], unspecified: str = "") -> tuple[dict[str, int], dict[str, int]]:
    nodes = [
        Node(pos, "code", code, title, -1, pos, pos + 1, leaf=True) for pos, (code, title) in enumerate(titles.items())
    ]
    side, group = sides(Tree(nodes), frozenset(unspecified.split()))
    return dict(zip(titles, side.tolist(), strict=True)), dict(zip(titles, group.tolist(), strict=True))


def test_codes_that_differ_only_in_the_side_form_a_group() -> None:
    side, group = _sides(
        {
            "H2510": "Age-related nuclear cataract, unspecified eye",
            "H2511": "Age-related nuclear cataract, right eye",
            "H2512": "Age-related nuclear cataract, left eye",
            "H2513": "Age-related nuclear cataract, bilateral",
            "H2522": "Age-related cataract, morgagnian type, left eye",
        },
        unspecified="H2510",
    )
    assert list(side.values()) == [UNSPECIFIED, RIGHT, LEFT, BILATERAL, LEFT]
    assert len({group[code] for code in ("H2510", "H2511", "H2512", "H2513")}) == 1
    assert group["H2522"] != group["H2511"]


def test_a_title_of_two_sides_has_none() -> None:
    side, _ = _sides({"G8191": "Hemiplegia affecting right side, left dominant"})
    assert side["G8191"] == NONE


def test_a_code_alone_without_left_and_right_is_in_no_group() -> None:
    _, group = _sides({"H9190": "Hearing loss, unspecified ear"}, unspecified="H9190")
    assert group["H9190"] == 0


def test_seventh_characters_do_not_mix_in_a_group() -> None:
    _, group = _sides({"S52011A": "Fracture of right ulna, initial", "S52012D": "Fracture of left ulna, initial"})
    assert group["S52011A"] != group["S52012D"]


# ---- the arrays of the small book ---------------------------------------------------------------


def test_both_directions_of_an_opposing_pair_stand_in_the_arrays(mini_book: Book) -> None:
    table = Columns(mini_book, 0)
    cramp, spasm = (mini_book.node(0, code) for code in ("R252", "M62830"))
    assert cramp is not None
    assert spasm is not None
    first, second = table.pair("excludes1"), table.pair("excludes2")
    assert first.matrix[first.row[spasm.pos], first.column[cramp.pos]]
    assert not first.matrix[first.row[cramp.pos], first.column[spasm.pos]]
    assert second.matrix[second.row[cramp.pos], second.column[spasm.pos]]


def _arrays(source: Tabular) -> dict[str, npt.NDArray[Any]]:
    tree = grow(source, Everything())
    return edition_arrays(tree, read_notes(source, tree), [], {}, frozenset())


def test_a_chapter_excludes2_is_left_out_of_the_arrays_and_a_chapter_excludes1_is_in() -> None:
    notes = [("1", "excludes2", "symptoms (A05.-)"), ("1", "excludes1", "other (A05.-)")]
    arrays = _arrays(tabular_of("A04 A04.0 A05 A05.0", notes))
    assert not arrays["excludes2.matrix"].any()
    assert arrays["excludes1.matrix"].any()


def test_the_block_note_for_adverse_effects_is_no_companion_group() -> None:
    notes = [
        ("block", "codeFirst", ", for adverse effects, the nature, such as:"),
        ("block", "codeFirst", "cramp (A05)"),
    ]
    assert _arrays(tabular_of("A04 A05", notes))["codeFirst.keys"].size == 0


def test_code_first_is_one_group_an_element_and_use_additional_one_a_run() -> None:
    for kind, groups in (("codeFirst", 1), ("useAdditionalCode", 2)):
        notes = [("A04", kind, "one (A05)"), ("A04", kind, "two (A06)")]
        assert _arrays(tabular_of("A04 A05 A06", notes))[f"{kind}.keys"].size == groups, kind


def test_every_code_of_the_axis_leads_to_itself_or_to_its_nearest_category(mini_book: Book) -> None:
    table = Columns(mini_book, 0)
    codes = [code.decode() for code in table.array("codes", shared=True).tolist()]
    position, exact = table.array("position").tolist(), table.array("exact").tolist()
    assert codes == sorted(codes)
    for code, pos, is_exact in zip(codes, position, exact, strict=True):
        node = mini_book.node(0, code)
        assert is_exact == (node is not None and node.kind not in ("chapter", "block"))
        if pos >= 0:
            found = mini_book.node_at(0, pos).code
            assert code.startswith(found)
            assert (found == code) == is_exact
    assert not exact[codes.index("S061X7D")]
    assert mini_book.node_at(0, position[codes.index("S061X7D")]).code == "S061X7"
