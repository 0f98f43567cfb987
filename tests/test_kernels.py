"""The kernels against a slow and obvious reference, which reads the rows of book.sqlite one by one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwright.book.columns import columns
from claimwright.book.store import FIRST_DAY, Book
from claimwright.claims.batch import batch_of
from claimwright.edits import conditions
from claimwright.edits.companions import Companion, Order
from claimwright.edits.frame import Frame
from claimwright.edits.relations import Alike, Condition, Hits, Membership, OneOf, Pair, Relation
from claimwright.model import Claim, Diagnosis, Patient, Setting, undotted

pytestmark = pytest.mark.book

T = TypeVar("T")
Hit = tuple[int, int, int]
Span = tuple[int, int]
LAST_DAY = date(2027, 3, 31)
tried = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Item:
    """One diagnosis of a batch, numbered through: its claim, place, code without dot, and position."""

    index: int
    claim: Claim
    owner: int
    place: int
    code: str
    pos: int


class Reference:
    """Answers of the book, read row by row. Everything here is plain Python on purpose."""

    def __init__(self, book: Book, edition: int = 0) -> None:
        self.book, self.edition = book, edition
        self.nodes = {
            code: (pos, stop)
            for pos, code, stop in book.rows(
                "SELECT pos, code, stop FROM node WHERE edition = ? AND kind NOT IN ('chapter', 'block')", (edition,)
            )
        }
        self.stops = dict(book.rows("SELECT pos, stop FROM node WHERE edition = ?", (edition,)))
        self.kinds = dict(book.rows("SELECT pos, kind FROM node WHERE edition = ?", (edition,)))
        self.code_at = {pos: code for code, (pos, _) in self.nodes.items()}
        self.registry: dict[str, list[tuple[date, date, set[str]]]] = defaultdict(list)
        for code, starts, ends, flags in book.rows("SELECT code, starts, ends, flags FROM registry"):
            end = date.fromisoformat(ends) if ends else date.max
            self.registry[code].append((date.fromisoformat(starts), end, set(flags.split())))
        self.codes = sorted(self.registry)
        self.named: dict[int, list[Span]] = defaultdict(list)
        for note, start, stop in book.rows(
            "SELECT l.note, s.start, s.stop FROM note_reference l JOIN span s ON s.reference = l.reference "
            "WHERE l.edition = ?",
            (edition,),
        ):
            self.named[note].append((start, stop))

    def position(self, code: str) -> int:
        """Position of a known code, or of the nearest beginning of it in the tree; -1 for an unknown text."""
        if code not in self.registry and code not in self.nodes:
            return -1
        for length in range(len(code), 2, -1):
            if code[:length] in self.nodes:
                return self.nodes[code[:length]][0]
        return -1

    def row(self, code: str, day: date) -> set[str] | None:
        """Flags of the row in force on `day`; None when there is none."""
        return next((flags for starts, ends, flags in self.registry.get(code, ()) if starts <= day <= ends), None)

    @cache  # noqa: B019 - one reference a session
    def relation(self, name: str) -> list[tuple[list[Span], list[Span]]]:
        """Every row of a relation: intervals on the left and on the right."""
        if name in ("excludes1", "excludes2"):
            return [
                ([(holder, self.stops[holder])], self.named[note])
                for note, holder in self._notes(name)
                if self.named[note] and not (name == "excludes2" and self.kinds[holder] == "chapter")
            ]
        if name == "moved":
            sql = "SELECT n.holder, m.target FROM moved m JOIN note n ON n.edition = m.edition AND n.number = m.note"
            pairs = self.book.rows(sql + " WHERE m.edition = ?", (self.edition,))
            return [([(holder, self.stops[holder])], [(target, self.stops[target])]) for holder, target in pairs]
        left, right = {"combination-codes": ("first", "second"), "integral-symptoms": ("symptom", "diagnosis")}[name]
        rows = self.book.rows("SELECT id FROM lexicon_row WHERE lexicon = ?", (name,))
        return [(self._sides(row, left), self._sides(row, right)) for (row,) in rows]

    @cache  # noqa: B019 - one reference a session
    def two_sided(self, name: str) -> list[tuple[list[Span], list[Span]]]:
        """Those rows of a relation that name something on both sides."""
        return [row for row in self.relation(name) if row[0] and row[1]]

    @cache  # noqa: B019 - one reference a session
    def groups(self, kind: str) -> list[tuple[Span, int, list[Span]]]:
        """Instructions of a kind: where they hold, number of the first note, intervals that answer."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        texts = {}
        sql = "SELECT number, holder, element, run, text FROM note WHERE edition = ? AND kind = ? ORDER BY number"
        for number, holder, element, run, text in self.book.rows(sql, (self.edition, kind)):
            found[holder, element if kind == "codeFirst" else run].append(number)
            texts[number] = text
        return [
            ((holder, self.stops[holder]), numbers[0], spans)
            for (holder, _), numbers in found.items()
            if (spans := [span for number in numbers for span in self.named[number]])
            and "for adverse effects" not in texts[numbers[0]]
        ]

    @cache  # noqa: B019 - one reference a session
    def sets(self, name: str) -> list[Span]:
        """Intervals of a code set."""
        rows = self.book.rows("SELECT id, data FROM lexicon_row WHERE lexicon = 'code-sets'")
        return [span for row, data in rows if json.loads(data)["set"] == name for span in self._sides(row, "codes")]

    def _notes(self, kind: str) -> list[tuple[int, int]]:
        sql = "SELECT number, holder FROM note WHERE edition = ? AND kind = ?"
        return [(number, holder) for number, holder in self.book.rows(sql, (self.edition, kind))]

    def _sides(self, row: int, side: str) -> list[Span]:
        sql = "SELECT start, stop FROM lexicon_span WHERE edition = ? AND row = ? AND side = ?"
        return [(start, stop) for start, stop in self.book.rows(sql, (self.edition, row, side))]

    # ---- the questions --------------------------------------------------------------------------

    def items(self, claims: list[Claim]) -> list[Item]:
        out: list[Item] = []
        for owner, claim in enumerate(claims):
            for place, each in enumerate(claim.diagnoses):
                code = undotted(each.code)
                out.append(Item(len(out), claim, owner, place, code, self.position(code)))
        return out

    def stands(self, name: str, left: Item, right: Item) -> bool:
        """Does some row of the relation hold both?"""
        if left.code == right.code or left.pos < 0 or right.pos < 0:
            return False
        return any(_within(right.pos, named) for named in self.held_by(name, left.pos))

    @cache  # noqa: B019 - one reference a session
    def held_by(self, name: str, pos: int) -> list[list[Span]]:
        """What the rows name that hold `pos` on their left."""
        return [named for holders, named in self.relation(name) if _within(pos, holders)]

    def pairs(self, name: str, items: list[Item], directed: bool) -> Iterator[Hit]:
        for one in items:
            for two in items:
                if one.owner != two.owner or one.index == two.index:
                    continue
                if directed and self.stands(name, one, two):
                    yield one.index, two.index, -1
                if not directed and one.index < two.index and self._joined(name, one, two):
                    yield one.index, two.index, -1

    def _joined(self, name: str, one: Item, two: Item) -> bool:
        return self.stands(name, one, two) or self.stands(name, two, one)

    def companions(self, kind: str, items: list[Item], order: bool) -> Iterator[Hit]:
        for one in items:
            for (start, stop), key, spans in self.groups(kind):
                if not start <= one.pos < stop:
                    continue
                answers = [
                    two.index
                    for two in items
                    if two.owner == one.owner and two.code != one.code and two.pos >= 0 and _within(two.pos, spans)
                ]
                if order and answers and min(answers) > one.index:
                    yield one.index, min(answers), key
                if not order and not answers:
                    yield one.index, -1, key


