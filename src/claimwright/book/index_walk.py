"""The walk through the Alphabetic Index: from a main term down, as far as words are evidenced.

A main term needs all its words in the phrase itself; a subterm may also be evidenced by the context. A
linkage (`with`, `due to`, `in`) is passed through. A `see` is followed from a term whose evidence holds
more than a site or a quality; `see also` likewise, as a second way. A term of which only some words are
evidenced is a place to stop at, never to go on from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from claimwright.book.index_evidence import Evidence
from claimwright.book.index_store import Document, IndexStore, Step, Term
from claimwright.book.index_words import CONDITION
from claimwright.sources.index_rows import DRUGS

MOST_JUMPS = 4
"""References followed one after the other."""
_LEAST_OF_CORE = 0.25
"""Share below which a main term is not looked at: its words before the comma weigh more."""
_MOST_STATES = 4000
_LEAST_OF_MAIN = 0.6
"""Share of a main term's weight that must be evidenced to stop at it."""
_THROUGH = 0
_WHOLE = 0.995


@dataclass(frozen=True, slots=True)
class State:
    """A place reached: its trail (main term first), what evidenced it, what it lacks.

    `said` and `aside` are places of words as bits (essential, nonessential); `missing` is the weight of
    essential words that nothing evidences; `pending` are stems that a reference brought along
    to `landed`, its place in the trail.
    """

    trail: tuple[Term, ...]
    said: int = 0
    aside: int = 0
    missing: float = 0.0
    missed: frozenset[int] = frozenset()
    firm: bool = False
    jumps: int = 0
    also: int = 0
    via: tuple[str, ...] = ()
    pending: frozenset[int] = frozenset()
    landed: int = 0
    code: str = ""

    @property
    def term(self) -> Term:
        """Where it stands."""
        return self.trail[-1]


