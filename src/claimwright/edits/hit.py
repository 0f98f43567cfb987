"""One hit, with what an explanation needs: the codes, their places, the official words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from claimwright.book.columns import FLAG_BIT
from claimwright.book.store import Book, NodeEntry, NoteEntry, RegistryEntry, TabularEdition
from claimwright.claims.batch import SETTINGS, SEXES, UNKNOWN_AGE
from claimwright.edits.established import established
from claimwright.edits.frame import CLAIM, DIAGNOSIS, EPOCH, LINE, PROCEDURE, Frame
from claimwright.edits.manual import label
from claimwright.edits.registry import Rule
from claimwright.model import (
    Authority,
    Because,
    Claim,
    Diagnosis,
    Finding,
    Fix,
    Interval,
    Place,
    Procedure,
    ServiceLine,
    Setting,
    Severity,
    dotted,
    undotted,
)

REGISTRY = "icd10cm-registry"
FACTORS = "21"
"""Chapter of factors that influence health status and of encounters."""


@dataclass(frozen=True)
class Scene:
    """What all hits of a frame share: the book, the edition that answers, and whether it is the nearest."""

    book: Book
    frame: Frame
    edition: TabularEdition
    nearest: bool


@dataclass(frozen=True)
class End:
    """One diagnosis of a hit: `index` in the frame, `position` in the claim from 1, code with dot."""

    scene: Scene
    index: int

    @property
    def claim_index(self) -> int:
        """Index of the claim in the batch."""
        return int(self.scene.frame.claim[self.index])

    @property
    def position(self) -> int:
        """Position in the claim, from 1."""
        return self.scene.frame.position(self.index)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """The diagnosis as the claim has it."""
        return self.scene.frame.batch.diagnosis(self.index)

    @property
    def code(self) -> str:
        """The code with its dot."""
        return dotted(undotted(self.diagnosis.code))

    @property
    def pos(self) -> int:
        """Place in the edition's tree, -1 for none."""
        return int(self.scene.frame.one("pos", self.index))

    @cached_property
    def node(self) -> NodeEntry | None:
        """The node of the edition: the code's own, else its nearest category."""
        return self.scene.book.node_at(self.scene.edition.number, self.pos) if self.pos >= 0 else None

    @cached_property
    def path(self) -> list[NodeEntry]:
        """The node and its ancestors, nearest first."""
        return self.scene.book.path(self.node) if self.node else []

    @property
    def chapter(self) -> str:
        """Number of the chapter, empty outside the tree."""
        return self.path[-1].code if self.path else ""

    def belongs(self, *sets: str) -> bool:
        """Is the code in one of these sets of `lexicons/code-sets.yaml`? Asked of one code, not of a batch."""
        columns = self.scene.frame.columns
        return self.pos >= 0 and any(int(columns.array("sets")[self.pos] & columns.set_bit(name)) for name in sets)

    @property
    def in_effect(self) -> bool:
        """Is the code billable on the claim's day?"""
        return int(self.scene.frame.one("row", self.index)) >= 0

    @property
    def place(self) -> Place:
        """What a finding points to."""
        return Place(DIAGNOSIS, self.position, self.code)

    @cached_property
    def title(self) -> str | None:
        """Title in the nearest edition that has the code."""
        frame = self.scene.frame
        return self.scene.book.title(undotted(self.code), frame.day(int(frame.claim[self.index])))

    @property
    def named(self) -> str:
        """The code with its title, as messages show it."""
        return f"{self.code} ({self.title})" if self.title else self.code