def _within(pos: int, spans: list[Span]) -> bool:
    return any(start <= pos < stop for start, stop in spans)


@pytest.fixture(scope="module")
def reference(book: Book) -> Reference:
    return Reference(book)


def _found(hits: Hits) -> list[Hit]:
    return list(zip(hits.left.tolist(), hits.right.tolist(), hits.key.tolist(), strict=True))


def _frame(book: Book, claims: list[Claim]) -> Frame:
    return Frame(batch_of(claims, FIRST_DAY), columns(book, 0))


@st.composite
def _together(draw: st.DrawFn, reference: Reference) -> list[str]:
    """Codes of one row of a relation, so that hits are frequent: one that holds it, one that it names."""
    name = draw(
        st.sampled_from(
            (
                "excludes1",
                "excludes2",
                "moved",
                "combination-codes",
                "integral-symptoms",
                "codeFirst",
                "useAdditionalCode",
            )
        )
    )
    if name in ("codeFirst", "useAdditionalCode"):
        holder, _, right = _one_of(draw, reference.groups(name))
        left = [holder]
    else:
        left, right = _one_of(draw, reference.two_sided(name))
    return [_code_in(draw, reference, spans) for spans in (left, right)]


def _one_of(draw: st.DrawFn, rows: Sequence[T]) -> T:
    """As `sampled_from` draws, which would look at every one of many thousands of rows each time."""
    return rows[draw(st.integers(0, len(rows) - 1))]


