"""What the examples and the guides show is what the commands say."""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from claimwright.book.store import Book
from claimwright.claims.reader import read_claims
from claimwright.engine import Engine
from claimwright.model import Severity

pytestmark = pytest.mark.book

ROOT = Path(__file__).parents[1]
CLAIMS = ROOT / "examples" / "claims"
GUIDES = ("README.md", "examples/README.md", "docs/book.md", "docs/rules-mechanism.md", "docs/python.md")
LEFT_OUT = "..."


# ---- the table of examples --------------------------------------------------------------------------


def table() -> list[tuple[str, str, str, list[str]]]:
    """(file, claim, verdict, rules above info) of each row of examples/README.md."""
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "| EX-" in line]
    return [
        (file, claim, verdict, [] if rules == "none" else rules.split(", ")) for file, claim, _, verdict, rules in rows
    ]


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row[0]} {row[1]}")
def test_an_example_has_the_verdict_and_the_findings_of_its_row(
    row: tuple[str, str, str, list[str]], engine: Engine
) -> None:
    file, name, verdict, rules = row
    claims, _ = read_claims(str(CLAIMS / file))
    report = next(each for each in engine.check_all(claims) if each.claim == name)
    found = dict.fromkeys(each.rule for each in report.findings if each.severity is not Severity.INFO)
    assert (verdict, rules) == (report.verdict.value, list(found))


def test_every_example_stands_in_the_table() -> None:
    claims = {(file.name, claim.id) for file in CLAIMS.iterdir() for claim in read_claims(str(file))[0]}
    assert claims == {(file, claim) for file, claim, _, _ in table()}


WITH_A_NOTE = {"nerve-conduction-for-cramps.json"}
"""Its note was made up, like all the rest."""


def test_no_example_is_about_a_person() -> None:
    for file in CLAIMS.iterdir():
        for claim in read_claims(str(file))[0]:
            assert re.fullmatch(r"EX-\d\d", claim.id or ""), f"{file.name}: {claim.id}"
            assert not claim.note or file.name in WITH_A_NOTE


# ---- commands shown in the guides -------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A command as a guide shows it, and the lines under it."""

    guide: str
    command: str
    lines: tuple[str, ...]


def shown() -> list[Shown]:
    """Every command with its output from fenced `console` blocks of the guides."""
    out = []
    for guide in GUIDES:
        text = (ROOT / guide).read_text(encoding="utf-8")
        for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, *lines = part.rstrip("\n").split("\n")
                out.append(Shown(guide, command, tuple(lines)))
    return out


def run(command: str) -> str:
    """Both streams of a shown command: `claimwright ...`, `echo '...' | claimwright ...`, or the demo."""
    given = ""
    if command == "make demo":
        command = "claimwright check examples/claims/cramp-and-tremor.json"
    if " | " in command:
        echo, command = command.split(" | ")
        given = shlex.split(echo)[1]
    words = shlex.split(command)
    assert words[0] == "claimwright", command
    done = subprocess.run(
        [sys.executable, "-m", "claimwright", *words[1:]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def first_difference(lines: tuple[str, ...], output: str) -> str:
    """The first shown line that the output lacks in its place; empty when there is none. `...` skips lines."""
    have, at, skip = output.rstrip("\n").split("\n"), 0, False
    chunk: list[str] = []
    for line in [*lines, LEFT_OUT if lines[-1] == LEFT_OUT else None]:
        if line is not None and line != LEFT_OUT:
            chunk.append(line)
            continue
        if chunk:
            last = len(have) - len(chunk)
            places = range(at, last + 1) if skip else range(at, at + 1)
            if line is None and skip:
                places = range(max(at, last), last + 1)
            found = next((place for place in places if have[place : place + len(chunk)] == chunk), None)
            if found is None:
                return "\n".join(chunk)
            at, chunk = found + len(chunk), []
        skip = True
    return "" if lines[-1] == LEFT_OUT or at == len(have) else have[at]


@pytest.mark.parametrize("example", shown(), ids=lambda each: f"{each.guide}: {each.command[:60]}")
def test_a_command_answers_as_the_guide_shows(example: Shown, book: Book) -> None:
    if example.command.startswith("claimwright diff") and len(book.editions) < 2:
        pytest.skip("only one edition of the tabular list is loaded here")
    output = run(example.command)
    assert first_difference(example.lines, output) == "", f"{example.guide} shows this, the command says:\n{output}"


def test_left_out_lines_are_the_only_freedom_of_an_example() -> None:
    output = "a\nb\nc\nd\n"
    assert first_difference(("a", "...", "d"), output) == ""
    assert first_difference(("...", "b", "..."), output) == ""
    assert first_difference(("a", "b", "c", "d"), output) == ""
    assert first_difference(("a", "c", "..."), output) == "a\nc"
    assert first_difference(("a", "b"), output) == "c"
    assert first_difference(("...", "c"), output) == "c"


@pytest.mark.parametrize("guide", ["README.md", "docs/python.md", "docs/suggestions.md"])
def test_python_examples_run(guide: str, book: Book) -> None:
    failed, tried = doctest.testfile(str(ROOT / guide), module_relative=False)
    assert tried > 0
    assert failed == 0


def test_example_files_are_plain_json() -> None:
    for file in CLAIMS.glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8")), file.name
