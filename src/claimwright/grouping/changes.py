"""One change at a time: the claims that `alternatives` groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from claimwright.model import Claim, Diagnosis, Finding, Fix, dotted, undotted

MOST = 60
"""Diagnoses up to which single changes are tried; a claim form holds 25."""

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
        changed = applied(claim.diagnoses, finding.fix)
        if changed is None:
            continue
        asked = f" (only if the documentation answers: {finding.fix.ask})" if finding.fix.ask else ""
        says = f"{finding.rule} fixed ({', '.join(dotted(undotted(each.code)) for each in changed)})"
        yield Change("fix", says, "", changed, f"{finding.fix.say}{asked}")


def applied(diagnoses: Sequence[Diagnosis], fix: Fix) -> tuple[Diagnosis, ...] | None:
    """The diagnoses with a fix applied; None when it leaves a choice or changes none of them."""
    if any(len(options) > 1 for options in fix.replace.values()):
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
