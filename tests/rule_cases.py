"""The case files under tests/cases/edits: what a coder would say of a claim, and what a rule must find.

A case names a claim as the contract has it (`date_of_service` stands for both service dates; the
setting is outpatient unless given) and in `expect` all findings of its rule: no more, no fewer. Of a
finding only what is written is compared. `at` lists codes, or places such as `line.1`; `message` and
`fix.say` are fragments, `silent_of` one that the message lacks; `fix.ask` is a fragment, or true/false
for "a question or not"; other keys of `fix` are compared whole. Each entry of `because` must fit some
proof of the finding. `not_evaluated` is what the rule lacked, in order, and separated by commas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from claimwright.model import Because, Finding, Report
from claimwright.model.plain import plain
from claimwright.sources.lexicon import load_yaml

FOLDER = Path(__file__).parent / "cases" / "edits"
TOP = {"rule", "cases"}
CASE = {"name", "claim", "book", "expect", "not_evaluated"}
FINDING = {"at", "severity", "authority", "message", "silent_of", "fix", "because"}


@dataclass(frozen=True)
class Case:
    """One case; `book` is "whole", "mini-with-poa-exempt", "mini-with-ncci" or "mini-with-procedures"."""

    rule: str
    file: str
    name: str
    claim: dict[str, Any]
    expect: list[dict[str, Any]]
    not_evaluated: str
    book: str

    @property
    def day(self) -> str:
        return str(self.claim["service_from"])

    @property
    def apart_from_date(self) -> str:
        """The claim without its dates: two cases alike in this differ in nothing else."""
        return repr(sorted((key, value) for key, value in self.claim.items() if not key.startswith("service_")))


def read(file: Path) -> Iterator[Case]:
    """Cases of one file; a key that is not known is refused, lest a case compare nothing."""
    content = load_yaml(file)
    assert set(content) == TOP, f"{file.name}: {sorted(set(content) ^ TOP)}"
    for entry in content["cases"]:
        assert set(entry) <= CASE, f"{file.name}: {entry.get('name')}: {sorted(set(entry) - CASE)}"
        for finding in entry.get("expect", []):
            assert set(finding) <= FINDING, f"{file.name}: {entry['name']}: {sorted(set(finding) - FINDING)}"
        yield Case(
            rule=content["rule"],
            file=file.stem,
            name=entry["name"],
            claim=_claim(dict(entry["claim"])),
            expect=entry.get("expect", []),
            not_evaluated=entry.get("not_evaluated", ""),
            book=entry.get("book", "whole"),
        )


@cache
def every() -> tuple[Case, ...]:
    """Cases of all files, in order of their names; nobody changes what they hold."""
    return tuple(case for file in sorted(FOLDER.rglob("*.yaml")) for case in read(file))


def _claim(entry: dict[str, Any]) -> dict[str, Any]:
    day = entry.pop("date_of_service", None)
    if day is not None:
        entry |= {"service_from": day, "service_to": day}
    return {"setting": "outpatient", **{key: _iso(value) for key, value in entry.items()}}


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def differences(case: Case, report: Report) -> list[str]:
    """What of the report is not as the case says; empty when all is."""
    found = [each for each in report.findings if each.code == case.rule]
    lacking = [each.missing for each in report.not_evaluated if each.rule == case.file]
    if ", ".join(lacking) != case.not_evaluated:
        return [f"not evaluated for want of {lacking}"]
    if len(found) != len(case.expect):
        return [f"{len(found)} findings, {len(case.expect)} expected: {[each.message for each in found]}"]
    wrong = []
    left = list(found)
    for wanted in case.expect:
        tried = [(_unlike(wanted, each), each) for each in left]
        problems, best = min(tried, key=lambda pair: len(pair[0]))
        wrong += problems
        left.remove(best)
    return wrong


def _unlike(wanted: dict[str, Any], finding: Finding) -> list[str]:
    wrong = []
    if "at" in wanted and wanted["at"] != _places(finding, wanted["at"]):
        wrong.append(f"at {_places(finding, wanted['at'])}, expected {wanted['at']}")
    wrong += [
        f"{key} {getattr(finding, key)}, expected {wanted[key]}"
        for key in ("severity", "authority")
        if key in wanted and wanted[key] != str(getattr(finding, key))
    ]
    if wanted.get("message", "") not in finding.message:
        wrong.append(f"message {finding.message!r} lacks {wanted['message']!r}")
    if "silent_of" in wanted and wanted["silent_of"] in finding.message:
        wrong.append(f"message {finding.message!r} speaks of {wanted['silent_of']!r}")
    wrong += _unlike_fix(wanted.get("fix", {}), finding)
    proofs = wanted.get("because", [])
    return wrong + [f"no proof fits {each}" for each in proofs if not any(_fits(each, one) for one in finding.because)]


def _places(finding: Finding, like: list[str]) -> list[str]:
    """Places in the manner of `like`: by kind and position where it has a `kind.n`, else by code."""
    numbered = any(each.split(".")[0] in ("diagnosis", "procedure", "line", "claim") for each in like)
    return [f"{each.kind}.{each.position}" if numbered else each.code for each in finding.at]


def _unlike_fix(wanted: dict[str, Any], finding: Finding) -> list[str]:
    wrong = []
    for key, value in wanted.items():
        have: Any = plain(getattr(finding.fix, key))
        if key == "ask" and isinstance(value, bool):
            right = (have is not None) == value
        elif key in ("say", "ask"):
            right = str(value) in (have or "")
        else:
            right = have == value
        if not right:
            wrong.append(f"fix.{key} {have!r}, expected {value!r}")
    return wrong


def _fits(wanted: dict[str, Any], proof: Because) -> bool:
    have = plain(proof)
    return all(str(value) in have[key] if key == "text" else have.get(key) == value for key, value in wanted.items())
