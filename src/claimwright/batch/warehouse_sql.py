"""Rules as SQL (DuckDB), generated from the relation that each rule declares.

A rule is a query of one line a finding: `claim`, and the positions of what it is about. `SETUP` makes the three
tables that the queries join from a table `claims`: every claim with its deciding day and edition, every diagnosis and
every procedure with its state on that day. What a word of a condition means there is said in `WORDS`, once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import NamedTuple

from claimwright.edits.frame import CLAIM, DIAGNOSIS, PROCEDURE
from claimwright.edits.registry import EXTRA_TABLES, Rule
from claimwright.edits.relations import Membership, OneOf, Pair, Relation
from claimwright.edits.told import (
    ALL_HITS,
    EITHER,
    EVERY,
    FIRST_RELATED,
    NOT,
    UNLESS_BESIDE,
    UNLESS_RELATED,
    Form,
    form_of,
)
from claimwright.model import Setting

SETUP = """\
-- Claims with their deciding day and edition, and what stands on them: made of a table or view `claims`
-- (setting, diagnoses, and where there are any id, service_from, service_to, age, sex, procedures, discharge_status).
create or replace temp table cw_claim as
select stated.*, by_day.edition
from (
  select
    row_number() over () as claim, id, setting, coalesce(sex, 'U') as sex, age,
    nullif(trim(discharge_status::varchar), '') as status,
    cast(case when setting = 'inpatient' then coalesce(service_to, service_from)
              else coalesce(service_from, service_to) end as date) as day,
    diagnoses, procedures
  from (
    select null as id, null as service_from, null as service_to, null as age, null as sex, null as discharge_status,
      null as procedures
    where false
    union all by name select * from claims
  )
) stated
join edition_day by_day on stated.day between by_day.starts and by_day.ends;

create or replace temp table cw_stated as
select
  claim, setting, sex, age, day, edition, len(diagnoses) as diagnoses,
  generate_subscripts(diagnoses, 1) as position,
  upper(replace(trim(coalesce(json_extract_string(to_json(unnest(diagnoses)), '$.code'), unnest(diagnoses)::varchar)),
    '.', '')) as code
from cw_claim;

-- A text that no registry lists is a heading, the stem of codes with a seventh character, or unknown: by its
-- longest beginning that the edition's tree has.
create or replace temp table cw_odd as
with odd as (
  select distinct stated.edition, stated.code from cw_stated stated
  left join code on code.code = stated.code where code.code is null
), cut as (
  select edition, code, left(code, length) as part, length from odd, (select unnest([3, 4, 5, 6, 7]) as length)
), beginning as (
  select cut.edition, cut.code, max_by(node.stem, cut.length) as stem
  from cut join node on node.edition = cut.edition and node.code = cut.part and node.placed group by all
)
select
  odd.edition, odd.code,
  case
    when own.exact and not own.leaf and not own.stem then 'heading'
    when own.code is not null and coalesce(own.stem, false) then 'stem'
    when own.code is null and coalesce(beginning.stem, false) then 'stem'
    else 'unknown'
  end as kind
from odd
left join node own on own.edition = odd.edition and own.code = odd.code
left join beginning on beginning.edition = odd.edition and beginning.code = odd.code;

create or replace temp table cw_diagnosis as
select
  stated.*, code.code is not null as in_effect, coalesce(code.flags, []) as flags, coalesce(node.sets, []) as sets,
  node.age_low, node.age_high, coalesce(odd.kind, 'listed') as kind
from cw_stated stated
left join code on code.code = stated.code and stated.day between code.starts and code.ends
left join node on node.edition = stated.edition and node.code = stated.code
left join cw_odd odd on odd.edition = stated.edition and odd.code = stated.code;

-- Every two diagnoses of a claim that stand in a relation, from `position` to `other`.
create or replace temp table cw_related as
with class as materialized (
  select a.claim, a.position, a.code, a.edition, class.relation, class.left_class, class.right_class
  from cw_diagnosis a join code_class class on class.edition = a.edition and class.code = a.code
), two as materialized (
  select a.claim, a.position, b.position as other, a.code = b.code as alike, a.edition, a.relation, a.left_class,
    b.right_class
  from class a join class b on b.claim = a.claim and b.relation = a.relation and b.position <> a.position
)
select two.claim, two.relation, two.position, two.other, two.alike
from two join class_pair using (relation, edition, left_class, right_class);

