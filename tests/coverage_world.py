"""What the tests of coverage share: claims, facts of a toy lexicon, policies in a line, a toy reading of notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from claimwright.claims.wire import claim_from_object
from claimwright.coverage.cover import cover
from claimwright.coverage.facts import Lexicon
from claimwright.coverage.prepared import Grounds, PreparedPolicy
from claimwright.model import Claim, Coverage, NoteFact, Policy, PolicyAnswer, Span, Status
from claimwright.sources.policy import Vocabulary, policies_of_object, policy_of
from claimwright.sources.policy_yaml import document

DAY = date(2025, 11, 15)
ROWS: list[dict[str, Any]] = [
    {"fact": "motor-loss", "says": "loss of strength", "kind": "finding", "narrower": ["foot-drop"]},
    {"fact": "foot-drop", "says": "foot drop", "kind": "finding"},
    {"fact": "sensory-loss", "says": "loss of sensation", "kind": "finding"},
    {"fact": "neuropathic-pain", "says": "burning or shooting pain", "kind": "symptom"},
    {"fact": "stretching", "says": "stretching", "kind": "treatment"},
    {"fact": "oxygen-saturation", "says": "oxygen saturation", "kind": "measure", "unit": "%"},
    {"fact": "family-history-neuromuscular", "says": "nerve or muscle disease in the family", "kind": "history"},
]
FAMILIES = {"nerve-conduction": frozenset({"95907", "95908", "95909"})}
_ORDER = ("C43", "C430", "C44", "C4A", "C4A0", "C45", "C450", "R25", "R250", "R251", "R252", "R253", "R258", "R259")


def order(code: str) -> tuple[int, int] | None:
    """A tabular list of a few codes, in which C4A stands behind C44."""
    if code not in _ORDER:
        return None
    first = _ORDER.index(code)
    below = [at for at, each in enumerate(_ORDER) if each.startswith(code) and at >= first]
    return first, below[-1] + 1


LEXICON = Lexicon(ROWS)
GROUNDS = Grounds(order, FAMILIES, LEXICON)
STRICT = Vocabulary({row["fact"]: row["says"] for row in ROWS}, frozenset(FAMILIES))


def claim(**given: Any) -> Claim:
    """A professional claim of 2025-11-15 for R25.2 with one line of 95909, changed by `given`."""
    value: dict[str, Any] = {
        "setting": "professional",
        "service_from": DAY.isoformat(),
        "patient": {"age": 68, "sex": "F"},
        "diagnoses": ["R25.2"],
        "lines": [{"code": "95909"}],
    }
    return claim_from_object({**value, **given})


def short(**given: Any) -> Policy:
    """A policy in short form."""
    value: dict[str, Any] = {
        "id": "P1",
        "version": "1",
        "payer": "example payer",
        "from": "2025-10-01",
        "to": None,
        "procedures": ["95907", "95909"],
        "diagnosis_list": None,
        "criteria": None,
    }
    (found,) = policies_of_object({**value, **given}, Vocabulary({}, frozenset(), strict=False), "test")
    return found


LONG = """
policy: T1
title: A test
kind: {kind}
payer: {payer}
payer_name: Test Payer
sources:
  text: {{title: The text, publisher: Nobody, url: "https://example.org", read: 2026-01-01}}
versions:
  - version: "1"
    from: 2025-10-01
    to: null
    review: draft
    completeness: full
    holds: {holds}
    services: {{families: [nerve-conduction]}}
{rest}
"""


def long(rest: str = "", holds: str = "criteria", kind: str = "commercial", payer: str = "test-payer") -> Policy:
    """A policy in long form: `rest` are further lines of its version, as YAML."""
    body = "\n".join(f"    {line}" for line in rest.strip("\n").splitlines())
    return policy_of(document(LONG.format(rest=body, holds=holds, kind=kind, payer=payer), "long.yaml"), STRICT)


def criteria(tree: str) -> Policy:
    """A policy of which only the criteria are loaded; `tree` is YAML without `cite`."""
    body = "\n".join(f"  {line}" for line in tree.strip("\n").splitlines())
    return long(f"criteria:\n  cite: {{source: text, section: one}}\n{body}")


def covered(asked: Claim, *policies: Policy, given: bool = True, read: Sequence[NoteFact] | None = None) -> Coverage:
    """The answers of these policies."""
    ready = [PreparedPolicy(each, GROUNDS) for each in policies]
    return cover(asked, ready, GROUNDS, DAY, DAY, given, read)


def answer(asked: Claim, policy: Policy, **more: Any) -> PolicyAnswer:
    """The one answer of one policy."""
    (found,) = covered(asked, policy, **more).answers
    return found


def facts(**statuses: str) -> list[dict[str, Any]]:
    """`facts(motor_loss="present")` as the claim's `facts`."""
    return [{"id": name.replace("_", "-"), "status": status} for name, status in statuses.items()]


_SENTENCES = {
    "No weakness": ("motor-loss", Status.ABSENT),
    "Sensation intact": ("sensory-loss", Status.ABSENT),
    "No burning or shooting pain": ("neuropathic-pain", Status.ABSENT),
    "Foot drop on the left": ("foot-drop", Status.PRESENT),
    "Weakness of both legs": ("motor-loss", Status.PRESENT),
}


def toy_reading(asked: Claim) -> list[NoteFact]:
    """A reading that knows five sentences, for tests of what follows from facts with spans."""
    note = asked.note or ""
    found = []
    for words, (fact, status) in _SENTENCES.items():
        at = note.find(words)
        if at >= 0:
            found.append(NoteFact(fact, fact, status, Span(at, at + len(words), words), "exam"))
    return found


def states(found: PolicyAnswer) -> dict[str, str]:
    """The state of every criterion by its id."""
    return {node.id: node.state.value for node in found.criteria.walk()} if found.criteria else {}
