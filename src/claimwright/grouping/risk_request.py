"""From what a caller says of a person to a case and a payment year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from claimwright.book.era import ICD10_STARTS, check_era
from claimwright.errors import InputError
from claimwright.grouping.hcc import Case
from claimwright.grouping.person import DUAL_WORDS, Person
from claimwright.model import Claim, Interval, Patient


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """What a claim does not carry; None leaves the claim's own word, or the common case."""

    age: int | None = None
    sex: str | None = None
    dual: str | None = None
    orec: str | None = None
    crec: str | None = None
    new_enrollee: bool = False
    snp: bool = False
    low_income: bool = False
    institutional: bool = False
    graft_months: int | None = None

    def person(self, patient: Patient, year: int) -> Person:
        """The person; errors name the value that is none."""
        sex = (self.sex or patient.sex).upper()
        if self.sex is not None and sex not in ("F", "M"):
            raise InputError("--sex", f"found {self.sex!r}", "F or M")
        dual = (self.dual or "NA").strip().upper()
        age = patient.age if patient.birth_date is None else _age(patient.birth_date, year)
        return Person(
            age=self.age if self.age is not None else age,
            sex=sex,
            dual=DUAL_WORDS.get(dual, dual),
            orec=self.orec or "0",
            crec=self.crec or "0",
            new_enrollee=self.new_enrollee,
            snp=self.snp,
            low_income=self.low_income,
            institutional=self.institutional,
            graft_months=self.graft_months,
        )


def _age(born: date, year: int) -> int:
    """Age on February 1 of the payment year, the day that CMS counts on."""
    return max(0, year - born.year - ((born.month, born.day) > (2, 1)))


def _payment_year(year: int | None, day: date) -> int:
    """The year given, else the one after the date of service."""
    wanted = day.year + 1 if year is None else year
    if not ICD10_STARTS.year < wanted < date.max.year:
        raise InputError("year", f"found {wanted}", f"a payment year from {ICD10_STARTS.year + 1} on")
    return wanted


def of_claim(
    claim: Claim, year: int | None, day: date | None, as_of: date | None, who: Beneficiary
) -> tuple[Case, int]:
    """The claim's diagnoses on its date of service; the payment year is the next one unless given."""
    on = claim.date_of_service(day or date.today())
    check_era(on, "date of service")
    wanted = _payment_year(year, on)
    codes = tuple(each.code for each in claim.diagnoses)
    return Case(codes, who.person(claim.patient, wanted), Interval(on, on), claim.id, as_of), wanted


def of_codes(
    codes: Sequence[str], year: int | None, day: date | None, as_of: date | None, who: Beneficiary
) -> tuple[Case, int]:
    """Codes alone: in effect on `day`, or on any day of the year before the payment year."""
    if not codes:
        raise InputError("codes", "the list is empty", "at least one diagnosis code")
    check_era(day, "date")
    wanted = _payment_year(year, day or date.today())
    window = Interval(day, day) if day else Interval(date(wanted - 1, 1, 1), date(wanted - 1, 12, 31))
    return Case(tuple(codes), who.person(Patient(), wanted), window, None, as_of), wanted
