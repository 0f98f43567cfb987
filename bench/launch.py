"""Starts programs from a small process and measures each: `python -I -S launch.py` (JSON in, JSON out).

A child's peak memory (`ru_maxrss`) is never below that of the process that started it, so the
starter must be smaller than whatever it measures: this file imports next to nothing.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run every command of standard input in order; print wall and CPU seconds, peak memory, exit code, output."""
    request = json.load(sys.stdin)
    output = request["output"]
    results = []
    for argv in request["commands"]:
        opened = (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        begun = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, request["environment"], file_actions=[opened])
        _, status, used = os.wait4(pid, 0)
        wall = time.perf_counter() - begun
        with open(output, encoding="utf-8") as stream:  # noqa: PTH123 - pathlib would make this process bigger
            said = stream.read()
        peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        results.append([wall, used.ru_utime + used.ru_stime, peak, os.waitstatus_to_exitcode(status), said])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
