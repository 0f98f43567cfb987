"""Columns of a table of claims by name, and the claim of its rows.

Wide, one row a claim: `dx1`, `dx2`, … with `poa1`, …; `proc1` with `proc_date1`; `code1` with `modifiers1`,
`units1`, `date1`, `pointers1`, `charge1`. Long, several rows a claim, one after the other with the same `id`:
`dx` with `poa`, `proc` with `proc_date`, `code` with `modifiers`, `units`, `date`, `pointers`, `line_charge`; a
`position` orders them. A long table with `id`, `position`, and `code` alone is one of diagnoses. Of
the claim itself: `id`, `setting`, `service_from`, `service_to`, `age`, `sex`, `birth_date`, `payer`, `state`,
`mac`, `admitting_diagnosis`, `discharge_status`, `poa_exempt_hospital`, `charge`, `note`. Case, blanks and signs in a
name do not matter. `--map ours=theirs` names a foreign column, `--map dx#=DIAG_#` a numbered one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple, TypeVar

from claimwright.claims.readers.draft import POA, Refused, draft_claim
from claimwright.errors import InputError
from claimwright.model import Claim, Diagnosis, Payer, Procedure, ServiceLine, Setting
from claimwright.model.dates import day_of_text

OF_CLAIM: dict[str, tuple[str, ...]] = {
    "id": ("claimid", "claim", "claimnumber", "clmid"),
    "setting": (),
    "service_from": ("servicedate", "fromdate", "dos"),
    "service_to": ("todate", "throughdate"),
    "age": ("patientage",),
    "sex": ("gender", "patientsex"),
    "birth_date": ("dob", "dateofbirth"),
    "payer": ("payerid",),
    "state": ("payerstate",),
    "mac": ("payermac",),
    "admitting_diagnosis": ("admitdx", "admittingdx"),
    "discharge_status": ("dischargestatuscode",),
    "poa_exempt_hospital": (),
    "charge": ("totalcharge",),
    "note": ("clinicalnote",),
    "provider": ("npi", "providerid", "billingprovider", "billingprovidernpi"),
}
"""Columns of the claim, each with other names it goes by, in lower case without signs."""

REPEATED = {
    "position": ("dxposition", "sequence", "seq"), "dx": ("diagnosis", "diag", "icd"), "poa": (),
    "proc": ("procedure", "pcs"), "proc_date": ("proceduredate",),
    "code": ("hcpcs", "cpt", "line", "linecode"), "modifiers": ("modifier", "mod"),
    "units": ("unit", "qty", "quantity"), "date": ("linedate",), "pointers": ("pointer",), "charge": ("linecharge",),
}  # fmt: skip
"""Columns that stand once for each diagnosis, procedure or line."""

_SETTINGS = {each.value: each for each in Setting}
SEX = {"F": "F", "M": "M", "U": "U", "": "U", "FEMALE": "F", "MALE": "M", "UNKNOWN": "U"}
EXEMPT = {
    "true": True,
    "1": True,
    "y": True,
    "yes": True,
    "": False,
    "false": False,
    "0": False,
    "n": False,
    "no": False,
}
T = TypeVar("T")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\Z")


class Cell(NamedTuple):
    """A column of the file: its index, and its name there."""

    at: int
    name: str


class Columns(NamedTuple):
    """What each column of the file is: of the claim, or the `n`th of a repeated one (0 in a long table)."""

    claim: Mapping[str, Cell]
    repeated: Mapping[str, Mapping[int, Cell]]
    ignored: tuple[str, ...]
    long: bool


def columns_of(header: Sequence[str], names: Mapping[str, str], place: str) -> Columns:
    """The columns by their header. Errors: `InputError` when no row could be a claim, or a mapped one is missing."""
    foreign = _foreign(header, names, place)
    claim: dict[str, Cell] = {}
    repeated: dict[str, dict[int, Cell]] = {key: {} for key in REPEATED}
    ignored = []
    for index, name in enumerate(header):
        found = foreign.get(index) or _known(name)
        if found is None:
            ignored.append(name)
        elif found[1] is None:
            claim.setdefault(found[0], Cell(index, name))
        else:
            repeated[found[0]].setdefault(found[1], Cell(index, name))
    _codes_of_diagnoses(repeated)
    if "setting" not in claim or not repeated["dx"]:
        missing = "setting" if "setting" not in claim else "dx1 (or dx)"
        shown = ", ".join(header[:12]) + (", …" if len(header) > 12 else "")
        raise InputError(
            f"{place}: line 1", f"no column {missing} among {shown}", f"one, or --map {missing[:7].split()[0]}=…"
        )
    long = any(0 in cells for key, cells in repeated.items() if key != "position")
    if long and "id" not in claim:
        raise InputError(f"{place}: line 1", "several rows make a claim, and no column tells which", "a column id")
    return Columns(claim, repeated, tuple(ignored), long)


def is_ours(name: str) -> bool:
    """Does a name, such as `dx#` or `payer`, mean a column of ours?"""
    return _known(name.replace("#", "1")) is not None


def _codes_of_diagnoses(repeated: dict[str, dict[int, Cell]]) -> None:
    """In a table of positions and codes, without diagnoses or anything of a service line, the codes are diagnoses."""
    of_lines = ("modifiers", "units", "date", "pointers", "charge")
    if repeated["dx"] or 0 not in repeated["position"] or any(repeated[key] for key in of_lines):
        return
    if 0 in repeated["code"]:
        repeated["dx"], repeated["code"] = repeated["code"], {}


def _foreign(header: Sequence[str], names: Mapping[str, str], place: str) -> dict[int, tuple[str, int | None]]:
    """Index of each column that `--map` names, with what it is."""
    found: dict[int, tuple[str, int | None]] = {}
    for ours, theirs in names.items():
        many = "#" in ours
        target = _known(ours.replace("#", "1") if many else ours)
        if target is None or many != ("#" in theirs):
            known = ", ".join((*OF_CLAIM, *(f"{each}#" for each in REPEATED)))
            raise InputError("--map", f"{ours}={theirs} names no column of ours", f"one of {known}")
        pattern = re.compile(re.escape(theirs).replace(r"\#", r"(\d+)") if many else re.escape(theirs), re.IGNORECASE)
        hits = [(index, each) for index, name in enumerate(header) if (each := pattern.fullmatch(name.strip()))]
        if not hits:
            raise InputError(
                f"{place}: line 1", f"the column {theirs!r} of --map {ours} is not there", "a column of the file"
            )
        for index, hit in hits:
            found[index] = (target[0], int(hit[1]) if many else target[1])
    return found


def _known(name: str) -> tuple[str, int | None] | None:
    """What a header is: (key, None) of the claim, (key, number) of a repeated column, 0 without number."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    for key, others in OF_CLAIM.items():
        if plain == key.replace("_", "") or plain in others:
            return key, None
    apart = re.fullmatch(r"([a-z]+)(\d*)(date)?", plain)
    if apart is None:
        return None
    stem, number = apart[1] + (apart[3] or ""), apart[2]
    for key, others in REPEATED.items():
        if stem == key.replace("_", "") or stem in others:
            return key, int(number) if number else 0
    return None


