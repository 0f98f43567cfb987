"""X12 835 remittances: reasons and remarks by claim and line; nothing lost."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwright.claims.readers import Reject
from claimwright.claims.remits import Adjustment, ProviderAdjustment, Remit, RemitLine, RemitRecords, read_remits
from claimwright.errors import InputError
from tests.claim_files import FOLDER, PROFESSIONAL

REMITTANCE = (FOLDER / "remittance.835").read_bytes()


def read(data: bytes) -> tuple[list[Remit], list[Reject], RemitRecords]:
    records = RemitRecords(io.BytesIO(data), "f")
    found = list(records)
    counts = records.counts
    kinds = ("segments used", "segments kept", "segments rejected")
    assert counts["segments"] == sum(counts[each] for each in kinds)
    return [each for each in found if isinstance(each, Remit)], [e for e in found if isinstance(e, Reject)], records


def test_a_remittance_with_reasons_and_remarks_of_claim_and_lines() -> None:
    (first, second), refused, records = read(REMITTANCE)
    assert not refused and not records.notes
    assert first == Remit(
        claim="P1",
        status="1",
        charge=250.0,
        paid=120.0,
        place="f: segment 9",
        patient_owes=30.0,
        filing="MB",
        control="CONTROL1",
        facility="11",
        frequency="1",
        service_from=date(2025, 1, 15),
        service_to=date(2025, 1, 16),
        payer="SOME PLAN",
        check="CHECK9",
        paid_on=date(2025, 2, 21),
        adjustments=(Adjustment("PR", "1", 30.0),),
        remarks=("MA01", "N2"),
        lines=(
            RemitLine(
                "J1885", ("JW",), 100.0, 20.0, 2, None, None, date(2025, 1, 15), "P1-1",
                (Adjustment("CO", "45", 50.0, 1.0), Adjustment("CO", "97", 30.0)), ("N19",),
            ),
            RemitLine(
                "G0008", (), 150.0, 100.0, 1, None, None, date(2025, 1, 16), None, (Adjustment("CO", "45", 20.0),)
            ),
        ),
    )  # fmt: skip
    assert (second.claim, second.status, second.lines[0].adjustments[0].reason) == ("P2", "4", "236")
    assert records.provider == [ProviderAdjustment("1111111112", date(2025, 12, 31), "WO", "XYZ", 15.5)]
    assert records.kept == {"NM1": 1, "N1": 1}


def test_what_does_not_add_up_is_told_not_refused() -> None:
    (first, second), _, _ = read(REMITTANCE)
    assert (first.off_balance, first.lines[0].off_balance, first.lines[1].off_balance) == (0.0, 0.0, 30.0)
    assert (second.off_balance, second.lines[0].off_balance) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("CLP*P1*1*250", "CLP*P1*1*2S0", "segment 9: charge: '2S0' is not a number"),
        ("SVC*HC:J1885:JW*100", "SVC*HC:J1885:JW*1\x01", "segment 13: charge: '1\\x01' is not a number"),
        ("DTM*472*20250115", "DTM*472*20251315", "segment 14: date 472: '20251315' is not a date"),
        ("CO*45*50", "CO*45*x", "segment 15: adjustment: 'x' is not a number"),
        ("LQ*HE", "L?*HE", "segment 17: begins with 'L?', which is no segment"),
    ],
)
def test_a_damaged_claim_is_refused_alone(old: str, new: str, says: str) -> None:
    data = REMITTANCE.replace(old.encode(), new.encode(), 1)
    accepted, (one,), _ = read(data)
    assert [each.claim for each in accepted] == ["P2"]
    assert says in str(one.error)
    assert one.record == data[data.index(b"\nCLP*P1") : data.index(b"\nCLP*P2")]


def test_every_cut_refuses_the_last_claim_and_keeps_the_others() -> None:
    whole = {each.claim: each for each in read(REMITTANCE)[0]}
    for at in range(REMITTANCE.index(b"CLP*P1") + 3, REMITTANCE.index(b"SE*24")):
        accepted, refused, _ = read(REMITTANCE[:at])
        assert all(whole[each.claim] == each for each in accepted)
        assert all(each.record in REMITTANCE for each in refused)
        assert len(accepted) + len(refused) == REMITTANCE[:at].count(b"CLP")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(REMITTANCE) - 1), st.integers(0, 7))
def test_a_flipped_bit_raises_nothing_but_a_refusal(at: int, bit: int) -> None:
    data = bytearray(REMITTANCE)
    data[at] ^= 1 << bit
    try:
        _, refused, _ = read(bytes(data))
    except InputError:
        return
    assert all(each.record in data for each in refused)


def test_a_file_of_remittances_is_read_to_lists(tmp_path: Path) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(REMITTANCE.replace(b"CO*236*9", b"CO*236*nine"))
    remits, rejects, records = read_remits(path, "skip")
    assert ([each.claim for each in remits], len(rejects), records.counts["segments rejected"]) == (["P1"], 1, 4)
    with pytest.raises(InputError, match="segment 24: adjustment: 'nine' is not a number"):
        read_remits(path)
    path.write_bytes(PROFESSIONAL)
    with pytest.raises(InputError, match="X12 without an 835: it holds 837"):
        read_remits(path)
