"""One claim of an 837: the segments from its CLM to the end of its last service line.

Elements are those of the ASC X12 implementation guides 005010X222 (professional), X223 (institutional) and
X224 (dental) and their 4010 forerunners, as the public maps of pyx12 (BSD) list them. Diagnoses stand in HI
composites: ABK principal, ABF other, ABJ admitting, APR patient's reason, ABN external cause; the same
without the leading A (PR for APR) are ICD-9-CM and are not read as ICD-10-CM. BBR and BBQ are ICD-10-PCS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from claimwright.claims.readers.draft import POA, Refused, draft_claim
from claimwright.claims.readers.x12_tokens import Delimiters
from claimwright.model import Claim, Diagnosis, Payer, Procedure, ServiceLine, Setting

MOST_ELEMENTS = {
    "CL1": 4, "CLM": 20, "DMG": 11, "DTP": 3, "HI": 12, "HL": 4, "LX": 1,
    "SBR": 9, "SE": 2, "SV1": 21, "SV2": 10, "SV3": 12,
}  # fmt: skip
"""Elements of a segment at most (pyx12's maps of the 5010 guides). More: a terminator was lost."""

OTHER_CODES = {
    "BE": "value", "BG": "condition", "BH": "occurrence", "BI": "occurrence-span", "DR": "drg", "TC": "treatment",
    "CAH": "billing-concept",
    "APR": "reason-for-visit", "PR": "reason-for-visit", "BP": "anaesthesia", "BO": "anaesthesia",
}  # fmt: skip
"""HI qualifiers whose codes are kept beside the claim: the contract has no place for them."""

ICD9 = frozenset({"BK", "BF", "BJ", "BN", "BR", "BQ"})
SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .\-]*\Z")
_WRAPPED_SEGMENT = re.compile(r"[\r\n]+[ \t]*[A-Z][A-Z0-9]{1,2}[^A-Za-z0-9 \r\n]")
_AMOUNT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_OTHER_SERVICES = ("ER", "HP", "IV", "WK", "ZZ", "N4")
"""Qualifiers of services that are no HCPCS codes."""

_UNIT = re.compile(r"[A-Z][A-Z0-9]?\Z|\Z")
_KEPT = frozenset({"N3", "N4", "PER", "PRV", "NTE", "PWK", "CRC", "K3", "CR1", "CR2", "OI", "CAS", "SVD", "LIN", "CTP"})
"""Segments of a claim that are often there and never needed."""

_DATES = frozenset({"096", "434", "435", "472"})
"""Qualifiers of DTP: discharge, statement, admission, service."""

_MEDICARE = frozenset({"MA", "MB"})
"""Claim filing indicators (SBR09) of Medicare Part A and Part B."""

_NOT_BY_CARE = frozenset({"7", "8"})
"""Facility types (first digit of the type of bill) whose second digit does not tell in from out: clinics
and special facilities (CMS, type of bill code structure)."""


class Damage(Exception):
    """A segment that cannot be read: its index among the claim's segments, what is wrong, what was expected."""

    def __init__(self, index: int, problem: str, expected: str = "") -> None:
        self.index, self.problem, self.expected = index, problem, expected
        super().__init__(problem)


@dataclass(slots=True)
class Context:
    """What the loops above a claim say: billing provider, subscriber, patient, payer."""

    institutional: bool = False
    state: str | None = None
    provider: str | None = None
    payer_name: str | None = None
    payer_id: str | None = None
    filing: str | None = None
    birth_date: date | None = None
    sex: str = "U"
    problem: tuple[int, str, str] | None = None
    """Why no claim of this loop can be read: segment number, what is wrong, what was expected."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What an 837 says of a claim and the contract has no key for.

    `codes`: (kind, code, rest of the composite) of condition, value, occurrence, DRG and reason-for-visit codes;
    `references`: (qualifier, value) of REF, the line's number before those of a line; `amounts`: (qualifier,
    amount) of AMT; `revenue`: (LX, revenue code) of lines; `minutes`: LX of lines whose units are minutes;
    `unread`: segments that are not understood, unchanged but for the blanks around them.
    """

    charge: float | None = None
    facility: str | None = None
    frequency: str | None = None
    codes: tuple[tuple[str, str, str], ...] = ()
    references: tuple[tuple[str, str, str], ...] = ()
    amounts: tuple[tuple[str, float], ...] = ()
    revenue: tuple[tuple[str, str], ...] = ()
    minutes: tuple[str, ...] = ()
    icd9: int = 0
    unread: tuple[str, ...] = ()


