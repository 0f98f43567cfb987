"""The timeline picture of a code: bars over a scale of years, as numbers that a template draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from claimwright.reference.history import Span

WIDTH = 760
LEFT, RIGHT = 8, 8
TOP, ROW, BAR = 26, 42, 14
"""In units of the picture: the scale above, the height of a row (label and bar), the height of a bar."""

_DAYS_AROUND = 120
_LABEL = 32


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: `x` and `width` in units; `open` when no end is known; `says` is its text alternative."""

    x: float
    width: float
    label: str
    open: bool
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    """Bars of one kind with their name, at `y`; `style` chooses the colour."""

    name: str
    y: int
    style: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn; `day` is the x of the date of service, `says` the whole in words."""

    height: int
    rows: tuple[Row, ...]
    years: tuple[tuple[float, int], ...]
    day: float
    says: str
    width: int = WIDTH


def picture(spans: Sequence[Span], day: date) -> Picture | None:
    """The picture of some spans with the date of service marked; None when there is nothing to draw."""
    if not spans:
        return None
    first = min(min(each.starts for each in spans), day)
    last = max(max(each.ends or each.starts for each in spans), day)
    low, high = first.toordinal() - _DAYS_AROUND, last.toordinal() + _DAYS_AROUND

    def x(when: date) -> float:
        share = (min(max(when.toordinal(), low), high) - low) / (high - low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    end = date.fromordinal(high)
    rows = []
    for number, name in enumerate(dict.fromkeys(each.row for each in spans)):
        own = [each for each in spans if each.row == name]
        bars = tuple(_bar(each, x(each.starts), x(each.ends or end)) for each in own)
        rows.append(Row(name, TOP + number * ROW, _style(name), bars))
    years = tuple((x(date(year, 1, 1)), year) for year in range(first.year, end.year + 1) if date(year, 1, 1) >= first)
    step = 2 if len(years) > 16 else 1
    shown = tuple(each for each in years[::step] if each[0] < WIDTH - _LABEL)
    return Picture(TOP + len(rows) * ROW + 6, tuple(rows), shown, x(day), _said(rows, day))


def _bar(span: Span, start: float, stop: float) -> Bar:
    until = f"to {span.ends}" if span.ends else "with no end known"
    label = f"{span.label}: " if span.label else ""
    return Bar(start, max(round(stop - start, 1), 2.0), span.label, span.ends is None, f"{label}{span.starts} {until}")


def _style(name: str) -> str:
    return {"Billable": "billable", "MS-DRG": "edition", "Notes loaded": "edition"}.get(
        name, "edition" if name.startswith("Loaded") else "flag"
    )


def _said(rows: Iterable[Row], day: date) -> str:
    parts = [f"{row.name}: {'; '.join(each.says for each in row.bars)}" for row in rows]
    return f"{'. '.join(parts)}. Date of service marked: {day}."
