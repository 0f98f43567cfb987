"""The only composer: opens the book, runs the rules over a batch, gives one report a claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from claimwright.book.columns import columns
from claimwright.book.era import check_era
from claimwright.book.store import Book, open_book
from claimwright.claims.batch import ClaimBatch, batch_of, subset
from claimwright.claims.wire import claim_from_object
from claimwright.edits.frame import EPOCH, Frame
from claimwright.edits.hit import ENDS, Hit, Scene
from claimwright.edits.pending import pending, unread_notes
from claimwright.edits.registry import EXTRA_TABLES, Rule, load_rules
from claimwright.model import (
    Claim,
    Finding,
    NotEvaluated,
    Questions,
    Report,
    RiskOverview,
    RiskResult,
    Severity,
    Verdict,
)

if TYPE_CHECKING:
    from pathlib import Path

    from claimwright.answers.ask import Asker, Given
    from claimwright.coverage.shelf import PolicyShelf
    from claimwright.edits.relations import Relation
    from claimwright.grouping.hcc import Case
    from claimwright.model import Coverage, GroupReport, NoteFact, NoteRead, Policy, Reading
    from claimwright.model.asking import Asked
    from claimwright.model.suggesting import SuggestionProvider
    from claimwright.notes.reading import Notes


class Engine:
    """Rules over one open book. Safe to share between threads once made."""

    def __init__(self, book: Book | None = None) -> None:
        """Use `book`, or the book of this machine."""
        self.book = book or open_book()
        self.rules = load_rules()
        self._extra = {
            name: extra
            for name, each in self.rules.items()
            if (extra := tuple(table for table in each.tables if table in EXTRA_TABLES))
        }

    def check(self, claim: Claim | dict[str, Any], day: date | None = None, as_of: date | None = None) -> Report:
        """The report of one claim; `day` is the date of service if the claim carries none.

        Errors: `InputError` for a claim that cannot be read, `EditionMissing` for a day that the
        dated registry does not reach.
        """
        return self.check_all([claim], day, as_of)[0]

    def check_all(
        self, claims: Iterable[Claim | dict[str, Any]], day: date | None = None, as_of: date | None = None
    ) -> list[Report]:
        """One report a claim, in the order of the claims."""
        read = [each if isinstance(each, Claim) else claim_from_object(each) for each in claims]
        otherwise = day or date.today()
        check_era(otherwise, "date of service")
        if not read:
            return []
        batch = batch_of(read, otherwise)
        for claim in read:
            self.book.need_registry(claim.date_of_service(otherwise))
            for procedure in claim.procedures:
                self.book.need_registry(claim.date_of_procedure(procedure, otherwise))
        findings: list[list[Finding]] = [[] for _ in read]
        unread: list[list[NotEvaluated]] = [[] for _ in read]
        notes = self._read_notes(read, otherwise, as_of)
        for scene, owners in self._scenes(batch, as_of, notes):
            for each in self.rules.values():
                for relation in each.relations:
                    self._run(each, relation, scene, owners, findings)
            for claim_index, code in scene.frame.without_notes():
                unread[owners[claim_index]].append(unread_notes(code, scene.edition.name))
        return [
            self._report(claim, found, lacking, otherwise, as_of)
            for claim, found, lacking in zip(read, findings, unread, strict=True)
        ]

    def group(
        self,
        claim: Claim | dict[str, Any],
        day: date | None = None,
        version: int | None = None,
        as_of: date | None = None,
    ) -> GroupReport:
        """The MS-DRG of an inpatient claim, why, and what one change would give.

        `day` is the discharge date if the claim carries none; `version` (431 is v43.1) overrides the
        version in force on it. Errors: `InputError` for a claim that is not inpatient or a version
        that does not exist, `EditionMissing` for a discharge date that no loaded version covers.
        `as_of` concerns the findings whose fixes are tried.
        """
        return self.group_all([claim], day, version, as_of)[0]

    def group_all(
        self,
        claims: Iterable[Claim | dict[str, Any]],
        day: date | None = None,
        version: int | None = None,
        as_of: date | None = None,
    ) -> list[GroupReport]:
        """One report a claim, in the order of the claims; see `group`."""
        from claimwright.grouping.cases import need_inpatient
        from claimwright.grouping.explain import explain
        from claimwright.grouping.msdrg_engine import installed, numbered

        read = [each if isinstance(each, Claim) else claim_from_object(each) for each in claims]
        otherwise = day or date.today()
        grouper = installed(self.book)
        chosen = numbered(grouper, version) if version is not None else None
        for claim in read:
            need_inpatient(claim)
        days = [claim.date_of_service(otherwise) for claim in read]
        used = [chosen or grouper.version_on(each) for each in days]
        reports = self.check_all(read, otherwise, as_of)
        return [
            explain(claim, each, self.book, grouper, report.findings, which)
            for claim, each, report, which in zip(read, days, reports, used, strict=True)
        ]

    def risk(
        self,
        claim: Claim | dict[str, Any],
        model: str = "all",
        year: int | None = None,
        variant: str = "",
        day: date | None = None,
        as_of: date | None = None,
        **beneficiary: Any,
    ) -> RiskResult | RiskOverview:
        """The CMS-HCC score of a claim's diagnoses, with its reasons; all models unless one is named.

        `beneficiary` is what the claim does not carry: see `claimwright.grouping.risk_request.Beneficiary`.
        Errors: `InputError`, and `EditionMissing` for a payment year that is not loaded.
        """
        from claimwright.grouping.risk_request import Beneficiary, of_claim

        read = claim if isinstance(claim, Claim) else claim_from_object(claim)
        return self._risk(*of_claim(read, year, day, as_of, Beneficiary(**beneficiary)), model, variant)

    def risk_of_codes(
        self,
        codes: Sequence[str],
        model: str = "all",
        year: int | None = None,
        variant: str = "",
        day: date | None = None,
        as_of: date | None = None,
        **beneficiary: Any,
    ) -> RiskResult | RiskOverview:
        """As `risk`, for codes in effect on `day`, or on any day of the year before the payment year."""
        from claimwright.grouping.risk_request import Beneficiary, of_codes

        return self._risk(*of_codes(codes, year, day, as_of, Beneficiary(**beneficiary)), model, variant)

    def cover(
        self,
        claim: Claim | dict[str, Any],
        policies: Sequence[Policy] | None = None,
        facts_from_note: Callable[[Claim], Sequence[NoteFact]] | None = None,
        day: date | None = None,
        as_of: date | None = None,
    ) -> Coverage:
        """One answer for each policy that applies to the claim; never a verdict over several.

        `policies` answer instead of those of the book. `facts_from_note` reads the claim's note in place of
        our own reader. `day` is the date of service if the claim carries none, `as_of` the day of the
        determination (today).
        """
        from claimwright.coverage.cover import cover

        read = claim if isinstance(claim, Claim) else claim_from_object(claim)
        otherwise = day or date.today()
        check_era(otherwise, "date of service")
        shelf = self._policies
        asked = shelf.of(policies) if policies is not None else shelf.for_claim(read, otherwise)
        said = None
        if read.note is not None:
            said = facts_from_note(read) if facts_from_note else self.notes.facts(read.note)
        given = policies is not None
        unloaded = () if given else shelf.unloaded(read)
        return cover(read, asked, shelf.grounds, otherwise, as_of or date.today(), given, said, unloaded)

    def ask(
        self, question: str, audience: str = "coder", given: Given | None = None, as_of: date | None = None
    ) -> Asked:
        """The answer to a plain question on coverage, for one of `claimwright.model.asking.AUDIENCES`.

        `given` is what is known beside the question; `as_of` the day of the determination (today).
        Errors: `InputError` for an empty or overlong question, or an audience that is not one.
        """
        from claimwright.answers.ask import Given

        known = given or Given()
        return self._asker(as_of).ask(question, audience, known)

    def _asker(self, as_of: date | None) -> Asker:
        from claimwright.answers.ask import Asker

        return Asker(
            self.book,
            self.notes,
            lambda claim, policies, read, day: self.cover(claim, policies, read, day, as_of),
        )

    def policies_of(self, value: Any, place: str = "policies") -> list[Policy]:
        """Policies from JSON values, long or short form; `InputError` names the place of what is wrong."""
        from claimwright.sources.policy import policies_of_object

        found = policies_of_object(value, self._policies.vocabulary, place)
        self.book.policies.check(found)
        return found

    def read_policies(self, file: Path) -> list[Policy]:
        """The policies of a user's YAML or JSON file: one, a list, or `{"policies": [...]}`."""
        from claimwright.sources.policy import read_policies

        found = read_policies(file, self._policies.vocabulary)
        self.book.policies.check(found, file)
        return found

    @cached_property
    def _policies(self) -> PolicyShelf:
        from claimwright.coverage.shelf import PolicyShelf

        return PolicyShelf(self.book)

    def read(
        self,
        note: str,
        setting: str | None = None,
        day: date | None = None,
        as_of: date | None = None,
        provider: SuggestionProvider | None = None,
        redact: Callable[[str], str] | None = None,
    ) -> Reading:
        """What a note states, and the codes it may support for `setting` on `day`; see `claimwright.notes.reading`.

        A `provider` suggests beside our own reading, and sees only what `redact` leaves of the note, which may
        be protected health information. Errors: `EditionMissing` for a day that the dated registry does not
        reach, `InputError` for a redaction that changes the length of the note.
        """
        chosen = day or date.today()
        check_era(chosen, "date")
        return self.notes.read(note, setting, chosen, as_of, provider, redact)

    @cached_property
    def notes(self) -> Notes:
        """The reader of notes over this book."""
        from claimwright.notes.reading import Notes

        return Notes(self.book)

    def query(
        self,
        claim: Claim | dict[str, Any],
        day: date | None = None,
        as_of: date | None = None,
        note: str | None = None,
    ) -> Questions:
        """The fewest compliant questions that settle what the claim and its note leave open.

        `note` stands in place of the claim's own. Errors: as `check`.
        """
        from claimwright.queries.ask import questions_of
        from claimwright.queries.matter import Matter

        read = claim if isinstance(claim, Claim) else claim_from_object(claim)
        if note is not None:
            read = replace(read, note=note)
        report = self.check(read, day, as_of)
        on = read.date_of_service(day or date.today())
        reading = self.notes.read(read.note, read.setting, on, as_of) if read.note else None
        coverage = None
        if read.lines:
            facts = (lambda _: reading.facts) if reading else None
            coverage = self.cover(read, facts_from_note=facts, day=day, as_of=as_of)
        notes = self.notes if reading else None
        return questions_of(Matter(read, on, self.book, report, read.note or "", reading, coverage, notes))

    def _risk(self, case: Case, year: int, model: str, variant: str) -> RiskResult | RiskOverview:
        from claimwright.grouping.hcc import explain, model_named, overview

        if model == "all":
            return overview(self.book, case, year, variant)
        return explain(self.book, case, model_named(model), year, variant)

    def _read_notes(self, claims: Sequence[Claim], otherwise: date, as_of: date | None) -> dict[int, NoteRead]:
        """The notes that claims bring, each read once; the room of notes is not entered without one."""
        out: dict[int, NoteRead] = {}
        for index, claim in enumerate(claims):
            if claim.note and claim.note.strip():
                from claimwright.model.reading import NoteRead

                day = claim.date_of_service(otherwise)
                look_up = partial(self.notes.read, claim.note, claim.setting.value, day, as_of)
                out[index] = NoteRead(claim.note, self.notes.diagnoses(claim.note), look_up)
        return out

    def _scenes(
        self, batch: ClaimBatch, as_of: date | None, notes: Mapping[int, NoteRead]
    ) -> list[tuple[Scene, list[int]]]:
        """The batch split by the edition that answers, with the indices of the claims in each part."""
        parts: dict[tuple[int, bool], list[int]] = {}
        editions = {}
        for index, number in enumerate(batch.day.tolist()):
            edition, nearest = self.book.edition_on(date.fromordinal(EPOCH.toordinal() + number), as_of)
            editions[edition.number] = edition
            parts.setdefault((edition.number, nearest), []).append(index)
        out = []
        for (number, nearest), owners in parts.items():
            part = batch if len(owners) == len(batch) else subset(batch, owners)
            own = {index: notes[owner] for index, owner in enumerate(owners) if owner in notes}
            frame = Frame(part, columns(self.book, number), as_of, own)
            out.append((Scene(self.book, frame, editions[number], nearest), owners))
        return out

    def _run(
        self, rule: Rule, relation: Relation, scene: Scene, owners: list[int], findings: list[list[Finding]]
    ) -> None:
        hits = relation.find(scene.frame)
        for left, right, key in zip(hits.left.tolist(), hits.right.tolist(), hits.key.tolist(), strict=True):
            hit = Hit(rule, scene, ENDS[hits.kind](scene, left), right, key)
            if hit.day not in rule.in_force or self._missing(rule, hit.day):
                continue
            finding = rule.explain(hit)
            if finding is not None:
                findings[owners[hit.claim_index]].append(finding)

    def _missing(self, rule: Rule, day: date) -> str:
        """The first table that the rule needs and the book lacks for that day; empty when it has all.

        A dated table is never answered by its nearest edition.
        """
        for table in self._extra.get(rule.name, ()):
            if self.book.table_edition(table, day) is None:
                return table
        return ""

    def _report(
        self, claim: Claim, found: list[Finding], unread: list[NotEvaluated], otherwise: date, as_of: date | None
    ) -> Report:
        day = claim.date_of_service(otherwise)
        merged = sorted(dict.fromkeys(map(_Keyed, found)), key=lambda each: each.order)
        findings = tuple(each.finding for each in merged)
        lacking = [
            NotEvaluated(each.name, missing, EXTRA_TABLES[missing])
            for each in map(self.rules.__getitem__, self._extra)
            if (missing := self._missing(each, day)) and each.relation.concerns(claim)
        ]
        return Report(
            claim=claim.id,
            verdict=_verdict(findings),
            date_of_service=day,
            editions=(
                *self.book.editions_used(day, as_of),
                *(self.book.pcs.editions_used(day) if claim.procedures else ()),
            ),
            findings=findings,
            not_evaluated=(*lacking, *unread, *pending(claim, self.book, otherwise)),
            date_assumed=not (claim.service_from or claim.service_to),
        )


class _Keyed:
    """A finding by its identity: the same rule on the same places says the same once."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self.order = (
            finding.severity.rank,
            tuple((place.kind, place.position) for place in finding.at),
            finding.rule,
            finding.message,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.order == other.order

    def __hash__(self) -> int:
        return hash(self.order)


def _verdict(findings: Sequence[Finding]) -> Verdict:
    worst = {finding.severity for finding in findings}
    if Severity.ERROR in worst:
        return Verdict.FAIL
    return Verdict.REVIEW if Severity.WARNING in worst else Verdict.PASS


_ENGINES: dict[str, Engine] = {}


def check(claim: Claim | dict[str, Any], book: Book | None = None, day: date | None = None) -> Report:
    """Check one claim (a dict as the contract describes it, or a `Claim`) against the machine's book.

    The engine is kept between calls. Errors: see `Engine.check`.
    """
    if book is not None:
        return Engine(book).check(claim, day)
    if "own" not in _ENGINES:
        _ENGINES["own"] = Engine()
    return _ENGINES["own"].check(claim, day)
