"""The answers of policies as sections of sentences with numbered sources, in the words of one audience."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from claimwright.coverage.facts import QUESTION
from claimwright.coverage.select import DAY, PAYER, PLACE
from claimwright.model.asking import AnswerSection, Line, SectionedAnswer, Source, Understood
from claimwright.model.coverage import Coverage, CriterionAnswer, Item, Listed, PolicyAnswer, StatedFact, Supply
from claimwright.model.policy import Cite

SECTIONS = ("short", "appropriate", "documentation", "denials", "alternatives")
"""The sections of every answer, in their order; `editorial` stands behind them where there is guidance."""
LISTED = {
    Listed.LISTED: "listed",
    Listed.NOT_LISTED: "not listed",
    Listed.CONDITIONAL: "listed under a condition",
    Listed.NOT_LOADED: "list not loaded",
}
_MOST_FACTS = 8


class Wording:
    """The sentences of `lexicons/audience-words.yaml` for one audience."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], audience: str) -> None:
        self.audience = audience
        self._says = {str(row["key"]): str(row[audience]) for row in rows}

    def __call__(self, key: str, **words: Any) -> str:
        """The sentence of a key with its words put in."""
        return " ".join(self._says[key].format_map(words).split())


class Sources:
    """Numbers for the places that sentences rest on; the same place of a policy keeps its number."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, str], Source] = {}

    def cite(self, answer: PolicyAnswer, cite: Cite | None) -> tuple[int, ...]:
        """The number of a place in a policy's document; of its first document where no place is given."""
        source = next((each for each in answer.citations if cite and each.id == cite.source), None)
        if source is None:
            if not answer.citations:
                return ()
            source = answer.citations[0]
        locator = cite.section if cite and cite.source == source.id else "the document"
        key = (answer.policy, source.id, locator)
        if key not in self.found:
            self.found[key] = Source(
                len(self.found) + 1, source.title, source.publisher, source.url, locator, answer.policy, source.read
            )
        return (self.found[key].number,)

    def numbered(self, numbers: Iterable[int]) -> tuple[Source, ...]:
        """The sources of these numbers."""
        every = list(self.found.values())
        return tuple(every[number - 1] for number in sorted(set(numbers)))


