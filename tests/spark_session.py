"""Real PySpark in local mode, and the death of its workers."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def session() -> Iterator[Any]:
    """A session of two cores whose tasks are tried up to four times; skips where Spark or Java is missing."""
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install -r requirements-spark.txt")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, which Spark runs on")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    made = (
        SparkSession.builder.master("local[2,4]")
        .appName("claimwright tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.log.level", "OFF")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    yield made
    made.stop()


def workers() -> list[int]:
    """Processes of Python workers below this one, without the daemon that makes them."""
    parents: dict[int, int] = {}
    words: dict[int, str] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                stat = (each / "stat").read_text().rsplit(")", 1)[1].split()
                words[int(each.name)] = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            parents[int(each.name)] = int(stat[1])
    daemons = {pid for pid, said in words.items() if "pyspark.daemon" in said and _below(pid, parents)}
    return [pid for pid in daemons if parents[pid] in daemons]


def _below(pid: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = parents.get(pid, 0)
    return False


def killing(spark: Any, job: Callable[[], None]) -> int:
    """Run `job`; once it has finished some tasks and not all, kill its workers. The attempts that failed.

    A worker that is killed between two tasks fails none: then the next ones are killed.
    """
    tracker = spark.sparkContext.statusTracker()
    failed: dict[int, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for stage in tracker.getActiveStageIds():
                info = tracker.getStageInfo(stage)
                if info is None:
                    continue
                failed[stage] = max(failed.get(stage, 0), info.numFailedTasks)
                if not sum(failed.values()) and 0 < info.numCompletedTasks < info.numTasks:
                    for pid in workers():
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        job()
    finally:
        done.set()
        watcher.join()
    return sum(failed.values())
