"""The Medicare Coverage Database at its size: 2,000 made-up articles of 500 codes each, imported and asked."""

from __future__ import annotations

import csv
import io
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.processes import COMMAND, Differs, run, worker

MANY = 1000
"""Articles that name one service."""

HTML = '<p>Made-up paragraph of "some" length,\r\nwith lines.</p>' * 20


def write_export(folder: str, articles: int, codes: int) -> dict[str, Any]:
    """An export of articles with as many diagnosis codes each; services are ZZ001 to ZZ999.

    The first thousand articles name ZZ000 as well.
    """
    ids, keys = ("article_id", "article_version"), ("contractor_id", "contractor_type_id", "contractor_version")
    day = "2026-01-01 00:00:00"
    listed = [f"{letter}{n:02}.{m}" for letter in "ABCDEFGHIJKLMN" for n in range(100) for m in range(10)]
    numbers = range(50_000, 50_000 + articles)
    group = ("paragraph", "icd10_covered_ast")
    tables: dict[str, tuple[Sequence[str], Any]] = {
        "article": (
            (*ids, "title", "status", "display_id", "article_type", "article_eff_date", "article_pub_date",
             "article_rev_end_date", "article_end_date", "date_retired", "description"),
            ((n, 1, f"Made-up {n}", "A", "", 6, day, day, "", "", "", HTML) for n in numbers),
        ),
        "article_x_icd10_covered": (
            (*ids, "icd10_code_id", "icd10_covered_group", "range", "asterisk", "sort_order", "description"),
            (
                (n, 1, listed[(n * 37 + m * 23) % len(listed)], 1 + m % 4, "", "", m, "Made-up description of a code")
                for n in numbers
                for m in range(codes)
            ),
        ),
        "article_x_icd10_noncovered": ((*ids, "icd10_code_id", "icd10_noncovered_group", "range"), ()),
        "article_x_hcpc_code": (
            (*ids, "hcpc_code_id", "hcpc_code_group", "range", "long_description"),
            (
                (n, 1, "ZZ000" if m < 0 else f"ZZ{1 + (n * 7 + m) % 999:03}", 1, "", "Made-up")
                for n in numbers
                for m in range(-1 if n < numbers[0] + MANY else 0, 10)
            ),
        ),
        "article_x_hcpc_code_group": ((*ids, "hcpc_code_group", "paragraph"), ()),
        "article_x_icd10_covered_group": (
            (*ids, "icd10_covered_group", *group),
            ((n, 1, m, HTML * (m % 3 > 0), "") for n in numbers for m in range(1, 5)),
        ),
        "article_x_icd10_noncovered_group": ((*ids, "icd10_noncovered_group", "paragraph"), ()),
        "article_x_contractor": ((*ids, *keys), ((n, 1, n % 12, 1, 1) for n in numbers)),
        "article_related_documents": ((*ids, "r_article_id", "r_lcd_id"), ((n, 1, "", n - 20_000) for n in numbers)),
        "article_related_ncd_documents": ((*ids, "r_ncd_id"), ((n, 1, 0) for n in numbers)),
        "contractor": ((*keys, "contractor_bus_name"), ((n, 1, 1, f"Made-up carrier {n}") for n in range(12))),
        "contractor_jurisdiction": (
            (*keys, "state_id", "active_date", "term_date"), ((n % 12, 1, 1, n, day, "") for n in range(50)),
        ),
        "state_lookup": (("state_id", "state_abbrev", "description"), ((n, f"S{n}", f"State {n}") for n in range(50))),
        "update_period": (("period_id", "dis_end_date"), ((1, "2026-09-03 00:00:00"),)),
    }  # fmt: skip
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (columns, rows) in tables.items():
            stream = io.StringIO(newline="")
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
            writer.writerow(columns)
            writer.writerows(rows)
            archive.writestr(f"{name}.csv", stream.getvalue().encode("utf-8-sig"))
    with zipfile.ZipFile(Path(folder) / "current_article.zip", "w") as archive:
        archive.writestr("current_article_csv.zip", inner.getvalue())
    return {"bytes": len(inner.getvalue())}


def mcd_asked(times: int) -> dict[str, Any]:
    """Wall seconds of one question (documents of a service in a state, and what each lists), and how many answers."""
    from datetime import date

    import claimwright
    from claimwright.book.mcd import documents_for, listing

    book, day = claimwright.open_book(), date(2026, 7, 15)
    begun, answers = time.perf_counter(), 0
    for number in range(times):
        found = documents_for(book, f"ZZ{1 + number * 13 % 999:03}", f"S{number % 50}", day=day)
        answers += sum(listing(book, each, "C04.5").state != "" for each in found)
    return {"seconds": (time.perf_counter() - begun) / times, "answers": answers}


def mcd_covered(times: int) -> dict[str, Any]:
    """Seconds of `cover` for a claim to Medicare without a state: the first time, and each time after; answers."""
    from datetime import date

    from claimwright.engine import Engine

    engine, day = Engine(), date(2026, 7, 15)
    seconds, answers = [], 0
    for number in range(times + 1):
        claim = {
            "setting": "professional", "service_from": day.isoformat(), "payer": {"id": "medicare"},
            "diagnoses": [f"C{number % 60:02}.5", "G25.3"], "lines": [{"code": "ZZ000"}],
        }  # fmt: skip
        begun = time.perf_counter()
        answers = len(engine.cover(claim).answers)
        seconds.append(time.perf_counter() - begun)
    return {"first": seconds[0], "later": sum(seconds[1:]) / times, "answers": answers}


def mcd(articles: int, codes: int, times: int) -> Iterator[Figure]:
    """Import of one export, and questions to it."""
    with tempfile.TemporaryDirectory() as folder:
        made = run([worker("write_export", folder=folder, articles=articles, codes=codes)])[0].answer
        home = {"CLAIMWRIGHT_HOME": str(Path(folder) / "home")}
        (before,) = run([(*COMMAND, "data", "build")], home)
        file = str(Path(folder) / "current_article.zip")
        (added,) = run([(*COMMAND, "data", "add", "mcd", file, "--accept-licence")], home)
        if before.code or added.code:
            raise Differs("the export could not be added")
        section = f"coverage database, {articles:,} articles of {codes} codes"
        zipped = f"{made['bytes'] / 1e6:.0f} MB zip"
        note = f"with the whole book, {zipped}, CPU {added.cpu:.1f} s; the book alone CPU {before.cpu:.1f} s"
        yield Figure(section, "data add mcd", added.wall, "s", note=note)
        yield Figure(section, "data add mcd", added.peak, "MB")
        asked = run([worker("mcd_asked", times=times)], home)[0].answer
        note = f"documents of a service in a state and their listings; {asked['answers'] / times:.1f} a question"
        yield Figure(section, "one question, warm", 1000 * asked["seconds"], "ms", note=note)
        covered = run([worker("mcd_covered", times=max(3, times // 20))], home)[0].answer
        number = covered["answers"]
        if number != min(MANY, articles):
            raise Differs("not every imported article answers")
        note = f"{number:,} articles answer each claim; the first claim reads their lists"
        yield Figure(section, "cover, answers", number / covered["later"], "/s", note=note)
        yield Figure(section, "cover, first claim", 1000 * covered["first"], "ms", note=note)
        words = ("cover", "--procedure", "ZZ013", "--diagnosis", "C04.5", "--payer", "medicare", "--json")
        walls = sorted(each.wall for each in run([(*COMMAND, *words, "--date", "2026-07-15")] * 5, home))
        yield Figure(section, "cover, one process, median", 1000 * walls[2], "ms")
