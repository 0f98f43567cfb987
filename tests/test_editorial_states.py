"""Every step that is allowed, and every one that is not."""

from __future__ import annotations

import itertools

import pytest

from claimwright.editorial.difference import difference
from claimwright.editorial.states import BANNERS, MOVES, PUBLIC, RIGHTS, Action, Right, Role, State, step, steps
from claimwright.errors import EditorialError, InputError, NotAllowed

S, A = State, Action
PEOPLE = {
    (S.DRAFT, A.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, A.WITHDRAW): S.DRAFT,
    (S.SUBMITTED, A.TAKE): S.UNDER_REVIEW,
    (S.UNDER_REVIEW, A.RELEASE): S.SUBMITTED,
    (S.UNDER_REVIEW, A.APPROVE): S.APPROVED,
    (S.UNDER_REVIEW, A.RETURN): S.RETURNED,
    (S.NEEDS_REVIEW, A.TAKE): S.UNDER_REVIEW,
}
PROGRAM = {
    (S.APPROVED, A.DOUBT): S.NEEDS_REVIEW,
    **{(state, A.REPLACE): S.REPLACED for state in State if state is not S.REPLACED},
}
ALL = list(itertools.product(State, Action))


@pytest.mark.parametrize("state, action", ALL)
def test_a_step_leads_where_the_table_says_or_nowhere(state: State, action: Action) -> None:
    wanted = {**PEOPLE, **PROGRAM}.get((state, action))
    if wanted is None:
        with pytest.raises(EditorialError, match=f"A text that is {state.value} cannot be"):
            step(state, action, frozenset(Right), own=False, comment="why", program=True)
    else:
        assert step(state, action, frozenset(Right), own=False, comment="why", program=True) is wanted


@pytest.mark.parametrize("state, action", PROGRAM)
def test_steps_of_the_program_are_taken_by_nobody_else(state: State, action: Action) -> None:
    with pytest.raises(NotAllowed, match="step of the program"):
        step(state, action, frozenset(Right), own=False, comment="why")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state, action", PEOPLE)
def test_roles_may_take_their_own_steps_alone(state: State, action: Action, role: Role) -> None:
    writers = {Role.AUTHOR, Role.REVIEWER, Role.ADMIN}
    allowed = role in (writers if action in (A.SUBMIT, A.WITHDRAW) else writers - {Role.AUTHOR})
    if allowed:
        assert step(state, action, role.rights, own=False, comment="why") is PEOPLE[state, action]
    else:
        with pytest.raises(NotAllowed, match="needs the role"):
            step(state, action, role.rights, own=False, comment="why")
    assert (action in steps(state, role.rights, own=False)) is allowed


@pytest.mark.parametrize("state, action", PEOPLE)
def test_nobody_reviews_an_own_text(state: State, action: Action) -> None:
    if action in (A.TAKE, A.APPROVE, A.RETURN):
        with pytest.raises(NotAllowed, match="somebody else has to review it"):
            step(state, action, Role.ADMIN.rights, own=True, comment="why")
        assert action not in steps(state, Role.ADMIN.rights, own=True)
    else:
        assert step(state, action, Role.ADMIN.rights, own=True) is PEOPLE[state, action]


@pytest.mark.parametrize("comment", ["", "  \n"])
def test_a_text_is_returned_with_a_comment(comment: str) -> None:
    with pytest.raises(InputError, match="comment: is empty"):
        step(S.UNDER_REVIEW, A.RETURN, Role.REVIEWER.rights, own=False, comment=comment)


def test_each_role_may_what_those_before_it_may() -> None:
    rights = [RIGHTS[role] for role in Role]
    assert all(less < more for less, more in itertools.pairwise(rights))
    assert Role.READER.rights == {Right.READ}


def test_a_banner_tells_of_one_state() -> None:
    assert set(BANNERS) == set(State)
    for state, banner in BANNERS.items():
        assert banner.title == state.value.capitalize()
        assert ("approved." in banner.sentence.lower()) is (state in (S.APPROVED, S.UNDER_REVIEW, S.RETURNED))
    assert "Nobody has reviewed it." in BANNERS[S.SUBMITTED].sentence


def test_drafts_are_not_public() -> None:
    assert not {S.DRAFT, S.RETURNED, S.REPLACED} & set(PUBLIC)
    assert {move.to for move in MOVES.values()} == set(State)


# ---- differences ------------------------------------------------------------------------------------


def test_a_difference_marks_words_within_lines() -> None:
    old = "".join(f"line {n}\n" for n in range(20)) + "G35 is billable.\nend\n"
    rows = difference(old, old.replace("is billable", "is not billable") + "more\n")
    assert [row.kind for row in rows] == ["skipped", "kept", "kept", "kept", "removed", "added", "kept", "added"]
    assert rows[0].parts == ((False, "17 lines as before"),)
    assert [words for changed, words in rows[5].parts if changed] == ["not "]
    assert (rows[4].before, rows[4].after, rows[5].before, rows[5].after) == (21, 0, 0, 21)


def test_equal_texts_differ_in_nothing() -> None:
    assert difference("a\nb\n", "a\nb\n") == []


def test_everything_is_new_beside_nothing() -> None:
    assert [(row.kind, row.after) for row in difference("", "a\nb\n")] == [("added", 1), ("added", 2)]


def test_long_texts_are_compared_in_no_time() -> None:
    old = "same\n" * 20_000
    assert difference(old, old + "new\n")[-1].parts == ((True, "new"),)
