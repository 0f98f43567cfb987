"""All rules over a batch, in columns: what `check` finds claim by claim, without its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from claimwright.batch.findings import Findings
from claimwright.batch.memo import Memo, Said, edges
from claimwright.batch.settled import settled
from claimwright.batch.texts import Texts
from claimwright.book.columns import columns
from claimwright.book.store import Book, TabularEdition
from claimwright.claims.batch import EPOCH, ClaimBatch, offsets_of, subset
from claimwright.edits.axis import MANY
from claimwright.edits.compiled import kernels
from claimwright.edits.frame import CLAIM, DIAGNOSIS, LINE, PROCEDURE, Frame
from claimwright.edits.hit import Scene
from claimwright.edits.outcomes import AS_STATED, NO_FINDING
from claimwright.edits.registry import EXTRA_TABLES, Rule, load_rules
from claimwright.edits.relations import Hits, Relation
from claimwright.model import dotted

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
MOST_POSITIONS = 1023
"""Places behind this one are ordered as if they stood there; the compiled kernel `ordered` knows it too."""

KINDS = ("", CLAIM, DIAGNOSIS, LINE, PROCEDURE)
"""What a place of a finding may be a place of, in the order of reports; the first one for a finding without places."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Findings of one rule over one frame; `codes` are numbers of texts, `positions` from 1, by `counts`.

    `kind`: what the first place is a place of, as a number of KINDS.
    """

    claim: Ints
    rule: int
    rank: npt.NDArray[np.int8]
    counts: Ints
    positions: Ints
    codes: Ints
    kind: npt.NDArray[np.int8]


class Scanner:
    """The rules over one book, for batch after batch. `as_of` as in `Engine.check`."""

    def __init__(self, book: Book, as_of: date | None = None, memo: Memo | None = None) -> None:
        """Load the rules; `memo` is that of other scanners over the same book `as_of` the same day."""
        self.book, self.as_of = book, as_of
        self.rules = list(load_rules().values())
        names = sorted(each.name for each in self.rules)
        self._by_name = np.array([names.index(each.name) for each in self.rules], dtype=np.int16)
        self._memo = memo or Memo(book)
        self._edges = np.array(edges(book), dtype=np.int64)
        self._stretches: tuple[ClaimBatch, Places, Places] | None = None
        self.scenes: list[tuple[Scene, Places | None]] = []
        self._answers: dict[tuple[tuple[str, ...], int], bool] = {}
        self._editions: dict[int, TabularEdition] = {}
        self._texts = Texts(columns(book, book.edition_on(date.max)[0].number))
        window = book.registry_window
        last = (window.ends - EPOCH).days if window.ends else int(np.iinfo(np.int32).max)
        self._reach = (window.starts - EPOCH).days, last

    def beyond(self, batch: ClaimBatch) -> Bools:
        """Claims with a deciding day that the dated registry does not reach: no rule can answer for them."""
        first, last = self._reach
        out = (batch.day < first) | (batch.day > last)
        if len(batch.procedure_codes):
            wrong = (batch.procedure_days < first) | (batch.procedure_days > last)
            owner = np.repeat(np.arange(len(batch)), np.diff(batch.procedure_offsets))
            out[owner[wrong]] = True
        return out

    def findings(self, batch: ClaimBatch) -> Findings:
        """Every finding of the batch. Errors: `EditionMissing` for a day that the dated registry does not reach."""
        self._texts = self._texts.anew()
        for number in np.unique(batch.day[self.beyond(batch)]).tolist():
            self.book.need_registry(_date(number))
        parts = []
        self.scenes = self._scenes(batch)
        for scene, owners in self.scenes:
            for number, rule in enumerate(self.rules):
                for relation in rule.relations:
                    part = self._of(number, rule, relation, scene)
                    if part is not None:
                        parts.append(part if owners is None else _moved(part, owners))
        return self._joined(parts)

    def _scenes(self, batch: ClaimBatch) -> list[tuple[Scene, Places | None]]:
        """The batch by the edition that answers, with the claims of each part where it is not the whole.

        Whether an edition is only the nearest one changes words, never a finding: here it splits nothing.
        """
        days, number = self._days(batch)
        answers: dict[int, tuple[TabularEdition, list[int]]] = {}
        for at, day in enumerate(days.tolist()):
            edition = self._edition(day)
            answers.setdefault(edition.number, (edition, []))[1].append(at)
        out: list[tuple[Scene, Places | None]] = []
        for number_of_edition, (edition, held) in answers.items():
            chosen = np.zeros(len(days), dtype=np.bool_)
            chosen[held] = True
            owners = None if len(answers) == 1 else np.flatnonzero(chosen[number])
            part = batch if owners is None else subset(batch, owners)
            frame = Frame(part, columns(self.book, number_of_edition), self.as_of)
            out.append((Scene(self.book, frame, edition, nearest=False), owners))
        return out

    def _days(self, batch: ClaimBatch) -> tuple[Places, Places]:
        """A day of each stretch in which no table of the book changes, and the number of each claim's stretch."""
        if not len(batch):
            none = np.zeros(0, np.int64)
            return none, none
        if self._stretches is not None and self._stretches[0] is batch:
            return self._stretches[1:]
        first = int(batch.day.min())
        window = np.searchsorted(self._edges, np.arange(first, int(batch.day.max()) + 1), side="right")
        met = np.bincount(batch.day - first) > 0
        days = np.flatnonzero(met)
        fresh = np.ones(len(days), dtype=np.bool_)
        fresh[1:] = window[days[1:]] != window[days[:-1]]
        number = np.zeros(len(met), dtype=np.int64)
        number[days] = np.cumsum(fresh) - 1
        self._stretches = batch, days[fresh] + first, number[batch.day - first]
        return self._stretches[1:]

    def _of(self, number: int, rule: Rule, relation: Relation, scene: Scene) -> _Part | None:
        frame = scene.frame
        if any(table in EXTRA_TABLES for table in rule.tables) and not self._able(rule, frame.batch).any():
            return None
        hits = relation.find(frame)
        if not len(hits):
            return None
        kept = self._answering(rule, frame, hits)
        if kept is not None and not kept.all():
            hits = Hits(hits.left[kept], hits.right[kept], hits.key[kept], hits.kind)
        if rule.outcome is not None and hits.kind == DIAGNOSIS:
            return self._settled(number, rule, frame, hits)
        claim = frame.owners(hits.kind)[hits.left]
        if rule.outcome is not None:
            columns_ = settled(number, rule, scene, hits, claim, self._texts.number)
            return _Part(*columns_, _all_of(hits.kind, len(columns_[0])))
        return self._spoken(number, rule, scene, hits, claim)

    def _answering(self, rule: Rule, frame: Frame, hits: Hits) -> Bools | None:
        """Is the rule in force, with all it needs, on the day of each hit? None where it is on all of them."""
        days, window = frame.batch.day, rule.in_force
        first, last = (window.starts - EPOCH).days, (window.ends - EPOCH).days if window.ends else None
        added = any(table in EXTRA_TABLES for table in rule.tables)
        if not added and first <= int(days.min()) and (last is None or int(days.max()) <= last):
            return None
        claim = frame.owners(hits.kind)[hits.left]
        day = days[claim]
        held: Bools = day >= first
        if last is not None:
            held &= day <= last
        if added:
            held &= self._able(rule, frame.batch)[claim]
        return held

    def _able(self, rule: Rule, batch: ClaimBatch) -> Bools:
        """Are the tables that the user has to add there, on the day of each claim?"""
        days, number = self._days(batch)
        added = tuple(each for each in rule.tables if each in EXTRA_TABLES)
        return np.array([self._loaded(added, day) for day in days.tolist()], dtype=np.bool_)[number]

    def _loaded(self, tables: tuple[str, ...], day: int) -> bool:
        """Are all of these tables there on the day?"""
        asked = tables, day
        if asked not in self._answers:
            self._answers[asked] = all(self.book.table_edition(each, _date(day)) is not None for each in tables)
        return self._answers[asked]

    def _edition(self, day: int) -> TabularEdition:
        """The edition that answers on a day."""
        if day not in self._editions:
            self._editions[day], _ = self.book.edition_on(_date(day), self.as_of)
        return self._editions[day]

    # ---- outcomes -------------------------------------------------------------------------------

    def _settled(self, number: int, rule: Rule, frame: Frame, hits: Hits) -> _Part:
        """Findings of a rule that says its outcome in columns."""
        assert rule.outcome is not None  # noqa: S101 - the caller asked
        found = rule.outcome(frame, hits)
        digest = frame.digest if found.offsets is None else None
        fast = kernels() if digest is not None else None
        if digest is not None and fast is not None:
            args = hits.left, hits.right, frame.claim, frame.offsets, frame.entry, digest.code
            claim, rank, counts, ends, positions, codes = fast.settled(found.rank, rule.severity.rank, *args)
            codes = self._told(frame, ends, codes)
            return _Part(claim, number, rank, counts, positions, codes, _all_of(DIAGNOSIS, len(claim)))
        kept = np.flatnonzero(found.rank != NO_FINDING)
        rank, every = found.rank[kept], len(kept) == len(hits)
        rank[rank == AS_STATED] = rule.severity.rank
        claim = frame.claim[hits.left if every else hits.left[kept]]
        if found.offsets is not None and found.ends is not None:
            starts, sizes = found.offsets[kept], np.diff(found.offsets)[kept]
            at = np.arange(int(sizes.sum())) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
            ends, counts = found.ends[at].astype(np.int32), sizes.astype(np.int32)
            order = np.lexsort((frame.places(ends), np.repeat(np.arange(len(kept)), counts)))
            ends = ends[order]
        else:
            left, right = (hits.left, hits.right) if every else (hits.left[kept], hits.right[kept])
            ends, counts = _both_ends(left, right)
        owner = claim if len(ends) == len(claim) else np.repeat(claim, counts)
        positions = (ends - frame.batch.offsets[owner] + 1).astype(np.int32)
        codes = self._codes(frame, ends)
        return _Part(claim, number, rank, counts, positions, codes, _all_of(DIAGNOSIS, len(claim)))

    def _codes(self, frame: Frame, ends: Ints) -> Ints:
        """Numbers of the texts of diagnoses."""
        return self._told(frame, ends, frame.of("code", ends))

    def _told(self, frame: Frame, ends: Ints, out: Ints) -> Ints:
        """The numbers of codes, with numbers of their own for texts that are on no axis."""
        lost = np.flatnonzero(out < 0)
        if not len(lost):
            return out
        batch = frame.batch
        if batch.claims is not None or batch.written:
            out[lost] = [self._texts.number(_printed(batch.diagnosis(at).code)) for at in ends[lost].tolist()]
            return out
        texts, number = np.unique(batch.codes[ends[lost]], return_inverse=True)
        out[lost] = np.array([self._texts.number(_printed(each.decode("ascii"))) for each in texts.tolist()])[number]
        return out

    def _spoken(self, number: int, rule: Rule, scene: Scene, hits: Hits, claim: Ints) -> _Part | None:
        """Findings of a rule that has to be explained."""
        said = self._memo.said(rule, scene, hits)
        kept: list[int] = []
        seen: set[tuple[int, Said]] = set()
        for at, (owner, each) in enumerate(zip(claim.tolist(), said, strict=True)):
            if each.rank >= 0 and (owner, each) not in seen:
                seen.add((owner, each))
                kept.append(at)
        if not kept:
            return None
        answers = [said[at] for at in kept]
        places = [place for each in answers for place in each.places]
        return _Part(
            claim[np.array(kept, dtype=np.int64)],
            number,
            np.array([each.rank for each in answers], dtype=np.int8),
            np.array([len(each.places) for each in answers], dtype=np.int32),
            np.array([position for position, _ in places], dtype=np.int32),
            np.array([self._texts.number(code) for _, code in places], dtype=np.int32),
            np.array([KINDS.index(each.kind) for each in answers], dtype=np.int8),
        )

    def _joined(self, parts: list[_Part]) -> Findings:
        """All parts in the order of claims, and of a claim as a report has them: by severity, by its first and second
        place (what it is a place of, and the position), by the name of the rule."""
        if not parts:
            none = np.zeros(0, np.int64)
            empty = none.astype(np.int32)
            return Findings(none, none.astype(np.int16), none.astype(np.int8), offsets_of([]), empty, empty, [])
        claim, rank, counts, positions, codes = (
            np.concatenate([getattr(each, name) for each in parts])
            for name in ("claim", "rank", "counts", "positions", "codes")
        )
        grade = rank * np.int8(len(KINDS)) + np.concatenate([each.kind for each in parts])
        rule = np.repeat(np.array([each.rule for each in parts], np.int16), [len(each.claim) for each in parts])
        fast = kernels() if len(claim) >= MANY else None  # importing numba costs more than a few findings
        if fast is not None:
            size = int(claim.max()) + 1
            order, offsets, placed, coded = fast.ordered(
                claim, grade, self._by_name[rule], counts, positions, codes, size
            )
            return Findings(
                claim[order].astype(np.int64), rule[order], rank[order], offsets, placed, coded, self._texts
            )
        starts = np.cumsum(counts, dtype=np.int64) - counts
        first, second = np.zeros(len(claim), np.int64), np.zeros(len(claim), np.int64)
        for step, place in enumerate((first, second)):
            place[counts > step] = np.minimum(positions[starts[counts > step] + step], MOST_POSITIONS)
        # What findings are ordered by, as one number: their order in one sort.
        key = claim.astype(np.int64)
        for value, most in ((grade, 32), (first, 1024), (second, 1024), (self._by_name[rule], 128)):
            key *= most
            key += value
        order = np.argsort(key, kind="stable")
        sizes = counts[order]
        offsets, at = offsets_of(sizes), starts[order]
        placed, coded = np.empty(int(offsets[-1]), np.int32), np.empty(int(offsets[-1]), np.int32)
        held, to = np.flatnonzero(sizes), offsets[:-1]
        for step in range(int(sizes.max(initial=0))):  # hardly any finding has more than two places
            held = held if step == 0 else held[sizes[held] > step]
            source, target = at[held] + step, to[held] + step
            placed[target], coded[target] = positions[source], codes[source]
        return Findings(claim[order].astype(np.int64), rule[order], rank[order], offsets, placed, coded, self._texts)


def _all_of(kind: str, many: int) -> npt.NDArray[np.int8]:
    return np.full(many, KINDS.index(kind), dtype=np.int8)


def _both_ends(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """The places of hits in order, and how many each has: both ends, or the left one where there is no right."""
    paired = np.flatnonzero(right >= 0)
    counts = np.ones(len(left), dtype=np.int32)
    if not len(paired):
        return left, counts
    counts[paired] = 2
    ends = np.repeat(left, counts)
    second = np.cumsum(counts)[paired] - 1
    ends[second - 1] = np.minimum(left[paired], right[paired])
    ends[second] = np.maximum(left[paired], right[paired])
    return ends, counts


def _moved(part: _Part, owners: Places) -> _Part:
    return replace(part, claim=owners[part.claim].astype(np.int32))


def _printed(written: str) -> str:
    """A code as findings print it."""
    return dotted(written.strip().upper().replace(".", ""))


def _date(number: int) -> date:
    return EPOCH + timedelta(days=number)
