"""Wrong inputs of `read`, `ask`, `cover`, `policy` and `check --note`: one sentence, exit 2, nothing on stdout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from claimwright.book.store import Book
from claimwright.errors import InputError
from claimwright.interfaces.cli import ask_command, check_command, cli, cover_command, policy_command, read_command
from claimwright.interfaces.cli.places import known_mac, known_state

CLAIM = '{"setting": "professional", "diagnoses": ["R25.2"], "lines": [{"code": "95909"}]}'
WRONG = [
    ["read", "FOLDER"], ["read", "FOLDER/none"], ["read", "BINARY"], ["read", ""], ["read", "NOTE", "--setting", "x"],
    ["read", "NOTE", "--date", "2025-13-01"], ["read", "NOTE", "--date", "1890-01-01"], ["read", "a" * 9999],
    ["read", "a\0b"], ["read", "NOTE", "--as-of", "soon"],
    ["ask"], ["ask", ""], ["ask", "FOLDER"], ["ask", "BINARY"], ["ask", "a" * 5000], ["ask", "Q", "--state", "ZZ"],
    ["ask", "Q", "--mac", "Foo"], ["ask", "Q", "--audience", "x"], ["ask", "Q", "--claim", "FOLDER"],
    ["ask", "Q", "--note", "BINARY"], ["ask", "Q", "--policies", "CUT"], ["ask", "--follow-up", "f1"],
    ["ask", "--follow-up", "f1", "--context", "CUT"], ["ask", "Q", "--date", "x"],
    ["cover"], ["cover", "FOLDER"], ["cover", "FOLDER/none"], ["cover", "BINARY"], ["cover", "CUT"],
    ["cover", "--procedure", "95909"], ["cover", "--procedure", "95909", "--diagnosis", "R25.2", "--state", "ZZ"],
    ["cover", "--procedure", "95909", "--diagnosis", "R25.2", "--mac", "Foo"], ["cover", "CLAIM", "--payer", "x"],
    ["cover", "CLAIM", "--policies", "BINARY"], ["cover", "--procedure", "1", "--diagnosis", "R25.2", "--fact", "x"],
    ["policy", "CPB-502"], ["policy", ""], ["policy", "a" * 9999], ["policy", "FOLDER"], ["policy", "a\1b"],
    ["check", "CLAIM", "--note", "FOLDER"], ["check", "CLAIM", "--note", "FOLDER/none"],
    ["check", "CLAIM", "--note", "BINARY"], ["check", "CLAIM", "--note", ""], ["check", "FOLDER", "--note", "NOTE"],
    ["check", "CUT", "--note", "NOTE"], ["check", "-", "--note", "-"], ["check", "", "--note", "NOTE"],
    ["check", "CLAIM", "--note", "NOTE", "--date", "x"], ["check", "CLAIMS", "--note", "NOTE"],
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("wrong")
    contents = {"BINARY": b"\xff\xfe\0\1", "CUT": b'{"setting":', "NOTE": b"Leg cramps.", "CLAIM": CLAIM.encode(),
                "CLAIMS": f"[{CLAIM}, {CLAIM}]".encode()}  # fmt: skip
    for name, content in contents.items():
        (folder / f"{name}.x").write_bytes(content)
    return {"FOLDER": str(folder), **{name: str(folder / f"{name}.x") for name in contents}}


@pytest.mark.book
@pytest.mark.parametrize("arguments", WRONG, ids=lambda each: " ".join(each)[:60].encode("unicode_escape").decode())
def test_a_wrong_input_is_one_sentence(
    book: Book, files: dict[str, str], arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (ask_command, check_command, cover_command, policy_command, read_command):
        monkeypatch.setattr(module, "the_book", lambda: book)
    put = [files.get(each, each) for each in arguments]
    put = [str(Path(files["FOLDER"]) / "none") if each == "FOLDER/none" else each for each in put]
    put = ["Is 95909 covered for R25.2?" if each == "Q" else each for each in put]
    done = CliRunner().invoke(cli, put)
    assert done.stdout == ""
    assert isinstance(done.exception, InputError) or done.exit_code == 2, done.exception
    if isinstance(done.exception, InputError):
        assert done.exception.exit_code == 2
        assert "\n" not in str(done.exception)


@pytest.mark.book
def test_states_and_contractors_by_any_name(book: Book) -> None:
    assert (known_state(book, "oh"), known_state(book, "Ohio"), known_state(book, None)) == ("OH", "OH", None)
    assert known_mac(book, "WPS") == "WPS"
    assert known_mac(book, "noridian") == "noridian"
    assert known_mac(book, None) is None
    with pytest.raises(InputError, match=r"known are .*OH"):
        known_state(book, "ZZ")
    with pytest.raises(InputError, match=r"known are .*Noridian"):
        known_mac(book, "")


@pytest.mark.book
def test_a_misspelt_policy_gets_a_suggestion(book: Book) -> None:
    with pytest.raises(InputError, match=r"such as .*CPB-0502"):
        book.policies.get("CPB-502")


def test_an_endless_name_is_cut() -> None:
    command = [sys.executable, "-m", "claimwright", "read", "a" * 5000]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr) < 400
