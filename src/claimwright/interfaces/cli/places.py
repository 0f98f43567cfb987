"""Options that name a place: a state by its letters or name, a contractor by any of its names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimwright.errors import InputError

if TYPE_CHECKING:
    from claimwright.book.store import Book


def known_state(book: Book, state: str | None, place: str = "--state") -> str | None:
    """The two letters of a state, district or territory; `InputError`, naming `place`, for what is none."""
    if state is None:
        return None
    said = " ".join(state.split()).lower()
    rows = book.lexicon_rows("states")
    for row in rows:
        if said in (str(row["state"]).lower(), str(row["says"]).lower()):
            return str(row["state"])
    if not rows:  # a book without the list cannot tell
        return state.upper()
    known = ", ".join(sorted(str(row["state"]) for row in rows))
    raise InputError(place, f"{state!r} is no state", f"a state by its letters or name; known are {known}")


def known_mac(book: Book, mac: str | None, place: str = "--mac") -> str | None:
    """A Medicare contractor as it was given; `InputError` where no name of one is in it, nor it in one."""
    if mac is None:
        return None
    said = " ".join(mac.split()).lower()
    rows = book.lexicon_rows("contractors")
    names = {str(name).lower() for row in rows for name in (row["contractor"], row["says"], *row["words"])}
    if not rows or (said and any(f"{name} " in f"{said} " or f"{said} " in f"{name} " for name in names)):
        return mac
    known = ", ".join(sorted({str(row["contractor"]) for row in rows}))
    raise InputError(place, f"{mac!r} is no contractor", f"a Medicare administrative contractor; known are {known}")
