"""Files of claims through all rules: streaming, with a result that can be left and gone on with.

While a scan runs its findings stand in `OUT.partial`; when it ends that becomes OUT. A scan that is stopped
leaves `OUT.partial`, a valid file of the findings so far, and beside it `OUT.partial.state`, which says where
to go on. Memory is that of a few chunks of claims and their findings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from claimwright.batch.ahead import Ahead, Checked, rejects_of
from claimwright.batch.output import RejectFile, Sink, cannot_write, open_sink, partial_of
from claimwright.batch.tally import FileTally, Tally, tally_of
from claimwright.book.store import Book
from claimwright.claims.readers import Options, format_of
from claimwright.errors import ClaimwrightError, InputError

STATE = 1
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


@dataclass(frozen=True, slots=True)
class Task:
    """What to scan, and into what."""

    files: tuple[Path, ...]
    output: Path
    options: Options
    as_of: date | None = None
    rejects: Path | None = None
    resume: bool = False


def files_of(names: Sequence[str]) -> tuple[Path, ...]:
    """The files; of a directory all that it holds, in order of name. Errors: `InputError` for a missing one."""
    out: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            held = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
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
        self._sizes = [each.stat().st_size for each in task.files]

    def run(self) -> Result:
        task = self.task
        if task.output.is_dir():
            raise InputError(str(task.output), "is a directory", "a file to write to")
        held = self._resumed() if task.resume else None
        with _closing(self._rejects(held)) as rejects:
            sink = open_sink(task.output, held is not None)
            stopped = self._through(sink, rejects)
        summary = self._summary()
        if not stopped:
            try:
                self.partial.replace(task.output)
                self.state_file.unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(task.output, error) from None
        return Result(summary, stopped)

    def _through(self, sink: Sink, rejects: RejectFile | None) -> str:
        """Read to the end, or to where the scan stops; what it leaves behind is whole, or nothing."""
        try:
            stopped = self._all(sink, rejects)
            sink.close()
        except OSError as error:
            self._drop(sink)
            raise cannot_write(self.task.output, error) from None
        except ClaimwrightError as error:
            sink.close()
            self._save(rejects)
            raise _kept(error, self.partial) from None
        if stopped:
            self._save(rejects)
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
        before = dict(own.counts)
        skip = self.task.options.on_error == "skip"
        for each in self.ahead.checked(reader, self.mark, str(path), skip):
            self._take(each, path, own, sink, rejects)
            self.mark = each.chunk.mark
            own.counts = _sum(before, each.counts)
            if not self.watch(Progress(self.tally.claims, self._done(each.chunk.done), str(path))):
                return f"{path} after {own.accepted + own.rejected:,} records"
        own.counts = _sum(before, reader.counts)
        return ""

    def _refuse(self, path: Path, own: FileTally, error: InputError, rejects: RejectFile | None) -> None:
        """A file that cannot be read, or not to its end, is told and left: it is its own record."""
        own.refused = str(error)
        if rejects:
            rejects.write(str(path), 0, error.place, error.problem, error.expected, b"")

    def _take(self, checked: Checked, path: Path, own: FileTally, sink: Sink, rejects: RejectFile | None) -> None:
        """Write and count what was found in a chunk, and what is not in it."""
        for each in rejects_of(checked, str(path), self.book):
            own.rejected += 1
            if rejects:
                rejects.write(str(path), each.number, each.place, each.problem, each.expected, each.record)
        sink.write(checked.table)
        own.accepted += len(checked.batch)
        self.tally.add(checked.batch, checked.found)

    def _done(self, share: float) -> float:
        sizes = self._sizes
        return (sum(sizes[: self.file]) + share * sizes[self.file]) / max(sum(sizes), 1)

    def _summary(self) -> dict[str, Any]:
        return {"output": str(self.task.output), **self.tally.summary(self.ahead.rules)}

    # ---- leaving, and going on ------------------------------------------------------------------

    def _save(self, rejects: RejectFile | None) -> None:
        """Write down where the scan stands."""
        state = {
            "form": STATE,
            "inputs": self._inputs(),
            "file": self.file,
            "mark": self.mark,
            "rejected": rejects.size() if rejects else None,
            "tally": self.tally.as_state(),
        }
        try:
            self.state_file.write_text(json.dumps(state))
        except OSError as error:
            raise cannot_write(self.state_file, error) from None

    def _inputs(self) -> list[list[Any]]:
        """What must not have changed for a scan to go on."""
        stats = [(each, each.stat()) for each in self.task.files]
        return [[str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in stats]

    def _resumed(self) -> dict[str, Any]:
        try:
            state = json.loads(self.state_file.read_text())
            whole = state["form"] == STATE and self.partial.exists()
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
        held: dict[str, Any] = state
        return held

    def _rejects(self, held: dict[str, Any] | None) -> RejectFile | None:
        if self.task.rejects is None:
            return None
        return RejectFile(self.task.rejects, held["rejected"] if held else None)

    def _drop(self, sink: Sink) -> None:
        """No half of a file is left where not even its end could be written."""
        try:
            sink.close()
        except OSError:
            pass
        finally:
            for each in (self.partial, self.state_file):
                each.unlink(missing_ok=True)


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
