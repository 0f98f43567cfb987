"""Sizes that the server refuses to go beyond, as the description of the API states them.

The numbers are those of the code that refuses: lists and texts within a body (400 with the JSON path), and whole
bodies in bytes (413 before they are read).
"""

from __future__ import annotations

from typing import Any

from claimwright.answers.ask import MOST_CHARACTERS
from claimwright.interfaces.bounds import MOST_CODES, MOST_NOTE, MOST_OF_LINE, MOST_ROWS
from claimwright.interfaces.schemas import Schema
from claimwright.interfaces.web.answers import MOST_GROUPED
from claimwright.interfaces.web.settings import Settings

BATCH, GROUP = "checkBatch", "group"
"""Operations with sizes of their own."""

_TEXTS = (("Claim", "note", MOST_NOTE), ("Note", "note", MOST_NOTE), ("AskBody", "note", MOST_NOTE),
          ("AskBody", "question", MOST_CHARACTERS), ("AskBody", "follow_up", MOST_CHARACTERS))  # fmt: skip


def state_limits(components: dict[str, Schema]) -> None:
    """Write `maxItems` and `maxLength` into the schemas of bodies; each component is named as in the description."""
    for owner, lists in (("Claim", MOST_ROWS), ("Line", MOST_OF_LINE), ("Codes", {"codes": MOST_CODES})):
        for name, most in lists.items():
            components[owner]["properties"][name]["maxItems"] = most
    for owner, name, most in _TEXTS:
        _text(components[owner]["properties"][name])["maxLength"] = most


def body_says(operation: str, settings: Settings) -> str:
    """How large the body of an operation may be, in a sentence or two."""
    if operation == BATCH:
        return (
            f"At most {settings.batch_bytes:,} bytes in all, read and answered as they come, and "
            f"{settings.line_bytes:,} bytes a line. A line that is longer, or whose claim is larger than a Claim "
            "may be, is answered by a problem in its place."
        )
    more = f" At most {MOST_GROUPED} diagnoses and {MOST_GROUPED} procedures a claim." if operation == GROUP else ""
    return f"At most {settings.upload_bytes:,} bytes.{more}"


def too_large(operation: str, settings: Settings) -> str:
    """What the problem 413 of an operation means."""
    most = settings.batch_bytes if operation == BATCH else settings.upload_bytes
    return f"The body is larger than {most:,} bytes, the most that is read here"


def text_of(most: int) -> Schema:
    """A body of text, in characters; a body in bytes has no more characters than bytes."""
    return {"type": "string", "maxLength": most}


def _text(schema: Schema) -> dict[str, Any]:
    """The text among the forms of a value that may be null."""
    return next(each for each in schema.get("anyOf", [schema]) if each.get("type") == "string")
