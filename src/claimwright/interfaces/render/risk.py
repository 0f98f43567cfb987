"""A risk score as text: the number, and every reason for it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from claimwright.model import RiskFactor, RiskOverview, RiskResult, plain

WIDTH = 80
_CODE = 10
_CONTRACT = ("model", "score", "hccs", "dropped", "interactions", "demographics")
"""Keys of one model's answer that an overview shows of its first."""


def risk_document(found: RiskResult | RiskOverview) -> dict[str, Any]:
    """As JSON values; an overview has the models' maps as keys of their own, and the answer of its first model.

    The contract's keys stand at the top of every document: without a model named, they are those of V28.
    """
    out: dict[str, Any] = plain(found)
    if not isinstance(found, RiskOverview):
        return out
    maps = out.pop("maps")
    first = {key: out["results"][0][key] for key in _CONTRACT}
    return {**maps, **first, **out}


def risk_text(found: RiskResult | RiskOverview, width: int = WIDTH) -> str:
    """One model, or the models beside each other and then each of them."""
    lines = _overview(found, width) if isinstance(found, RiskOverview) else _result(found, width)
    return "\n".join(lines) + "\n"


def _overview(found: RiskOverview, width: int) -> Iterator[str]:
    models = list(found.maps)
    yield f"HCCs by model, payment year {found.year}"
    codes = list(next(iter(found.maps.values())))
    yield "  " + "Code".ljust(_CODE) + "".join(each.ljust(17) for each in models).rstrip()
    for code in codes:
        cells = (_cell(found.maps[model][code]).ljust(17) for model in models)
        name = code
        if len(code) >= _CODE:  # no code is as long: a line of its own
            yield from _wrap(code, "  ", width)
            name = ""
        yield f"  {name.ljust(_CODE)}{''.join(cells)}".rstrip()
    for each in found.not_evaluated:
        yield from _wrap(f"not evaluated: {each.how}", "  ", width)
    for result in found.results:
        yield ""
        yield from _result(result, width)


def _cell(value: int | list[int] | None) -> str:
    return "-" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _result(found: RiskResult, width: int) -> Iterator[str]:
    name = f"Claim {found.claim}: " if found.claim else ""
    proposed = ", PROPOSED coefficients" if found.proposed else ""
    score = "no score" if found.score is None else f"risk score {found.score:.3f}"
    yield from _wrap(f"{name}{found.model}, payment year {found.year}{proposed}: {score}", "", width)
    if found.segment:
        whose = "coefficients shown: " if found.segment.assumed else "segment: "
        assumed = " (assumed; nobody said who the person is)" if found.segment.assumed else ""
        yield from _wrap(f"{whose}{found.segment.name}, {found.segment.says}{assumed}", "  ", width)
    days = str(found.valid_from) if found.valid_from == found.valid_to else f"{found.valid_from} to {found.valid_to}"
    yield from _wrap(f"codes in effect on: {days}", "  ", width)
    if found.score is not None:
        yield from _wrap("raw score: no normalisation factor or coding adjustment is applied", "  ", width)
    yield from _counts(found, width)
    yield from _factors("Interactions and counts", found.interactions, width)
    yield from _factors("Demographics", found.demographics, width)
    yield from _left_out(found, width)
    for edition in found.editions:
        yield from _wrap(f"from {edition.table}: {edition.edition}", "  ", width)


def _counts(found: RiskResult, width: int) -> Iterator[str]:
    yield "Counts" if found.hccs else "Nothing counts"
    for each in found.hccs:
        worth = "" if each.coefficient is None else f"  {each.coefficient:.3f}"
        yield from _wrap(f"HCC {each.hcc}{worth}  {each.label} <- {', '.join(each.codes)}", "  ", width)


def _factors(heading: str, factors: tuple[RiskFactor, ...], width: int) -> Iterator[str]:
    if factors:
        yield heading
    for each in factors:
        yield from _wrap(f"{each.coefficient:+.3f}  {each.variable}: {each.says}", "  ", width)


def _left_out(found: RiskResult, width: int) -> Iterator[str]:
    if found.dropped:
        yield "Dropped"
    for drop in found.dropped:
        yield from _wrap(f"HCC {drop.hcc} {drop.label} <- {', '.join(drop.codes)}: {drop.reason}", "  ", width)
    if found.edits:
        yield "Age and sex edits"
    for edit in found.edits:
        now = "no HCC" if edit.hcc is None else f"HCC {edit.hcc}"
        was = ", ".join(map(str, edit.instead_of))
        yield from _wrap(f"{edit.code}: {now} instead of HCC {was} ({edit.says})", "  ", width)
    if found.unmapped:
        yield "Counts for nothing"
    for lost in found.unmapped:
        yield from _wrap(f"{lost.code}: {lost.reason}", "  ", width)
    for lacking in found.not_evaluated:
        yield from _wrap(f"not evaluated: {lacking.rule} lacks {lacking.missing}; {lacking.how}", "  ", width)


def _wrap(text: str, margin: str, width: int) -> list[str]:
    hanging = " " * (len(margin) + 4)
    return textwrap.wrap(text, width, initial_indent=margin, subsequent_indent=hanging, break_on_hyphens=False)
