"""HCPCS releases and fee schedules in the byte shape of CMS, with codes that cannot exist (Z0001, ZZ001).

Two HCPCS releases (2026 Jul, 2026 Oct), two fee schedules (2026 C, 2026 D) and two Addenda B (2026 Q3, Q4) stand
side by side.
"""

from __future__ import annotations

from pathlib import Path

from claimwright.book.home import Input, sha256
from claimwright.sources.pfs import COLUMNS

LEXICONS = Path(__file__).parents[1] / "lexicons"
SHIPPED = ("cpt-modifiers", "fee-status", "manual-rules", "modifier-rules", "ncci-modifiers", "opps-status")


def hcpcs_record(
    code: str, kind: str = "3", days: tuple[str, str, str] = ("20200101", "20200101", ""), references: str = ""
) -> str:
    """One record of 320 characters."""
    line = [" "] * 320
    start = {
        0: code.rjust(5), 5: "00100", 10: kind, 11: f"Made-up long words of {code}", 91: f"Made-up {code}",
        204: references, 229: "D", 256: "Z1A", 268: days[0], 276: days[1], 284: days[2], 292: "N",
    }  # fmt: skip
    for at, text in start.items():
        line[at : at + len(text)] = text
    return "".join(line)


MODIFIERS = (
    hcpcs_record("LT", "7"),
    hcpcs_record("RT", "7"),
    hcpcs_record("TC", "7"),
    hcpcs_record("ZZ", "7", ("20260801", "20260801", "20261115")),
    hcpcs_record("ZY", "7", ("20200101", "20200101", "20260720"), "ZZ"),
)
JULY = (
    *MODIFIERS,
    hcpcs_record("Z0001"),
    hcpcs_record("Z0002", days=("20200101", "20200101", "20260815"), references="Z0001ZZ001Z0004"),
    hcpcs_record("Z0003", days=("20260801", "20260801", "")),
    hcpcs_record("Z0004", days=("20200101", "20200101", "20260815")),
    hcpcs_record("Z0005", days=("20200101", "20200101", "20260930")),
)
OCTOBER = (
    *MODIFIERS,
    hcpcs_record("ZX", "7", ("20261001", "20261001", "")),
    hcpcs_record("Z0001"),
    hcpcs_record("Z0006", days=("20261001", "20261001", "")),
)


def hcpcs_bytes(records: tuple[str, ...]) -> bytes:
    """A release with its notice."""
    return ("***Disclaimers\r\n\r\n" + "".join(f"{each}\r\n" for each in records)).encode("cp1252")


def fee(code: str, modifier: str = "", status: str = "A", component: str = "1", bilateral: str = "1") -> str:
    """A row of the fee schedule."""
    return (
        f'{code},{modifier},"MADE-UP, SECRET WORDS",{status},,1.50,1.00,,2.00,NA,0.10,2.60,3.60,{component},010,0.1,'
        f"0.8,0.1,2,{bilateral},0,0,0,1,ZZ998,33.4009,09,0,99,0.00,0.00,0.00"
    )


def pfs_bytes(rows: tuple[str, ...], release: str) -> bytes:
    """A schedule, its header split over two rows as CMS does."""
    upper = [" ".join(name.upper().split()[:-1]) for name in COLUMNS]
    lower = [name.upper().split()[-1] for name in COLUMNS]
    title = f",,2026 National Physician Fee Schedule Relative Value File {release} Release"
    top = (title, ",,Made-up notice.", "," * 31, ",,RELEASED")
    return "\r\n".join((*top, ",".join(upper), ",".join(lower), *rows, "")).encode("cp1252")


FEES_JULY = (
    fee("ZZ001"),
    fee("ZZ001", "26"),
    fee("ZZ002", component="0", bilateral="2"),
    fee("ZZ003", status="I"),
    fee("ZZ004", status="D"),
    fee("ZZ005", component="6", bilateral="0"),
    fee("Z0001", component="9", bilateral="9"),
    fee("ZZ007", status="N"),
    fee("ZZ008", status="X"),
)
FEES_OCTOBER = (fee("ZZ001"), fee("ZZ006"), fee("ZZ007"), fee("ZZ008"))
OPPS_HEADER = "HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate,National Unadjusted Copayment,Minimum"


def opps_row(code: str, status: str) -> str:
    """A row of Addendum B without money."""
    return f"{code},SECRET WORDS,{status},,,,,,,"


def opps_bytes(rows: tuple[str, ...]) -> bytes:
    """An Addendum B with its title."""
    title = "Addendum B.-Final OPPS Payment by HCPCS Code for CY 2026,,,,,,,,,"
    return "\r\n".join((title, f"{OPPS_HEADER} Unadjusted Copayment,Note,* Indicates a Change", *rows, "")).encode(
        "cp1252"
    )


OPPS_JULY = (opps_row("ZZ001", "S"), opps_row("Z0001", "E1"), opps_row("ZZ007", "E1"), opps_row("ZZ002", "E2"))
OPPS_OCTOBER = (opps_row("ZZ001", "S"), opps_row("Z0001", "N"), opps_row("ZZ007", "S"))


def inputs(folder: Path) -> list[Input]:
    """Both releases, both schedules, and the lexicons that go with them."""
    files = (
        ("hcpcs", "HCPC2026_JUL_ANWEB.txt", hcpcs_bytes(JULY)),
        ("hcpcs", "HCPC2026_OCT_ANWEB.txt", hcpcs_bytes(OCTOBER)),
        ("pfs", "PPRRVU2026_Jul_nonQPP.csv", pfs_bytes(FEES_JULY, "July")),
        ("pfs", "PPRRVU2026_Oct_nonQPP.csv", pfs_bytes(FEES_OCTOBER, "October")),
        ("opps", "2026_July_Web_Addendum_B.csv", opps_bytes(OPPS_JULY)),
        ("opps", "2026_October_Web_Addendum_B.csv", opps_bytes(OPPS_OCTOBER)),
    )
    out = [lexicon(name) for name in SHIPPED]
    for table, name, data in files:
        place = folder / name
        place.write_bytes(data)
        out.append(Input(table, place, sha256(place), "added by the user", "made up", "", "2026-11-21"))
    return out


def lexicon(name: str) -> Input:
    """A shipped lexicon as an input of a small book."""
    place = LEXICONS / f"{name}.yaml"
    return Input("lexicons", place, sha256(place), "claimwright", "Apache-2.0")
