"""X12 837: what is read of a claim, oddities of files, and damage."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.claims.readers.x12 import X12Records, recognises
from claimwright.claims.readers.x12_claim import Context, payer_of, setting_of
from claimwright.claims.readers.x12_tokens import Tokens
from claimwright.errors import InputError
from claimwright.model import Claim, Diagnosis, Patient, Payer, Procedure, ServiceLine, Setting
from tests.claim_files import INSTITUTIONAL, PROFESSIONAL, x12

P1 = Claim(
    Setting.PROFESSIONAL,
    (Diagnosis("R252"), Diagnosis("E876")),
    "P1",
    date(2025, 1, 15),
    date(2025, 1, 17),
    Patient(63, "F", date(1961, 2, 3)),
    Payer("medicare", "WI"),
    lines=(
        ServiceLine("J1885", ("JW", "LT"), 2, date(2025, 1, 15), (1, 2), 100.0),
        ServiceLine("G0008", (), 1, date(2025, 1, 16), (2,), 150.0),
    ),
    provider="1111111112",
)


def damaged(old: str, new: str, data: bytes = PROFESSIONAL) -> bytes:
    assert data.count(old.encode()) >= 1, old
    return data.replace(old.encode(), new.encode(), 1)


def ids(data: bytes) -> tuple[list[str | None], list[str]]:
    accepted, refused, _ = x12(data)
    return [each.claim.id for each in accepted], [str(each.error) for each in refused]


# ---- what is read -------------------------------------------------------------------------------


def test_a_professional_claim_with_lines_modifiers_units_pointers_and_dates() -> None:
    accepted, refused, _ = x12(PROFESSIONAL)
    assert not refused
    assert accepted[0].claim == P1
    assert (accepted[0].place, accepted[0].number, accepted[0].charge) == ("f: segment 18", 1, 250.0)
    assert accepted[0].beside.minutes == ("2",)  # 45 minutes are no 45 units
    assert ("1", "6R", "P1-1") in accepted[0].beside.references


def test_claims_of_one_subscriber_share_him_and_a_patient_is_himself() -> None:
    claims = [each.claim for each in x12(PROFESSIONAL)[0]]
    assert [each.id for each in claims] == ["P1", "P2", "P3"]
    assert claims[1].patient == Patient(63, "F", date(1961, 2, 3))
    assert claims[2].patient == Patient(4, "M", date(2020, 6, 6))
    assert claims[2].payer == Payer("SOME PLAN", "WI")


def test_an_institutional_claim_with_every_kind_of_code() -> None:
    accepted, refused, records = x12(INSTITUTIONAL)
    (record,) = accepted
    claim, beside = record.claim, record.beside
    assert not refused and not records.notes
    assert claim.setting is Setting.INPATIENT
    assert (claim.service_from, claim.service_to) == (date(2025, 1, 1), date(2025, 1, 5))
    assert [(each.code, each.poa) for each in claim.diagnoses] == [
        ("I214", "Y"), ("E119", "Y"), ("Z9581", "1"), ("W010XXA", "Y"),
    ]  # fmt: skip
    assert claim.admitting_diagnosis == "R079"
    assert claim.procedures == (Procedure("02703DZ", date(2025, 1, 2)), Procedure("4A023N7", date(2025, 1, 3)))
    assert claim.lines == (ServiceLine("J1885", (), 3, date(2025, 1, 2), (), 1000.0),)
    assert claim.discharge_status == "01"
    assert claim.payer == Payer("medicare", "TX")
    assert [each[:2] for each in beside.codes] == [
        ("reason-for-visit", "R079"), ("drg", "280"), ("occurrence", "A1"), ("value", "A2"), ("condition", "09"),
    ]  # fmt: skip
    assert beside.revenue == (("1", "0120"), ("2", "0636"))
    assert (beside.facility, beside.frequency, beside.charge) == ("11", "1", 9000.0)
    assert beside.unread == ("NTE|ADD|SOMETHING TO SAY",)


@pytest.mark.parametrize(
    ("facility", "setting"),
    [("11", "inpatient"), ("21", "inpatient"), ("18", "inpatient"), ("13", "outpatient"), ("12", "outpatient"),
     ("71", "outpatient"), ("81", "outpatient"), ("85", "outpatient"), ("", "outpatient")],
)  # fmt: skip
def test_the_type_of_bill_tells_in_from_out(facility: str, setting: str) -> None:
    assert setting_of(True, facility) == setting
    assert setting_of(False, facility) is Setting.PROFESSIONAL


def test_a_payer_is_medicare_by_the_filing_indicator_else_its_name_else_its_number() -> None:
    assert payer_of(Context(filing="MA", payer_name="X", payer_id="1")).id == "medicare"
    assert payer_of(Context(filing="CI", payer_name="X", payer_id="1")).id == "X"
    assert payer_of(Context(payer_id="1")).id == "1"
    assert payer_of(Context()).id is None


# ---- files as they come -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        PROFESSIONAL.replace(b"\n", b""),
        PROFESSIONAL.replace(b"\n", b"\r\n"),
        PROFESSIONAL.replace(b"~\n", b"\n"),
        PROFESSIONAL.replace(b"~\n", b"\r\n"),
        b"\xef\xbb\xbf" + PROFESSIONAL,
        b" \r\n\n" + PROFESSIONAL + b"\n\n  ",
        PROFESSIONAL.replace(b"*", b"\x1d").replace(b":", b"\x1f").replace(b"~\n", b"\x1c"),
        PROFESSIONAL.replace(b"*", b"|").replace(b":", b">").replace(b"~", b"'"),
        PROFESSIONAL.replace(b"*^*00501", b"*U*00401"),
        PROFESSIONAL.replace(b"005010X222A1", b"005010X222A9"),
        PROFESSIONAL.replace(b"*         *00*  ", b"*        *00*  "),
        PROFESSIONAL[: PROFESSIONAL.rindex(b"~")],
    ],
    ids=["one-line", "crlf", "newline-ends", "crlf-ends", "mark", "blanks", "separators-of-ascii", "other-separators",
         "4010-envelope", "unknown-addenda", "short-isa", "last-terminator"],
)  # fmt: skip
def test_a_file_says_the_same_however_it_is_written(data: bytes) -> None:
    assert [each.claim for each in x12(data)[0]] == [each.claim for each in x12(PROFESSIONAL)[0]]
    assert recognises(data)


def test_without_isa_delimiters_are_guessed_and_said_to_be() -> None:
    accepted, _, records = x12(PROFESSIONAL[PROFESSIONAL.index(b"GS*") :])
    assert accepted[0].claim == P1
    assert "guessed" in records.notes[0]


def test_interchanges_with_delimiters_of_their_own_follow_each_other() -> None:
    accepted, refused, _ = x12(PROFESSIONAL + INSTITUTIONAL + PROFESSIONAL)
    assert [each.claim.id for each in accepted] == ["P1", "P2", "P3", "I1", "P1", "P2", "P3"]
    assert not refused


def test_other_transactions_and_unknown_segments_are_kept_and_counted() -> None:
    other = b"ST*277*0009~BHT*1~HL*1**20~CLM*X*1~SE*5*0009~"
    accepted, refused, records = x12(damaged("ST*837", f"{other.decode()}ST*837").replace(b"LX*1~", b"XYZ*1*2~LX*1~"))
    assert (len(accepted), len(refused)) == (3, 0)
    assert records.kept["XYZ"] == 3 and records.kept["CLM"] == 1
    assert records.counts["transactions 277 kept unread"] == 1


def test_wrong_counts_of_the_envelope_are_told_with_their_place() -> None:
    accepted, refused, records = x12(damaged("SE*45", "SE*99"))
    assert (len(accepted), len(refused)) == (3, 0)
    assert records.notes == ["f: SE at segment 47 states '99', counted 45"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it holds no transaction"),
        (b"hello", "starts with b'hello'; expected X12"),
        (PROFESSIONAL[:60], "starts with"),
        (b"ISA*00*          ~", "starts with"),
        (PROFESSIONAL.replace(b"ST*837", b"ST*835").replace(b"CLM", b"CLP"), "it holds 835 (a remittance"),
        (bytes(range(256)) * 10, "starts with"),
    ],
)
def test_what_is_no_837_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(InputError) as error:
        x12(data)
    assert says in str(error.value) and "\n" not in str(error.value)


# ---- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("20250115", "2025O115", "segment 24 DTP: date 472: '2025O115' is not a date; expected CCYYMMDD"),
        ("ABK:R252", "ABK:R\x132", "segment 20 HI: holds the control character 19"),
        ("ABK:R252", "A:R252", "segment 20 HI: HI qualifier 'A'"),
        ("ABK:R252", "ABK", "segment 20 HI: HI names 'ABK' and no code"),
        ("REF*6R", "R!F*6R", "segment 25: begins with 'R!F', which is no segment"),
        ("*100*UN*2", "*1O0*UN*2", "segment 23 SV1: charge: '1O0' is not a number"),
        ("*100*UN*2", "*100*UN*-2", "found -2"),
        ("***1:2~", "***1:3~", "points to diagnosis 3; expected 1 to 2"),
        ("***1:2~", "***1:x~", "diagnosis pointer 'x'"),
        ("LX*2~\n", "LX*2^", "at most 1: is a segment terminator lost?"),
        ("LX*2~", "LX*2", "two segments in one: a segment terminator is lost"),
        ("SV1*HC:G0008*150", "SW1*HC:G0008*150", "service line 2 has no service"),
        ("HC:J1885:JW:LT", "QC:J1885", "service qualifier 'QC'"),
        ("HI*ABK:R252*ABF:E876", "HJ*ABK:R252", "no ICD-10-CM diagnosis"),
        ("RD8*20250116-20250117", "RD8*20250117-20250116", "ends before it begins"),
        ("20250115", "20150115", "service_from: 2015-01-15 lies in the ICD-9-CM era"),
        ("HI*ABK:R252*ABF:E876", "HI*BK:7295*BF:2768", "no ICD-10-CM diagnosis: its 2 codes are ICD-9-CM"),
    ],
)
def test_a_damaged_claim_is_refused_alone_with_place_and_reason(old: str, new: str, says: str) -> None:
    data = damaged(old, new)
    accepted, refused, _ = x12(data)
    assert [each.claim.id for each in accepted] == ["P2", "P3"]
    (one,) = refused
    assert says in str(one.error)
    whole = data[data.index(b"\nCLM*P1") : data.index(b"\nCLM*P2")]
    assert one.record == whole  # unchanged, byte for byte


@pytest.mark.parametrize(
    ("old", "new", "left", "says"),
    [
        ("DMG*D8*19610203", "DMG*D8*19619203", ["P3"], "birth date: '19619203' is not a date"),
        ("DMG*D8*19610203", "DMG*D8*20610203", ["P3"], "is after the date of service"),
        ("HL*2*1*22", "HL*2*9*22", ["P3"], "HL 2 names the parent '9'; expected the billing provider (20) above"),
        ("HL*4*3*23", "HL*4*2*23", ["P1", "P2"], "HL 4 names the parent '2'; expected the subscriber (22) above"),
        ("HL*2*1*22", "HL*2*1*24", ["P3"], "HL of level '24'"),
        ("HL*1**20", "HM*1**20", [], "names the parent '1'"),
        ("HL*3*1*22", "HM*3*1*22", ["P1"], "after a service line: its HL is lost"),
        ("CLM*P1", "C\x0cM*P1", ["P3"], "a part of a claim whose CLM is lost"),
        ("CLM*P1", "CLN*P1", ["P2", "P3"], "a part of a claim whose CLM is lost"),
        ("CLM*P2", "CLN*P2", ["P3"], "diagnoses after a service line: the start of a claim is lost"),
        ("SE*45*0001~\n", "", ["P1", "P2"], "the transaction ends without SE"),
        ("ST*837*0001*005010X222A1~\n", "", [], "a claim outside any subscriber"),
    ],
)
def test_damage_of_a_loop_refuses_the_claims_in_it(old: str, new: str, left: list[str], says: str) -> None:
    accepted, refused = ids(damaged(old, new))
    assert accepted == left
    assert any(says in each for each in refused), refused


def test_a_cut_never_changes_a_claim_that_is_accepted_and_loses_no_byte_of_one_refused() -> None:
    whole = {each.claim.id: each.claim for each in x12(PROFESSIONAL)[0]}
    for at in range(130, len(PROFESSIONAL)):
        data = PROFESSIONAL[:at]
        try:
            accepted, refused, _ = x12(data)
        except InputError as error:
            assert "X12 without an 837" in str(error) or "starts with" in str(error)
            continue
        assert all(whole[each.claim.id] == each.claim for each in accepted)
        assert all(each.record in data for each in refused)
        started = len([each for each in data.split(b"~") if each.strip(b"\r\n").startswith(b"CLM")])
        assert len(accepted) + len(refused) == started


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(PROFESSIONAL) - 1), st.integers(0, 7))
def test_a_flipped_bit_raises_nothing_but_a_refusal(at: int, bit: int) -> None:
    data = bytearray(PROFESSIONAL)
    data[at] ^= 1 << bit
    try:
        accepted, refused, _ = x12(bytes(data))
    except InputError:
        return
    assert 2 <= len(accepted) + len(refused) <= 3  # a terminator lost joins two claims, both in the one refused
    assert all(each.record in data for each in refused)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.integers(0, len(PROFESSIONAL)))
def test_bytes_of_any_kind_in_a_file_raise_nothing_but_a_refusal(noise: bytes, at: int) -> None:
    data = PROFESSIONAL[:at] + noise + PROFESSIONAL[at:]
    try:
        _, refused, _ = x12(data)
    except InputError:
        return
    assert all(each.record in data for each in refused)


# ---- tokens -------------------------------------------------------------------------------------

SEPARATORS = st.permutations("*~|^>'\x1c\x1d\x1f:+!").map(lambda each: each[:3])
FIELD = st.text(st.characters(min_codepoint=48, max_codepoint=90, exclude_characters=":>"), max_size=8)


def isa(element: str, component: str, end: str) -> str:
    fields = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "A".ljust(15), "ZZ", "B".ljust(15), "250101", "1200", "U"]
    return element.join([*fields, "00401", "000000001", "0", "T", component]) + end


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(SEPARATORS, st.lists(st.lists(FIELD, min_size=1, max_size=5), max_size=8)), min_size=1, max_size=4
    )
)
def test_segments_come_back_whole_whatever_the_delimiters(parts: list[tuple[list[str], list[list[str]]]]) -> None:
    text, segments = "", []
    for (element, component, end), rows in parts:
        own = [["GS", "HC"], *([f"Z{row[0]}", *row[1:]] for row in rows)]
        text += isa(element, component, end) + "".join(element.join(each) + end for each in own)
        segments += own
    blocks = list(Tokens(io.BytesIO(text.encode("latin-1")), "f"))
    joined = "".join("".join(each + block.delimiters.segment for each in block.parts) + block.tail for block in blocks)
    assert joined == text
    read = [each.split(block.delimiters.element) for block in blocks for each in block.parts]
    assert [each for each in read if each[0] != "ISA"] == segments


class Endless(io.RawIOBase):
    """An 837 in one line, made as it is read."""

    def __init__(self, claims: int) -> None:
        data = PROFESSIONAL.replace(b"\n", b"")
        start, stop = data.index(b"CLM*P2"), data.index(b"HL*3")
        self.pieces: Iterator[bytes] = iter([data[:start], *[data[start:stop] * 100] * (claims // 100), data[stop:]])
        self.rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self.rest) < size and (piece := next(self.pieces, b"")):
            self.rest += piece
        out, self.rest = self.rest[:size], self.rest[size:]
        return out


def test_one_long_line_is_read_in_flat_memory() -> None:
    peaks = []
    for claims in (15_000, 45_000):
        records = X12Records(Endless(claims), "f")  # type: ignore[arg-type]
        tracemalloc.start()
        assert sum(1 for _ in records) == claims + 2
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 4_000_000  # dates and amounts met before are remembered, up to a limit
    assert peaks[1] < 16_000_000


def test_a_segment_that_never_ends_is_refused() -> None:
    with pytest.raises(InputError, match="no segment ends within"):
        x12(PROFESSIONAL + b"A" * (4 << 20))
