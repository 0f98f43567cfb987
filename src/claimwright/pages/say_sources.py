"""Statements and their sources: citations, review states, coverage conclusions, empty sections, old editions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from claimwright.book import msdrg
from claimwright.book.statements import sections_on
from claimwright.errors import InputError
from claimwright.pages.desk import DANGLING, STALE, UNSUPPORTED, WRONG, Desk, Statement, shown, stems
from claimwright.pages.source import Source
from claimwright.pages.text import HEADING, ITEM, LABEL, PROSE, ROW, Block

# ---- citations --------------------------------------------------------------------------------------

_REFERENCES = re.compile(
    r"^\W*(?:references?|sources?|citations?|bibliography|works cited|literature)\W*$", re.IGNORECASE
)
_BRACKETS = re.compile(r"(?<![\w\]\[(!])\[(\d{1,3}(?:\s*[,\u2013-]\s*\d{1,3})*)\](?![\](:])")
_TRAILING = re.compile(r"(?<=[a-z)\]\u201d\"])\s(\d{1,2}(?:\s?,\s?\d{1,2})*)\s?(?=[.:;]?\s*\Z|[.]\s)")
_NUMBERED = re.compile(r"\A\s*(?:\[?(\d{1,3})[\].)]|\((\d{1,3})\))\s")
_LABELS = re.compile(
    r"\A(?:guideline|research|article|study|review|website|book|report|policy|trial|reference|web|journal|manual)s?\Z",
    re.I,
)
_RESOLVES = re.compile(
    r"https?://|\bdoi\b|\b10\.\d{4,}/|\bpmid\b|\bpmc\d|\bisbn\b|\bissn\b|\bncd\b[\s-]*\d"
    r"|\blcd\b[\s-]*l?\d|\b[la]\d{5}\b|\bcfr\b"
    r"|\bcg-[a-z]+-\d+\b|\bcpb[\s-]*\d+|\b[0-9a-f]{12,}\b"
    r"|\bfy ?20\d\d\b|\bv\d{2}(?:\.\d)?\b|\bsection\s+[ivx]+\."
    r"|\b(?:edition|version|transmittal|chapter)\s+[\w.]*\d|\b\d+\(\d+\):\d+"
    r"|\b\d+:\d+[-\u2013]\d+|\bedition 20\d\d|\bedition\b.{0,20}\b20\d\d",
    re.IGNORECASE,
)
_UNDATED = re.compile(r"\b(?:current|latest|newest|most recent)\s+(?:version|edition|release|update)\b", re.IGNORECASE)
_FEW_TRAILING = 3
_PUBLISHED = "the text itself"


def _itself(place: str) -> Source:
    return Source("article", _PUBLISHED, None, None, place)


def citations(desk: Desk) -> Iterator[Statement]:
    """Marks without an entry, and entries by which nobody can find the source."""
    blocks = desk.text.blocks
    at = next(
        (n for n, each in enumerate(blocks) if each.kind == HEADING and _REFERENCES.match(each.text)), len(blocks)
    )
    head = blocks[at] if at < len(blocks) else None
    body = [*blocks[:at], *_after(blocks, at)]
    entries = _entries(blocks, at) if head else []
    known = {number for number, _, _ in entries}
    marked = list(_marks(body, bool(head)))
    for block, place, numbers in marked:
        lost = [each for each in numbers if each not in known]
        if lost:
            names = ", ".join(f"[{each}]" for each in lost)
            have = f"the list of references has {len(known)}" if head else "there is no list of references"
            sentence = next((s for o, s in block.sentences() if o <= place < o + len(s)), block.text)
            where = _itself(f"line {head.line}" if head else "no references")
            yield Statement(
                block.line_at(place),
                shown(sentence),
                DANGLING,
                f"citation {names} has no entry; {have}",
                where,
                "citations",
            )
    for number, line, text in entries:
        if _UNDATED.search(text):
            fact = f"reference {number} names no edition: what is current changes every quarter"
            yield Statement(line, shown(text), DANGLING, fact, _itself(f"line {line}"), "citations")
        elif not _RESOLVES.search(text):
            fact = f"reference {number} has no address, identifier or edition by which it could be found"
            yield Statement(line, shown(text), DANGLING, fact, _itself(f"line {line}"), "citations")


def _after(blocks: list[Block], at: int) -> list[Block]:
    """What follows the references: blocks below the next heading of its rank that is not part of the list."""
    if at >= len(blocks):
        return []
    rank, sure = blocks[at].rank, blocks[at].sure
    for index in range(at + 1, len(blocks)):
        each = blocks[index]
        if each.kind == HEADING and each.rank <= rank and sure and each.sure:
            return blocks[index:]
    return []


def _marks(blocks: list[Block], has_list: bool) -> Iterator[tuple[Block, int, list[int]]]:
    trailing: list[tuple[Block, int, list[int]]] = []
    for block in blocks:
        for found in _BRACKETS.finditer(block.text):
            yield block, found.start(), _numbers(found[1])
        if block.kind in (ITEM, PROSE):
            trailing += [(block, found.start(1), _numbers(found[1])) for found in _TRAILING.finditer(block.text)]
    # Bare numbers at the end of sentences are marks only where many of them stand over a list of references.
    if has_list and len(trailing) >= _FEW_TRAILING:
        yield from trailing


def _numbers(text: str) -> list[int]:
    out: list[int] = []
    for piece in re.split(r"\s*,\s*", text.strip()):
        ends = [int(each) for each in re.findall(r"\d+", piece)]
        out += range(ends[0], min(ends[-1], ends[0] + 50) + 1) if ends else []
    return out


def _entries(blocks: list[Block], at: int) -> list[tuple[int, int, str]]:
    """(number, line, text) of the list of references: numbered, with labels, or one a paragraph."""
    rest = blocks[at + 1 :]
    stop = len(rest) - len(_after(blocks, at))
    rest = [each for each in rest[:stop] if each.text.strip()]
    raw = [(each, _NUMBERED.match(each.text)) for each in rest]
    if any(found for _, found in raw):
        return [(int(found[1] or found[2]), each.line, each.text) for each, found in raw if found]
    labels = [index for index, each in enumerate(rest) if _LABELS.match(each.text)]
    if len(labels) > 1 and labels[0] == 0:
        bounds = [*labels, len(rest)]
        return [_gathered(number, rest[low:high]) for number, (low, high) in enumerate(pairwise(bounds), 1)]
    items = [each for each in rest if each.kind in (ITEM, ROW)] or [each for each in rest if each.kind == PROSE]
    return [(number, each.line, each.text) for number, each in enumerate(items, 1)]


def _gathered(number: int, blocks: list[Block]) -> tuple[int, int, str]:
    """An entry under a label: the label, a title, and one line that names where it appeared."""
    kept: list[Block] = []
    for each in blocks:
        kept.append(each)
        if len(kept) > 1 and re.search(r"\b(?:19|20)\d\d\b", each.text):
            break
    told = kept[1:] or kept
    return number, told[0].line, ". ".join(each.text.rstrip(".") for each in told)


# ---- review states ----------------------------------------------------------------------------------

_STATES = (
    (
        "pending",
        re.compile(
            r"\b(?:pending (?:human |medical |editorial |expert )?review|awaiting review|not (?:yet )?reviewed"
            r"|unreviewed)\b",
            re.I,
        ),
    ),
    ("under review", re.compile(r"\A\W*(?:under|in) review\W*\Z|\b(?:currently|is) under review\b", re.I)),
    ("submitted", re.compile(r"\A\W*submitted\W*\Z|\bstatus\s*:\s*submitted\b", re.I)),
    ("draft", re.compile(r"\A\W*draft\W*\Z|\bstatus\s*:\s*draft\b", re.I)),
    ("approved", re.compile(r"\A\W*(?:approved|published)\W*\Z|\bstatus\s*:\s*approved\b", re.I)),
    (
        "reviewed",
        re.compile(
            r"\b(?:articles?|pages?|content|text)\b[^.]{0,30}\b(?:is|are|was|were|has been|have been)\s+(?:\w+\s+)?"
            r"(?:reviewed|approved)\b|\b(?:medically|clinically) reviewed by\b",
            re.I,
        ),
    ),
)  # fmt: skip


def states(desk: Desk) -> Iterator[Statement]:
    """More than one review state on one page."""
    found: list[tuple[str, Block]] = []
    for block in desk.text.blocks:
        name = next((name for name, form in _STATES if form.search(block.text)), None)
        if name:
            found.append((name, block))
    names = list(dict.fromkeys(name for name, _ in found))
    if len(names) < 2:
        return
    where = "; ".join(f"line {block.line}: {name}" for name, block in found[:8])
    for _, block in found:
        fact = f"a page has one review state; this one shows {len(names)}: {where}"
        yield Statement(block.line, shown(block.text), WRONG, fact, _itself(where), "states")


# ---- coverage ---------------------------------------------------------------------------------------

_PAYERS = (
    r"(?:medicare(?! code| severity| claims? edit)(?: (?:advantage|part [a-d]))?|medicaid|cms|tricare|aetna|anthem"
    r"|cigna|humana|united ?healthcare|blue cross|insurance(?: compan(?:y|ies))?|insurers?|payers?|(?:health )?plans?"
    r"|carriers?|macs?)"
)
_CONCLUDES = re.compile(
    r"\b(?:(?P<no>(?:not|never|n't|rarely|non)[\s-]*(?:be\s+|generally\s+|typically\s+|considered\s+|routinely\s+)*"
    r"(?:covered|medically necessary|reimbursed|reimbursable)(?![-\w])"
    rf"|{_PAYERS}\b[^.;:]{{0,30}}?\b(?:(?:do|does|will|would)(?: not|n't)|never|rarely)\s+(?:\w+ly\s+)?"
    r"(?:cover|covers|pay|pays|reimburse|reimburses)\b)"
    rf"|(?P<pays>{_PAYERS}\s+(?:(?:will|would|usually|generally|typically|normally|routinely|always|often|also|fully)\s+)*"
    r"(?:covers?|pays?(?: for)?|reimburses?)\s+(?!(?:the\s+)?(?:rules?|topics?|chapters?|articles?|pages?)\b)"
    rf"|(?:is|are|be)\s+(?:paid|reimbursed|covered)\s+(?:for\s+)?by\s+(?:\w+\s+){{0,2}}?{_PAYERS})"
    r"|(?P<yes>covered (?:indication|diagnos[ei]s|service|benefit|when|if|for|by|under)"
    r"|(?:is|are|be|fully|generally|typically) covered"
    r"|(?:considered|deemed) medically necessary|(?:is|are) medically necessary\s+(?:for|when|if|in)\b"
    r"|reimbursable|will be (?:paid|reimbursed))"
    r"|(?P<deny>(?:result|lead|end)s? in (?:a )?denial|will (?:likely )?be denied|(?:is|are|be) (?:likely )?denied)"
    r"|(?P<needs>(?:insurance )?coverage\b.{0,80}?\brequires?\b"
    r"|(?:payers?|insurers?|insurance)\b.{0,40}?\brequires?\b))",
    re.IGNORECASE,
)
_POLICY = re.compile(r"\b(?:NCD|LCD|CPB)[\s-]*[\d.L]+|\b[LA]\d{5}\b|\bCG-[A-Z]+-\d+\b|\bCFR\b", re.IGNORECASE)
_PAYER = re.compile(r"\b(?:insur|payer|medicare|medicaid|health plan|plans?\b|test(?:ing|s)\b)", re.IGNORECASE)
_QUESTION = "coverage is a question of policy, version, place and day"
_ASKS = re.compile(
    r"\b(?:whether|(?:ask|check|see|verify|confirm|know|learn|find out|unclear)\s+(?:\w+\s+){0,3}(?:if|that|which"
    r"|what|why))\s[^.;]{0,40}\Z",
    re.IGNORECASE,
)
_HOW_COVERED = re.compile(
    r"covered in (?:chapter|section|this)|covered (?:above|below|earlier|later|entity)", re.IGNORECASE
)


def coverage(desk: Desk) -> Iterator[Statement]:
    """Conclusions on coverage without a payer's policy, or against the loaded one that is named."""
    for block in desk.text.blocks:
        if block.kind == HEADING:
            continue
        for at, sentence in block.sentences():
            found = _CONCLUDES.search(sentence)
            if not found or sentence.rstrip().endswith("?") or _HOW_COVERED.search(sentence):
                continue
            if _ASKS.search(sentence[: found.start()]):
                continue
            if not (desk.subject or desk.in_text(sentence) or _PAYER.search(sentence)):
                continue
            verdict, fact, source = _covered(desk, block, sentence, found)
            if verdict:
                yield Statement(block.line_at(at + found.start()), shown(sentence), verdict, fact, source, "coverage")


