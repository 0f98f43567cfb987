"""Rows of the book as its look-ups give them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from claimwright.model import Interval


class TabularEdition(NamedTuple):
    """One loaded edition of the tabular list; `number` keys every table of it."""

    number: int
    name: str
    window: Interval
    release: date
    fiscal_year: int


class RegistryEntry(NamedTuple):
    """A period in which a code was billable, with its MCE flags."""

    code: str
    window: Interval
    flags: tuple[str, ...]


class NodeEntry(NamedTuple):
    """A place in an edition's tree; `made` when a seventh character made it."""

    edition: int
    pos: int
    kind: str
    code: str
    title: str
    parent: int
    stop: int
    seventh: int
    made: bool


class NoteEntry(NamedTuple):
    """An official note: its holder is a position of the edition."""

    edition: int
    number: int
    holder: int
    kind: str
    element: int
    run: int
    head: int
    text: str
    conditional: bool
    open: bool
