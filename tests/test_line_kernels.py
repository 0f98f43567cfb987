"""The kernels over service lines against slow and obvious references: plain loops over the claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book.columns import columns
from claimwright.book.store import Book
from claimwright.claims.batch import ClaimBatch, batch_of, subset
from claimwright.edits import line_relations
from claimwright.edits.frame import LINE, Bools, Frame, Ints, numbered
from claimwright.edits.hit import LineEnd, Scene
from claimwright.edits.line_relations import EDITED, Attended, Limit, LinePair, Places, Together
from claimwright.edits.manual import without_modifier
from claimwright.edits.relations import Hits
from claimwright.engine import Engine
from claimwright.model import Claim, Diagnosis, ServiceLine, Setting

Hit = tuple[int, int, int]
TODAY = date(2026, 5, 15)
CODES = ("X0001", "X0002", "X0003", "X0004")
tried = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

lines = st.builds(
    ServiceLine,
    code=st.sampled_from((*CODES, "x0001", "y9999")),
    modifiers=st.lists(st.sampled_from(("25", "59", "lt", "RT")), max_size=6).map(tuple),
    # Quarters add up without rounding, in any order.
    units=st.integers(0, 20).map(lambda quarters: quarters / 4),
    date=st.one_of(st.none(), st.integers(0, 2).map(lambda days: TODAY - timedelta(days=days))),
)
claims = st.lists(
    st.builds(
        Claim,
        setting=st.sampled_from(tuple(Setting)),
        diagnoses=st.just((Diagnosis("R25.2"),)),
        service_from=st.one_of(st.none(), st.just(TODAY - timedelta(days=1))),
        service_to=st.one_of(st.none(), st.just(TODAY)),
        lines=st.lists(lines, max_size=7).map(tuple),
    ),
    min_size=1,
    max_size=5,
)


@dataclass(frozen=True)
class Item:
    """One line of a batch, numbered through."""

    index: int
    owner: int
    code: str
    day: date
    line: ServiceLine
    edited: bool


def _items(found: list[Claim]) -> list[Item]:
    out: list[Item] = []
    for owner, claim in enumerate(found):
        for line in claim.lines:
            day = line.date or claim.date_of_service(TODAY)
            out.append(Item(len(out), owner, line.code.upper(), day, line, claim.setting in EDITED))
    return out


def _beside(one: Item, two: Item) -> bool:
    return one.index != two.index and one.owner == two.owner and one.day == two.day


def _frame(book: Book, found: list[Claim]) -> Frame:
    return Frame(batch_of(found, TODAY), columns(book, 0))


def _listed(hits: Hits) -> list[Hit]:
    assert hits.kind == LINE
    return list(zip(hits.left.tolist(), hits.right.tolist(), hits.key.tolist(), strict=True))


def _among(*codes: str) -> Callable[[Frame], Bools]:
    return lambda frame: frame.lines.among(np.array(codes, dtype="S8"))


@tried
@given(found=claims)
def test_a_line_stands_together_with_the_first_other_of_its_day(mini_book: Book, found: list[Claim]) -> None:
    items = _items(found)
    expected = []
    for one in items:
        others = [two.index for two in items if _beside(one, two) and two.code in CODES[1:3]]
        if one.edited and one.code in CODES[:2] and others:
            expected.append((one.index, others[0], -1))
    relation = Together(left_is=_among(*CODES[:2]), right_is=_among(*CODES[1:3]))
    assert expected == _listed(relation.find(_frame(mini_book, found)))


@tried
@given(found=claims)
def test_a_modifier_counts_in_any_place_of_its_line(mini_book: Book, found: list[Claim]) -> None:
    expected = ["25" not in item.line.modifiers for item in _items(found)]
    assert expected == without_modifier("25")(_frame(mini_book, found)).tolist()


ROWS = {("X0001", "X0002"): 0, ("X0002", "X0001"): 1, ("X0001", "X0003"): 2, ("X0004", "X0004"): 3}
"""A relation with a pair in both directions, one in a single direction, and a code that joins itself."""


def _stands(frame: Frame, left: Places, right: Places) -> Ints:
    texts, code = frame.lines.texts, frame.lines.code
    named = [
        ROWS.get((bytes(texts[one]).decode(), bytes(texts[two]).decode()), -1)
        for one, two in zip(code[left].tolist(), code[right].tolist(), strict=True)
    ]
    return np.array(named, dtype=np.int32)


@pytest.mark.parametrize("cells", [1, 7, 4_000_000])
@tried
@given(found=claims)
def test_a_pair_of_lines_is_found_whichever_comes_first(mini_book: Book, cells: int, found: list[Claim]) -> None:
    items = _items(found)
    expected = sorted(
        (one.index, two.index, ROWS[one.code, two.code])
        for one, two in product(items, items)
        if one.edited and _beside(one, two) and (one.code, two.code) in ROWS
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_relations, "MOST_CELLS", cells)
        assert expected == _listed(LinePair(stands=_stands).find(_frame(mini_book, found)))


@tried
@given(found=claims)
def test_a_line_is_unattended_without_one_that_it_wants_on_its_day(mini_book: Book, found: list[Claim]) -> None:
    items = _items(found)
    expected = [
        (one.index, -1, -1)
        for one in items
        if one.edited
        and one.code in ("X0001", "X0004")
        and not any(_beside(one, two) and (one.code, two.code) in ROWS for two in items)
    ]
    relation = Attended(left_is=_among("X0001", "X0004"), stands=_stands)
    assert expected == _listed(relation.find(_frame(mini_book, found)))


LIMITS = {"X0001": (2.0, False), "X0002": (3.0, True), "X0003": (0.0, True)}
"""Most units by code, and whether of a day; the others have no limit."""


def _codes(frame: Frame) -> list[str]:
    return [bytes(frame.lines.texts[code]).decode() for code in frame.lines.code.tolist()]


def _limit(frame: Frame) -> npt.NDArray[np.float64]:
    return np.array([LIMITS.get(code, (np.inf, False))[0] for code in _codes(frame)])


def _daily(frame: Frame) -> Bools:
    return np.array([LIMITS.get(code, (np.inf, False))[1] for code in _codes(frame)], dtype=np.bool_)


def _exceeding(items: list[Item]) -> list[Hit]:
    out = []
    sums: dict[tuple[int, str, date], list[Item]] = defaultdict(list)
    for item in items:
        most, daily = LIMITS.get(item.code, (float("inf"), False))
        if not item.edited:
            continue
        if daily:
            sums[item.owner, item.code, item.day].append(item)
        elif item.line.units > most:
            out.append((item.index, -1, -1))
    for (_, code, _), held in sums.items():
        if sum(item.line.units for item in held) > LIMITS[code][0]:
            out.append((held[0].index, held[-1].index, -1))
    return sorted(out)


@tried
@given(found=claims)
def test_units_pass_their_limit_by_line_or_by_code_and_day(mini_book: Book, found: list[Claim]) -> None:
    relation = Limit(limit=_limit, daily=_daily)
    assert _exceeding(_items(found)) == _listed(relation.find(_frame(mini_book, found)))


@tried
@given(found=claims)
def test_a_limit_may_count_several_codes_together(mini_book: Book, found: list[Claim]) -> None:
    sums: dict[tuple[int, date], list[int]] = defaultdict(list)
    for item in _items(found):
        if item.edited and item.code in CODES[:3]:
            sums[item.owner, item.day].append(item.index)
    expected = sorted((held[0], held[-1], -1) for held in sums.values() if len(held) > 1)
    relation = Limit(
        limit=lambda frame: np.ones(len(frame.lines)),
        daily=lambda frame: np.ones(len(frame.lines), dtype=np.bool_),
        together=lambda frame: np.where(_among(*CODES[:3])(frame), 0, -1).astype(np.int32),
        amount=lambda frame: np.ones(len(frame.lines)),
    )
    assert expected == _listed(relation.find(_frame(mini_book, found)))


@tried
@given(found=claims)
def test_lines_of_a_batch_hit_as_their_claims_hit_alone(mini_book: Book, found: list[Claim]) -> None:
    relations = (LinePair(stands=_stands), Limit(limit=_limit, daily=_daily))
    alone: list[list[Hit]] = [[] for _ in relations]
    offset = 0
    for claim in found:
        for number, relation in enumerate(relations):
            own = _listed(relation.find(_frame(mini_book, [claim])))
            alone[number] += [(left + offset, right + offset if right >= 0 else -1, key) for left, right, key in own]
        offset += len(claim.lines)
    assert alone == [_listed(relation.find(_frame(mini_book, found))) for relation in relations]


LINE_COLUMNS = ("line_offsets", "line_codes", "line_days", "units", "modifier_offsets", "modifiers")


@tried
@given(found=claims, data=st.data())
def test_a_part_of_a_batch_is_the_batch_of_the_part(found: list[Claim], data: st.DataObject) -> None:
    owners = data.draw(st.lists(st.integers(0, len(found) - 1), min_size=1, unique=True))
    part, made = subset(batch_of(found, TODAY), owners), batch_of([found[each] for each in owners], TODAY)
    for name in LINE_COLUMNS:
        assert getattr(part, name).tolist() == getattr(made, name).tolist(), name


def _one(*of: ServiceLine, setting: Setting = Setting.PROFESSIONAL) -> ClaimBatch:
    return batch_of([Claim(setting, (Diagnosis("R25.2"),), lines=of)], TODAY)


def test_a_modifier_that_is_not_two_characters_is_none() -> None:
    batch = _one(ServiceLine("X0001", modifiers=("259", "2", "lt")))
    assert batch.modifiers.tolist() == [b"", b"", b"LT"]


def test_an_inpatient_line_without_a_date_has_the_day_of_discharge() -> None:
    claim = Claim(
        Setting.INPATIENT,
        (Diagnosis("R25.2"),),
        service_from=TODAY - timedelta(days=4),
        service_to=TODAY,
        lines=(ServiceLine("X0001"), ServiceLine("X0001", date=TODAY - timedelta(days=3))),
    )
    days = batch_of([claim], date(2020, 1, 1)).line_days.tolist()
    assert days == [(TODAY - date(1970, 1, 1)).days, (TODAY - date(1970, 1, 4)).days]


def test_rows_of_columns_are_numbered_in_the_order_of_their_values() -> None:
    one, two = np.array([5, 3, 5, 3]), np.array([-1, 7, -1, 2])
    assert numbered(one, two).tolist() == [2, 1, 2, 0]
    assert numbered(np.zeros(0, dtype=np.int32)).tolist() == []


def test_a_line_end_says_where_and_when_it_is(mini_book: Book) -> None:
    claim = Claim(
        Setting.PROFESSIONAL,
        (Diagnosis("R25.2"),),
        service_from=TODAY,
        lines=(ServiceLine("X0001"), ServiceLine("x0002", date=TODAY - timedelta(days=1)), ServiceLine("X0003")),
    )
    frame = _frame(mini_book, [claim])
    edition, _ = mini_book.edition_on(TODAY)
    ends = [LineEnd(Scene(mini_book, frame, edition, nearest=False), index) for index in range(3)]
    assert [(each.place.kind, each.place.position, each.place.code) for each in ends] == [
        ("line", 1, "X0001"),
        ("line", 2, "X0002"),
        ("line", 3, "X0003"),
    ]
    assert [each.day for each in ends] == [TODAY, TODAY - timedelta(days=1), TODAY]
    assert [each.position for each in ends[0].same_day()] == [1, 3]
    assert [each.position for each in ends[1].same_day()] == [2]
    assert ends[0].title is None and ends[0].path == []


def test_claims_without_lines_resolve_no_line_columns(mini_book: Book) -> None:
    engine = Engine(mini_book)
    frame = _frame(mini_book, [Claim(Setting.PROFESSIONAL, (Diagnosis("R25.2"),), service_from=TODAY)])
    for rule in engine.rules.values():
        rule.relation.find(frame)
    assert "lines" not in vars(frame)
