"""`claimwright read --suggestions`: a recorded transcript, wrong files, and what is shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.book
ROOT = Path(__file__).parents[1]
NOTE = ROOT / "examples/notes/night-cramps.txt"
TRANSCRIPT = ROOT / "examples/notes/night-cramps.suggestions.json"


def run(*args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "claimwright", "read", *args, "--date", "2025-11-15", "--setting", "professional"],
        capture_output=True,
    )


def test_the_example_transcript_is_replayed() -> None:
    done = run(str(NOTE), "--suggestions", str(TRANSCRIPT), "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    answer = json.loads(done.stdout)
    told = {each["code"]: (each["status"], "origin" in each) for each in answer["candidates"]}
    assert told == {
        "R25.2": ("supported", False), "G47.62": ("needs-decision", True), "E03.9": ("needs-decision", True),
    }  # fmt: skip
    assert [each["call"] for each in answer["suggestions"]["accepted"]] == ["propose", "propose", "choose"]
    assert [each["reason"] for each in answer["suggestions"]["refused"]] == ["the quote is not the text at its place"]


def test_suggestions_are_shown_as_text() -> None:
    shown = run(str(NOTE), "--suggestions", str(TRANSCRIPT)).stdout.decode()
    assert "suggested by example 1" in shown
    assert "3 accepted, 1 refused" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_wrong_transcripts_are_one_sentence(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text('{"answers": "leg cramps"}', encoding="utf-8")
    short = tmp_path / "short.txt"
    short.write_text("leg cramps", encoding="utf-8")
    for args, says in (
        (("--suggestions", str(tmp_path / "none.json")), "none.json"),
        (("--suggestions", str(damaged)), "damaged.json"),
        (("--suggestions", ""), "empty name"),
        (("--redacted", str(NOTE)), "--suggestions"),
        (("--suggestions", str(TRANSCRIPT), "--redacted", str(short)), "as long as the note"),
    ):
        done = run(str(NOTE), *args)
        assert (done.returncode, done.stdout) == (2, b"")
        assert says in done.stderr.decode()
        assert "cramps" not in done.stderr.decode().replace("night-cramps", "")
        assert b"Traceback" not in done.stderr


def test_help_warns_of_health_information() -> None:
    done = subprocess.run([sys.executable, "-m", "claimwright", "read", "--help"], capture_output=True, text=True)
    assert "protected health information" in " ".join(done.stdout.split())
