"""Exports of the Medicare Coverage Database in the byte shape of CMS, made up: services are ZZ001 to ZZ999."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

Rows = Sequence[Sequence[object]]

STATES = (
    (1, "WI", "Wisconsin"), (2, "IL", "Illinois"), (41, "NY", "New York - Entire State"),
    (63, "DN", "New York - Downstate"), (65, "UN", "New York - Upstate"), (66, "NF", "California - Northern"),
    (6, "CA", "California - Entire State"),
)  # fmt: skip
CONTRACTORS = (
    (10, 1, 2, "Made-up Services, Inc."),
    (11, 1, 1, "Other Made-up Carrier"),
    (12, 2, 1, "Equipment Carrier"),
)
SERVED = (
    (10, 1, 2, 1, "2010-01-01 00:00:00", ""), (10, 1, 2, 63, "2010-01-01 00:00:00", ""),
    (10, 1, 2, 2, "2010-01-01 00:00:00", "2026-06-30 00:00:00"), (11, 1, 1, 41, "", ""), (12, 2, 1, 66, "", ""),
)  # fmt: skip
HTML = '<p>Group 1 &amp;nbsp; Paragraph:</p>\r\n<p>Only with "a second" diagnosis,\n<b>always</b></p>'

ARTICLE = ("article_id", "article_version", "article_type", "title", "article_pub_date", "article_eff_date",
           "article_end_date", "description", "status", "last_updated", "article_rev_end_date", "date_retired",
           "display_id", "reference_article")  # fmt: skip
LCD = ("lcd_id", "lcd_version", "title", "orig_det_eff_date", "ent_det_end_date", "rev_eff_date", "rev_end_date",
       "indication", "status", "display_id", "date_retired")  # fmt: skip
NCD = ("NCD_id", "NCD_vrsn_num", "NCD_mnl_sect", "NCD_mnl_sect_title", "NCD_efctv_dt", "NCD_impltn_dt",
       "NCD_trmntn_dt", "itm_srvc_desc")  # fmt: skip


def article(
    number: int, version: int, starts: str, ends: str = "", title: str = "Made-up article", draft: str = ""
) -> tuple[object, ...]:
    day = f"{starts} 00:00:00" if starts else ""
    text = f'<p>A "description", with\r\nlines{"." * 140_000 if version == 3 else ""}</p>'
    return (number, version, 6, title, "2020-01-01 00:00:00", day, "", text, "A", "2026-08-01 10:11:12",
            f"{ends} 00:00:00" if ends else "", "", draft, "N")  # fmt: skip


def table(columns: Sequence[str], rows: Rows, encoding: str = "utf-8-sig") -> bytes:
    """A table as CMS writes it: every cell quoted, quotes doubled, lines ended by CRLF."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)


def common() -> dict[str, bytes]:
    keys = ("contractor_id", "contractor_type_id", "contractor_version")
    return {
        "contractor.csv": table((*keys, "contractor_bus_name", "city"), [(*row, "x") for row in CONTRACTORS]),
        "contractor_jurisdiction.csv": table((*keys, "state_id", "active_date", "term_date"), SERVED),
        "state_lookup.csv": table(("state_id", "state_abbrev", "description"), STATES),
        "update_period.csv": table(
            ("period_id", "begin_date", "dis_end_date"),
            [(1, "2026-08-27 00:00:00", "2026-09-03 00:00:00"), (0, "2026-08-20 00:00:00", "2026-08-27 00:00:00")],
        ),
    }


DOCUMENTS = (
    article(54001, 3, "2024-01-01", "2026-03-31"),
    article(54001, 4, "2026-04-01"),
    article(54002, 1, "2026-01-01", title="Another <i>article</i> \xe9"),
    article(54003, 1, ""),
    article(54009, 1, "2026-01-01", draft="DA54009"),
)


