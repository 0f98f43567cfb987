"""Write the pages of `docs/` that follow from the code, or check that they do.

    python -m tools.docs            write docs/rules/*.md, docs/commands.md, docs/errors.md, docs/data.md
    python -m tools.docs --check    exit 1 naming every page that is stale, missing or left over

The same code gives the same bytes: the help texts are drawn 100 columns wide whatever the terminal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from inspect import getdoc
from pathlib import Path
from typing import Any

import click

from claimwright.book.tables import NOT_LOADED, addable
from claimwright.edits.registry import Rule, load_rules
from claimwright.errors import ClaimwrightError
from claimwright.interfaces.cli import cli
from claimwright.interfaces.render.rules import rule_page
from claimwright.sources.lexicon import load_yaml, read_lexicon

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100
MADE = "<!-- Written by `make docs`. Change the code, not this page. -->\n\n"


def pages(root: Path = ROOT) -> dict[str, str]:
    """Every generated page by its path under `root`."""
    rules = load_rules()
    documents = {file.stem: load_yaml(file) for file in sorted((root / "citations").glob("*.yaml"))}
    out = {
        "docs/commands.md": commands_page(),
        "docs/data.md": data_page(root, rules, documents),
        "docs/errors.md": errors_page(),
        "docs/rules/README.md": rules_index(rules),
    }
    for rule in rules.values():
        out[f"docs/rules/{rule.name}.md"] = one_rule(rule, root, documents)
    return out


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the generated pages on disk: stale, missing or left over."""
    wanted = pages(root)
    out = []
    for name, text in sorted(wanted.items()):
        file = root / name
        if not file.is_file():
            out.append(f"{name} is missing")
        elif file.read_text(encoding="utf-8") != text:
            out.append(f"{name} is stale")
    return out + [f"{name} is left over: nothing generates it" for name in left_over(root, wanted)]


