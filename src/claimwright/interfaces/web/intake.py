"""What a page was sent: forms read within limits, and the claims in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import PurePath
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from claimwright.claims.reader import read_claims
from claimwright.claims.readers import HEAD
from claimwright.claims.wire import claim_from_object
from claimwright.errors import InputError
from claimwright.model import Claim, plain

MOST_FIELDS = 20_000
"""Fields of one form: a claim of 999 diagnoses has some thousands."""

MOST_NOTE = 40_000
"""Characters of a note that a page reads, about twenty printed pages; a command reads any."""

MOST_CLAIMS = 200
"""Claims of one file that are offered for choice; a scan reads files of any length."""

MOST_CODES = {"diagnoses": 100, "procedures": 100, "lines": 200, "facts": 200}
"""Rows of one claim that a page answers; a claim form holds 25 diagnoses, and a command takes any."""

SINGLE = (
    "setting", "id", "service_from", "service_to", "age", "sex", "birth_date", "payer", "state", "mac",
    "admitting_diagnosis", "discharge_status", "poa_exempt_hospital", "note",
)  # fmt: skip
"""Fields that stand once in the form of a claim."""

GROUPS = {
    "diagnoses": ("code", "poa"),
    "procedures": ("code", "date"),
    "lines": ("code", "modifiers", "units", "date", "pointers", "charge"),
    "facts": ("id", "status", "value"),
}
"""Rows of the form of a claim, with the fields of each; a field is named `lines.units`."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?\Z", re.ASCII)

Rows = dict[str, Any]
"""The form of a claim as texts: a text for each of `SINGLE`, a list of rows for each of `GROUPS`."""


class TooLarge(InputError):
    """More was sent than the server reads."""


File = tuple[str, bytes]
"""The name of an uploaded file, without folders, and its bytes."""


async def form_of(request: Request, most: int) -> tuple[FormData, File | None]:
    """The form of a request of at most `most` bytes, counted while they come in, and the file in its field `file`.

    Errors: `TooLarge`; `InputError` for a body that is no form.
    """
    refusal = TooLarge("the request", f"has more than {_size(most)}", "a smaller file or note; `scan` reads any")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise refusal
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise refusal

    async def whole() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    try:
        form = await Request(request.scope, whole).form(max_files=4, max_fields=MOST_FIELDS, max_part_size=most)
    except HTTPException as error:
        raise InputError("the form", f"cannot be read ({error.detail})", "what this page sends") from None
    try:
        return form, await _file_of(form)
    finally:
        await form.close()


def _size(number: int) -> str:
    return f"{number >> 20} MB" if number >= 1 << 20 else f"{number} bytes"


async def _file_of(form: FormData) -> File | None:
    """The file that came with a form; None where none was chosen."""
    given = form.get("file")
    if not isinstance(given, UploadFile):
        return None
    data = await given.read()
    if not data and not given.filename:
        return None
    return PurePath(given.filename or "").name[:80] or "the file", data


def text_of(form: FormData, name: str) -> str:
    """A field as text without blanks around it, lines ending as in a file; empty where there is none."""
    given = form.get(name)
    return _whole(given).replace("\r\n", "\n").strip() if isinstance(given, str) else ""


def texts_of(form: FormData, name: str) -> list[str]:
    """Every value of a field that stands several times."""
    return [_whole(each).strip() for each in form.getlist(name) if isinstance(each, str)]


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which a form in a charset of its sender's choice may hold."""
    return text.encode("utf-8", "replace").decode()


def claims_of_file(name: str, data: bytes, notes: list[str]) -> list[Claim]:
    """The claims of a file by its content: JSON, lines of JSON, X12 837, FHIR or CSV, not packed.

    `notes` is added to what the reader has to say. Errors: `InputError` naming file and place.
    """
    from claimwright.claims.readers import packed

    if packed.recognises(data[:HEAD]):
        raise InputError(name, "is packed", "the file as it is, unpacked")
    return read_claims(name, data, notes)[0]


def check_note(note: str | None, place: str) -> None:
    """`InputError` for a note longer than a page reads."""
    if note and len(note) > MOST_NOTE:
        raise InputError(
            f"{place}: note",
            f"has {len(note):,} characters",
            f"at most {MOST_NOTE:,} here; `claimwright check FILE --note NOTE` reads longer ones",
        )


def check_size(claim: Claim, place: str) -> None:
    """`InputError` for a claim with more rows, or a longer note, than a page answers."""
    for group, most in MOST_CODES.items():
        found = len(getattr(claim, group))
        if found > most:
            raise InputError(
                f"{place}: $.{group}",
                f"has {found} entries",
                f"at most {most} here; `claimwright check FILE` takes more",
            )
    check_note(claim.note, place)


def rows_of_form(form: FormData) -> Rows:
    """The form of a claim as it was sent, without its empty rows."""
    rows: Rows = {name: text_of(form, name) for name in SINGLE}
    for group, fields in GROUPS.items():
        columns = [texts_of(form, f"{group}.{field}") for field in fields]
        sent = [dict(zip(fields, each, strict=True)) for each in zip_longest(*columns, fillvalue="")]
        rows[group] = [each for each in sent if any(each.values())]
    return rows


def is_empty(rows: Rows) -> bool:
    """Does the form hold no code, fact or note?"""
    return not any(rows[name] for name in (*GROUPS, "note"))


