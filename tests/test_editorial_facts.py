"""Facts of articles as editorial work reads them: on the article's day, and today."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimwright.editorial.reading import BookReader
from claimwright.engine import Engine

ARTICLE = (Path(__file__).parents[1] / "pages" / "code-t78-40xa.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.book


def with_fact(fact: str, day: str) -> str:
    text = ARTICLE.replace("date_of_service: 2026-09-30", f"date_of_service: {day}")
    return text.replace("## In plain words {patient}\n", f"## In plain words {{patient}}\n\n[[It stands :: {fact}]].\n")


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        ("G35 billable", 1),
        ("G35 billable on 2025-09-30", 0),
        ("R25.2 billable", 0),
    ],
)
def test_a_fact_without_a_day_has_to_hold_today_too(engine: Engine, fact: str, found: int) -> None:
    examined = BookReader(engine).examine(with_fact(fact, "2025-09-30"))
    changed = [each for each in examined.changed if fact.split()[0] in each.statement]
    assert len(changed) == found, [each.found for each in changed]
    assert all(each.source for each in changed)


def test_every_shipped_article_stands_today(engine: Engine) -> None:
    reader = BookReader(engine)
    for path in sorted((Path(__file__).parents[1] / "pages").glob("*.md")):
        examined = reader.examine(path.read_text(encoding="utf-8"))
        assert [each.statement for each in examined.changed] == [], path.name
