"""The tools: what each reads (a struct, read strictly), what it answers (an object), and how it describes itself.

Every tool only reads. Where it takes claims it takes several, and answers them in their order.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from claimwright.book.record import CodeRecord
from claimwright.claims.wire import claim_from_object
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.bounds import check_bounds, check_note
from claimwright.model import Claim, Coverage, GroupReport, Questions, Reading, Report, plain

MOST = 100
"""Claims, codes or rules in one call."""

Day = Annotated[
    datetime.date | None, msgspec.Meta(description="Date of service (YYYY-MM-DD), for what carries none; today.")
]
AsOf = Annotated[datetime.date | None, msgspec.Meta(description="Answer with what was released by this day.")]
Claims = Annotated[
    list[dict[str, Any]],
    msgspec.Meta(
        min_length=1, max_length=MOST, description="Claims; the first diagnosis is principal or first-listed."
    ),
]
Setting = Literal["inpatient", "outpatient", "professional", "emergency"]


class LookUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Input of `lookup_code`."""

    codes: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=200)]],
        msgspec.Meta(
            min_length=1,
            max_length=MOST,
            description="Codes, categories, blocks or chapters of ICD-10-CM; ICD-10-PCS, HCPCS; any case, dot or not.",
        ),
    ]
    date: Day = None
    as_of: AsOf = None


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Input of `search_codes`."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=1000, description="A condition in plain words.")]
    date: Day = None
    as_of: AsOf = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200, description="Most codes to list.")] = 10


class OfClaims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Input of tools over claims."""

    claims: Claims
    date: Day = None
    as_of: AsOf = None


class Group(OfClaims, frozen=True, forbid_unknown_fields=True):
    """Input of `group_drg`."""

    grouper_version: (
        Annotated[int, msgspec.Meta(ge=1, description="431 is v43.1; the version in force on the discharge date.")]
        | None
    ) = None


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Input of `score_risk`: claims, or codes alone."""

    claims: Annotated[
        list[dict[str, Any]], msgspec.Meta(max_length=MOST, description="Claims, each scored alone.")
    ] = []
    codes: Annotated[list[str], msgspec.Meta(max_length=1000, description="Diagnoses of one person, not claims.")] = []
    model: Literal["all", "V28", "V24", "RxV08", "ESRD-V24"] = "all"
    year: Annotated[int | None, msgspec.Meta(description="Payment year; the year after the date of service.")] = None
    variant: str = ""
    date: Day = None
    as_of: AsOf = None
    age: Annotated[int, msgspec.Meta(ge=0, le=124)] | None = None
    sex: Literal["F", "M"] | None = None
    dual: Annotated[str | None, msgspec.Meta(description="none, partial, full, or the dual eligibility code.")] = None
    orec: Annotated[str | None, msgspec.Meta(description="Original reason for entitlement, 0 to 3.")] = None
    crec: Annotated[str | None, msgspec.Meta(description="Current reason for entitlement, 0 to 3.")] = None
    new_enrollee: bool = False
    snp: bool = False
    low_income: bool = False
    institutional: bool = False
    graft_months: Annotated[int, msgspec.Meta(ge=0, description="Months since a kidney transplant.")] | None = None


class Cover(OfClaims, frozen=True, forbid_unknown_fields=True):
    """Input of `check_coverage`."""

    policies: Annotated[
        list[dict[str, Any]] | None, msgspec.Meta(description="Judge by these policies in place of those loaded.")
    ] = None


class ReadNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Input of `read_note`."""

    note: Annotated[str, msgspec.Meta(min_length=1, description="The clinical note as text.")]
    setting: Setting | None = None
    date: Day = None
    as_of: AsOf = None


class Explain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Input of `explain_rule`."""

    rules: Annotated[
        list[str],
        msgspec.Meta(max_length=MOST, description="Names (excludes1-conflict) or codes (DX201); none: all, in short."),
    ] = []


def _claims(values: list[dict[str, Any]]) -> list[Claim]:
    roots = [f"$.claims[{number}]" for number in range(len(values))]
    return [
        check_bounds(claim_from_object(each, "claims", at), "claims", at)
        for each, at in zip(values, roots, strict=True)
    ]


def _look_up(engine: Engine, given: LookUp) -> dict[str, Any]:
    records, unknown = [], []
    for code in given.codes:
        try:
            records.append(engine.book.show(code, given.date, given.as_of))
        except InputError as error:
            if error.place != "code" or len(given.codes) == 1:
                raise
            unknown.append({"code": code, "problem": str(error)})
    return {"records": records, "unknown": unknown}


def _search(engine: Engine, given: Search) -> dict[str, Any]:
    from claimwright.book.search import search

    book = engine.book
    out: dict[str, Any] = plain(search(book, given.words, book.answerable(given.date), given.limit, given.as_of))
    del out["explain"]
    return out


def _check(engine: Engine, given: OfClaims) -> dict[str, Any]:
    return {"reports": engine.check_all(_claims(given.claims), given.date, given.as_of)}


def _group(engine: Engine, given: Group) -> dict[str, Any]:
    return {"groups": engine.group_all(_claims(given.claims), given.date, given.grouper_version, given.as_of)}