@dataclass(frozen=True)
class ProcedureEnd(End):
    """One ICD-10-PCS procedure of a hit: `index` in the procedures of the frame. It has no place in the tree."""

    @property
    def claim_index(self) -> int:
        """Index of the claim in the batch."""
        return int(self.scene.frame.procedures.claim[self.index])

    @property
    def position(self) -> int:
        """Position in the claim, from 1."""
        return int(self.scene.frame.procedures.place[self.index]) + 1

    @property
    def procedure(self) -> Procedure:
        """The procedure as the claim has it."""
        return self.scene.frame.batch.procedure(self.index)

    @property
    def code(self) -> str:
        """The code as tables have it: ICD-10-PCS is written without a dot."""
        return undotted(self.procedure.code)

    @property
    def day(self) -> date:
        """The day that decides for this procedure."""
        return EPOCH + timedelta(days=int(self.scene.frame.batch.procedure_days[self.index]))

    @property
    def pos(self) -> int:
        """No place in the tree."""
        return -1

    @property
    def place(self) -> Place:
        """What a finding points to."""
        return Place(PROCEDURE, self.position, self.code)

    @cached_property
    def title(self) -> str | None:
        """The labels of the characters, joined, where the ICD-10-PCS tables are loaded."""
        return self.scene.book.pcs.title(self.code, self.day)


@dataclass(frozen=True)
class LineEnd(End):
    """One service line of a hit: `index` in the lines of the frame. Its code has no place in the tree."""

    @property
    def claim_index(self) -> int:
        """Index of the claim in the batch."""
        return int(self.scene.frame.lines.claim[self.index])

    @property
    def position(self) -> int:
        """Position in the claim, from 1."""
        return int(self.scene.frame.lines.place[self.index]) + 1

    @property
    def line(self) -> ServiceLine:
        """The line as the claim has it."""
        return self.scene.frame.batch.line(self.index)

    @property
    def code(self) -> str:
        """The code as tables have it: CPT and HCPCS codes are written without a dot."""
        return undotted(self.line.code)

    @property
    def day(self) -> date:
        """The line's own date, or the day that decides for its claim."""
        return EPOCH + timedelta(days=int(self.scene.frame.batch.line_days[self.index]))

    @property
    def pos(self) -> int:
        """No place in the tree."""
        return -1

    @property
    def place(self) -> Place:
        """What a finding points to."""
        return Place(LINE, self.position, self.code)

    @cached_property
    def title(self) -> str | None:
        """Our own label for the few codes that manual rules speak of; never the descriptor of the AMA."""
        return label(self.scene.book, self.code)

    def same_day(self) -> list[LineEnd]:
        """Every line of the claim on the day of this one (itself included), in order."""
        occasion = self.scene.frame.lines.occasion
        offsets = self.scene.frame.batch.line_offsets
        first, last = int(offsets[self.claim_index]), int(offsets[self.claim_index + 1])
        return [LineEnd(self.scene, index) for index in range(first, last) if occasion[index] == occasion[self.index]]


@dataclass(frozen=True)
class ClaimEnd(End):
    """A whole claim of a hit, by its discharge status: `index` in the batch. It has no place in the tree."""

    @property
    def claim_index(self) -> int:
        """Index of the claim in the batch."""
        return self.index

    @property
    def position(self) -> int:
        """A claim is one."""
        return 1

    @property
    def code(self) -> str:
        """The discharge status, in place of a code."""
        return (self.scene.frame.batch.discharge_status(self.index) or "").strip()

    @property
    def pos(self) -> int:
        """No place in the tree."""
        return -1

    @cached_property
    def title(self) -> str | None:
        """CMS's table has numbers only."""
        return None

    @property
    def place(self) -> Place:
        """What a finding points to."""
        return Place(CLAIM, self.position, self.code)


ENDS: dict[str, type[End]] = {DIAGNOSIS: End, PROCEDURE: ProcedureEnd, LINE: LineEnd, CLAIM: ClaimEnd}
"""What the left end of a hit is, by the kind of the hit."""


