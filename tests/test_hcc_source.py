"""Reading the CMS-HCC tables: every row typed, one name for each model, and nothing unknown let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimwright.errors import SourceError
from claimwright.sources import hcc
from claimwright.sources.installed import hcc_folder

MAP = "diagnosis_code,cc,model_name\n"
COEFFICIENT = "coefficient,value,model_domain,model_version\n"
HIERARCHY = "cc_parent,cc_child,model_domain,model_version,model_fullname\n"
LABEL = "cc,label,model_domain,model_version,model_fullname\n"
EDIT = "icd10,edit_type,sex,age_min,age_max,action,cc_override,model_name,description\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "table.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_sizes_are_those_of_the_published_maps() -> None:
    sizes = {
        year: {model: sum(row.model == model for row in rows) for model in hcc.MODELS}
        for year in (2025, 2026, 2027)
        if (rows := hcc.read_maps(hcc_folder() / f"ra_dx_to_cc_{year}.csv"))
    }
    assert sizes[2025] == {"V28": 8090, "V24": 10137, "RxV08": 5299, "ESRD-V24": 10137}
    assert sizes[2026] == {"V28": 8317, "V24": 10354, "RxV08": 5546, "ESRD-V24": 10354}
    assert sizes[2027] == {"V28": 8299, "V24": 0, "RxV08": 5527, "ESRD-V24": 10339}


def test_three_ways_of_naming_a_model_become_one(tmp_path: Path) -> None:
    assert hcc.read_maps(written(tmp_path, MAP + "E1165,30,RxHCC Model V08\n")) == [hcc.MapRow("RxV08", "E1165", 30)]
    assert hcc.read_labels(written(tmp_path, LABEL + 'RXHCC30,"Diabetes, all",RxHCC,R08,R08X84L1\n')) == [
        hcc.LabelRow("RxV08", 30, "Diabetes, all")
    ]
    found = hcc.read_coefficients(written(tmp_path, COEFFICIENT + "Rx_CE_LTI_RXHCC30,0.5,RxHCC,R08\n"))
    assert found == [hcc.CoefficientRow("RxV08", "", "Rx_CE_LTI_RXHCC30", 0.5)]
    assert hcc.read_hierarchies(written(tmp_path, HIERARCHY + "17,18,ESRD,V24,V24H86H1\n")) == [
        hcc.HierarchyRow("ESRD-V24", 17, 18, "V24H86H1")
    ]


def test_models_that_are_not_scored_are_left_out_by_name(tmp_path: Path) -> None:
    assert hcc.read_maps(written(tmp_path, MAP + "E1165,18,CMS-HCC Model V22\n")) == []


def test_two_tables_of_one_model_are_told_apart_in_blocks_and_not_when_mixed(tmp_path: Path) -> None:
    a, b = "Rx_CE_LTI_F65_69,{},RxHCC,R08\n", "Rx_CE_LTI_F70_74,{},RxHCC,R08\n"
    blocks = hcc.read_coefficients(
        written(tmp_path, COEFFICIENT + a.format(1) + b.format(2) + a.format(3) + b.format(4))
    )
    assert [(each.variant, each.value) for each in blocks] == [("1", 1), ("1", 2), ("2", 3), ("2", 4)]
    mixed = hcc.read_coefficients(
        written(tmp_path, COEFFICIENT + a.format(3) + a.format(1) + b.format(2) + b.format(4))
    )
    assert [each.variant for each in mixed] == ["1?", "2?", "1?", "2?"]


def test_an_edit_tells_its_limits(tmp_path: Path) -> None:
    rows = hcc.read_edits(
        written(
            tmp_path,
            EDIT
            + "D66,sex,2,,,override,112,CMS-HCC Model V28,for women\n"
            + "C58,mce_age,,65,8,invalid,,CMS-HCC Model V28,9 to 64\n",
        )
    )
    assert rows == [
        hcc.EditRow("V28", "C58", "mce-age", "", 65, 8, None, "9 to 64"),
        hcc.EditRow("V28", "D66", "sex", "F", None, None, 112, "for women"),
    ]


FAULTS = {
    "header of maps": (hcc.read_maps, "code,cc,model_name\n", "header"),
    "model of maps": (hcc.read_maps, MAP + "E1165,18,CMS-HCC Model V99\n", "V99"),
    "dotted code": (hcc.read_maps, MAP + "E11.65,18,CMS-HCC Model V28\n", "E11.65"),
    "HCC in letters": (hcc.read_maps, MAP + "E1165,HCC18,CMS-HCC Model V28\n", "HCC18"),
    "cells": (hcc.read_maps, MAP + "E1165,18\n", "2 cells"),
    "model of coefficients": (hcc.read_coefficients, COEFFICIENT + "CNA_HCC1,1,CMS-HCC,C99\n", "C99"),
    "no number": (hcc.read_coefficients, COEFFICIENT + "CNA_HCC1,much,CMS-HCC,C28\n", "much"),
    "uneven tables": (
        hcc.read_coefficients,
        COEFFICIENT + "Rx_A,1,RxHCC,R08_PDP_ONLY\nRx_A,1,RxHCC,R08_MAPD_ONLY\nRx_B,1,RxHCC,R08_MAPD_ONLY\n",
        "different variables",
    ),
    "model of hierarchies": (hcc.read_hierarchies, HIERARCHY + "17,18,CMS-HCC,V99,X\n", "V99"),
    "label of no HCC": (hcc.read_labels, LABEL + "CC1,HIV,CMS-HCC,V28,X\n", "CC1"),
    "action": (hcc.read_edits, EDIT + "D66,sex,2,,,ignore,,CMS-HCC Model V28,x\n", "ignore"),
    "edit without limit": (hcc.read_edits, EDIT + "D66,age,,,,invalid,,CMS-HCC Model V28,x\n", "age"),
    "kind": (hcc.read_edits, EDIT + "D66,race,2,,,invalid,,CMS-HCC Model V28,x\n", "race"),
    "two edits": (hcc.read_edits, EDIT + 2 * "D66,sex,2,,,invalid,,CMS-HCC Model V28,x\n", "two edits"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_as_known_is_refused(tmp_path: Path, fault: str) -> None:
    read, text, says = FAULTS[fault]
    with pytest.raises(SourceError, match=says):
        read(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        hcc.read_maps(tmp_path / "absent.csv")
