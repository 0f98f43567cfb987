"""NCCI tables of 2026 Q3 in the byte shape of CMS, with codes that cannot exist (ZZ001 to ZZ999)."""

from __future__ import annotations

from pathlib import Path

from claimwright.book.home import Input, sha256

_MUE = (
    '"Notice of a made-up owner\xae.\r\n\r\nOf several lines.",,,\r\n'
    '"HCPCS/\r\nCPT Code",{} Services MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n'
)
_MUE_ROWS = (
    "ZZ001,2,1 Line Edit,Made-up reason",
    "ZZ002,4,2 Date of Service Edit: Policy,Made-up reason",
    "ZZ003,4,3 Date of Service Edit: Clinical,Made-up reason",
    "ZZ004,0,2 Date of Service Edit: Policy,Made-up reason",
)
_AOC = (
    "Add-On Code\tPrimary Code\tAOC Del Dt\tPrimary Code Del Dt\tAOC Edit Eff Dt\tAOC Edit Del Dt\tAOC Edit Type\t"
    "Special Instruction/Notes\r\n"
)
_AOC_ROWS = (
    "ZZ010\tZZ001\t\t\t2013001\t\t1\t",
    "ZZ010\tZZ002\t\t\t2013001\t2026196\t1\t",
    "ZZ011\tCCCCC\t\t\t2013001\t\t2\t",
    "ZZ012\tCCCCC\t\t\t2013001\t\t3\t",
    "ZZ012\tZZ003\t\t\t2013001\t\t3\t",
    "ZZ013\tZZ001\t\t\t2026196\t\t1\t",
)


_PTP = (
    "Notice of a made-up owner.\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
_PTP_ROWS = (
    "ZZ020\tZZ021\t\t20260715\t20260831\t0\tMade-up reason",
    "ZZ020\tZZ022\t\t20200101\t*\t1\tOther made-up reason",
    "ZZ020\tZZ023\t\t20260702\t20260702\t9\tMade-up reason",
    "ZZ024\tZZ025\t\t20260801\t20260815\t1\tMade-up reason",
)
_PTP_OTHER = ("ZZ900\tZZ901\t\t20200101\t*\t0\tMade-up reason",)


def inputs(folder: Path) -> list[Input]:
    """PTP for practitioners, MUE of both settings (the hospital's allows one unit of ZZ002), add-on codes."""
    practitioner = (_MUE.format("Practitioner") + "\r\n".join(_MUE_ROWS)).encode("latin-1")
    hospital = (_MUE.format("Outpatient Hospital") + "ZZ002,1,3 Date of Service Edit: Clinical,Made-up reason").encode(
        "latin-1"
    )
    ptp = tuple(
        ("ncci-ptp", f"ccipra-v322r0-f{part}.txt", (_PTP + "".join(f"{row}\r\n" for row in rows)).encode("latin-1"))
        for part, rows in enumerate((_PTP_ROWS, _PTP_OTHER, _PTP_OTHER, _PTP_OTHER), start=1)
    )
    files = (
        *ptp,
        ("ncci-mue", "MCR_MUE_PractitionerServices_Eff_07-01-2026.csv", practitioner),
        ("ncci-mue", "MCR_MUE_OutpatientHospitalServices_Eff_07-01-2026.csv", hospital),
        ("ncci-aoc", "AOC_V2026Q3-F-MCR.txt", (_AOC + "\r\n".join(_AOC_ROWS)).encode("latin-1")),
    )
    modifiers = Path(__file__).parents[1] / "lexicons" / "ncci-modifiers.yaml"
    out = [Input("lexicons", modifiers, sha256(modifiers), "claimwright", "Apache-2.0")]
    for table, name, data in files:
        place = folder / name
        place.write_bytes(data)
        out.append(Input(table, place, sha256(place), "added by the user", "made up", "", "2026-11-21"))
    return out