@lru_cache(maxsize=8192)
def x12_date(text: str) -> date | None:
    """The day of a D8 or DT value; None for what is none."""
    if len(text) not in (8, 12, 14) or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def x12_amount(text: str) -> float | None:
    """A number as X12 writes it; None for what is none, or longer than any amount."""
    text = text.strip()
    return float(text) if len(text) <= 18 and _AMOUNT.match(text) else None


class _Line:
    """A service line between its LX and the next."""

    __slots__ = ("charge", "code", "day", "modifiers", "number", "pointers", "seen", "units")

    def __init__(self, number: str) -> None:
        self.number = number
        self.code = ""
        self.modifiers: tuple[str, ...] = ()
        self.units = 1.0
        self.day: date | None = None
        self.pointers: list[int] = []
        self.charge: float | None = None
        self.seen = False


class ClaimReader:
    """Reads the segments of one claim, without blanks around them; made anew for each."""

    def __init__(self, delimiters: Delimiters, context: Context) -> None:
        self.element, self.component, self.repetition, _ = delimiters
        self.context = context
        self.index = 0
        self.id: str | None = None
        self.facility = self.frequency = ""
        self.charge: float | None = None
        self.diagnoses: list[tuple[str, str | None]] = []
        self.positions: list[int] = []
        """Place in `diagnoses` from 1 of each code of HI that a line may point to; 0: an ICD-9-CM code."""
        self.external: list[tuple[str, str | None]] = []
        self.admitting: str | None = None
        self.procedures: list[tuple[bool, str, date | None]] = []
        self.codes: list[tuple[str, str, str]] = []
        self.references: list[tuple[str, str, str]] = []
        self.amounts: list[tuple[str, float]] = []
        self.revenue: list[tuple[str, str]] = []
        self.minutes: list[str] = []
        self.unread: list[str] = []
        self.unread_names: list[str] = []
        self.icd9 = 0
        self.status: str | None = None
        self.days: dict[str, tuple[date, date]] = {}
        self.lines: list[_Line] = []
        self.line: _Line | None = None
        self.other_payer = False
        self.where: dict[str, int] = {}

    def read(self, parts: Sequence[str]) -> tuple[Claim, Beside]:
        """The claim, and what stands beside it; `unread_names` are then the ids of segments not understood.

        Errors: `Damage` with the index of the segment among `parts`.
        """
        element, handlers, unread, names = self.element, _HANDLERS, self.unread, self.unread_names
        for index, text in enumerate(parts):
            elements = text.split(element)
            name = elements[0]
            handler = handlers.get(name)
            if handler is None:
                if name not in _KEPT and SEGMENT_ID.match(name) is None:
                    raise Damage(index, f"begins with {name[:12]!r}, which is no segment", "two or three letters")
                unread.append(text)
                names.append(name)
                continue
            self.index = index
            if not handler(self, elements):
                unread.append(text)
                names.append(name)
        return self._claim(), self._beside()

    def _clm(self, elements: list[str]) -> bool:
        self._bounded(elements)
        self.id = _at(elements, 1) or None
        self.charge = self._amount(_at(elements, 2), "charge") if _at(elements, 2) else None
        place = _at(elements, 5).split(self.component)
        self.facility = place[0]
        self.frequency = place[2] if len(place) > 2 else ""
        return True

    def _hi(self, elements: list[str]) -> bool:
        self._bounded(elements)
        self.where.setdefault("diagnoses", self.index)
        if self.line is not None:
            raise Damage(self.index, "diagnoses after a service line: the start of a claim is lost", "CLM before HI")
        for each in elements[1:]:
            if each:
                self._composite(each)
        return True

    def _composite(self, text: str) -> None:
        """One code of an HI with its qualifier."""
        parts = text.split(self.component)
        qualifier, code = parts[0], parts[1].strip() if len(parts) > 1 else ""
        if not code:
            raise Damage(self.index, f"HI names {qualifier[:6]!r} and no code", "qualifier and code")
        if qualifier in ("ABK", "ABF"):
            self._checked(code)
            if len(parts) > 2 and parts[2]:
                raise Damage(
                    self.index, f"HI has {parts[2][:6]!r} after a diagnosis", "nothing, or a POA in ninth place"
                )
            self.diagnoses.append((code, self._poa(parts) if len(parts) > 8 else None))
            self.positions.append(len(self.diagnoses))
        elif qualifier in OTHER_CODES:
            self.codes.append((OTHER_CODES[qualifier], code, self.component.join(parts[2:])))
        elif qualifier in ICD9:
            self.icd9 += 1
            if qualifier in ("BK", "BF"):
                self.positions.append(0)
        else:
            self._other(qualifier, code, parts)

    def _other(self, qualifier: str, code: str, parts: list[str]) -> None:
        self._checked(code)
        if qualifier == "ABN":
            self.external.append((code, self._poa(parts)))
        elif qualifier == "ABJ":
            self.admitting = code
        elif qualifier in ("BBR", "BBQ"):
            day = self._day(parts[3], "procedure date") if len(parts) > 3 and parts[3] else None
            self.procedures.append((qualifier == "BBR", code, day))
        else:
            raise Damage(self.index, f"HI qualifier {qualifier[:6]!r}", "one that the 837 has, such as ABK or ABF")

    def _checked(self, code: str) -> None:
        if not (code.isalnum() and code.isascii()) and _CODE.match(code) is None:
            raise Damage(self.index, f"the code {code[:20]!r} has characters that no code has", "letters and digits")

    def _poa(self, parts: list[str]) -> str | None:
        found = parts[8].strip() if len(parts) > 8 else ""
        if found and found not in POA:
            raise Damage(self.index, f"present-on-admission indicator {found[:12]!r}", "Y, N, U, W or 1")
        return found or None

    def _dtp(self, elements: list[str]) -> bool:
        self._bounded(elements)
        qualifier = _at(elements, 1)
        if not (len(qualifier) == 3 and qualifier.isascii() and qualifier.isdigit()):
            raise Damage(self.index, f"date qualifier {qualifier[:12]!r}", "three digits")
        if qualifier not in _DATES or (self.other_payer and self.line is None):
            return False
        if _at(elements, 2) in ("TM", ""):
            return _at(elements, 2) == "TM"
        first, _, last = _at(elements, 3).partition("-")
        starts = self._day(first, f"date {qualifier}")
        ends = self._day(last, f"date {qualifier}") if last else starts
        if ends < starts:
            raise Damage(self.index, f"the range of dates {qualifier} ends before it begins", "first and last day")
        if self.line is None:
            self.days[qualifier] = starts, ends
        elif qualifier == "472":
            self.line.day = starts
            had = self.days.get("line")
            self.days["line"] = (min(had[0], starts), max(had[1], ends)) if had else (starts, ends)
        self.where.setdefault("days", self.index)
        return True

    def _cl1(self, elements: list[str]) -> bool:
        self._bounded(elements)
        self.status = _at(elements, 3) or None
        return True

    def _lx(self, elements: list[str]) -> bool:
        self._bounded(elements)
        self._line_done()
        self.line = _Line(_at(elements, 1))
        self.where.setdefault("lines", self.index)
        return True

    def _sv1(self, elements: list[str]) -> bool:
        return self._service(elements, _at(elements, 1), 2, (3, 4), 7)

    def _sv2(self, elements: list[str]) -> bool:
        done = self._service(elements, _at(elements, 2), 3, (4, 5), 0)
        if self.line is not None and _at(elements, 1):
            self.revenue.append((self.line.number, _at(elements, 1)))
        return done

    def _sv3(self, elements: list[str]) -> bool:
        return self._service(elements, _at(elements, 1), 2, (0, 6), 11)

    def _service(self, elements: list[str], what: str, charge: int, units: tuple[int, int], pointers: int) -> bool:
        self._bounded(elements)
        if self.line is None or self.line.seen:  # an LX is missing: the service is a line nevertheless
            self._line_done()
            self.line = _Line(str(len(self.lines) + 1))
        line = self.line
        line.seen = True
        parts = what.split(self.component)
        if parts[0] in ("HC", "AD") and len(parts) > 1:
            line.code = parts[1].strip()
            self._checked(line.code)
            line.modifiers = tuple([each.strip() for each in parts[2:6] if each.strip()])
        elif what and parts[0] not in _OTHER_SERVICES:
            raise Damage(self.index, f"service qualifier {parts[0][:6]!r}", f"HC, AD, {', '.join(_OTHER_SERVICES)}")
        if _at(elements, charge):
            line.charge = self._amount(elements[charge], "charge")
        unit = elements[units[0]] if units[0] and units[0] < len(elements) else ""
        if _UNIT.match(unit) is None:
            raise Damage(self.index, f"unit {unit[:6]!r}", "two letters such as UN")
        if _at(elements, units[1]):
            amount = self._amount(elements[units[1]], "units")
            if unit == "MJ":  # minutes of anaesthesia are no units of service
                self.minutes.append(line.number)
            else:
                line.units = amount
        if pointers and _at(elements, pointers):
            line.pointers = [self._pointer(each) for each in elements[pointers].split(self.component) if each.strip()]
        return True

    def _pointer(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise Damage(self.index, f"diagnosis pointer {text[:12]!r}", "a number from 1")
        return int(text)

    def _sbr(self, elements: list[str]) -> bool:
        self._bounded(elements)
        if self.line is not None:
            raise Damage(self.index, "a subscriber after a service line: its HL is lost", "HL before SBR")
        self.other_payer = True
        return True

    def _nm1(self, elements: list[str]) -> bool:
        if self.line is not None and _at(elements, 1) in ("IL", "QC", "85"):
            raise Damage(self.index, f"NM1 {elements[1]} after a service line: its HL is lost", "HL before NM1")
        return False

    def _ref(self, elements: list[str]) -> bool:
        if len(elements) > 2:
            self.references.append((self.line.number if self.line else "", elements[1], elements[2]))
        return len(elements) > 2

    def _amt(self, elements: list[str]) -> bool:
        if len(elements) < 3:
            return False
        if self.line is None and not self.other_payer:
            self.amounts.append((elements[1], self._amount(elements[2], "amount")))
        return True

    def _day(self, text: str, what: str) -> date:
        found = x12_date(text)
        if found is None:
            raise Damage(self.index, f"{what}: {text[:20]!r} is not a date", "CCYYMMDD")
        return found

    def _amount(self, text: str, what: str) -> float:
        found = x12_amount(text)
        if found is None:
            raise Damage(self.index, f"{what}: {text[:20]!r} is not a number", "digits")
        return found

    def _bounded(self, elements: list[str]) -> None:
        if len(elements) - 1 > MOST_ELEMENTS[elements[0]] and any(elements[MOST_ELEMENTS[elements[0]] + 1 :]):
            raise Damage(
                self.index,
                f"{elements[0]} has {len(elements) - 1} elements",
                f"at most {MOST_ELEMENTS[elements[0]]}: is a segment terminator lost?",
            )

    def _line_done(self) -> None:
        if self.line is None:
            return
        if not self.line.seen:
            raise Damage(self.index, f"service line {self.line.number[:6]} has no service", "SV1, SV2 or SV3")
        self.lines.append(self.line)
        self.line = None

    def _claim(self) -> Claim:
        self._line_done()
        context = self.context
        starts, ends = self._period()
        try:
            return draft_claim(
                setting_of(context.institutional, self.facility),
                [Diagnosis(code, poa) for code, poa in (*self.diagnoses, *self.external)],
                [self._service_line(each) for each in self.lines if each.code],
                id=self.id,
                service_from=starts,
                service_to=ends,
                birth_date=context.birth_date,
                sex=context.sex,
                payer=payer_of(context),
                admitting_diagnosis=self.admitting,
                procedures=[Procedure(code, day) for _, code, day in sorted(self.procedures, key=_principal_first)],
                discharge_status=self.status,
                provider=context.provider,
            )
        except Refused as refused:
            if refused.field == "diagnoses" and self.icd9:
                refused.problem += f": its {self.icd9} codes are ICD-9-CM"
            kind = refused.field.split("[")[0].split(".")[0]
            at = self.where.get("days" if kind.startswith("service") else kind, 0)
            raise Damage(at, f"{refused.field}: {refused.problem}", refused.expected) from None

    def _period(self) -> tuple[date | None, date | None]:
        """Statement dates, else those of the claim, of its lines, of admission and discharge."""
        for key in ("434", "472", "line"):
            if key in self.days:
                return self.days[key]
        admitted, left = self.days.get("435"), self.days.get("096")
        return (admitted[0] if admitted else None), (left[1] if left else None)

    def _service_line(self, line: _Line) -> ServiceLine:
        pointers: tuple[int, ...] = ()
        if line.pointers and self.positions:  # a claim without any diagnosis is refused for that
            for each in line.pointers:
                if not 1 <= each <= len(self.positions):
                    problem = f"service line {line.number[:6]} points to diagnosis {each}"
                    raise Damage(self.where.get("lines", 0), problem, f"1 to {len(self.positions)}")
            pointers = tuple([self.positions[each - 1] for each in line.pointers if self.positions[each - 1]])
        return ServiceLine(line.code, line.modifiers, line.units, line.day, pointers, line.charge)

    def _beside(self) -> Beside:
        return Beside(
            self.charge,
            self.facility or None,
            self.frequency or None,
            tuple(self.codes),
            tuple(self.references),
            tuple(self.amounts),
            tuple(self.revenue),
            tuple(self.minutes),
            self.icd9,
            tuple(self.unread),
        )


def setting_of(institutional: bool, facility: str) -> Setting:
    """The setting by the two digits of facility and care of the type of bill.

    Care 1 is inpatient (Part A) and 8 a swing bed, except for clinics and special facilities (CMS, type of bill
    code structure). A professional claim is professional wherever the service took place.
    """
    if not institutional:
        return Setting.PROFESSIONAL
    digits = facility.strip()[-2:]
    inpatient = len(digits) == 2 and digits[0] not in _NOT_BY_CARE and digits[1] in "18"
    return Setting.INPATIENT if inpatient else Setting.OUTPATIENT


def payer_of(context: Context) -> Payer:
    """Medicare by the claim filing indicator, any other payer by its name, else its number; the provider's state."""
    name = "medicare" if context.filing in _MEDICARE else context.payer_name or context.payer_id
    return Payer(name, context.state)


def _at(elements: list[str], index: int) -> str:
    return elements[index] if index < len(elements) else ""


def _principal_first(procedure: tuple[bool, str, date | None]) -> bool:
    return not procedure[0]


def unfolded(text: str, index: int) -> str:
    """A segment folded over lines as one; two segments that a lost terminator has joined are damage."""
    if _WRAPPED_SEGMENT.search(text):
        raise Damage(index, "two segments in one: a segment terminator is lost", "one segment")
    return text.replace("\r", "").replace("\n", "")


_HANDLERS: dict[str, Callable[[ClaimReader, list[str]], bool]] = {
    "AMT": ClaimReader._amt,
    "CL1": ClaimReader._cl1,
    "CLM": ClaimReader._clm,
    "DTP": ClaimReader._dtp,
    "HI": ClaimReader._hi,
    "LX": ClaimReader._lx,
    "NM1": ClaimReader._nm1,
    "REF": ClaimReader._ref,
    "SBR": ClaimReader._sbr,
    "SV1": ClaimReader._sv1,
    "SV2": ClaimReader._sv2,
    "SV3": ClaimReader._sv3,
}
