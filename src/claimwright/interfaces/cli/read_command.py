"""`claimwright read NOTE`: what a note states, and the codes it may support."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book

if TYPE_CHECKING:
    from claimwright.notes.transcript import RecordedProvider

SETTINGS = ("inpatient", "outpatient", "professional", "emergency")
MOST_BYTES = 64 * 1024 * 1024


@click.command("read")
@click.argument("note")
@click.option("--setting", help="inpatient, outpatient, professional or emergency; decides uncertain diagnoses.")
@click.option("--suggestions", help="A recorded transcript of suggestions (JSON), verified and replayed.")
@click.option("--redacted", help="The note as the recorded provider saw it: a text file of the same length.")
@common
def command(
    note: str, setting: str | None, suggestions: str | None, redacted: str | None, day: date | None, as_of: date | None,
    as_json: bool,
) -> None:  # fmt: skip
    """What NOTE (a text file; - is standard input) states, and the codes it may support.

    Facts come with their status, their place and what decided it. Candidate codes come with the path to
    each and, where the note does not settle it, with a question; none is written into a claim.

    With --suggestions a recorded provider proposes words of the note and chooses among descriptions; what
    does not verify is refused, and nothing is sent anywhere. A transcript holds words of the note: notes and
    transcripts may be protected health information, and whoever records one sends the note to a provider.
    """
    from claimwright.book.era import check_era
    from claimwright.notes.reading import Notes

    if setting is not None and setting not in SETTINGS:
        raise InputError("--setting", f"found {setting!r}", f"one of {', '.join(SETTINGS)}")
    text = note_text(note)
    chosen = day or date.today()
    check_era(chosen, "date")
    provider, redact = _recorded(suggestions, redacted)
    found = Notes(the_book()).read(text, setting, chosen, as_of, provider, redact)
    if as_json:
        from claimwright.model.plain import to_json

        sys.stdout.write(to_json(found) + "\n")
    else:
        from claimwright.interfaces.render.reading import reading_text

        sys.stdout.write(reading_text(found))


def _recorded(
    transcript: str | None, redacted: str | None
) -> tuple[RecordedProvider | None, Callable[[str], str] | None]:
    """The provider of `--suggestions`, and the redaction that `--redacted` holds."""
    if transcript is None:
        if redacted is not None:
            raise InputError("--redacted", "is given without a transcript", "--suggestions FILE beside it")
        return None, None
    from claimwright.notes.transcript import RecordedProvider

    if not transcript:
        raise InputError("--suggestions", "has an empty name", "a recorded transcript of suggestions")
    provider = RecordedProvider.read(transcript)
    if redacted is None:
        return provider, None
    hidden = note_text(redacted)
    return provider, lambda _: hidden


def note_text(name: str) -> str:
    """The note of a file, or of standard input for `-`; `InputError` names the byte that is not UTF-8."""
    if not name:
        raise InputError("note", "has an empty name", "a text file")
    place = "standard input" if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(place, f"cannot be read ({getattr(error, 'strerror', error)})", "a text file") from None
    if len(data) > MOST_BYTES:
        raise InputError(place, f"more than {MOST_BYTES // 2**20} MB", "one note a file")
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(place, f"byte {error.start} is not UTF-8", "text in UTF-8") from None
