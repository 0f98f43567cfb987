"""How ICD-10-CM codes are written: stored without the dot in upper case, shown with it."""

from __future__ import annotations

import re
from functools import lru_cache

CODE_SHAPE = re.compile(r"[A-Z][0-9A-Z][0-9A-Z](?:\.?[0-9A-Z]{1,4})?\Z")
"""Letter, two alphanumerics (QA0 has a letter in second place), up to four more."""


@lru_cache(maxsize=8192)
def undotted(code: str) -> str:
    """`r25.2` -> `R252`; the form every table is keyed by."""
    return code.strip().upper().replace(".", "")


@lru_cache(maxsize=8192)
def dotted(code: str) -> str:
    """`R252` -> `R25.2`; block names (`R25-R29`) and chapter numbers stay as they are."""
    if len(code) > 3 and code.isalnum() and not code[0].isdigit():
        return f"{code[:3]}.{code[3:]}"
    return code
