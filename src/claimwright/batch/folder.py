"""Folders of findings that many processes write at once, each part once, however often it is tried.

One process, the driver, opens the folder: it makes `DIR/_temporary/JOB`, which no other job has. A worker writes a
part there under a name that no other attempt has, puts it on the disk for good and gives it the name of its part: a
second attempt at the same part replaces the first by the same rows. When every part is there the driver moves them
into DIR and writes `_SUCCESS`, as the writers of Spark do. Until then DIR shows nothing, or what was there before;
and an attempt that outlives its job, on a machine that was thought lost, finds no place to write to.

A worker never makes a folder: one that does not see the DIR of the driver says so. Readers of data sets
(pyarrow.dataset, Spark, a glob in DuckDB) pass over names that begin with `_` or `.`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

from claimwright.batch.output import cannot_write, to_disk
from claimwright.errors import ClaimwrightError, InputError

SUCCESS, TEMPORARY = "_SUCCESS", "_temporary"
MODES = ("error", "errorifexists", "overwrite")
_ELSEWHERE = re.compile(r"[A-Za-z][\w+.-]+:/")
_OURS = re.compile(r"part-.*\.(parquet|ndjson)|_SUCCESS|\..*\.crc")
"""Files that "overwrite" removes: parts and marker, and the sums that Spark writes beside its own."""


def name_of(number: int, first: int, ending: str) -> str:
    """The name of the part of file `number` whose first record is `first`; names are in order of both."""
    return f"part-{number:06d}-{first:012d}.{ending}"


class Folder:
    """A folder that a job fills. `staging` is what its workers are told."""

    def __init__(self, path: str | Path, mode: str = "error", inputs: Iterable[Path] = ()) -> None:
        """Take the folder for this job, and make it where there is none.

        Errors: `InputError` for a path that is a file, a folder that already holds something (with `mode`
        "overwrite": something other than findings, or one of the `inputs`), and for a place that cannot be written.
        """
        if mode not in MODES:
            raise InputError("mode", f"found {mode!r}", "error or overwrite")
        if _ELSEWHERE.match(str(path)):
            raise InputError(str(path), "is no path of the file system", "a folder that driver and workers reach")
        self.path = Path(path).absolute()
        self._made = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse(mode == "overwrite", inputs)
            for each in self._left():
                _gone(each)
            (self.path / TEMPORARY).mkdir()  # of two jobs that begin at once, one is refused here
            self.staging = self.path / TEMPORARY / uuid4().hex
            self.staging.mkdir()
        except FileExistsError:
            raise self._occupied(TEMPORARY if self.path.is_dir() else "") from None
        except OSError as error:
            raise cannot_write(self.path, error) from None

    def commit(self, names: Sequence[str]) -> None:
        """Make the parts the content of the folder. Errors: `InputError` where a part is missing or cannot be moved.

        Parts of an earlier job go first: a driver that dies here leaves a folder without `_SUCCESS`.
        """
        missing = [each for each in names if not (self.staging / each).exists()]
        if missing or len(set(names)) != len(names):
            what = missing[0] if missing else "a part"
            raise InputError(str(self.path), f"{what} is not there", "a folder that driver and workers reach")
        try:
            for each in self._held():
                if not each.name.startswith(TEMPORARY):
                    each.unlink()
            for name in names:
                (self.staging / name).replace(self.path / name)
            folder_to_disk(self.path)
            _gone(self.path / TEMPORARY)
            (self.path / SUCCESS).touch()
            folder_to_disk(self.path)
        except OSError as error:
            for name in names:
                with suppress(OSError):
                    (self.path / name).unlink()
            raise cannot_write(self.path, error) from None

    def abandon(self) -> None:
        """Leave the folder as it was found. A folder that was committed, or taken by another job, stays as it is."""
        if self.staging.exists():
            _gone(self.path / TEMPORARY)
        if self._made:
            with suppress(OSError):
                self.path.rmdir()

    def _refuse(self, overwrite: bool, inputs: Iterable[Path]) -> None:
        for each in inputs:
            if self.path.resolve() in each.resolve().parents:
                raise InputError(str(self.path), f"holds {each.name}, which is to be read", "another folder")
        held = self._held()
        if held and not overwrite:
            raise self._occupied(held[0].name)
        for each in held:
            if not each.name.startswith(TEMPORARY) and not (_OURS.fullmatch(each.name) and each.is_file()):
                raise InputError(str(self.path), f"holds {each.name}, which is none of its findings", "another folder")

    def _held(self) -> list[Path]:
        """What is in the folder, the marker first: without it nobody takes the rest for whole."""
        return sorted(self.path.iterdir(), key=lambda each: (each.name != SUCCESS, each.name))

    def _left(self) -> list[Path]:
        """What jobs that died left behind."""
        return [each for each in self._held() if each.name.startswith(TEMPORARY)]

    def _occupied(self, name: str) -> InputError:
        if not name:
            return InputError(str(self.path), "is a file", "a folder to write to")
        return InputError(str(self.path), f"already holds {name}", 'an empty folder, or mode="overwrite"')


def together(one: Folder, other: Folder) -> None:
    """Two folders of one job lie apart. Errors: `InputError`."""
    if one.path == other.path or one.path in other.path.parents or other.path in one.path.parents:
        raise InputError(str(other.path), f"lies within {one.path}, or holds it", "two folders apart")


@contextmanager
def attempt(staging: Path, name: str) -> Iterator[Path]:
    """A path to write to, which becomes the part `name` when all went well and vanishes when not.

    Errors: `InputError` for a full disk, a folder that is not reached from here, or whose job is over.
    """
    work = staging / f".{name}.{uuid4().hex}"
    try:
        work.open("xb").close()  # a plain error of the system where this cannot be
        yield work
        to_disk(work)
        work.replace(staging / name)
        folder_to_disk(staging)
    except OSError as error:
        raise _unwritten(staging, error) from None
    finally:
        with suppress(OSError):
            work.unlink(missing_ok=True)


def folder_to_disk(path: Path) -> None:
    """Have the system write the names that a folder holds."""
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _unwritten(staging: Path, error: OSError) -> ClaimwrightError:
    refused = cannot_write(staging.parent.parent, error)
    if staging.is_dir():
        return refused
    return InputError(refused.place, refused.problem, "a folder that driver and workers reach by the same path")


def _gone(path: Path) -> None:
    """Remove a folder that others may be writing to: first its name, so that nobody finds it any more."""
    aside = path.with_name(f"{path.name}.{uuid4().hex}")
    with suppress(FileNotFoundError):
        path.rename(aside)
        rmtree(aside, ignore_errors=True)
        if aside.exists():  # what was being written when it was listed
            rmtree(aside, ignore_errors=True)
