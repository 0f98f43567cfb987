"""Files of claims through all rules: streaming, with a result that can be left and gone on with.

While a scan runs its findings stand in `OUT.partial`; when it ends that becomes OUT. A scan that is stopped
leaves `OUT.partial`, a valid file of the findings so far, and beside it `OUT.partial.state`, which says where
to go on. Every `EVERY` seconds what is found so far is put on the disk for good, and the state with it: a scan
that is killed loses no more than that. Memory is that of a few chunks of claims and their findings.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from claimwright.batch.ahead import Ahead
from claimwright.batch.answer import Checked, rejects_of
from claimwright.batch.output import RejectFile, Sink, cannot_write, open_sink, partial_of, parts_of
from claimwright.batch.tally import FileTally, Tally, tally_of
from claimwright.book.store import Book
from claimwright.claims.readers import Options, format_of
from claimwright.errors import ClaimwrightError, InputError

EVERY = 20.0
"""Seconds after which what is found is put on the disk for good."""

MOST_KEPT = 1 << 24
"""Bytes of a file without a claim that the rejects hold; a larger one is only named."""

_LEFT_OUT = re.compile(r"\A\.|\.partial(\.\w+(\.new)?)?\Z")
"""Of a directory: hidden files, and what a scan that was stopped leaves; see `partial_of`, `parts_of`."""

STATE = 2
"""Form of the file that says where a scan stopped."""


@dataclass(frozen=True, slots=True)
class Progress:
    """After a chunk: claims checked so far, and the share of all bytes that has been read."""

    claims: int
    done: float
    file: str


@dataclass(frozen=True, slots=True)
class Result:
    """The summary, and whether the scan came to its end; `stopped` says where it did not."""

    summary: dict[str, Any]
    stopped: str = ""


class Onlooker(Protocol):
    """What is told of every chunk while a scan runs: a report, a comparison with remittances."""

    NAME: str
    """Its place in the state of a scan that stopped."""

    def take(self, checked: Checked) -> None:
        """A chunk was checked."""

    def as_state(self) -> dict[str, Any]:
        """Everything gathered so far, as JSON can hold it."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `as_state`."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to scan, and into what; `onlookers` are told of every chunk."""

    files: tuple[Path, ...]
    output: Path
    options: Options
    as_of: date | None = None
    rejects: Path | None = None
    resume: bool = False
    onlookers: tuple[Onlooker, ...] = ()


def files_of(names: Sequence[str]) -> tuple[Path, ...]:
    """The files; of a directory all that it holds, in order of name, but no half of an earlier scan.

    Errors: `InputError` for a missing one.
    """
    out: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            held = sorted(each for each in path.rglob("*") if each.is_file() and not _LEFT_OUT.search(each.name))
            if not held:
                raise InputError(name, "the directory holds no file", "files of claims")
            out += held
        elif not path.exists():
            raise InputError(name, "there is no such file", "a file of claims")
        else:
            out.append(path)
    return tuple(out)


def scan(book: Book, task: Task, watch: Callable[[Progress], bool] = lambda _: True) -> Result:
    """Check every claim of every file; `watch` is told after each chunk and says whether to go on.

    Errors: `InputError` for a file or record that cannot be read (with `on_error` "stop") and for an output
    that cannot be written; `EditionMissing` for a day that no table reaches. After an error of the input,
    too, what was found before stays in the partial file.
    """
    return _Scan(book, task, watch).run()


class _Scan:
    def __init__(self, book: Book, task: Task, watch: Callable[[Progress], bool]) -> None:
        self.task, self.watch = task, watch
        self.book, self.ahead = book, Ahead(book, task.as_of)
        self.partial = partial_of(task.output)
        self.state_file = self.partial.with_name(self.partial.name + ".state")
        self.tally, self.file, self.mark = Tally(), 0, 0
        self._kept_at = monotonic()
        self._marks: tuple[int | None, int | None] = (None, None)
        self._sizes = [each.stat().st_size for each in task.files]

    def run(self) -> Result:
        task = self.task
        if task.output.is_dir():
            raise InputError(str(task.output), "is a directory", "a file to write to")
        held = self._resumed() if task.resume else None
        with _closing(self._rejects(held)) as rejects:
            if held is None:
                self._forget()
            sink = open_sink(task.output, held["written"] if held else None)
            stopped = self._through(sink, rejects)
        summary = self._summary(stopped)
        try:
            if not stopped:
                self.partial.replace(task.output)
                self.state_file.unlink(missing_ok=True)
            sink.clear()
        except OSError as error:
            raise cannot_write(task.output, error) from None
        return Result(summary, stopped)

    def _through(self, sink: Sink, rejects: RejectFile | None) -> str:
        """Read to the end, or to where the scan stops; what it leaves behind is whole, or nothing."""
        try:
            try:
                stopped, refused = self._all(sink, rejects), None
            except ClaimwrightError as error:
                stopped, refused = "", error
            size = rejects.size() if rejects else None
            if refused and not self.tally.claims:
                sink.drop(None)
                if rejects:
                    rejects.drop(None)
                raise refused
            if stopped or refused:
                self._save(sink.close(), size)
            else:
                sink.close()
        except OSError as error:
            raise self._dropped(sink, rejects, error) from None
        if refused:
            sink.clear()
            raise _kept(refused, self.partial) from None
        return stopped

    def _all(self, sink: Sink, rejects: RejectFile | None) -> str:
        """Every chunk from where the scan stands; where it stopped, if it was told to."""
        while self.file < len(self.task.files):
            path = self.task.files[self.file]
            if len(self.tally.files) <= self.file:
                self.tally.files.append(FileTally(str(path), ""))
            try:
                stopped = self._one(path, self.tally.files[self.file], sink, rejects)
            except InputError as error:
                if self.task.options.on_error == "stop":
                    raise
                self._refuse(path, self.tally.files[self.file], error, rejects)
                stopped = ""
            if stopped:
                return stopped
            self.file, self.mark = self.file + 1, 0
        return ""

    def _one(self, path: Path, own: FileTally, sink: Sink, rejects: RejectFile | None) -> str:
        """Every chunk of one file; where it stopped, if it was told to."""
        form = format_of(path)
        own.format = form.NAME
        reader = form.open_reader(path, self.task.options)
        before = {} if reader.whole_counts else dict(own.counts)
        skip = self.task.options.on_error == "skip"
        for each in self.ahead.checked(reader, self.mark, str(path), skip):
            self._take(each, path, own, sink, rejects)
            self.mark = each.chunk.mark
            own.counts = _sum(before, each.counts)
            self._keep(sink, rejects)
            if not self.watch(Progress(self.tally.claims, self._done(each.chunk.done), str(path))):
                own.notes = list(reader.notes)
                return f"{path} after {own.accepted + own.rejected:,} records"
        own.counts, own.notes = _sum(before, reader.counts), list(reader.notes)
        return ""

    def _refuse(self, path: Path, own: FileTally, error: InputError, rejects: RejectFile | None) -> None:
        """A file that cannot be read, or not to its end, is told and left: it is its own record, number 0.

        One of which nothing could be read stands among the rejects as it is, unless it is large.
        """
        own.refused = str(error)
        if rejects:
            unread = own.accepted + own.rejected == 0 and path.stat().st_size <= MOST_KEPT
            held = path.read_bytes() if unread and path.is_file() else b""
            rejects.write(str(path), 0, error.place, error.problem, error.expected, held)

    def _take(self, checked: Checked, path: Path, own: FileTally, sink: Sink, rejects: RejectFile | None) -> None:
        """Write and count what was found in a chunk, and what is not in it."""
        for each in rejects_of(checked, str(path), self.book):
            own.rejected += 1
            if rejects:
                rejects.write(str(path), each.number, each.place, each.problem, each.expected, each.record)
        sink.write(checked.table)
        own.accepted += len(checked.batch)
        self.tally.add(checked.batch, checked.found, checked.lacking)
        for onlooker in self.task.onlookers:
            onlooker.take(checked)

    def _done(self, share: float) -> float:
        sizes = self._sizes
        return (sum(sizes[: self.file]) + share * sizes[self.file]) / max(sum(sizes), 1)

    def _summary(self, stopped: str) -> dict[str, Any]:
        written = self.partial if stopped else self.task.output
        return {"output": str(written), **self.tally.summary(self.ahead.rules)}

    # ---- leaving, and going on ------------------------------------------------------------------

    def _keep(self, sink: Sink, rejects: RejectFile | None) -> None:
        """Now and then, make sure that what is found so far outlives this process."""
        if monotonic() - self._kept_at >= EVERY:
            self._save(sink.mark(), rejects.size() if rejects else None)
            self._kept_at = monotonic()

    def _save(self, written: int, rejected: int | None) -> None:
        """Write down where the scan stands: whole, or as it was before."""
        self._marks = written, rejected
        state = {
            "form": STATE,
            "inputs": self._inputs(),
            "file": self.file,
            "mark": self.mark,
            "written": written,
            "rejected": rejected,
            "tally": self.tally.as_state(),
            "onlookers": {each.NAME: each.as_state() for each in self.task.onlookers},
        }
        work = self.state_file.with_name(self.state_file.name + ".new")
        try:
            with work.open("w") as stream:
                json.dump(state, stream)
                stream.flush()
                os.fsync(stream.fileno())
            work.replace(self.state_file)
        except OSError:
            work.unlink(missing_ok=True)
            raise

    def _forget(self) -> None:
        """What a scan left behind that nobody goes on with."""
        try:
            self.state_file.unlink(missing_ok=True)
            for each in (*parts_of(self.partial), self.partial):
                each.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.task.output, error) from None

    def _inputs(self) -> list[list[Any]]:
        """What must not have changed for a scan to go on."""
        stats = [(each, each.stat()) for each in self.task.files]
        return [[str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in stats]

    def _resumed(self) -> dict[str, Any]:
        try:
            state = json.loads(self.state_file.read_text())
            whole = state["form"] == STATE and any(map(Path.exists, (self.partial, *parts_of(self.partial))))
        except (OSError, ValueError, KeyError):
            whole = False
        if not whole:
            raise InputError(str(self.state_file), "there is nothing to go on with", "a scan without --resume")
        if state["inputs"] != self._inputs():
            raise InputError(
                str(self.task.output), "the files are not those of the scan that stopped", "the same files"
            )
        self.file, self.mark = state["file"], state["mark"]
        self.tally = tally_of(state["tally"])
        for each in self.task.onlookers:
            if each.NAME not in state["onlookers"]:
                asked = f"the scan that stopped was made without --{each.NAME}"
                raise InputError(str(self.state_file), asked, "the same options")
            each.restore(state["onlookers"][each.NAME])
        self._marks = state["written"], state["rejected"]
        held: dict[str, Any] = state
        return held

    def _rejects(self, held: dict[str, Any] | None) -> RejectFile | None:
        if self.task.rejects is None:
            return None
        return RejectFile(self.task.rejects, held["rejected"] if held else None)

    def _dropped(self, sink: Sink, rejects: RejectFile | None, error: OSError) -> InputError:
        """No half of a file is left: what was put on the disk for good stays, and everything else goes."""
        written, rejected = self._marks
        with suppress(OSError):
            sink.drop(written)
            if rejects:
                rejects.drop(rejected)
        refused = cannot_write(Path(error.filename or self.task.output), error)
        if written is None:
            return refused
        return InputError(refused.place, refused.problem, f"{refused.expected}; then --resume goes on from there")


@contextmanager
def _closing(rejects: RejectFile | None) -> Iterator[RejectFile | None]:
    """The file of rejects, if there is one, closed at the end."""
    try:
        yield rejects
    finally:
        if rejects:
            rejects.close()


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {
        name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(each for each in other if each not in one))
    }


def _kept(error: ClaimwrightError, partial: Path) -> ClaimwrightError:
    """The error, saying where the findings of the claims before it are."""
    if isinstance(error, InputError):
        where = f"{error.expected}; the findings up to there are in {partial}".removeprefix("; ")
        return InputError(error.place, error.problem, where)
    return error
