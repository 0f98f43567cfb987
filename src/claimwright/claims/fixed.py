"""A claim with the fix of a finding applied: only a fix that leaves no choice and asks no question.

A fix that changes clinical meaning carries a question (`Fix.ask`); it is answered from the record, never applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from claimwright.model import Claim, Diagnosis, Finding, Fix, Procedure, ServiceLine, dotted, undotted

T = TypeVar("T", Procedure, ServiceLine)


class Fixed(NamedTuple):
    """The claim after a fix; `unpointed` are lines (from 1) whose only diagnoses the fix took away."""

    claim: Claim
    unpointed: tuple[int, ...] = ()


def with_fix(claim: Claim, finding: Finding) -> Fixed | None:
    """The claim with the fix of one of its findings, its pointers led along.

    None where the fix asks a question, leaves a choice, concerns diagnoses and lines at once, or changes nothing.
    """
    fix = finding.fix
    kinds = {place.kind for place in finding.at}
    if fix.ask or len(kinds) != 1:
        return None
    kind = kinds.pop()
    if kind == "diagnosis":
        return _diagnoses(claim, fix)
    if kind == "procedure":
        procedures = _coded(claim.procedures, fix)
        return None if procedures is None else Fixed(replace(claim, procedures=procedures))
    if kind == "line":
        lines = _coded(claim.lines, fix)
        return None if lines is None else Fixed(replace(claim, lines=lines))
    return None


def applied(diagnoses: Sequence[Diagnosis], fix: Fix) -> tuple[Diagnosis, ...] | None:
    """The diagnoses with a fix applied; None when it leaves a choice or changes none of them.

    A code that ends in a dash names several.
    """
    put = [*fix.add, *(option for options in fix.replace.values() for option in options)]
    if any(len(options) > 1 for options in fix.replace.values()) or any(code.endswith("-") for code in put):
        return None
    replaced = {undotted(old): [undotted(new) for new in options] for old, options in fix.replace.items()}
    gone = {undotted(code) for code in fix.remove}
    codes = [undotted(each.code) for each in diagnoses]
    out: list[Diagnosis] = []
    for at, (code, each) in enumerate(zip(codes, diagnoses, strict=True)):
        if code in gone and (codes.count(code) == 1 or code in codes[:at]):
            continue  # of a code that stands twice, the first stays
        out += [replace(each, code=new) for new in replaced.get(code, [code])]
    have = {undotted(each.code) for each in out}
    out += [Diagnosis(code) for code in map(undotted, fix.add) if code not in have]
    if fix.reorder:
        order = [undotted(code) for code in fix.reorder]
        places = {code: place for place, code in enumerate(order)}
        out.sort(key=lambda each: places.get(undotted(each.code), len(order)))
    if [undotted(each.code) for each in out] == [undotted(each.code) for each in diagnoses]:
        return None
    return tuple(out)


def _diagnoses(claim: Claim, fix: Fix) -> Fixed | None:
    after = applied(claim.diagnoses, fix)
    if not after:
        return None
    moved = _moves(claim.diagnoses, after, fix)
    lines, unpointed = [], []
    for number, line in enumerate(claim.lines, start=1):
        now = tuple(dict.fromkeys(moved[at - 1] for at in line.pointers if moved[at - 1]))
        if line.pointers and not now:
            unpointed.append(number)
        lines.append(replace(line, pointers=now))
    written = tuple(replace(each, code=dotted(undotted(each.code))) for each in after)
    return Fixed(replace(claim, diagnoses=written, lines=tuple(lines)), tuple(unpointed))


def _moves(before: Sequence[Diagnosis], after: Sequence[Diagnosis], fix: Fix) -> list[int]:
    """For each diagnosis before, its position (from 1) after; 0 where it is gone.

    Of two codes that become one, both lead there.
    """
    replaced = {undotted(old): [undotted(new) for new in options] for old, options in fix.replace.items()}
    merged = next((options for options in replaced.values() if options), [])
    codes = [undotted(each.code) for each in after]
    out, taken = [], set()
    for each in before:
        code = undotted(each.code)
        named = (replaced[code] or merged) if code in replaced else [code]
        places = [at for at, now in enumerate(codes, start=1) if now in named]
        place = next((at for at in places if at not in taken), places[-1] if places else 0)
        taken.add(place)
        out.append(place)
    return out


def _coded(items: Sequence[T], fix: Fix) -> tuple[T, ...] | None:
    """Procedures or lines with codes replaced or left out; None for a choice, an addition, or no change."""
    if fix.add or fix.reorder or any(len(options) != 1 for options in fix.replace.values()):
        return None
    instead = {undotted(old): undotted(options[0]) for old, options in fix.replace.items()}
    if any(code.endswith("-") for code in instead.values()):
        return None
    gone = {undotted(code) for code in fix.remove}
    out = tuple(
        replace(each, code=instead.get(undotted(each.code), each.code))
        for each in items
        if undotted(each.code) not in gone
    )
    return None if out == tuple(items) else out
