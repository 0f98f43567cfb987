"""Files and standard input as text: each fault has one sentence, whoever reads."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from claimwright.claims.reader import read_claims
from claimwright.claims.text_file import in_utf8, read_bytes, read_note
from claimwright.errors import InputError
from claimwright.notes.transcript import RecordedProvider
from claimwright.pages import read_article
from claimwright.pages.reading import read_any
from claimwright.queries.files import read_queries

READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "article": (lambda name: read_article(Path(name)), "an article"),
    "claims": (read_claims, "a file of claims"),
    "note": (read_note, "a text file"),
    "questions": (read_queries, "a file of questions"),
    "text": (read_any, "a text file"),
    "transcript": (RecordedProvider.read, "a recorded transcript of suggestions"),
}


def refused(reader: str, name: str) -> str:
    with pytest.raises(InputError) as error:
        READERS[reader][0](name)
    return str(error.value)


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_says_the_same_and_what_it_expects(reader: str, tmp_path: Path) -> None:
    expected = READERS[reader][1]
    assert refused(reader, str(tmp_path)) == f"{tmp_path}: cannot be read (Is a directory); expected {expected}"
    absent = tmp_path / "absent"
    assert refused(reader, str(absent)) == f"{absent}: cannot be read (No such file or directory); expected {expected}"
    assert refused(reader, "a\0b").endswith(f"cannot be read (embedded null byte); expected {expected}")


@pytest.mark.parametrize("reader", ["claims", "note", "questions", "text"])
def test_no_name_and_no_standard_input(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = READERS[reader][1]
    assert refused(reader, "") == f"file: has an empty name; expected {expected}"
    monkeypatch.setattr(sys, "stdin", None)
    assert refused(reader, "-") == f"standard input: is closed; expected {expected}"
    closed = io.BytesIO()
    closed.close()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=closed))
    assert refused(reader, "-").startswith("standard input: cannot be read (")


def test_a_byte_that_is_not_utf8_is_named_where_the_file_has_it(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"\xef\xbb\xbfKr\xe4mpfe")
    assert refused("note", str(file)) == f"{file}: byte 5 is not UTF-8; expected text in UTF-8"
    assert in_utf8(b"\xef\xbb\xbfcramp", "note") == "cramp"


def test_the_limit_is_the_last_size_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "four.txt"
    file.write_bytes(b"1234")
    assert read_bytes(str(file), 4, "a text", "less") == b"1234"
    with pytest.raises(InputError, match="more than 0 MB; expected less"):
        read_bytes(str(file), 3, "a text", "less")
