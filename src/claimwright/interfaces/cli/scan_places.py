"""Where a scan may write: nowhere over what it reads, and no two files in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from claimwright.errors import InputError


def check_places(written: Mapping[str, str], read: Sequence[str]) -> None:
    """`written`: path by option; `read`: files and directories that are read.

    Errors: `InputError`, before anything is written, for a path that is empty, a directory, in none that is there,
    already taken by another option, or a file that is read.
    """
    taken: dict[Path, str] = {}
    for option, text in written.items():
        path = _place(option, text)
        if path in taken:
            raise InputError(option, f"{text} is also the file of {taken[path]}", "a file of its own")
        taken[path] = option
        for each in read:
            if _same(path, Path(each)):
                raise InputError(option, f"{text} is one of the files that are read", "another file")


def _place(option: str, text: str) -> Path:
    """The path in full. Errors: `InputError` for one that no file can have."""
    try:
        path = Path(text).resolve()
        is_dir, stands = path.is_dir(), path.parent.is_dir()
        is_other = path.exists() and not path.is_file()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(option, f"{text!r} is no path ({error})", "a file to write to") from None
    if not text or is_dir:
        raise InputError(option, f"{text} is a directory" if text else "found nothing", "a file to write to")
    if is_other:  # the whole file takes the place of what is there: no device is to be lost to it
        raise InputError(option, f"{text} is no plain file", "a file to write to")
    if not stands:
        raise InputError(option, f"{text} stands in no directory", "a file in one that is there")
    return path


def _same(path: Path, read: Path) -> bool:
    """Is a file that may be there one that is read, by itself or in a directory?"""
    if not path.exists() or not read.exists():
        return False
    return read.resolve() in path.parents if read.is_dir() else path.samefile(read)
