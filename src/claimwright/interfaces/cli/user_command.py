"""`claimwright user add|list|role|password|disable|enable|key|keys|revoke`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from claimwright.errors import InputError

if TYPE_CHECKING:
    from claimwright.editorial.database import Database

database_option: Callable[[Any], Any] = click.option(
    "--database",
    envvar="CLAIMWRIGHT_DATABASE",
    default="",
    metavar="URL",
    help="Editorial database, postgresql://... or sqlite:///...; a URL with a password belongs into "
    "the environment variable CLAIMWRIGHT_DATABASE. Default: SQLite under CLAIMWRIGHT_HOME.",
)
as_json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else."
)
ROLES = ("reader", "author", "reviewer", "admin")


@click.group("user")
def command() -> None:
    """Accounts of people who write and review articles, and keys of the HTTP API."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="reader", show_default=True, help="What the person may do.")
@database_option
def add(name: str, role: str, database: str) -> None:
    """Make an account.

    The password is asked for, or read from standard input; it is never an argument.
    """
    from claimwright.editorial import people
    from claimwright.editorial.states import Role

    opened = _open(database)
    made = people.add(opened, name, Role(role), _password(people.clean_name(name)))
    sys.stdout.write(f"{made.name} has an account as {made.role}\n")


@command.command("list")
@database_option
@as_json_option
def list_users(database: str, as_json: bool) -> None:
    """Everybody with an account."""
    from claimwright.editorial import people
    from claimwright.model import to_json

    found = people.users(_open(database))
    if as_json:
        told = [{"name": each.name, "role": each.role.value, "active": each.active} for each in found]
        sys.stdout.write(to_json({"users": told}) + "\n")
        return
    for each in found:
        sys.stdout.write(f"{each.name}: {each.role}{'' if each.active else ', disabled'}\n")
    if not found:
        sys.stdout.write("Nobody has an account: claimwright user add NAME --role admin\n")


@command.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@database_option
def set_role(name: str, role: str, database: str) -> None:
    """Give a person another role."""
    from claimwright.editorial import people
    from claimwright.editorial.states import Role

    changed = people.set_role(_open(database), name, Role(role))
    sys.stdout.write(f"{changed.name} is {changed.role} now\n")


@command.command("password")
@click.argument("name")
@database_option
def set_password(name: str, database: str) -> None:
    """Set another password.

    It is asked for, or read from standard input. The person's log-ins end.
    """
    from claimwright.editorial import people

    changed = people.set_password(_open(database), name, _password(name))
    sys.stdout.write(f"{changed.name} has another password\n")


@command.command("disable")
@click.argument("name")
@database_option
def disable(name: str, database: str) -> None:
    """Close an account: its log-ins end at once, its keys no longer work, its texts stay."""
    from claimwright.editorial import people

    sys.stdout.write(f"{people.set_active(_open(database), name, False).name} is disabled\n")


@command.command("enable")
@click.argument("name")
@database_option
def enable(name: str, database: str) -> None:
    """Open a closed account again."""
    from claimwright.editorial import people

    sys.stdout.write(f"{people.set_active(_open(database), name, True).name} is enabled\n")


@command.command("key")
@click.argument("name")
@click.option("--label", default="command line", show_default=True, help="What the key is for.")
@database_option
def key(name: str, label: str, database: str) -> None:
    """Make a key of the HTTP API for a person.

    Standard output is the key alone; it is shown this once.
    """
    from claimwright.editorial import sessions

    sys.stdout.write(sessions.new_key(_open(database), name, label) + "\n")


@command.command("keys")
@click.argument("name", default="")
@database_option
@as_json_option
def keys(name: str, database: str, as_json: bool) -> None:
    """The keys of a person, or of everybody; never the keys themselves."""
    from claimwright.editorial import sessions
    from claimwright.model import to_json

    found = sessions.keys(_open(database), name)
    if as_json:
        told = [
            {
                "key": each.id,
                "user": each.user,
                "label": each.label,
                "made": each.created.isoformat(),
                "revoked": each.revoked.isoformat() if each.revoked else None,
            }
            for each in found
        ]
        sys.stdout.write(to_json({"keys": told}) + "\n")
        return
    for each in found:
        state = f"revoked {each.revoked.date()}" if each.revoked else "in use"
        sys.stdout.write(f"{each.id}: {each.user}, {each.label}, made {each.created.date()}, {state}\n")


@command.command("revoke")
@click.argument("key", type=int)
@database_option
def revoke(key: int, database: str) -> None:
    """Make a key useless; KEY is its number in `user keys`."""
    from claimwright.editorial import sessions

    sessions.revoke_key(_open(database), key)
    sys.stdout.write(f"key {key} is revoked\n")


def _open(url: str) -> Database:
    from claimwright.editorial.database import Database, need_libraries

    need_libraries()
    return Database(url)


def _password(name: str) -> str:
    """Asked for twice on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True))
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise InputError("password", "is missing", "it on standard input, or a terminal to ask on")
    return given
