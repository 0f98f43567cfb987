"""Drafts from findings, from gaps of documentation, and from candidates of a reading."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from claimwright.model import Candidate, CandidateStatus, Finding, undotted
from claimwright.model.query import Addressee, Evidence, Settled
from claimwright.queries.draft import Draft
from claimwright.queries.matter import SYMPTOMS, Matter, quoted, rows_of

_MOST_OPTIONS = 8
DESCRIPTION = "Please clarify, based on your clinical judgment, which description fits the condition evaluated."
_OPEN = re.compile(r"(?:with )?(?:which|what|where|whose|how|limited)\b", re.IGNORECASE)
"""Questions of the coder that "as reported" does not answer."""

_AXES = {
    "laterality": ("Please clarify the side.", ("Both sides", "Left", "Right")),
    "trimester": ("Please clarify the trimester.", ("First trimester", "Second trimester", "Third trimester")),
    "fetus": (
        "Please clarify which fetus was affected.",
        ("One fetus (please specify)", "Several fetuses (please specify)"),
    ),
}
"""What a note leaves open of a code and a provider can tell; the stage of care and the sex are for the coder."""

_UNTITLED = "no title in the lists loaded"
_RECORD = ("As reported on the claim", "Documented otherwise in the record")
_ADMISSION = ("Not present at admission; developed during the stay", "Present at admission")


# ---- findings -----------------------------------------------------------------------------------------


def of_findings(matter: Matter) -> list[Draft]:
    """Drafts for the findings whose fix is a question; those of one form about the stay are one draft."""
    forms = {rule: row for row in rows_of("query-forms") for rule in row["rules"]}
    grouped: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in matter.report.findings:
        if finding.fix.ask is None:
            continue
        form = forms.get(finding.rule)
        if form is None or form["offer"] == "record":
            grouped["", finding.fix.ask].append(finding)
        elif form["offer"] in ("admission", "reported"):
            grouped[form["form"],].append(finding)
        else:
            grouped[form["form"], *(f"{place.kind} {place.position}" for place in finding.at), finding.rule].append(
                finding
            )
    drafts = []
    for each in grouped.values():
        form = forms.get(each[0].rule)
        also = form.get("also", ()) if form else ()
        more = [one for one in matter.report.findings if one.rule in also and one.fix.ask is not None]
        drafts.append(_of_findings(matter, form, [*each, *more]))
    return drafts


def _of_findings(matter: Matter, form: dict[str, Any] | None, findings: list[Finding]) -> Draft:
    settles = tuple(Settled("finding", each.rule, each.at) for each in findings)
    places = dict.fromkeys(place for each in findings for place in each.at)
    evidence = [shown for place in places if (shown := matter.at(place))]
    if form is None or form["offer"] == "record":
        replaced = _replacing(matter, findings)
        evidence = [matter.at(place) or Evidence(place.kind, _UNTITLED, place=place) for place in places]
        plain = () if _OPEN.match(findings[0].fix.ask or "") else _RECORD
        if form is not None:
            replaced, plain = (), tuple(form["options"])
        options = replaced if 1 < len(replaced) <= _MOST_OPTIONS else plain
        evidence += matter.telling([each.says for each in evidence if each.says != _UNTITLED])
        return Draft(Addressee.CODER, findings[0].fix.ask or "", tuple(options), tuple(evidence), settles)
    titles = [each.says for each in evidence]
    grounds = [*evidence, *matter.telling(titles)]
    offer, options, codes = form["offer"], (), frozenset[str]()
    if offer == "ends":
        options = (*titles, *(("Both, as separate and unrelated conditions",) if len(titles) > 1 else ()))
        codes = frozenset(undotted(place.code) for place in places)
    elif offer == "replace":
        options = _replacing(matter, findings)
    elif offer == "admission":
        options = _ADMISSION
    elif offer == "reported":
        grounds = [*evidence, *matter.conditions(), *matter.telling(titles)]
        options = tuple(each.says for each in matter.conditions())
    elif offer == "open":
        others = [each.says for each in matter.conditions() if each.place not in places]
        options = tuple(others)
        grounds = [*evidence, *matter.conditions(), *matter.telling(titles)]
    if not 1 < len(dict.fromkeys(options)) <= _MOST_OPTIONS:
        options = tuple(form.get("options", ()))
    return Draft(Addressee(form["to"]), form["ask"], tuple(options), tuple(grounds), settles, codes)


def _replacing(matter: Matter, findings: Iterable[Finding]) -> tuple[str, ...]:
    codes = [code for each in findings for listed in each.fix.replace.values() for code in listed]
    titles = [_described(matter, code) for code in codes]
    return tuple(dict.fromkeys(each for each in titles if each))


def _described(matter: Matter, code: str) -> str | None:
    return matter.title(code.rstrip("-"))


# ---- gaps of documentation ----------------------------------------------------------------------------


def of_gaps(matter: Matter) -> Iterator[Draft]:
    """Drafts for what `lexicons/query-triggers.yaml` names."""
    for row in rows_of("query-triggers"):
        if matter.claim.setting.value not in row.get("settings", [matter.claim.setting.value]):
            continue
        if any(code.startswith(_plain(row.get("unless", ()))) for code in matter.codes):
            continue
        reported = [each for each in matter.diagnoses if _speaks_of(matter, row, each)]
        mentioned = matter.mentions(tuple(row["mentions"])) if row.get("mentions") else []
        context = [_present(matter, names) for names in row.get("with", ())]
        among = [found for name in row.get("among", ()) if (found := _present(matter, [name]))]
        if not (reported or mentioned) or not all(context) or len(among) < row.get("least", 0):
            continue
        context += among
        if row.get("siblings"):
            for each in reported:
                yield _gap(matter, row, [each], [], _siblings(matter, each))
            continue
        context.append(_present(matter, row.get("show", ())))
        options = tuple(row.get("options", ())) + _titles(matter, row.get("from", ()))
        yield _gap(matter, row, [*reported, *mentioned[:2]], [one for each in context for one in each[:2]], options)


def _gap(
    matter: Matter, row: dict[str, Any], grounds: list[Evidence], context: list[Evidence], options: tuple[str, ...]
) -> Draft:
    told = matter.telling([each.says for each in grounds if each.kind != "note"])
    at = tuple(each.place for each in grounds if each.place)
    codes = frozenset(undotted(place.code) for place in at) if row.get("sign") else frozenset()
    settles = (Settled("documentation", row["trigger"], at),)
    return Draft(Addressee.PROVIDER, row["ask"], options, (*grounds, *context, *told), settles, codes)


def _speaks_of(matter: Matter, row: dict[str, Any], each: Evidence) -> bool:
    if each.place is None:
        return False
    if row.get("sign"):
        return each.place.position == 1 and SYMPTOMS.match(each.place.code) is not None
    if row.get("title"):
        return re.search(row["title"], each.says, re.IGNORECASE) is not None
    codes = _plain(row.get("codes", ()))
    return bool(codes) and undotted(each.place.code).startswith(codes)


def _plain(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(undotted(code) for code in codes)


def _present(matter: Matter, names: Iterable[str]) -> list[Evidence]:
    return [one for name in names for one in matter.indicators.get(name, ())]


def _titles(matter: Matter, codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(title for code in codes if (title := matter.title(code)))


def _siblings(matter: Matter, each: Evidence) -> tuple[str, ...]:
    """Descriptions beside this one in the tabular list, in effect that day."""
    if each.place is None:
        return ()
    edition, _ = matter.book.edition_on(matter.day)
    node = matter.book.node(edition.number, undotted(each.place.code))
    if node is None or node.parent < 0:
        return ()
    beside = matter.book.billable_under(matter.book.node_at(edition.number, node.parent), matter.day, 20)
    titles = tuple(title for code, title in beside if code != node.code)
    return titles if len(titles) <= _MOST_OPTIONS else ()


# ---- candidates of a reading --------------------------------------------------------------------------


def of_candidates(matter: Matter) -> Iterator[Draft]:
    """Drafts for candidates that need a decision; candidates of the same words of the note are one draft.

    None for what the claim reports already, and for symptoms beside a disease that it reports.
    """
    if matter.reading is None:
        return
    groups: dict[int, list[Candidate]] = defaultdict(list)
    for each in matter.reading.candidates:
        if each.status is not CandidateStatus.NOT_CODABLE:
            groups[min((span.start for span in each.spans), default=-1)].append(each)
    diseases = bool(matter.diseases())
    for start, group in sorted(groups.items()):
        open_ones = [each for each in group if each.status is CandidateStatus.NEEDS_DECISION]
        open_ones = [each for each in open_ones if not _reported(matter, each)]
        if not open_ones or (diseases and all(SYMPTOMS.match(each.code) for each in group)):
            continue
        if draft := _of_candidates(matter, start, group, open_ones):
            yield draft


def _reported(matter: Matter, each: Candidate) -> bool:
    code = _stem(each)
    return any(one.startswith(code) or code.startswith(one) for one in matter.codes)


def _stem(each: Candidate) -> str:
    return undotted(each.code.rstrip("-"))


def _of_candidates(matter: Matter, start: int, group: list[Candidate], open_ones: list[Candidate]) -> Draft | None:
    """None where nothing is open that a provider could tell."""
    sentence = matter.sentence_at(start)
    evidence = (quoted(sentence),) if sentence else ()
    settles = tuple(Settled("candidate", each.code) for each in open_ones)
    stems = {_stem(each) for each in group}
    top = [each for each in group if not any(_stem(each) != one and _stem(each).startswith(one) for one in stems)]
    titles = tuple(dict.fromkeys(each.title for each in top if each.title))
    codes = frozenset(stems)
    if len(titles) > 1:
        return Draft(Addressee.PROVIDER, DESCRIPTION, titles, evidence, settles, codes)
    below = _below(matter, top[0].code)
    axis = next((axis for each in open_ones for axis in each.unsettled if axis in _AXES), None)
    if axis is not None:
        ask, plain = _AXES[axis]
        return Draft(Addressee.PROVIDER, ask, below or plain, evidence, settles, codes)
    return Draft(Addressee.PROVIDER, DESCRIPTION, below, evidence, settles, codes) if below else None


def _below(matter: Matter, code: str) -> tuple[str, ...]:
    edition, _ = matter.book.edition_on(matter.day)
    node = matter.book.node(edition.number, undotted(code.rstrip("-")))
    if node is None:
        return ()
    children = matter.book.children(node)
    vague = node.title.lower().count("unspecified")
    titles = tuple(dict.fromkeys(each.title for each in children if each.title.lower().count("unspecified") <= vague))
    return titles if 1 < len(titles) <= _MOST_OPTIONS else ()
