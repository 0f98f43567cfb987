"""Questions that are codes: `R25.2`, `r252`, `S72`, `E11.4`, `R25-R29`, with a letter O typed for a zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from claimwright.model.codes import dotted, undotted

if TYPE_CHECKING:
    from claimwright.book.store import Book, NodeEntry

_SHAPE = re.compile(r"[A-Z][0-9O](?:[0-9A-Z]{0,5}|[0-9A-Z]\.[0-9A-Z]{0,4})\Z")
_BLOCK = re.compile(r"[A-Z][0-9O][0-9A-Z]-[A-Z][0-9O][0-9A-Z]\Z")
_BEGINS = 2
_EDGES = ".,;:-"


class CodeAnswer(NamedTuple):
    """What a question says in codes, and the words that remain.

    `unlisted` are codes that this edition does not have and another table does; `corrected` is the
    code that was meant when a letter O stood for a zero.
    """

    exact: tuple[NodeEntry, ...] = ()
    unlisted: tuple[str, ...] = ()
    below: tuple[NodeEntry, ...] = ()
    rest: str = ""
    corrected: str | None = None
    asked: str = ""


def code_answer(book: Book, edition: int, said: str, most: int) -> CodeAnswer:
    """The codes that `said` names; all of it remains as words when it names none."""
    exact: list[NodeEntry] = []
    unlisted: list[str] = []
    rest: list[str] = []
    fixed: list[str] = []
    words = said.split()
    for word in words:
        name, node = _place(book, edition, word)
        if node:
            exact.append(node)
        elif name:
            unlisted.append(name)
        else:
            rest.append(word)
        fixed.append(dotted(name) if name else word)
    corrected = _correction(words, fixed)
    if exact or unlisted:
        below = () if rest else tuple(entry for node in exact for entry in _under(book, node, most))
        return CodeAnswer(tuple(exact), tuple(unlisted), below[:most], " ".join(rest), corrected, " ".join(fixed))
    return _beginning(book, edition, said, most) if len(words) == 1 else CodeAnswer(rest=said)


def _spellings(word: str) -> list[str]:
    """The word as a code without its dot, and with the letter O read as zero; empty when it is none."""
    upper = word.upper().strip(_EDGES)
    if not (_SHAPE.match(upper) or _BLOCK.match(upper)) or not upper.isascii() or upper.isalpha():
        return []  # letters alone are a word, though an O may stand for a zero
    code = undotted(upper)
    zero = re.sub(r"(?<=[A-Z0-9])O", "0", code)
    return [code] if zero == code else [code, zero]


def _place(book: Book, edition: int, word: str) -> tuple[str, NodeEntry | None]:
    """(code, node) that a word names; ("", None) for a word that is no code."""
    spellings = _spellings(word)
    for code in spellings:
        node = book.node(edition, code)
        if node:
            return code, node
    for code in spellings:
        if len(code) > 2 and (book.registry(code) or any(book.node(each.number, code) for each in book.editions)):
            return code, None
    return "", None


def _correction(words: list[str], fixed: list[str]) -> str | None:
    """The question as read, when that is not only another way to write the same code."""
    plain = [[undotted(word.strip(_EDGES)) for word in each] for each in (words, fixed)]
    return None if plain[0] == plain[1] else " ".join(fixed)


def _under(book: Book, node: NodeEntry, most: int) -> list[NodeEntry]:
    """What is below a node in tabular order, codes made by a seventh character last."""
    sql = "SELECT pos FROM node WHERE edition = ? AND pos > ? AND pos < ? ORDER BY made, pos LIMIT ?"
    found = book.rows(sql, (node.edition, node.pos, node.stop, most))
    return [book.node_at(node.edition, pos) for (pos,) in found]


def _beginning(book: Book, edition: int, word: str, most: int) -> CodeAnswer:
    """Codes that begin with `word`, the shortest first."""
    for code in _spellings(word):
        sql = (
            "SELECT pos FROM node WHERE edition = ? AND code >= ? AND code < ? AND kind NOT IN ('chapter', 'block') "
            "ORDER BY length(code), pos LIMIT ?"
        )
        found = book.rows(sql, (edition, code, code + "~", most)) if len(code) >= _BEGINS else []
        if found:
            below = tuple(book.node_at(edition, pos) for (pos,) in found)
            corrected = _correction([word], [dotted(code)])
            return CodeAnswer(below=below, corrected=corrected, asked=f"{dotted(code)}-")
    return CodeAnswer(rest=word)