def left_over(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """Pages under docs/rules that no rule has any more."""
    found = (file.relative_to(root).as_posix() for file in (root / "docs" / "rules").glob("*.md"))
    return sorted(name for name in found if name not in wanted)


def write(root: Path = ROOT) -> list[str]:
    """Write what differs, remove what is left over; the paths that changed."""
    wanted, changed = pages(root), []
    for name, text in sorted(wanted.items()):
        file = root / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(name)
    for name in left_over(root, wanted):
        (root / name).unlink()
        changed.append(name)
    return changed


# ---- rules ------------------------------------------------------------------------------------------


def rules_index(rules: Mapping[str, Rule]) -> str:
    """The catalogue as a table, in order of code."""
    lines = [
        f"{MADE}# Rules\n",
        f"{len(rules)} rules, in order of their codes.",
        "`claimwright rule NAME` prints the same page.",
        "How a rule works: [rules-mechanism.md](../rules-mechanism.md).\n",
        "| code | rule | severity | authority | in force | finds |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.code} | [{each.name}]({each.name}.md) | {each.severity.value} | {each.authority.value} "
        f"| {each.in_force} | {_cell(each.summary)} |"
        for each in rules.values()
    ]
    return "\n".join(lines) + "\n"


def one_rule(rule: Rule, root: Path, documents: Mapping[str, Any]) -> str:
    """The page of one rule, what it cites by title, its cases and its source."""
    package, module = rule.module.split(".")[-2:]
    lines = [rule_page(rule).rstrip("\n"), "", "## Cites"]
    lines += [f"- {_cited(each, documents)}" for each in rule.cites] or ["No section of a document."]
    lines += ["", "## Cases"]
    cases = root / "tests" / "cases" / "edits" / package / f"{rule.name}.yaml"
    if cases.is_file():
        lines += [f"- {case['name']}" for case in load_yaml(cases)["cases"]]
        lines += ["", f"Case file: [{cases.name}](../../{cases.relative_to(root).as_posix()})."]
    else:
        lines.append("None is written yet.")
    source = f"src/{rule.module.replace('.', '/')}.py"
    return MADE + "\n".join([*lines, "", f"Source: [{module}.py](../../{source})."]) + "\n"


def _cited(reference: str, documents: Mapping[str, Any]) -> str:
    """A section by document, edition, section and title."""
    name, _, section = reference.partition(":")
    document = documents[name]
    editions = ", ".join(each["name"] for each in document.get("editions") or [])
    title = document["title"] + (f", {editions}" if editions else "")
    return f"{title}: {section}, {document['sections'][section]['title']}"


# ---- commands ---------------------------------------------------------------------------------------


def commands(
    command: click.Command = cli, parent: click.Context | None = None, name: str = "claimwright"
) -> Iterator[tuple[click.Context, click.Command]]:
    """A command and everything below it, each with its context, in alphabetical order."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    yield context, command
    if isinstance(command, click.Group):
        for below in sorted(command.list_commands(context)):
            found = command.get_command(context, below)
            assert found is not None  # noqa: S101 - it has just been listed
            yield from commands(found, context, below)


def commands_page() -> str:
    """The help of every command and sub-command."""
    parts = [
        f"{MADE}# Commands\n\n"
        "Codes are accepted with or without dot, in any case; dates are YYYY-MM-DD.\n"
        "Exit codes: 0 done; 1 done, with a finding of severity error; 2 input or usage; "
        "3 data needed is not installed, or damaged.\n"
    ]
    for context, command in commands():
        parts.append(f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


# ---- errors -----------------------------------------------------------------------------------------


def error_tree(kind: type[ClaimwrightError] = ClaimwrightError, depth: int = 0) -> Iterator[tuple[int, type[Any]]]:
    """The exceptions of `claimwright.errors` with their depth, in the order they are written in."""
    yield depth, kind
    for below in kind.__subclasses__():
        if below.__module__ == ClaimwrightError.__module__:
            yield from error_tree(below, depth + 1)


def errors_page() -> str:
    """The tree of exceptions with exit codes and docstrings."""
    lines = [
        f"{MADE}# Errors\n",
        "Everything claimwright raises on purpose, as a tree.",
        "The command line prints the text as one sentence on standard error and ends with the exit code.",
        "Facts stay as attributes, so that a program need not parse the text.\n",
    ]
    for depth, kind in error_tree():
        says = " ".join((getdoc(kind) or "").split())
        lines.append(f"{'  ' * depth}- `{kind.__name__}` (exit {kind.exit_code}): {says}")
    return "\n".join(lines) + "\n"


# ---- data -------------------------------------------------------------------------------------------


def data_page(root: Path, rules: Mapping[str, Rule], documents: Mapping[str, Any]) -> str:
    """Lexicons and citations of the repository; tables that can be added, and those that cannot yet."""
    lines = [
        f"{MADE}# Data\n",
        "What is loaded on a machine, with edition, window, rows and digest: `claimwright data list`.",
        "How a book is built from it: [book.md](book.md).\n",
        "## Tables that a user can add\n",
        *(f"- `claimwright data add {name} FILE`: {each.title}" for name, each in sorted(addable().items())),
        "\n## Tables without an importer in this release\n",
        *(f"- `{name}`: {what}" for name, what in sorted(NOT_LOADED.items())),
        "\n## Lexicons\n",
        "Our own tables, in `lexicons/`; they travel inside the wheel.\n",
        "| file | rows | reviewed | what it says |",
        "|---|---:|---|---|",
    ]
    for file in sorted((root / "lexicons").glob("*.yaml")):
        entry = read_lexicon(file)
        lines.append(f"| `{file.name}` | {len(entry.rows)} | {entry.reviewed} | {_cell(entry.says)} |")
    lines += [
        "\n## Citations\n",
        "One file for each source document, in `citations/`: its sections by title, "
        "with a short quotation or our own words.\n",
        "| file | document | issuer | editions | sections | cited by |",
        "|---|---|---|---|---:|---:|",
    ]
    for name, document in documents.items():
        editions = ", ".join(str(each["name"]) for each in document.get("editions") or []) or "that of the loaded table"
        citing = sum(any(each.startswith(f"{name}:") for each in rule.cites) for rule in rules.values())
        lines.append(
            f"| `{name}.yaml` | {_cell(document['title'])} | {document['issuer']} | {editions} "
            f"| {len(document.get('sections') or {})} | {citing} rules |"
        )
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text that does not end a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str] | None = None) -> int:
    """Write, or check and say what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Pages of docs/ that follow from code.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a page is not as generated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository (default: this one)")
    chosen = parser.parse_args(arguments)
    if chosen.check:
        wrong = problems(chosen.root)
        for line in wrong:
            print(line, file=sys.stderr)
        if wrong:
            print("Write them anew: make docs", file=sys.stderr)
        return int(bool(wrong))
    for name in write(chosen.root):
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
