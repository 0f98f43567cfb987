"""The kernels over service lines, for claims of the settings in which such edits apply.

| kernel | question |
|---|---|
| `Together` | does such a line stand beside such another on the same day? |
| `LinePair` | do these two lines of one day stand in that relation? |
| `Attended` | is a line that this one wants there on the same day? |
| `Limit` | do the units pass the limit, by line or by code and day? |
| `Faults` | which faults has this line by itself? |

A day is the line's own date, or the day that decides for its claim. All return `Hits` of the kind
"line"; each is tested against a slow, obvious reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimwright.edits.frame import LINE, Frame, Ints, numbered
from claimwright.edits.relations import Condition, Hits, sorted_hits
from claimwright.edits.undirected import MOST_CELLS
from claimwright.model import Claim, Setting

Places = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
EDITED = (Setting.PROFESSIONAL, Setting.OUTPATIENT, Setting.EMERGENCY)
"""Settings whose service lines the NCCI edits concern: practitioner and outpatient facility claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfLines:
    """A relation over service lines."""

    settings: tuple[Setting, ...] = EDITED
    tables: tuple[str, ...] = ()

    def concerns(self, claim: Claim) -> bool:
        """Only claims of these settings that have service lines."""
        return claim.setting in self.settings and bool(claim.lines)

    def _asked(self, frame: Frame) -> bool:
        """Are there any lines? Resolving their columns would cost the others something."""
        return len(frame.batch.line_codes) > 0


