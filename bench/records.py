"""Full records from both sides, and what of them must be equal.

Two differences are the peer's and are named, not hidden: blocks that hold other blocks (T20-T32
around T20-T25) have no children in its tree, so a walk up misses their notes; and it glues the
second line of some seventh characters to the title. Equality is asserted on the rest, and every
note that the walk misses must stand word for word under that block in the peer's own data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimwright.book.record import CodeRecord

KINDS = ("excludes1", "excludes2")
_GLUED = re.compile(r"/\s.*", re.DOTALL)

Answer = dict[str, Any]


def theirs(codes: Iterable[str]) -> Iterator[Answer]:
    """Records of simple-icd-10-cm; it does not inherit Excludes, so the ancestors are walked."""
    import simple_icd_10_cm as cm

    for code in codes:
        line = _line(code, cm.get_ancestors(code))
        yield {
            "code": code,
            "title": cm.get_description(code),
            "parents": [name for name, _ in line[1:]],
            "children": cm.get_children(code),
            "excludes1": [text for name, block in line for text in cm.get_excludes1(name, block)],
            "excludes2": [text for name, block in line for text in cm.get_excludes2(name, block)],
            "includes": [text for name, block in line for text in cm.get_includes(name, block)],
            "code_first": cm.get_code_first(code, search_in_ancestors=True),
            "use_additional": cm.get_use_additional_code(code, search_in_ancestors=True),
            "code_also": cm.get_code_also(code, search_in_ancestors=True),
            "notes": cm.get_notes(code, search_in_ancestors=True),
            "inclusion_terms": cm.get_inclusion_term(code),
            "seventh_characters": cm.get_seven_chr_def(code, search_in_ancestors=True),
        }


def _line(code: str, ancestors: list[str]) -> list[tuple[str, bool]]:
    """The code and its ancestors; a name that comes twice is first a category, then its block."""
    names = [code, *ancestors]
    return [(name, at > 0 and name == names[at - 1]) for at, name in enumerate(names)]


def their_answer(record: Answer) -> Answer:
    """What both sides must agree on, from the peer's record."""
    return {
        "title": plain(_GLUED.sub("", record["title"])),
        "children": record["children"],
        "parents": record["parents"],
        "missed": [],
        **{kind: [plain(text) for text in record[kind]] for kind in KINDS},
    }


def our_answer(record: CodeRecord, parents: list[str]) -> Answer:
    """The same from ours; `missed` lists (holder, kind, text) of notes held by no parent that the peer knows."""
    held = {record.code, *parents}
    notes = [each for each in record.notes if each.kind in KINDS]
    return {
        "title": plain(record.title or ""),
        "children": [each.code for each in record.children],
        "parents": [each.code for each in record.parents if each.code in held],
        "missed": [(each.holder, each.kind, plain(each.text)) for each in notes if each.holder not in held],
        **{kind: [plain(each.text) for each in notes if each.kind == kind and each.holder in held] for kind in KINDS},
    }


def stands_there(code: str, holder: str, kind: str, text: str) -> bool:
    """Does the peer have this note under that block, and does the block's range hold the code?"""
    import simple_icd_10_cm as cm

    low, _, high = holder.partition("-")
    listed = (cm.get_excludes1 if kind == "excludes1" else cm.get_excludes2)(holder, prioritize_blocks=True)
    return low <= code[:3] <= high and text in map(plain, listed)


def plain(text: str) -> str:
    """Words with single blanks between them."""
    return " ".join(text.split())
