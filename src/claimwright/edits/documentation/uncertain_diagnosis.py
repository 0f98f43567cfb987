"""DC101 uncertain-diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from claimwright.book.store import Book
from claimwright.edits.documented import Documented, noted
from claimwright.edits.established import established
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.model import Authority, Because, Finding, Fix, NoteFact, Setting, Severity, Status, dotted, undotted

if TYPE_CHECKING:
    from claimwright.edits.noted import Noted


class _Law(NamedTuple):
    """The rows of `lexicons/uncertain-diagnosis.yaml`, sections that speak at discharge, words near to a denial."""

    setting: dict[str, dict[str, Any]]
    printed: dict[str, tuple[str, ...]]
    asked: tuple[dict[str, Any], ...]
    confirmed: tuple[dict[str, Any], ...]
    final: frozenset[str]
    unlikely: frozenset[str]


@lru_cache(maxsize=8)
def _law(book: Book) -> _Law:
    rows = book.lexicon_rows("uncertain-diagnosis")
    return _Law(
        {name: row for row in rows if row["kind"] == "setting" for name in row["settings"]},
        {row["section"]: tuple(map(str, row["words"])) for row in rows if row["kind"] == "words"},
        tuple(row for row in rows if row["kind"] == "ask"),
        tuple(row for row in rows if row["kind"] == "confirmed-only"),
        frozenset(str(row["section"]) for row in book.lexicon_rows("note-sections") if row.get("final")),
        frozenset(
            str(word)
            for row in book.lexicon_rows("assertion-triggers")
            if row.get("leaning") == "absent"
            for word in row["triggers"]
        ),
    )


def _uncertain(told: Noted) -> Iterator[tuple[int, int]]:
    """Diagnoses whose mentions are all uncertain; the key is the number of the last one."""
    if not any(each.status is Status.UNCERTAIN for each in told.facts):
        return
    for index in told.diagnoses:
        number = _doubted(told, index)
        if number is not None:
            yield index, number


def _doubted(told: Noted, index: int) -> int | None:
    """The mention by which the note doubts a diagnosis; None where it does not, or states it elsewhere."""
    near = told.near(index)
    doubted = [number for number in near if told.facts[number].status is Status.UNCERTAIN]
    stated = [number for number in near if told.facts[number].status is Status.PRESENT]
    if doubted and stated:
        # "Neck pain, possible cervical radiculopathy": a neighbour in the category does not state it.
        worded = set(told.worded(index))
        stated = [number for number in stated if number in worded or worded.isdisjoint(doubted)]
    if not doubted or stated:
        return None
    return _firmest(told, index, doubted)


def unreported(told: Noted, index: int) -> bool:
    """Is a diagnosis one that the note doubts, and that the claim's setting therefore does not report?"""
    number = _doubted(told, index)
    if number is None:
        return False
    law, word = _law(told.book), _word(told.facts[number])
    code = told.claim.diagnoses[index - told.diagnoses.start].code
    inpatient = told.claim.setting is Setting.INPATIENT
    return not inpatient or word in law.unlikely or _confirmed_only(law, code) is not None


def _word(fact: NoteFact) -> str:
    return fact.trigger.text.lower() if fact.trigger else f"the heading {fact.section}"


def _confirmed_only(law: _Law, code: str) -> dict[str, Any] | None:
    return next((each for each in law.confirmed if any(_within(code, one) for one in each["codes"])), None)


def _firmest(told: Noted, index: int, doubted: list[int]) -> int:
    """The mention that names the code most exactly; of those, one that speaks at discharge, and the last."""
    exact, final = set(told.naming(index)), _law(told.book).final
    return max(doubted, key=lambda number: (number in exact, told.facts[number].section in final, number))


