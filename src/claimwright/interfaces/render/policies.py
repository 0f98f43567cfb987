"""Policies as entries of the catalogue and as pages."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from claimwright.model import dotted, plain
from claimwright.model.policy import Cite, Criterion, DiagnosisGroup, Policy, PolicyVersion, Rule

if TYPE_CHECKING:
    from claimwright.book.store import Book

WIDTH = 80


def chosen_policies(book: Book, payer: str = "", code: str = "", state: str = "", review: str = "") -> list[Policy]:
    """Policies of a payer (id or name), about a service or listing a diagnosis, for a state, in a review state.

    An empty word chooses nothing. A policy without states holds wherever its payer pays.
    """
    found = book.policies.for_services([code]) if code else book.policies.all()
    if code and not found:
        listing = book.policies.listing(code, date.today())
        found = [book.policies.get(name) for name in dict.fromkeys(each.policy for each in listing)]
    if payer:
        found = [each for each in found if payer.lower() in (each.payer, (each.payer_name or "").lower())]
    if state:
        found = [each for each in found if each.states is None or state.upper() in each.states]
    if review:
        found = [each for each in found if any(version.review == review for version in each.versions)]
    return found


def policy_entry(policy: Policy) -> dict[str, Any]:
    """What the catalogue says of a policy: whose it is, where it holds, and its versions."""
    return {
        "policy": policy.id,
        "title": policy.title,
        "kind": policy.kind,
        "payer": policy.payer,
        "payer_name": policy.payer_name,
        "contractor": policy.contractor,
        "states": list(policy.states) if policy.states is not None else None,
        "source": "imported" if policy.imported else "policies",
        "versions": [
            {
                "version": each.version,
                "from": plain(each.starts),
                "to": plain(each.ends),
                "known_on": plain(each.known_on),
                "review": each.review,
                "completeness": each.completeness,
                "holds": each.holds,
                "source": "imported" if each.imported else "policies",
                "services": {"codes": list(each.services.codes), "families": list(each.services.families)},
            }
            for each in policy.versions
        ],
    }


def policy_document(policy: Policy) -> dict[str, Any]:
    """The whole policy: entry, sources, and every version with lists, criteria and what is left out."""
    entry = policy_entry(policy)
    for each, version in zip(entry["versions"], policy.versions, strict=True):
        each |= {
            "verified_on": plain(version.verified_on),
            "left_out": list(version.left_out),
            "imported": version.imported or None,
            "note": version.note,
            "places": list(version.places),
            "diagnoses": [_group(group) for group in version.diagnoses] if version.diagnoses is not None else None,
            "criteria": _criterion(version.criteria) if version.criteria else None,
        }
        for key in ("documentation", "denial_risks", "alternatives", "appropriate", "not_indicated"):
            each[key] = plain(getattr(version, key))
    return {**entry, "states_source": policy.states_source, "related": plain(policy.related),
            "sources": plain(policy.sources)}  # fmt: skip


def _group(group: DiagnosisGroup) -> dict[str, Any]:
    return {
        "group": group.group,
        "listed": "covered" if group.covered else "noncovered",
        "codes": [_pattern(each) for each in group.codes],
        "known_within": [_pattern(each) for each in group.known_within] if group.known_within is not None else None,
        "services": plain(group.services),
        "conditional": group.conditional,
        "cite": plain(group.cite),
    }


def _pattern(pattern: str) -> str:
    """`M501-M509` -> `M50.1-M50.9`."""
    low, dash, high = pattern.partition("-")
    return f"{dotted(low)}{dash}{dotted(high) if high else ''}"


def _criterion(node: Criterion) -> dict[str, Any]:
    out: dict[str, Any] = {"id": node.id, "says": node.says, "cite": plain(node.cite), "rule": node.rule.value}
    for key in ("count", "fact", "least", "most", "unit", "per", "values", "group"):
        value = getattr(node, key)
        if value not in (0, None, ()):
            out[key] = plain(value)
    if node.rule is Rule.FACT:
        out["status"] = node.status
    if node.rule is Rule.TRIED:
        out["failed"] = node.failed
    if node.children:
        out["children"] = [_criterion(each) for each in node.children]
    return out


def policy_line(policy: Policy) -> str:
    """Two lines of the catalogue."""
    whose = policy.payer_name or policy.payer
    where = policy.contractor or ""
    last = policy.versions[-1]
    window = f"{last.starts or 'unread day'} to {last.ends or 'open'}"
    review = last.review if last.imported == "" else f"imported ({last.imported})"
    parts = ", ".join(filter(None, (whose, where, window, last.completeness, review)))
    return f"{policy.id:16} {policy.kind:14} {parts}\n{'':17}{policy.title}\n"


def policy_text(policy: Policy, width: int = WIDTH) -> str:
    """The page of one policy, with all its versions."""
    lines = _wrap(f"{policy.id}  {policy.title}", "", width)
    states = f", {' '.join(policy.states)}" if policy.states else ""
    contractor = f", {policy.contractor}" if policy.contractor else ""
    lines += _wrap(f"{policy.kind}; {policy.payer_name or policy.payer}{contractor}{states}", "  ", width)
    for related in policy.related:
        says = f" ({related.says})" if related.says else ""
        lines += _wrap(f"{related.relation}: {related.policy}{says}", "  ", width)
    numbers = {each.id: number for number, each in enumerate(policy.sources, start=1)}
    for version in policy.versions:
        lines += ["", *_version(version, numbers, width)]
    lines.append("")
    for number, source in enumerate(policy.sources, start=1):
        parts = (source.publisher, source.url, f"read {source.read}" if source.read else "", source.note)
        lines += _wrap(", ".join((source.title, *filter(None, parts))), f"  [{number}] ", width)
    return "\n".join(lines) + "\n"


def _version(version: PolicyVersion, numbers: dict[str, int], width: int) -> Iterator[str]:
    starts = version.starts or "a day that was not read"
    known = f", known in force on {version.known_on}" if version.known_on else ""
    checked = f", verified {version.verified_on}" if version.verified_on else ""
    yield from _wrap(f"Version {version.version}: {starts} to {version.ends or 'open'}{known}", "", width, 2)
    yield from _wrap(f"{version.completeness}; holds {version.holds}; {version.review}{checked}", "  ", width)
    if version.imported:
        yield from _wrap(f"From the imported export {version.imported}. {version.note}".strip(), "  ", width)
    for left in version.left_out:
        yield from _wrap(f"Not loaded: {left}", "  ! ", width)
    named = (*version.services.families, *version.services.codes)
    yield from _wrap(f"Services: {', '.join(named)}", "  ", width)
    for group in version.diagnoses or ():
        how = "" if group.covered else " (not covered)"
        codes = ", ".join(_pattern(each) for each in group.codes)
        yield from _wrap(f"Group {group.group}{how}: {codes}{_cited(group.cite, numbers)}", "  ", width)
        if group.known_within is not None:
            known = ", ".join(_pattern(each) for each in group.known_within)
            yield from _wrap(f"The list is known to be whole only within {known}.", "    ", width)
        if group.conditional:
            yield from _wrap(f"Condition: {group.conditional}", "    ", width)
    if version.criteria:
        yield "  Criteria"
        yield from _tree(version.criteria, numbers, 2, width)
    for title in ("documentation", "denial_risks", "alternatives", "appropriate", "not_indicated"):
        remarks = getattr(version, title)
        if remarks:
            yield f"  {title.replace('_', ' ').capitalize()}"
        for each in remarks:
            yield from _wrap(f"{each.says}{_cited(each.cite, numbers)}", "    - ", width)


def _tree(node: Criterion, numbers: dict[str, int], depth: int, width: int) -> Iterator[str]:
    fact = f" ({node.fact})" if node.fact else ""
    yield from _wrap(f"{node.says}{fact}{_cited(node.cite, numbers)}", f"{'  ' * depth}- ", width)
    for child in node.children:
        yield from _tree(child, numbers, depth + 1, width)


def _cited(cite: Cite | None, numbers: dict[str, int]) -> str:
    return f" [{numbers[cite.source]}]" if cite else ""


def _wrap(text: str, lead: str, width: int, hanging: int = 0) -> list[str]:
    blank = " " * (len(lead) + hanging)
    return textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=blank, break_on_hyphens=False) or [lead]
