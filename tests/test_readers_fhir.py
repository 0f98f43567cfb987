"""FHIR claims: R4, STU3, Bundles, lines, arrays; what is refused, and where it says so."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.claims.readers import Reject
from claimwright.claims.readers.fhir import FhirRecords, recognises
from claimwright.claims.readers.records import Record
from claimwright.errors import InputError
from claimwright.model import Diagnosis, Patient, Payer, Procedure, ServiceLine, Setting

CM, HCPCS = "http://hl7.org/fhir/sid/icd-10-cm", "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"


def concept(code: str, system: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} if system else {"code": code}]}


def diagnosis(sequence: int, code: str, kind: str = "", poa: str = "", system: str = CM) -> dict[str, Any]:
    out: dict[str, Any] = {"sequence": sequence, "diagnosisCodeableConcept": concept(code, system)}
    if kind:
        out["type"] = [concept(kind)]
    if poa:
        out["onAdmission"] = concept(poa)
    return out


R4: dict[str, Any] = {
    "resourceType": "Claim",
    "id": "C1",
    "contained": [
        {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1961-02-03"},
        {"resourceType": "Coverage", "id": "c", "payor": [{"display": "Some plan"}]},
    ],
    "type": concept("institutional"),
    "subType": concept("inpatient"),
    "patient": {"reference": "#p"},
    "billablePeriod": {"start": "2025-01-01", "end": "2025-01-05T12:00:00Z"},
    "supportingInfo": [
        {
            "category": concept("discharge-status"),
            "code": concept("1", "https://www.nubc.org/CodeSystem/PatDischargeStatus"),
        }
    ],
    "insurance": [{"focal": False, "coverage": {"display": "Other"}}, {"focal": True, "coverage": {"reference": "#c"}}],
    "diagnosis": [
        diagnosis(9, "W01.0XXA", "externalcauseofinjury"),
        diagnosis(3, "E11.9", "other", "n"),
        diagnosis(2, "I21.4", "principal", "Y"),
        diagnosis(1, "R07.9", "admitting"),
        diagnosis(4, "R05.9", "patientreasonforvisit"),
        diagnosis(5, "4019", "", "", "http://hl7.org/fhir/sid/icd-9-cm"),
    ],
    "procedure": [
        {
            "sequence": 2,
            "date": "2025-01-03",
            "procedureCodeableConcept": concept("4A023N7", "http://hl7.org/fhir/sid/icd-10-pcs"),
        },
        {
            "sequence": 3,
            "type": [concept("principal")],
            "procedureCodeableConcept": concept("02703DZ", "http://hl7.org/fhir/sid/icd-10-pcs"),
        },
    ],
    "item": [
        {"sequence": 1, "revenue": concept("0120"), "quantity": {"value": 4}},
        {
            "sequence": 2,
            "productOrService": {
                "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "1"}, {"system": HCPCS, "code": "J1885"}]
            },
            "modifier": [concept("JW"), concept("LT")],
            "quantity": {"value": 3},
            "servicedDate": "2025-01-02",
            "diagnosisSequence": [2, 3, 1],
            "net": {"value": 12.5},
        },
    ],
}
STU3: dict[str, Any] = {
    "resourceType": "ExplanationOfBenefit",
    "id": "E1",
    "type": concept("OUTPATIENT"),
    "patient": {"reference": "Patient/1"},
    "insurance": {"coverage": {"reference": "Coverage/part-b-1"}},
    "diagnosis": [
        diagnosis(1, "R252", "principal", "", "http://hl7.org/fhir/sid/icd-10"),
        diagnosis(2, "E876", "", "", "http://hl7.org/fhir/sid/icd-10"),
    ],
    "item": [
        {
            "sequence": 1,
            "service": concept("J1885", "https://bluebutton.cms.gov/resources/codesystem/hcpcs"),
            "servicedPeriod": {"start": "2025-01-02", "end": "2025-01-04"},
            "diagnosisLinkId": [2],
            "locationAddress": {"state": "WI"},
        }
    ],
}


def read(data: object) -> tuple[list[Record], list[Reject], FhirRecords]:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    records = FhirRecords(io.BytesIO(text), "f")
    found = list(records)
    return (
        [each for each in found if isinstance(each, Record)],
        [each for each in found if isinstance(each, Reject)],
        records,
    )


def changed(base: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {key: value for key, value in {**base, **keys}.items() if value is not None}


def test_a_claim_of_r4() -> None:
    accepted, refused, records = read(R4)
    claim = accepted[0].claim
    assert not refused and recognises(json.dumps(R4).encode())
    assert (claim.id, claim.setting) == ("C1", Setting.INPATIENT)
    assert (claim.service_from, claim.service_to) == (date(2025, 1, 1), date(2025, 1, 5))
    assert claim.diagnoses == (Diagnosis("I21.4", "Y"), Diagnosis("E11.9", "N"), Diagnosis("W01.0XXA"))
    assert claim.admitting_diagnosis == "R07.9"
    assert claim.procedures == (Procedure("02703DZ"), Procedure("4A023N7", date(2025, 1, 3)))
    assert claim.lines == (ServiceLine("J1885", ("JW", "LT"), 3, date(2025, 1, 2), (1, 2), 12.5),)
    assert claim.patient == Patient(63, "F", date(1961, 2, 3))
    assert claim.payer == Payer("Some plan")
    assert claim.discharge_status == "01"
    assert records.counts == {"ICD-9-CM codes left out": 1, "lines without a HCPCS code": 1}


NPI, PAYER_ID = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "9999999995"}, {"value": "77"}


@pytest.mark.parametrize(
    ("provider", "organization", "billed_by"),
    [
        ({"identifier": NPI}, {}, "9999999995"),
        ({"reference": "#o"}, {"identifier": [PAYER_ID, NPI]}, "9999999995"),
        ({"reference": "#o"}, {"identifier": [PAYER_ID], "name": "A clinic"}, "77"),
        ({"reference": "#o"}, {"name": "A clinic"}, "A clinic"),
        ({"reference": "#o"}, {"name": [{"family": "Doe"}]}, "#o"),
        ({"reference": "Organization/9", "display": "B clinic"}, {}, "B clinic"),
        ({"reference": "Organization/9"}, {}, "Organization/9"),
    ],
)
def test_who_bills_is_an_identifier_else_a_name(
    provider: dict[str, Any], organization: dict[str, Any], billed_by: str
) -> None:
    contained = [*R4.get("contained", []), {"resourceType": "Organization", "id": "o", **organization}]
    assert read(changed(R4, provider=provider, contained=contained))[0][0].claim.provider == billed_by


def test_an_explanation_of_benefit_of_stu3() -> None:
    claim = read(STU3)[0][0].claim
    assert claim.setting is Setting.OUTPATIENT
    assert claim.diagnoses == (Diagnosis("R252"), Diagnosis("E876"))
    assert claim.lines == (ServiceLine("J1885", (), 1, date(2025, 1, 2), (2,)),)
    assert (claim.service_from, claim.service_to) == (date(2025, 1, 2), date(2025, 1, 4))
    assert claim.payer == Payer("medicare", "WI")


@pytest.mark.parametrize(
    ("keys", "setting"),
    [
        ({}, "inpatient"),
        ({"subType": concept("outpatient")}, "outpatient"),
        ({"subType": None}, "outpatient"),
        ({"subType": None, "hospitalization": {"start": "2025-01-01"}}, "inpatient"),
        (
            {
                "subType": None,
                "supportingInfo": [
                    {
                        "category": concept("typeofbill"),
                        "code": concept("0111", "https://www.nubc.org/CodeSystem/TypeOfBill"),
                    }
                ],
            },
            "inpatient",
        ),
        (
            {
                "subType": None,
                "supportingInfo": [
                    {
                        "category": concept("typeofbill"),
                        "code": concept("0131", "https://www.nubc.org/CodeSystem/TypeOfBill"),
                    }
                ],
            },
            "outpatient",
        ),
        ({"type": concept("professional")}, "professional"),
        ({"type": concept("CARRIER")}, "professional"),
    ],
)
def test_the_setting_of_a_resource(keys: dict[str, Any], setting: str) -> None:
    assert read(changed(R4, **keys))[0][0].claim.setting == setting


@pytest.mark.parametrize(
    ("keys", "charge"),
    [
        ({"total": {"value": 12.5}}, 12.5),
        ({"total": [{"category": concept("benefit"), "amount": {"value": 1}}]}, None),
        ({"total": [{"category": concept("submitted"), "amount": {"value": 7}}]}, 7.0),
        ({"totalCost": {"value": 3}}, 3.0),
        ({"total": ["x"]}, None),
        ({}, None),
    ],
)
def test_what_a_claim_asks_for(keys: dict[str, Any], charge: float | None) -> None:
    assert read(changed(R4, **keys))[0][0].charge == charge


def test_bundles_lines_and_arrays_hold_several() -> None:
    patient = {"resourceType": "Patient", "id": "1", "gender": "male", "birthDate": "2000-01-01"}
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": STU3}, {"fullUrl": "urn:x", "resource": patient}, {"resource": R4}],
    }
    accepted, refused, records = read(bundle)
    assert [each.claim.id for each in accepted] == ["E1", "C1"] and not refused
    assert accepted[0].claim.patient == Patient(25, "M", date(2000, 1, 1))
    assert accepted[0].place == "f: Bundle.entry[0].resource.ofType(ExplanationOfBenefit)"
    assert records.counts["resources that are no claims"] == 1
    assert [each.claim.id for each in read([R4, STU3])[0]] == ["C1", "E1"]
    lines = b"\xef\xbb\xbf" + json.dumps(R4).encode() + b"\n\n" + json.dumps(STU3).encode()
    accepted, _, _ = read(lines)
    assert [each.place for each in accepted] == ["f: line 1: Claim", "f: line 3: ExplanationOfBenefit"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"billablePeriod": {"start": "2025-13-01"}}, "f: Claim.billablePeriod.start: '2025-13-01' is not a date"),
        (
            {"billablePeriod": {"start": "2025-01-09", "end": "2025-01-05"}},
            "f: Claim.billablePeriod.end: 2025-01-05 is before",
        ),
        ({"billablePeriod": {"start": "2015-09-01"}}, "lies in the ICD-9-CM era"),
        ({"diagnosis": None, "item": None}, "f: Claim.diagnosis: the record has no ICD-10-CM diagnosis"),
        (
            {"diagnosis": [diagnosis(1, "4019", system="http://hl7.org/fhir/sid/icd-9-cm")], "item": None},
            "its 1 codes are ICD-9-CM",
        ),
        ({"diagnosis": {"sequence": 1}}, "f: Claim.diagnosis[0]: is not of the shape"),
        (
            {"item": [{"productOrService": concept("J1885", HCPCS), "diagnosisSequence": [7]}]},
            "points to diagnosis 7; expected a diagnosis.sequence (1, 2, 3, 4, 5, 9)",
        ),
        (
            {"item": [{"productOrService": concept("J1885", HCPCS), "quantity": {"value": "x"}}]},
            "f: Claim.item[0].quantity.value",
        ),
        (
            {"item": [{"productOrService": concept("J1885", HCPCS), "quantity": {"value": -1}}]},
            "f: Claim.item[0].quantity.value: found -1",
        ),
        ({"contained": [{"id": "p", "birthDate": "2030-01-01"}]}, "f: Claim.patient.resolve().birthDate: 2030-01-01"),
    ],
)
def test_a_refusal_names_the_path(keys: dict[str, Any], says: str) -> None:
    resource = changed(R4, **keys)
    if "diagnosis" in keys and keys["diagnosis"] and isinstance(keys["diagnosis"], list):
        resource["diagnosis"] = keys["diagnosis"]
    _, (one,), _ = read(resource)
    assert says in str(one.error)
    assert one.record == json.dumps(resource).encode()


def test_a_line_that_is_no_json_is_refused_alone() -> None:
    good = json.dumps(R4).encode()
    accepted, refused, _ = read(good + b"\n" + good[:-20] + b"\n" + b'{"resourceType": "Patient"}\n{}\n' + good)
    assert [each.number for each in accepted] == [1, 4]
    assert [str(each.error).split(":")[1] for each in refused] == [" line 2", " line 4"]
    assert refused[0].record == good[:-20] + b"\n"


def test_a_file_without_a_claim_is_refused() -> None:
    with pytest.raises(InputError, match="FHIR without a claim"):
        read({"resourceType": "Patient"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "system", "sequence", "value", "start", "reference"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted({*R4, *STU3} - {"resourceType"})), JSON)
def test_any_value_at_any_key_is_read_or_refused(key: str, value: object) -> None:
    accepted, refused, _ = read([{**R4, key: value}, {**STU3, key: value}])
    assert len(accepted) + len(refused) == 2
