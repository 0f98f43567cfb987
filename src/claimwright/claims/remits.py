"""X12 835 remittances: what a payer decided of each claim and line, and why, as codes.

Reasons are identifiers only: claim adjustment reason codes with their group (CAS: CO, PR, OA, PI, CR) and
remittance advice remark codes (LQ with qualifier HE, MIA05 and MIA20-23, MOA03-07). Their texts are X12's and
are not here. A claim is tied to its 837 by CLP01 = CLM01, a line by REF 6R. Of every segment read,

    segments = used + kept + rejected

as for claims. Amounts are reported as stated; `off_balance` tells where they do not add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from claimwright.claims.readers import Reject
from claimwright.claims.readers.records import reject
from claimwright.claims.readers.streams import plain
from claimwright.claims.readers.x12_claim import SEGMENT_ID, Damage, x12_amount, x12_date
from claimwright.claims.readers.x12_tokens import BLANKS, Block, Delimiters, Tokens
from claimwright.errors import InputError

_REMARKS = {"MIA": (5, 20, 21, 22, 23), "MOA": (3, 4, 5, 6, 7)}
"""Elements that are remark codes (ASC X12 835: inpatient and outpatient adjudication)."""

_DATES = {"232": "from", "233": "to", "472": "service", "150": "from", "151": "to"}
"""Qualifiers of DTM: claim or service period."""

_EXPECTED = "an X12 835: a claim from its CLP to the end of its lines"
_CENT = 0.005


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Money not paid as charged: `group` (CO, PR, OA, PI, CR), `reason` (CARC), amount, quantity if stated."""

    group: str
    reason: str
    amount: float
    quantity: float | None = None


@dataclass(frozen=True, slots=True)
class RemitLine:
    """One service as paid: the code adjudicated, the one submitted where it is another, and the reasons."""

    code: str
    modifiers: tuple[str, ...]
    charge: float
    paid: float
    units: float = 1
    revenue: str | None = None
    submitted: str | None = None
    day: date | None = None
    control: str | None = None
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def off_balance(self) -> float:
        """Charge less adjustments less payment: 0 unless the line does not add up."""
        return _cents(self.charge - sum(each.amount for each in self.adjustments) - self.paid)


@dataclass(frozen=True, slots=True)
class Remit:
    """What became of one claim.

    `claim` is CLP01, `status` CLP02, `control` the payer's number (CLP07); `paid_on` and `check` are those of the
    transaction; `place` names file and segment.
    """

    claim: str
    status: str
    charge: float
    paid: float
    place: str
    patient_owes: float | None = None
    filing: str | None = None
    control: str | None = None
    facility: str | None = None
    frequency: str | None = None
    service_from: date | None = None
    service_to: date | None = None
    payer: str | None = None
    check: str | None = None
    paid_on: date | None = None
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    lines: tuple[RemitLine, ...] = ()

    @property
    def off_balance(self) -> float:
        """Charge less all adjustments, of claim and lines, less payment: 0 unless the claim does not add up."""
        all_of_them = (*self.adjustments, *(each for line in self.lines for each in line.adjustments))
        return _cents(self.charge - sum(each.amount for each in all_of_them) - self.paid)


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """Money moved outside any claim (PLB): provider, end of the fiscal period, reason, reference, amount."""

    provider: str
    period: date | None
    reason: str
    reference: str
    amount: float


def read_remits(path: Path, on_error: str = "stop") -> tuple[list[Remit], list[Reject], RemitRecords]:
    """All remittances of a file, the refused ones, and the reader with its counters.

    Errors: `InputError` when the file is no 835, and with "stop" at the first refusal.
    """
    with plain(path) as opened:
        records = RemitRecords(opened.stream, str(path))
        remits: list[Remit] = []
        rejects: list[Reject] = []
        for each in records:
            if isinstance(each, Remit):
                remits.append(each)
            elif on_error == "stop":
                raise each.error
            else:
                rejects.append(each)
    return remits, rejects, records