def _none() -> Hits:
    empty = np.zeros(0, dtype=np.int64)
    return sorted_hits(empty, empty, empty, LINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(_OfLines):
    """Every line that is `left_is` while another line of its claim and day is `right_is`.

    `right` is the first such other line; `key` -1.
    """

    left_is: Condition
    right_is: Condition

    def find(self, frame: Frame) -> Hits:
        """Hits of two lines."""
        if not self._asked(frame):
            return _none()
        occasion = frame.lines.occasion
        left = np.flatnonzero(self.left_is(frame) & frame.in_settings(*self.settings, kind=LINE))
        right = np.flatnonzero(self.right_is(frame))
        first, second = _first_two(occasion, right)
        answer = first[occasion[left]]
        answer = np.where(answer == left, second[occasion[left]], answer)
        met = answer >= 0
        return sorted_hits(left[met], answer[met], np.full(int(met.sum()), -1), LINE)


def _first_two(occasion: Ints, of: Places) -> tuple[Places, Places]:
    """The first and the second of the lines `of` on each occasion, -1 for none."""
    size = int(occasion.max(initial=-1)) + 1
    first, second = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    held, at = np.unique(occasion[of], return_index=True)
    first[held] = of[at]
    rest = np.delete(of, at)
    held, at = np.unique(occasion[rest], return_index=True)
    second[held] = rest[at]
    return first, second


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults(_OfLines):
    """Every fault of every line: `of` gives lines and the number of a fault each; a line may have several.

    `right` is -1, `key` the number.
    """

    of: Callable[[Frame], tuple[Places, Places]]

    def find(self, frame: Frame) -> Hits:
        """Hits of one line."""
        if not self._asked(frame):
            return _none()
        line, number = self.of(frame)
        held = frame.in_settings(*self.settings, kind=LINE)[line]
        return sorted_hits(line[held], np.full(int(held.sum()), -1), number[held], LINE)


Stands = Callable[[Frame, Places, Places], Ints]
"""For lines left and right in pairs: the number of the row that joins them in this direction, -1 for none."""


def lines_of_a_day(frame: Frame, settings: tuple[Setting, ...]) -> Iterator[tuple[Places, Places]]:
    """All pairs (earlier, later) of lines that share claim and day, in blocks of bounded size.

    Occasions with the same number of lines form a block, whose column pairs are made once.
    """
    held = np.flatnonzero(frame.in_settings(*settings, kind=LINE))
    occasion = frame.lines.occasion[held]
    order = held[np.argsort(occasion, kind="stable")]
    counts = np.bincount(occasion)
    starts = np.concatenate(([0], np.cumsum(counts)))
    for size in np.unique(counts[counts > 1]):
        one, two = np.triu_indices(int(size), 1)
        owners = np.flatnonzero(counts == size)
        step = max(1, MOST_CELLS // len(one))
        for at in range(0, len(owners), step):
            base = starts[owners[at : at + step]][:, None]
            yield order[(base + one).ravel()], order[(base + two).ravel()]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePair(_OfLines):
    """Every two lines of one claim and day that stand in a directed relation, whichever comes first.

    `left` is the line on the left of the relation; `key` is the number that `stands` gives.
    """

    stands: Stands

    def find(self, frame: Frame) -> Hits:
        """Hits of two lines."""
        if not self._asked(frame):
            return _none()
        found = [
            (left[held], right[held], key[held])
            for first, second in lines_of_a_day(frame, self.settings)
            for left, right in ((first, second), (second, first))
            if (held := (key := self.stands(frame, left, right)) >= 0).any()
        ]
        if not found:
            return _none()
        left, right, key = (np.concatenate(column) for column in zip(*found, strict=True))
        return sorted_hits(left, right, key, LINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended(_OfLines):
    """Every line that is `left_is` without any other line of its claim and day that it `stands` to.

    `right` and `key` are -1.
    """

    left_is: Condition
    stands: Stands

    def find(self, frame: Frame) -> Hits:
        """Hits of one line."""
        if not self._asked(frame):
            return _none()
        wanting = self.left_is(frame) & frame.in_settings(*self.settings, kind=LINE)
        met = np.zeros(len(wanting), dtype=np.bool_)
        for first, second in lines_of_a_day(frame, self.settings) if wanting.any() else ():
            for left, right in ((first, second), (second, first)):
                asking = wanting[left]
                left, right = left[asking], right[asking]
                met[left[self.stands(frame, left, right) >= 0]] = True
        alone = np.flatnonzero(wanting & ~met)
        none = np.full(len(alone), -1)
        return sorted_hits(alone, none, none, LINE)


def units(frame: Frame) -> Amounts:
    """The units of each line."""
    return frame.batch.units


def by_code(frame: Frame) -> Ints:
    """Lines with the same code are counted together."""
    return frame.lines.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(_OfLines):
    """Every line, or every sum of a claim's lines on one day, whose amount passes its limit.

    `limit` gives one number a line (infinity for none); `daily` says of each line whether its limit is
    one of the day. What a day sums up is what `together` gives the same number; negative numbers are
    left out. The limit of a sum is that of its first line. A hit of a day has the first line as `left`
    and the last as `right`; a hit of a line has `right` -1; `key` -1.
    """

    limit: Callable[[Frame], Amounts]
    daily: Condition
    together: Callable[[Frame], Ints] = by_code
    amount: Callable[[Frame], Amounts] = units

    def find(self, frame: Frame) -> Hits:
        """Hits of lines, and of the lines of a day."""
        if not self._asked(frame):
            return _none()
        amount, limit, daily, group = self.amount(frame), self.limit(frame), self.daily(frame), self.together(frame)
        held = (group >= 0) & frame.in_settings(*self.settings, kind=LINE)
        single = np.flatnonzero(held & ~daily & (amount > limit))
        counted = np.flatnonzero(held & daily)
        first, last = _over(numbered(frame.lines.occasion[counted], group[counted]), amount[counted], limit[counted])
        left = np.concatenate((single, counted[first]))
        right = np.concatenate((np.full(len(single), -1), counted[last]))
        return sorted_hits(left, right, np.full(len(left), -1), LINE)


def _over(group: Ints, amount: Amounts, limit: Amounts) -> tuple[Places, Places]:
    """First and last member of every group whose sum passes the limit of its first member."""
    _, first = np.unique(group, return_index=True)
    last = len(group) - 1 - np.unique(group[::-1], return_index=True)[1]
    over = np.bincount(group, weights=amount, minlength=len(first)) > limit[first]
    return first[over], last[over]