def _code_in(draw: st.DrawFn, reference: Reference, spans: list[Span]) -> str:
    start, stop = draw(st.sampled_from(spans))
    pos = draw(st.integers(start, stop - 1))
    return reference.code_at.get(pos, "I10")


@st.composite
def _claim(draw: st.DrawFn, reference: Reference) -> Claim:
    anything = st.integers(0, len(reference.codes) - 1).map(lambda number: [reference.codes[number]])
    junk = st.sampled_from((["ZZZ"], ["R25.O"], ["25000"], ["S72.001"], ["E11"], ["G35"], ["W19A"]))
    parts = draw(
        st.lists(st.one_of(_together(reference), _together(reference), anything, junk), min_size=1, max_size=6)
    )
    codes = draw(st.permutations([code for part in parts for code in part]))
    spelled = [code.lower() if draw(st.booleans()) else code for code in codes]
    days = st.integers(0, (LAST_DAY - FIRST_DAY).days).map(lambda number: FIRST_DAY + timedelta(days=number))
    day = draw(st.one_of(days, st.just(date(2026, 5, 15))))
    return Claim(
        setting=draw(st.sampled_from(tuple(Setting))),
        diagnoses=tuple(Diagnosis(code) for code in spelled),
        service_from=day,
        service_to=day,
        patient=Patient(
            age=draw(st.one_of(st.none(), st.sampled_from((0, 1, 8, 9, 14, 15, 17, 19, 20, 55, 56, 64, 65)))),
            sex=draw(st.sampled_from("FMU")),
        ),
    )


def _claims(data: st.DataObject, reference: Reference) -> list[Claim]:
    return data.draw(st.lists(_claim(reference), min_size=1, max_size=5))