create or replace temp table cw_procedure as
with stated as (
  select
    claim, setting, sex, age, edition, day as claim_day, generate_subscripts(procedures, 1) as position,
    unnest(procedures) as stated
  from cw_claim
), dated as (
  select
    * exclude (stated),
    upper(replace(trim(coalesce(json_extract_string(to_json(stated), '$.code'), stated::varchar)), '.', '')) as code,
    case when setting = 'inpatient' then claim_day
         else coalesce(try_cast(json_extract_string(to_json(stated), '$.date') as date), claim_day) end as day
  from stated
)
select dated.*, pcs.code is not null as in_effect, coalesce(pcs.flags, []) as flags
from dated left join procedure_code pcs on pcs.code = dated.code and dated.day between pcs.starts and pcs.ends;
"""

Word = Callable[[str, tuple[object, ...]], str]


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _texts(values: tuple[object, ...]) -> str:
    return ", ".join(map(_text, values))


_OF_GROUP = """exists (select 1 from age_group grp where grp.name in ({}) and list_contains({a}.flags, grp.name)
    and {a}.day between grp.starts and grp.ends and ({a}.age < grp.low or {a}.age > grp.high))"""

WORDS: Mapping[str, Word] = {
    "principal": lambda a, of: f"{a}.position = 1",
    "secondary": lambda a, of: f"{a}.position > 1",
    "alone": lambda a, of: f"{a}.diagnoses = 1",
    "flag": lambda a, of: f"list_contains({a}.flags, {_text(of[0])})",
    "procedure-flag": lambda a, of: f"list_contains({a}.flags, {_text(of[0])})",
    "in-set": lambda a, of: f"list_contains({a}.sets, {_text(of[0])})",
    "in-effect": lambda a, of: f"{a}.in_effect",
    "known-elsewhere": lambda a, of: f"({a}.kind = 'listed' and not {a}.in_effect)",
    "heading": lambda a, of: f"{a}.kind = 'heading'",
    "stem": lambda a, of: f"{a}.kind = 'stem'",
    "unknown": lambda a, of: f"{a}.kind = 'unknown'",
    "setting": lambda a, of: f"{a}.setting in ({_texts(of)})",
    "sex": lambda a, of: f"{a}.sex = {_text(of[0])}",
    "age-within": lambda a, of: f"coalesce({a}.age between {of[0]} and {of[1]}, false)",
    "age-limited": lambda a, of: f"{a}.age_low is not null",
    "age-outside-note": lambda a, of: f"coalesce({a}.age < {a}.age_low or {a}.age > {a}.age_high, false)",
    "age-outside-group": lambda a, of: _OF_GROUP.format(_texts(of), a=a),
    "procedure-not-in-effect": lambda a, of: f"not {a}.in_effect",
    "status-not-accepted": lambda a, of: (
        f"{a}.status is not null and not exists (select 1 from discharge_status accepted where "
        f"accepted.status = try_cast({a}.status as integer) and {a}.day between accepted.starts and accepted.ends) "
        "and exists (select 1 from discharge_status)"  # without the table nothing can be judged
    ),
}
"""What each word of a condition is over a row `a` of the tables of `SETUP`."""

_TABLE = {DIAGNOSIS: "cw_diagnosis", PROCEDURE: "cw_procedure", CLAIM: "cw_claim"}


class NoSql(Exception):
    """The relation of a rule has no SQL form; the text says why."""


class Query(NamedTuple):
    """A rule and its query: a row a finding, `claim`, `position`, `other` (a second position, or null)."""

    rule: Rule
    sql: str


def expression(form: Form | None, alias: str) -> str:
    """A condition over a row. Errors: `NoSql` where a part of it has no form."""
    if form is None:
        raise NoSql("a condition of it is stated in code only")
    if form.word in (EVERY, EITHER):
        between = " and " if form.word == EVERY else " or "
        return "(" + between.join(expression(_form(each), alias) for each in form.of) + ")"
    if form.word == NOT:
        return f"not {expression(_form(form.of[0]), alias)}"
    if form.word in ("on-claim", "beside-diagnosis"):
        return (
            f"exists (select 1 from cw_diagnosis beside where beside.claim = {alias}.claim "
            f"and {expression(_form(form.of[0]), 'beside')})"
        )
    if form.word not in WORDS:
        raise NoSql(f"the condition {form.word} has no SQL form")
    return WORDS[form.word](alias, form.of)


def _form(value: object) -> Form | None:
    return value if isinstance(value, Form) else None


_ASKS = {
    "Alike": "counts codes that are alike on a claim",
    "Attended": "asks for the line that has to attend another",
    "Companion": "looks for a companion code and for the order",
    "Documented": "reads the note of a claim",
    "Faults": "looks into the parts of one code",
    "Limit": "adds up units of lines",
    "LinePair": "joins service lines",
    "Together": "asks for several codes together",
}
"""What the relations ask that have no SQL form."""


def query_of(rule: Rule) -> Query:
    """The SQL of a rule. Errors: `NoSql` saying why it has none."""
    if rule.lines is not None:
        raise NoSql("it asks of service lines too, whose relations have no SQL form")
    if any(table in EXTRA_TABLES for table in rule.tables):
        raise NoSql("its words decide which hits are findings")
    relations = _relations(rule.relation)
    for each in relations:
        if not isinstance(each, Membership | Pair):
            raise NoSql(_why(each))
    outcome = _outcome(rule)
    parts = [_select(each, rule, outcome) for each in relations]
    return Query(rule, "\nunion all\n".join(parts))


def _relations(relation: Relation) -> tuple[Relation, ...]:
    return relation.relations if isinstance(relation, OneOf) else (relation,)


def _outcome(rule: Rule) -> Form:
    """Which hits are findings: as the rule says, or all, where its explanation always gives one."""
    if rule.outcome is not None:
        form = form_of(rule.outcome)
        if form is None:
            raise NoSql("which of its hits are findings is stated in code only")
        return form
    if "None" in str(inspect.get_annotations(rule.explain).get("return", "None")):
        raise NoSql("its words decide which hits are findings")
    return Form(ALL_HITS)


def _select(relation: Relation, rule: Rule, outcome: Form) -> str:
    if isinstance(relation, Membership):
        return _membership(relation, rule, outcome)
    if isinstance(relation, Pair):
        return _pair(relation, rule, outcome)
    raise NoSql(_why(relation))


def _why(relation: Relation) -> str:
    """Why a relation has no SQL form, in words of what it asks; by its name where it has none here."""
    name = type(relation).__name__
    return f"it {_ASKS.get(name, f'asks by a relation of its own ({name})')}; SQL is made for one code or two"


def _in_force(rule: Rule, alias: str) -> str:
    window = rule.in_force
    out = f"{alias}.day >= date '{window.starts}'"
    return f"{out} and {alias}.day <= date '{window.ends}'" if window.ends else out


def _membership(relation: Membership, rule: Rule, outcome: Form) -> str:
    position = "1" if relation.kind == CLAIM else "a.position"
    held = [expression(form_of(each), "a") for each in relation.conditions]
    if set(relation.settings) != set(Setting):
        held.insert(0, WORDS["setting"]("a", tuple(each.value for each in relation.settings)))
    if outcome.word == UNLESS_BESIDE:
        held.append(
            "not exists (select 1 from cw_related r join cw_diagnosis b on b.claim = r.claim and b.position = r.other "
            f"where r.claim = a.claim and r.position = a.position and r.relation = {_text(outcome.of[0])} "
            "and b.in_effect)"
        )
    elif outcome.word != ALL_HITS:
        raise NoSql(f"its outcome {outcome.word} has no SQL form for a membership")
    day = "claim_day" if relation.kind == PROCEDURE else "day"
    force = _in_force(rule, "a").replace("a.day", f"a.{day}")
    where = "\n  and ".join((*held, force))
    return (
        f"select a.claim, {position} as position, null::bigint as other\nfrom {_TABLE[relation.kind]} a\nwhere {where}"
    )


def _related(relation: str, position: str, other: str, claim: str = "a.claim") -> str:
    """Do two diagnoses of a claim stand in a relation, left to right?"""
    return (
        f"exists (select 1 from cw_related r where r.claim = {claim} and r.relation = {_text(relation)} "
        f"and r.position = {position} and r.other = {other})"
    )


def _pair(relation: Pair, rule: Rule, outcome: Form) -> str:
    held = [_in_force(rule, "a")]
    if relation.directed:
        held += [expression(form_of(each), "a") for each in relation.left_is]
        held += [expression(form_of(each), "b") for each in relation.right_is]
    if outcome.word == UNLESS_RELATED:
        for other in map(str, outcome.of):
            held.append(f"not {_related(other, 'a.position', 'b.position')}")
            held.append(f"not {_related(other, 'b.position', 'a.position')}")
    elif outcome.word == FIRST_RELATED:
        of_those = " and earlier.in_effect" if len(outcome.of) > 1 else ""
        held.append(
            "not exists (select 1 from cw_related r join cw_diagnosis earlier on earlier.claim = r.claim "
            f"and earlier.position = r.other where r.claim = a.claim and r.relation = {_text(outcome.of[0])} "
            f"and r.position = a.position and r.other < b.position{of_those})"
        )
    elif outcome.word != ALL_HITS:
        raise NoSql(f"its outcome {outcome.word} has no SQL form for a pair")
    if not relation.directed:  # a note on either code counts, and the two are found once
        held.append("pair.other > pair.position")
    where = "\n  and ".join(held)
    return f"""select a.claim, a.position, b.position as other
from cw_related pair
join cw_diagnosis a on a.claim = pair.claim and a.position = pair.position
join cw_diagnosis b on b.claim = pair.claim and b.position = pair.other
where pair.relation = {_text(relation.table)} and not pair.alike
  and {where}"""
