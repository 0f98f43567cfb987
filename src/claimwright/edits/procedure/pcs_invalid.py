"""PR101 pcs-invalid."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwright.book.pcs import CHARACTERS, DIGITS, LENGTH
from claimwright.book.store import RegistryEntry
from claimwright.edits.frame import Bools, Frame
from claimwright.edits.hit import Hit, ProcedureEnd
from claimwright.edits.outcomes import as_stated
from claimwright.edits.pcs import procedure_of, procedures, registry_proof, table_proof
from claimwright.edits.registry import rule, since
from claimwright.edits.told import told
from claimwright.model import Authority, Because, Finding, Fix, Severity, dotted

_MOST_SHOWN = 12
"""Characters that a message lists before it counts the rest; the fix and `show` have them all."""


@told("procedure-not-in-effect")
def _not_in_force(frame: Frame) -> Bools:
    """No registry row of the code covers its day."""
    return frame.procedures.row < 0


@rule(
    "PR101",
    relation=procedures(_not_in_force),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:invalid-procedure",),
    outcome=as_stated,
)
def pcs_invalid(hit: Hit) -> Finding:
    """An ICD-10-PCS procedure code that is not valid on the date that decides.

    ## What it checks
    Each procedure against CMS's dated table of ICD-10-PCS codes: by the discharge date on an inpatient
    claim, by the date of the procedure on any other. A code that was valid on another day is told with
    its dates and with all codes that took its place.

    ## Why it matters
    The Medicare Code Editor returns the claim as having an invalid procedure code.

    ## Example
    3E0337X: after 3E0337, the seventh character can only be Z.

    ## How to fix
    The finding says at which character the code leaves the tables and what may stand there (in words,
    where `claimwright data add icd10pcs-tables FILE` has loaded them), and lists at most ten valid codes
    that differ by one character. The operative report decides which is meant.
    """
    end = procedure_of(hit)
    rows = hit.book.pcs.periods(end.code)
    if not rows:
        return _unknown(hit, end)
    before = [row for row in rows if row.window.ends and row.window.ends < end.day]
    return _retired(hit, end, before[-1]) if before else _not_yet(hit, end, rows[0])


def _retired(hit: Hit, end: ProcedureEnd, last: RegistryEntry) -> Finding:
    pcs, code = hit.book.pcs, end.code
    became = pcs.successors(code)
    heirs = _heirs(hit, end)
    proof = [registry_proof(hit, last, f"{code} was valid up to and including {last.window.ends}")]
    proof += [registry_proof(hit, None, f"{code} became {heir} on {day}", "conversion") for heir, day in became]
    message = f"{end.named} is not valid on {end.day}: its last day was {last.window.ends}"
    if not heirs:
        say = f"Code the procedure again: claimwright show {code[:3]}"
        return hit.finding(message, because=proof, fix=Fix(say=say, ask="Which procedure does the record document?"))
    when = ", ".join(sorted({str(day) for _, day in became}))
    names = ", ".join(heirs)
    return hit.finding(
        f"{message}; since {when} it is reported as {names}",
        because=proof,
        fix=Fix(
            say=f"Choose from the operative report: {names}",
            replace={code: tuple(heirs)},
            ask=None if len(heirs) == 1 else f"Which of {names} does the record support?",
        ),
    )


def _heirs(hit: Hit, end: ProcedureEnd) -> list[str]:
    """Successors valid on the day, through later conversions."""
    found: list[str] = []
    queue, seen = [end.code], {end.code}
    while queue:
        for heir, effective in hit.book.pcs.successors(queue.pop(0)):
            if heir in seen or effective > end.day:
                continue
            seen.add(heir)
            (found if hit.book.pcs.valid(heir, end.day) else queue).append(heir)
    return found


def _not_yet(hit: Hit, end: ProcedureEnd, first: RegistryEntry) -> Finding:
    earlier = tuple(old for old, _ in hit.book.pcs.predecessors(end.code) if hit.book.pcs.valid(old, end.day))
    say = f"For this date report {' or '.join(earlier)}" if earlier else "Choose a code that is valid on that day"
    return hit.finding(
        f"{end.named} is not valid on {end.day}: it takes effect on {first.window.starts}",
        because=[registry_proof(hit, first, f"{end.code} is valid from {first.window.starts}")],
        fix=Fix(
            say=say,
            replace={end.code: earlier} if earlier else {},
            ask="Which does the record support?" if len(earlier) > 1 else None,
        ),
    )


def _unknown(hit: Hit, end: ProcedureEnd) -> Finding:
    code, written = end.code, end.procedure.code.strip()
    registry = hit.book.pcs.registry
    proof = [registry_proof(hit, None, f"no row for {code} between {registry.window if registry else 'any dates'}")]
    why = _looks_like(hit, code)
    if not why:
        why, because = _where_it_leaves(hit, end)
        proof += because
    near = tuple(hit.book.pcs.near(code, end.day))
    if near:
        named = " or ".join(near)
        fix = Fix(
            say=f"Compare with the operative report: {named} {'is' if len(near) == 1 else 'are'} valid on {end.day}",
            replace={code: near},
            ask=f"Is {named} meant?",
        )
    else:
        say = f"Code the procedure again from the operative report{_way_down(hit, code)}, in place of {written}"
        fix = Fix(say=say)
    return hit.finding(f"{written} is not an ICD-10-PCS code on any date that is loaded{why}", because=proof, fix=fix)


def _way_down(hit: Hit, code: str) -> str:
    """The command that goes down the tables from the longest beginning that any code has."""
    stem = next((code[:size] for size in (3, 2, 1) if hit.book.pcs.known_stem(code[:size])), "")
    return f" (claimwright show {stem})" if len(stem) > 1 else ""


def _looks_like(hit: Hit, code: str) -> str:
    """What else the text may be; empty for something written as an ICD-10-PCS code is."""
    if hit.book.registry(code):
        return f"; {dotted(code)} is a diagnosis code"
    if re.fullmatch(r"\d{5}|[A-Z]\d{4}|\d{4}[FTUM]", code):
        return "; it looks like a CPT or HCPCS code, which stands on a service line"
    if re.fullmatch(r"\d{2,4}", code):
        return "; it looks like an ICD-9-CM procedure code, which ended on 2015-09-30"
    if not code.isascii() or any(each not in CHARACTERS + "IO" for each in code):
        return "; an ICD-10-PCS code has digits and letters only"
    if code != code.translate(DIGITS):
        return "; ICD-10-PCS has no letters I and O, which would be read as the digits 1 and 0"
    return ""


def _where_it_leaves(hit: Hit, end: ProcedureEnd) -> tuple[str, list[Because]]:
    """At which character no valid code goes on, and what may stand there."""
    code, pcs = end.code, hit.book.pcs
    for place in range(LENGTH):
        stem, found = code[:place], code[place : place + 1]
        allowed = pcs.may_follow(stem, end.day)
        if found in allowed:
            continue
        if not allowed:
            return f"; no code valid on {end.day} begins {stem}", []
        edition = next(iter(pcs.by_nearness(end.day)), None)
        axis, labels = pcs.labels(stem, edition) if edition else (None, {})
        says = f"character {place + 1}{f' ({axis})' if axis else ''} may be {_listed(allowed, labels)}"
        after = f" after {stem}" if stem else ""
        wrong = f"is {found}" if found else "is missing"
        text = f"; its character {place + 1} {wrong}, and{after} {says}"
        if edition is None:
            text += " (the tables that say what each means are not loaded: claimwright data add icd10pcs-tables FILE)"
            return text, [registry_proof(hit, None, f"valid codes on {end.day}{after}: {says}")]
        if end.day not in edition.window:
            text += (
                f" (in the words of the ICD-10-PCS tables {edition.edition}, the nearest edition loaded to {end.day})"
            )
        return text, [table_proof(edition, stem[:3], says)]
    return f"; it has {len(code)} characters, and every code has {LENGTH}", []


def _listed(allowed: Sequence[str], labels: dict[str, str]) -> str:
    words = [f"{each} ({labels[each]})" if each in labels else each for each in allowed]
    rest = len(words) - _MOST_SHOWN
    return ", ".join(words[:_MOST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
