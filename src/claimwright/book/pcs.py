"""ICD-10-PCS in the book: which codes are valid when, what became of them, what each character means.

The dated registry decides what is valid. The tables, where the user has added them, give the words;
the edition in force on the day answers, else the nearest one, which is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model import EditionUsed, Interval

if TYPE_CHECKING:
    from claimwright.book.store import Book, RegistryEntry

REGISTRY, TABLES = "icd10pcs-registry", "icd10pcs-tables"
LENGTH = 7
"""Every ICD-10-PCS code has seven characters."""
CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What a code is written in: no I and no O, which would be read as 1 and 0."""

DIGITS = str.maketrans("IO", "10")
"""Reads the two letters that no code has as the digits they look like."""

_HEAD = 3
"""Characters that name a table: section, body system, operation."""
_LAST = "\uffff"


def spelled(text: str) -> str:
    """A code as it is stored: upper case, without blanks, and without the dots it never has."""
    return text.strip().upper().replace(".", "")


def joined_labels(characters: Sequence[Character]) -> str | None:
    """What stands for a title: the labels, joined; None if one is missing."""
    labels = [each.label for each in characters if each.label]
    return ", ".join(labels) if len(labels) == len(characters) else None


@dataclass(frozen=True, slots=True)
class Character:
    """One character of an ICD-10-PCS code: what it decides (`axis`) and what it says here.

    `axis` and `label` are None where no loaded edition of the tables has it.
    """

    position: int
    character: str
    axis: str | None
    label: str | None
    definition: str | None = field(default=None, metadata={"omit": True})


class Listed(NamedTuple):
    """One loaded table: its edition and the days it is for; `number` keys its rows."""

    table: str
    edition: str
    window: Interval
    number: int
    file: str

    def used(self, day: date) -> EditionUsed:
        """The edition as an answer for `day` names it."""
        window = self.window
        return EditionUsed(self.table, self.edition, window.starts, window.ends, day not in window)


