"""The grouper of the msdrg package, called through the C interface of its shared library.

JSON goes in and comes out; the call leaves the interpreter's lock, so that threads group at the
same time. This is the only place that knows the library.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from pathlib import Path
from typing import Any

import msgspec

from claimwright.errors import BookMissing
from claimwright.sources.installed import mce_file, package_folder

_LIBRARY = {"darwin": "libmsdrg.dylib", "win32": "msdrg.dll"}


class Hac(msgspec.Struct, frozen=True):
    """A hospital-acquired condition that a diagnosis belongs to; `hac_list` is `HAC04`."""

    hac_list: str
    hac_status: str
    description: str = ""


class DiagnosisOut(msgspec.Struct, frozen=True):
    """What the grouper says of one diagnosis; an unknown code has no flags."""

    code: str
    severity: str
    drg_impact: str
    poa_error: str
    flags: tuple[str, ...]
    hacs: tuple[Hac, ...] = ()
    mdc: int | None = None


class ProcedureOut(msgspec.Struct, frozen=True):
    """What the grouper says of one procedure."""

    code: str
    is_or: bool
    drg_impact: str
    flags: tuple[str, ...] = ()


class Flags(msgspec.Struct, frozen=True):
    """What the grouper says of the claim as a whole."""

    hac_status_value: str = "NOT_APPLICABLE"


class Output(msgspec.Struct, frozen=True):
    """One grouped claim; `sdx_output` and `proc_output` come in an order of their own."""

    initial_drg: int
    final_drg: int
    initial_mdc: int
    final_mdc: int
    return_code: str
    initial_return_code: str
    initial_severity: str
    final_severity: str
    final_base_drg: int | None
    pdx_output: DiagnosisOut
    sdx_output: tuple[DiagnosisOut, ...]
    proc_output: tuple[ProcedureOut, ...]
    grouper_flags: Flags


class Outcome(msgspec.Struct, frozen=True):
    """The DRG alone; reading it costs a fraction of reading the whole output."""

    final_drg: int
    final_mdc: int
    final_severity: str
    return_code: str


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Output)
_SHORT = msgspec.json.Decoder(Outcome)


class Package:
    """The grouper over one file of tables. Safe to share between threads once made."""

    def __init__(self, tables: Path | None = None) -> None:
        """Open the library and its tables; `BookMissing` when either is not there or will not load."""
        file = package_folder("msdrg") / "_lib" / _LIBRARY.get(sys.platform, "libmsdrg.so")
        again = "Reinstall the package: pip install --force-reinstall msdrg"
        try:
            library = ctypes.CDLL(str(file))
        except OSError as error:
            raise BookMissing(f"The grouper library {file} cannot be loaded ({error}). {again}") from None
        library.msdrg_context_init.argtypes = [ctypes.c_char_p]
        library.msdrg_context_init.restype = ctypes.c_void_p
        library.msdrg_group_json.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        library.msdrg_group_json.restype = ctypes.c_void_p
        library.msdrg_string_free.argtypes = [ctypes.c_void_p]
        library.msdrg_string_free.restype = None
        place = str(tables or mce_file())
        # The context lives as long as the process: threads may still be using it at the end.
        self._context = library.msdrg_context_init(place.encode())
        if not self._context:
            raise BookMissing(f"The grouper cannot read its tables {place}. {again}")
        self._library = library

    def group(self, claim: dict[str, Any]) -> Output | None:
        """Group one claim as the package takes it; None when it has no such version."""
        answer = self._asked(claim)
        return None if answer is None else _DECODER.decode(answer)

    def outcome(self, claim: dict[str, Any]) -> Outcome | None:
        """The DRG of one claim; None when the package has no such version."""
        answer = self._asked(claim)
        return None if answer is None else _SHORT.decode(answer)

    def _asked(self, claim: dict[str, Any]) -> bytes | None:
        answer = self._library.msdrg_group_json(self._context, _ENCODER.encode(claim))
        if not answer:
            return None
        try:
            return ctypes.string_at(answer)
        finally:
            self._library.msdrg_string_free(answer)


@functools.cache
def package() -> Package:
    """The grouper of this process, opened on first use."""
    return Package()