def _risk(engine: Engine, given: Risk) -> dict[str, Any]:
    from claimwright.interfaces.render.risk import risk_document

    if bool(given.claims) == bool(given.codes):
        raise InputError("$.claims", "stands beside codes, or both are empty", "claims or codes")
    asked = {key: getattr(given, key) for key in given.__struct_fields__}
    del asked["claims"], asked["codes"]
    asked["day"] = asked.pop("date")
    if given.codes:
        return {"scores": [risk_document(engine.risk_of_codes(given.codes, **asked))]}
    return {"scores": [risk_document(engine.risk(each, **asked)) for each in _claims(given.claims)]}


def _cover(engine: Engine, given: Cover) -> dict[str, Any]:
    own = None if given.policies is None else engine.policies_of(given.policies, "$.policies")
    claims = _claims(given.claims)
    return {"coverages": [engine.cover(each, own, day=given.date, as_of=given.as_of) for each in claims]}


def _read(engine: Engine, given: ReadNote) -> Any:
    check_note(given.note, "$.note")
    return engine.read(given.note, given.setting, given.date, given.as_of)


def _query(engine: Engine, given: OfClaims) -> dict[str, Any]:
    return {"claims": [engine.query(each, given.date, given.as_of) for each in _claims(given.claims)]}


def _explain(engine: Engine, given: Explain) -> dict[str, Any]:
    from claimwright.interfaces.render.rules import rule_entry

    if not given.rules:  # the page of each would be a book; its first line is the summary
        entries = [rule_entry(each) for each in engine.rules.values()]
        return {"rules": [{**each, "page": each["summary"]} for each in entries]}
    return {"rules": [rule_entry(rule_named(engine, each)) for each in given.rules]}


def rule_named(engine: Engine, name: str) -> Any:
    """A rule by name or code. Errors: `InputError`."""
    rules = engine.rules
    found = rules.get(name.lower()) or next((each for each in rules.values() if each.code == name.upper()), None)
    if found is None:
        raise InputError("rules", f"no rule is called {name[:60]!r}", "a name or code; none lists them all")
    return found


@dataclass(frozen=True, slots=True)
class ToolMade:
    """One tool: `answers` is the class of its answer, in a list under `key` where there is one."""

    name: str
    title: str
    says: str
    form: type[msgspec.Struct]
    call: Callable[[Engine, Any], Any]
    answers: Any
    key: str = ""


RULE, SEARCH, SCORE = "rule", "search", "score"
"""Answers that are no class of their own; the server describes them."""

TOOLS = (
    ToolMade(
        "lookup_code", "Look up codes",
        "Everything the official tables say of codes on a date: title, whether billable, parents, children, Excludes "
        "and other notes with their holder, successors, MS-DRG family, HCCs, policies that list it, and the sources. "
        "Use it when you have a code; use search_codes when you have words.",
        LookUp, _look_up, CodeRecord, "records",
    ),
    ToolMade(
        "search_codes", "Search codes",
        "ICD-10-CM codes for a condition in plain words, best first, each with the official wording that matched. "
        "Use it before lookup_code when no code is known; a hit is a candidate, never a coding decision.",
        Search, _search, SEARCH,
    ),
    ToolMade(
        "check_claim", "Check claims",
        "Checks whole claims against the notes and tables in force on their date of service: Excludes1, sequencing, "
        "age and sex, laterality, validity, procedure edits. Each finding has rule, severity, the official text that "
        "proves it, and a fix; not_evaluated says what no loaded table could judge. A note in a claim is compared too.",
        OfClaims, _check, Report, "reports",
    ),
    ToolMade(
        "group_drg", "Group into MS-DRGs",
        "The MS-DRG of inpatient claims, which diagnosis counted as CC or MCC or was excluded and by what, and the DRG "
        "that one change would give. Only for setting inpatient, with discharge_status.",
        Group, _group, GroupReport, "groups",
    ),
    ToolMade(
        "score_risk", "Score CMS-HCC risk",
        "The CMS-HCC risk score of a person's diagnoses: HCCs with coefficients, hierarchy drops, interactions, "
        "demographics, and codes that map to nothing. Give claims, or codes with age and sex.",
        Risk, _risk, SCORE, "scores",
    ),
    ToolMade(
        "check_coverage", "Check coverage",
        "What each coverage policy says of the services on claims: whether the diagnoses are listed, each criterion as "
        "met, not met or not documented with its source, what documentation is missing, denial risks. Needs lines with "
        "a code, and payer (with state for Medicare); silence in the claim is never taken for a criterion met.",
        Cover, _cover, Coverage, "coverages",
    ),
    ToolMade(
        "read_note", "Read a clinical note",
        "What a note states, each fact with its status (present, absent, uncertain, historical, family, hypothetical) "
        "and span, and candidate codes with what still needs a decision. Nothing of the note is kept.",
        ReadNote, _read, Reading,
    ),
    ToolMade(
        "draft_query", "Draft questions to the clinician",
        "The fewest questions that settle what claims and their notes leave open, written so that they do not lead: "
        "indicators, answers in alphabetical order, what each answer settles. Use it in place of guessing a diagnosis.",
        OfClaims, _query, Questions, "claims",
    ),
    ToolMade(
        "explain_rule", "Explain rules",
        "The page of a rule that a finding names: what it checks, why it matters, an example, how to fix; with "
        "authority and citations. Without names it lists all rules.",
        Explain, _explain, RULE, "rules",
    ),
)  # fmt: skip
"""All tools, in the order in which they are listed."""