def _covered(desk: Desk, block: Block, sentence: str, found: re.Match[str]) -> tuple[str, str, Source | None]:
    codes = [each.code for each in desk.in_text(sentence) if each.kind == "exact"] or [desk.about(block) or ""]
    policies = {each.policy: each for each in desk.book.policies.listing(codes[0], desk.day)} if codes[0] else {}
    named = next(
        (each for each in desk.book.policies.ids if re.search(rf"\b{re.escape(each)}\b", block.text, re.IGNORECASE)),
        None,
    )
    if named:
        return _named_policy(desk, named, codes[0], found)
    if document := _POLICY.search(block.text):
        desk.lacks("coverage", f"policy {document[0]}", "claimwright data add policy FILE")
        source = Source("policies", f"{len(desk.book.policies.ids)} loaded", None, None)
        return UNSUPPORTED, f"the policy named here ({document[0]}) is not loaded", source
    covered = {name: each for name, each in policies.items() if each.listed == "covered" and each.in_force is not False}
    denies = bool(found["no"] or found["deny"])
    if denies and covered and codes[0]:
        names = ", ".join(sorted(covered))
        fact = (
            f"no payer policy is named; {len(covered)} loaded policies list {codes[0]} as a covered diagnosis "
            f"({names}); {_QUESTION}"
        )
        first = covered[sorted(covered)[0]]
        return (
            WRONG,
            fact,
            Source("policies", f"{first.policy} {first.version}", first.starts, first.ends, f"group {first.group}"),
        )
    names = ", ".join(sorted(covered))
    listed = (
        f"; {len(covered)} loaded policies list {codes[0]} ({names}), and a list is not coverage" if covered else ""
    )
    source = Source("policies", f"{len(desk.book.policies.ids)} loaded", None, None)
    return UNSUPPORTED, f"a conclusion on coverage names no payer's policy; {_QUESTION}{listed}", source


