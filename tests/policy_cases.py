"""Cases of coverage policies: a claim (or only facts) under one policy, and what is expected of the answer.

    cases:
      - name: weakness is documented
        policy: CG-MED-24
        version: "2024-10"                 # the version that must answer; optional
        date: 2025-11-15                   # optional; else the claim's, else the last day known for the version
        facts: {motor-loss: present}       # or a list of {id, status, value}; added to the claim's own
        claim: {diagnoses: [R25.2], lines: [{code: "95909"}]}     # optional keys of the contract's claim
        expect: {verdict: supported, diagnosis_listed: list-not-loaded, criteria: {motor: met}, missing: []}

Without `claim` the first service code of the policy and the first code of its lists (else R69) are claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.model import Claim, Policy, PolicyAnswer, dotted
from claimwright.sources.lexicon import load_yaml

FOLDER = Path(__file__).parent / "cases" / "policies"
KEYS = {"name", "policy", "version", "date", "claim", "facts", "expect", "note"}
EXPECTED = {"verdict", "diagnosis_listed", "criteria", "missing", "in_force", "denial_risks"}


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a case file."""

    name: str
    file: str
    row: dict[str, Any]

    @property
    def policy(self) -> str:
        """The id of the policy asked."""
        return str(self.row["policy"])


def cases(folder: Path = FOLDER) -> list[Case]:
    """Every case of every file; a key that is not known is refused."""
    out = []
    for file in sorted(folder.rglob("*.yaml")):
        document = load_yaml(file)
        rows = document["cases"] if isinstance(document, dict) else document
        for number, row in enumerate(rows, start=1):
            unknown = (set(row) - KEYS) | (set(row["expect"]) - EXPECTED)
            assert not unknown, f"{file.name}: row {number}: unknown {sorted(unknown)}"
            out.append(Case(str(row.get("name", number)), file.stem, row))
    return out


def claim_of(case: Case, policy: Policy, families: dict[str, frozenset[str]]) -> Claim:
    """The claim of a case, filled up with what makes the policy answer."""
    given = dict(case.row.get("claim") or {})
    version = next((each for each in policy.versions if each.version == case.row.get("version")), policy.versions[-1])
    services = [
        *version.services.codes,
        *(code for each in version.services.families for code in sorted(families[each])),
    ]
    first = next((code for each in version.diagnoses or () for code in each.codes if "-" not in code), "R69")
    day = case.row.get("date") or given.get("service_from") or version.known_on or version.starts or version.ends
    value: dict[str, Any] = {
        "setting": (version.places or ("professional",))[0],
        "diagnoses": [dotted(first)],
        "lines": [{"code": services[0]}],
        "payer": {"id": policy.payer if not policy.editorial else None},
        **_json(given),
    }
    if not {"service_from", "service_to"} & set(given) or case.row.get("date"):
        value["service_from"] = value["service_to"] = _iso(day)
    facts = case.row.get("facts") or []
    if isinstance(facts, dict):
        facts = [{"id": name, "status": status} for name, status in facts.items()]
    value["facts"] = [*value.get("facts", []), *_json(facts)]
    return claim_from_object(value, f"{case.file}: {case.name}")


def _iso(day: Any) -> str:
    return day.isoformat() if isinstance(day, date) else str(day)


def _json(value: Any) -> Any:
    """YAML reads days as dates; a claim has them as text."""
    if isinstance(value, dict):
        return {key: _json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_json(each) for each in value]
    return _iso(value) if isinstance(value, date) else value


def run(case: Case, engine: Engine) -> list[str]:
    """What does not hold; empty when all does."""
    policy = engine.book.policies.get(case.policy)
    asked = claim_of(case, policy, engine.book.policies.families)
    found = engine.cover(asked, [policy])
    answers = [*found.answers, *found.editorial]
    if len(answers) != 1:
        return [f"{len(answers)} answers"]
    answer, expect = answers[0], case.row["expect"]
    wrong = [
        f"{key} {getattr(answer, key)}, expected {expect[key]} ({answer.why})"
        for key in ("verdict", "diagnosis_listed", "in_force")
        if key in expect and getattr(answer, key) != expect[key]
    ]
    if case.row.get("version") and answer.version != str(case.row["version"]):
        wrong.append(f"version {answer.version}, expected {case.row['version']}")
    wrong += _criteria(answer, expect.get("criteria") or {})
    if "missing" in expect:
        wrong += _missing(answer, expect["missing"])
    if "denial_risks" in expect:
        told = [each.because for each in answer.denial_risks]
        wrong += [f"denial risk {each} is not told" for each in expect["denial_risks"] if each not in told]
    return wrong


def _criteria(answer: PolicyAnswer, expect: dict[str, str]) -> list[str]:
    nodes = answer.criteria.walk() if answer.criteria else []
    states = {each.id: each.state.value for each in nodes}
    return [
        f"{name}: {states.get(name)}, expected {state}" for name, state in expect.items() if states.get(name) != state
    ]


def _missing(answer: PolicyAnswer, expect: list[str]) -> list[str]:
    """Expected by facts, or by criteria that ask for them."""
    nodes = answer.criteria.walk() if answer.criteria else []
    asks = {each.id: each.asks for each in nodes}
    wanted = {name if name in answer.missing else asks.get(name) or name for name in expect}
    return [] if wanted == set(answer.missing) else [f"missing {list(answer.missing)}, expected {sorted(wanted)}"]
