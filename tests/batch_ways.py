"""The ways through the kernels: that of few claims, and large batches by numpy or compiled."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from claimwright.batch import local
from claimwright.edits import axis, compiled, frame, relations

PLAIN, NUMPY, FAST = "few claims", "numpy", "compiled"
WAYS = (PLAIN, NUMPY, FAST) if find_spec("numba") else (PLAIN, NUMPY)


def go(way: str, patch: pytest.MonkeyPatch) -> None:
    """From now on frames of any size go this way."""
    for module in (axis, frame, local, relations):
        patch.setattr(module, "MANY", 10**9 if way == PLAIN else 1)
    patch.setenv(compiled.SWITCH, "1" if way == FAST else "0")