def _named_policy(desk: Desk, name: str, code: str, found: re.Match[str]) -> tuple[str, str, Source | None]:
    try:
        policy = desk.book.policies.get(name)
    except InputError:
        return "", "", None
    last = policy.versions[-1]
    source = Source("policies", f"{policy.id} {last.version}", last.starts, last.ends)
    listed = [each for each in desk.book.policies.listing(code, desk.day) if each.policy == policy.id] if code else []
    if not any(each.diagnoses for each in policy.versions):
        desk.lacks("coverage", f"the diagnosis list of {policy.id}", "claimwright data add policy FILE")
        return (
            UNSUPPORTED,
            f"of {policy.id} no diagnosis list is loaded: it cannot be said whether it names {code or 'the diagnosis'}",
            source,
        )
    says_yes = bool(found["yes"] or found["pays"])
    if says_yes and code and not any(each.listed != "noncovered" for each in listed):
        return WRONG, f"{policy.id} does not list {code}", source
    if found["no"] and any(each.listed == "covered" for each in listed):
        return WRONG, f"{policy.id} lists {code} as covered (group {listed[0].group})", source
    return "", "", None


# ---- shape ------------------------------------------------------------------------------------------

_CLINICAL = re.compile(
    r"\b(?:pathophysiolog|pathogenesis|mechanism|clinical (?:presentation|features?|picture|course)"
    r"|epidemiolog|prognosis|symptoms and signs)",
    re.I,
)
_STATES_SOMETHING = 5


