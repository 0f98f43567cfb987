"""The command line. Sub-commands load when they are called, so that `show` starts fast."""

from __future__ import annotations

import gc
import os
import re
import sys
from importlib import import_module

import click

from claimwright import __version__
from claimwright.errors import ClaimwrightError

COMMANDS = {
    "articles": "The articles people write: their states, and whether their facts still hold.",
    "ask": "A plain question on coverage, answered for each policy with its sources.",
    "bench-claims": "Write synthetic claims made of the loaded codes.",
    "check": "Check a claim against the notes and tables in force on its date of service.",
    "cover": "What each coverage policy says of a claim, and the facts that are missing.",
    "data": "List, add, build and verify the tables that answers come from.",
    "diff": "What changed between two editions of the tabular list.",
    "group": "The MS-DRG of an inpatient claim, why, and what one change would give.",
    "lint-article": "Statements of any text that the loaded data contradict or cannot support.",
    "mcp": "The Model Context Protocol server, for agents.",
    "policies": "The catalogue of coverage policies.",
    "policy": "One coverage policy: its versions, lists and criteria.",
    "read": "What a note states, and the codes it may support.",
    "query": "Questions to the clinician that do not lead, and a check of questions.",
    "risk": "The CMS-HCC risk score of a person's diagnoses, and why.",
    "rule": "One rule's page.",
    "rules": "The catalogue of rules.",
    "scan": "Check files of claims by the million, and write the findings.",
    "search": "Find codes by words, by a code or by the beginning of one.",
    "serve": "The web application and the HTTP API.",
    "show": "The reference page of a code, category, block or chapter.",
    "user": "Accounts of people who write and review articles, and keys of the HTTP API.",
}
"""Every sub-command and its first line of help; module `claimwright.interfaces.cli.<name>_command`."""


_COLLECT_AFTER = 20_000
"""New objects before the collector looks for cycles; Python's 700 makes it look dozens of times for a look-up."""


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for a name that is not one."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"claimwright.interfaces.cli.{cmd_name.replace('-', '_')}_command").command
        assert isinstance(command, click.Command)  # noqa: S101 - narrows the type
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="claimwright")
def cli() -> None:
    """Offline answers, with proof, about US medical codes and claims."""


def main() -> None:
    """Run the command line; every failure is one sentence and an exit code (2 input, 3 data)."""
    # Imports make no garbage worth looking for, and a process about to end none worth finding.
    gc.set_threshold(_COLLECT_AFTER)
    try:
        code = cli.main(prog_name="claimwright", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except ClaimwrightError as error:
        fail(str(error), error.exit_code)
    except click.exceptions.Abort:
        fail("stopped", 2)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.UsageError as error:
        hint = f" See: {error.ctx.command_path} --help" if error.ctx else ""
        fail(f"{error.format_message()}{hint}", 2)
    except click.ClickException as error:
        fail(error.format_message(), 2)
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing more to say, and nothing went wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError:
        fail("not enough memory for this input; split it into smaller files", 2)
    except KeyboardInterrupt:
        fail("stopped", 130)
    finally:
        gc.freeze()


def fail(sentence: str, code: int) -> None:
    """One sentence on standard error, and the exit code; an endless word of it (a name, a value) is cut."""
    sentence = re.sub(r"\S{200,}", lambda found: f"{found[0][:100]}\u2026{found[0][-20:]}", sentence)
    click.echo(f"claimwright: {sentence}", err=True)
    sys.exit(code)
