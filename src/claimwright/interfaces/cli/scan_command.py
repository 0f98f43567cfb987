"""`claimwright scan FILES... -o OUT`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book, wide

if TYPE_CHECKING:
    from claimwright.batch.scan import Progress, Task


@click.command("scan")
@click.argument("files", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="The findings: Parquet by its ending, else one a line.")
@click.option(
    "--on-error", type=click.Choice(["stop", "skip"]), default="stop", show_default=True,
    help="What a record that cannot be read does to the scan.",
)  # fmt: skip
@click.option("--rejects", help="Where skipped records go, unchanged, each with its reason.")
@click.option("--map", "names", multiple=True, metavar="OURS=THEIRS", help="A column by another name.")
@click.option("--resume", is_flag=True, help="Go on with a scan that was stopped.")
@common
def command(
    files: tuple[str, ...],
    output: str,
    on_error: str,
    rejects: str | None,
    names: tuple[str, ...],
    resume: bool,
    day: date | None,
    as_of: date | None,
    as_json: bool,
) -> int:
    """Check all claims of FILES (or of a directory), and write the findings to a file.

    The format of each file is known by its content. The findings are those of `check`, without the words:
    claim, rule, code, severity, positions, codes; and file and record, where the claim was read. Ctrl-C leaves
    what was found so far in OUT.partial; the same command with --resume goes on. Exit code 1 when any finding
    is an error, 0 otherwise.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if on_error == "skip" and not rejects:
        raise InputError("--on-error", "found skip without --rejects", "a file for the records that are left out")
    from claimwright.batch.output import need_pyarrow

    need_pyarrow()
    task = _task(files, output, on_error, rejects, names, resume, day, as_of)
    from claimwright.batch.scan import scan
    from claimwright.claims.readers import COUNTED_NOTES

    with _watched() as go_on:
        result = scan(the_book(), task, go_on)
    if as_json:
        sys.stdout.write(json.dumps(result.summary, ensure_ascii=False) + "\n")
    else:
        from claimwright.interfaces.render.scan import summary_text

        sys.stdout.write(summary_text(result.summary, wide()))
    noted = sum(n for file in result.summary["files"] for name, n in file["counts"].items() if name in COUNTED_NOTES)
    if noted:
        click.echo(f"claimwright: {noted:,} notes are not read by a scan; check reads the note of a claim", err=True)
    if result.stopped:
        click.echo(
            f"claimwright: stopped in {result.stopped}; the findings up to there are in {output}.partial, "
            "and the same command with --resume goes on",
            err=True,
        )
        return 130
    return int(any(each["severity"] == "error" for each in result.summary["rules"]))


def _task(
    files: tuple[str, ...],
    output: str,
    on_error: str,
    rejects: str | None,
    names: tuple[str, ...],
    resume: bool,
    day: date | None,
    as_of: date | None,
) -> Task:
    from claimwright.batch.scan import Task, files_of
    from claimwright.claims.readers import Options

    wrong = [each for each in names if "=" not in each]
    if wrong:
        raise InputError("--map", f"found {wrong[0]!r}", "OURS=THEIRS")
    held = dict(each.split("=", 1) for each in names)
    options = Options(day or date.today(), on_error, held)
    return Task(files_of(files), Path(output), options, as_of, Path(rejects) if rejects else None, resume)


class _Watch:
    """Says whether to go on, and shows how far the scan is where somebody looks."""

    def __init__(self) -> None:
        self.stop = False
        self.show: Callable[[Progress], None] = lambda _: None

    def __call__(self, progress: Progress) -> bool:
        self.show(progress)
        return not self.stop

    def asked(self, number: int, frame: FrameType | None) -> None:
        """The first wish to stop waits for the end of the chunk, the second does not."""
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True


@contextmanager
def _watched() -> Iterator[_Watch]:
    watch = _Watch()
    before = {each: signal.signal(each, watch.asked) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        if sys.stderr.isatty():
            with _bar(watch):
                yield watch
        else:
            yield watch
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _bar(watch: _Watch) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[claims]:,} claims, {task.fields[rate]:,.0f} a second,"),
        TimeRemainingColumn(), TextColumn("left"),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("scan", total=1.0, claims=0, rate=0.0)

        def show(progress: Progress) -> None:
            seconds = bar.tasks[0].elapsed or 1e-9
            name = Path(progress.file).name
            rate = progress.claims / seconds
            bar.update(line, completed=progress.done, description=name, claims=progress.claims, rate=rate)

        watch.show = show
        yield
