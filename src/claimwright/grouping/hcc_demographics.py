"""The segment of a person and the demographic variables that apply, by model.

Names are those of CMS's coefficient tables. Nothing here knows a number.
"""

from __future__ import annotations

from typing import NamedTuple

from claimwright.grouping.person import Person

_BANDS = ("0_34", "35_44", "45_54", "55_59", "60_64", "65_69", "70_74", "75_79", "80_84", "85_89", "90_94", "95_GT")
_FROM = (0, 35, 45, 55, 60, 65, 70, 75, 80, 85, 90, 95)


class Placement(NamedTuple):
    """Where a person stands: the segment, and the demographic variables in the order of the table."""

    segment: str
    variables: tuple[str, ...]


def place(model: str, person: Person) -> Placement:
    """Segment and variables of a person whose age and sex are known."""
    return {"V28": _community, "V24": _community, "ESRD-V24": _esrd, "RxV08": _rx}[model](person)


def band(age: int) -> str:
    """The age band of continuing enrollees."""
    return next(name for name, start in zip(reversed(_BANDS), reversed(_FROM), strict=True) if age >= start)


def new_enrollee_band(person: Person) -> str:
    """The age band of new enrollees: single years from 65 to 69.

    Who is 64 and entitled by age turns 65 in the payment year and counts as 65.
    """
    age = person.age or 0
    if age == 64 and person.orec == "0":
        age = 65
    return str(age) if 65 <= age <= 69 else band(age)


def _cell(person: Person) -> str:
    return person.sex + band(person.age or 0)


def _sex(person: Person) -> str:
    return "Female" if person.sex == "F" else "Male"


def _originally_disabled(person: Person) -> tuple[str, ...]:
    return (f"OriginallyDisabled_{_sex(person)}",) if person.originally_disabled else ()


def _community(person: Person) -> Placement:
    """CMS-HCC V24 and V28."""
    dual = person.full_dual or person.partial_dual
    if person.institutional:
        medicaid = ("LTIMCAID",) if dual else ()
        disabled = ("ORIGDS",) if person.originally_disabled else ()
        return Placement("INS", (_cell(person), *medicaid, *disabled))
    if person.new_enrollee:
        medicaid_cell = f"{'MCAID' if dual else 'NMCAID'}_{'' if person.originally_disabled else 'N'}ORIGDIS"
        variable = f"{medicaid_cell}_NE{person.sex}{new_enrollee_band(person)}"
        return Placement("SNPNE" if person.snp else "NE", (variable,))
    benefit = "F" if person.full_dual else "P" if person.partial_dual else "N"
    segment = f"C{benefit}{'A' if person.aged else 'D'}"
    return Placement(segment, (_cell(person), *_originally_disabled(person)))


def _esrd(person: Person) -> Placement:
    """ESRD V24: dialysis, transplant months, functioning graft."""
    if person.graft_months is None:
        return _dialysis(person)
    if person.graft_months <= 3:
        return Placement("TRANSPLANT", (f"TRANSPLANT_KIDNEY_ONLY_{person.graft_months}M",))
    return _graft(person, person.graft_months)


def _dialysis(person: Person) -> Placement:
    if person.new_enrollee:
        cell = "85_GT" if (person.age or 0) >= 85 else band(person.age or 0)
        return Placement("DNE", (f"{_new_cell(person)}_NE{person.sex}{cell}",))
    old = "Aged" if person.aged else "NonAged"
    variables = [_cell(person), *_originally_disabled(person)]
    if person.aged and person.orec in ("2", "3"):
        variables.append(f"Originally_ESRD_{_sex(person)}")
    if person.full_dual or person.partial_dual:
        variables.append(f"{'FB' if person.full_dual else 'PB'}Dual_{_sex(person)}_{old}")
    if person.institutional:
        variables.append(f"LTI_{old}")
    return Placement("DI", tuple(variables))


def _graft(person: Person, months: int) -> Placement:
    old = "GE65" if person.aged else "LT65"
    benefit = "FBD" if person.full_dual else "ND_PBD"
    where = "FGI" if person.institutional else "FGC"
    bump = [f"{where}_{old}_DUR{'4_9' if months <= 9 else '10PL'}_{benefit}"]
    if person.partial_dual:
        bump.append(f"{where}_PBD_{old}_flag")
    if person.institutional:
        disabled = ("ORIGDS",) if person.originally_disabled else ()
        return Placement("GI", (_cell(person), *disabled, f"LTI_{old}", *bump))
    if person.new_enrollee:
        cell = f"{_new_cell(person)}_G_NE{person.sex}{new_enrollee_band(person)}"
        return Placement("GNE", (cell, *bump))
    segment = f"G{'F' if person.full_dual else 'NP'}{'A' if person.aged else 'N'}"
    return Placement(segment, (_cell(person), *_originally_disabled(person), *bump))


def _new_cell(person: Person) -> str:
    return f"{'FBD' if person.full_dual else 'ND_PBD'}_{'' if person.originally_disabled else 'N'}ORIGDIS"


def _rx(person: Person) -> Placement:
    """RxHCC V08."""
    if person.new_enrollee:
        income = "LTI" if person.institutional else "Lo" if person.low_income else "NoLo"
        who = f"{'' if person.esrd else 'N'}ESRD_{'' if person.originally_disabled else 'N'}OD"
        return Placement(f"Rx_NE_{income}", (f"{who}_x_{person.sex}{new_enrollee_band(person)}",))
    if person.institutional:
        disabled = ("ORIGDS",) if person.originally_disabled else ()
        return Placement("Rx_CE_LTI", (_cell(person), *disabled))
    segment = f"Rx_CE_{'' if person.low_income else 'No'}Low{'' if person.aged else 'No'}Aged"
    disabled = (f"{person.sex}65OD",) if person.originally_disabled else ()
    return Placement(segment, (_cell(person), *disabled))
