"""Whole processes, measured from outside."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
COMMAND = (PYTHON, "-c", "from claimwright.interfaces.cli import main; main()")
"""The command line as a process; the installed script does the same."""


class Differs(Exception):
    """Two sides gave different answers, or a process did not answer at all: nothing is timed."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MB, exit code, standard output."""

    wall: float
    cpu: float
    peak: float
    code: int
    said: str

    @property
    def answer(self) -> Any:
        """The JSON that a worker printed."""
        if self.code:
            raise Differs(f"a worker ended with exit code {self.code}")
        return json.loads(self.said)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of children: this checkout first, and modules compiled once, as where they are installed."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(each for each in paths if each), **(extra or {})}


def run(commands: Sequence[Sequence[str]], extra: Mapping[str, str] | None = None) -> list[Run]:
    """Run the commands one after another, each in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        request = {
            "commands": [list(each) for each in commands],
            "environment": environment(extra),
            "output": str(Path(folder) / "output"),
        }
        done = subprocess.run(
            [PYTHON, "-I", "-S", str(ROOT / "bench" / "launch.py")],
            input=json.dumps(request),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [Run(*each) for each in json.loads(done.stdout)]


def by_turns(commands: Sequence[Sequence[str]], rounds: int, warm: bool = True) -> list[list[Run]]:
    """Every command once a round, so that noise meets all alike; one more round before warms up."""
    everything = run([each for _ in range(rounds + warm) for each in commands])
    kept = everything[len(commands) if warm else 0 :]
    return [kept[number :: len(commands)] for number in range(len(commands))]


def worker(task: str, **settings: Any) -> tuple[str, ...]:
    """The command that runs one task of `bench.worker` in a fresh process."""
    return (PYTHON, "-m", "bench.worker", task, json.dumps(settings))


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)
