"""PR322 modifier-invalid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from claimwright.book.procedure_columns import dated, fees
from claimwright.book.procedures import HCPCS, PFS, TableEdition, how_to_load, procedures
from claimwright.book.store import Book
from claimwright.edits.frame import LINE, Bools, Frame
from claimwright.edits.hit import Hit, LineEnd, line_of
from claimwright.edits.line_outcomes import stated
from claimwright.edits.line_relations import Faults, Places
from claimwright.edits.ncci import by_edition, proof
from claimwright.edits.outcomes import NO_FINDING, Outcomes, repeated
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Hits
from claimwright.model import Authority, Because, Claim, Finding, Fix, NotEvaluated, Setting, Severity
from claimwright.model.fees import HcpcsEntry

RULES, CPT_LIST = "modifier-rules", "cpt-modifiers"
_ROWS = 1000
"""Faults from here on number the rows of the lexicon; those below are places of a modifier on its line."""

_LEVEL_TWO = re.compile(r"[A-Z][0-9A-Z]")
_CPT = re.compile(r"[0-9][0-9A-Z]")


def _faults(frame: Frame) -> tuple[Places, Places]:
    found = [_of_one(frame, _misshapen(frame) | _out_of_days(frame))]
    found += [
        (held, np.full(len(held), _ROWS + number))
        for number, row in enumerate(_rows(frame.columns.book))
        for held in (np.flatnonzero(_ruled_out(frame, row)),)
    ]
    lines, numbers = zip(*found, strict=True)
    return np.concatenate(lines), np.concatenate(numbers)


def _of_one(frame: Frame, wrong: Bools) -> tuple[Places, Places]:
    """Lines and places, from 0, of the modifiers that are wrong."""
    at = np.flatnonzero(wrong)
    line = frame.lines.of_modifier[at].astype(np.int64)
    return line, at - frame.batch.modifier_offsets[line]


def _misshapen(frame: Frame) -> Bools:
    """Modifiers that are not two letters or digits."""
    texts, number = np.unique(frame.batch.modifiers, return_inverse=True)
    shaped = [bool(_LEVEL_TWO.fullmatch(each) or _CPT.fullmatch(each)) for each in _texts(texts)]
    return ~np.array(shaped, dtype=np.bool_)[number]


def _out_of_days(frame: Frame) -> Bools:
    """Level II modifiers that the release of the line's day does not have, or has for other days."""
    of_line = frame.lines.of_modifier
    out = np.zeros(len(of_line), dtype=np.bool_)
    texts, number = np.unique(frame.batch.modifiers, return_inverse=True)
    level_two = np.array([bool(_LEVEL_TWO.fullmatch(each)) for each in _texts(texts)], dtype=np.bool_)[number]
    days = frame.batch.line_days[of_line]
    for edition, held in by_edition(frame, HCPCS):
        asked = np.flatnonzero(level_two & np.isin(of_line, held))
        table = dated(frame.columns.book, edition.number, True)
        at = table.at(texts.astype("S8"))[number[asked]]
        listed, place = asked[at >= 0], at[at >= 0]
        out[asked[at < 0]] = True
        out[listed] = (days[listed] < table.added[place]) | (days[listed] > table.last[place])
    return out


def _ruled_out(frame: Frame, row: dict[str, Any]) -> Bools:
    """Lines on which a row of the lexicon rules a modifier out."""
    carries = _carries(frame, row["modifiers"])
    if "others" in row:
        return carries & _carries(frame, row["others"])
    # The fee schedule is one for practitioners: a hospital's lines are edited by other tables.
    carries &= frame.in_settings(Setting.PROFESSIONAL, kind=LINE)
    values = np.array([each.encode("ascii") for each in row["values"]], dtype="S2")
    out = np.zeros(len(carries), dtype=np.bool_)
    for edition, held in by_edition(frame, PFS) if carries.any() else ():
        table = fees(frame.columns.book, edition.number)
        at = table.at(frame.lines.texts)[frame.lines.code[held]]
        column = table.bilateral if row["column"] == "bilateral" else table.professional_technical
        lines, at = held[at >= 0], at[at >= 0]
        out[lines] = np.isin(column[at], values)
    return out & carries


