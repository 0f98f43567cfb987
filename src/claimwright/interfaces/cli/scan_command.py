"""`claimwright scan FILES... -o OUT`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from claimwright.errors import InputError
from claimwright.interfaces.cli.options import common, the_book, wide

if TYPE_CHECKING:
    from claimwright.batch.backtest import Backtest
    from claimwright.batch.scan import Progress
    from claimwright.batch.survey import Survey
    from claimwright.book.store import Book
    from claimwright.claims.readers import Options
    from claimwright.edits.registry import Rule


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
@click.option("--report", metavar="FILE.html", help="Also write a report as one HTML file, with plots and examples.")
@click.option("--remits", multiple=True, metavar="FILE", help="835 remittances: which rules would have caught denials.")
@click.option(
    "--diff", "sides", nargs=2, metavar="A B",
    help="Instead: which claims change verdict from edition A to B (FY2025 FY2026, or days), and why.",
)  # fmt: skip
@common
def command(files: tuple[str, ...], day: date | None, as_of: date | None, as_json: bool, **given: Any) -> int:
    """Check all claims of FILES (or of a directory), and write the findings to a file.

    The format of each file is known by its content. The findings are those of `check`, without the words:
    claim, rule, code, severity, positions, codes; and file and record, where the claim was read. Ctrl-C leaves
    what was found so far in OUT.partial; the same command with --resume goes on. Exit code 1 when any finding
    is an error, 0 otherwise; 0 with --diff.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if given["on_error"] == "skip" and not given["rejects"] and not given["sides"]:
        raise InputError("--on-error", "found skip without --rejects", "a file for the records that are left out")
    from claimwright.batch.memory import keep_freed_memory
    from claimwright.batch.output import need_pyarrow
    from claimwright.interfaces.cli.scan_places import check_places

    need_pyarrow()
    written = {"-o": given["output"], "--rejects": given["rejects"], "--report": given["report"]}
    check_places({name: text for name, text in written.items() if text is not None}, (*files, *given["remits"]))
    keep_freed_memory()  # the process is ours; a program that calls `scan` decides for itself
    if given["sides"]:
        return _compared(files, day, as_of, as_json, given)
    return _scanned(files, day, as_of, as_json, given)


def _scanned(files: tuple[str, ...], day: date | None, as_of: date | None, as_json: bool, given: dict[str, Any]) -> int:
    from claimwright.batch.scan import Task, files_of, scan
    from claimwright.claims.readers import COUNTED_NOTES

    options, output = _options(day, given), Path(given["output"])
    book = the_book()
    survey = _survey(book, as_of) if given["report"] else None
    remits = _remits(given["remits"], given["on_error"]) if given["remits"] else None
    onlookers = tuple(each for each in (survey, remits) if each is not None)
    rejects = Path(given["rejects"]) if given["rejects"] else None
    task = Task(files_of(files), output, options, as_of, rejects, given["resume"], onlookers)
    with _watched() as go_on:
        result = scan(book, task, go_on)
    summary = result.summary
    if remits is not None:
        summary["remits"] = remits.summary(_rule_list())
    if survey is not None and not result.stopped:
        _write_report(Path(given["report"]), summary, survey)
    if as_json:
        sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")
    else:
        from claimwright.interfaces.render.scan import summary_text

        sys.stdout.write(summary_text(summary, wide()))
    noted = sum(n for file in summary["files"] for name, n in file["counts"].items() if name in COUNTED_NOTES)
    if noted:
        click.echo(f"claimwright: {noted:,} notes are not read by a scan; check reads the note of a claim", err=True)
    if result.stopped:
        click.echo(
            f"claimwright: stopped in {result.stopped}; the findings up to there are in {output}.partial, "
            "and the same command with --resume goes on",
            err=True,
        )
        return 130
    return int(any(each["severity"] == "error" for each in summary["rules"]))


def _compared(
    files: tuple[str, ...], day: date | None, as_of: date | None, as_json: bool, given: dict[str, Any]
) -> int:
    wrong = next((name for name in ("rejects", "resume", "report", "remits") if given[name]), None)
    if wrong or as_of:
        raise InputError("--diff", f"does not go with --{wrong or 'as-of'}", "--diff with -o, --map and --on-error")
    from claimwright.batch.compare import Comparison, compare, side_of
    from claimwright.batch.scan import files_of
    from claimwright.interfaces.render.scan import comparison_text

    book = the_book()
    before, after = (side_of(book, each) for each in given["sides"])
    task = Comparison(files_of(files), Path(given["output"]), _options(day, given), before, after)
    with _watched() as go_on:
        summary = compare(book, task, go_on)
    sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n" if as_json else comparison_text(summary))
    return 0


def _rule_list() -> list[Rule]:
    from claimwright.edits.registry import load_rules

    return list(load_rules().values())


def _options(day: date | None, given: dict[str, Any]) -> Options:
    from claimwright.claims.readers import Options

    wrong = [each for each in given["names"] if "=" not in each]
    if wrong:
        raise InputError("--map", f"found {wrong[0]!r}", "OURS=THEIRS")
    return Options(day or date.today(), given["on_error"], dict(each.split("=", 1) for each in given["names"]))


def _survey(book: Book, as_of: date | None) -> Survey:
    from claimwright.batch.survey import Survey
    from claimwright.engine import Engine

    return Survey(Engine(book), as_of)


def _remits(names: Sequence[str], on_error: str) -> Backtest:
    from claimwright.batch.backtest import Backtest
    from claimwright.batch.scan import files_of

    return Backtest.of_files(files_of(names), on_error)


def _write_report(path: Path, summary: dict[str, Any], survey: Survey) -> None:
    from claimwright.batch.output import whole_file
    from claimwright.interfaces.render.scan_report import report_page

    page = report_page(summary, survey.result(_rule_list()), "Scan of claims")
    with whole_file(path) as work:
        work.write_text(page, encoding="utf-8")


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
