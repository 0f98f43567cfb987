"""Every table that can be added, as a made-up file in the byte shape of CMS, and the same as a workbook."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimwright.sources import hcpcs, ncci_aoc, ncci_mue, ncci_ptp, opps, pfs
from tests.test_hcpcs import NAME as HCPCS_NAME
from tests.test_hcpcs import PFS_NAME, fee, pfs_bytes
from tests.test_hcpcs import text as hcpcs_bytes
from tests.test_ncci import AOC_NAME, MUE_NAME, PTP_NAME, aoc_bytes, mue_bytes, ptp_bytes

OPPS_NAME = "2026_July_Web_Addendum_B.07012026.csv"
OPPS_HEADER = (
    "HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate,National Unadjusted Copayment,"
    '"Minimum Unadjusted Copayment",IRA Coinsurance percentage,Adjusted Beneficiary Copayment,'
    '"Note: a made-up note, with a comma",* Indicates a Change\r\n'
)
OPPS_ROWS = (
    'ZZ001,SECRET WORDS,J1,5012,  12.3456 ,"$1,234.50 ",.,"$246.90 ",,,,\r\n',
    "Z0001\xa0,Made-up supply,N,,,,,,,,,*\r\n",
    "Z0002\xff,Made-up drug,K,9999,,$0.125,,$0.03,12.5%,$0.01,capped,\r\n",
    "D0001,Dental,E1,,,,,,,,,\r\n",
    "ZZ002,SECRET WORDS,Q1,5733,0.7000,$60.06,.,$12.02,,,,\r\n",
)


def opps_bytes(rows: Sequence[str] = OPPS_ROWS, header: str = OPPS_HEADER, year: int = 2026) -> bytes:
    title = f"Addendum B.-Final OPPS Payment by HCPCS Code for CY {year},,,,,,,,,,,\r\n"
    notice = "Made-up notice of an owner\xae.,,,,,,,,,,,\r\n,,,,,,,,,,,\r\n"
    return (title + notice + header + "".join(rows)).encode("cp1252")


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    """An Excel workbook with these rows in its first sheet."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.create_sheet("another").append(["not read"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_workbook(data: bytes, separator: str) -> bytes:
    """A text as the workbook of the same cells."""
    import csv

    text = data.decode("cp1252").replace("\x00", "")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return workbook([[cell or None for cell in row] for row in rows])


def hcpcs_workbook() -> bytes:
    """The same codes as `hcpcs_bytes`, a row a code, seven rows of notices before the header."""
    places = {"add dt": (268, 276), "act eff dt": (276, 284), "term dt": (284, 292), "action cd": (292, 293)}
    rows: list[list[Any]] = [["***Disclaimers"], [], ["*Made-up notice.\xa0"], [], ["x"], ["\xa0y"], []]
    rows.append([name.upper() for name in hcpcs.COLUMNS])
    for line in hcpcs_bytes().decode("cp1252").splitlines()[3:]:
        if line[10] in "48":
            rows[-1][3] = f"{rows[-1][3]} {line[11:91].strip()}"
            continue
        cell = {"hcpc": line[:5], "seqnum": line[5:9], "recid": line[10], "long description": line[11:91].strip()}
        cell |= {"short description": line[91:119].strip(), "xref1": line[204:209], "cov": line[229]}
        cell |= {"betos": line[256:259], **{name: line[a:b].strip() for name, (a, b) in places.items()}}
        rows.append([cell.get(name) or None for name in hcpcs.COLUMNS])
    return workbook(rows)


@dataclass(frozen=True, slots=True)
class Importer:
    """One table: a good file, what reads it, and the same table as a workbook."""

    table: str
    name: str
    data: bytes
    read: Callable[[Path], Any]
    sheet: Callable[[], bytes]
    wrong_quarter: str
    """The name of a file of another quarter, or of no quarter at all."""

    @property
    def sheet_name(self) -> str:
        return str(Path(self.name).with_suffix(".xlsx"))


PFS = pfs_bytes((fee("ZZ001"), fee("ZZ001", "26"), fee("ZZ002")))
IMPORTERS = (
    Importer(
        "ncci-ptp", PTP_NAME, ptp_bytes(), ncci_ptp.read, lambda: as_workbook(ptp_bytes(), "\t"), "ccipra-v312r0-f1.txt"
    ),
    Importer(
        "ncci-mue", MUE_NAME, mue_bytes(), ncci_mue.read, lambda: as_workbook(mue_bytes(), ","),
        "MCR_MUE_PractitionerServices_Eff_13-01-2026.csv",
    ),
    Importer(
        "ncci-aoc", AOC_NAME, aoc_bytes(), ncci_aoc.read, lambda: as_workbook(aoc_bytes(), "\t"), "AOC_V2026Q5.txt"
    ),
    Importer("hcpcs", HCPCS_NAME, hcpcs_bytes(), hcpcs.read, hcpcs_workbook, "HCPC_OCT_ANWEB.txt"),
    Importer("pfs", PFS_NAME, PFS, pfs.read, lambda: as_workbook(PFS, ","), ""),
    Importer(
        "opps", OPPS_NAME, opps_bytes(), opps.read, lambda: as_workbook(opps_bytes(), ","),
        "2025_July_Web_Addendum_B.csv",
    ),
)  # fmt: skip
