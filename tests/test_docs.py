"""Documentation follows from the code, mentions all of it, and gives nothing away."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tools import docs, new_rule

from claimwright.edits import registry
from claimwright.edits.registry import HEADINGS, load_rules
from claimwright.interfaces.cli import COMMANDS
from claimwright.sources.lexicon import load_yaml

ROOT = Path(__file__).parents[1]
RULES = load_rules()
COMMAND_PAGE = docs.commands_page()


def tracked() -> list[Path]:
    """Files of the repository, tracked or about to be; all files where there is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines()
    files = [ROOT / name for name in names] if names else list(_plain(ROOT))
    return [file for file in files if file.is_file()]


def _plain(folder: Path) -> Iterator[Path]:
    for each in sorted(folder.iterdir()):
        if not each.name.startswith("."):
            yield from _plain(each) if each.is_dir() else [each]


def texts() -> list[tuple[str, str]]:
    """(path, text) of every tracked text file."""
    out = []
    for file in tracked():
        data = file.read_bytes()
        if b"\0" not in data[:8192]:
            out.append((file.relative_to(ROOT).as_posix(), data.decode("utf-8", "replace")))
    return out


# ---- generated pages --------------------------------------------------------------------------------


def test_generated_pages_are_what_the_code_says() -> None:
    assert docs.problems(ROOT) == [], "write them anew: make docs"


def test_check_names_pages_that_are_stale_missing_or_left_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("citations", "lexicons"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    assert docs.main(["--root", str(tmp_path)]) == 0
    assert docs.main(["--root", str(tmp_path), "--check"]) == 0
    (tmp_path / "docs" / "errors.md").write_text("old")
    (tmp_path / "docs" / "commands.md").unlink()
    (tmp_path / "docs" / "rules" / "gone.md").write_text("left")
    capsys.readouterr()
    assert docs.main(["--root", str(tmp_path), "--check"]) == 1
    said = capsys.readouterr().err
    assert "docs/errors.md is stale" in said
    assert "docs/commands.md is missing" in said
    assert "docs/rules/gone.md is left over" in said
    assert docs.main(["--root", str(tmp_path)]) == 0
    assert docs.problems(tmp_path) == []
    assert not (tmp_path / "docs" / "rules" / "gone.md").exists()


def test_help_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert docs.commands_page() == COMMAND_PAGE


@pytest.mark.parametrize("context, command", list(docs.commands()), ids=lambda each: getattr(each, "command_path", ""))
def test_every_command_is_described_with_its_options(context: click.Context, command: click.Command) -> None:
    _, _, section = COMMAND_PAGE.partition(f"## {context.command_path}\n")
    section = section.partition("\n## ")[0]
    assert command.help, f"{context.command_path} has no help"
    for parameter in command.params:
        assert all(name in section for name in parameter.opts if name.startswith("-")), parameter.name


def test_every_command_is_mentioned_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if not re.search(rf"claimwright {name}\b", readme)] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_has_its_page_and_its_line(rule: registry.Rule) -> None:
    page = (ROOT / "docs" / "rules" / f"{rule.name}.md").read_text(encoding="utf-8")
    assert [heading for heading in (*HEADINGS, "Cites", "Cases") if f"\n## {heading}\n" not in page] == []
    index = (ROOT / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
    assert f"| {rule.code} | [{rule.name}]({rule.name}.md) |" in index


def test_every_error_is_on_its_page() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    for _, kind in docs.error_tree():
        assert f"`{kind.__name__}` (exit {kind.exit_code}): " in page


# ---- pages written by hand --------------------------------------------------------------------------


@pytest.mark.parametrize("page", [name for name, _ in texts() if name.endswith(".md")])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    file = ROOT / page
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (file.parent / target).exists(), f"{page}: {target}"


def test_the_readme_opens_with_the_demo_and_the_tests() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)[0] == "make demo\nmake test\n"


# ---- what no file may hold --------------------------------------------------------------------------

REGISTRY = re.compile(r"https?://[^\s\"')>]*(?:pypi\b|pythonhosted|artifactory|nexus\.|devpi\b)", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w./~:-])(?:/(?:home|Users|root|work|tmp|var|opt|mnt)/|[A-Z]:\\Users\\)\w")
NAMES = ["home", "Users", "root", "work", "tmp", "var", "opt", "mnt"]


def test_no_file_holds_the_address_of_a_package_registry() -> None:
    assert [(name, found[0]) for name, text in texts() if (found := REGISTRY.search(text))] == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert [(name, found[0]) for name, text in texts() if (found := MACHINE.search(text))] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_path_of_one_machine_would_be_found(name: str) -> None:
    path = f"/{name}/someone"
    for line in (f"see {path}", f"({path})", f'place="{path}"', f"PLACE={path}"):
        assert MACHINE.search(line), line
    assert not MACHINE.search(f"https://example.org{path}")


@pytest.mark.parametrize("host", ["pypi.org/simple", "files.pythonhosted.org/x", "repo.example/artifactory/x"])
def test_the_address_of_a_package_registry_would_be_found(host: str) -> None:
    assert REGISTRY.search(f"--index-url https://{host}")


# ---- starting a rule --------------------------------------------------------------------------------


def test_a_new_rule_can_be_imported_and_has_a_case_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, cases = new_rule.start("DX999", "some-name", tmp_path)
    assert module == tmp_path / "src" / "claimwright" / "edits" / "diagnosis" / "some_name.py"
    monkeypatch.setattr(registry, "RULES", {})
    exec(compile(module.read_text(), str(module), "exec"), {"__name__": "some_name"})  # noqa: S102 - our own text
    assert registry.RULES["some-name"].code == "DX999"
    content = load_yaml(cases)
    assert content["rule"] == "DX999"
    assert [set(case) for case in content["cases"]] == [{"name", "claim", "expect"}] * 2


@pytest.mark.parametrize(
    "code, name, says",
    [
        ("DX201", "some-name", "DX201 is taken: DX201 excludes1-conflict"),
        ("DX999", "header-code", "header-code is taken: DX103 header-code"),
        ("ZZ100", "some-name", "is no code of a rule"),
        ("DX99", "some-name", "is no code of a rule"),
        ("DX999", "Some_Name", "is no name of a rule"),
        ("DX999", "import", "is no name of a rule"),
    ],
)
def test_a_code_or_name_that_is_taken_or_malformed_is_refused(
    code: str, name: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_rule.main([code, name, "--root", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_a_file_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new_rule.main(["dx999", "some-name", "--root", str(tmp_path)]) == 0
    assert new_rule.main(["DX999", "some-name", "--root", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
