"""What every refusal has in common."""

from __future__ import annotations

import pytest

from claimwright.errors import ClaimwrightError


def one_sentence(error: pytest.ExceptionInfo[ClaimwrightError], *parts: str) -> None:
    """The refusal is one line and says each of `parts`."""
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text
