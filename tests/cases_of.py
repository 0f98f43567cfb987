"""Rows of the case files that several tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"


def ask_rows(name: str) -> list[dict[str, Any]]:
    """Questions on coverage with what must be understood of them."""
    rows: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return rows
