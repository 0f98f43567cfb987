"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claimwright.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` when all went well and vanishes when not.

    Errors: `InputError` for a directory that is missing, no permission, a full disk.
    """
    work = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield work
        work.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        work.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> InputError:
    """The refusal of a file that cannot be written."""
    return InputError(str(path), f"cannot be written ({error.strerror or error})", "a place with room to write to")
