"""Every 837, 835 and FHIR file of the shared data is read, and every segment and record accounted for."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import pytest

from claimwright.claims.readers import Reject
from claimwright.claims.readers.fhir import FhirRecords
from claimwright.claims.readers.x12 import X12Records
from claimwright.claims.remits import Remit, RemitRecords
from claimwright.errors import InputError
from tests.claim_files import shared, x12

CLAIMS = {
    "hccinfhir/sample_837_0.txt": (5, 0, 175),
    "hccinfhir/sample_837_1.txt": (1, 0, 49),
    "hccinfhir/sample_837_10.txt": (1, 0, 42),
    "hccinfhir/sample_837_11.txt": (1, 0, 29),
    "hccinfhir/sample_837_12.txt": (3, 0, 113),
    "hccinfhir/sample_837_2.txt": (1, 0, 41),
    "hccinfhir/sample_837_3.txt": (1, 0, 40),
    "hccinfhir/sample_837_4.txt": (1, 0, 38),
    "hccinfhir/sample_837_5.txt": (1, 0, 48),
    "hccinfhir/sample_837_6.txt": (1, 0, 52),
    "hccinfhir/sample_837_7.txt": (1, 0, 47),
    "hccinfhir/sample_837_8.txt": (1, 0, 45),
    "hccinfhir/sample_837_9.txt": (1, 0, 50),
    "imsweb/837_5010/x12_ambiguous_loop.txt": (0, 1, 37),
    "imsweb/837_5010/x12_bad_first_line.txt": (0, 2, 38),
    "imsweb/837_5010/x12_bad_segment_identifier.txt": (0, 2, 38),
    "imsweb/837_5010/x12_bad_valid_code.txt": (0, 2, 38),
    "imsweb/837_5010/x12_complex.txt": (0, 6, 298),
    "imsweb/837_5010/x12_loop_errors1_exceeds_max_1_parent.txt": (0, 1, 35),
    "imsweb/837_5010/x12_loop_errors2_exceeds_max_repeats_multiple_parents.txt": (0, 2, 54),
    "imsweb/837_5010/x12_loop_errors3_missing_loops.txt": (0, 1, 23),
    "imsweb/837_5010/x12_many_claims.txt": (0, 820, 11490),
    "imsweb/837_5010/x12_missing_elements.txt": (0, 2, 38),
    "imsweb/837_5010/x12_missing_required_loop_in_one_repeat.txt": (0, 2, 44),
    "imsweb/837_5010/x12_missing_required_loops_mult_repeats.txt": (0, 5, 63),
    "imsweb/837_5010/x12_multiple_gs.txt": (0, 6, 110),
    "imsweb/837_5010/x12_multiple_isa.txt": (0, 4, 76),
    "imsweb/837_5010/x12_multiple_st.txt": (0, 4, 72),
    "imsweb/837_5010/x12_multiple_transactions.txt": (0, 624, 11856),
    "imsweb/837_5010/x12_no_errors.txt": (0, 2, 45),
    "imsweb/837_5010/x12_no_isa_line.txt": (0, 2, 44),
    "imsweb/837_5010/x12_segment_errors.txt": (0, 1, 27),
    "imsweb/837_5010/x12_segments_out_of_order.txt": (0, 2, 38),
    "imsweb/837_5010/x12_valid.txt": (0, 2, 38),
    "imsweb/837_5010/x12_valid_different_separators.txt": (0, 2, 38),
    "imsweb/837_5010/x12_writer_test.txt": (0, 1, 35),
    "imsweb/837_5010/x223-test.txt": (0, 1, 52),
    "linuxforhealth/837_004010X096A1/automobile-accident.837": (0, 1, 48),
    "linuxforhealth/837_004010X096A1/homeowners.837": (0, 1, 46),
    "linuxforhealth/837_004010X096A1/institutional-ppo-repriced.837": (0, 1, 51),
    "linuxforhealth/837_004010X096A1/institutional.837": (0, 1, 48),
    "linuxforhealth/837_004010X096A1/workers-compensation.837": (0, 1, 47),
    "linuxforhealth/837_004010X098A1/coordination-of-benefits.837": (0, 1, 53),
    "linuxforhealth/837_004010X098A1/dependent-commercial-insurance-01.837": (0, 1, 58),
    "linuxforhealth/837_004010X098A1/dependent-commercial-insurance-02.837": (0, 1, 55),
    "linuxforhealth/837_004010X098A1/dependent-commercial-insurance-03.837": (0, 1, 43),
    "linuxforhealth/837_004010X098A1/patient-is-dependent.837": (0, 1, 55),
    "linuxforhealth/837_004010X098A1/patient-is-subscriber.837": (0, 1, 46),
    "linuxforhealth/837_005010X222A2/demo.ambulance.example5.837": (0, 1, 56),
    "linuxforhealth/837_005010X222A2/demo.autoaccident.837": (0, 1, 43),
    "linuxforhealth/837_005010X222A2/demo.cob.2ndary.example4.837": (0, 1, 33),
    "linuxforhealth/837_005010X222A2/demo.cob.example3.A.837": (0, 1, 55),
    "linuxforhealth/837_005010X222A2/demo.cob.example3.B.837": (0, 1, 66),
    "linuxforhealth/837_005010X222A2/demo.cob.example3.C.837": (0, 1, 68),
    "linuxforhealth/837_005010X222A2/demo.cob.example4.837": (0, 1, 46),
    "linuxforhealth/837_005010X222A2/demo.drug.example10.1.837": (0, 1, 35),
    "linuxforhealth/837_005010X222A2/demo.drug.example10.2.837": (0, 1, 69),
    "linuxforhealth/837_005010X222A2/demo.drug.example10.3.837": (0, 1, 69),
    "linuxforhealth/837_005010X222A2/demo.example1.837": (0, 1, 44),
    "linuxforhealth/837_005010X222A2/demo.example11.837": (0, 1, 41),
    "linuxforhealth/837_005010X222A2/demo.example12.837": (0, 1, 43),
    "linuxforhealth/837_005010X222A2/demo.example2.837": (0, 1, 45),
    "linuxforhealth/837_005010X222A2/demo.example6.837": (0, 1, 33),
    "linuxforhealth/837_005010X222A2/demo.example7.837": (0, 1, 70),
    "linuxforhealth/837_005010X222A2/demo.example8.837": (0, 1, 47),
    "linuxforhealth/837_005010X222A2/demo.example9.837": (0, 1, 33),
    "linuxforhealth/837_005010X223A3/institutional-claim.837i": (0, 1, 46),
    "linuxforhealth/837_005010X223A3/out-of-network-repriced-claim.837i": (0, 1, 35),
    "linuxforhealth/837_005010X223A3/ppo-repriced-claim.837i": (0, 1, 52),
    "linuxforhealth/837_005010X223A3/two-claims-single-provider.837i": (0, 2, 52),
    "linuxforhealth/demo/demo.837": (0, 1, 45),
    "linuxforhealth/demo/demo.837i": (0, 1, 46),
    "moov/837p.txt": (0, 8, 195),
}
"""(claims accepted, refused, segments) by file. Most samples are of the ICD-9-CM era, or carry its codes."""

REMITS = {
    "edi-835-parser/blue_cross_nc_sample.txt": (1, 3, 3, 0, 32),
    "edi-835-parser/emedny_sample.txt": (3, 10, 4, 2, 69),
    "edi-835-parser/united_healthcare_legacy_sample.txt": (2, 5, 7, 0, 65),
    "linuxforhealth/835_005010X221A1/cob-contractural-adjustment.835": (1, 1, 2, 0, 29),
    "linuxforhealth/835_005010X221A1/managed-care.835": (2, 2, 5, 0, 30),
    "linuxforhealth/835_005010X221A1/medicare-part-a.835": (2, 0, 2, 1, 32),
    "linuxforhealth/835_005010X221A1/secondary-payment.835": (2, 2, 5, 0, 42),
    "linuxforhealth/835_005010X221A1/tertiary-payment.835": (1, 1, 1, 0, 27),
    "linuxforhealth/demo/demo.835": (2, 0, 2, 1, 32),
    "moov/sample1.txt": (2, 2, 2, 0, 66),
    "moov/sample2.txt": (1, 1, 2, 0, 36),
    "pyx12/835_mult_loops.txt": (1, 3, 3, 3, 35),
}
"""(claims, lines, adjustments, remarks, segments) by file."""

FHIR = {
    "ab2d/EOB-500.ndjson.gz": (120, 380),
    "ab2d/eobdata/EOB-for-1-R4v3.json": (1, 0),
    "ab2d/eobdata/EOB-for-2-R4v3.json": (0, 1),
    "ab2d/eobdata/EOB-for-3-R4v3.json": (1, 0),
    "ab2d/eobdata/EOB-for-Carrier-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-Carrier-R4.json": (0, 1),
    "ab2d/eobdata/EOB-for-Carrier-R4v3.json": (1, 0),
    "ab2d/eobdata/EOB-for-DME-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-DME-R4.json": (0, 1),
    "ab2d/eobdata/EOB-for-HHA-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-HHA-R4.json": (0, 1),
    "ab2d/eobdata/EOB-for-HHA-R4v3.json": (0, 1),
    "ab2d/eobdata/EOB-for-Hospice-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-Hospice-R4.json": (0, 1),
    "ab2d/eobdata/EOB-for-Hospice-R4v3.json": (0, 1),
    "ab2d/eobdata/EOB-for-Inpatient-Claims.json": (1, 0),
    "ab2d/eobdata/EOB-for-Inpatient-R4.json": (1, 0),
    "ab2d/eobdata/EOB-for-Inpatient-R4V3.json": (0, 1),
    "ab2d/eobdata/EOB-for-Outpatient-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-Outpatient-R4.json": (0, 1),
    "ab2d/eobdata/EOB-for-Outpatient-R4v3.json": (1, 0),
    "ab2d/eobdata/EOB-for-Part-D-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-SNF-Claims.json": (0, 1),
    "ab2d/eobdata/EOB-for-SNF-R4.json": (0, 1),
    "ab2d/eobdata/EOB-for-SNF-R4v3.json": (1, 0),
    "bluebutton/eob_read_carrier_v1.json": (1, 0),
    "bluebutton/eob_read_carrier_v2.json": (1, 0),
    "bluebutton/eob_read_in_pt_v1.json": (0, 1),
    "bluebutton/eob_read_in_pt_v2.json": (0, 1),
    "bluebutton/eob_read_out_pt_v1.json": (0, 1),
    "bluebutton/eob_read_out_pt_v2.json": (0, 1),
    "bluebutton/eob_search_pt_v1.json": (0, 10),
    "bluebutton/eob_search_pt_v2.json": (0, 10),
    "bluebutton/eob_search_v1.json": (0, 10),
    "bluebutton/eob_search_v2.json": (0, 10),
    "hccinfhir/sample_eob_1.json": (1, 0),
    "hccinfhir/sample_eob_2.json": (1, 0),
    "hccinfhir/sample_eob_200.ndjson": (36, 164),
    "hccinfhir/sample_eob_3.json": (1, 0),
}
"""(claims accepted, refused) by file. Refused are dates of the ICD-9-CM era, its codes, and no diagnosis at all."""


def segments(data: bytes) -> int:
    """Segments of a file, counted apart from the reader: what stands between terminators and is not blank."""
    text = data.decode("latin-1")
    start = re.search(r"(?:ISA|GS|ST)([^A-Za-z0-9\s])", text)
    assert start
    terminator = re.search(r"([^A-Za-z0-9 ])\s*GS\W|([^A-Za-z0-9 ])\s*BPR\W", text[3:])
    if not text.startswith("ISA"):
        terminator = re.search(r"([^A-Za-z0-9 ])\s*(?:ST|BPR)\W", text[3:])
    assert terminator
    return sum(1 for each in text.split(terminator[1] or terminator[2]) if each.strip())


@pytest.mark.parametrize("name", CLAIMS)
def test_every_837_is_read_without_loss(name: str) -> None:
    data = (shared("x12") / name).read_bytes()
    accepted, refused, records = x12(data)
    assert (len(accepted), len(refused), records.segments) == CLAIMS[name]
    assert records.segments == segments(data)
    assert all(each.record in data for each in refused)


@pytest.mark.parametrize("name", REMITS)
def test_every_835_is_read_without_loss(name: str) -> None:
    data = (shared("x12") / name).read_bytes()
    records = RemitRecords(io.BytesIO(data), name)
    remits = [each for each in records if isinstance(each, Remit)]
    lines = [line for each in remits for line in each.lines]
    both = [*remits, *lines]
    found = (len(remits), len(lines), sum(len(each.adjustments) for each in both), sum(len(e.remarks) for e in both))
    assert (*found, records.segments) == REMITS[name]
    assert records.segments == segments(data) == records.used + sum(records.kept.values())


def test_no_file_of_claims_or_remittances_is_left_out() -> None:
    folder = shared("x12")
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name, data = str(path.relative_to(folder)), path.read_bytes()
        for reader, table in ((X12Records, CLAIMS), (RemitRecords, REMITS)):
            try:
                list(reader(io.BytesIO(data), name))
            except InputError as error:
                assert name not in table, name
                assert "\n" not in str(error)
            else:
                assert name in table, name


@pytest.mark.parametrize("name", FHIR)
def test_every_fhir_file_is_read_without_loss(name: str) -> None:
    path: Path = shared("fhir") / name
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found = list(FhirRecords(io.BytesIO(data), name))
    refused = [each for each in found if isinstance(each, Reject)]
    assert (len(found) - len(refused), len(refused)) == FHIR[name]
    assert len(found) == len(re.findall(rb'"resourceType"\s*:\s*"(?:ExplanationOfBenefit|Claim)"', data))
    assert all(each.record in data for each in refused)
    for each in refused:
        why = ("lies in the ICD-9-CM era", "the record has no ICD-10-CM diagnosis")
        assert any(words in each.problem for words in why), each.error


def test_the_table_of_fhir_files_is_whole() -> None:
    folder = shared("fhir")
    assert {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()} == set(FHIR)
