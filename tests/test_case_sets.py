"""Shape of the case files under ``tests/cases``: mentions stand in their texts, codes exist, halves do not overlap."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from claimwright.sources.lexicon import load_yaml

CASES = Path(__file__).parent / "cases"
STATUSES = {"present", "absent", "uncertain", "historical", "family", "hypothetical"}
CANDIDATE_STATUSES = {"supported", "needs-decision", "not-codable"}
FAMILIES = {"nerve-conduction", "home-oxygen", "screening-colonoscopy", "continuous-glucose-monitor", "unknown"}


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of one case file, by its path below ``tests/cases`` without the ending."""
    loaded: list[dict[str, Any]] = load_yaml(CASES / f"{name}.yaml")
    return loaded


def occurrences(mention: str, text: str) -> int:
    """How often a mention stands in a text as whole words."""
    return len(re.findall(rf"(?<!\w){re.escape(mention)}(?!\w)", text))


@pytest.fixture(scope="module")
def tabular_names() -> set[str]:
    """Every category, subcategory and code of the official tabular list carried by an installed package."""
    spec = find_spec("simple_icd_10_cm")
    if spec is None or spec.origin is None:
        pytest.skip("simple_icd_10_cm is not installed: the tabular list is not at hand")
    files = sorted(Path(spec.origin).parent.glob("data/*tabular*.xml"))
    if not files:
        pytest.skip("the installed simple_icd_10_cm carries no tabular list")
    return set(re.findall(r"<name>([A-Z]\d[0-9A-Z](?:\.\w+)?)</name>", files[-1].read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", ["lay", "assertion"])
def test_the_two_halves_share_no_text(kind: str) -> None:
    key = "query" if kind == "lay" else "text"
    texts = [row[key].casefold() for half in ("open", "held") for row in rows(f"{kind}/{half}")]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("half", ["open", "held"])
def test_accepted_prefixes_exist(half: str, tabular_names: set[str]) -> None:
    unknown = {code for row in rows(f"lay/{half}") for code in row["accept"]} - tabular_names
    assert not unknown


@pytest.mark.parametrize("half", ["open", "held"])
def test_every_mention_occurs_once(half: str) -> None:
    for row in rows(f"assertion/{half}"):
        for expected in row.get("expect") or [row]:
            assert expected["status"] in STATUSES, row
            assert occurrences(expected["mention"], row["text"]) == 1, row


def test_vignettes_name_real_codes_and_mentions(tabular_names: set[str]) -> None:
    for row in [*rows("vignettes"), *rows("vignettes-more")]:
        for fact in row["facts"]:
            assert fact["status"] in STATUSES, row["id"]
            assert occurrences(fact["mention"], row["note"]) == 1, (row["id"], fact["mention"])
        codes = [candidate["code"] for candidate in row["candidates"]]
        for candidate in row["candidates"]:
            assert set(candidate["status_in"]) <= CANDIDATE_STATUSES, row["id"]
        for key in ("optional", "never", "not_coded"):
            codes += row.get(key, [])
        # a code with a 7th character is not a node of the tabular list: its stem is
        unknown = [code for code in codes if code not in tabular_names and code[:-1] not in tabular_names]
        assert not unknown, row["id"]


def test_query_texts_hold_both_verdicts() -> None:
    verdicts = [row["ok"] for row in rows("query-lint")]
    assert len(verdicts) == 60
    assert 25 <= sum(verdicts) <= 35


def test_coverage_questions_are_well_formed(tabular_names: set[str]) -> None:
    for row in rows("ask"):
        expected = row["expect"]
        if expected["refused"]:
            assert set(expected) == {"refused"}, row
            continue
        assert expected["family"] in FAMILIES, row
        assert set(expected.get("diagnoses", [])) <= tabular_names, row
