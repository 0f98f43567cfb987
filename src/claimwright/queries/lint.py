"""The checker: is a question to a provider free of everything that leads?

The rules are rows of `lexicons/query-rules.yaml`, with the public descriptions of the practice as their sources. What a
text cannot show (whether an answer is clinically supported, whether an indicator is true) is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from claimwright.model.query import BrokenRule, CheckedQuery
from claimwright.queries.text import QueryText, Sentence, diagnoses_in, read_text, stems
from claimwright.queries.words import lexicon, what

_YES = re.compile(r"yes\b.*", re.IGNORECASE)
_NO = re.compile(r"no\b(?:[,.;: ]*$|\s*,.*|\s*[-\u2013(].*)", re.IGNORECASE)
_CHOICE = re.compile(r"\bor\b|\bversus\b|\bvs\b", re.IGNORECASE)
_NOT = re.compile(r"\s*(?:no|not|without|non)\b", re.IGNORECASE)
_SHORTEST_QUESTION = 5
"""Words of a question that can only be answered by yes or no ("Hyponatremia?")."""

_FREE = re.compile(r"^\s*(?:\[ ?\]|[-*•☐□]|\(?[a-h1-9][.)])\s*", re.IGNORECASE)


def check_query(text: str, options: Sequence[str] = (), title: str = "", name: str | None = None) -> CheckedQuery:
    """Every broken rule of one question, each with the words that broke it, and the rules that it passed."""
    offered = tuple(_FREE.sub("", each, count=1).strip() for each in options)
    query = read_text(text, tuple(each for each in offered if each), title)
    broken: list[BrokenRule] = []
    for rule, test in _TESTS.items():
        row = lexicon()[rule]
        words = dict.fromkeys(_short(each) for each in test(query))
        broken += [BrokenRule(rule, row.says, each) for each in words]
    failed = {each.rule for each in broken}
    return CheckedQuery(name, not broken, tuple(broken), tuple(rule for rule in _TESTS if rule not in failed))


def passes(text: str, options: Sequence[str] = ()) -> tuple[str, ...] | None:
    """The names of all rules, if the question breaks none; else None."""
    checked = check_query(text, options)
    return checked.passed if checked.ok else None


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 120 else words[:117] + "..."


# ---- answers ------------------------------------------------------------------------------------------


def is_other(option: str) -> bool:
    """Does the answer say "other"?"""
    return lexicon()["other-words"].are(re.sub(r"\s*[\(:;,].*", "", option).strip())


def is_unable(option: str) -> bool:
    """Does the answer say that it cannot be told?"""
    return lexicon()["unable-words"].are(option.strip(" ."))


def _yes_no(query: QueryText) -> bool:
    return any(map(_YES.fullmatch, query.options)) and any(map(_NO.fullmatch, query.options))


def _substantive(query: QueryText) -> list[str]:
    seen: dict[str, str] = {}
    for each in query.options:
        if not is_other(each) and not is_unable(each):
            seen.setdefault(" ".join(each.lower().split()), each)
    return list(seen.values())


def _two_options(query: QueryText) -> Iterator[str]:
    if query.options and len(_substantive(query)) < 2:
        yield "; ".join(query.options)


def _not_one_diagnosis(query: QueryText) -> Iterator[str]:
    offered = [] if _yes_no(query) else [re.sub(r"\([^)]*\)", "", each) for each in _substantive(query)]
    if len(offered) < 2:
        return
    degree = lexicon()["degree-words"]
    bases = {frozenset(word for word in stems(each) if not degree.are(word)) | _denials(each) for each in offered}
    base = next(iter(bases))
    if len(bases) == 1 and base and diagnoses_in(offered[0]) and not query.documented(" ".join(base)):
        yield "; ".join(offered)


def _denials(option: str) -> frozenset[str]:
    """ "Infection without sepsis" is another answer than "infection with sepsis"."""
    return frozenset(each.lower() for each in re.findall(r"\b(?:no|not|without|non)\b", option, re.IGNORECASE))


def _other_offered(query: QueryText) -> Iterator[str]:
    if query.options and not _yes_no(query) and not any(map(is_other, query.options)):
        yield "; ".join(query.options)


def _unable_offered(query: QueryText) -> Iterator[str]:
    if query.options and not any(map(is_unable, query.options)):
        yield "; ".join(query.options)


def _preferred(query: QueryText) -> Iterator[str]:
    row = lexicon()["no-preferred-option"]
    for each in query.options:
        marked = re.search(r"[(\[*]\s*([^)\]]*)", each)
        if marked and row.found(marked[1]):
            yield each


# ---- indicators ---------------------------------------------------------------------------------------


def _no_indicators(query: QueryText) -> Iterator[str]:
    if not any(each.indicates for each in query.sentences):
        yield query.body


def _late_indicators(query: QueryText) -> Iterator[str]:
    for sentence in query.sentences:
        if sentence.indicates:
            return
        if sentence.asks:
            yield sentence.text
            return


# ---- what is said -------------------------------------------------------------------------------------


def _payment(query: QueryText) -> Iterator[str]:
    for found in lexicon()["no-payment"].hits(query.whole):
        yield found[0]


def _leading_title(query: QueryText) -> Iterator[str]:
    if not query.title:
        return
    held = stems(query.title)
    degree = lexicon()["degree-words"]
    for term in diagnoses_in(query.title):
        if not query.documented(term):
            yield query.title
            return
    for option in () if _yes_no(query) else _substantive(query):
        named = {word for word in stems(option) if not degree.are(word)}
        if named and named <= held and not _NOT.match(option) and not query.documented(option):
            yield query.title
            return


def _undocumented(query: QueryText, stretch: str) -> list[str]:
    """Diagnoses in the stretch that the text does not report as documented: by our list, or as an answer offered."""
    named = [term for term in diagnoses_in(stretch) if not query.documented(term)]
    held, degree = stems(stretch), lexicon()["degree-words"]
    for option in () if _yes_no(query) else _substantive(query):
        words = {word for word in stems(option) if not degree.are(word)}
        if words and words <= held and diagnoses_in(option) and not _NOT.match(option) and not query.documented(option):
            named.append(option)
    return named


def _reported(sentence: Sentence, at: int) -> bool:
    """Do the words at this offset stand in a quotation, or in a sentence that tells the record?"""
    return sentence.text.count('"', 0, at) % 2 == 1 or (sentence.reports and not sentence.asks)


def _as_fact(query: QueryText) -> Iterator[str]:
    row = lexicon()["no-diagnosis-as-fact"]
    for sentence in query.sentences:
        for found in row.hits(sentence.text):
            if _reported(sentence, found.start()) or _in_question(sentence, found):
                continue
            said = what(found)
            if _CHOICE.search(said) and re.match(r"(?:whether|if|which)\b", said):
                continue
            certain = "criteria" in found[0].lower() and not lexicon()["neutral-things"].found(said)
            if (certain and not query.documented(said)) or _undocumented(query, said):
                yield found[0]
        yield from _presumed(query, sentence)


def _in_question(sentence: Sentence, found: re.Match[str]) -> bool:
    """Is it what the sentence asks ("does the patient have", "is this") and not what it says before asking?"""
    before = sentence.text[: found.start()].lower().rstrip()
    return bool(re.search(r"(?:^|[,;:] )(?:do|does|did|is|are|was|were|could|would|can|whether|if)$", before))


def _presumed(query: QueryText, sentence: Sentence) -> Iterator[str]:
    """ "Please clarify the acute kidney injury": what is to be clarified is taken as there."""
    asked = re.search(
        r"\b(?:clarify|specify|choose|select|describe|provide|indicate)\b(?P<what>[^.;?!]*)", sentence.text, re.I
    )
    if not asked:
        return
    said = _unquoted(asked["what"])
    if _CHOICE.search(said) or re.match(r"\s*(?:whether|if)\b", said):
        return
    if [term for term in diagnoses_in(said) if not query.documented(term)]:
        yield asked[0]


def _unquoted(text: str) -> str:
    return re.sub(r"[\"“][^\"”]*[\"”]", " ", text)


def _yes_no_on_new(query: QueryText) -> Iterator[str]:
    closed = _yes_no(query)
    if not closed and len(_substantive(query)) > 1:
        return
    row, allowed = lexicon()["no-yes-no"], lexicon()["yes-no-allowed"]
    for sentence in query.sentences:
        text = _unquoted(sentence.text)
        if text.endswith("?") and len(text.split()) <= _SHORTEST_QUESTION and _new_in(query, text):
            yield sentence.text
        hits = list(row.hits(text))
        if not sentence.asks or not (hits or (closed and "?" in text)):
            continue
        asked = text if closed and not hits else " ".join(what(found) or found[0] for found in hits)
        if _CHOICE.search(asked) and not closed:
            continue
        new = [term for term in diagnoses_in(asked) if not query.documented(term)]
        about_report = re.search(r"\bfinding|\breport|\binterpretation", asked, re.I)
        if (new and not about_report) or (
            _of_patient(hits) and not new and not _known(query, asked, allowed.found(text))
        ):
            yield sentence.text


def _new_in(query: QueryText, text: str) -> bool:
    """Does it name one diagnosis, and one that is not documented?"""
    return not _CHOICE.search(text) and any(not query.documented(term) for term in diagnoses_in(text))


def _of_patient(hits: list[re.Match[str]]) -> bool:
    """Does it ask what the patient has, in words that our list of diagnoses may not know?"""
    return any(re.search(r"\b(?:patient|pt)\s+(?:\w+ly )?(?:have|has|had|in\b)", each[0], re.I) for each in hits)


def _known(query: QueryText, asked: str, allowed: str | None) -> bool:
    return allowed is not None or query.documented(asked) or not stems(asked)


def _command(query: QueryText) -> Iterator[str]:
    neutral, dictated = lexicon()["neutral-things"], lexicon()["dictated"]
    for sentence in query.sentences:
        text = _unquoted(sentence.text)
        for found in lexicon()["no-command"].hits(text):
            said = what(found).strip(" ,:")
            if not said or dictated.are(said) or re.match(r"that (?:it|the|this|he|she|they|there)\b|one\b", said):
                if said:
                    yield found[0]
                continue
            named = [term for term in diagnoses_in(said) if not query.documented(term)]
            dictates = named and not _CHOICE.search(said) and not re.match(r"(?:whether|if)\b", said)
            if dictates or not (named or neutral.found(said) or query.documented(said)):
                yield found[0]


def _pressure(query: QueryText) -> Iterator[str]:
    for found in lexicon()["no-pressure"].hits(query.whole):
        yield found[0]


_TESTS: dict[str, Callable[[QueryText], Iterator[str]]] = {
    "indicators-present": _no_indicators,
    "indicators-first": _late_indicators,
    "two-options": _two_options,
    "not-one-diagnosis": _not_one_diagnosis,
    "other-offered": _other_offered,
    "unable-to-determine-offered": _unable_offered,
    "no-preferred-option": _preferred,
    "no-payment": _payment,
    "no-leading-title": _leading_title,
    "no-diagnosis-as-fact": _as_fact,
    "no-yes-no": _yes_no_on_new,
    "no-command": _command,
    "no-pressure": _pressure,
}

RULES = tuple(_TESTS)
"""Names of the rules, in the order in which they are reported."""
