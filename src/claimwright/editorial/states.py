"""The states of a text and the steps between them, as data.

Every version of an article is in exactly one state. At most one version of an article is *worked on*
(draft, submitted, under review, returned), and at most one *stands* (approved, needs review): a new version of
an approved article begins as draft while the approved one stays visible, and replaces it when it is approved.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from claimwright.errors import EditorialError, InputError, NotAllowed


class Right(StrEnum):
    """What a role allows."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    MANAGE = "manage"


class Role(StrEnum):
    """What a person is; each role may do what the ones before it may."""

    READER = "reader"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    @property
    def rights(self) -> frozenset[Right]:
        """What the role allows."""
        return RIGHTS[self]


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.READER: frozenset({Right.READ}),
    Role.AUTHOR: frozenset({Right.READ, Right.WRITE}),
    Role.REVIEWER: frozenset({Right.READ, Right.WRITE, Right.REVIEW}),
    Role.ADMIN: frozenset(Right),
}

NEEDED = {
    Right.READ: "reader",
    Right.WRITE: "author or reviewer",
    Right.REVIEW: "reviewer",
    Right.MANAGE: "admin",
}
"""The role that a sentence asks for."""


class State(StrEnum):
    """Where a version stands; exactly one at a time."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under review"
    RETURNED = "returned"
    APPROVED = "approved"
    NEEDS_REVIEW = "needs review"
    REPLACED = "replaced"


WORKING = (State.DRAFT, State.SUBMITTED, State.UNDER_REVIEW, State.RETURNED)
"""At most one version of an article is in one of these."""

STANDING = (State.APPROVED, State.NEEDS_REVIEW)
"""At most one version of an article is in one of these."""

PUBLIC = (State.SUBMITTED, State.UNDER_REVIEW, State.APPROVED, State.NEEDS_REVIEW)
"""Readable by everybody, under its banner; the others only by people who write."""

EDITABLE = (State.DRAFT, State.RETURNED, State.APPROVED, State.NEEDS_REVIEW)
"""From these a new version may be written; what waits for a reviewer is withdrawn first."""


class Action(StrEnum):
    """A step from one state to another."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    TAKE = "take into review"
    RELEASE = "release"
    APPROVE = "approve"
    RETURN = "return"
    DOUBT = "doubt"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step: where it leads and who may take it; `right` None is for the program alone."""

    to: State
    right: Right | None
    own: bool = True
    comment: bool = False


MOVES: dict[tuple[State, Action], Move] = {
    (State.DRAFT, Action.SUBMIT): Move(State.SUBMITTED, Right.WRITE),
    (State.SUBMITTED, Action.WITHDRAW): Move(State.DRAFT, Right.WRITE),
    (State.SUBMITTED, Action.TAKE): Move(State.UNDER_REVIEW, Right.REVIEW, own=False),
    (State.NEEDS_REVIEW, Action.TAKE): Move(State.UNDER_REVIEW, Right.REVIEW, own=False),
    (State.UNDER_REVIEW, Action.RELEASE): Move(State.SUBMITTED, Right.REVIEW),
    (State.UNDER_REVIEW, Action.APPROVE): Move(State.APPROVED, Right.REVIEW, own=False),
    (State.UNDER_REVIEW, Action.RETURN): Move(State.RETURNED, Right.REVIEW, own=False, comment=True),
    # A bound fact has changed, or the next review is overdue; the comment is the reason.
    (State.APPROVED, Action.DOUBT): Move(State.NEEDS_REVIEW, None, comment=True),
    # A newer version has been saved, a changed seed has come, or a newer version has been approved.
    **{(state, Action.REPLACE): Move(State.REPLACED, None) for state in State if state is not State.REPLACED},
}


def step(
    state: State, action: Action, rights: Set[Right], own: bool, comment: str = "", program: bool = False
) -> State:
    """The state after `action`.

    `own`: the person wrote a part of the text since its last approval. Errors: `EditorialError` for a step
    that the state does not allow, `NotAllowed` for a person who may not take it, `InputError` for a step
    that needs a comment and has none.
    """
    move = MOVES.get((state, action))
    if move is None:
        raise EditorialError(f"A text that is {state.value} cannot be {PAST[action]}")
    if move.right is None:
        if not program:
            raise NotAllowed(f"{action.value.capitalize()} is a step of the program, not of a person")
    elif move.right not in rights:
        raise NotAllowed(f"This needs the role {NEEDED[move.right]}")
    elif own and not move.own:
        raise NotAllowed("You wrote a part of this text since its last approval; somebody else has to review it")
    if move.comment and not comment.strip():
        raise InputError("comment", "is empty", "what has to change, for the author")
    return move.to


def steps(state: State, rights: Set[Right], own: bool) -> tuple[Action, ...]:
    """What a person may do with a version in `state`, in the order of `Action`."""
    return tuple(
        action
        for action in Action
        if (move := MOVES.get((state, action))) and move.right in rights and (move.own or not own)
    )


PAST = {
    Action.SUBMIT: "submitted",
    Action.WITHDRAW: "withdrawn",
    Action.TAKE: "taken into review",
    Action.RELEASE: "released",
    Action.APPROVE: "approved",
    Action.RETURN: "returned",
    Action.DOUBT: "called into doubt",
    Action.REPLACE: "replaced",
}
"""How a sentence tells of a step."""


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands above a text: made from its one state, so that it cannot tell of two."""

    kind: str
    title: str
    sentence: str


BANNERS: dict[State, Banner] = {
    State.DRAFT: Banner("warning", "Draft", "Being written. Nobody has reviewed it."),
    State.SUBMITTED: Banner("warning", "Submitted", "Waiting for a reviewer. Nobody has reviewed it."),
    State.UNDER_REVIEW: Banner("warning", "Under review", "A reviewer is reading it; it is not approved."),
    State.RETURNED: Banner("warning", "Returned", "A reviewer asks for changes; it is not approved."),
    State.APPROVED: Banner("good", "Approved", "Reviewed and approved."),
    State.NEEDS_REVIEW: Banner("critical", "Needs review", "It was approved, and has to be reviewed again."),
    State.REPLACED: Banner("info", "Replaced", "An earlier version, kept for its history."),
}
