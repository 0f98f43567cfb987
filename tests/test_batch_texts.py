"""Texts of codes in columns say what `dotted` says of each."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")

from claimwright.batch.memo import edges  # noqa: E402
from claimwright.batch.texts import Texts, dotted_texts, taken  # noqa: E402
from claimwright.batch.unanswered import _windows  # noqa: E402
from claimwright.book.columns import columns  # noqa: E402
from claimwright.book.store import Book  # noqa: E402
from claimwright.claims.readers import Options  # noqa: E402
from claimwright.claims.readers.column_reader import layout_of  # noqa: E402
from claimwright.errors import InputError  # noqa: E402
from claimwright.model import dotted  # noqa: E402


@given(st.lists(st.text("AZ09.- a", max_size=8)))
def test_columns_of_texts_are_dotted_as_single_texts_are(codes: list[str]) -> None:
    packed = np.array([each.encode() for each in codes], dtype="S8")
    assert dotted_texts(packed).to_pylist() == [dotted(each) for each in codes]


def test_texts_of_a_book_are_the_same_one_by_one_and_in_columns(mini_book: Book) -> None:
    shared = columns(mini_book, mini_book.edition_on(date.max)[0].number)
    texts = Texts(shared)
    known = len(texts)
    beyond = texts.number("no code"), texts.number("ÄÖ")
    assert beyond == (known, known + 1)
    assert [texts.number(each) for each in texts[:known]] == list(range(known))
    every = np.arange(len(texts))
    assert taken(texts, every).to_pylist() == texts[:] == taken(texts[:], every).to_pylist()
    assert taken(texts, every[known + 1 :]).to_pylist() == ["ÄÖ"]
    assert taken(texts, every[:0]).to_pylist() == []
    again = texts.anew()
    assert (len(again), again.number("other"), again[known], texts[known]) == (known, known, "other", "no code")


@given(st.lists(st.integers(0, 400), min_size=1), st.lists(st.integers(-50, 450), unique=True))
def test_windows_of_days_close_together_are_those_of_each_day(days: list[int], held: list[int]) -> None:
    edges_, asked = np.array(sorted(held), np.int32), np.array(days * 9, np.int32)
    assert _windows(edges_, asked).tolist() == np.searchsorted(edges_, asked, side="right").tolist()


def test_days_of_change_are_read_once_for_a_book(mini_book: Book) -> None:
    assert edges(mini_book) is edges(mini_book)
    assert list(edges(mini_book)) == sorted(set(edges(mini_book)))


def test_a_column_whose_name_is_no_text_is_refused() -> None:
    class Damaged:
        @property
        def names(self) -> list[str]:
            raise UnicodeDecodeError("utf-8", b"\xe3", 0, 1, "invalid continuation byte")

    with pytest.raises(InputError, match="no text"):
        layout_of(Damaged(), Options(date(2026, 1, 1)), "file.arrow")
