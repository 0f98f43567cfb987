"""Coverage policies, shipped and the user's own: each version as canonical JSON, with tables to find it by.

A policy that names a code which was billable on no day of its window, or a fact or family that no lexicon
has, does not enter the book.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from claimwright.book import home as homes
from claimwright.book.home import Input
from claimwright.book.parts import Addable, Entry, Part, Reading, insert
from claimwright.book.policies import dead_code, listed_codes
from claimwright.errors import RuleError
from claimwright.model.policy import Policy, PolicyVersion
from claimwright.sources.installed import shipped
from claimwright.sources.lexicon import lexicon
from claimwright.sources.policy import Vocabulary, read_policies, read_policy

TABLE = "policies"
OWN = "added by the user"
"""Origin of a file that a user added."""

SCHEMA = """
CREATE TABLE policy (id TEXT PRIMARY KEY, ordinal INTEGER, kind TEXT, payer TEXT, data TEXT) WITHOUT ROWID;
CREATE TABLE policy_version (
  policy TEXT, ordinal INTEGER, version TEXT, starts TEXT, ends TEXT, data TEXT, PRIMARY KEY (policy, ordinal)
) WITHOUT ROWID;
CREATE TABLE policy_service (code TEXT, policy TEXT, version TEXT, PRIMARY KEY (code, policy, version)) WITHOUT ROWID;
CREATE TABLE policy_diagnosis (
  code TEXT, policy TEXT, version TEXT, grp TEXT, covered INTEGER, conditional INTEGER,
  PRIMARY KEY (code, policy, version, grp, covered)
) WITHOUT ROWID;
CREATE TABLE policy_place (policy TEXT, contractor TEXT, state TEXT);
"""


def vocabulary(strict: bool) -> Vocabulary:
    """Facts and families of the shipped lexicons."""
    facts = {str(row["fact"]): str(row["says"]) for row in lexicon("facts").rows}
    return Vocabulary(facts, frozenset(str(row["family"]) for row in lexicon("service-families").rows), strict)


def _packaged() -> list[Input]:
    files = sorted(shipped(TABLE).rglob("*.yaml"), key=lambda file: file.name)
    return [Input(TABLE, file, "", "claimwright", "Apache-2.0") for file in files]


def _read(file: Path, release: date | None) -> Reading:
    """The user's file, read as `cover --policies` reads it; its codes against the book in use, if there is one."""
    found = read_policies(file, vocabulary(strict=False))
    book = homes.current(homes.home())
    if book is not None:
        with closing(sqlite3.connect(book / "book.sqlite")) as db:
            for policy in found:
                for version in policy.versions:
                    list(_diagnoses(db, policy, version, Input(TABLE, file, "", OWN, "")))
    return Reading(", ".join(f"{each.id} {each.versions[-1].version}" for each in found), len(found))


def _write(db: sqlite3.Connection, files: Sequence[Input], arrays: Path) -> list[Entry]:
    families = _families(db)
    entries: dict[str, Entry] = {}
    chosen: dict[str, tuple[Policy, Input]] = {}
    ours = vocabulary(strict=True)
    users = replace(ours, strict=False)
    for file in sorted(files, key=lambda each: (each.origin == OWN, each.added, each.path.name, each.sha256)):
        own = file.origin == OWN
        for policy in read_policies(file.path, users) if own else [read_policy(file.path, ours)]:
            before = chosen.get(policy.id)
            if before and not own:
                raise RuleError(f"{file.path.name}: the policy {policy.id} stands in {before[1].path.name} too")
            chosen[policy.id] = (policy, file)  # of a user's two files with one id the last added answers
    for ordinal, (policy, file) in enumerate(chosen[name] for name in sorted(chosen)):
        rows = _insert(db, ordinal, policy, file, families)
        names = ", ".join(each.version for each in policy.versions)
        first, last = policy.versions[0].starts, policy.versions[-1].ends
        # One entry a file: what a user adds may hold several policies.
        entry = entries.get(str(file.path))
        if entry:
            entries[str(file.path)] = Entry(
                TABLE, f"{entry.edition}; {policy.id} {names}", None, None, file.path.name, entry.rows + rows
            )
        else:
            entries[str(file.path)] = Entry(TABLE, f"{policy.id} {names}", first, last, file.path.name, rows)
    return list(entries.values())


def _families(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    found = db.execute("SELECT data FROM lexicon_row WHERE lexicon = 'service-families'").fetchall()
    rows = [json.loads(data) for (data,) in found]
    return {row["family"]: tuple(map(str, row["codes"])) for row in rows}


def _insert(
    db: sqlite3.Connection, ordinal: int, policy: Policy, file: Input, families: dict[str, tuple[str, ...]]
) -> int:
    head = {**msgspec.to_builtins(policy), "versions": []}
    insert(db, "policy", [(policy.id, ordinal, policy.kind, policy.payer, _canonical(head))])
    insert(db, "policy_place", ((policy.id, policy.contractor, state) for state in policy.states or ("",)))
    listed = 0
    for number, version in enumerate(policy.versions):
        codes = {*version.services.codes, *(code for name in version.services.families for code in families[name])}
        days = (_iso(version.starts), _iso(version.ends))
        data = _canonical(msgspec.to_builtins(version))
        insert(db, "policy_version", [(policy.id, number, version.version, *days, data)])
        insert(db, "policy_service", ((code, policy.id, version.version) for code in sorted(codes)))
        listed += insert(db, "policy_diagnosis", sorted(set(_diagnoses(db, policy, version, file))))
    return listed


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _diagnoses(
    db: sqlite3.Connection, policy: Policy, version: PolicyVersion, file: Input
) -> Iterator[tuple[Any, ...]]:
    """Every billable code of the version's lists; a pattern that had none on any day of the window is refused."""

    def rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return db.execute(sql, values).fetchall()

    for group, pattern, codes in listed_codes(version, rows):
        if not codes:
            raise dead_code(policy, version, pattern, file.path, users=file.origin == OWN)
        for code in codes:
            yield (code, policy.id, version.version, group.group, group.covered, group.conditional is not None)


PART = Part(
    tables=(TABLE,),
    schema=SCHEMA,
    write=_write,
    indexes="CREATE INDEX policy_of ON policy_diagnosis (policy, version, grp);\n",
    packaged=_packaged,
    addable=(Addable(TABLE, "your own coverage policies (YAML or JSON)", "the user's own", _read),),
)
