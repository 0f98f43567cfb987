"""What is told of articles: values, free of the database they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from claimwright.editorial.states import PUBLIC, STANDING, WORKING, Right, State

if TYPE_CHECKING:
    from claimwright.editorial.people import User


@dataclass(frozen=True, slots=True)
class Version:
    """One text of an article, without the text; `seed`: it came with the program."""

    number: int
    state: State
    author: str
    author_id: int | None
    created: datetime
    sha256: str
    seed: bool
    approved: datetime | None

    def readable_by(self, user: User | None) -> bool:
        """May the person read it? Everybody reads what is or was approved, or waits for a review."""
        return self.state in PUBLIC or self.approved is not None or (user is not None and user.may(Right.WRITE))


@dataclass(frozen=True, slots=True)
class Step:
    """A version that came into a state: who, when, why; `details` are the facts that changed."""

    slug: str
    number: int
    before: str
    after: State
    action: str
    who: str
    at: datetime
    comment: str
    details: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """An article and its versions, the oldest first."""

    slug: str
    kind: str
    code: str
    procedure: str
    title: str
    review_due: date | None
    versions: tuple[Version, ...] = field(repr=False)

    @property
    def standing(self) -> Version | None:
        """The version that was approved and stays visible."""
        return next((each for each in self.versions if each.state in STANDING), None)

    @property
    def working(self) -> Version | None:
        """The version that is being written or reviewed."""
        return next((each for each in self.versions if each.state in WORKING), None)

    @property
    def current(self) -> Version:
        """What a new version starts from: the one worked on, else the one that stands."""
        return self.working or self.standing or self.versions[-1]

    def shown_to(self, user: User | None) -> Version | None:
        """What a person sees first: the approved text, else what waits for its review; a writer sees drafts too."""
        shown = self.standing or self.working
        return shown if shown is not None and shown.readable_by(user) else None

    def version(self, number: int) -> Version | None:
        """The version of a number."""
        return next((each for each in self.versions if each.number == number), None)

    def own(self, number: int, user: User) -> bool:
        """Did the person write a part of version `number` since the approval before it?"""
        last = max((each.number for each in self.versions if each.approved and each.number < number), default=0)
        parts = [each for each in self.versions if last < each.number <= number and not each.seed]
        return any(
            each.author_id == user.id if user.id is not None else each.author_id is None and each.author == user.name
            for each in parts
        )