class Composer:
    """Writes the sections of one answer."""

    def __init__(self, wording: Wording, says: Mapping[str, str], payers: Mapping[str, str]) -> None:
        """`says` are facts of the lexicon in words, `payers` the names of payers."""
        self.wording, self.says, self.payers, self.sources = wording, says, payers, Sources()

    def composed(
        self, understood: Understood, coverage: Coverage | None, differing: Sequence[Mapping[str, Any]], service: str
    ) -> SectionedAnswer:
        """Every section; the order of lines follows the answers, never a ranking of them."""
        answers = coverage.answers if coverage else ()
        lines: dict[str, list[Line]] = {"short": [*self._short(understood, coverage, differing, service)]}
        for name, of in (("appropriate", self._appropriate), ("documentation", self._documentation),
                         ("denials", self._denials), ("alternatives", self._alternatives)):  # fmt: skip
            lines[name] = [line for each in answers for line in self._of(each, of)]
            lines[name] = lines[name] or [Line(self.wording("nothing"))]
        editorial = coverage.editorial if coverage else ()
        if editorial:
            lines["editorial"] = [line for each in editorial for line in self._guidance(each)]
        asked = {"cover": "short", "frequency": "appropriate"}
        topics = {asked.get(each, each) for each in understood.asks}
        sections = tuple(self._section(name, found, name in topics) for name, found in lines.items())
        return SectionedAnswer(sections, tuple(self.sources.found.values()))

    def _section(self, name: str, lines: list[Line], asked: bool) -> AnswerSection:
        text = " ".join(cited(each) for each in lines)
        numbers = [number for each in lines for number in each.citations]
        return AnswerSection(
            name, self.wording(f"title-{name}"), asked, text, tuple(lines), self.sources.numbered(numbers)
        )

    # ---- the short answer ------------------------------------------------------------------------

    def _short(
        self, understood: Understood, coverage: Coverage | None, differing: Sequence[Mapping[str, Any]], service: str
    ) -> Iterator[Line]:
        if coverage is None or not coverage.answers:
            yield from self._none(understood, coverage, service)
        else:
            if coverage.conflict:
                yield Line(self.wording("conflict"))
            for answer in coverage.answers:
                yield self._verdict(answer)
                if answer.missing:
                    yield self._missing(answer)
            if coverage.supply:
                yield Line(self.wording("supply", topics="; ".join(each.topic for each in coverage.supply)))
        for each in understood.diagnoses:
            if each.ambiguous:
                others = ", ".join(f"{other.code} ({other.title})" for other in each.alternatives)
                yield Line(
                    self.wording(
                        "ambiguous", said=each.said or each.code, code=each.code, title=each.title, others=others
                    )
                )
        for one in differing:
            yield Line(self.wording("differs", code=one["code"], policy=one["policy"], verdict=one["verdict"],
                                    listed=LISTED[Listed(one["diagnosis_listed"])]), one["policy"])  # fmt: skip
        if not understood.diagnoses and understood.procedures:
            yield Line(self.wording("no-diagnosis"))

    def _none(self, understood: Understood, coverage: Coverage | None, service: str) -> Iterator[Line]:
        yield Line(self.wording("none"))
        if not service:
            yield Line(self.wording("no-service"))
        if understood.payer and not understood.payer_known:
            yield Line(self.wording("outside", said=understood.payer_name))
        loaded = coverage.not_selected if coverage else ()
        if loaded:
            payers: dict[str, list[str]] = {}
            for each in loaded:
                payers.setdefault(self.payers.get(each.payer, each.payer), []).append(each.policy)
            named = "; ".join(f"{payer} ({', '.join(policies)})" for payer, policies in payers.items())
            yield Line(self.wording("loaded", policies=named))
        elif service:
            yield Line(self.wording("not-loaded", service=service))
        if coverage and coverage.supply:
            topics = [f"{each.topic} (given: {each.given})" if _known(each) else each.topic for each in coverage.supply]
            yield Line(self.wording("supply", topics="; ".join(topics)))

    def _verdict(self, answer: PolicyAnswer) -> Line:
        text = self.wording(answer.verdict.value, policy=_named(answer), payer=answer.payer_name or answer.payer)
        text += " " + self.wording("reason", why=answer.why.rstrip("."))
        cites: list[Cite | None] = [cite for each in answer.diagnoses for cite in each.cites]
        if answer.criteria and answer.criteria.cite:
            cites.append(answer.criteria.cite)
        numbers = dict.fromkeys(number for cite in cites or [None] for number in self.sources.cite(answer, cite))
        return Line(text, answer.policy, tuple(numbers), None, answer.verdict.value, answer.diagnosis_listed.value)

    def _missing(self, answer: PolicyAnswer) -> Line:
        shown = [self._fact(answer, each) for each in answer.missing[:_MOST_FACTS]]
        more = len(answer.missing) - len(shown)
        facts = "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
        cite = answer.criteria.cite if answer.criteria else None
        return Line(self.wording("missing", facts=facts), answer.policy, self.sources.cite(answer, cite))

    def _fact(self, answer: PolicyAnswer, name: str) -> str:
        if name in self.says:
            return self.says[name]
        nodes = answer.criteria.walk() if answer.criteria else []
        return next((node.says.rstrip(". ") for node in nodes if node.id == name), name.replace("-", " "))

    # ---- the other sections ----------------------------------------------------------------------

    def _of(self, answer: PolicyAnswer, lines: Any) -> list[Line]:
        found = list(lines(answer))
        return found or [Line(self.wording("nothing-loaded", policy=_named(answer)), answer.policy)]

    def _appropriate(self, answer: PolicyAnswer) -> Iterator[Line]:
        if answer.criteria:
            yield from self._criteria(answer, answer.criteria, 0)
        yield from self._items(answer, answer.appropriate)
        yield from self._items(answer, answer.not_indicated)

    def _criteria(self, answer: PolicyAnswer, node: CriterionAnswer, depth: int) -> Iterator[Line]:
        """The tree down to the facts, each with its state."""
        rule = {"all": "all of these:", "any": "one of these:", "none": "none of these:"}.get(node.rule, "")
        if node.rule == "at_least":
            rule = f"at least {node.count} of these:"
        own = node.says.rstrip(". :")
        told = own.lower().endswith(("any of these", "all of these", "none of these"))
        says = f"{own}:" if told else f"{own}: {rule}" if rule and node.children else f"{own}."
        spans = [f'"{each.span.text}"{_only_asked(each)}' for each in node.facts if each.span]
        yield self._item(answer, says, node.cite, node.state.value, spans, depth)
        for child in node.children:
            yield from self._criteria(answer, child, depth + 1)

    def _documentation(self, answer: PolicyAnswer) -> Iterator[Line]:
        yield from self._items(answer, answer.documentation)

    def _denials(self, answer: PolicyAnswer) -> Iterator[Line]:
        yield from self._items(answer, answer.denial_risks)

    def _alternatives(self, answer: PolicyAnswer) -> Iterator[Line]:
        yield from self._items(answer, answer.alternatives)

    def _guidance(self, answer: PolicyAnswer) -> Iterator[Line]:
        state = answer.criteria.state.value if answer.criteria else "not-documented"
        cite = answer.criteria.cite if answer.criteria else None
        text = self.wording("guidance", policy=answer.policy, state=state.replace("-", " "))
        yield Line(text, answer.policy, self.sources.cite(answer, cite), state)
        for items in (answer.appropriate, answer.not_indicated, answer.documentation, answer.denial_risks,
                      answer.alternatives):  # fmt: skip
            yield from self._items(answer, items)

    def _items(self, answer: PolicyAnswer, items: Iterable[Item]) -> Iterator[Line]:
        for each in items:
            yield self._item(answer, each.says, each.cite, each.state, ())

    def _item(
        self,
        answer: PolicyAnswer,
        says: str,
        cite: Cite | None,
        state: str | None,
        spans: Sequence[str],
        depth: int = 0,
    ) -> Line:
        shown = self.wording(f"state-{state}") if state else ""
        proof = f" <- {', '.join(spans)}" if spans else ""
        key = "item-below" if depth else "item"
        text = self.wording(key, policy=answer.policy, says=says, state=f"{shown}{proof}")
        return Line(text, answer.policy, self.sources.cite(answer, cite), state, depth=depth)


def _only_asked(fact: StatedFact) -> str:
    return ", as asked" if fact.source == QUESTION else ""


def cited(line: Line) -> str:
    """A sentence with the numbers of its sources."""
    return line.text + "".join(f" [{number}]" for number in line.citations)


def _named(answer: PolicyAnswer) -> str:
    return f"{answer.policy} {answer.version}" if answer.version else answer.policy


def _known(supply: Supply) -> bool:
    """Was it given, other than by the codes that stand in the question?"""
    return supply.given is not None and supply.topic in (PAYER, PLACE, DAY)