def _carries(frame: Frame, modifiers: list[str]) -> Bools:
    return np.logical_or.reduce([frame.lines.with_modifier(each) for each in modifiers])


def _texts(modifiers: Any) -> list[str]:
    return [bytes(each).decode("ascii") for each in modifiers.tolist()]


@lru_cache(maxsize=16)
def _rows(book: Book) -> tuple[dict[str, Any], ...]:
    return tuple(book.lexicon_rows(RULES))


@lru_cache(maxsize=16)
def _cpt(book: Book) -> frozenset[str]:
    return frozenset(each for row in book.lexicon_rows(CPT_LIST) for each in row["modifiers"])


def unjudged(rule: str, claim: Claim, book: Book, otherwise: date) -> list[NotEvaluated]:
    """What the book lacks to judge the modifiers of a claim: the HCPCS file, the fee schedule, a list of CPT's."""
    out: dict[tuple[str, str], NotEvaluated] = {}
    for line in claim.lines:
        day = line.date or claim.date_of_service(otherwise)
        for missing, how in _lacking(book, claim, [each.strip().upper() for each in line.modifiers], day):
            out.setdefault((missing, how), NotEvaluated(rule, missing, how))
    return list(out.values())


def _lacking(book: Book, claim: Claim, modifiers: list[str], day: date) -> Iterator[tuple[str, str]]:
    if any(map(_LEVEL_TWO.fullmatch, modifiers)) and procedures(book).edition(HCPCS, day) is None:
        yield HCPCS, how_to_load(HCPCS, day)
    by_column = {each for row in _rows(book) if "column" in row for each in row["modifiers"]}
    if (
        claim.setting is Setting.PROFESSIONAL
        and by_column.intersection(modifiers)
        and procedures(book).edition(PFS, day) is None
    ):
        yield PFS, how_to_load(PFS, day)
    for each in modifiers:
        if _CPT.fullmatch(each) and each not in _cpt(book):
            yield CPT_LIST, f"{each} is none of the CPT modifiers of the lexicon {CPT_LIST}, which is no complete list"


def _outcome(frame: Frame, hits: Hits) -> Outcomes:
    """Warnings for what does not stand together and for 50; a modifier that a line repeats is told once."""
    mild = np.array(
        ["others" in row or row.get("column") == "bilateral" for row in _rows(frame.columns.book)], dtype=np.bool_
    )
    by_row = hits.key >= _ROWS
    rank = stated(hits)
    rank[by_row] = np.where(mild[hits.key[by_row] - _ROWS], Severity.WARNING.rank, Severity.ERROR.rank)
    rank[~by_row & _again(frame, hits, by_row)] = NO_FINDING
    return Outcomes(rank)


def _again(frame: Frame, hits: Hits, by_row: Bools) -> Bools:
    """Does a line carry the modifier in an earlier place, as it was written? A misshapen one has no packed form."""
    again = np.zeros(len(hits), dtype=np.bool_)
    several = np.flatnonzero(repeated(hits.left) & ~by_row)  # few lines have two modifiers that are wrong
    batch, seen = frame.batch, set()
    for at in several.tolist():
        line, place = int(hits.left[at]), int(hits.key[at])
        packed = bytes(batch.modifiers[batch.modifier_offsets[line] + place]).decode("ascii")
        said = line, packed if _LEVEL_TWO.fullmatch(packed) else repr(batch.line(line).modifiers[place])
        again[at] = said in seen
        seen.add(said)
    return again