def object_of(rows: Rows) -> dict[str, Any]:
    """The claim of the contract that a form describes; what is wrong in it is for the reader of claims to say."""
    out: dict[str, Any] = {
        "setting": rows["setting"] or "professional",
        "patient": _given(age=number_of(rows["age"]), sex=rows["sex"].upper(), birth_date=rows["birth_date"]),
        "payer": _given(id=rows["payer"], state=rows["state"], mac=rows["mac"]),
        "diagnoses": [_given(code=each["code"] or " ", poa=each["poa"]) for each in rows["diagnoses"]],
        "procedures": [_given(code=each["code"] or " ", date=each["date"]) for each in rows["procedures"]],
        "lines": [_line(each) for each in rows["lines"]],
        "facts": [_given(id=each["id"] or " ", status=each["status"] or "present", value=number_of(each["value"]))
                  for each in rows["facts"]],
    }  # fmt: skip
    for name in ("id", "service_from", "service_to", "admitting_diagnosis", "discharge_status", "note"):
        if rows[name]:
            out[name] = rows[name]
    if rows["poa_exempt_hospital"]:
        out["poa_exempt_hospital"] = True
    return out


def _line(row: Mapping[str, str]) -> dict[str, Any]:
    out = _given(
        code=row["code"] or " ", units=number_of(row["units"]), date=row["date"], charge=number_of(row["charge"])
    )
    if row["modifiers"]:
        out["modifiers"] = _list(row["modifiers"].upper())
    if row["pointers"]:
        out["pointers"] = [number_of(each) for each in _list(row["pointers"])]
    return out


def _list(text: str) -> list[str]:
    return re.split(r"[\s,;:]+", text.strip(",;: "))


def number_of(text: str) -> Any:
    """A number where the text is one; else the text, which the reader of claims refuses in its own words."""
    if not _NUMBER.match(text):
        return text
    return float(text) if "." in text else int(text)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None)}


def claim_of_rows(rows: Rows) -> Claim:
    """The claim of a form. Errors: `InputError` with the JSON path of what is wrong (`form: $.lines[0].units`)."""
    check_note(rows["note"], "form")
    for group in ("diagnoses", "procedures", "lines", "facts"):
        key = "id" if group == "facts" else "code"
        for number, each in enumerate(rows[group]):
            if not each[key]:
                raise InputError(
                    f"form: $.{group}[{number}].{key}", "is empty", "a code" if key == "code" else "a fact"
                )
    claim = claim_from_object(object_of(rows), "form")
    check_size(claim, "form")
    return claim


def rows_of_claim(claim: Claim) -> Rows:
    """A claim as the texts of its form."""
    rows: Rows = {
        "setting": claim.setting.value,
        "age": claim.patient.age if claim.patient.birth_date is None else None,
        "sex": claim.patient.sex if claim.patient.sex != "U" else "",
        "birth_date": claim.patient.birth_date,
        "payer": claim.payer.id,
        "state": claim.payer.state,
        "mac": claim.payer.mac,
        "poa_exempt_hospital": "yes" if claim.poa_exempt_hospital else "",
    }
    for name in ("id", "service_from", "service_to", "admitting_diagnosis", "discharge_status", "note"):
        rows[name] = getattr(claim, name)
    rows = {name: "" if value is None else str(value) for name, value in rows.items()}
    for group, fields in GROUPS.items():
        rows[group] = [{field: _written(getattr(each, field)) for field in fields} for each in getattr(claim, group)]
    return rows


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    return str(value)


def claim_object(claim: Claim) -> dict[str, Any]:
    """A claim as the contract's JSON, without what it does not say."""
    out: dict[str, Any] = _bare(plain(claim))
    out["diagnoses"] = [each["code"] if len(each) == 1 else each for each in out.get("diagnoses", ())]
    if not out.get("poa_exempt_hospital"):
        out.pop("poa_exempt_hospital", None)
    return out


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _bare(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in (None, [], {}, "")}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def padded(rows: Rows, more: bool = False) -> Rows:
    """The form with empty rows to write into: a few where there are none, one or (`more`) several beyond the last."""
    out = dict(rows)
    for group, (least, beyond) in {"diagnoses": (3, 1), "procedures": (1, 0), "lines": (2, 1), "facts": (1, 0)}.items():
        empty = dict.fromkeys(GROUPS[group], "")
        have: Sequence[dict[str, str]] = rows[group]
        wanted = max(least, len(have) + (beyond if have else 0)) + (3 if more else 0)
        out[group] = [*have, *(dict(empty) for _ in range(wanted - len(have)))]
    return out


def blank_rows() -> Rows:
    """An empty form."""
    return {**dict.fromkeys(SINGLE, ""), **{group: [] for group in GROUPS}}


_PLACE = re.compile(r"\$\.(\w+)(?:\[(\d+)\])?(?:\.(\w+))?")


def field_of(error: InputError) -> str:
    """The name of the form's field that an error is about (`lines.0.units`, `service_to`); empty if none."""
    found = _PLACE.search(error.place) if error.place.startswith("form") else None
    if found is None:
        return ""
    group, number, field = found.groups()
    if group in ("patient", "payer"):
        return {"id": "payer"}.get(field or "", field or "")
    return f"{group}.{number}.{field or GROUPS[group][0]}" if number and group in GROUPS else group
