"""The tree: pre-order intervals, written-out seventh characters, umbrella sections, phantoms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from claimwright.book.tree import Tree, grow
from claimwright.model import undotted
from claimwright.sources import tabular
from claimwright.sources.tabular import NodeRow
from tests.mini import registry_rows, tabular_of, tree_of


def check_shape(tree: Tree) -> None:
    """What every tree must be, whatever it was grown from."""
    for pos, node in enumerate(tree.nodes):
        assert node.pos == pos
        assert pos < node.stop <= len(tree.nodes)
        assert node.leaf == (node.kind == "code")
        assert not node.leaf or node.stop == pos + 1
        if node.parent < 0:
            assert node.kind == "chapter"
        else:
            above = tree.nodes[node.parent]
            assert above.pos < pos
            assert node.stop <= above.stop
            assert not above.leaf
        assert list(tree.path(pos))[-1] == next(each.pos for each in tree.nodes if each.pos <= pos < each.stop)
    for node in tree.nodes:
        inside = {each.pos for each in tree.nodes if node.pos in tree.path(each.pos)}
        assert inside == set(range(node.pos, node.stop))


def test_everything_under_a_node_of_the_small_book_is_one_interval(mini_tree: Tree) -> None:
    check_shape(mini_tree)


CATEGORIES = st.text("ABC019", min_size=3, max_size=3).map(lambda text: f"A{text[1:]}")
TAILS = st.text("01AX", max_size=4)


@given(st.lists(st.tuples(CATEGORIES, TAILS), min_size=1, max_size=12), st.text("ADS", max_size=3))
def test_any_list_of_codes_grows_into_a_sound_tree(parts: list[tuple[str, str]], sevenths: str) -> None:
    names = sorted({(f"{head}.{tail}" if tail else head) for head, tail in parts})
    check_shape(tree_of(" ".join(names), {names[0]: "".join(sorted(set(sevenths)))} if sevenths else None))


def test_every_code_of_the_dated_registry_stands_in_the_tree_once_and_no_other(mini_tree: Tree) -> None:
    valid = {row.code for row in registry_rows() if row.ends is None}
    codes = [node.code for node in mini_tree.leaves()]
    assert len(codes) == len(set(codes))
    assert set(codes) == valid


def test_a_stem_is_padded_with_placeholders_before_its_seventh_character() -> None:
    tree = tree_of("T67 T67.2 T67.20 T67.2001", {"T67": "AD"})
    assert [node.code for node in tree.leaves()] == ["T672001"]
    assert [node.code for node in tree_of("T67 T67.2", {"T67": "AD"}).leaves()] == ["T672XXA", "T672XXD"]
    assert [node.code for node in tree_of("R99", {"R99": "A"}).leaves()] == ["R99XXXA"]


def test_the_nearest_list_of_seventh_characters_wins(mini_tree: Tree) -> None:
    under = {node.code: node for node in mini_tree.leaves()}
    assert {code[6] for code in under if code.startswith("S52001")} == set("ABCDEFGHJKMNPQRS")
    assert {code[6] for code in under if code.startswith("S52011")} == set("ADGKPS")
    assert mini_tree.nodes[under["S52011A"].seventh].code == "S5201"


def test_a_made_code_says_its_encounter_without_the_stray_note(mini_tree: Tree) -> None:
    node = mini_tree.nodes[mini_tree.where["S52001B"]]
    assert node.title == (
        "Unspecified fracture of upper end of right ulna, initial encounter for open fracture type I or II"
    )
    assert node.source == -1


def test_a_combination_that_the_registry_does_not_know_is_a_phantom(mini_tree: Tree) -> None:
    assert mini_tree.phantoms == ["S061X7D", "S061X7S", "S061X8D", "S061X8S"]
    assert not set(mini_tree.phantoms) & {node.code for node in mini_tree.nodes}


def test_a_block_of_one_category_leaves_its_name_to_the_category(mini_tree: Tree) -> None:
    named = [node.kind for node in mini_tree.nodes if node.code == "B20"]
    assert named == ["block", "code"]
    assert mini_tree.nodes[mini_tree.where["B20"]].kind == "code"
    assert mini_tree.nodes[mini_tree.where["A00-A09"]].kind == "block"


def test_an_umbrella_section_holds_the_sections_of_its_range(mini_tree: Tree) -> None:
    path = [mini_tree.nodes[pos].code for pos in mini_tree.path(mini_tree.where["V0001XA"])]
    assert path == ["V0001XA", "V0001", "V000", "V00", "V00-V09", "V00-V99", "V00-X58", "20"]
    assert mini_tree.nodes[mini_tree.where["M25561"]].code == "M25561"
    assert "M00-M25" in [mini_tree.nodes[pos].code for pos in mini_tree.path(mini_tree.where["M25561"])]


def test_a_section_outside_the_umbrella_stays_outside(mini_tree: Tree) -> None:
    names = [mini_tree.nodes[pos].code for pos in mini_tree.path(mini_tree.where["M5412"])]
    assert names == ["M5412", "M541", "M54", "M50-M54", "13"]


def test_the_order_is_the_tabular_one_where_c4a_stands_between_c43_and_c44(mini_tree: Tree) -> None:
    where = mini_tree.where
    assert where["C43"] < where["C4A"] < where["C44"]


def test_every_row_of_the_file_has_its_position(mini_tabular: tabular.Tabular, mini_tree: Tree) -> None:
    assert len(mini_tree.position_of_row) == len(mini_tabular.nodes)
    for index, row in enumerate(mini_tabular.nodes):
        node = mini_tree.nodes[mini_tree.position_of_row[index]]
        assert (node.source, node.title) == (index, row.title)
        assert node.code == (undotted(row.name) if row.kind == "diag" else row.name)


def test_a_chapter_without_sections_is_a_tree_of_one_node() -> None:
    empty = tabular_of("A00")
    only = tabular.Tabular(
        empty.name, 2026, empty.release, empty.window, (NodeRow("chapter", "1", "Empty", -1, 0),), (), ()
    )
    check_shape(grow(only, frozenset()))
