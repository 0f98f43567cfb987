"""DX101 unknown-code."""

from __future__ import annotations

import re

from claimwright.edits.conditions import unknown
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity, dotted, undotted

_MISREAD = (("O", "0"), ("I", "1"), ("L", "1"))
"""Letters typed for the digits they look like."""


@rule(
    "DX101",
    relation=Membership((unknown,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:invalid-diagnosis",),
    outcome=as_stated,
)
def unknown_code(hit: Hit) -> Finding:
    """A diagnosis that was never an ICD-10-CM code.

    ## What it checks
    Each diagnosis against every code that CMS's dated table has listed since 2015-10-01, and against
    the headings of the tabular list. Case and the dot do not matter.

    ## Why it matters
    The Medicare Code Editor returns the claim as having an invalid diagnosis code.

    ## Example
    R25.O (letter O) for R25.0 (digit zero).

    ## How to fix
    The finding offers what one misread character or one character too many would explain, and only
    codes that are billable on the date of service. Otherwise the code has to be looked up.
    """
    code = hit.left.code
    offered = _offers(hit, undotted(code))
    written = hit.left.diagnosis.code.strip()
    message = f"{written} is not an ICD-10-CM code on any date that is loaded"
    looks = _looks_like(written.upper())
    if looks:
        message += f"; it looks like {looks}"
    if offered:
        named = " or ".join(
            f"{each} ({hit.book.title(undotted(each), hit.day) or 'title not loaded'})" for each in offered
        )
        fix = Fix(
            say=f"Compare with the source: {named} is billable on {hit.day}",
            replace={code: tuple(offered)},
            ask=f"Is {' or '.join(offered)} meant?",
        )
    else:
        fix = Fix(
            say=f"Look the diagnosis up again: claimwright search, with the words of the record, in place of {written}"
        )
    proof = hit.validity(None, f"no row for {code} between {hit.book.registry_window}", code)
    return hit.finding(message, because=[proof], fix=fix)


def _offers(hit: Hit, code: str) -> list[str]:
    tries = []
    for letter, digit in _MISREAD:
        tries.append(code[:1] + code[1:].replace(letter, digit))
    every = code[1:]
    for letter, digit in _MISREAD:
        every = every.replace(letter, digit)
    tries.append(code[:1] + every)
    tries += [code[:length] for length in range(len(code) - 1, 2, -1)][:2]
    found = [each for each in dict.fromkeys(tries) if each != code and hit.book.billable(each, hit.day)]
    return [dotted(each) for each in found]


def _looks_like(code: str) -> str:
    if re.fullmatch(r"\d{5}", code):
        return "a procedure code, or an ICD-9-CM code, which ended on 2015-09-30"
    if re.fullmatch(r"\d{4}[FTUM]", code):
        return "a procedure code"
    if re.fullmatch(r"(?:\d{3}(?:\.?\d{1,2})?|V\d{2}\.?\d{0,2}|E\d{3}\.?\d?)", code):
        return "an ICD-9-CM code, which ended on 2015-09-30"
    if re.fullmatch(r"[0-9B-DF-HX][0-9A-HJ-NP-Z]{6}", code.replace(".", "")) and code[0].isdigit():
        return "an ICD-10-PCS procedure code"
    return ""