@rule(
    "DC101",
    relation=Documented(_uncertain),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
)
def uncertain_diagnosis(hit: Hit) -> Finding | None:
    """A diagnosis that the note holds for uncertain is reported as if it were established.

    ## What it checks
    Claims that bring their note. A reported diagnosis whose mentions in the note are all uncertain (probable,
    suspected, rule out and the like). Outpatient, professional and emergency claims do not report it. An
    inpatient claim may, when it was still uncertain at the time of discharge: quiet where a discharge
    diagnosis, assessment or impression says so, a question elsewhere and for a bare "rule out". HIV, Zika
    virus disease, COVID-19 and influenza due to certain identified viruses are reported only when confirmed.

    ## Why it matters
    Outpatient encounters are coded to the highest degree of certainty: the symptom, sign or reason for the
    visit is reported in its place.

    ## Example
    E86.0 (dehydration) on an emergency claim whose note says "likely dehydration-related".

    ## How to fix
    Remove the code and report what is certain; or, if the diagnosis was confirmed, add where the record says so.
    """
    told = noted(hit)
    fact = told.facts[hit.key]
    word = _word(fact)
    law = _law(hit.book)
    row = law.setting[hit.claim.setting.value]
    only = _confirmed_only(law, hit.left.code)
    if word in law.unlikely:
        return _remove(hit, fact, [row["section"]], f"the note holds it for unlikely ({word!r})")
    if hit.claim.setting is not Setting.INPATIENT:
        printed = any(each in word for each in law.printed[row["section"]])
        similar = "" if printed else f", a similar term that {row['section']} does not print"
        return _remove(hit, fact, [row["section"], f"{row['section']}.instead"], f"uncertain ({word!r}{similar})")
    if only is not None:
        return _remove(hit, fact, [row["section"]], f"uncertain ({word!r}), and {only['says']}")
    section = "II.H" if hit.left.position == 1 else "III.C"
    for each in law.asked:
        if word in each["words"]:
            asked = "Was it still to be ruled out at the time of discharge?"
            return _ask(hit, fact, section, f"{word!r}: {each['says']}", asked)
    if fact.section not in law.final:
        asked = "Was the diagnosis still uncertain at the time of discharge, and where does the record say so?"
        return _ask(hit, fact, section, f"{word!r}, in a part of the note that does not speak at discharge", asked)
    return None


def _remove(hit: Hit, fact: NoteFact, sections: list[str], why: str) -> Finding:
    kept = [each.code for each in hit.others() if each.code != hit.left.code and established(each)]
    left = f"{_listed(kept)} {'remains' if len(kept) == 1 else 'remain'}" if kept else "nothing remains on the claim"
    return hit.finding(
        f"{hit.left.named} is reported, and the note does not show it as established: {why}",
        because=[*_proof(hit, fact), *_cited(hit, sections)],
        fix=Fix(
            say=f"Remove {hit.left.code}; {left}. Report the symptom, sign or reason for the visit",
            remove=(hit.left.code,),
            ask=None if kept else "Which symptom, sign or abnormal finding does the note show as certain?",
        ),
    )


def _ask(hit: Hit, fact: NoteFact, section: str, why: str, asked: str) -> Finding:
    return hit.finding(
        f"{hit.left.named} is uncertain in the note ({why}); an inpatient claim reports it only if it was uncertain "
        "at the time of discharge",
        because=[*_proof(hit, fact), *_cited(hit, [section, "II.H.setting"])],
        fix=Fix(say=f"Keep {hit.left.code} only if the discharge record still holds it for uncertain", ask=asked),
    )


def _proof(hit: Hit, fact: NoteFact) -> list[Because]:
    return [noted(hit).proof(fact)]


def _cited(hit: Hit, sections: list[str]) -> list[Because]:
    return [hit.cite(f"icd10cm-guidelines:{section}") for section in sections]


def _listed(codes: list[str]) -> str:
    return ", ".join(map(dotted, map(undotted, codes)))


def _within(code: str, pattern: str) -> bool:
    return undotted(code).startswith(undotted(pattern).rstrip("-"))
