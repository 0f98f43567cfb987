"""Random people, the answers of hccinfhir for them, and what is known to differ.

The package is given the book's own tables where its loader reads them wrongly (see `TABLES`); every
other difference is a named gap: a person who shows one is compared on the HCC list alone.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from claimwright.book.hcc import HccTables, tables
from claimwright.book.store import Book
from claimwright.grouping.hcc_batch import Scores, kernel
from claimwright.grouping.hcc_demographics import place
from claimwright.grouping.person import Person, people_of

with warnings.catch_warnings():  # the package opens its files in a way that Python 3.11 and 3.12 deprecate
    warnings.simplefilter("ignore", DeprecationWarning)
    from hccinfhir import defaults
    from hccinfhir.model_calculate import calculate_raf

PACKAGE = {
    "V28": "CMS-HCC Model V28",
    "V24": "CMS-HCC Model V24",
    "RxV08": "RxHCC Model V08",
    "ESRD-V24": "CMS-HCC ESRD Model V24",
}
DUALS = ("NA", "00", "01", "02", "03", "04", "05", "06", "08")


@dataclass(frozen=True)
class Member:
    """A person with diagnoses (no dot)."""

    person: Person
    codes: tuple[str, ...]


def members(model: str, codes: list[str], number: int, seed: int) -> Iterator[Member]:
    """People of every kind; a third of them old or young enough to meet the age edits."""
    chance = random.Random(f"{model} {seed}")  # noqa: S311 - a sample, no secret
    for _ in range(number):
        graft = chance.choice((None, None, 4, 7, 9, 10, 24)) if model == "ESRD-V24" else None
        orec = chance.choice("23") if model == "ESRD-V24" else chance.choice("0001123")
        yield Member(
            Person(
                age=chance.choice((chance.randint(0, 110), chance.randint(55, 75), chance.choice((17, 34, 64, 65)))),
                sex=chance.choice("FM"),
                dual=chance.choice(DUALS),
                orec=orec,
                crec=chance.choice("0123"),
                new_enrollee=chance.random() < 0.2,
                snp=chance.random() < 0.3,
                low_income=chance.random() < 0.4,
                institutional=chance.random() < 0.2,
                graft_months=graft,
            ),
            tuple(chance.choice(codes) for _ in range(chance.choice((0, 1, 2, 3, 5, 8, 14, 25)))),
        )


def ours(book: Book, model: str, year: int, variant: str, people: list[Member]) -> tuple[list[list[int]], Scores]:
    """HCC lists and scores of the kernel."""
    engine = kernel(book, model, year, variant)
    listed = np.array([code.encode() for each in people for code in each.codes], dtype="S8")
    offsets = np.cumsum([0, *(len(each.codes) for each in people)], dtype=np.int64)
    scores = engine.scores(people_of([each.person for each in people]), engine.model.numbers(listed), offsets)
    return [engine.model.hccs_of(row) for row in scores.after], scores


class Package:
    """hccinfhir with the tables of one model, year and variant."""

    def __init__(self, book: Book, model: str, year: int, variant: str) -> None:
        """Its own loader reads RxHCC's hierarchies under another name and mixes RxHCC's two factor tables."""
        self.name, self.source = PACKAGE[model], tables(book, model, year, variant)
        rows = book.rows("SELECT code, hcc FROM hcc_map WHERE model = ? AND year = ?", (model, year))
        self.maps: dict[tuple[str, str], set[str]] = {}
        for code, hcc in rows:
            self.maps.setdefault((code, self.name), set()).add(str(hcc))
        self.hierarchies = {
            (str(parent), self.name): {str(child) for child in children}
            for parent, children in self.source.children.items()
        }
        self.coefficients = {(_name(*key, model), self.name): value for key, value in self.source.coefficients.items()}

    def raf(self, member: Member):  # type: ignore[no-untyped-def]
        """The package's whole result."""
        person = member.person
        return calculate_raf(
            list(member.codes), self.name, person.age, person.sex, person.dual, person.orec, person.crec,
            person.new_enrollee, person.snp, person.low_income, person.institutional, person.graft_months,
            dx_to_cc_mapping=self.maps, hierarchies_mapping=self.hierarchies, coefficients_mapping=self.coefficients,
            edits_mapping=defaults.edits_default,
        )  # fmt: skip


def _name(segment: str, variable: str, model: str) -> str:
    if model == "RxV08" and variable.startswith("hcc"):
        variable = f"rx{variable}"
    return f"{segment}_{variable}".lower() if segment and segment != "TRANSPLANT" else variable


def gaps(model: str, member: Member) -> set[str]:
    """Why the package's demographic part cannot be ours; empty when it must be.

    In each case the coefficient table has the variable and the package does not look it up (it adds
    nothing, without a word), or adds one that belongs to another segment.
    """
    person = member.person
    found = place(model, person)
    out = set()
    if person.new_enrollee and found.segment in ("INS", "GI"):
        out.add("institutional new enrollee: looked up under a new enrollee's cell, nothing added for age and sex")
    if "ORIGDS" in found.variables or any(each.endswith("65OD") for each in found.variables):
        out.add("originally disabled (ORIGDS, F65OD, M65OD): not looked up")
    if found.segment.startswith("Rx_NE"):
        out.add("RxHCC new enrollee: not looked up")
    if found.segment == "GNE":
        out.add("functioning graft, new enrollee: not looked up")
    if found.segment == "DNE" and (person.age or 0) >= 85:
        out.add("dialysis, new enrollee of 85 and more: looked up in bands that do not exist")
    if found.segment in ("NE", "SNPNE") and person.esrd and 64 <= (person.age or 0) <= 69:
        out.add("new enrollee entitled by ESRD, 64 to 69: looked up in bands that do not exist")
    if found.segment in ("DI", "DNE") and person.institutional:
        out.add("institutional on dialysis: the functioning graft's LTI_GE65 or LTI_LT65 is added too")
    return out


def diagnosis_part(source: HccTables, result) -> float:  # type: ignore[no-untyped-def]
    """What HCCs, interactions and counts add in the package's result."""
    variables = {each.variable for each in source.interactions}
    return sum(
        value
        for name, value in result.coefficients.items()
        if name in result.hcc_list or name in variables or (name[0] == "D" and name.strip("DP").isdigit())
    )


def demographic_part(source: HccTables, member: Member) -> float:
    """What our demographic factors add."""
    found = place(source.model, member.person)
    return sum(source.coefficient(found.segment, each) for each in found.variables)
