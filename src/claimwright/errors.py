"""What can go wrong, as a tree.

ClaimwrightError
├── InputError          a claim, code, date or option that cannot be read      exit 2
├── SourceError         an official file that is not as published              exit 2
├── BookError           the book cannot answer                                 exit 3
│   ├── BookMissing     no book, and none could be built
│   ├── BookDamaged     a file of the book is not the one that was built
│   └── EditionMissing  no loaded edition covers the day asked for
├── EditorialError      editorial work that cannot be done as asked           exit 2
│   ├── NotAllowed      this person may not do it
│   ├── OutOfDate       somebody else has changed it meanwhile
│   └── NoSuchArticle   there is no article of that name
├── DatabaseMissing     the editorial database cannot be opened                exit 3
└── RuleError           a rule, lexicon or citation that is wrong in itself    exit 3

Every text says what is wrong, where, and what to do. Facts stay as attributes, so that an
interface can render them without parsing the text.
"""

from __future__ import annotations

from datetime import date


class ClaimwrightError(Exception):
    """Base of every error raised on purpose; the command line prints only its text."""

    exit_code = 3


class InputError(ClaimwrightError):
    """What the user gave cannot be read: `place` (file, JSON path, option), `value`, `expected`."""

    exit_code = 2

    def __init__(self, place: str, problem: str, expected: str = "") -> None:
        self.place, self.problem, self.expected = place, problem, expected
        super().__init__(f"{place}: {problem}" + (f"; expected {expected}" if expected else ""))


class SourceError(ClaimwrightError):
    """An official file whose header, rows or counts are not as published."""

    exit_code = 2

    def __init__(self, file: str, problem: str, expected: str = "") -> None:
        self.file, self.problem, self.expected = file, problem, expected
        super().__init__(f"{file}: {problem}" + (f"; expected {expected}" if expected else ""))


class BookError(ClaimwrightError):
    """The book cannot answer."""


class BookMissing(BookError):
    """There is no book and none could be built; the text says why and what to do."""


class BookDamaged(BookError):
    """A file of the book or of its sources is not the one that was recorded."""


class EditionMissing(BookError):
    """No loaded edition of `table` covers `day`; the text says what is loaded."""

    def __init__(self, table: str, day: date, loaded: tuple[str, ...], how: str = "") -> None:
        self.table, self.day, self.loaded = table, day, loaded
        have = ", ".join(loaded) or "none"
        super().__init__(
            f"No edition of {table} covers {day}. Loaded: {have}. "
            + (how or f"Add the one in force that day: claimwright data add {table} FILE")
        )


class RuleError(ClaimwrightError):
    """A rule, lexicon row or citation that is wrong in itself."""


class EditorialError(ClaimwrightError):
    """Editorial work that cannot be done as asked: a step that the state of a text does not allow."""

    exit_code = 2


class NotAllowed(EditorialError):
    """The person may not do this: another role is needed, or it is their own text."""


class OutOfDate(EditorialError):
    """Somebody else has changed the text or its state since it was read; read it again."""


class NoSuchArticle(EditorialError):
    """There is no article, or no version of it, of that name."""


class DatabaseMissing(ClaimwrightError):
    """The editorial database cannot be opened; the text says why and what to do, never a password."""
