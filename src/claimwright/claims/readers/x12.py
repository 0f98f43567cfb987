"""X12 837 claims (professional, institutional, dental): envelopes and loops.

Loops are found by the level code of HL (20 billing provider, 22 subscriber, 23 patient) and by CLM, not by
strict position; the implementation guide by the beginning of GS08 or ST03 (005010X222, X223, X224 and the
4010 guides X096, X097, X098), whatever its addenda. Of every segment read,

    segments = used + kept + rejected

where kept segments are those that are not understood or belong to other transactions, and rejected ones
those of claims that are refused; every claim is refused on its own, unchanged, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from claimwright.claims.readers import Options, Reader, Reject
from claimwright.claims.readers.records import Record, RecordReader, reject
from claimwright.claims.readers.streams import plain
from claimwright.claims.readers.x12_claim import (
    SEGMENT_ID,
    Beside,
    ClaimReader,
    Context,
    Damage,
    unfolded,
    x12_date,
)
from claimwright.claims.readers.x12_tokens import BLANKS, BOM, Block, Delimiters, Tokens
from claimwright.errors import InputError
from claimwright.model import Claim

NAME = "x12-837"
INSTITUTIONAL = ("005010X223", "004010X096")
PROFESSIONAL = ("005010X222", "005010X224", "004010X098", "004010X097")
_CLAIM_ONLY = frozenset({"HI", "LX", "SV1", "SV2", "SV3", "CL1"})
_CONTROLS = bytes(each for each in range(32) if each not in b"\t\r\n") + b"\x7f"
_EXPECTED = "an X12 837: a claim from its CLM to the end of its lines"


def recognises(head: bytes) -> bool:
    """Does the text begin as X12 does: ISA, GS or ST, or an ISA with another first letter damaged?"""
    return starts_as_x12(head) and b"\x00" not in head[:4]


def starts_as_x12(head: bytes) -> bool:
    """ISA, GS or ST followed by a separator."""
    text = head[:400].decode("latin-1").removeprefix(BOM).lstrip(BLANKS)
    for name in ("ISA", "GS", "ST"):
        if text.startswith(name) and len(text) > len(name):
            apart = text[len(name)]
            return (not apart.isalnum() and apart not in " \r\n\"',;") or (apart in ",;" and name == "ISA")
    return False


def open_reader(path: Path, options: Options) -> Reader:
    """A reader of an 837 file."""
    return RecordReader(path, options, plain, X12Records)


class X12Records:
    """The claims of a stream of X12. `counts`: segments, segments used, kept and rejected, and oddities."""

    def __init__(self, stream: BinaryIO, name: str, options: Options | None = None) -> None:
        self.name = name
        self.tokens = Tokens(stream, name)
        self.counts = self.tokens.counts
        self.notes = self.tokens.notes
        self.kept: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        """Transactions by ST01."""
        self.segments = self.used = self.rejected = self.records = 0
        self._delimiters = Delimiters("*", ":", "^", "~")
        self._institutional = False
        self._context = self._nowhere()
        self._claim: list[str] | None = None
        self._raws: list[str] = []
        self._first = 0
        self._orphan = self._inside = self._claims = False
        self._outer: tuple[str, Context] | None = None
        self._upper: tuple[str, Context] | None = None
        self._provider: Context | None = None
        self._with = self._delimiters
        self._guide = self._name = ""
        self._opened = self._sets = self._groups = 0
        self._damaged = False

    def __iter__(self) -> Iterator[Record | Reject]:
        """Every claim in order. Errors: `InputError` when the text is no X12, or holds no 837."""
        for block in self.tokens:
            self._delimiters = block.delimiters
            self._damaged = _control(block)
            yield from self._block(block)
        last = self._close("the file ends without SE: the end of this claim may be missing")
        if last is not None:
            yield last
        self._tell()
        if not self.kinds["837"] and not self.records:
            held = ", ".join(sorted(self.kinds)) or "no transaction"
            remits = " (a remittance: give it to --remits)" if "835" in self.kinds else ""
            raise InputError(self.name, f"X12 without an 837: it holds {held}{remits}", "X12 with transactions 837")

    def _block(self, block: Block) -> Iterator[Record | Reject]:
        element = block.delimiters.element
        ends = {"CLM", "IEA", "ISA", "SE", "GE", *(f"{each}{element}" for each in ("HL", "SE", "ST", "GE", "GS"))}
        starts = ends | {f"{each}{element}"[:3] for each in _CLAIM_ONLY}
        claim, raws = self._claim, self._raws
        for raw in block.parts:
            text = raw.strip(BLANKS)
            if not text:
                raws.append(raw)
                continue
            self.segments += 1
            if claim is None:
                if text[:3] not in starts:
                    self._about(text.split(element))
                    continue
            elif text[:3] not in ends:
                claim.append(text)
                raws.append(raw)
                continue
            done = self._outside(text, raw)
            claim, raws = self._claim, self._raws
            if done is not None:
                yield done
        if block.tail.strip(BLANKS):
            yield from self._cut_off(block.tail)

    def _cut_off(self, tail: str) -> Iterator[Record | Reject]:
        """Text without terminator at the end of the file, or before an interchange that begins too early."""
        self.segments += 1
        self.tokens.note("segment without terminator", f"segment {self.segments} has no terminator")
        text = tail.strip(BLANKS)
        done: Record | Reject | None = None
        if text.startswith(("IEA", "GE", "SE")):  # whole but for its terminator
            done = self._outside(text, tail)
        elif self._claim is not None and not text.startswith(("CLM", "HL")):
            self._claim.append(text)
            self._raws.append(tail)
        else:
            done = self._close("")
            if text.startswith("CLM") and self._claims:
                self._open(text, tail)
            else:
                self.kept["cut"] += 1
        cut = self._close(f"segment {self.segments} is cut off: the claim may not be whole", cut=True)
        yield from (each for each in (done, cut) if each is not None)

    def _outside(self, text: str, raw: str) -> Record | Reject | None:
        """A segment that ends a claim or begins one; the claim it ends."""
        elements = text.split(self._delimiters.element)
        name = elements[0]
        done: Record | Reject | None = None
        if name == "SE":
            done = self._close("" if self._inside else "SE without ST")
            self._end(elements)
        elif name in ("ST", "GE", "GS", "IEA", "ISA"):
            done = self._close(
                "the transaction ends without SE: the end of this claim may be missing" if self._inside else ""
            )
            self._envelope(name, elements)
        elif name == "CLM" and (self._claims or not self._inside):
            done = self._close("")
            self._open(text, raw)
        elif name == "HL" and self._claims:
            done = self._close("")
            self._level(elements)
        elif name in _CLAIM_ONLY and self._claims and self._claim is None:
            self._open(text, raw)
            self._orphan = True
        elif self._claim is not None:  # the first letters of an end, and another segment
            self._claim.append(text)
            self._raws.append(raw)
        else:
            self._about(elements)
        return done

    def _open(self, text: str, raw: str) -> None:
        self._claim, self._raws, self._with = [text], [raw], self._delimiters
        self._first, self._orphan = self.segments, False

    def _close(self, problem: str, cut: bool = False) -> Record | Reject | None:
        """The open claim, or its refusal for `problem`; `cut`: its last segment has no terminator."""
        parts, self._claim = self._claim, None
        raws, self._raws = self._raws, []
        if parts is None:
            return None
        self.records += 1
        try:
            claim, beside, reader = self._read(parts, problem)
        except InputError as refusal:
            self.rejected += len(parts)
            end = self._with.segment
            return reject(self.records, refusal, (end.join(raws) + ("" if cut else end)).encode("latin-1"))
        self.used += len(parts) - len(beside.unread)
        self.kept.update(reader.unread_names)
        if beside.icd9:
            self.counts["ICD-9-CM codes left out"] += beside.icd9
        return Record(claim, self.records, self._place(self._first), beside, beside.charge)

    def _read(self, parts: list[str], problem: str) -> tuple[Claim, Beside, ClaimReader]:
        context, first = self._context, self._first
        if self._orphan:
            raise InputError(self._place(first), "a part of a claim whose CLM is lost", _EXPECTED)
        if context.problem is not None:
            at, what, expected = context.problem
            raise InputError(self._place(at or first), what, expected)
        if problem:
            raise InputError(self._place(first + len(parts) - 1), problem, _EXPECTED)
        try:
            whole = "".join(parts)
            if self._damaged or "\n" in whole or "\r" in whole:
                parts = _plain(parts, self._with)
            reader = ClaimReader(self._with, context)
            return *reader.read(parts), reader
        except Damage as damage:
            name = parts[damage.index].split(self._with.element, 1)[0][:3]
            at = first + damage.index
            if _holds_loop(parts, self._with.element):
                context.problem = (at, "the loop of this claim's subscriber or patient is damaged", "a whole HL loop")
            what = f" {name}" if name.isalnum() and name.isascii() else ""
            raise InputError(self._place(at) + what, damage.problem, damage.expected) from None

    def _place(self, segment: int) -> str:
        return f"{self.name}: segment {segment}"

    def _envelope(self, name: str, elements: list[str]) -> None:
        self.used += 1
        if self._inside and name != "ISA":
            self.tokens.note("transaction without SE", f"{name} at segment {self.segments} before the SE")
        self._inside = self._claims = False
        if name == "ST":
            self._begin(elements)
        elif name == "GS":
            self._guide, self._sets = _at(elements, 8), 0
        elif name == "ISA":
            self._groups = 0
        elif name == "GE":
            self._groups += 1
            self._counted("GE", _at(elements, 1), self._sets)
        else:
            self._counted("IEA", _at(elements, 1), self._groups)

    def _begin(self, elements: list[str]) -> None:
        kind, self._opened, self._inside = _at(elements, 1), self.segments, True
        self._sets += 1
        self.kinds[kind] += 1
        self._claims = kind == "837"
        if not self._claims:
            self.counts[f"transactions {kind[:3]} kept unread"] += 1
            return
        guide = next((each for each in (_at(elements, 3), self._guide) if each.startswith("00")), "")
        self._institutional = guide.startswith(INSTITUTIONAL)
        if not guide.startswith((*INSTITUTIONAL, *PROFESSIONAL)):
            words = f"the 837 of segment {self.segments} follows {guide[:20] or 'no guide'!r}, read as professional"
            self.tokens.note("unknown implementation guide", words)
        self._outer = self._upper = None
        self._context = self._nowhere()

    def _nowhere(self) -> Context:
        """Between ST and the first subscriber no claim can stand."""
        return Context(self._institutional, problem=(0, "a claim outside any subscriber or patient", "HL before CLM"))

    def _end(self, elements: list[str]) -> None:
        self.used += 1
        if self._inside:
            self._counted("SE", _at(elements, 1), self.segments - self._opened + 1)
        self._inside = self._claims = False
        self._context = self._nowhere()

    def _counted(self, name: str, stated: str, found: int) -> None:
        if stated.strip().lstrip("0") != str(found):
            words = f"{name} at segment {self.segments} states {stated[:12]!r}, counted {found}"
            self.tokens.note(f"wrong count in {name}", words)

    def _level(self, elements: list[str]) -> None:
        """A loop of billing provider (20), subscriber (22) or patient (23)."""
        self.used += 1
        number, parent, level = (_at(elements, each).strip() for each in (1, 2, 3))
        context, self._name = Context(self._institutional), ""
        if level == "20":
            self._outer, self._upper = (number, context), None
            self._context = Context(
                self._institutional, problem=(0, "a claim directly under a billing provider", "an HL of level 22")
            )
            self._provider = context
            return
        above = {"22": self._outer, "23": self._upper}.get(level)
        if level not in ("22", "23"):
            context.problem = (self.segments, f"HL of level {level[:6]!r}", "level 20, 22 or 23")
        elif above is None or above[0] != parent:
            wanted = "billing provider (20)" if level == "22" else "subscriber (22)"
            context.problem = (
                self.segments,
                f"HL {number[:12]} names the parent {parent[:12]!r}",
                f"the {wanted} above",
            )
        else:
            upper = above[1]
            context.state, context.provider, context.problem = upper.state, upper.provider, upper.problem
            context.payer_name, context.payer_id, context.filing = upper.payer_name, upper.payer_id, upper.filing
        if level == "22":
            self._upper = (number, context)
        self._context, self._provider = context, None

    def _about(self, elements: list[str]) -> None:
        """A segment between claims: what it says of provider, subscriber, patient and payer."""
        name = elements[0]
        if self._claims and self._understood(name, elements):
            self.used += 1
            return
        self.kept[name[:3]] += 1
        if SEGMENT_ID.match(name) is None:
            words = f"segment {self.segments} begins with {name[:12]!r}, which is no segment"
            self.tokens.note("damaged segments", words)
            self._spoil(f"begins with {name[:12]!r}, which is no segment", "two or three letters")

    def _understood(self, name: str, elements: list[str]) -> bool:
        context = self._provider or self._context
        if name == "NM1":
            self._name = _at(elements, 1)
            if self._name == "85":
                context.provider = _at(elements, 9) or _at(elements, 3) or None
            if self._name == "PR":
                context.payer_name, context.payer_id = _at(elements, 3) or None, _at(elements, 9) or None
            return self._name in ("85", "IL", "QC", "PR")
        if name == "SBR":
            context.filing = _at(elements, 9)
            return True
        if name in ("N3", "N4") and any(each.endswith(("DMG", "NM1", "SBR")) for each in elements[2:-1]):
            self._spoil("two segments in one: a segment terminator is lost", "one segment")
        if name == "N4" and self._name == "85" and self._provider is not None:
            state = _at(elements, 2)
            context.state = state if len(state) == 2 and state.isalpha() else None
            return True
        if name == "DMG" and self._provider is None:
            born = _at(elements, 2)
            context.birth_date = x12_date(born)
            context.sex = _at(elements, 3) if _at(elements, 3) in ("F", "M") else "U"
            if born and context.birth_date is None:
                self._spoil(f"birth date: {born[:20]!r} is not a date", "CCYYMMDD")
            elif _at(elements, 3) not in ("F", "M", "U", ""):
                self._spoil(f"sex: found {_at(elements, 3)[:12]!r}", "F, M or U")
            return True
        return name == "BHT"

    def _spoil(self, problem: str, expected: str) -> None:
        context = self._provider or self._context
        if context.problem is None:
            context.problem = (self.segments, problem, expected)

    def _tell(self) -> None:
        """Counters at the end. Every segment is accounted for."""
        kept = sum(self.kept.values())
        if self.segments != self.used + kept + self.rejected:
            raise AssertionError(
                f"{self.segments} segments read, {self.used} used, {kept} kept, {self.rejected} rejected"
            )
        self.counts["segments"] = self.segments
        self.counts["segments used"] = self.used
        self.counts["segments kept"] = kept
        self.counts["segments rejected"] = self.rejected


def _at(elements: list[str], index: int) -> str:
    return elements[index] if index < len(elements) else ""


def _control(block: Block) -> bool:
    """Is there any control character that no text of X12 has?"""
    text = "".join(block.parts).encode("latin-1")
    return len(text.translate(None, _CONTROLS)) != len(text)


def _plain(parts: list[str], delimiters: Delimiters) -> list[str]:
    """Segments without line ends inside. Errors: `Damage` for a control character or two segments in one."""
    out = []
    for index, each in enumerate(parts):
        odd = {c for c in each if (c < " " and c not in "\t\r\n") or c == "\x7f"} - set(delimiters)
        if odd:
            raise Damage(index, f"holds the control character {ord(min(odd))}", "text")
        out.append(unfolded(each, index) if "\n" in each or "\r" in each else each)
    return out


def _holds_loop(parts: list[str], element: str) -> bool:
    """Do these segments of one claim hold the beginning of another subscriber or patient?"""
    lined = False
    for each in parts:
        lined = lined or each.startswith("LX" + element)
        if lined and each.startswith(("SBR", "DMG", "PAT", f"NM1{element}IL", f"NM1{element}QC", f"NM1{element}85")):
            return True
    return False


RECORDS = X12Records
"""What reads any stream of this format."""
