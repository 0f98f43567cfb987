"""`claimwright read NOTE`: what a note states, and the codes it may support."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book

SETTINGS = ("inpatient", "outpatient", "professional", "emergency")
MOST_BYTES = 64 * 1024 * 1024


@click.command("read")
@click.argument("note")
@click.option("--setting", help="inpatient, outpatient, professional or emergency; decides uncertain diagnoses.")
@common
def command(note: str, setting: str | None, day: date | None, as_of: date | None, as_json: bool) -> None:
    """What NOTE (a text file; - is standard input) states, and the codes it may support.

    Facts come with their status, their place and what decided it. Candidate codes come with the path to
    each and, where the note does not settle it, with a question; none is written into a claim.
    """
    from claimwright.book.era import check_era
    from claimwright.notes.reading import Notes

    if setting is not None and setting not in SETTINGS:
        raise InputError("--setting", f"found {setting!r}", f"one of {', '.join(SETTINGS)}")
    text = note_text(note)
    chosen = day or date.today()
    check_era(chosen, "date")
    found = Notes(the_book()).read(text, setting, chosen, as_of)
    if as_json:
        from claimwright.model.plain import to_json

        sys.stdout.write(to_json(found) + "\n")
    else:
        from claimwright.interfaces.render.reading import reading_text

        sys.stdout.write(reading_text(found))


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