class Rows:
    """Makes the claim of one row (wide) or of several (long). Errors: `Refused` with the column's name as field."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        numbers = {key: sorted(cells) for key, cells in columns.repeated.items()}
        self._diagnoses, self._procedures, self._codes = numbers["dx"], numbers["proc"], numbers["code"]
        self._place = columns.repeated["position"].get(0) if columns.long else None

    def read(self, rows: Sequence[Sequence[str]]) -> tuple[Claim, float | None]:
        """The claim, and its charge if stated."""
        first = rows[0]
        if self._place is not None:
            rows = sorted(rows, key=self._position)
        cells = [cell for row in rows for cell in self._of_diagnoses(row)]
        lines = [cell for row in rows for cell in self._of_lines(row)]
        charge = self._of(first, "charge")
        try:
            claim = draft_claim(
                self._choice(first, "setting", _SETTINGS, str.lower),
                [Diagnosis(code, poa) for _, code, poa in cells],
                [line for _, line in lines],
                id=self._of(first, "id") or None,
                service_from=self._day(first, "service_from"),
                service_to=self._day(first, "service_to"),
                birth_date=self._day(first, "birth_date"),
                age=self._age(first),
                sex=self._choice(first, "sex", SEX, str.upper) if "sex" in self.columns.claim else "U",
                payer=self._payer(first),
                admitting_diagnosis=self._of(first, "admitting_diagnosis") or None,
                procedures=[each for row in rows for each in self._of_procedures(row)],
                discharge_status=self._of(first, "discharge_status") or None,
                note=self._of(first, "note") or None,
                provider=self._of(first, "provider") or None,
                exempt=self._choice(first, "poa_exempt_hospital", EXEMPT, str.lower)
                if "poa_exempt_hospital" in self.columns.claim
                else False,
            )
        except Refused as refused:
            raise Refused(self._column(refused.field, cells, lines), refused.problem, refused.expected) from None
        return claim, None if not charge else _number(charge, self.columns.claim["charge"])

    def _position(self, row: Sequence[str]) -> float:
        """Where a row stands in its claim; one that does not say stands behind the others."""
        assert self._place is not None  # noqa: S101 - the caller asked
        text = row[self._place.at].strip()
        if text and not (text.isascii() and text.isdigit()):
            raise Refused(self._place.name, f"found {text[:20]!r}", "a whole number")
        return float(text) if text else math.inf

    def _of(self, row: Sequence[str], key: str) -> str:
        cell = self.columns.claim.get(key)
        return row[cell.at].strip() if cell else ""

    def _cell(self, row: Sequence[str], key: str, number: int) -> tuple[Cell | None, str]:
        cell = self.columns.repeated[key].get(number)
        return cell, row[cell.at].strip() if cell else ""

    def _of_diagnoses(self, row: Sequence[str]) -> Iterable[tuple[Cell, str, str | None]]:
        for number in self._diagnoses:
            cell, code = self._cell(row, "dx", number)
            where, poa = self._cell(row, "poa", number)
            if cell is None or not code:
                continue
            if poa and poa.upper() not in POA:
                raise Refused(where.name if where else "", f"found {poa[:12]!r}", "Y, N, U, W or 1")
            yield cell, code, poa.upper() or None

    def _of_procedures(self, row: Sequence[str]) -> Iterable[Procedure]:
        for number in self._procedures:
            _, code = self._cell(row, "proc", number)
            where, day = self._cell(row, "proc_date", number)
            if code:
                yield Procedure(code, _date(day, where) if day and where else None)

    def _of_lines(self, row: Sequence[str]) -> Iterable[tuple[Cell, ServiceLine]]:
        for number in self._codes:
            cell, code = self._cell(row, "code", number)
            if cell is None or not code:
                continue
            modifiers = self._cell(row, "modifiers", number)[1]
            where, units = self._cell(row, "units", number)
            day_where, day = self._cell(row, "date", number)
            pointers_where, pointers = self._cell(row, "pointers", number)
            charge_where, charge = self._cell(row, "charge", number)
            yield (
                cell,
                ServiceLine(
                    code,
                    tuple(_parts(modifiers)),
                    _number(units, where) if units and where else 1.0,
                    _date(day, day_where) if day and day_where else None,
                    tuple(_pointer(each, pointers_where) for each in _parts(pointers)) if pointers_where else (),
                    _number(charge, charge_where) if charge and charge_where else None,
                ),
            )

    def _day(self, row: Sequence[str], key: str) -> date | None:
        text = self._of(row, key)
        return _date(text, self.columns.claim[key]) if text else None

    def _age(self, row: Sequence[str]) -> int | None:
        text = self._of(row, "age")
        if text and not (text.isascii() and text.isdigit() and len(text) <= 3):
            raise Refused(self.columns.claim["age"].name, f"found {text[:20]!r}", "a whole number from 0 to 124")
        return int(text) if text else None

    def _choice(self, row: Sequence[str], key: str, choices: Mapping[str, T], form: Callable[[str], str]) -> T:
        text = self._of(row, key)
        found = choices.get(form(text))
        if found is None:
            expected = ", ".join(each for each in choices if each)
            raise Refused(self.columns.claim[key].name, f"found {text[:20]!r}", f"one of {expected}")
        return found

    def _payer(self, row: Sequence[str]) -> Payer | None:
        found = [self._of(row, key) or None for key in ("payer", "state", "mac")]
        return Payer(*found) if any(found) else None

    def _column(
        self, field: str, diagnoses: Sequence[tuple[Cell, str, str | None]], lines: Sequence[tuple[Cell, ServiceLine]]
    ) -> str:
        """The column of the file for a key of the contract."""
        head, _, rest = field.partition("[")
        number = rest.partition("]")[0]
        if head == "diagnoses":
            return diagnoses[int(number)][0].name if number else next(iter(self.columns.repeated["dx"].values())).name
        if head == "lines" and number:
            return lines[int(number)][0].name
        key = head.removeprefix("patient.")
        cell = self.columns.claim.get(key)
        return cell.name if cell else field


@lru_cache(maxsize=16384)
def day_of(text: str) -> date | None:
    """ISO, CCYYMMDD, or month/day/year as American claims have it; None for what is no date."""
    us = _US.match(text)
    try:
        if us:
            return date(int(us[3]), int(us[1]), int(us[2]))
        return day_of_text(text[:10]) if len(text) == 10 or text[10:11] in ("T", " ") else _compact(text)
    except ValueError:
        return None


def _compact(text: str) -> date | None:
    return date.fromisoformat(text) if len(text) == 8 and text.isdigit() else None


def _date(text: str, cell: Cell) -> date:
    found = day_of(text)
    if found is None:
        raise Refused(cell.name, f"{text[:20]!r} is not a date", "YYYY-MM-DD")
    return found


def _number(text: str, cell: Cell) -> float:
    try:
        return float(text.replace("$", "").replace(",", ""))
    except ValueError:
        raise Refused(cell.name, f"found {text[:20]!r}", "a number") from None


def _pointer(text: str, cell: Cell) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refused(cell.name, f"found {text[:20]!r}", "numbers of diagnoses from 1")
    return int(text)


def _parts(text: str) -> list[str]:
    """Several values of one cell, apart by blanks, commas, semicolons, colons or bars."""
    return re.split(r"[\s,;:|]+", text) if text else []