class Pcs:
    """The ICD-10-PCS side of a book."""

    def __init__(self, book: Book) -> None:
        """Nothing is read yet."""
        self.book = book
        self._rows: dict[tuple[int, str], list[_Row]] = {}

    def _listed(self, table: str) -> list[Listed]:
        entries = [each for each in self.book.manifest["parts"] if each["table"] == table]
        return [
            Listed(
                table,
                each["edition"],
                Interval.of(each["from"], each["to"]),
                number,
                each["file"],
            )
            for number, each in enumerate(entries)
        ]

    # ---- validity -------------------------------------------------------------------------------

    @cached_property
    def registry(self) -> Listed | None:
        """The dated registry; None in a book without it."""
        found = self._listed(REGISTRY)
        return found[0] if found else None

    def periods(self, code: str, as_of: date | None = None) -> tuple[RegistryEntry, ...]:
        """Every dated row of `code`, oldest first; empty for a code never listed."""
        from claimwright.book.store import RegistryEntry

        sql = "SELECT starts, ends, flags FROM pcs_registry WHERE code = ? AND starts <= ? ORDER BY starts"
        return tuple(
            RegistryEntry(code, Interval.of(starts, ends), tuple(flags.split()))
            for starts, ends, flags in self.book.rows(sql, (code, as_of.isoformat() if as_of else "9"))
        )

    def valid(self, code: str, day: date) -> bool:
        """Is `code` valid on `day`?"""
        return bool(self.valid_of([code], day))

    def valid_of(self, codes: Iterable[str], day: date) -> list[str]:
        """Those of `codes` that are valid on `day`, in their order."""
        wanted = list(dict.fromkeys(codes))
        sql = (
            "SELECT code FROM pcs_registry WHERE code IN (SELECT value FROM json_each(?)) AND starts <= ? "
            "AND (ends IS NULL OR ends >= ?)"
        )
        found = {code for (code,) in self.book.rows(sql, (json.dumps(wanted), day.isoformat(), day.isoformat()))}
        return [code for code in wanted if code in found]

    def next_characters(self, stem: str, day: date) -> dict[str, int]:
        """What may follow `stem` in a code valid on `day`, and how many codes each way leads to."""
        sql = (
            "SELECT substr(code, ?, 1), count(*) FROM pcs_registry WHERE code > ? AND code < ? AND starts <= ? "
            "AND (ends IS NULL OR ends >= ?) GROUP BY 1 ORDER BY 1"
        )
        iso = day.isoformat()
        return dict(self.book.rows(sql, (len(stem) + 1, stem, stem + _LAST, iso, iso)))

    def may_follow(self, stem: str, day: date) -> list[str]:
        """The characters of `next_characters` alone: looked up one by one, where counting reads every code."""
        sql = (
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM pcs_registry WHERE code >= ? || value "
            "AND code < ? || value || ? AND starts <= ? AND (ends IS NULL OR ends >= ?)) ORDER BY value"
        )
        iso = day.isoformat()
        found = self.book.rows(sql, (json.dumps([*CHARACTERS]), stem, stem, _LAST, iso, iso))
        return [character for (character,) in found]

    def known_stem(self, stem: str) -> bool:
        """Does any code of any day begin so?"""
        sql = "SELECT 1 FROM pcs_registry WHERE code >= ? AND code < ? LIMIT 1"
        return bool(stem) and bool(self.book.rows(sql, (stem, stem + _LAST)))

    def successors(self, code: str) -> list[tuple[str, date]]:
        """Every code that `code` became, with the first day; all of them, none chosen."""
        return self._changes("source", "target", code)

    def predecessors(self, code: str) -> list[tuple[str, date]]:
        """Every code that became `code`, with the first day."""
        return self._changes("target", "source", code)

    def _changes(self, of: str, to: str, code: str) -> list[tuple[str, date]]:
        sql = f"SELECT {to}, effective FROM pcs_conversion WHERE {of} = ? AND {to} <> ? ORDER BY effective, {to}"
        return [(other, date.fromisoformat(day)) for other, day in self.book.rows(sql, (code, code))]

    def near(self, code: str, day: date, most: int = 10) -> list[str]:
        """Codes valid on `day` that one misread or mistyped character would explain, the likeliest first.

        A letter read for a digit first, then the later characters: the table is usually right.
        """
        tries = [code.translate(DIGITS)]
        places = range(len(code) - 1, -1, -1)
        if len(code) == LENGTH:
            tries += [code[:at] + other + code[at + 1 :] for at in places for other in CHARACTERS]
        elif len(code) == LENGTH + 1:
            tries += [code[:at] + code[at + 1 :] for at in places]
        elif len(code) == LENGTH - 1:
            tries += [code[:at] + other + code[at:] for at in range(len(code), -1, -1) for other in CHARACTERS]
        return self.valid_of([each for each in tries if each != code], day)[:most]

    # ---- meaning --------------------------------------------------------------------------------

    def editions_used(self, day: date) -> tuple[EditionUsed, ...]:
        """The registry, and the edition of the tables, that answer for `day`."""
        return tuple(each.used(day) for each in [self.registry, *self.by_nearness(day)[:1]] if each)

    @cached_property
    def editions(self) -> tuple[Listed, ...]:
        """Loaded editions of the tables."""
        return tuple(self._listed(TABLES))

    def by_nearness(self, day: date) -> list[Listed]:
        """Editions of the tables, the nearest to `day` first; of two that cover it, the later."""
        return sorted(self.editions, key=lambda each: (each.window.distance(day), -each.window.starts.toordinal()))

    def characters(self, code: str, day: date) -> tuple[Listed, tuple[Character, ...]] | None:
        """The meaning of each character of a code or the beginning of one; None without tables.

        The nearest edition that has it whole answers, else the nearest one for what it has of it.
        """
        tried = []
        for edition in self.by_nearness(day):
            found = self._meanings(edition.number, code)
            if all(each.label for each in found):
                return edition, found
            tried.append((edition, found))
        return tried[0] if tried else None

    def title(self, code: str, day: date) -> str | None:
        """The labels of a whole code, joined; None where the loaded tables do not have it."""
        found = self.characters(code, day)
        return joined_labels(found[1]) if found else None

    def labels(self, stem: str, edition: Listed) -> tuple[str | None, dict[str, str]]:
        """The title of the axis after `stem`, and the label of each character it may be."""
        titles: dict[str, None] = {}
        labels: dict[str, dict[str, None]] = {}
        for row in self._fitting(edition.number, stem):
            title, known = row.axes[len(stem)]
            titles[title] = None
            for character, label in known.items():
                labels.setdefault(character, {})[label] = None
        return " or ".join(titles) or None, {each: " or ".join(labels[each]) for each in sorted(labels)}

    def _meanings(self, edition: int, code: str) -> tuple[Character, ...]:
        out = []
        table = self._fitting(edition, code[:_HEAD])
        for position, character in enumerate(code[:LENGTH]):
            # The table of a code holds its first characters too; only an unknown table is looked up by parts.
            within = table and len(code) >= _HEAD and position < _HEAD
            fitting = table if within else self._fitting(edition, code[: position + 1])
            axes = dict.fromkeys(row.axes[position][0] for row in fitting)
            labels = dict.fromkeys(row.axes[position][1][character] for row in fitting)
            definition = fitting[0].definition if fitting and position == _HEAD - 1 else None
            out.append(
                Character(
                    position + 1, character, " or ".join(axes) or None, " or ".join(labels) or None, definition or None
                )
            )
        return tuple(out)

    def _fitting(self, edition: int, stem: str) -> list[_Row]:
        """Rows of the tables that allow every character of `stem`."""
        return [
            row
            for row in self._under(edition, stem[:_HEAD])
            if all(character in row.axes[place][1] for place, character in enumerate(stem))
        ]

    def _under(self, edition: int, head: str) -> list[_Row]:
        """Rows of every table whose characters begin with `head`."""
        if (edition, head) not in self._rows:
            if len(self._rows) > _MOST_KEPT:
                self._rows = {}
            self._rows[edition, head] = self._read(edition, head)
        return self._rows[edition, head]

    def _read(self, edition: int, head: str) -> list[_Row]:
        if len(head) < _HEAD:  # the way down to a table needs no rows
            sql = "SELECT axis1, axis2, axis3, definition FROM pcs_table WHERE edition = ? AND code >= ? AND code < ?"
        else:
            sql = (
                "SELECT t.axis1, t.axis2, t.axis3, r.axis4, r.axis5, r.axis6, r.axis7, t.definition FROM pcs_table t "
                "JOIN pcs_row r ON r.edition = t.edition AND r.code = t.code "
                "WHERE t.edition = ? AND t.code >= ? AND t.code < ? ORDER BY t.code, r.ordinal"
            )
        found = self.book.rows(sql, (edition, head, head + _LAST))
        numbers = sorted({number for row in found for number in row[:-1]})
        sql = "SELECT id, title, labels FROM pcs_axis WHERE id IN (SELECT value FROM json_each(?))"
        axes = {
            number: (title, json.loads(labels)) for number, title, labels in self.book.rows(sql, (json.dumps(numbers),))
        }
        return [_Row(tuple(axes[number] for number in row[:-1]), row[-1]) for row in found]


_MOST_KEPT = 512
"""Tables kept in memory before they are dropped."""


class _Row(NamedTuple):
    """Axes in order, each (title, label by character), and the definition of the operation."""

    axes: tuple[tuple[str, dict[str, str]], ...]
    definition: str
