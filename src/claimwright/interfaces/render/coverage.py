"""Coverage answers as text: each policy by itself, what is missing first, then its criteria with their marks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from claimwright.model.coverage import (
    Coverage,
    CriterionAnswer,
    Determination,
    Item,
    Listed,
    NeededFact,
    PolicyAnswer,
    State,
    StatedFact,
)
from claimwright.model.policy import Cite

WIDTH = 80
_MOST_SETS = 4
"""Sets of facts that are printed; the JSON has all."""

VERDICTS = {
    Determination.SUPPORTED: "SUPPORTED",
    Determination.NOT_SUPPORTED: "NOT SUPPORTED",
    Determination.INSUFFICIENT: "INSUFFICIENT DOCUMENTATION",
    Determination.NOT_ADDRESSED: "NOT ADDRESSED",
}
"""A verdict as it is printed."""
_KINDS = {"lcd": "LCD", "ncd": "NCD"}
_MARKS = {State.MET: "[+]", State.NOT_MET: "[-]", State.NOT_DOCUMENTED: "[?]"}
STATES = {State.MET: "met", State.NOT_MET: "not met", State.NOT_DOCUMENTED: "not documented"}
"""A state of a criterion in words."""
LISTED = {
    Listed.LISTED: "listed",
    Listed.NOT_LISTED: "not listed",
    Listed.CONDITIONAL: "listed under a condition",
    Listed.NOT_LOADED: "list not loaded",
}
"""Where a diagnosis stands, in words."""


def coverage_text(coverage: Coverage, width: int = WIDTH, bold: bool = False) -> str:
    """The answers in lines of at most `width` columns."""
    lines = [*_wrap(_head(coverage), "", width, 2)]
    for answer in coverage.answers:
        lines += ["", *_answer(answer, width, bold)]
    for each in coverage.supply:
        given = f" (given: {each.given})" if each.given else ""
        lines += _wrap(f"Supply {each.topic}: {each.says}{given}.", "  > ", width)
    if len(coverage.answers) > 1 and coverage.next_facts:
        lines += ["", "Facts that settle most"]
        for fact in coverage.next_facts[:8]:
            policies = ", ".join(fact.policies)
            lines += _wrap(f"{fact.id} ({fact.says}), {fact.needed}: {policies}", "  > ", width)
    if coverage.editorial:
        lines += ["", *_wrap("Guidance of an editor, no payer's rule:", "", width)]
        for answer in coverage.editorial:
            lines += ["", *_answer(answer, width, bold)]
    lines += _foot(coverage, width)
    return "\n".join(lines) + "\n"


def _head(coverage: Coverage) -> str:
    name = f"Claim {coverage.claim}" if coverage.claim else "Claim"
    day = f"date of service {coverage.date_of_service}" + (", assumed" if coverage.date_assumed else "")
    services = ", ".join(coverage.procedures) or "no service"
    if not coverage.answers:
        return f"{name}: {services}, {day}: NO POLICY ANSWERS."
    number = len(coverage.answers)
    head = f"{name}: {services}, {day}: {number} polic{'y answers' if number == 1 else 'ies answer'}"
    return head + (", and they differ. Each stands by itself." if coverage.conflict else ".")


def _answer(answer: PolicyAnswer, width: int, bold: bool) -> Iterator[str]:
    version = f" version {answer.version}" if answer.version else ""
    first, *rest = _wrap(f"{answer.policy}{version}: {VERDICTS[answer.verdict]}", "", width, 2)
    yield f"\x1b[1m{first}\x1b[0m" if bold else first
    yield from rest
    yield from _wrap(about(answer), "  ", width)
    yield from _wrap(_sentence(answer.why), "  ", width)
    if answer.note:
        yield from _wrap(answer.note, "  ", width)
    if answer.missing:
        yield from _sets(answer, width)
    groups = ", ".join(dict.fromkeys(group for each in answer.diagnoses for group in each.groups))
    where = f" (group {groups})" if groups else ""
    yield from _wrap(f"Diagnosis: {LISTED[answer.diagnosis_listed]}{where}", "  ", width)
    for each in answer.diagnoses:
        if each.condition:
            yield from _wrap(f"{each.code}: {each.condition}", "    ", width)
    if answer.criteria:
        yield "  Criteria"
        yield from _tree(answer.criteria, answer, 2, width)
    yield from _items("Documentation", answer.documentation, answer, width)
    yield from _items("Why it would be denied", answer.denial_risks, answer, width)
    yield from _items("Alternatives", answer.alternatives, answer, width)
    yield from _items("Appropriate", answer.appropriate, answer, width)
    yield from _items("Not indicated", answer.not_indicated, answer, width)
    for other in answer.related if answer.source == "imported" else ():
        kind = _KINDS.get(other.relation, other.relation)
        yield from _wrap(f"Related {kind}: {other.policy}, {other.says}", "  ", width)
    for left in answer.left_out:
        yield from _wrap(f"Not loaded of this policy: {left}", "  ! ", width)
    for source in answer.citations:
        parts = (source.publisher, source.url, f"read {source.read}" if source.read else "", source.note)
        yield from _wrap(", ".join((source.title, *filter(None, parts))), f"  [{source.number}] ", width)


def about(answer: PolicyAnswer) -> str:
    """Title, payer, places, days, completeness and review state in one sentence."""
    window = ""
    if answer.version:
        known = f"a day not read, known on {answer.known_on}," if answer.known_on else "a day not read"
        starts = str(answer.starts) if answer.starts else known
        window = f"in force {starts} to {answer.ends or 'open'}"
    states = answer.jurisdiction.get("states")
    parts = [answer.title, answer.payer_name or answer.payer, answer.jurisdiction.get("contractor") or ""]
    parts += [" ".join(states) if states else "", window, f"{answer.completeness}, {answer.review}"]
    return "; ".join(filter(None, dict.fromkeys(parts))) + "."


def _sets(answer: PolicyAnswer, width: int) -> Iterator[str]:
    """What would turn the answer, the shortest way first: one fact alone, several together, then every id."""
    yield "  Missing"
    alone = [one[0] for one in answer.missing_sets if len(one) == 1]
    together = sorted((one for one in answer.missing_sets if len(one) > 1), key=len)
    if alone:
        yield from _wrap("one of these is enough:" if len(alone) > 1 else "this is enough:", "  ? ", width)
        for each in alone:
            yield from _wrap(needed_words(each), "    - ", width)
    for one in together[:_MOST_SETS]:
        yield from _wrap(f"together enough: {'; and '.join(map(needed_words, one))}", "  ? ", width)
    more = len(together) - _MOST_SETS
    if more > 0 or answer.more_missing_sets:
        ways = "more ways" if answer.more_missing_sets else f"{more} more {'way' if more == 1 else 'ways'}"
        yield f"    and {ways}"
    yield from _wrap(f"ids: {', '.join(answer.missing)}", "    ", width, 2)


def needed_words(fact: NeededFact) -> str:
    """A fact that is missing, and as what."""
    needed = "" if fact.needed == "present" else f" ({fact.needed.replace('-', ' ')})"
    return f"{_stripped(fact.says)}{needed}"


def _tree(node: CriterionAnswer, answer: PolicyAnswer, depth: int, width: int) -> Iterator[str]:
    lead = f"{'  ' * depth}{_MARKS[node.state]} "
    said = "; ".join(filter(None, (_fact(each) for each in node.facts)))
    reason = f", {node.reason}" if node.reason else ""
    proof = f" <- {said}" if said else ""
    yield from _wrap(
        f"{_stripped(node.says)}: {STATES[node.state]}{reason}{proof}{_cited(node.cite, answer)}", lead, width
    )
    for child in node.children:
        yield from _tree(child, answer, depth + 1, width)


def _fact(fact: StatedFact) -> str:
    if fact.span:
        return f'{fact.source}: "{" ".join(fact.span.text.split())}"'
    value = f" {fact.value}" if fact.value is not None else ""
    return f"{fact.source}: {fact.id} {fact.status}{value}"


def _items(title: str, items: Sequence[Item], answer: PolicyAnswer, width: int) -> Iterator[str]:
    if not items:
        return
    yield f"  {title}"
    for each in items:
        state = f" [{each.state.replace('-', ' ')}]" if each.state else ""
        yield from _wrap(f"{each.says}{state}{_cited(each.cite, answer)}", "    - ", width)


def _cited(cite: Cite | None, answer: PolicyAnswer) -> str:
    """The number of a source in the answer's list."""
    number = next((each.number for each in answer.citations if cite and each.id == cite.source), None)
    return f" [{number}]" if number else ""


