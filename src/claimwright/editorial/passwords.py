"""Passwords: Argon2id hashes, and a check that takes as long for a name that nobody has."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from claimwright.errors import InputError

LEAST = 12
"""Characters of a password; its length is what makes it hard to guess, so no kinds of characters are asked for."""

MOST = 1024
"""Characters of a password: hashing an endless one would hold the server up."""

HASHER = PasswordHasher()
_AT_ONCE = BoundedSemaphore(4)
"""A hash takes 64 MiB: so many log-ins are worked on at the same time, the others wait."""


def hashed(password: str, name: str = "", place: str = "password") -> str:
    """The hash to keep. Errors: `InputError` for a password that is too short, too long, or the name itself."""
    if len(password) < LEAST:
        raise InputError(place, "is too short", f"at least {LEAST} characters")
    if len(password) > MOST:
        raise InputError(place, "is too long", f"at most {MOST:,} characters")
    if name and password.casefold().replace(name.casefold(), "").strip() == "":
        raise InputError(place, "is made of the name", "something that the name does not tell")
    with _AT_ONCE:
        return HASHER.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Is it the password? Without a hash (nobody has the name) as much work is done, and the answer is no."""
    with _AT_ONCE:
        try:
            right = HASHER.verify(kept or _nobody(), password[:MOST])
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None and len(password) <= MOST


def is_old(kept: str) -> bool:
    """Was it hashed with weaker settings than today's?"""
    return HASHER.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    import secrets

    return HASHER.hash(secrets.token_urlsafe(32))
