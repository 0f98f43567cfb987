"""Which policies answer for a claim: by service, payer, jurisdiction, setting and date of service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from claimwright.coverage.prepared import PreparedPolicy
from claimwright.model import Claim, NotEvaluated, Payer, undotted
from claimwright.model.coverage import NotSelected, Supply
from claimwright.model.policy import Policy, PolicyVersion

PROCEDURE = "procedure"
PAYER, PLACE, DAY, POLICY = "payer", "state or MAC jurisdiction", "date of service", "a policy for this procedure"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A policy that answers, the version in force on `day` (None: no loaded one is), and the services asked about.

    `in_force` None: whether the text was in force on that day was not read.
    """

    policy: PreparedPolicy
    version: PolicyVersion | None
    in_force: bool | None
    day: date
    services: frozenset[str]
    diagnoses: tuple[str, ...]
    modifiers: frozenset[str]


@dataclass(slots=True)
class Selection:
    """Policies that answer, those for the procedure that do not, and whether the jurisdiction is open."""

    chosen: list[Chosen] = field(default_factory=list)
    refused: list[NotSelected] = field(default_factory=list)
    place_open: bool = False


def select(policies: Iterable[PreparedPolicy], claim: Claim, otherwise: date, given: bool) -> Selection:
    """The policies among these that answer for the claim.

    `given`: the policies were handed over with the claim. Then a claim without payer asks them all.
    """
    out = Selection()
    for each in policies:
        asked = list(_asked(each, claim, otherwise))
        if not asked:
            continue
        why = _not_for(each.source, claim.payer, given, out)
        asked, places = _in_setting(asked, claim)
        why = places if why is None and not asked else why
        if why is None and each.source.imported and not any(one.version for one in asked):
            why = _not_in_force(each.source, asked[0].day)
        if why is None:
            out.chosen += asked
        elif why:
            out.refused.append(NotSelected(each.source.id, each.source.payer, why))
    return out


def _not_for(policy: Policy, payer: Payer, given: bool, out: Selection) -> str | None:
    """Why a policy does not answer for this payer and place; "" where it is not worth saying, None if it does."""
    if policy.editorial:
        return None
    if payer.id is None:
        return None if given else "the claim names no payer"
    if not _pays(policy, payer.id):
        return ""
    if policy.contractor is None and policy.states is None:
        return None
    if policy.imported and policy.states is not None:
        return _not_served(policy, payer, out)
    # The contractor decides where both know it: states change hands, and a facility may stay with its own.
    if policy.contractor is not None and payer.mac is not None:
        return None if _same_contractor(policy.contractor, payer.mac) else ""
    if policy.states is not None and payer.state is not None:
        return None if payer.state.upper() in policy.states else ""
    if payer.mac is None and payer.state is None:
        out.place_open = True
        return None
    return "its states are not loaded: give the MAC" if payer.mac is None else "its MAC is not loaded: give the state"


def _not_served(policy: Policy, payer: Payer, out: Selection) -> str | None:
    """As `_not_for`, of an imported document: the export tells every state of its contractors, and since when.

    So both must fit where both are known; a contractor has documents for one of its jurisdictions alone.
    """
    if payer.mac is not None and not any(_same_contractor(each, payer.mac) for each in policy.contractors):
        return ""
    if payer.state is not None and payer.state.strip().upper() not in (policy.states or ()):
        return "" if payer.mac is None else f"its contractor does not serve {payer.state.strip().upper()} with it"
    if payer.mac is None and payer.state is None:
        out.place_open = True
    return None


def _not_in_force(policy: Policy, day: date) -> str:
    """Of an imported document: between which days it was in force."""
    loaded = policy.versions
    if loaded[0].starts and day < loaded[0].starts:
        return f"its first loaded version is in force from {loaded[0].starts}, after {day}"
    return f"no version is in force on {day}: its last loaded day is {loaded[-1].ends}"