def articles(documents: Rows = DOCUMENTS) -> dict[str, bytes]:
    """Tables of an export of articles."""
    ids = ("article_id", "article_version")
    covered = [
        # id, version, code, group, range, asterisk
        (54001, 3, "R25.2", 1, "", ""), (54001, 4, "R25.2", 1, "", ""), (54001, 4, "R25.2", 2, "", "N"),
        (54001, 4, "G25.0", 2, "", "Y"), (54001, 4, "G56.00", 3, "B", ""), (54001, 4, "G56.03", 3, "E", ""),
        (54001, 4, "M62.81", 3, "B", ""), (54001, 4, "M62.82", 3, "M", ""), (54001, 4, "M62.89", 3, "E", ""),
        (54001, 4, "R29.6", 3, "", ""), (54001, 4, "XX000", 9, "", ""), (54009, 1, "R25.1", 1, "", ""),
    ]  # fmt: skip
    noncovered = [(54001, 4, "Z00.00", 1, ""), (54001, 4, "R29.6", 1, ""), (54002, 1, "R25.3", 1, "")]
    services = [
        (54001, 3, "ZZ001", 1, "", "SECRET WORDS"), (54001, 4, "ZZ001", 1, "", "SECRET WORDS"),
        (54001, 4, "ZZ002", 2, "", "SECRET"), (54002, 1, "ZZ001", 1, "", "SECRET"),
        (54003, 1, "ZZ003", 1, "", "SECRET"),
        (54001, 4, "ZZ010", 3, "B", "SECRET"), (54001, 4, "ZZ019", 3, "E", "SECRET"),
    ]  # fmt: skip
    said = [
        (54001, 4, 1, HTML, ""), (54001, 4, 2, "<p>&nbsp;</p>", "<p>Starred: with another.</p>"),
        (54001, 4, 3, "N/A", ""), (54001, 3, 1, "", ""),
    ]  # fmt: skip
    serving = [(54001, 3, 10, 1, 2), (54001, 4, 10, 1, 2), (54002, 1, 11, 1, 1), (54003, 1, 12, 2, 1)]
    return {
        "article.csv": table(ARTICLE, documents),
        "article_future_retire.csv": table(("article_id", "retire_dt"), [(54002, "2026-10-31 00:00:00")]),
        "article_x_icd10_covered.csv": table(
            (*ids, "icd10_code_id", "icd10_covered_group", "range", "asterisk", "sort_order", "description"),
            [(*row, n, "Made-up") for n, row in enumerate(covered)],
        ),
        "article_x_icd10_noncovered.csv": table((*ids, "icd10_code_id", "icd10_noncovered_group", "range"), noncovered),
        "article_x_hcpc_code.csv": table(
            (*ids, "hcpc_code_id", "hcpc_code_group", "range", "long_description"), services
        ),
        "article_x_hcpc_code_group.csv": table((*ids, "hcpc_code_group", "paragraph"), [(54001, 4, 2, "<p>Prose</p>")]),
        "article_x_icd10_covered_group.csv": table(
            (*ids, "icd10_covered_group", "paragraph", "icd10_covered_ast"), said
        ),
        "article_x_icd10_noncovered_group.csv": table((*ids, "icd10_noncovered_group", "paragraph"), []),
        "article_x_contractor.csv": table((*ids, "contractor_id", "contractor_type_id", "contractor_version"), serving),
        "article_related_documents.csv": table(
            (*ids, "r_article_id", "r_lcd_id"), [(54001, 4, 54002, 34001), (54001, 4, "", 0), (54001, 4, 54001, "")]
        ),
        "article_related_ncd_documents.csv": table((*ids, "r_ncd_id"), [(54001, 4, 0), (54001, 4, 77)]),
        **common(),
    }


def lcds() -> dict[str, bytes]:
    ids = ("lcd_id", "lcd_version")
    day = " 00:00:00"
    documents = [
        (34001, 7, "Made-up LCD", f"2015-10-01{day}", "", f"2026-02-01{day}", "", HTML, "A", "", ""),
        (34002, 2, "Retired", f"2015-10-01{day}", "", "", "", "", "R", "", f"2026-05-31{day}"),
        (34003, 1, "Proposed", f"2026-10-01{day}", "", "", "", "", "P", "DL34003", ""),
    ]
    return {
        "lcd.csv": table(LCD, documents, "cp1252"),
        "lcd_x_hcpc_code.csv": table(
            (*ids, "hcpc_code_id", "hcpc_code_group", "range", "short_description"),
            [(34001, 7, "ZZ001", 1, "", "SECRET"), (34002, 2, "ZZ001", 1, "", "SECRET")],
        ),
        "lcd_x_hcpc_code_group.csv": table((*ids, "hcpc_code_group", "paragraph"), []),
        "lcd_x_contractor.csv": table(
            (*ids, "contractor_id", "contractor_type_id", "contractor_version"),
            [(34001, 7, 10, 1, 2), (34002, 2, 10, 1, 2)],
        ),
        "lcd_related_documents.csv": table((*ids, "r_article_id", "r_lcd_id"), [(34001, 7, 54002, "")]),
        "lcd_related_ncd_documents.csv": table((*ids, "r_ncd_id"), [(34001, 7, 0)]),
        **common(),
    }  # fmt: skip


def ncds() -> dict[str, bytes]:
    rows = [
        (77, 1, "160.99", "Made-up determination", "2000-01-01 00:00:00", "", "2025-12-31 00:00:00", HTML),
        (77, 2, "160.99", "Made-up determination", "2026-01-01 00:00:00", "2026-02-01 00:00:00", "", HTML),
    ]
    return {"ncd_trkg.csv": table(NCD, rows, "utf-8"), "ncd_pblctn_ref.csv": table(("pblctn_cd",), [(1,)])}


def zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def export(folder: Path, name: str, tables: Mapping[str, bytes]) -> Path:
    """An export as downloaded: a zip of an Access file and of the zip of the tables."""
    place = folder / f"{name}.zip"
    place.write_bytes(zipped({f"{name}.mdb": b"not read", f"{name}_csv.zip": zipped(tables), "readme.pdf": b"%PDF"}))
    return place