@dataclass(frozen=True)
class Hit:
    """A rule's hit: `left`, and `right` where the relation joins two diagnoses, or two service lines."""

    rule: Rule
    scene: Scene
    left: End
    right_index: int
    key: int

    @cached_property
    def right(self) -> End:
        """The second of the two, of the same kind as the first; only for relations of two."""
        return type(self.left)(self.scene, self.right_index)

    @property
    def book(self) -> Book:
        """The book that answers."""
        return self.scene.book

    @property
    def claim_index(self) -> int:
        """Index of the claim in the batch."""
        return self.left.claim_index

    @property
    def claim(self) -> Claim:
        """The claim itself; what a rule needs of it is better asked of the hit, which makes no whole claim."""
        return self.scene.frame.batch.claim(self.claim_index)

    @property
    def setting(self) -> Setting:
        """Where the service took place."""
        return SETTINGS[self.scene.frame.batch.setting[self.claim_index]]

    @property
    def age(self) -> int | None:
        """The patient's age in completed years, if known."""
        age = int(self.scene.frame.batch.age[self.claim_index])
        return None if age == UNKNOWN_AGE else age

    @property
    def sex(self) -> str:
        """The patient's sex: F, M or U."""
        return SEXES[self.scene.frame.batch.sex[self.claim_index]]

    @cached_property
    def day(self) -> date:
        """The day that decides for this claim."""
        return self.scene.frame.day(self.claim_index)

    @property
    def is_inpatient(self) -> bool:
        """Is it an inpatient claim?"""
        return self.setting is Setting.INPATIENT

    @property
    def first_place(self) -> str:
        """What the first diagnosis of such a claim is called."""
        return "principal" if self.is_inpatient else "first-listed"

    def diagnoses(self) -> list[End]:
        """Every diagnosis of the claim, in order."""
        offsets = self.scene.frame.batch.offsets
        first, last = int(offsets[self.claim_index]), int(offsets[self.claim_index + 1])
        return [End(self.scene, index) for index in range(first, last)]

    def others(self) -> list[End]:
        """Every other diagnosis of the claim, in order."""
        return [each for each in self.diagnoses() if each.index != self.left.index]

    def order(self, first: End) -> tuple[str, ...]:
        """All codes of the claim with `first` moved to the front."""
        ends = sorted([self.left, *self.others()], key=lambda end: (end.index != first.index, end.index))
        return tuple(end.code for end in ends)

    def put_first(self, end: End) -> Fix:
        """The fix that moves another diagnosis of the claim to the front."""
        return Fix(say=f"Put {end.code} before {self.left.code}", reorder=self.order(end))

    def acceptable_principal(self) -> End | None:
        """The first other diagnosis that is in effect and carries no flag against being principal.

        A disease or injury before a factor of chapter 21: long-term use of insulin is no reason for a stay.
        What is unacceptable to the Medicare Code Editor (pregnancy supervision) is so for inpatients only.
        """
        frame = self.scene.frame
        flags = ("ecodepdx", "manifestation", *(("unacceptable",) if self.is_inpatient else ()))
        barred = sum(int(FLAG_BIT[flag]) for flag in flags)
        free = [
            end
            for end in self.others()
            if end.in_effect
            and not int(frame.one("flags", end.index)) & barred
            and not end.belongs("secondary-only")
            and established(end)
        ]
        return min(free, key=lambda end: (end.chapter == FACTORS, end.index), default=None)

    # ---- proof ----------------------------------------------------------------------------------

    def note(self, note: NoteEntry, end: End | None = None, text: str | None = None) -> Because:
        """An official note as proof, with the path from `end` up to its holder."""
        asked = ("proof", self.scene.edition.number, note.edition, note.number, end.pos if end else None, text)
        return self.book.keep(asked, lambda: self._note(note, end, text))

    def _note(self, note: NoteEntry, end: End | None, text: str | None) -> Because:
        holder = self.book.node_at(note.edition, note.holder)
        path = tuple(dotted(node.code) for node in end.path if node.pos >= holder.pos) if end else ()
        unbroken = _unbroken(path, end, note.holder)
        return self.tabular(note.kind, text or note.text, dotted(holder.code), holder.kind, unbroken)

    def tabular(self, kind: str, text: str, holder: str, level: str, path: tuple[str, ...]) -> Because:
        """What the tabular list says as proof, in the edition that answers."""
        edition = self.scene.edition
        window = edition.window
        return Because("icd10cm-tabular", edition.name, window.starts, window.ends, kind, text, holder, level, path)

    def dated(self, kind: str, text: str, holder: str, window: Interval | None, source: str) -> Because:
        """What CMS's dated tables say as proof; without the window of a row, that of the tables."""
        known = window or self.book.registry_window
        edition = self.book.manifest["registry"]["edition"]
        return Because(source, edition, known.starts, known.ends, kind, text, holder, "code")

    def validity(self, entry: RegistryEntry | None, text: str, code: str) -> Because:
        """A row of the dated registry as proof; the window is the row's own."""
        kind = "validity" if entry is None or not entry.flags else "flags"
        return self.dated(kind, text, code, entry.window if entry else None, REGISTRY)

    def flag(self, end: End, flag: str, says: str) -> Because:
        """The MCE flag of a code on the day as proof."""
        rows = [row for row in self.book.registry(undotted(end.code)) if self.day in row.window]
        return self.dated(f"mce-flag {flag}", says, end.code, rows[0].window if rows else None, REGISTRY)

    def cite(self, reference: str) -> Because:
        """A section of a source document, `document:section`, in the edition nearest to the day."""
        return self.book.keep(("cited", reference, self.day), lambda: self._cite(reference))

    def _cite(self, reference: str) -> Because:
        document, _, section = reference.partition(":")
        entry = self.book.citation(document, section, self.day)
        if entry is None:
            return Because(document, "", None, None, "guideline", reference, section, "section")
        starts = date.fromisoformat(entry["starts"]) if entry["starts"] else None
        ends = date.fromisoformat(entry["ends"]) if entry["ends"] else None
        covers = starts is None or self.day in Interval(starts, ends)
        return Because(
            source=document,
            edition=entry["edition"] if covers else f"{entry['edition']}, the nearest loaded",
            starts=starts,
            ends=ends,
            kind=entry["authority"],
            text=f"{entry['title']}: {entry['text']}" if entry["text"] != entry["title"] else entry["title"],
            holder=section,
            level="section",
        )

    def notes_between(self, kind: str, holder: End, other: End) -> list[Because]:
        """Notes of one kind that hold for `holder` and name `other`, nearest level first."""
        found = []
        for node in holder.path:
            notes = self.book.notes_at(node.edition, node.pos, (kind,))
            found += [self.note(note, holder) for note in notes if self.book.names(note, other.pos)]
        return found

    # ---- the finding ----------------------------------------------------------------------------

    def finding(
        self,
        message: str,
        *,
        because: Sequence[Because],
        fix: Fix,
        severity: Severity | None = None,
        authority: Authority | None = None,
        at: Sequence[End] | None = None,
        cites: Sequence[str] | None = None,
    ) -> Finding:
        """The finding, with all that no rule may forget: name, severity, places, edition, citations.

        `cites` stand in place of the rule's own. Where official notes answered
        from an edition that does not cover the day, the message says so.
        """
        ends = at if at is not None else ([self.left] if self.right_index < 0 else [self.left, self.right])
        proof = [*because, *(self.cite(each) for each in (self.rule.cites if cites is None else cites))]
        if self.scene.nearest and any(each.source == "icd10cm-tabular" for each in proof):
            message += (
                f" (the notes are those of {self.scene.edition.name}, the nearest edition loaded to {self.day};"
                " those in force that day are not loaded)"
            )
        return Finding(
            rule=self.rule.name,
            code=self.rule.code,
            severity=severity or self.rule.severity,
            authority=authority or self.rule.authority,
            at=tuple(sorted((each.place for each in ends), key=lambda place: place.position)),
            message=message,
            because=tuple(proof),
            fix=fix,
        )


def holder_of(proof: Because) -> str:
    """The holder of a note as messages name it: a chapter's number alone would say nothing."""
    return f"chapter {proof.holder}" if proof.level == "chapter" else proof.holder or ""


def _unbroken(path: tuple[str, ...], end: End | None, holder: int) -> tuple[str, ...]:
    """The path, if the holder is an ancestor of the code; empty otherwise."""
    return path if end and any(node.pos == holder for node in end.path) else ()


def line_of(end: End) -> LineEnd:
    """The service line that a hit of the kind "line" is about."""
    assert isinstance(end, LineEnd)  # noqa: S101 - the kernels over lines find nothing else
    return end