class Walk:
    """One phrase on its way through the documents of a day."""

    def __init__(self, store: IndexStore, documents: Iterable[Document], evidence: Evidence) -> None:
        self._store, self._evidence = store, evidence
        self._documents = list(documents)
        self.see_also: dict[str, None] = {}
        """References offered on the way, in order."""

    def places(self) -> list[State]:
        """Every place reached, those that only lead on included."""
        reached: list[State] = []
        frontier, stops = self._main_terms()
        reached += stops
        self._spread(frontier, reached)
        best = max((weigh(state.said, self._evidence.weights) for state in reached), default=0.0)
        if best < self._evidence.total - 0.001:
            skipped, stops = self._skips([state for state in reached if not state.missing])
            reached += stops
            self._spread(skipped, reached)
        return reached

    def _spread(self, frontier: list[State], reached: list[State]) -> None:
        """Go on from every state of `frontier`; what is reached is added to `reached`."""
        seen: set[tuple[tuple[int, int], int, frozenset[int], bool]] = set()
        while frontier and len(reached) < _MOST_STATES:
            fresh = []
            for state in frontier:
                key = (state.term.key, state.said, state.pending, state.jumps > 0)
                if key not in seen:
                    seen.add(key)
                    fresh.append(state)
            reached += fresh
            further, stops = self._below(fresh)
            reached += stops
            frontier = further + [each for state in fresh for each in self._references(state)]

    # ---- down -----------------------------------------------------------------------------------

    def _main_terms(self) -> tuple[list[State], list[State]]:
        roots = [each.root for each in self._documents]
        steps = self._store.steps(roots, sorted(self._evidence.own))
        shares = _shares(steps)
        able = {node: share for (_, node), share in shares.items() if share >= _LEAST_OF_CORE}
        terms = self._store.terms(able)
        go, stop = [], []
        for node, share in able.items():
            term = terms[node]
            if share >= _WHOLE or self._core(term):
                go.append(self._arrive(State(()), term))
            elif share < _LEAST_OF_MAIN:
                continue
            elif not term.flags & CONDITION and self._kind(term) != DRUGS:
                state = self._arrive(State(()), term)
                if state.firm:
                    stop.append(state)
        return go, stop

    def _core(self, term: Term) -> bool:
        """Are all words before the comma said (`Fracture, traumatic`)?"""
        before = term.groups[: term.core]
        return bool(before) and all(any(stem in self._evidence.own for stem in group) for group in before)

    def _skips(self, states: list[State]) -> tuple[list[State], list[State]]:
        """Children's children that say something new, where the level between is not said: `pain [joint] knee`."""
        owner: dict[int, list[State]] = {}
        for state in states:
            if not state.term.column:
                owner.setdefault(state.term.number, []).append(state)
        found: dict[tuple[int, int], list[Step]] = {}
        for step in self._store.steps(sorted(owner), sorted(self._evidence.proofs), "index_skip"):
            found.setdefault((step.parent, step.node), []).append(step)
        terms = self._store.terms(node for _, node in found)
        between = self._store.terms(term.parent for term in terms.values())
        go: list[State] = []
        stop: list[State] = []
        for (parent, node), steps in found.items():
            for state in owner[parent]:
                over = self._arrive(state, between[terms[node].parent])
                if over.missing:
                    here: list[State] = []
                    self._step(over, terms[node], steps, here, stop)
                    go += [each for each in here if each.said & ~over.said]
        return go, stop

    def _below(self, states: list[State]) -> tuple[list[State], list[State]]:
        """Where the evidence leads from each state: places to go on from, and places to stop at."""
        owner: dict[int, list[State]] = {}
        for state in states:
            if not state.term.column:
                owner.setdefault(state.term.number, []).append(state)
        said = {_THROUGH, *self._evidence.proofs, *(stem for state in states for stem in state.pending)}
        found: dict[tuple[int, int], list[Step]] = {}
        for step in self._store.steps(sorted(owner), sorted(said)):
            found.setdefault((step.parent, step.node), []).append(step)
        terms = self._store.terms(node for _, node in found)
        go: list[State] = []
        stop: list[State] = []
        for (parent, node), steps in found.items():
            for state in owner[parent]:
                self._step(state, terms[node], steps, go, stop)
        for state in states:
            go += self._columns(state)
        return go, stop

    def _step(self, state: State, term: Term, steps: list[Step], go: list[State], stop: list[State]) -> None:
        mine = [step for step in steps if step.stem == _THROUGH or self._has(step.stem, state)]
        if not mine:
            return
        reached = self._arrive(state, term)
        share = sum({step.part: step.share for step in mine}.values())
        if not term.groups or share >= _WHOLE:
            go.append(reached)
        elif reached.said & ~state.said:  # it says something that the way here did not
            stop.append(reached)

    def _columns(self, state: State) -> Iterable[State]:
        term = state.term
        for column in self._store.columns(term):
            code = term.cells.get(column.number)
            groups, optional = self._store.column_need(column)
            if code and all(any(self._has(stem, state) for stem in group) for group in groups):
                named = replace(
                    term, title=column.words, code=code, see="", see_also="", references={}, groups=groups,
                    optional=optional, column=column.number, flags=0,
                )  # fmt: skip
                yield self._arrive(state, named)

    def _arrive(self, state: State, term: Term) -> State:
        """The state at a term below: evidence counted, what is lacking counted."""
        said, aside, missing, missed, firm = state.said, state.aside, state.missing, state.missed, state.firm
        for group in term.groups:
            best = self._best(group, state, said)
            if best is None:
                missing += min(self._store.weight(stem) for stem in group)
                missed |= {group[0]}
                continue
            stem, places = best
            said |= places
            firm = firm or not self._store.qualifies(stem)
        for stem in term.optional:
            for proof in self._evidence.proofs.get(stem, ()):
                aside |= proof.places
        return State(
            (*state.trail, term), said, aside, missing, missed, firm,
            state.jumps, state.also, state.via, state.pending, state.landed, state.code,
        )  # fmt: skip

    def _best(self, group: tuple[int, ...], state: State, said: int) -> tuple[int, int] | None:
        """(stem, places) of the proof of a group that says most that is new."""
        proofs = self._evidence.proofs
        listed = [(stem, proof.places) for stem in group for proof in proofs.get(stem, ())]
        if listed and (state.trail or any(stem in self._evidence.own for stem, _ in listed)):
            return max(listed, key=lambda each: (_weigh(each[1] & ~said, self._evidence.weights), -each[0]))
        brought = [stem for stem in group if stem in state.pending]
        return (brought[0], 0) if brought else None

    def _has(self, stem: int, state: State) -> bool:
        return stem in self._evidence.proofs or stem in state.pending

    def _kind(self, term: Term) -> str:
        return self._store.by_number[term.document].kind

    # ---- across ---------------------------------------------------------------------------------

    def _references(self, state: State) -> Iterable[State]:
        term = state.term
        if term.flags & CONDITION or term.column:
            return
        if term.see_also and state.firm and not state.jumps:
            self.see_also.setdefault(f"{_trail_text(state)}: see also {term.see_also}")
        if state.jumps >= MOST_JUMPS or not state.firm or state.missing:
            return
        for name, text in (("see", term.see), ("see also", term.see_also)):
            for reference in term.references.get(name, ()):
                yield from self._follow(state, f"{name} {text}", reference, name == "see also")

    def _follow(
        self, state: State, text: str, reference: tuple[int, tuple[int, ...], str], also: bool
    ) -> Iterable[State]:
        node, pending, code = reference
        jumped = replace(
            state, jumps=state.jumps + 1, also=state.also + also, via=(*state.via, text),
            pending=state.pending | set(pending), landed=len(state.trail),
        )  # fmt: skip
        if code:
            yield replace(jumped, code=code)
            return
        if any(each.number == node for each in state.trail):  # round in a circle
            return
        path: list[Term] = []
        at = node
        while at > 0:
            term = self._store.terms([at])[at]
            path.insert(0, term)
            at = term.parent
        # The reference itself names these terms: they need no words of the phrase, but may use them.
        said, aside = state.said, state.aside
        for term in path:
            for stem in (*(stem for group in term.groups for stem in group), *term.optional):
                for proof in self._evidence.proofs.get(stem, ()):
                    if stem in term.optional:
                        aside |= proof.places
                    else:
                        said |= proof.places
        yield replace(jumped, trail=(*state.trail, *path), said=said, aside=aside)


def _shares(steps: Iterable[Step]) -> dict[tuple[int, int], float]:
    """Weight of the evidenced parts of each child, 0 to 1; a part counts once."""
    parts: dict[tuple[int, int], dict[int, float]] = {}
    for step in steps:
        parts.setdefault((step.parent, step.node), {})[step.part] = step.share
    return {key: sum(found.values()) for key, found in parts.items()}


def _weigh(places: int, weights: tuple[float, ...]) -> float:
    out, at = 0.0, 0
    while places:
        if places & 1:
            out += weights[at]
        places >>= 1
        at += 1
    return out


def weigh(places: int, weights: tuple[float, ...]) -> float:
    """Weight of the words at `places` (bits)."""
    return _weigh(places, weights)


def _trail_text(state: State) -> str:
    return " > ".join(term.title for term in state.trail)