def empty(desk: Desk) -> Iterator[Statement]:
    """A heading or label with nothing under it."""
    blocks = desk.text.blocks
    for at, each in enumerate(blocks):
        if each.kind != HEADING:
            continue
        following = blocks[at + 1] if at + 1 < len(blocks) else None
        if following is None:
            hollow = each.sure or each.rank == LABEL
        elif following.kind != HEADING:
            hollow = False
        elif each.rank == LABEL:
            hollow = following.rank == LABEL
        else:
            hollow = following.rank <= each.rank and following.sure and (each.sure or following.rank < each.rank)
        opens = at == 0 and (each.rank == 1 or not each.sure)
        if hollow and not (opens or _REFERENCES.match(each.text)):
            yield Statement(
                each.line, shown(each.text), UNSUPPORTED, "the section is empty", _itself(f"line {each.line}"), "empty"
            )


def clinical(desk: Desk) -> Iterator[Statement]:
    """Clinical text without a citation."""
    for block in desk.text.body:
        near = [each.text for each in block.above if each.rank < LABEL][-1:] + [each.text for each in block.above[-1:]]
        if block.kind == ROW or not any(_CLINICAL.search(each) for each in near):
            continue
        words = re.findall(r"[A-Za-z]{2,}", block.text)
        if len(words) < _STATES_SOMETHING or _BRACKETS.search(block.text) or _TRAILING.search(block.text):
            continue
        if block.text.endswith(":") or re.search(r"\bno (?:cited )?source\b", block.text):
            continue
        yield Statement(
            block.line,
            shown(block.text),
            UNSUPPORTED,
            "a clinical statement without a citation",
            _itself(f"line {block.line}"),
            "clinical",
        )


