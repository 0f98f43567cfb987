"""`claimwright read NOTE`: what a note states, and the codes it may support."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book

if TYPE_CHECKING:
    from claimwright.notes.transcript import RecordedProvider

SETTINGS = ("inpatient", "outpatient", "professional", "emergency")


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
    from claimwright.claims.text_file import read_note
    from claimwright.notes.reading import Notes

    if setting is not None and setting not in SETTINGS:
        raise InputError("--setting", f"found {setting!r}", f"one of {', '.join(SETTINGS)}")
    text = read_note(note)
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
    from claimwright.claims.text_file import read_note
    from claimwright.notes.transcript import RecordedProvider

    if not transcript:
        raise InputError("--suggestions", "has an empty name", "a recorded transcript of suggestions")
    provider = RecordedProvider.read(transcript)
    if redacted is None:
        return provider, None
    hidden = read_note(redacted)
    return provider, lambda _: hidden
