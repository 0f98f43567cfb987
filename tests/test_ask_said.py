"""What only a question says supports nothing: the record has to show it."""

from __future__ import annotations

from datetime import date

import pytest

from claimwright.answers.ask import Given
from claimwright.book.store import Book
from claimwright.engine import Engine
from claimwright.interfaces.render.asking import asked_text
from claimwright.model import Claim, PolicyAnswer, Setting, plain

DAY = date(2025, 11, 15)
POLICY = [
    {
        "id": "P1", "version": "1", "payer": "payer a", "from": "2025-10-01", "to": None, "procedures": ["95909"],
        "diagnosis_list": None, "criteria": {"any_of": ["motor-loss", "sensory-loss"]},
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def asker(book: Book) -> Engine:
    return Engine(book)


def _answer(asker: Engine, question: str, note: str | None = None) -> PolicyAnswer:
    policies = asker.policies_of(POLICY)
    found = asker.ask(question, given=Given(policies=policies, note=note, claim=Claim(Setting.PROFESSIONAL, ())))
    assert found.coverage is not None
    (answer,) = found.coverage.answers
    if answer.rests_on and answer.verdict.value == "insufficient-documentation":
        assert "if the record documents what the question says" in " ".join(asked_text(found).split())
    return answer


@pytest.mark.book
def test_a_finding_that_is_only_asked_about_is_not_documented(asker: Engine) -> None:
    answer = _answer(asker, "Is 95909 covered by payer a for R25.2 with weakness on 2025-11-15?")
    assert answer.verdict.value == "insufficient-documentation"
    assert answer.rests_on == "question"
    assert answer.missing == ("motor-loss",)
    assert [[each.id for each in one] for one in answer.missing_sets] == [["motor-loss"]]
    assert answer.criteria is not None
    sources = {fact.source for node in answer.criteria.walk() for fact in node.facts}
    assert sources == {"question"}


@pytest.mark.book
def test_the_note_supports_what_the_question_says(asker: Engine) -> None:
    question = "Is 95909 covered by payer a for R25.2 with weakness on 2025-11-15?"
    answer = _answer(asker, question, "Weakness of the left hand for two months.")
    assert (answer.verdict.value, answer.rests_on) == ("supported", None)
    assert "rests_on" not in plain(answer)


@pytest.mark.book
def test_another_fact_of_the_note_is_enough(asker: Engine) -> None:
    question = "Is 95909 covered by payer a for R25.2 with weakness on 2025-11-15?"
    answer = _answer(asker, question, "Sensory loss in the fingers.")
    assert (answer.verdict.value, answer.rests_on) == ("supported", None)


@pytest.mark.book
def test_what_the_question_denies_is_told_as_said(asker: Engine) -> None:
    answer = _answer(asker, "Is 95909 covered by payer a for R25.2 on 2025-11-15, no weakness, no sensory loss?")
    assert (answer.verdict.value, answer.rests_on) == ("not-supported", "question")
    assert "as the question tells it" in answer.why


@pytest.mark.book
def test_a_condition_that_is_only_named_supports_no_policy(asker: Engine) -> None:
    found = asker.ask("Does Aetna cover nerve conduction studies for carpal tunnel syndrome?", given=Given(day=DAY))
    assert found.coverage is not None
    assert found.coverage.answers
    assert not [each for each in found.coverage.answers if each.verdict.value == "supported"]