@pytest.mark.parametrize(
    ("name", "directed"),
    [
        ("excludes1", False),
        ("excludes2", False),
        ("moved", True),
        ("combination-codes", True),
        ("integral-symptoms", True),
    ],
)
@tried
@given(data=st.data())
def test_a_pair_is_found_when_some_row_holds_both_codes(
    book: Book, reference: Reference, name: str, directed: bool, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    expected = sorted(reference.pairs(name, reference.items(claims), directed))
    assert expected == _found(Pair(name, directed=directed).find(_frame(book, claims)))


@tried
@given(data=st.data())
def test_a_narrowed_pair_is_found_when_both_ends_meet_their_conditions(
    book: Book, reference: Reference, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    items = reference.items(claims)
    expected = sorted(
        (left, right, key)
        for left, right, key in reference.pairs("integral-symptoms", items, directed=True)
        if items[left].place == 0 and reference.row(items[right].code, _day(items[right])) is not None
    )
    narrowed = Pair("integral-symptoms", True, left_is=(conditions.principal,), right_is=(conditions.in_effect,))
    assert expected == _found(narrowed.find(_frame(book, claims)))


@pytest.mark.parametrize("kind", ["codeFirst", "useAdditionalCode"])
@tried
@given(data=st.data())
def test_a_companion_is_missed_when_no_other_code_answers_the_note(
    book: Book, reference: Reference, kind: str, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    expected = sorted(reference.companions(kind, reference.items(claims), order=False))
    assert expected == _found(Companion(kind).find(_frame(book, claims)))


@pytest.mark.parametrize("kind", ["codeFirst", "useAdditionalCode"])
@tried
@given(data=st.data())
def test_an_order_is_wrong_when_the_first_answer_comes_after(
    book: Book, reference: Reference, kind: str, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    expected = sorted(reference.companions(kind, reference.items(claims), order=True))
    assert expected == _found(Order(kind).find(_frame(book, claims)))


def _day(item: Item) -> date:
    return item.claim.date_of_service(FIRST_DAY)


Test = Callable[[Reference, Item], bool]


def _flag(flag: str) -> Test:
    return lambda reference, item: flag in (reference.row(item.code, _day(item)) or ())


def _set(name: str) -> Test:
    return lambda reference, item: item.pos >= 0 and _within(item.pos, reference.sets(name))


def _age(low: int, high: int) -> Test:
    return lambda reference, item: item.claim.patient.age is not None and low <= item.claim.patient.age <= high


MEMBERSHIPS: list[tuple[str, Condition, Test]] = [
    ("in effect", conditions.in_effect, lambda reference, item: reference.row(item.code, _day(item)) is not None),
    (
        "known on another day",
        conditions.known_elsewhere,
        lambda reference, item: item.code in reference.registry and reference.row(item.code, _day(item)) is None,
    ),
    ("principal", conditions.principal, lambda reference, item: item.place == 0),
    ("secondary", conditions.secondary, lambda reference, item: item.place > 0),
    ("alone", conditions.alone, lambda reference, item: len(item.claim.diagnoses) == 1),
    ("inpatient", conditions.inpatient, lambda reference, item: item.claim.setting is Setting.INPATIENT),
    ("a woman", conditions.sex_is("F"), lambda reference, item: item.claim.patient.sex == "F"),
    ("9 to 64 years", conditions.age_within(9, 64), _age(9, 64)),
    *(
        (f"flag {flag}", conditions.flagged(flag), _flag(flag))
        for flag in ("ecodepdx", "manifestation", "unacceptable")
    ),
    *(
        (f"flag {flag}", conditions.flagged(flag), _flag(flag))
        for flag in ("adult", "maternity", "unspecified", "male")
    ),
    *(
        (f"set {name}", conditions.in_set(name), _set(name))
        for name in ("symptom", "obstetric", "secondary-only", "adverse-effect", "underdosing", "poisoning")
    ),
]


@pytest.mark.parametrize(
    ("condition", "test"), [each[1:] for each in MEMBERSHIPS], ids=[each[0] for each in MEMBERSHIPS]
)
@settings(tried, max_examples=20)
@given(data=st.data())
def test_a_member_meets_its_condition_row_by_row(
    book: Book, reference: Reference, condition: Condition, test: Test, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    expected = [(item.index, -1, -1) for item in reference.items(claims) if test(reference, item)]
    assert expected == _found(Membership((condition,)).find(_frame(book, claims)))


@tried
@given(data=st.data())
def test_a_membership_of_some_settings_leaves_the_others_alone(
    book: Book, reference: Reference, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    chosen = tuple(data.draw(st.sets(st.sampled_from(tuple(Setting)), min_size=1)))
    expected = [(each.index, -1, -1) for each in reference.items(claims) if each.claim.setting in chosen and each.place]
    assert expected == _found(Membership((conditions.secondary,), settings=chosen).find(_frame(book, claims)))


@tried
@given(data=st.data())
def test_a_repetition_is_joined_to_the_first_of_its_kind(book: Book, reference: Reference, data: st.DataObject) -> None:
    claims = _claims(data, reference)
    items = reference.items(claims)
    first: dict[tuple[int, str], int] = {}
    expected = []
    for item in items:
        if item.code in reference.registry or item.code in reference.nodes:
            before = first.setdefault((item.owner, item.code), item.index)
            expected += [(item.index, before, -1)] if before != item.index else []
    assert expected == _found(
        Alike(lambda frame, at: frame.code[at].astype(np.int64), lambda frame: None).find(_frame(book, claims))
    )


@tried
@given(data=st.data())
def test_one_of_several_relations_keeps_every_hit_and_tells_them_apart(
    book: Book, reference: Reference, data: st.DataObject
) -> None:
    claims = _claims(data, reference)
    items = reference.items(claims)
    expected = sorted(
        [(left, right, -1) for left, right, _ in reference.pairs("excludes1", items, directed=False)]
        + list(reference.companions("codeFirst", items, order=True))
        + [(item.index, -1, -3) for item in items if item.place == 0]
    )
    relations = (Pair("excludes1"), Order("codeFirst"), Membership((conditions.principal,)))
    assert expected == _found(OneOf(relations).find(_frame(book, claims)))


@tried
@given(data=st.data())
def test_a_batch_hits_what_its_claims_hit_alone(book: Book, reference: Reference, data: st.DataObject) -> None:
    claims = _claims(data, reference)
    relations: tuple[Relation, ...] = (
        Pair("excludes1"),
        Pair("combination-codes", directed=True),
        Companion("useAdditionalCode"),
        Order("codeFirst"),
    )
    alone: list[list[Hit]] = [[] for _ in relations]
    offset = 0
    for claim in claims:
        frame = _frame(book, [claim])
        for number, relation in enumerate(relations):
            moved = [
                (left + offset, right + offset if right >= 0 else -1, key)
                for left, right, key in _found(relation.find(frame))
            ]
            alone[number] += moved
        offset += len(claim.diagnoses)
    together = _frame(book, claims)
    assert alone == [_found(relation.find(together)) for relation in relations]
