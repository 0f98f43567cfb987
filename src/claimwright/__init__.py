"""claimwright: offline answers, with proof, about US medical codes and claims.

    import claimwright

    book = claimwright.open_book()
    book.show("R25.2").title                       # 'Cramp and spasm'
    report = claimwright.check({"setting": "outpatient", "service_from": "2025-11-15",
                                "diagnoses": ["R25.2", "G25.0"]})
    report.verdict                                 # 'fail'

Names load when they are first used, so that a look-up never imports what only a check needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimwright.book.store import Book, open_book
    from claimwright.engine import Engine, check
    from claimwright.errors import ClaimwrightError
    from claimwright.model import Because, Claim, Finding, Fix, Report

__version__ = "0.1.0"

__all__ = [
    "Because",
    "Book",
    "Claim",
    "ClaimwrightError",
    "Engine",
    "Finding",
    "Fix",
    "Report",
    "__version__",
    "check",
    "open_book",
]

_HOMES = {
    "Because": "claimwright.model",
    "Book": "claimwright.book.store",
    "Claim": "claimwright.model",
    "ClaimwrightError": "claimwright.errors",
    "Engine": "claimwright.engine",
    "Finding": "claimwright.model",
    "Fix": "claimwright.model",
    "Report": "claimwright.model",
    "check": "claimwright.engine",
    "open_book": "claimwright.book.store",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'claimwright' has no attribute {name!r}")
