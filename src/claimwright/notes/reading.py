"""`read`: one note to a `Reading`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from claimwright.model.reading import NoteFact, Reading, Status
from claimwright.notes.asserted import Asserted
from claimwright.notes.candidates import Finder
from claimwright.notes.reader import NoteReader, facts, of_diagnoses

if TYPE_CHECKING:
    from claimwright.book.store import Book
    from claimwright.model.suggesting import SuggestionProvider


class Notes:
    """Reads notes over one book: facts, and candidates for a setting and a day."""

    def __init__(self, book: Book) -> None:
        """Use the wordings and lexicons of `book`."""
        self.book = book
        self._reader = NoteReader(book)
        self._finder: Finder | None = None

    def facts(self, text: str) -> tuple[NoteFact, ...]:
        """What the note states, in order of place; any text is a note."""
        return self._reader.facts_of(text)

    def diagnoses(self, text: str) -> tuple[NoteFact, ...]:
        """As `facts`, where a condition that is only suspected is uncertain: what a claim's codes are held against."""
        return of_diagnoses(self._reader.statements(text).statements)

    def fact_rows(self) -> tuple[dict[str, Any], ...]:
        """The rows of `lexicons/facts.yaml`, in order: what can be found, and by which terms."""
        return tuple(self._reader.facts.values())

    def status_at(self, text: str, start: int, end: int) -> Status:
        """What the note says of any of its words; `ValueError` when they are not in one sentence."""
        return self._reader.status_at(text, start, end)

    def asserted(self, text: str) -> Asserted:
        """The sentences of a note, and what it says of any of its words."""
        return Asserted(self._reader, text)

    def read(
        self, text: str, setting: str | None, day: date, as_of: date | None = None,
        provider: SuggestionProvider | None = None, redact: Callable[[str], str] | None = None,
    ) -> Reading:  # fmt: skip
        """Facts, and candidates for `setting` (None: not known) on `day`.

        A `provider` suggests beside our own reading and sees what `redact` leaves of the note; see
        `claimwright.notes.suggestions`. Errors: `EditionMissing` for a day that the dated registry does not
        reach, `InputError` for a redaction that changes the length.
        """
        self.book.need_registry(day)
        said = self._reader.statements(text)
        if self._finder is None:
            self._finder = Finder(self.book, self._reader)
        candidates, lacking = self._finder.candidates(text, said, setting, day, as_of)
        reading = Reading(
            setting=setting,
            date=day,
            facts=facts(said.statements),
            candidates=candidates,
            editions=self.book.editions_used(day, as_of),
            not_evaluated=lacking,
        )
        if provider is None:
            return reading
        from claimwright.notes.suggestions import Note, Suggester, redacted

        note = Note(text, redacted(text, redact), said, setting, day, as_of)
        return Suggester(self.book, self._reader, self._finder, provider).read(reading, note)
