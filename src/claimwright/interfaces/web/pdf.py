"""The report of a claim as a PDF to print: core fonts, so that it needs nothing that is not installed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from claimwright.errors import BookError
from claimwright.interfaces.render.report import by_remedy, kind_words

if TYPE_CHECKING:
    from claimwright.interfaces.web.bench import Bench, Spot
    from claimwright.model import Claim, Finding

_MARGIN = 18.0
_INK = {"error": (159, 29, 29), "warning": (122, 75, 0), "info": (29, 79, 135)}
_PLAIN = (27, 31, 29)
_GREY = (84, 92, 88)
_ALIKE = str.maketrans({
    "≥": ">=", "≤": "<=", "→": "->", "←": "<-", "≠": "!=", "\u2212": "-", "\u2010": "-", "\u2011": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\ufeff": "",
})  # fmt: skip


class _Text:
    """Text for fonts that hold the letters of Windows-1252: others are written alike, or as a question mark."""

    def __init__(self) -> None:
        self.lost: set[str] = set()

    def __call__(self, text: str) -> str:
        return "".join(map(self._letter, text.translate(_ALIKE).replace("\t", " ")))

    def _letter(self, letter: str) -> str:
        if letter == "\n" or (letter.isprintable() and _has(letter)):
            return letter
        alike = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
        if alike and alike != letter and all(each.isprintable() and _has(each) for each in alike):
            self.lost.add(letter)
            return alike
        self.lost.add(letter)
        return "?"


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def report_pdf(claim: Claim, bench: Bench) -> bytes:
    """The report, line by line with its proof, then grouping, scores and editions; no note is in it.

    Errors: `BookError` when the extra that makes PDFs is not installed.
    """
    try:
        from fpdf import FPDF
    except ImportError:
        raise BookError("PDF needs the package fpdf2: pip install 'claimwright[web]'") from None

    text = _Text()

    class Sheet(FPDF):
        def footer(self) -> None:
            self.set_y(-13)
            self.set_font("Helvetica", size=8)
            self.set_text_color(*_GREY)
            self.cell(0, 5, f"{self.page_no()}/{{nb}}", align="R")

    pdf = Sheet(format="Letter")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_margins(_MARGIN, 16, _MARGIN)
    pdf.set_auto_page_break(True, margin=18)
    pdf.set_title("Claim report")
    pdf.set_creator("claimwright")
    pdf.add_page()
    sheet = _Sheet(pdf, text)
    _head(sheet, claim, bench)
    for spot in bench.spots:
        _spot(sheet, spot)
    _groups(sheet, bench)
    _foot(sheet, bench)
    if text.lost:
        some = ", ".join(f"U+{ord(each):04X}" for each in sorted(text.lost)[:12])
        sheet.line(
            f"{len(text.lost)} kind(s) of letters are not in the fonts of this PDF and stand here as a plain letter "
            f"or a question mark ({some}); the JSON report has them as they are.", 8, ink=_GREY, above=3,
        )  # fmt: skip
    return bytes(pdf.output())


class _Sheet:
    """Writes wrapped lines one below the other."""

    def __init__(self, pdf: Any, text: _Text) -> None:
        self.pdf, self.text = pdf, text

    def line(
        self, said: str, size: float = 10, style: str = "", ink: tuple[int, int, int] = _PLAIN, indent: float = 0,
        above: float = 0,
    ) -> None:  # fmt: skip
        """One paragraph of `size` points, `indent` and `above` in millimetres; long words break."""
        pdf = self.pdf
        if above:
            pdf.ln(above)
        pdf.set_font("Helvetica", style=style, size=size)
        pdf.set_text_color(*ink)
        pdf.set_x(_MARGIN + indent)
        pdf.multi_cell(0, size * 0.48, self.text(said), align="L", new_x="LMARGIN", new_y="NEXT", wrapmode="WORD")

    def rule(self) -> None:
        """A thin line across the page."""
        pdf = self.pdf
        pdf.ln(1.5)
        pdf.set_draw_color(200, 205, 200)
        pdf.line(_MARGIN, pdf.get_y(), pdf.w - _MARGIN, pdf.get_y())
        pdf.ln(1.5)


def _head(sheet: _Sheet, claim: Claim, bench: Bench) -> None:
    report = bench.report
    sheet.line(f"Claim report{f': {claim.id}' if claim.id else ''}", 17, "B")
    counts = ", ".join(
        f"{number} {name}{'' if number == 1 or name == 'info' else 's'}" for name, number in bench.counts().items()
    )
    sheet.line(f"Verdict: {report.verdict.value.upper()} ({counts})", 12, "B", above=1)
    assumed = ", assumed: the claim states none" if report.date_assumed else ""
    patient = f"age {claim.patient.age}" if claim.patient.age is not None else "age not stated"
    payer = " ".join(filter(None, (claim.payer.id, claim.payer.state, claim.payer.mac)))
    parts = (f"{claim.setting.value}", f"date of service {report.date_of_service}{assumed}", patient,
             f"sex {claim.patient.sex}", f"payer {payer}" if payer else "")  # fmt: skip
    sheet.line("; ".join(filter(None, parts)), 10, ink=_GREY)


def _spot(sheet: _Sheet, spot: Spot) -> None:
    sheet.rule()
    name = f"{spot.kind.capitalize()} {spot.position or ''}".strip()
    title = f"  {spot.title}" if spot.title else ""
    sheet.line(f"{name}: {spot.code}{title}" if spot.code else "The claim as a whole", 11, "B")
    if spot.detail:
        sheet.line(spot.detail, 9, ink=_GREY)
    if not spot.shown:
        others = ", ".join(f"{each.finding.rule} at {each.finding.at[0].kind} {each.finding.at[0].position}"
                           for each in spot.also)  # fmt: skip
        sheet.line(f"See {others}." if others else "No finding.", 9, ink=_GREY)
    for each in spot.shown:
        _finding(sheet, each.finding)


def _finding(sheet: _Sheet, finding: Finding) -> None:
    places = ", ".join(f"{place.kind} {place.position}" for place in finding.at)
    head = f"{finding.severity.value.upper()}  {finding.rule} ({finding.code}), {finding.authority.value}; at {places}"
    sheet.line(head, 9.5, "B", _INK[finding.severity.value], 2, 1.5)
    sheet.line(finding.message, 10, indent=2)
    for each in finding.because:
        holder = f" {each.holder}" if each.holder else ""
        level = f" ({each.level})" if each.level else ""
        window = f"{each.starts or '...'} to {each.ends or 'open'}" if each.starts or each.ends else ""
        where = ", ".join(filter(None, (each.edition, window)))
        way = f"; inherited by {' < '.join(reversed(each.path))}" if len(each.path) > 1 else ""
        sheet.line(f"{kind_words(each.kind)}{holder}{level}: {each.text}", 9, indent=6, above=0.6)
        sheet.line(f"{where}{way}", 8, ink=_GREY, indent=6)
    sheet.line(f"Fix: {finding.fix.say}", 9.5, indent=2, above=0.6)
    if finding.fix.ask:
        sheet.line(f"Ask: {finding.fix.ask}", 9.5, "I", indent=2)


def _groups(sheet: _Sheet, bench: Bench) -> None:
    if bench.drg and bench.drg.drg:
        sheet.rule()
        sheet.line(f"MS-DRG {bench.drg.drg}  {bench.drg.title or ''}", 11, "B")
        sheet.line(f"{bench.drg.grouper.name} {bench.drg.grouper.version}", 9, ink=_GREY)
        for each in bench.drg.diagnoses:
            sheet.line(f"{each.code} ({each.severity}): {each.why}", 9, indent=2)
    if any(each.score is not None for each in bench.risk):
        sheet.rule()
        sheet.line("Risk scores, raw", 11, "B")
    for found in bench.risk:
        if found.score is not None:
            hccs = _joined(f"HCC {each.hcc} ({', '.join(each.codes)})" for each in found.hccs)
            sheet.line(f"{found.model} {found.year}: {found.score:.3f}; {hccs or 'nothing counts'}", 9, indent=2)
    for answer in bench.coverage.answers if bench.coverage else ():
        sheet.line(f"Coverage {answer.policy}: {answer.verdict.value}; {answer.why}", 9, above=1)


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _foot(sheet: _Sheet, bench: Bench) -> None:
    sheet.rule()
    for how, entries in by_remedy(bench.report.not_evaluated).items():
        lacking = ", ".join(f"{each.rule} (lacks {each.missing})" for each in entries)
        sheet.line(f"Not evaluated: {lacking}: {how}", 8.5)
    used = "; ".join(f"{each.table} {each.edition}, {each.starts} to {each.ends}" for each in bench.report.editions)
    sheet.line(f"Answered by {used}.", 8.5, ink=_GREY)
    sheet.line("The note of the claim is not printed here.", 8.5, ink=_GREY)
