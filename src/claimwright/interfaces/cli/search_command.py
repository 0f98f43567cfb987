"""`claimwright search WORDS...`: codes for words, for a code, or for the beginning of one."""

from __future__ import annotations

import textwrap
from datetime import date

import click

from claimwright.book.search import Hit, Hits, search
from claimwright.book.search_explain import Explanation, Reason
from claimwright.interfaces.cli.options import common, the_book, wide
from claimwright.model import plain, to_json

_CODE, _COLUMNS = 8, 80
_INDENT = " " * 18


@click.command("search")
@click.argument("words", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="Most codes to list.")
@click.option("--explain", is_flag=True, help="Also show how the words were read, and why each code is here.")
@common
def command(
    words: tuple[str, ...], limit: int, explain: bool, day: date | None, as_of: date | None, as_json: bool
) -> None:
    """Find codes by words, by a code or by the beginning of one, best first.

    Each code is listed with the official wording that matched; "lay" marks one that was found in other
    words than asked. A dash marks a header, which is not billable on the date of service.
    """
    with the_book() as book:
        hits = search(book, " ".join(words), day or date.today(), limit, as_of, explain)
    if as_json:
        answer = plain(hits)
        if not explain:
            del answer["explain"]
        click.echo(to_json(answer))
    elif wide() and not explain:
        _draw(hits)
    else:
        click.echo("\n".join(_lines(hits)))


def _lines(hits: Hits) -> list[str]:
    """The answer in plain text, 80 columns wide."""
    out = [f"Searched for: {hits.searched_for}"] if hits.searched_for else []
    reasons = {each.code: _reasons(each) for each in hits.explain.hits} if hits.explain else {}
    out += _steps(hits.explain) if hits.explain else []
    for rank, hit in enumerate(hits.hits, start=1):
        mark = " " if hit.billable else "-"
        start = f"{rank:3}. {hit.code:{_CODE}} {mark}   "
        out += textwrap.wrap(
            hit.title or "(no title loaded)", _COLUMNS, initial_indent=start, subsequent_indent=_INDENT
        )
        why = _why(hit)
        out += _wrapped(why) if why else []
        out += [line for reason in reasons.get(hit.code, ()) for line in _wrapped(reason)]
    if any(not hit.billable for hit in hits.hits):
        out.append(f"(- not billable on {hits.date})")
    return out + [line for note in hits.notes for line in textwrap.wrap(note, _COLUMNS)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _steps(explain: Explanation) -> list[str]:
    """How the question was read, then what was looked for."""
    out = []
    for step in explain.steps:
        row = f", row {step.row}" if step.row else ""
        out.append(f"Read {step.said} as {step.read} ({step.how}{row})")
    out += [f"Looked for: {reading}" for reading in explain.readings]
    return [line for each in out for line in textwrap.wrap(each, _COLUMNS, subsequent_indent="  ")]


def _reasons(reason: Reason) -> list[str]:
    """Why a code is a hit, part by part."""
    out = []
    if reason.coverage is not None and reason.precision is not None:
        missing = f"; not there: {', '.join(reason.missing)}" if reason.missing else ""
        out.append(f"holds {', '.join(reason.found)}{missing}")
        marks = "".join(f"; {each.why} {each.worth:+.2f}" for each in reason.bonuses)
        out.append(f"coverage {reason.coverage:.2f}, precision {reason.precision:.2f}{marks}")
    if reason.index_says is not None:
        out.append(f"the Index path says {reason.index_says:.2f} of it")
    out += [f"by the Index: {each}" for each in (*reason.via, *reason.rules)]
    return out


def _why(hit: Hit) -> str:
    """What matched, where the title does not already say it."""
    return "" if hit.kind in ("title", "code") or hit.matched == hit.title else f"{hit.kind}: {hit.matched}"


def _draw(hits: Hits) -> None:
    """The same as a table, on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if hits.searched_for:
        console.print(Text(f"Searched for: {hits.searched_for}", style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False)
    for rank, hit in enumerate(hits.hits, start=1):
        title = Text(hit.title or "(no title loaded)")
        if _why(hit):
            title.append(f"\n{_why(hit)}", style="dim")
        mark = Text("" if hit.billable else "header", style="dim")
        table.add_row(Text(str(rank), style="dim"), Text(hit.code, style="bold"), mark, title)
    console.print(table)
    for note in hits.notes:
        console.print(Text(note, style="dim"))
