"""One change at a time: the claims that `alternatives` groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from claimwright.claims.fixed import applied
from claimwright.model import Claim, Diagnosis, Finding, Fix, dotted, undotted

MOST = 60
"""Diagnoses up to which single changes are tried; a claim form holds 25."""

MOST_CHOICES = 12
"""Codes of one choice that are tried one by one; a longer list is for a coder to read."""

_POA_MEANS = {"Y": "present on admission", "N": "not present on admission"}


@dataclass(frozen=True, slots=True)
class Change:
    """A claim with one change: its kind, what was changed, which code, and a reason known beforehand."""

    kind: str
    says: str
    code: str
    diagnoses: tuple[Diagnosis, ...]
    reason: str = ""


def changes(claim: Claim, findings: Sequence[Finding], with_hac: frozenset[str]) -> tuple[Change, ...]:
    """Every single change of a claim; equal claims are listed once, fixes of findings first.

    `with_hac` are the codes (no dot) that belong to a hospital-acquired condition.
    """
    now = _plain(claim.diagnoses)
    found: dict[tuple[tuple[str, str | None], ...], Change] = {}
    for each in (*_fixes(claim, findings), *_principals(claim), *_drops(claim), *_indicators(claim, with_hac)):
        key = _plain(each.diagnoses)
        if key and key != now:
            found.setdefault(key, each)
    return tuple(found.values())


def _plain(diagnoses: Sequence[Diagnosis]) -> tuple[tuple[str, str | None], ...]:
    return tuple((undotted(each.code), each.poa) for each in diagnoses)


def _fixes(claim: Claim, findings: Sequence[Finding]) -> Iterator[Change]:
    for finding in findings:
        for fix in choices(finding.fix):
            changed = applied(claim.diagnoses, fix)
            if changed is None:
                continue
            asked = f" (only if the documentation answers: {fix.ask})" if fix.ask else ""
            says = f"{finding.rule} fixed ({_difference(claim.diagnoses, changed)})"
            yield Change("fix", says, "", changed, f"{fix.say}{asked}")


def _difference(before: Sequence[Diagnosis], after: Sequence[Diagnosis]) -> str:
    """What a fix changed: the one code added, replaced or put first, else all codes as they stand after it."""
    old, new = ([dotted(undotted(each.code)) for each in some] for some in (before, after))
    if new[:-1] == old:
        return f"adds {new[-1]}"
    if new[0] != old[0] and new[1:] == _without(old, new[0]):
        return f"{new[0]} as principal diagnosis"
    moved = [(was, now) for was, now in zip(old, new, strict=False) if was != now]
    if len(old) == len(new) and len(moved) == 1:
        return f"{moved[0][0]} becomes {moved[0][1]}"
    return ", ".join(new)


def _without(codes: list[str], gone: str) -> list[str]:
    """The codes without the first that equals `gone`."""
    return [code for at, code in enumerate(codes) if code != gone or gone in codes[:at]]


def choices(fix: Fix) -> tuple[Fix, ...]:
    """A fix that leaves one choice, as the fixes it can become; else the fix alone.

    A code with several successors becomes each of them. A list of codes to add, and nothing else to
    do, names codes of which one may apply (a note's "use additional code"): each is added alone.
    """
    open_codes = [code for code, options in fix.replace.items() if len(options) > 1]
    if len(open_codes) == 1 and len(fix.replace[open_codes[0]]) <= MOST_CHOICES:
        code = open_codes[0]
        return tuple(replace(fix, replace={**fix.replace, code: (option,)}) for option in fix.replace[code])
    if len(fix.add) > 1 and not (fix.remove or fix.replace or fix.reorder):
        return tuple(replace(fix, add=(code,)) for code in fix.add[:MOST_CHOICES])
    return (fix,)


def _principals(claim: Claim) -> Iterator[Change]:
    first, *others = claim.diagnoses
    for at, each in enumerate(others[: MOST - 1]):
        if undotted(each.code) != undotted(first.code):
            code = dotted(undotted(each.code))
            rest = (first, *others[:at], *others[at + 1 :])
            yield Change("principal", f"{code} as principal diagnosis", code, (each, *rest))


def _drops(claim: Claim) -> Iterator[Change]:
    """Each secondary code dropped, wherever it stands twice both of them."""
    first, *others = claim.diagnoses
    for code in dict.fromkeys(undotted(each.code) for each in others[: MOST - 1]):
        rest = tuple(each for each in others if undotted(each.code) != code)
        yield Change("drop", f"without {dotted(code)}", dotted(code), (first, *rest))


def _indicators(claim: Claim, with_hac: frozenset[str]) -> Iterator[Change]:
    """Present on admission or not: only where the answer can depend on it."""
    for at, each in enumerate(claim.diagnoses[:MOST]):
        if undotted(each.code) not in with_hac or claim.poa_exempt_hospital:
            continue
        now = (each.poa or "").strip().upper()
        for poa, means in _POA_MEANS.items():
            if poa != now:
                changed = (*claim.diagnoses[:at], replace(each, poa=poa), *claim.diagnoses[at + 1 :])
                code = dotted(undotted(each.code))
                yield Change("poa", f"{code} with POA {poa} ({means})", code, changed)