# ---- editions and guidelines ------------------------------------------------------------------------

_FISCAL = re.compile(r"\bFY\s?(20\d\d|\d\d)\b")
_PAST = re.compile(
    r"\b(?:was|were|added|deleted|revised|expanded|introduced|new in|new for|since|began|became|changed|effective|until"
    r"|before|through)\b",
    re.IGNORECASE,
)
_GROUPER = re.compile(
    r"\b(?:MS-DRG|Definitions Manual|grouper)\b[^.;\n]{0,40}?"
    r"\bv(?:ersion )?\s?(\d\d(?:\.\d)?)\b(?!\s*(?:to|-|\u2013)\s*v?\d)",
    re.IGNORECASE,
)


def editions(desk: Desk) -> Iterator[Statement]:
    """A text that speaks for a fiscal year, or a grouper version, that has ended on the day."""
    year = desk.day.year + (desk.day.month >= 10)
    cited = str((desk.book.citation(_GUIDELINES, "II.A", desk.day) or {}).get("edition", ""))
    found = [
        (block, each)
        for block in desk.text.blocks
        for each in _FISCAL.finditer(block.text)
        # The guidelines in the edition that is loaded are cited rightly whatever the day.
        if not ("guidelines" in block.text.lower() and each[0].replace(" ", "") == cited)
    ]
    years = [int(each[1]) if len(each[1]) == 4 else 2000 + int(each[1]) for _, each in found]
    told: set[int] = set()
    for (block, each), said in zip(found, years, strict=True):
        line = block.line_at(each.start())
        sentence = next((s for at, s in block.sentences() if at <= each.start() < at + len(s)), block.text)
        # What a year brought stays true; a text that also speaks for the year of the day is not of an old one.
        if max(years) >= year or line in told or (_PAST.search(sentence) and len(years) > 1):
            continue
        told.add(line)
        fact = f"services on {desk.day} fall into fiscal year {year}; FY{said} ended on {said}-09-30"
        yield Statement(line, shown(sentence), STALE, fact, desk.tabular(), "editions")
    version = msdrg.version_on(desk.book, desk.day)
    for block in desk.text.blocks:
        for each in _GROUPER.finditer(block.text):
            if re.search(r"\bto v?\s?\Z|[-\u2013]\s?v?\Z", block.text[: each.start(1)]):
                continue
            if version and not _same_version(version.name, each[1]):
                source = Source("msdrg", version.name, version.window.starts, version.window.ends)
                fact = f"MS-DRG {version.name} is in force on {desk.day}"
                sentence = next((s for at, s in block.sentences() if at <= each.start() < at + len(s)), block.text)
                yield Statement(block.line_at(each.start()), shown(sentence), STALE, fact, source, "editions")


