"""One FHIR Claim or ExplanationOfBenefit as a claim: R4 names and those of STU3 (`service`, `information`).

Diagnoses are ordered by `sequence`, the principal one first; admitting and reason-for-visit diagnoses stand
apart, external causes at the end. Codes are chosen by system; what is left out is counted. Systems are those
of HL7 Terminology, of the CARIN Blue Button guide, and of CMS's Blue Button 2.0 and AB2D.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from claimwright.claims.readers.draft import POA, Refused, draft_claim
from claimwright.model import Claim, Diagnosis, Payer, Procedure, ServiceLine, Setting
from claimwright.model.dates import day_of_text

KINDS = ("Claim", "ExplanationOfBenefit")
_EOB_TYPES = {
    "INPATIENT": Setting.INPATIENT, "SNF": Setting.INPATIENT, "OUTPATIENT": Setting.OUTPATIENT,
    "HHA": Setting.OUTPATIENT, "HOSPICE": Setting.OUTPATIENT, "CARRIER": Setting.PROFESSIONAL,
    "DME": Setting.PROFESSIONAL,
}  # fmt: skip
"""Codes of Blue Button's `eob-type`, which say more than its claim type: an OUTPATIENT bill is a facility's."""

_CLAIM_TYPES = frozenset({"institutional", "professional", "oral", "pharmacy", "vision"})
_INPATIENT_SUBTYPES = frozenset({"inpatient", "inpatient-facility"})
_APART = frozenset({"admitting", "patientreasonforvisit", "reason-for-visit"})
_EXTERNAL = frozenset({"externalcauseofinjury", "external", "external-first"})
_SEX = {"female": "F", "male": "M"}
_NPI = "http://hl7.org/fhir/sid/us-npi"
_DISCHARGE = ("dischargestatus", "ptnt_dschrg_stus_cd", "bene-ptnt-stus-cd", "patient_discharge")
_WRONG = "is not of the shape that FHIR gives it"


@lru_cache(maxsize=16384)
def fhir_date(text: str) -> date | None:
    """The day of a date or dateTime; None for a year or month alone. Errors: ValueError for what is none."""
    if len(text) in (4, 7) and text.replace("-", "").isdigit():
        return None
    if len(text) > 10 and text[10] != "T":
        raise ValueError(text)
    return day_of_text(text[:10]) if len(text) >= 10 and text[4] == "-" else _no_date(text)


def _no_date(text: str) -> date:
    raise ValueError(text)


class ResourceReader:
    """Reads one resource; `within` are the other resources of its Bundle by reference; `counts` is added to."""

    def __init__(
        self, resource: Mapping[str, Any], within: Mapping[str, Mapping[str, Any]], counts: Counter[str]
    ) -> None:
        self.resource, self.within, self.counts = resource, within, counts
        self.at = ""
        self.icd9 = 0
        self.contained: dict[str, Mapping[str, Any]] = {}

    def read(self) -> Claim:
        """The claim. Errors: `Refused`, whose field is the FHIRPath-like path from the resource on."""
        try:
            return self._read()
        except Refused:
            raise
        except (AttributeError, KeyError, TypeError, IndexError, ValueError, OverflowError):
            raise Refused(self.at, _WRONG, "FHIR R4 or STU3") from None

    def _read(self) -> Claim:
        resource = self.resource
        self.at = "contained"
        self.contained = {f"#{each.get('id')}": each for each in resource.get("contained") or ()}
        codes, admitting, places, indexes = self._diagnoses()
        lines, items, first, last = self._lines(places)
        starts, ends = self._period()
        born, sex = self._patient()
        try:
            return draft_claim(
                self._setting(),
                codes,
                lines,
                id=self._id(),
                service_from=starts or (None if ends else first),
                service_to=ends or (last if not starts else None),
                birth_date=born,
                sex=sex,
                payer=self._payer(),
                admitting_diagnosis=admitting,
                procedures=self._procedures(),
                discharge_status=self._discharge(),
                provider=self._provider(),
            )
        except Refused as refused:
            if refused.field == "diagnoses" and self.icd9:
                refused.problem += f": its {self.icd9} codes are ICD-9-CM"
            raise Refused(_path(refused.field, indexes, items), refused.problem, refused.expected) from None

    def charge(self) -> float | None:
        """What is asked for: Claim.total, the submitted total of an ExplanationOfBenefit, STU3's totalCost."""
        try:
            total: Any = self.resource.get("total") or self.resource.get("totalCost") or {}
            if isinstance(total, list):
                named = (each for each in total if "submitted" in _codes(each.get("category") or {}))
                total = next((each.get("amount") or {} for each in named), {})
            value = total.get("value")
        except (AttributeError, TypeError, KeyError):
            return None  # money decides nothing: what cannot be read is not stated
        return float(value) if isinstance(value, int | float) else None

    def _id(self) -> str | None:
        self.at = "id"
        found = self.resource.get("id")
        if found is None:
            found = next((each.get("value") for each in self.resource.get("identifier") or ()), None)
        return None if found is None else str(found)

    def _diagnoses(self) -> tuple[list[Diagnosis], str | None, dict[int, int], list[int]]:
        """Diagnoses in order, the admitting one, position by sequence, and index in `diagnosis` of each."""
        found: list[tuple[int, int, int, Diagnosis]] = []
        admitting: str | None = None
        apart: set[int] = set()
        for index, each in enumerate(self.resource.get("diagnosis") or ()):
            self.at = f"diagnosis[{index}]"
            sequence = each.get("sequence", index + 1)
            kinds = {code for concept in each.get("type") or () for code in _codes(concept)}
            code = self._diagnosis_code(each, index)
            if code is None:
                apart.add(sequence)
                continue
            if "admitting" in kinds and admitting is None:
                admitting = code
            if kinds and kinds <= _APART:
                apart.add(sequence)
                continue
            rank = 0 if "principal" in kinds else 2 if kinds & _EXTERNAL else 1
            found.append((rank, sequence, index, Diagnosis(code, self._poa(each))))
        found.sort(key=lambda each: each[:3])
        if sum(each[0] == 0 for each in found) > 1:  # Blue Button marks several as principal: the first one is
            first = found[0]
            found = [first, *sorted(found[1:], key=lambda each: (each[0] == 2, each[1], each[2]))]
        places = dict.fromkeys(apart, 0)
        places.update({each[1]: place for place, each in enumerate(found, start=1)})
        if not found and admitting is not None:
            found, places = [(0, 0, 0, Diagnosis(admitting))], dict.fromkeys(apart, 0)
        return [each[3] for each in found], admitting, places, [each[2] for each in found]

    def _diagnosis_code(self, each: Mapping[str, Any], index: int) -> str | None:
        concept = each.get("diagnosisCodeableConcept")
        if concept is None and "diagnosisReference" in each:
            self.at = f"diagnosis[{index}].diagnosisReference"
            concept = self._resolve(each["diagnosisReference"]).get("code")
        if concept is None:
            if "packageCode" not in each:
                self.counts["diagnoses without a code"] += 1
            return None
        self.at = f"diagnosis[{index}].diagnosisCodeableConcept"
        best: tuple[int, str] | None = None
        for coding in concept.get("coding") or ():
            code, rank = coding.get("code"), _icd10(coding.get("system"))
            if code and rank is not None and (best is None or rank < best[0]):
                best = rank, code.strip()
        if best is None:
            nine = any("icd-9" in str(each.get("system")).lower() for each in concept.get("coding") or ())
            self.icd9 += nine
            self.counts["ICD-9-CM codes left out" if nine else "diagnoses without an ICD-10-CM code"] += 1
            return None
        return best[1]

    def _poa(self, each: Mapping[str, Any]) -> str | None:
        codes = _codes(each.get("onAdmission") or {})
        if not codes:
            for extension in each.get("extension") or ():
                if "poa_ind" in extension.get("url", "").lower() or "present-on-admission" in extension.get("url", ""):
                    codes = [extension.get("valueCoding", {}).get("code") or extension.get("valueCode")]
        for code in codes:
            stated = str(code).strip().upper()
            if stated in POA:
                return stated
            self.counts["present-on-admission indicators left out"] += 1
        return None

    def _lines(self, places: Mapping[int, int]) -> tuple[list[ServiceLine], list[int], date | None, date | None]:
        """Lines with a HCPCS code, the index in `item` of each, first and last day of any."""
        out: list[ServiceLine] = []
        items: list[int] = []
        days: list[date] = []
        for index, item in enumerate(self.resource.get("item") or ()):
            self.at = f"item[{index}]"
            start, end = self._serviced(item, index)
            days += [each for each in (start, end) if each is not None]
            code = _hcpcs(item.get("productOrService") or item.get("service") or {})
            if code is None:
                self.counts["lines without a HCPCS code"] += 1
                continue
            self.at = f"item[{index}].diagnosisSequence"
            pointers = [self._pointer(each, places) for each in _either(item, "diagnosisSequence", "diagnosisLinkId")]
            self.at = f"item[{index}].modifier"
            modifiers = tuple(code for each in item.get("modifier") or () for code in _codes(each))
            self.at = f"item[{index}].quantity.value"
            units = float((item.get("quantity") or {}).get("value", 1))
            self.at = f"item[{index}].net.value"
            net = (item.get("net") or {}).get("value")
            charge = None if net is None else float(net)
            out.append(ServiceLine(code, modifiers, units, start, tuple(each for each in pointers if each), charge))
            items.append(index)
        return out, items, min(days, default=None), max(days, default=None)

    def _pointer(self, sequence: int, places: Mapping[int, int]) -> int:
        if sequence not in places:
            known = ", ".join(map(str, sorted(places)[:12])) or "none"
            raise Refused(self.at, f"points to diagnosis {sequence}", f"a diagnosis.sequence ({known})")
        return places[sequence]

    def _serviced(self, item: Mapping[str, Any], index: int) -> tuple[date | None, date | None]:
        if "servicedDate" in item:
            day = self._day(item["servicedDate"], f"item[{index}].servicedDate")
            return day, day
        return self._both(item.get("servicedPeriod") or {}, f"item[{index}].servicedPeriod")

    def _both(self, period: Mapping[str, Any], at: str) -> tuple[date | None, date | None]:
        return self._day(period.get("start"), f"{at}.start"), self._day(period.get("end"), f"{at}.end")

    def _day(self, text: Any, at: str) -> date | None:
        self.at = at
        if text is None:
            return None
        try:
            return fhir_date(text)
        except ValueError:
            raise Refused(at, f"{text[:20]!r} is not a date", "YYYY-MM-DD") from None

    def _period(self) -> tuple[date | None, date | None]:
        for name in ("billablePeriod", "hospitalization"):
            found = self._both(self.resource.get(name) or {}, name)
            if any(found):
                return found
        return None, None

    def _procedures(self) -> list[Procedure]:
        found: list[tuple[bool, int, Procedure]] = []
        for index, each in enumerate(self.resource.get("procedure") or ()):
            self.at = f"procedure[{index}]"
            concept = each.get("procedureCodeableConcept") or {}
            code = next(
                (c["code"] for c in concept.get("coding") or () if c.get("code") and _pcs(c.get("system"))), None
            )
            if code is None:
                self.counts["procedures without an ICD-10-PCS code"] += 1
                continue
            kinds = {code for kind in each.get("type") or () for code in _codes(kind)}
            day = self._day(each.get("date"), f"procedure[{index}].date")
            found.append(("principal" not in kinds, each.get("sequence", index + 1), Procedure(code.strip(), day)))
        found.sort(key=lambda each: each[:2])
        return [each[2] for each in found]

    def _patient(self) -> tuple[date | None, str]:
        self.at = "patient"
        found = self._resolve(self.resource.get("patient") or {})
        return self._day(found.get("birthDate"), "patient.resolve().birthDate"), _SEX.get(found.get("gender", ""), "U")

    def _resolve(self, reference: Mapping[str, Any]) -> Mapping[str, Any]:
        """The resource referred to, if it is contained or in the same Bundle."""
        to = reference.get("reference") or ""
        return self.contained.get(to) or self.within.get(to) or {}

    def _payer(self) -> Payer | None:
        self.at = "insurance"
        insurances = self.resource.get("insurance") or ()
        if isinstance(insurances, dict):  # STU3: one
            insurances = (insurances,)
        chosen = next((each for each in insurances if each.get("focal")), insurances[0] if insurances else {})
        coverage = chosen.get("coverage") or {}
        name = _medicare(coverage)
        if name is None:
            full = self._resolve(coverage)
            payors = full.get("payor") or full.get("grouping") or ()
            payor = payors[0] if isinstance(payors, list) and payors else {}
            insurer = self.resource.get("insurer") or self.resource.get("organization") or {}
            name = self._name_of(payor) or self._name_of(insurer)
        state = next((self._state(each) for each in self.resource.get("item") or () if self._state(each)), None)
        return Payer(name, state) if name or state else None

    def _provider(self) -> str | None:
        """Who bills: an identifier (the NPI before others), else name or reference; STU3 has `organization`."""
        self.at = "provider"
        stated = self.resource.get("provider") or self.resource.get("organization") or {}
        identifier = stated.get("identifier") or {}
        if identifier.get("value"):
            return str(identifier["value"])
        found = self._resolve(stated).get("identifier") or ()
        known = [each for each in found if each.get("value")]
        npi = [each for each in known if each.get("system") == _NPI]
        if known:
            return str((npi or known)[0]["value"])
        name = self._name_of(stated)  # that of a practitioner is no text
        return name if isinstance(name, str) else stated.get("reference")

    def _name_of(self, reference: Mapping[str, Any]) -> str | None:
        return self._resolve(reference).get("name") or reference.get("display")

    def _state(self, item: Mapping[str, Any]) -> str | None:
        state = (item.get("locationAddress") or {}).get("state")
        return state if isinstance(state, str) and len(state) == 2 and state.isalpha() else None

    def _setting(self) -> Setting:
        """By Blue Button's eob-type, else claim type with its subtype, type of bill, or a hospitalization."""
        self.at = "type"
        codes = _codes(self.resource.get("type") or {})
        for code in codes:
            if code in _EOB_TYPES:
                return _EOB_TYPES[code]
        kind = next((code for code in codes if code in _CLAIM_TYPES), None)
        if kind != "institutional":
            if kind is None and codes:
                self.counts["claim types unknown, read as professional"] += 1
            return Setting.PROFESSIONAL
        self.at = "subType"
        subtype = self.resource.get("subType") or {}
        subtypes = _codes(subtype[0] if isinstance(subtype, list) and subtype else subtype or {})
        if subtypes:
            return Setting.INPATIENT if set(subtypes) & _INPATIENT_SUBTYPES else Setting.OUTPATIENT
        bill = self._information(("typeofbill", "type-of-bill"), ("typeofbill",))
        if bill is not None:
            from claimwright.claims.readers.x12_claim import setting_of

            return setting_of(True, bill.lstrip("0")[:2])
        return Setting.INPATIENT if self.resource.get("hospitalization") else Setting.OUTPATIENT

    def _discharge(self) -> str | None:
        found = self._information(("discharge-status", "dischargestatus", "ptnt_dschrg_stus_cd"), _DISCHARGE)
        return found.zfill(2) if found and found.isdigit() else found

    def _information(self, categories: tuple[str, ...], systems: tuple[str, ...]) -> str | None:
        """The code of the first supportingInfo (STU3: information) of a category, by system where several."""
        self.at = "supportingInfo"
        for each in _either(self.resource, "supportingInfo", "information"):
            names = [code.lower() for code in _codes(each.get("category") or {})]
            if not any(name.endswith(categories) for name in names):
                continue
            codings = (each.get("code") or {}).get("coding") or ()
            for coding in codings:
                if str(coding.get("system")).lower().endswith(systems) and coding.get("code"):
                    return str(coding["code"]).strip()
            if codings and len(codings) == 1 and codings[0].get("code") and "typeofbill" not in systems:
                return str(codings[0]["code"]).strip()
        return None


