"""Several processes that answer on one socket: begun together, begun anew when one dies, ended together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

MOST_DEATHS = 5
"""Workers that may die within their first seconds before the server gives up: the next ones would too."""
YOUNG_SECONDS = 10.0


class Workers:
    """A parent that answers nothing itself."""

    def __init__(self, number: int, work: Callable[[], int]) -> None:
        """`work` is what each process does; it returns an exit code."""
        self.number, self.work = number, work
        self._born: dict[int, float] = {}
        self._ending = False

    def run(self) -> int:
        """Until told to end (SIGTERM, SIGINT), which each worker is told too; 0, or 3 when workers cannot begin."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._asked)
        for _ in range(self.number):
            self._begin()
        deaths = 0
        while self._born:
            try:
                process, _ = os.wait()
            except ChildProcessError:
                break
            born = self._born.pop(process, None)
            if born is None or self._ending:
                continue
            deaths = deaths + 1 if time.monotonic() - born < YOUNG_SECONDS else 0
            if deaths >= MOST_DEATHS:
                sys.stderr.write("claimwright: workers end as soon as they begin; the server gives up\n")
                self._tell()
            else:
                self._begin()
        return 3 if deaths >= MOST_DEATHS else 0

    def _begin(self) -> None:
        process = os.fork()
        if process:
            self._born[process] = time.monotonic()
            if self._ending:  # told to end while this one was being made
                os.kill(process, signal.SIGTERM)
            return
        code = 3
        try:
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            code = self.work()
        except BaseException as error:
            sys.stderr.write(f"claimwright: a worker ended ({type(error).__name__})\n")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self._tell()

    def _tell(self) -> None:
        """Every worker is to end; each answers first what it has begun."""
        self._ending = True
        for process in list(self._born):
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                continue