def _same_version(name: str, said: str) -> bool:
    mine = name.lstrip("v")
    return mine == said or ("." not in said and mine.split(".")[0] == said)


_SECTION = re.compile(r"\bSections?\s+([IVX]+(?:\.[A-Za-z0-9]{1,3})*)\b")
_PRINCIPAL = re.compile(r"\bprincipal\b", re.IGNORECASE)
_GUIDELINES = "icd10cm-guidelines"


def guidelines(desk: Desk) -> Iterator[Statement]:
    """A rule on the principal diagnosis ascribed to a section of the guidelines that does not speak of it."""
    ruling = sections_on(desk.book, _GUIDELINES, "principal diagnosis")
    for block in desk.text.blocks:
        if block.kind == HEADING or not ruling or not _PRINCIPAL.search(block.text):
            continue
        for found in _SECTION.finditer(block.text):
            section = found[1].rstrip(".")
            if any(each == section or each.startswith(f"{section}.") for each, _, _ in ruling):
                continue
            known = desk.book.citation(_GUIDELINES, section, desk.day)
            if known is None:
                continue
            about = Counter(stems(block.text))
            best = max(ruling, key=lambda each: sum(1 for word in set(stems(f"{each[1]} {each[2]}")) if about[word]))
            cited = desk.book.citation(_GUIDELINES, best[0], desk.day) or {}
            fact = (
                f'Section {section} ("{known["title"]}") does not rule on the principal diagnosis; '
                f'Section {best[0]} does: "{best[2]}"'
            )
            source = Source(_GUIDELINES, str(cited.get("edition", "")), None, None, best[0])
            sentence = next((s for o, s in block.sentences() if o <= found.start() < o + len(s)), block.text)
            yield Statement(block.line_at(found.start()), shown(sentence), WRONG, fact, source, "guidelines")


_OUTPATIENT = re.compile(r"\b(?:(?i:outpatient|emergency|clinic|office|urgent care|ambulatory)|ED|ER)\b")


def uncertain(desk: Desk) -> Iterator[Statement]:
    """A diagnosis that is only likely, coded outside the inpatient setting."""
    terms = [word for row in desk.book.lexicon_rows("uncertain-diagnosis") for word in row.get("words", ())]
    if not terms:
        return
    form = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, terms), key=len, reverse=True))})\b", re.IGNORECASE)
    cited = desk.book.citation(_GUIDELINES, "IV.H", desk.day)
    for block in desk.text.body:
        mentions = desk.mentions(block)
        found = form.search(block.text)
        if block.kind != ITEM or not found or not mentions or mentions[0].kind != "exact" or mentions[0].start > 4:
            continue
        if not _OUTPATIENT.search(block.under) or re.search(r"\binpatient\b", block.above[-1].text, re.IGNORECASE):
            continue
        if re.search(r"\b(?:not|never|don't)\s+(?:be\s+)?(?:code|assign|report)", block.text, re.IGNORECASE):
            continue
        fact = (
            f'"{found[0]}": outside the inpatient setting an uncertain diagnosis is not coded (Guidelines IV.H); '
            "the certain finding is"
        )
        source = Source(_GUIDELINES, str((cited or {}).get("edition", "")), None, None, "IV.H")
        yield Statement(block.line, shown(block.text), WRONG, fact, source, "uncertain")
