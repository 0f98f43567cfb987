"""Start a rule: `python -m tools.new_rule DX999 some-name` writes its module and its case file.

Refuses a code or a name that is taken, and never overwrites a file.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path

from claimwright.edits.registry import load_rules

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"DX": "diagnosis"}
"""Room of a rule by the first letters of its code."""

MODULE = '''"""{code} {name}."""

from __future__ import annotations

from claimwright.edits.conditions import in_effect, principal
from claimwright.edits.hit import Hit
from claimwright.edits.registry import rule, since
from claimwright.edits.relations import Membership
from claimwright.model import Authority, Finding, Fix, Severity


@rule(
    "{code}",
    relation=Membership((principal, in_effect)),
    severity=Severity.WARNING,
    authority=Authority.GUIDELINE,
    in_force=since("2015-10-01"),
    cites=(),
)
def {function}(hit: Hit) -> Finding | None:
    """One sentence: the fault, as it stands on a claim.

    ## What it checks
    Which diagnoses, against what, on which day.

    ## Why it matters
    What the official note, table or guideline says, and what happens to the claim.

    ## Example
    Two or three codes with their titles.

    ## How to fix
    The smallest change that clears it; a question where only the record can tell.
    """
    return hit.finding(
        f"{{hit.left.named}} ...",
        because=[],
        fix=Fix(say="..."),
    )
'''

CASES = """rule: {code}
cases:
  - name: A claim with the fault is flagged
    claim: {{date_of_service: 2025-11-15, diagnoses: []}}
    expect:
      - at: []
        message: ""

  - name: A claim close to it passes
    claim: {{date_of_service: 2025-11-15, diagnoses: []}}
    expect: []
"""


class Taken(Exception):
    """The rule cannot be started: its code or name is taken, or is not of the form."""


def start(code: str, name: str, root: Path = ROOT) -> list[Path]:
    """Write module and case file under `root`; the two paths. `Taken` says what stands in the way."""
    if not re.fullmatch(r"[A-Z]{2}\d{3}", code) or code[:2] not in PACKAGES:
        raise Taken(f"{code!r} is no code of a rule; expected {' or '.join(PACKAGES)} and three digits, such as DX206")
    function = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or keyword.iskeyword(function):
        raise Taken(f"{name!r} is no name of a rule; expected words that describe the fault, such as header-code")
    for each in load_rules().values():
        if code == each.code or name == each.name:
            raise Taken(f"{code if code == each.code else name} is taken: {each.code} {each.name} ({each.module})")
    package = PACKAGES[code[:2]]
    files = {
        root / "src" / "claimwright" / "edits" / package / f"{function}.py": MODULE,
        root / "tests" / "cases" / "edits" / package / f"{name}.yaml": CASES,
    }
    for file in files:
        if file.exists():
            raise Taken(f"{file.relative_to(root)} exists already")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(code=code, name=name, function=function), encoding="utf-8")
    return list(files)


def main(arguments: list[str] | None = None) -> int:
    """Parse, write, and say what comes next."""
    parser = argparse.ArgumentParser(prog="python -m tools.new_rule", description="Start a rule.")
    parser.add_argument("code", help="a free code, such as DX206")
    parser.add_argument("name", help="the fault in words, such as some-name")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository (default: this one)")
    chosen = parser.parse_args(arguments)
    try:
        written = start(chosen.code.upper(), chosen.name, chosen.root)
    except Taken as refusal:
        print(f"new_rule: {refusal}", file=sys.stderr)
        return 2
    for file in written:
        print(file.relative_to(chosen.root))
    print("Next: write the cases with the source open, then the relation and the words; make docs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
