"""Folders of findings: whole or not there, each part once, nothing of others touched."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from claimwright.batch.folder import Folder, attempt, name_of, together
from claimwright.errors import InputError

ONE, TWO = name_of(1, 1, "parquet"), name_of(1, 131_073, "parquet")


def write(folder: Folder, name: str, text: str) -> None:
    with attempt(folder.staging, name) as path:
        path.write_text(text)


def held(path: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in path.iterdir()}


def test_parts_appear_together_and_each_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "out")
    write(folder, ONE, "one")
    write(folder, TWO, "two")
    write(folder, ONE, "one")  # tried again
    (folder.staging / f".{TWO}.of-a-worker-that-was-killed").write_text("half")
    assert [each.name for each in folder.path.iterdir()] == ["_temporary"]
    folder.commit([ONE, TWO])
    assert held(folder.path) == {ONE: "one", TWO: "two", "_SUCCESS": ""}


def test_names_are_in_order_of_files_and_records() -> None:
    numbers = [(1, 1), (1, 131_073), (1, 1_000_001), (2, 1), (10, 1)]
    assert (names := [name_of(*each, "parquet") for each in numbers]) == sorted(names)


@pytest.mark.parametrize("name", [".hidden", ONE, "_SUCCESS", "_temporary"])
def test_a_folder_that_holds_something_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=f"already holds {name}; expected an empty folder"):
        Folder(tmp_path)
    assert held(tmp_path) == {name: ""}


def test_of_two_jobs_one_is_refused(tmp_path: Path) -> None:
    Folder(tmp_path)
    with pytest.raises(InputError, match="already holds _temporary"):
        Folder(tmp_path)


@pytest.mark.parametrize(
    ("path", "mode", "problem"),
    [("file", "error", "is a file"), ("file/below", "error", "cannot be written"), ("out", "append", "found 'append'"),
     ("s3://bucket/out", "error", "is no path"), ("file:/out", "error", "is no path")],
)  # fmt: skip
def test_what_is_no_folder_is_refused(
    tmp_path: Path, path: str, mode: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(InputError, match=problem):
        Folder(path, mode)
    assert held(tmp_path) == {"file": ""}


def test_overwrite_replaces_findings_at_the_end(tmp_path: Path) -> None:
    first = Folder(tmp_path)
    write(first, ONE, "old")
    write(first, TWO, "old")
    first.commit([ONE, TWO])
    before = held(tmp_path)
    failed = Folder(tmp_path, "overwrite")
    write(failed, ONE, "new")
    failed.abandon()
    assert held(tmp_path) == before
    (tmp_path / "_temporary").mkdir()  # of a driver that died
    second = Folder(tmp_path, "overwrite")
    write(second, ONE, "new")
    second.commit([ONE])
    assert held(tmp_path) == {ONE: "new", "_SUCCESS": ""}


@pytest.mark.parametrize("name", ["claims.parquet", "part-of-my-life.doc"])
def test_overwrite_removes_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=f"holds {name}, which is none of its findings"):
        Folder(tmp_path, "overwrite")
    assert held(tmp_path) == {name: ""}


def test_a_folder_of_claims_is_not_overwritten(tmp_path: Path) -> None:
    claims = tmp_path / "part-0.parquet"
    claims.touch()
    with pytest.raises(InputError, match="which is to be read"):
        Folder(tmp_path, "overwrite", [claims])
    assert claims.exists()


def test_an_attempt_that_outlives_its_job_finds_no_place(tmp_path: Path) -> None:
    lost = Folder(tmp_path / "out")
    late = attempt(lost.staging, ONE)
    late.__enter__().write_text("late")
    lost.abandon()
    assert not lost.path.exists()
    again = Folder(tmp_path / "out")
    write(again, ONE, "new")
    again.commit([ONE])
    with pytest.raises(InputError, match=r"out: cannot be written .*; expected a folder that driver and workers reach"):
        late.__exit__(None, None, None)
    with pytest.raises(InputError, match="a folder that driver and workers reach"), attempt(lost.staging, TWO):
        raise AssertionError
    assert held(again.path) == {ONE: "new", "_SUCCESS": ""}


def test_a_full_disk_leaves_no_part(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(InputError, match="with room to write to") as refused:
            write(folder, ONE, "x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.place == str(tmp_path)
    assert not list(folder.staging.iterdir())


def test_a_part_that_is_missing_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    write(folder, ONE, "one")
    with pytest.raises(InputError, match=f"{TWO} is not there"):
        folder.commit([ONE, TWO])
    folder.abandon()
    assert held(tmp_path) == {}


def test_findings_and_rejects_lie_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two folders apart"):
        together(Folder(tmp_path / "out"), Folder(tmp_path / "out" / "_temporary" / "rejects"))