def _foot(coverage: Coverage, width: int) -> Iterator[str]:
    yield ""
    for each in coverage.not_selected:
        if coverage.answers or each.why != "the claim names no payer":
            yield from _wrap(f"{each.policy} ({each.payer}) does not answer: {each.why}", "  ", width)
    if coverage.unknown_facts:
        yield from _wrap(
            f"Facts that no policy and no lexicon knows: {', '.join(coverage.unknown_facts)}.", "  ! ", width
        )
    for lacking in coverage.not_evaluated:
        yield from _wrap(f"Not evaluated: {lacking.rule} (lacks {lacking.missing}): {lacking.how}", "  ", width)
    yield from _wrap(coverage.disclaimer, "  ", width)


def _stripped(text: str) -> str:
    """Words that more words follow: without the full stop."""
    return text.rstrip(". ")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def _wrap(text: str, lead: str, width: int, hanging: int = 0) -> list[str]:
    blank = " " * (len(lead) + hanging)
    return textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=blank, break_on_hyphens=False) or [lead]


# ---- Markdown ---------------------------------------------------------------------------------------


def coverage_markdown(coverage: Coverage) -> str:
    """The answers as Markdown: a heading for each policy, the criteria as a nested list."""
    lines = [f"# Coverage: {', '.join(coverage.procedures)}", "", _head(coverage), ""]
    for answer in (*coverage.answers, *coverage.editorial):
        version = f" {answer.version}" if answer.version else ""
        lines += [f"## {answer.policy}{version}: {VERDICTS[answer.verdict].lower()}", "", about(answer), ""]
        lines += [_sentence(answer.why), "", f"Diagnosis: {LISTED[answer.diagnosis_listed]}.", ""]
        if answer.missing:
            lines += [f"**Missing:** {', '.join(answer.missing)}", ""]
        if answer.criteria:
            lines += [*_markdown_tree(answer.criteria, answer, 0), ""]
        for title, items in (
            ("Documentation", answer.documentation),
            ("Why it would be denied", answer.denial_risks),
            ("Alternatives", answer.alternatives),
        ):
            if items:
                lines += [f"### {title}", "", *(f"- {each.says}{_cited(each.cite, answer)}" for each in items), ""]
        lines += [f"{answer.note}\n"] if answer.note else []
        lines += [f"{each.number}. {each.title}{f', <{each.url}>' if each.url else ''}" for each in answer.citations]
        lines.append("")
    lines += [f"- Supply {each.topic}: {each.says}." for each in coverage.supply]
    return "\n".join([*lines, "", coverage.disclaimer, ""])


def _markdown_tree(node: CriterionAnswer, answer: PolicyAnswer, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}- {_stripped(node.says)}: **{STATES[node.state]}**{_cited(node.cite, answer)}"
    for child in node.children:
        yield from _markdown_tree(child, answer, depth + 1)
