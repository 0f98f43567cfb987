"""A progress bar on standard error while a book is compiled."""

from __future__ import annotations

import sys
from pathlib import Path

from claimwright.book.build import ensure


def building(force: bool = False) -> Path:
    """Compile the book (again, with `force`) and return its folder."""
    if not sys.stderr.isatty():
        sys.stderr.write("claimwright: compiling the code book (about ten seconds)\n")
        return ensure(force=force)
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("compiling the code book", total=1.0)
        return ensure(progress=lambda step, done: bar.update(task, description=step, completed=done), force=force)
