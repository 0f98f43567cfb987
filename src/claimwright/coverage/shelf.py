"""The policies of a book, made ready to judge when they are first asked for, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from claimwright.book.imported import MEDICARE
from claimwright.book.mcd import ARTICLE, HOW, MCD, loaded
from claimwright.book.store import Book
from claimwright.coverage.facts import Lexicon
from claimwright.coverage.prepared import Grounds, PreparedPolicy
from claimwright.model import Claim, NotEvaluated
from claimwright.model.policy import Cite, DiagnosisGroup, Policy, PolicySource, PolicyVersion, Services
from claimwright.sources.policy import Vocabulary


class PolicyShelf:
    """Prepared policies of one book."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._prepared: dict[int, PreparedPolicy] = {}

    @cached_property
    def grounds(self) -> Grounds:
        """What policies are read against."""
        policies = self.book.policies
        return Grounds(policies.place, policies.families, Lexicon(self.book.lexicon_rows("facts")))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What a user's policy may name; facts of its own too."""
        words = {name: each.says for name, each in self.grounds.lexicon.words.items()}
        return Vocabulary(words, self.grounds.families, strict=False)

    def of(self, policies: Sequence[Policy]) -> list[PreparedPolicy]:
        """These policies, made ready."""
        return [PreparedPolicy(each, self.grounds) for each in policies]

    def for_claim(self, claim: Claim, otherwise: date) -> list[PreparedPolicy]:
        """Policies of the book for the services of the claim's lines.

        Imported Medicare documents are among them for a claim to Medicare, with the texts in force on the
        days of the lines; `otherwise` is the date of service if the claim carries none.
        """
        codes = [line.code for line in claim.lines]
        days = sorted({line.date or claim.date_of_service(otherwise) for line in claim.lines})
        found = self.book.policies.for_services(codes, days, imported=_to_medicare(claim))
        return [self._kept(each) for each in found]

    def unloaded(self, claim: Claim) -> tuple[NotEvaluated, ...]:
        """What could answer for a claim to Medicare and is not loaded: its contractors' articles."""
        if not _to_medicare(claim) or not claim.lines or loaded(self.book, ARTICLE):
            return ()
        return (NotEvaluated("local coverage articles of Medicare's contractors", MCD, HOW),)

    def _kept(self, policy: Policy) -> PreparedPolicy:
        kept = self._prepared.get(id(policy))
        if kept is None or kept.source is not policy:
            if len(self._prepared) >= MOST_KEPT:
                self._prepared.clear()
            kept = self._prepared[id(policy)] = PreparedPolicy(policy, self.grounds)
        return kept


MOST_KEPT = 4096
"""Policies whose lists are kept ready."""


def _to_medicare(claim: Claim) -> bool:
    return claim.payer.id is not None and claim.payer.id.strip().lower() == MEDICARE


def list_policy(
    identity: str,
    title: str,
    services: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    version: str,
    starts: date | None,
    ends: date | None = None,
    noncovered: Mapping[str, Sequence[str]] | None = None,
    contractor: str | None = None,
    states: Sequence[str] | None = None,
    source: PolicySource | None = None,
    left_out: Sequence[str] = (),
    **more: Any,
) -> Policy:
    """A Medicare article of code lists as a policy: the door for rows of an imported document.

    `groups` and `noncovered` map group names to patterns of diagnosis codes without dots (`R252`, `G560-`).
    `more` are further fields of the version (`known_on`, `verified_on`, `review`).
    """
    read = source or PolicySource("document", title, "CMS")
    cite = Cite(read.id, "ICD-10 codes, group {}")
    lists = tuple(
        DiagnosisGroup(name, covered, tuple(codes), cite._replace(section=cite.section.format(name)))
        for covered, found in ((True, groups), (False, noncovered or {}))
        for name, codes in found.items()
    )
    text = PolicyVersion(
        version=version,
        starts=starts,
        ends=ends,
        services=Services(tuple(services)),
        review=more.pop("review", "draft"),
        completeness="partial" if left_out else "full",
        holds="codes" if lists else "neither",
        left_out=tuple(left_out),
        diagnoses=lists or None,
        **more,
    )
    return Policy(
        id=identity,
        title=title,
        kind="article",
        payer="medicare",
        payer_name="Medicare",
        versions=(text,),
        sources=(read,),
        contractor=contractor,
        states=tuple(states) if states is not None else None,
    )