@rule(
    "PR322",
    relation=Faults(of=_faults, settings=tuple(Setting)),
    severity=Severity.ERROR,
    authority=Authority.TABLE_EDIT,
    in_force=since("2015-10-01"),
    outcome=_outcome,
)
def modifier_invalid(hit: Hit) -> Finding:
    """A modifier that does not exist on the line's day, or cannot stand where it stands.

    ## What it checks
    A modifier is two letters or digits. One that begins with a letter is Level II, and has to be in the
    HCPCS file that covers the line's day, on that day. One that begins with a digit is CPT's: it is
    compared with a short cited list (`lexicons/cpt-modifiers.yaml`), and told as not evaluated if it is
    not there. Two modifiers that Medicare contractors say do not stand together (50 with LT, RT or 78;
    26 with TC) are a warning. On professional claims the fee schedule's indicators rule out 26, TC and
    50 for a code (`lexicons/modifier-rules.yaml`). Without the table the line is told as not evaluated.

    ## Why it matters
    A line with a modifier that does not exist, or contradicts another, is returned or denied.

    ## Example
    LT and 50 on one line; ZA, terminated on 2018-03-31, on a line of 2019.

    ## How to fix
    Remove the modifier from the line. If it was to say something that the record documents, replace it by the
    modifier that says so on that day: the file's cross-reference where it names one that is in effect. Of two
    that do not stand together remove the one that the record does not support.
    """
    line = line_of(hit.left)
    if hit.key >= _ROWS:
        return _by_row(hit, line, _rows(hit.book)[hit.key - _ROWS])
    stated = line.line.modifiers[hit.key]
    modifier = stated.strip().upper()
    if not _LEVEL_TWO.fullmatch(modifier):
        return hit.finding(
            f"{stated!r} on {line.named} is not written as a modifier, which is two letters or digits",
            because=[hit.cite("hcpcs-record-layout:modifier")],
            fix=_removed(line, repr(stated), stated),
        )
    return _by_days(hit, line, stated)


def _removed(line: LineEnd, named: str, stated: str, known: str = "") -> Fix:
    """The modifier taken off its line: whatever it was to say, without it the line has no such fault."""
    return Fix(
        say=f"Remove {named} from {line.code}{known}; if it was to say something that the record documents, "
        f"replace it by the modifier that says so on {line.day}",
        remove=(stated,),
        ask=f"What was {stated} to say of {line.code}, and does the record document it?",
    )


def _by_days(hit: Hit, line: LineEnd, stated: str) -> Finding:
    """A Level II modifier that is not in force on the line's day."""
    modifier = stated.strip().upper()
    here = procedures(hit.book).need(HCPCS, line.day)
    entry = procedures(hit.book).hcpcs_in(here, modifier, modifier=True)
    because, says, edition = [], "", here
    if entry is None:
        says = f"the HCPCS Level II file {here.name} does not list it"
        because.append(proof(here, "modifier", f"no row for modifier {modifier}", modifier))
        edition, entry = _elsewhere(hit, modifier, line.day)
    known = ""
    if entry is not None:
        told, known = _days(entry, edition, line.day)
        says = f"{says}; in {edition.name} {told}" if says else told
        because += [proof(edition, "modifier", told, modifier), hit.cite("hcpcs-record-layout:termination")]
    instead = entry.cross_references if entry is not None and entry.last else ()
    named = f"; the file's cross-reference names {', '.join(instead)}" if instead else ""
    return hit.finding(
        f"The modifier {modifier} on {line.named} is not in effect on {line.day}: {says}{named}",
        because=because,
        fix=_remedy(hit, line, stated, known, instead),
    )


def _elsewhere(hit: Hit, modifier: str, day: date) -> tuple[TableEdition, HcpcsEntry | None]:
    """The loaded release nearest to the day that lists a modifier, and its row; None where no release does."""
    held = procedures(hit.book)
    nearest = sorted(held.editions(HCPCS), key=lambda each: (each.window.distance(day), each.window.starts))
    found = ((each, held.hcpcs_in(each, modifier, modifier=True)) for each in nearest)
    return next((pair for pair in found if pair[1] is not None), (nearest[0], None))


