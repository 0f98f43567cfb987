"""Options that every command takes, in the words of the contract."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

from claimwright.book import home as homes
from claimwright.book.store import Book, open_book
from claimwright.errors import InputError
from claimwright.model.dates import day_of_text

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse, or fail naming the option, the value and the form expected."""
        if isinstance(value, date):
            return value
        place = param.opts[0] if param else "date"
        try:
            return day_of_text(str(value))
        except ValueError as error:
            raise InputError(place, f"{value!r} is not a date ({error})", "YYYY-MM-DD") from None


def common(function: F) -> F:
    """`--date`, `--as-of`, `--json`."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else."),
        click.option("--as-of", type=Day(), default=None, help="Replay what was loaded and released on that day."),
        click.option("--date", "day", type=Day(), default=None, help="Date of service (YYYY-MM-DD; default today)."),
    ):
        function = option(function)
    return function


def the_book() -> Book:
    """The book, compiled on first use with a progress bar on standard error."""
    folder = homes.current(homes.home())
    if folder is None:
        from claimwright.interfaces.cli.progress import building

        return Book(building())
    return open_book(folder)


def wide() -> bool:
    """Is standard output a terminal?"""
    return sys.stdout.isatty()