def _codes(concept: Mapping[str, Any]) -> list[str]:
    return [each["code"] for each in concept.get("coding") or () if each.get("code")]


def _either(value: Mapping[str, Any], name: str, older: str) -> Any:
    """R4's element, else STU3's."""
    return value.get(name) or value.get(older) or ()


def _icd10(system: str | None) -> int | None:
    """Rank of a code system for diagnoses: ICD-10-CM, what Blue Button calls ICD-10, none stated; None: another."""
    if not system:
        return 2
    text = system.lower()
    if text.endswith(("icd-10-cm", "2.16.840.1.113883.6.90")):
        return 0
    return 1 if text.endswith("icd-10") else None


def _pcs(system: str | None) -> bool:
    text = (system or "icd-10").lower()
    return text.endswith(("icd-10", "icd-10-pcs", "icd10", "2.16.840.1.113883.6.4"))


def _hcpcs(concept: Mapping[str, Any]) -> str | None:
    """The HCPCS or CPT code among the codings: never an NDC, a HIPPS or an absent reason."""
    for each in concept.get("coding") or ():
        code, system = each.get("code"), (each.get("system") or "hcpcs").lower()
        if code and ("hcpcs" in system or system.endswith(("/cpt", "2.16.840.1.113883.6.12"))):
            return str(code).strip()
    return None


def _medicare(coverage: Mapping[str, Any]) -> str | None:
    """Blue Button and AB2D name a part of Medicare instead of a payer: `Coverage/part-a-…`, `Part A`."""
    reference, display = str(coverage.get("reference") or ""), str(coverage.get("display") or "")
    named = reference.startswith(("Coverage/part-a-", "Coverage/part-b-")) or display.startswith(("Part A", "Part B"))
    return "medicare" if named else None


def _path(field: str, diagnoses: list[int], items: list[int]) -> str:
    """The path of the resource for a key of the contract."""
    head, _, rest = field.partition("[")
    number, _, tail = rest.partition("]")
    if head == "diagnoses":
        return f"diagnosis[{diagnoses[int(number)]}]" if number else "diagnosis"
    if head == "lines" and number:
        names = {".units": ".quantity.value", ".charge": ".net.value", ".code": ".productOrService"}
        return f"item[{items[int(number)]}]{names.get(tail, '.diagnosisSequence')}"
    names = {"service_from": "billablePeriod.start", "service_to": "billablePeriod.end"}
    return names.get(head, "patient.resolve().birthDate" if head.startswith("patient") else "procedure")
