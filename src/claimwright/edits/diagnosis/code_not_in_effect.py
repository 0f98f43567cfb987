"""DX102 code-not-in-effect."""

from __future__ import annotations

from claimwright.book.store import RegistryEntry
from claimwright.edits.conditions import known_elsewhere
from claimwright.edits.hit import Hit
from claimwright.edits.outcomes import as_stated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Because, Finding, Fix, Severity, dotted, undotted


@rule(
    "DX102",
    relation=Membership((known_elsewhere,)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    cites=("mce:invalid-diagnosis",),
    outcome=as_stated,
)
def code_not_in_effect(hit: Hit) -> Finding:
    """A code that was retired before the date of service, or starts after it.

    ## What it checks
    Each diagnosis against CMS's dated table: is the code billable on the date of service (discharge
    date for an inpatient claim)? The whole conversion table then tells what became of it.

    ## Why it matters
    A code is valid by date, not by year of the book on the shelf: G35 was billable up to and including
    2025-09-30, and is a heading since.

    ## Example
    G35 on 2025-10-01: eight codes took its place (G35.A to G35.D).

    ## How to fix
    All successors are listed and none is chosen: one to many is the rule, and the record decides.
    """
    code = undotted(hit.left.code)
    rows = hit.book.registry(code)
    before = [row for row in rows if row.window.ends and row.window.ends < hit.day]
    if not before:
        return _not_yet(hit, code, rows[0])
    last = before[-1]
    heirs = _heirs(hit, code)
    proof = [hit.validity(last, f"{hit.left.code} was billable up to and including {last.window.ends}", hit.left.code)]
    proof += [_conversion(hit, code, heir, day) for heir, day in hit.book.successors(code)]
    message = f"{hit.left.named} is not billable on {hit.day}: its last day was {last.window.ends}"
    if not heirs:
        return hit.finding(
            message, because=proof, fix=Fix(say=f"Choose the code that replaces {hit.left.code} from the record")
        )
    names = ", ".join(dotted(heir) for heir in heirs)
    when = ", ".join(sorted({str(day) for _, day in hit.book.successors(code)}))
    became = f"since {when} it is reported as" if when else "it is divided into"
    return hit.finding(
        f"{message}; {became} {names}",
        because=proof,
        fix=Fix(
            say=f"Choose from the documentation: {names}",
            replace={hit.left.code: tuple(dotted(heir) for heir in heirs)},
            ask=None if len(heirs) == 1 else f"Which of {names} does the record support?",
        ),
    )


def _not_yet(hit: Hit, code: str, first: RegistryEntry) -> Finding:
    earlier = [old for old, _ in hit.book.predecessors(code) if hit.book.billable(old, hit.day)]
    names = tuple(dotted(old) for old in earlier)
    say = f"For this date of service report {' or '.join(names)}" if names else "Choose a code in effect on that day"
    return hit.finding(
        f"{hit.left.named} is not billable on {hit.day}: it takes effect on {first.window.starts}",
        because=[hit.validity(first, f"{hit.left.code} is billable from {first.window.starts}", hit.left.code)],
        fix=Fix(say=say, replace={hit.left.code: names} if names else {}),
    )


def _heirs(hit: Hit, code: str) -> list[str]:
    """Successors billable on the day, through later conversions; else the billable codes below the heading."""
    found: list[str] = []
    queue, seen = [code], {code}
    while queue:
        for heir, effective in hit.book.successors(queue.pop(0)):
            if heir in seen or effective > hit.day:
                continue
            seen.add(heir)
            if hit.book.billable(heir, hit.day):
                found.append(heir)
            else:
                queue.append(heir)
    node = hit.book.node(hit.scene.edition.number, code)
    if not found and node:
        found = [below for below, _ in hit.book.billable_under(node, hit.day, 40)]
    return found


def _conversion(hit: Hit, code: str, heir: str, day: object) -> Because:
    title = hit.book.title(heir, hit.day) or "title not loaded"
    text = f"{dotted(code)} became {dotted(heir)} ({title}) on {day}"
    return hit.dated("conversion", text, dotted(code), None, "icd10cm-conversions")