def _days(entry: HcpcsEntry, edition: TableEdition, day: date) -> tuple[str, str]:
    """The day that keeps a modifier off a line, as the file has it, and as the fix tells it."""
    if day < entry.added:
        until = f" until {entry.last}" if entry.last else ""
        return f"it was added on {entry.added}", f", as it is in effect from {entry.added}{until or ' on'}"
    if entry.last and entry.last < day:
        return f"its last day was {entry.last}", f", as it was in effect from {entry.added} until {entry.last}"
    return "it is listed", f", as only the file of {edition.window} lists it"


def _remedy(hit: Hit, line: LineEnd, stated: str, known: str, instead: tuple[str, ...]) -> Fix:
    """Replaced by what the file refers to, if that stands on the line's day; else removed."""
    modifier = stated.strip().upper()
    found = [(each, procedures(hit.book).hcpcs(each, line.day, modifier=True)) for each in instead]
    good = tuple(
        each
        for each, listed in found
        if (listed.in_force(line.day) if listed else not _LEVEL_TWO.fullmatch(each)) and each != modifier
    )
    if not good:
        return _removed(line, modifier, stated, known)
    named = " or ".join(good)
    return Fix(
        say=f"Replace {modifier} on {line.code} by {named} if the record supports it, and remove it otherwise{known}",
        replace={stated: good},
        ask=f"Does the record document {named} for {line.code}?",
    )


def _by_row(hit: Hit, line: LineEnd, row: dict[str, Any]) -> Finding:
    """Two modifiers that exclude each other, or one that the code's indicator rules out."""
    carried = [each.strip().upper() for each in line.line.modifiers]
    source = hit.book.lexicon_source(RULES, row["source"])
    cited = Because(
        source=f"lexicon {RULES}", edition=f"read {source['read']}", starts=None, ends=None, kind="cited-source",
        text=row["says"], holder=f"{source['title']} ({source['publisher']}, {source['url']})", level="source",
    )  # fmt: skip
    held = [each for each in dict.fromkeys(carried) if each in (*row["modifiers"], *row.get("others", ()))]
    if "others" in row:
        return hit.finding(
            f"{line.named} carries {' and '.join(held)}, which do not stand together: {row['says']}",
            because=[cited],
            severity=Severity.WARNING,
            authority=Authority.MANUAL,
            fix=Fix(
                say=f"Remove {_either(held, row)} from {line.code}, as the record supports: {row['says']}",
                ask=row["ask"],
            ),
        )
    edition = procedures(hit.book).need(PFS, line.day)
    fee = procedures(hit.book).fees(line.code, line.day)[0]
    value = fee.bilateral if row["column"] == "bilateral" else fee.professional_technical
    name = "bilateral surgery" if row["column"] == "bilateral" else "PC/TC"
    return hit.finding(
        f"{line.named} does not take {' and '.join(held)}: its {name} indicator is {value} in the physician fee "
        f"schedule {edition.name}, and {row['says']}",
        because=[proof(edition, "fee-indicator", f"{name} indicator {value}", line.code), cited],
        severity=Severity.WARNING if row["column"] == "bilateral" else Severity.ERROR,
        fix=Fix(
            say=f"Remove {' and '.join(held)} from {line.code}: {row['says']}",
            remove=tuple(each for each in dict.fromkeys(line.line.modifiers) if each.strip().upper() in held),
            ask=row["ask"],
        ),
    )


def _either(held: list[str], row: dict[str, Any]) -> str:
    """Of two sides that exclude each other, either cleared: "50, or LT and RT"."""
    one = [each for each in held if each in row["modifiers"]]
    return f"{' and '.join(one)}, or {' and '.join(each for each in held if each not in one)}"
