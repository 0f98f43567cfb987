"""The claim of the contract, read strictly: unknown keys, wrong types and impossible dates stop here.

Every refusal is an `InputError` whose place is the file and the JSON path (`claim.json: $.lines[0].units`).
"""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from claimwright.book.era import check_era
from claimwright.errors import InputError
from claimwright.model import (
    Claim,
    Diagnosis,
    Fact,
    Patient,
    Payer,
    Procedure,
    ServiceLine,
    Setting,
)

MOST_DIAGNOSES = 999
"""More than any claim form holds; a list beyond it is a wrong file, not a claim."""

Text = Annotated[str, msgspec.Meta(max_length=400)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Age = Annotated[int, msgspec.Meta(ge=0, le=124)]


class WirePatient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`patient`."""

    age: Age | None = None
    sex: Literal["F", "M", "U"] = "U"
    birth_date: date | None = None


class WirePayer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`payer`."""

    id: Text | None = None
    state: Text | None = None
    mac: Text | None = None


class WireDiagnosis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `diagnoses` in its long form."""

    code: Code
    poa: Literal["Y", "N", "U", "W", "1"] | None = None


class WireProcedure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `procedures`."""

    code: Code
    date: date | None = None


class WireLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `lines`."""

    code: Code
    modifiers: tuple[Annotated[str, msgspec.Meta(min_length=2, max_length=2)], ...] = ()
    units: Annotated[float, msgspec.Meta(ge=0)] = 1
    date: date | None = None
    pointers: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = ()
    charge: float | None = None


class WireFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `facts`."""

    id: Code
    status: Literal["present", "absent", "uncertain", "historical", "family", "hypothetical"]
    value: float | str | None = None


class WireClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole claim."""

    setting: Setting
    diagnoses: tuple[Code | WireDiagnosis, ...]
    id: Text | None = None
    service_from: date | None = None
    service_to: date | None = None
    patient: WirePatient = WirePatient()
    payer: WirePayer = WirePayer()
    admitting_diagnosis: Code | None = None
    procedures: tuple[WireProcedure, ...] = ()
    lines: tuple[WireLine, ...] = ()
    discharge_status: Text | None = None
    poa_exempt_hospital: bool = False
    facts: tuple[WireFact, ...] = ()
    note: str | None = None
    provider: Text | None = None


_DECODER = msgspec.json.Decoder(WireClaim)
_PATH = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?\Z", re.DOTALL)


def claim_from_json(data: bytes | msgspec.Raw, place: str, root: str = "$") -> Claim:
    """One claim from JSON text; `place` names the file, `root` the JSON path of this object."""
    try:
        wire = _DECODER.decode(data)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), _loads(bytes(data), place), place, root) from None
    except UnicodeDecodeError:
        raise InputError(place, "is not UTF-8", "JSON in UTF-8") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(place, error) from None
    return _claim(wire, place, root)


def claim_from_object(value: Any, place: str = "claim", root: str = "$") -> Claim:
    """One claim from a dict, as the Python API takes it; `root` is its JSON path in a larger document."""
    try:
        wire = msgspec.convert(value, WireClaim)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), value, place, root) from None
    return _claim(wire, place, root)


def _loads(data: bytes, place: str) -> Any:
    """The whole text, for the value at a path: what follows that path may not be JSON at all."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise not_json(place, error) from None


def not_json(place: str, error: Exception) -> InputError:
    """The refusal of a text that is no JSON; `error` is what the parser said."""
    return InputError(place, f"not readable as JSON ({error})", "one claim, a JSON array, or one claim a line")


def _refusal(text: str, value: Any, place: str, root: str) -> InputError:
    """msgspec's refusal in our words, with the value found at the path."""
    found = _PATH.match(text)
    what, path = (found["what"], found["path"] or "$") if found else (text, "$")
    where = root + path[1:]
    at = _at(value, path)
    unknown = re.match(r"Object contains unknown field `(.*)`", what, re.DOTALL)
    if unknown:
        return InputError(f"{place}: {where}{_step(unknown[1])}", "unknown key", f"one of {_keys(path)}")
    missing = re.match(r"Object missing required field `(.*)`", what)
    if missing:
        return InputError(f"{place}: {where}", f"the key {missing[1]!r} is missing")
    if "RFC3339" in what or "ISO8601" in what or "date" in what:
        return InputError(f"{place}: {where}", f"{_short(at)} is not a date", "YYYY-MM-DD")
    if what.startswith("Invalid enum value"):
        return InputError(f"{place}: {where}", f"found {_short(at)}", f"one of {', '.join(_choices(path))}")
    return InputError(f"{place}: {where}", f"found {_short(at)}", _expected(what))


_WORDS = (
    (r"^Expected ", ""),
    (r", got .*$", ""),
    (r"`", ""),
    (r"\bstr \| object\b", "a code, or an object with a code"),
    (r"\bint \| null\b", "a whole number"),
    (r"\bfloat \| null\b", "a number"),
    (r"\b(\d+)\.0\b", r"\1"),
    (r"\bstr \| null\b", "a text"),
    (r"\b(\w+) \| null\b", r"\1"),
    (r"\bstr of length >= (\d+)", r"a text of at least \1 characters"),
    (r"\bstr of length <= (\d+)", r"a text of at most \1 characters"),
    (r"\bint\b", "a whole number"),
    (r"\bfloat\b", "a number"),
    (r"\bstr\b", "a text"),
    (r"\bbool\b", "true or false"),
    (r"\barray\b", "a list"),
    (r"\bobject$", "an object"),
    (r"<= ", "of at most "),
    (r">= ", "of at least "),
)
"""msgspec's words for types, in ours."""


def _expected(what: str) -> str:
    for pattern, words in _WORDS:
        what = re.sub(pattern, words, what)
    return what


def _at(value: Any, path: str) -> Any:
    for step in re.findall(r"\[(\d+)\]|\.(\w+)", path):
        index, key = step
        try:
            value = value[int(index)] if index else value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _step(key: str) -> str:
    return f".{key}" if re.fullmatch(r"\w{1,60}", key) else f"[{_short(key)}]"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _struct(path: str) -> type[msgspec.Struct]:
    names: dict[str, type[msgspec.Struct]] = {
        "patient": WirePatient,
        "payer": WirePayer,
        "diagnoses": WireDiagnosis,
        "procedures": WireProcedure,
        "lines": WireLine,
        "facts": WireFact,
    }
    steps = re.findall(r"\.(\w+)", path)
    return names.get(steps[0], WireClaim) if steps else WireClaim


def _keys(path: str) -> str:
    return ", ".join(field.name for field in msgspec.structs.fields(_struct(path)))


def _choices(path: str) -> list[str]:
    last = path.rsplit(".", 1)[-1]
    if last == "setting":
        return [each.value for each in Setting]
    if last == "sex":
        return ["F", "M", "U"]
    if last == "poa":
        return ["Y", "N", "U", "W", "1", "null"]
    return ["present", "absent", "uncertain", "historical", "family", "hypothetical"]


def _claim(wire: WireClaim, place: str, root: str) -> Claim:
    """Checks between fields, and the model object."""
    at = f"{place}: {root}"
    if not wire.diagnoses:
        raise InputError(f"{at}.diagnoses", "the list is empty", "at least one diagnosis")
    if len(wire.diagnoses) > MOST_DIAGNOSES:
        raise InputError(
            f"{at}.diagnoses", f"{len(wire.diagnoses)} diagnoses on one claim", f"at most {MOST_DIAGNOSES}"
        )
    _check_dates(wire, at)
    for number, line in enumerate(wire.lines):
        for key, amount in (("units", line.units), ("charge", line.charge)):
            if amount is not None and not math.isfinite(amount):  # Python has numbers that JSON has not
                raise InputError(f"{at}.lines[{number}].{key}", f"found {amount}", "a number")
        for index, pointer in enumerate(line.pointers):
            if pointer > len(wire.diagnoses):
                raise InputError(
                    f"{at}.lines[{number}].pointers[{index}]",
                    f"points to diagnosis {pointer}",
                    f"1 to {len(wire.diagnoses)}",
                )
    patient = Patient(age=_age(wire, at), sex=wire.patient.sex, birth_date=wire.patient.birth_date)
    return Claim(
        setting=wire.setting,
        diagnoses=tuple(
            Diagnosis(each) if isinstance(each, str) else Diagnosis(each.code, each.poa) for each in wire.diagnoses
        ),
        id=wire.id,
        service_from=wire.service_from,
        service_to=wire.service_to,
        patient=patient,
        payer=Payer(wire.payer.id, wire.payer.state, wire.payer.mac),
        admitting_diagnosis=wire.admitting_diagnosis,
        procedures=tuple(Procedure(each.code, each.date) for each in wire.procedures),
        lines=tuple(
            ServiceLine(each.code, each.modifiers, each.units, each.date, each.pointers, each.charge)
            for each in wire.lines
        ),
        discharge_status=wire.discharge_status,
        poa_exempt_hospital=wire.poa_exempt_hospital,
        facts=tuple(Fact(each.id, each.status, each.value) for each in wire.facts),
        note=wire.note,
        provider=wire.provider,
    )


def _check_dates(wire: WireClaim, at: str) -> None:
    starts, ends = wire.service_from, wire.service_to
    check_era(starts, f"{at}.service_from")
    check_era(ends, f"{at}.service_to")
    if wire.setting is not Setting.INPATIENT:  # an inpatient procedure is judged by the discharge date
        for number, each in enumerate(wire.procedures):
            check_era(each.date, f"{at}.procedures[{number}].date")
    if starts and ends and ends < starts:
        raise InputError(f"{at}.service_to", f"{ends} is before service_from {starts}", "the same day or later")


def _age(wire: WireClaim, at: str) -> int | None:
    """Age in completed years on the date of service: as given, else from the birth date."""
    born, day = wire.patient.birth_date, wire.service_from or wire.service_to
    if wire.patient.age is not None or born is None or day is None:
        return wire.patient.age
    if born > day:
        raise InputError(f"{at}.patient.birth_date", f"{born} is after the date of service {day}", "an earlier day")
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if age > 124:
        raise InputError(f"{at}.patient.birth_date", f"{born} makes the patient {age} years old", "at most 124")
    return age
