"""What the system does with memory that a batch gives back."""

from __future__ import annotations

import ctypes
import os
import sys

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Parameters of mallopt(3) of the GNU C library."""

_LARGEST, _SPARE = 1 << 26, 1 << 28
"""Arrays from this many bytes on still come from the system, and go back; and so does what is spare beyond this."""


def keep_freed_memory() -> bool:
    """Have the C library keep what is freed for what is asked for next; False where it is not the GNU one.

    Every chunk of claims makes the same large arrays anew. By default each goes back to the system when it is freed,
    and comes again page by page, cleared: a seventh of the time of the rules. Memory at the peak stays as it is.
    """
    if not sys.platform.startswith("linux") or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST) and mallopt(_TRIM_THRESHOLD, _SPARE))
