"""DC103 more-specific-code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimwright.edits.documented import Documented, noted
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Because, Candidate, Finding, Fix, NotEvaluated, Severity, dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.index_store import Document
    from claimwright.book.store import Book
    from claimwright.edits.alternatives import Alternative
    from claimwright.edits.noted import Noted

INDEX = "icd10cm-index"


def _closer(told: Noted) -> Iterator[tuple[int, int]]:
    """Diagnoses for which the note's words lead to another code."""
    for index in told.diagnoses:
        if told.closer(index) is not None:
            yield index, -1


@rule(
    "DC103",
    relation=Documented(_closer),
    severity=Severity.WARNING,
    authority=Authority.OFFICIAL_NOTE,
    in_force=since("2015-10-01"),
    cites=("icd10cm-guidelines:I.B.2", "icd10cm-guidelines:I.B.18"),
)
def more_specific_code(hit: Hit) -> Finding | None:
    """The note says more of a condition than the reported code does, or names another code for it.

    ## What it checks
    Claims that bring their note. For each reported code that the note speaks of: codes of its family whose
    titles add a side, stage, course or manifestation that the note states beside the condition; codes that a
    longer mention names in full; and codes with a word that the note only paraphrases, which is a question.
    An unspecified code stays right where the record cannot tell: if the note states nothing of a stage,
    severity or trimester, that is said for information. Sides are the matter of `unspecified-side`.

    ## Why it matters
    Codes are reported to the highest level of specificity documented. A code that says less than the note
    invites a query; one that says more has to be asked for, never assumed.

    ## Example
    M25.579 (pain in unspecified ankle) where the note says "right ankle pain".

    ## How to fix
    Report the code that the note states. Where the note only comes near it, ask the provider.
    """
    told = noted(hit)
    found = told.closer(hit.left.index)
    if found is None:
        return None
    codes = tuple(dotted(code) for code in found.codes)
    named = " or ".join(f"{code} ({title})" for code, title in zip(codes, found.titles, strict=True))
    said = f"the note says {found.span.text!r}"
    proof = [told.because(found.span, found.section), *(_title(hit, code, title) for code, title in _pairs(found))]
    if found.kind == "open":
        return _left_open(hit, found, codes)
    if found.kind == "axis":
        return hit.finding(
            f"{hit.left.named} leaves open what the note states: {said}; {named} says so",
            because=proof,
            fix=Fix(say=f"Report {codes[0]} in place of {hit.left.code}", replace={hit.left.code: codes}),
        )
    if found.kind == "near":
        candidate = _candidate(told, found) if index_documents(hit.book) else None
        path = [_path(hit, candidate)] if candidate else []
        asked = candidate.ask if candidate and candidate.ask else ""
        return hit.finding(
            f"{hit.left.named} is reported; {said}, which is near {found.term!r} and not the same "
            f"({found.gap}). If it is, the code is {named}",
            because=[*proof, *path],
            severity=Severity.INFO,
            fix=Fix(
                say=f"Keep {hit.left.code} unless the provider documents it as {found.term}",
                ask=asked or f"Does the provider document it as {found.term}? The note says {found.span.text!r}",
            ),
        )
    asked = f"Does the record support {' or '.join(codes)} in place of {hit.left.code}?"
    return hit.finding(
        f"{hit.left.named} is reported; {said}, for which there is {named}",
        because=proof,
        fix=Fix(
            say=f"Compare {hit.left.code} with {', '.join(codes)}",
            ask=f"{asked} The note says {found.span.text!r}",
        ),
    )


def _left_open(hit: Hit, found: Alternative, codes: tuple[str, ...]) -> Finding:
    """An unspecified code whose axis the note does not state: right if the record cannot tell (I.B.18)."""
    shown = ", ".join(codes[:6]) + (" and others" if len(codes) > 6 else "")
    return hit.finding(
        f"{hit.left.named} is unspecified, and this note does not state what {shown} tell apart",
        because=[
            noted(hit).because(found.span, found.section),
            *(_title(hit, code, title) for code, title in list(_pairs(found))[:6]),
        ],
        severity=Severity.INFO,
        fix=Fix(
            say=f"Keep {hit.left.code} if the record does not tell",
            ask=f"Does another part of the record state it, so that one of {shown} applies?",
        ),
    )


def _pairs(found: Alternative) -> Iterator[tuple[str, str]]:
    return zip(map(dotted, found.codes), found.titles, strict=True)


def _title(hit: Hit, code: str, title: str) -> Because:
    return hit.tabular("title", title, code, "code", ())


def _candidate(told: Noted, found: Alternative) -> Candidate | None:
    """The reading's own candidate for the code, with the path that leads to it."""
    wanted = {undotted(code) for code in found.codes}
    return next((each for each in told.read.candidates if undotted(each.code) in wanted), None)


def _path(hit: Hit, candidate: Candidate) -> Because:
    """The way to a code through the Alphabetic Index, or through the wordings that stand in for it."""
    words = " > ".join(step.words for step in candidate.path)
    document = next((each for each in index_documents(hit.book) if hit.day in (each.window or ())), None)
    document = document or max(index_documents(hit.book), key=lambda each: each.number, default=None)
    starts, ends = (document.window.starts, document.window.ends) if document and document.window else (None, None)
    edition = document.name if document else "titles, inclusion terms and the shipped index terms"
    return Because(INDEX, edition, starts, ends, "index-path", words, candidate.code, "code")


def index_documents(book: Book) -> list[Document]:
    """The loaded editions of the Alphabetic Index of diseases."""
    from claimwright.book.index_store import index_of
    from claimwright.sources.index_rows import DISEASES

    return [each for each in index_of(book).documents if each.kind == DISEASES]


def lacking(book: Book) -> list[NotEvaluated]:
    """What the rule did not see: the paths of the Alphabetic Index, where it is not loaded."""
    if index_documents(book):
        return []
    return [
        NotEvaluated(
            "more-specific-code",
            "the Alphabetic Index",
            f"claimwright data add {INDEX} FILE; until then titles, inclusion terms and the shipped index terms answer",
        )
    ]