def _in_setting(asked: list[Chosen], claim: Claim) -> tuple[list[Chosen], str]:
    """The versions that are for the claim's setting, and which settings the others are for."""
    setting = claim.setting.value
    for_it = [each for each in asked if not (each.version and each.version.places) or setting in each.version.places]
    places = dict.fromkeys(place for each in asked if each.version for place in each.version.places)
    return for_it, f"it is for setting {' or '.join(places)}, not {setting}"


def _pays(policy: Policy, payer: str) -> bool:
    return _name(payer) in (_name(policy.payer), _name(policy.payer_name or policy.payer))


def _name(payer: str) -> str:
    """A payer's name however it is written: lower case, blanks and hyphens alike."""
    return "-".join(payer.lower().replace("-", " ").split())


def _same_contractor(one: str, other: str) -> bool:
    """WPS and WPS Government Health Administrators are one contractor."""
    mine, yours = ("".join(each.lower().split()) for each in (one, other))
    return bool(mine and yours) and (mine.startswith(yours) or yours.startswith(mine))


def _asked(policy: PreparedPolicy, claim: Claim, otherwise: date) -> Iterator[Chosen]:
    """The policy once for every version that the days of the lines fall into."""
    days: dict[date, list[int]] = {}
    for index, line in enumerate(claim.lines):
        days.setdefault(line.date or claim.date_of_service(otherwise), []).append(index)
    seen: dict[str | None, Chosen] = {}
    for day in sorted(days):
        version, in_force = _version(policy.source, day)
        texts = [policy.version(version)] if version else policy.versions()
        lines = [claim.lines[index] for index in days[day]]
        served = frozenset().union(*(text.services for text in texts))
        lines = [line for line in lines if line.code.strip().upper() in served]
        if not lines:
            continue
        name = version.version if version else None
        before = seen.get(name)
        pointed = {pointer for line in lines for pointer in line.pointers}
        if any(not line.pointers for line in lines):
            pointed = set(range(1, len(claim.diagnoses) + 1))
        diagnoses = tuple(undotted(claim.diagnoses[each - 1].code) for each in sorted(pointed))
        seen[name] = Chosen(
            policy,
            version,
            in_force,
            before.day if before else day,
            frozenset(line.code.strip().upper() for line in lines) | (before.services if before else frozenset()),
            tuple(dict.fromkeys((*(before.diagnoses if before else ()), *diagnoses))),
            frozenset(each for line in lines for each in line.modifiers)
            | (before.modifiers if before else frozenset()),
        )
    yield from seen.values()


def _version(policy: Policy, day: date) -> tuple[PolicyVersion | None, bool | None]:
    """The version of a day, and whether it is in force then: yes, or not known (its effective date was not read)."""
    unsure = None
    for each in policy.versions:
        state = each.on(day)
        if state:
            return each, True
        if state is None:
            unsure = each
    return unsure, None if unsure else False


def supplies(
    claim: Claim, selection: Selection, assumed: bool, given: bool, unloaded: Sequence[NotEvaluated] = ()
) -> list[Supply]:
    """What to supply: all that decides where no policy answers, else what would narrow the answers down.

    `unloaded` is what is not loaded and could answer.
    """
    answered = any(not each.policy.source.editorial for each in selection.chosen)
    payer = claim.payer
    place = ", ".join(each for each in (payer.state, payer.mac) if each) or None
    day = str(claim.service_from or claim.service_to) if not assumed else None
    out = []
    if not claim.lines:
        out.append(Supply(PROCEDURE, "the service: a line with its code", None))
    if not answered:
        out.append(Supply(PAYER, "who pays: coverage is a rule of one payer", payer.id))
    if not answered or selection.place_open:
        out.append(Supply(PLACE, "the state, or the Medicare contractor: local rules differ", place))
    if not answered or assumed:
        out.append(Supply(DAY, "the date of service: it decides which version of a policy applies", day))
    if not answered:
        codes = ", ".join(sorted({line.code for line in claim.lines})) or None
        says = "a policy that covers the procedure: none that is loaded answers for this payer, place and setting"
        says += "".join(f"; load {each.rule}: {each.how}" for each in unloaded)
        out.append(Supply(POLICY, says, f"asked for {codes}" if codes else None))
    return out
