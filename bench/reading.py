"""Claim files read: 837 beside a plain split and pyx12's raw reader, FHIR beside `json.loads` alone.

Files are synthetic, of our own making, and of one shape: five diagnoses and two lines a claim. Ours gives
claims that are checked; what it is measured against gives text in pieces.
"""

from __future__ import annotations

import io
import json
import resource
import time
from collections.abc import Callable, Iterator
from importlib import import_module

from bench.figures import Figure, installed
from bench.processes import Differs, median

PEER = "pyx12"
_HEAD = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *250101*1200*^*00501*000000001*0*T*:~"
    "GS*HC*S*R*20250101*1200*1*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20250101*1200*CH~"
    "NM1*41*2*S*****46*1~PER*IC*X*TE*5550000000~NM1*40*2*R*****46*2~HL*1**20*1~NM1*85*2*CLINIC*****XX*1111111112~"
    "N3*1 MAIN~N4*MADISON*WI*53703~REF*EI*000000000~"
)
_CLAIM = (
    "HL*{0}*1*22*0~SBR*P*18*******MB~NM1*IL*1*DOE*JANE****MI*A{0}~N3*2 OAK~N4*MADISON*WI*53703~DMG*D8*19610203*F~"
    "NM1*PR*2*MEDICARE*****PI*1~CLM*C{0}*250***11:B:1*Y*A*Y*Y~REF*D9*{0}~"
    "HI*ABK:R252*ABF:E876*ABF:I10*ABF:E119*ABF:Z794~NM1*82*1*SMITH*JOHN****XX*1111111112~PRV*PE*PXC*207Q00000X~"
    "LX*1~SV1*HC:J1885:25*100*UN*1***1:2~DTP*472*D8*20250115~REF*6R*{0}A~"
    "LX*2~SV1*HC:G0008*150*UN*1***1~DTP*472*D8*20250115~REF*6R*{0}B~"
)
_SEGMENTS = 20


def reading(claims: int, times: int) -> Iterator[Figure]:
    """Segments and claims a second of processor time; memory by the size of the file."""
    yield from _x12(claims, times)
    yield from _fhir(claims, times)


def _x12(claims: int, times: int) -> Iterator[Figure]:
    from claimwright.claims.readers.x12 import X12Records

    text = _HEAD + "".join(_CLAIM.format(number) for number in range(2, claims + 2))
    data = f"{text}SE*{_SEGMENTS * claims + 11}*0001~GE*1*1~IEA*1*000000001~".encode()
    count = data.count(b"~")

    def ours() -> int:
        records = X12Records(io.BytesIO(data), "bench")
        if sum(1 for _ in records) != claims or records.segments != count or records.counts["segments rejected"]:
            raise Differs("the 837 was not read whole")
        return records.segments

    def split() -> int:
        return len([each.split("*") for each in data.decode("latin-1").split("~")])

    section = "claim files read, one core"
    here, plain = _rate(ours, count, times), _rate(split, count, times)
    note = f"{claims:,} claims of {_SEGMENTS} segments; a plain split gives pieces, ours gives claims"
    yield Figure(section, "837 against a plain split", here, " segments/s", peer=plain, ratio=here / plain, note=note)
    yield Figure(section, "837 claims", here * claims / count, "/s")
    if installed(PEER) is not None:

        def theirs() -> int:
            reader = import_module("pyx12.x12file").X12Reader(io.StringIO(data.decode("latin-1")))
            return sum(1 for _ in reader)

        there = _rate(theirs, count, times)
        note = "its raw reader, without validation"
        yield Figure(
            section,
            f"837 against {PEER} {installed(PEER)}",
            here,
            " segments/s",
            peer=there,
            ratio=here / there,
            note=note,
        )
    yield Figure(section, "peak memory so far", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


def _fhir(claims: int, times: int) -> Iterator[Figure]:
    from claimwright.claims.readers.fhir import FhirRecords

    data = b"".join(json.dumps(_resource(number)).encode() + b"\n" for number in range(claims))

    def ours() -> int:
        if sum(1 for _ in FhirRecords(io.BytesIO(data), "bench")) != claims:
            raise Differs("the FHIR file was not read whole")
        return claims

    def loads() -> int:
        return len([json.loads(line) for line in io.BytesIO(data)])

    here, plain = _rate(ours, claims, times), _rate(loads, claims, times)
    note = f"{claims:,} Claims of {len(data) // claims:,} bytes, one a line; json.loads gives dictionaries"
    yield Figure("claim files read, one core", "FHIR claims against json.loads", here, "/s", peer=plain,
                 ratio=here / plain, note=note)  # fmt: skip


def _resource(number: int) -> dict[str, object]:
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    codes = ("R25.2", "E87.6", "I10", "E11.9", "Z79.4")
    return {
        "resourceType": "Claim",
        "id": str(number),
        "type": {"coding": [{"code": "professional"}]},
        "billablePeriod": {"start": "2025-01-15", "end": "2025-01-15"},
        "diagnosis": [
            {"sequence": place, "diagnosisCodeableConcept": {"coding": [{"system": system, "code": code}]}}
            for place, code in enumerate(codes, start=1)
        ],
        "item": [
            {
                "sequence": place,
                "productOrService": {"coding": [{"system": "https://bluebutton.cms.gov/hcpcs", "code": code}]},
                "quantity": {"value": 1},
                "servicedDate": "2025-01-15",
                "diagnosisSequence": [1, 2],
            }
            for place, code in enumerate(("J1885", "G0008"), start=1)
        ],
    }


def _rate(action: Callable[[], int], count: int, times: int) -> float:
    found = []
    for _ in range(times):
        start = time.process_time()
        action()
        found.append(count / (time.process_time() - start))
    return median(found)