class RemitRecords:
    """The remittances of a stream of X12. `counts`: segments, used, kept, rejected, oddities by name."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self.tokens = Tokens(stream, name)
        self.counts, self.notes = self.tokens.counts, self.tokens.notes
        self.kept: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.provider: list[ProviderAdjustment] = []
        self.segments = self.used = self.rejected = self.records = 0
        self._delimiters = self._with = Delimiters("*", ":", "^", "~")
        self._claim: list[str] | None = None
        self._first = self._opened = 0
        self._inside = self._remits = False
        self._payer: str | None = None
        self._check: str | None = None
        self._paid_on: date | None = None

    def __iter__(self) -> Iterator[Remit | Reject]:
        """Every claim in order. Errors: `InputError` when the text is no X12, or holds no 835."""
        for block in self.tokens:
            self._delimiters = block.delimiters
            yield from self._block(block)
        yield from self._close("the file ends without SE: the end of this claim may be missing")
        kept = sum(self.kept.values())
        if self.segments != self.used + kept + self.rejected:
            raise AssertionError(f"{self.segments} segments, {self.used} used, {kept} kept, {self.rejected} rejected")
        self.counts.update(
            {"segments": self.segments, "segments used": self.used, "segments kept": kept}
            | {"segments rejected": self.rejected}
        )
        if not self.kinds["835"] and not self.records:
            held = ", ".join(sorted(self.kinds)) or "no transaction"
            raise InputError(self.name, f"X12 without an 835: it holds {held}", "X12 with transactions 835")

    def _block(self, block: Block) -> Iterator[Remit | Reject]:
        element = block.delimiters.element
        ends = {"CLP", "PLB", "ISA", "IEA", *(f"{each}{element}" for each in ("LX", "SE", "ST", "GE", "GS"))}
        for raw in block.parts:
            text = raw.strip(BLANKS)
            if not text:
                if self._claim is not None:
                    self._claim.append(raw)
                continue
            self.segments += 1
            if self._claim is not None and text[:3] not in ends:
                self._claim.append(raw)
            else:
                yield from self._between(text, raw)
        if block.tail.strip(BLANKS):
            yield from self._cut_off(block.tail)

    def _cut_off(self, tail: str) -> Iterator[Remit | Reject]:
        self.segments += 1
        self.tokens.note("segment without terminator", f"segment {self.segments} has no terminator")
        text = tail.strip(BLANKS)
        if text.startswith(("IEA", "GE", "SE")):
            yield from self._between(text, tail)
            return
        if text.startswith("CLP"):
            yield from self._close("")
            self._claim, self._first, self._with = [tail], self.segments, self._delimiters
        elif self._claim is not None:
            self._claim.append(tail)
        else:
            self.kept["cut"] += 1
        yield from self._close(f"segment {self.segments} is cut off: the claim may not be whole", cut=True)

    def _between(self, text: str, raw: str) -> Iterator[Remit | Reject]:
        """A segment that ends a claim, or stands between claims."""
        elements = text.split(self._delimiters.element)
        name = elements[0]
        if name in ("ST", "GS", "GE", "ISA", "IEA"):
            yield from self._close("the transaction ends without SE: the end of this claim may be missing")
        else:
            yield from self._close("")
        if name == "CLP" and (self._remits or not self._inside):
            self._claim, self._first, self._with = [raw], self.segments, self._delimiters
        elif self._understood(name, elements):
            self.used += 1
        else:
            self.kept[name[:3]] += 1
            if SEGMENT_ID.match(name) is None:
                words = f"segment {self.segments} begins with {name[:12]!r}, which is no segment"
                self.tokens.note("damaged segments", words)

    def _understood(self, name: str, elements: list[str]) -> bool:
        if name in ("ISA", "IEA", "GS", "GE"):
            self._inside = self._remits = False
            return True
        if name == "ST":
            self._inside, self._opened = True, self.segments
            self.kinds[_at(elements, 1)] += 1
            self._remits = _at(elements, 1) == "835"
            self._payer = self._check = self._paid_on = None
            return True
        if name == "SE":
            stated, found = _at(elements, 1).lstrip("0"), self.segments - self._opened + 1
            if self._inside and stated != str(found):
                self.tokens.note("wrong count in SE", f"SE at segment {self.segments} states {stated}, counted {found}")
            self._inside = self._remits = False
            return True
        return self._remits and self._header(name, elements)

    def _header(self, name: str, elements: list[str]) -> bool:
        if name == "BPR":
            self._paid_on = x12_date(_at(elements, 16))
        elif name == "TRN":
            self._check = _at(elements, 2) or None
        elif name == "N1" and _at(elements, 1) == "PR":
            self._payer = _at(elements, 2) or None
        elif name == "PLB":
            return self._plb(elements)
        else:
            return name == "LX"
        return True

    def _plb(self, elements: list[str]) -> bool:
        found = []
        for index in range(3, len(elements) - 1, 2):
            reason, _, reference = elements[index].partition(self._delimiters.component)
            amount = x12_amount(elements[index + 1])
            if amount is None:
                words = f"PLB at segment {self.segments}: {elements[index + 1][:20]!r} is not a number"
                self.tokens.note("provider adjustments not read", words)
                return False
            period = x12_date(_at(elements, 2))
            found.append(ProviderAdjustment(_at(elements, 1), period, reason, reference, amount))
        self.provider += found
        return True

    def _close(self, problem: str, cut: bool = False) -> Iterator[Remit | Reject]:
        parts, self._claim = self._claim, None
        if parts is None:
            return
        self.records += 1
        count = sum(1 for each in parts if each.strip(BLANKS))
        try:
            if problem:
                raise InputError(f"{self.name}: segment {self._first + count - 1}", problem, _EXPECTED)
            remit, unread = self._read(parts)
        except InputError as refusal:
            self.rejected += count
            end = self._with.segment
            yield reject(self.records, refusal, (end.join(parts) + ("" if cut else end)).encode("latin-1"))
            return
        self.used += count - len(unread)
        self.kept.update(unread)
        yield remit

    def _read(self, parts: list[str]) -> tuple[Remit, list[str]]:
        reader = _ClaimReader(self._with)
        try:
            unread = reader.read(parts)
        except Damage as damage:
            at = self._first + sum(1 for each in parts[: damage.index] if each.strip(BLANKS))
            raise InputError(f"{self.name}: segment {at}", damage.problem, damage.expected) from None
        place = f"{self.name}: segment {self._first}"
        return reader.remit(place, self._payer, self._check, self._paid_on), unread


class _Service:
    """A line in the making."""

    __slots__ = ("adjustments", "control", "day", "elements", "index", "remarks")

    def __init__(self, elements: list[str], index: int) -> None:
        self.elements, self.index = elements, index
        self.day: date | None = None
        self.control: str | None = None
        self.adjustments: list[Adjustment] = []
        self.remarks: list[str] = []


class _ClaimReader:
    """Reads the segments of one CLP loop."""

    def __init__(self, delimiters: Delimiters) -> None:
        self.element, self.component = delimiters.element, delimiters.component
        self.index = 0
        self.clp: list[str] = []
        self.adjustments: list[Adjustment] = []
        self.remarks: list[str] = []
        self.days: dict[str, date] = {}
        self.services: list[_Service] = []
        self.lines: list[RemitLine] = []

    def read(self, parts: Iterable[str]) -> list[str]:
        """Ids of the segments that are not understood. Errors: `Damage`."""
        unread = []
        for index, raw in enumerate(parts):
            text = raw.strip(BLANKS)
            if not text:
                continue
            self.index = index
            elements = text.split(self.element)
            handler = _HANDLERS.get(elements[0])
            if handler is None:
                if SEGMENT_ID.match(elements[0]) is None:
                    raise Damage(
                        index, f"begins with {elements[0][:12]!r}, which is no segment", "two or three letters"
                    )
                unread.append(elements[0])
            elif not handler(self, elements):
                unread.append(elements[0])
        self.lines = [self._line(each) for each in self.services]
        return unread

    def remit(self, place: str, payer: str | None, check: str | None, paid_on: date | None) -> Remit:
        """The remittance of the segments read."""
        clp = self.clp
        starts = self.days.get("from") or min((each.day for each in self.lines if each.day), default=None)
        ends = self.days.get("to") or max((each.day for each in self.lines if each.day), default=None)
        return Remit(
            claim=_at(clp, 1),
            status=_at(clp, 2),
            charge=self._amount(_at(clp, 3), "charge"),
            paid=self._amount(_at(clp, 4), "payment"),
            place=place,
            patient_owes=self._amount(_at(clp, 5), "patient responsibility") if _at(clp, 5) else None,
            filing=_at(clp, 6) or None,
            control=_at(clp, 7) or None,
            facility=_at(clp, 8) or None,
            frequency=_at(clp, 9) or None,
            service_from=starts,
            service_to=ends or starts,
            payer=payer,
            check=check,
            paid_on=paid_on,
            adjustments=tuple(self.adjustments),
            remarks=tuple(self.remarks),
            lines=tuple(self.lines),
        )

    def _clp(self, elements: list[str]) -> bool:
        self.clp = elements
        for index, what in ((3, "charge"), (4, "payment"), (5, "patient responsibility")):
            if index < 5 or _at(elements, index):
                self._amount(_at(elements, index), what)
        return True

    def _cas(self, elements: list[str]) -> bool:
        into = self.services[-1].adjustments if self.services else self.adjustments
        for index in range(2, len(elements), 3):
            reason, amount, quantity = (_at(elements, index + step) for step in range(3))
            if not reason and not amount:
                continue
            into.append(
                Adjustment(
                    elements[1],
                    reason,
                    self._amount(amount, "adjustment"),
                    self._amount(quantity, "quantity") if quantity else None,
                )
            )
        return True

    def _svc(self, elements: list[str]) -> bool:
        self.services.append(_Service(elements, self.index))
        return True

    def _lq(self, elements: list[str]) -> bool:
        if _at(elements, 1) != "HE" or not _at(elements, 2):
            return False
        (self.services[-1].remarks if self.services else self.remarks).append(elements[2])
        return True

    def _adjudication(self, elements: list[str]) -> bool:
        self.remarks += [elements[each] for each in _REMARKS[elements[0]] if _at(elements, each)]
        return True

    def _dtm(self, elements: list[str]) -> bool:
        what = _DATES.get(_at(elements, 1))
        if what is None:
            return False
        day = x12_date(_at(elements, 2))
        if day is None:
            raise Damage(self.index, f"date {elements[1]}: {_at(elements, 2)[:20]!r} is not a date", "CCYYMMDD")
        if self.services:
            if what in ("service", "from"):
                self.services[-1].day = day
        else:
            self.days.setdefault("from" if what == "service" else what, day)
        return True

    def _ref(self, elements: list[str]) -> bool:
        if not self.services or _at(elements, 1) != "6R":
            return False
        self.services[-1].control = _at(elements, 2) or None
        return True

    def _line(self, service: _Service) -> RemitLine:
        elements, self.index = service.elements, service.index
        paid_for = _at(elements, 1).split(self.component)
        submitted = _at(elements, 6).split(self.component)
        return RemitLine(
            code=_at(paid_for, 1),
            modifiers=tuple(each for each in paid_for[2:6] if each),
            charge=self._amount(_at(elements, 2) or "0", "charge"),  # a bundled line may state none
            paid=self._amount(_at(elements, 3) or "0", "payment"),
            units=self._amount(_at(elements, 5), "units") if _at(elements, 5) else 1.0,
            revenue=_at(elements, 4) or (_at(paid_for, 1) if paid_for[0] == "NU" else None) or None,
            submitted=_at(submitted, 1) or None,
            day=service.day,
            control=service.control,
            adjustments=tuple(service.adjustments),
            remarks=tuple(service.remarks),
        )

    def _amount(self, text: str, what: str) -> float:
        found = x12_amount(text)
        if found is None:
            raise Damage(self.index, f"{what}: {text[:20]!r} is not a number", "digits")
        return found


def _at(elements: list[str], index: int) -> str:
    return elements[index] if index < len(elements) else ""


def _cents(amount: float) -> float:
    return 0.0 if abs(amount) < _CENT else round(amount, 2)


_HANDLERS: dict[str, Callable[[_ClaimReader, list[str]], bool]] = {
    "CAS": _ClaimReader._cas,
    "CLP": _ClaimReader._clp,
    "DTM": _ClaimReader._dtm,
    "LQ": _ClaimReader._lq,
    "MIA": _ClaimReader._adjudication,
    "MOA": _ClaimReader._adjudication,
    "REF": _ClaimReader._ref,
    "SVC": _ClaimReader._svc,
}
