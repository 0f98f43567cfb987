"""Answers to questions tell each of their audiences in its own words what they are not."""

from __future__ import annotations

import pytest

from claimwright.pages import Article, shipped_articles

QUESTIONS = [each for each in shipped_articles() if each.kind == "question"]


@pytest.mark.parametrize("article", QUESTIONS, ids=lambda each: each.id)
def test_each_audience_has_a_notice_of_its_own(article: Article) -> None:
    notices = {}
    for audience in article.audiences:
        shown = article.for_audience(audience)
        assert "Notice" in [each.title for each in shown]
        assert shown[-1].audiences == (audience,), f"the last section for {audience} is {shown[-1].title!r}"
        notices[audience] = shown[-1].text.strip()
    assert len(set(notices.values())) == len(article.audiences)
    assert "not medical advice" in notices["patient"]


def test_a_biller_has_sections_and_a_notice_of_every_answer() -> None:
    assert all("biller" in each.audiences for each in QUESTIONS)
