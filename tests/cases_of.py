"""Rows of the case files that several tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from claimwright.sources.lexicon import load_yaml

FOLDER = Path(__file__).parent / "cases"


def ask_rows(name: str) -> list[dict[str, Any]]:
    """Questions on coverage with what must be understood of them."""
    rows: list[dict[str, Any]] = load_yaml(FOLDER / name)
    return rows
