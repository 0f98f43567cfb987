"""The hot kernels compiled by numba (`pip install claimwright[fast]`), each bit for bit what numpy finds.

`kernels()` gives them where numba is installed and `CLAIMWRIGHT_FAST` is not 0; callers go the way of numpy otherwise.
What is compiled is kept on disk under `CLAIMWRIGHT_HOME`, so that only the first start compiles; where that directory
cannot be written to, numpy does the work. `CLAIMWRIGHT_FAST=0` turns them off.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from claimwright.book.home import home

if TYPE_CHECKING:
    from claimwright.edits import loops

SWITCH = "CLAIMWRIGHT_FAST"
FOLDER = "compiled"


def kernels() -> type[loops.Loops] | None:
    """The compiled kernels, None where numpy has to do: asked anew each time, so that the switch can be turned."""
    return None if os.environ.get(SWITCH, "") == "0" else _compiled()


@lru_cache(maxsize=1)
def _compiled() -> type[loops.Loops] | None:
    if find_spec("numba") is None:
        return None
    if not _writable(cache_folder()):
        return None
    try:
        made: type[loops.Loops] = import_module("claimwright.edits.loops").Loops
    except (ImportError, OSError, RuntimeError, SystemError):  # numba for another numpy, or a full disk
        return None
    return made


def cache_folder() -> Path:
    """Where compiled code is kept; `NUMBA_CACHE_DIR` of the user goes before it."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or home() / FOLDER)


def _writable(folder: Path) -> bool:
    """Can something be written there?"""
    probe = folder / f".{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError:
        return False
    return True
