"""A day is typed YYYY-MM-DD, wherever one is typed; other forms of ISO 8601 are refused alike."""

from __future__ import annotations

from datetime import date

import pytest
from click.testing import CliRunner

from claimwright.claims.readers.fhir_claim import fhir_date
from claimwright.claims.readers.table_columns import day_of
from claimwright.claims.wire import claim_from_object
from claimwright.coverage import facts
from claimwright.errors import InputError
from claimwright.interfaces.cli import cli
from claimwright.model.dates import day_of_text
from claimwright.pages import parse_fact

DAY = "2026-07-20"
OTHERS = [
    "2026-W30-1",
    "2026W301",
    "2026-7-20",
    "+2026-07-20",
    "\uff12\uff10\uff12\uff16-07-20",
    "2026-07-20 ",
    "2026-02-30",
    "tomorrow",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_forms_are_no_days(text: str) -> None:
    with pytest.raises(ValueError):
        day_of_text(text)
    for option in ("--date", "--as-of"):
        error = CliRunner().invoke(cli, ["show", "R25.2", option, text]).exception
        assert isinstance(error, InputError)
        assert str(error).startswith(f"{option}: {text!r} is not a date (") and str(error).endswith("YYYY-MM-DD")
    with pytest.raises(InputError):
        claim_from_object({"setting": "outpatient", "diagnoses": ["R25.2"], "service_from": text}, "claim")


@pytest.mark.parametrize("text", [DAY, "2026-W30-1"])
def test_claims_policies_and_articles_read_the_same(text: str) -> None:
    good = text == DAY
    assert day_of(text) == (date(2026, 7, 20) if good else None)
    assert facts._day(text) == (date(2026, 7, 20) if good else None)
    if good:
        assert fhir_date(text) == day_of_text(text) == date(2026, 7, 20)
        assert parse_fact(f"R25.2 billable on {text}")
    else:
        with pytest.raises(ValueError):
            fhir_date(text)
        with pytest.raises(InputError):
            parse_fact(f"R25.2 billable on {text}")
