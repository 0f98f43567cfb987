"""Articles, their versions and their states. Each step is one transaction and leaves one line of history.

Two people at once: the row of the article is locked first, every form tells the state or version that was
read, and the database refuses a second version of one number and a second text that stands or is worked on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from claimwright.editorial.audit import PROGRAM, record
from claimwright.editorial.clock import now
from claimwright.editorial.people import User, need
from claimwright.editorial.records import Article, Step, Version
from claimwright.editorial.schema import ArticleRow, TransitionRow, VersionRow
from claimwright.editorial.states import EDITABLE, STANDING, WORKING, Action, Right, State, step
from claimwright.errors import ClaimwrightError, EditorialError, InputError, NoSuchArticle, OutOfDate

if TYPE_CHECKING:
    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session

    from claimwright.editorial.database import Database
    from claimwright.editorial.reading import Head, Reader

MOST_TEXT = 512 * 1024
"""Characters of an article."""

MOST_SLUG = 100
"""Characters of an article's name."""

MOST_COMMENT = 4000
"""Characters of a comment."""

RESERVED = frozenset({"new", "recheck"})
"""Names of pages beside the articles."""

_HEAD = (
    VersionRow.number,
    VersionRow.state,
    VersionRow.author,
    VersionRow.author_id,
    VersionRow.created,
    VersionRow.sha256,
    VersionRow.seed,
    VersionRow.approved,
)


# ---- reading ----------------------------------------------------------------------------------------


def articles(database: Database) -> list[Article]:
    """Every article with its versions, by title."""
    with database.reading() as session:
        rows = session.scalars(select(ArticleRow).order_by(ArticleRow.title, ArticleRow.slug)).all()
        versions: dict[int, list[Version]] = {row.id: [] for row in rows}
        query = select(VersionRow.article_id, *_HEAD).order_by(VersionRow.article_id, VersionRow.number)
        for owner, *head in session.execute(query):
            versions.setdefault(owner, []).append(_version(head))
        return [_article(row, versions[row.id]) for row in rows if versions[row.id]]


def article(database: Database, slug: str) -> Article:
    """One article. Errors: `NoSuchArticle`."""
    with database.reading() as session:
        return _read(session, _row(session, slug))


def text_of(database: Database, slug: str, number: int) -> str:
    """The text of a version. Errors: `NoSuchArticle`."""
    with database.reading() as session:
        return _version_row(session, _row(session, slug), number).text


def history(database: Database, slug: str) -> list[Step]:
    """Every step of every version, the newest first. Errors: `NoSuchArticle`."""
    with database.reading() as session:
        row = _row(session, slug)
        query = (
            select(TransitionRow, VersionRow.number)
            .join(VersionRow)
            .where(VersionRow.article_id == row.id)
            .order_by(TransitionRow.id.desc())
        )
        return [_step(each, slug, number) for each, number in session.execute(query)]


def _row(session: Session, slug: str, lock: bool = False) -> ArticleRow:
    query = select(ArticleRow).where(ArticleRow.slug == slug)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NoSuchArticle(f"There is no article {slug[:100]}")
    return row


def _version_row(session: Session, row: ArticleRow, number: int) -> VersionRow:
    found = session.scalar(select(VersionRow).where(VersionRow.article_id == row.id, VersionRow.number == number))
    if found is None:
        raise NoSuchArticle(f"{row.slug} has no version {number}")
    return found


def _read(session: Session, row: ArticleRow) -> Article:
    query = select(*_HEAD).where(VersionRow.article_id == row.id).order_by(VersionRow.number)
    return _article(row, [_version(head) for head in session.execute(query)])


def _version(head: Sequence[Any]) -> Version:
    number, state, author, author_id, created, sha256, seed, approved = head
    return Version(number, State(state), author, author_id, created, sha256, seed, approved)


def _article(row: ArticleRow, versions: list[Version]) -> Article:
    return Article(row.slug, row.kind, row.code, row.procedure, row.title, row.review_due, tuple(versions))


def _step(row: TransitionRow, slug: str, number: int) -> Step:
    details = tuple(json.loads(row.details))
    return Step(slug, number, row.before, State(row.after), row.action, row.who, row.at, row.comment, details)


# ---- writing ----------------------------------------------------------------------------------------


def create(database: Database, text: str, user: User, reader: Reader) -> Article:
    """A new article as draft. Errors: `NotAllowed`, `InputError` for a text that is none or a name that is taken."""
    need(user, Right.WRITE)
    text = clean_text(text)
    head = reader.head(text)
    if len(head.slug) > MOST_SLUG:
        raise InputError("article", f"has {len(head.slug)} characters", f"at most {MOST_SLUG}")
    if head.slug in RESERVED:
        raise InputError("article", f"{head.slug} is taken by the program", "another name")
    try:
        with database.writing() as session:
            row = _new_row(session, head)
            _add(session, row, text, State.DRAFT, user, "write")
            session.flush()
            return _read(session, row)
    except IntegrityError:
        raise InputError("article", f"{head.slug} is taken", "a name that no article has") from None


def save(database: Database, slug: str, base: int, text: str, user: User, reader: Reader) -> Article:
    """A new version, as draft, of a text that was read at version `base`.

    Errors: `NotAllowed`, `InputError` for a text that is no article or has not changed, `OutOfDate` when there
    is a newer version, `EditorialError` while a reviewer has it.
    """
    need(user, Right.WRITE)
    text = clean_text(text)
    head = reader.head(text)
    if head.slug != slug:
        raise InputError("article", f"is {head.slug!r}", f"{slug}, the name of the article, which stays")
    try:
        with database.writing() as session:
            row = _row(session, slug, lock=True)
            before = _read(session, row).current
            if before.number != base:
                raise OutOfDate(f"{before.author} has saved version {before.number} since you read version {base}")
            if before.state not in EDITABLE:
                raise EditorialError(f"A text that is {before.state.value} is not changed; withdraw or return it first")
            if before.sha256 == _sha256(text):
                raise InputError("text", "has not changed", f"something else than version {base}")
            if before.state in WORKING:
                _move(session, _version_row(session, row, base), Action.REPLACE, None, "a newer version was written")
            _add(session, row, text, State.DRAFT, user, "write")
            if not any(each.state in STANDING for each in _read(session, row).versions):
                _retitle(row, head)
            session.flush()
            return _read(session, row)
    except IntegrityError:
        raise OutOfDate("Somebody else saved a version at the same time") from None


def clean_text(text: str) -> str:
    """The text as it is kept: plain line ends, one at its end. Errors: `InputError` for an endless one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").rstrip() + "\n"
    if len(text) > MOST_TEXT:
        raise InputError("text", "is too long", f"at most {MOST_TEXT:,} characters")
    return text


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _new_row(session: Session, head: Head) -> ArticleRow:
    row = ArticleRow(slug=head.slug, kind="", code="", procedure="", title="", review_due=None, created=now())
    _retitle(row, head)
    session.add(row)
    session.flush()
    return row


def _retitle(row: ArticleRow, head: Head) -> None:
    row.kind, row.code, row.procedure, row.title = head.kind, head.code, head.procedure, head.title[:300]


def _add(
    session: Session, row: ArticleRow, text: str, state: State, user: User | None, action: str, comment: str = ""
) -> VersionRow:
    numbers = session.scalars(select(VersionRow.number).where(VersionRow.article_id == row.id)).all()
    version = VersionRow(
        article_id=row.id,
        number=max(numbers, default=0) + 1,
        text=text,
        sha256=_sha256(text),
        author_id=user.id if user else None,
        author=user.name if user else PROGRAM,
        seed=user is None,
        created=now(),
        state=state.value,
        approved=None,
    )
    session.add(version)
    session.flush()
    _tell(session, version, "", action, user, comment)
    record(session, version.author, f"article: {action}", f"{row.slug} version {version.number}")
    return version


def _tell(
    session: Session,
    version: VersionRow,
    before: str,
    action: str,
    user: User | None,
    comment: str = "",
    details: Sequence[dict[str, Any]] = (),
) -> None:
    session.add(
        TransitionRow(
            version_id=version.id,
            before=before,
            after=version.state,
            action=action,
            user_id=user.id if user else None,
            who=user.name if user else PROGRAM,
            at=now(),
            comment=comment,
            details=json.dumps(list(details)),
        )
    )


# ---- steps ------------------------------------------------------------------------------------------


def act(
    database: Database,
    slug: str,
    number: int,
    action: Action,
    user: User,
    reader: Reader,
    seen: State,
    comment: str = "",
    due: date | None = None,
) -> Article:
    """Take a step with a version that was `seen` in a state; `due` is the day of the next review.

    Errors: `NotAllowed`, `OutOfDate` when it is in another state by now, `EditorialError` for a step that the
    state does not allow or a text with problems, `InputError` for a missing comment or a day that has passed.
    """
    comment = comment.strip()
    if len(comment) > MOST_COMMENT:
        raise InputError("comment", "is too long", f"at most {MOST_COMMENT:,} characters")
    found = article(database, slug)
    if found.version(number) is None:
        raise NoSuchArticle(f"{slug} has no version {number}")
    # Whoever may not take the step is told so before anything else.
    step(seen, action, user.role.rights, found.own(number, user), comment)
    head = _fit(text_of(database, slug, number), reader) if action in {Action.SUBMIT, Action.APPROVE} else None
    with database.writing() as session:
        row = _row(session, slug, lock=True)
        version, now_found = _version_row(session, row, number), _read(session, row)
        if version.state != seen:
            raise OutOfDate(f"Version {number} is {version.state} by now, no longer {seen.value}")
        if action is Action.TAKE and now_found.working and now_found.working.number != number:
            raise EditorialError(f"Version {now_found.working.number} is being worked on; that one is to be reviewed")
        to = step(seen, action, user.role.rights, now_found.own(number, user), comment)
        if action is Action.APPROVE and head is not None:
            _approved(session, row, version, now_found, head, due)
        _enter(session, version, to, action.value, user, comment)
        record(session, user.name, f"article: {action.value}", f"{slug} version {number}")
        session.flush()
        return _read(session, row)


def _fit(text: str, reader: Reader) -> Head:
    """The head of a text without problems. Errors: `EditorialError` naming the first ones."""
    blocking = reader.examine(text).blocking
    if blocking:
        first = "; ".join(f"line {each.line}: {each.says}" for each in blocking[:3])
        more = f"; and {len(blocking) - 3} more" if len(blocking) > 3 else ""
        count = "a problem" if len(blocking) == 1 else f"{len(blocking)} problems"
        raise EditorialError(f"The text has {count} that must be settled first: {first}{more}")
    return reader.head(text)


def _approved(
    session: Session, row: ArticleRow, version: VersionRow, found: Article, head: Head, due: date | None
) -> None:
    due = due or head.next_review
    if due <= now().date():
        raise InputError("next review", f"{due} has passed", "a day to come")
    if found.standing is not None and found.standing.number != version.number:
        old = _version_row(session, row, found.standing.number)
        _move(session, old, Action.REPLACE, None, f"version {version.number} was approved")
    version.approved, row.review_due = now(), due
    _retitle(row, head)


def _move(
    session: Session,
    version: VersionRow,
    action: Action,
    user: User | None,
    comment: str,
    details: Sequence[dict[str, Any]] = (),
) -> None:
    """A step of the program."""
    to = step(State(version.state), action, frozenset(), own=False, comment=comment, program=True)
    _enter(session, version, to, action.value, user, comment, details)


def _enter(
    session: Session,
    version: VersionRow,
    to: State,
    action: str,
    user: User | None,
    comment: str,
    details: Sequence[dict[str, Any]] = (),
) -> None:
    before = version.state
    changed = session.execute(
        update(VersionRow).where(VersionRow.id == version.id, VersionRow.state == before).values(state=to.value)
    )
    if cast("CursorResult[Any]", changed).rowcount != 1:
        raise OutOfDate(f"Version {version.number} is no longer {before}")
    session.flush()
    session.refresh(version, ["state"])
    _tell(session, version, before, action, user, comment, details)


def recheck(database: Database, reader: Reader, user: User | None = None, today: date | None = None) -> list[Step]:
    """Compare every approved text with the book; those whose facts changed, or whose review is overdue, need review.

    The steps taken. `user` is who asked for it, None for the program. Errors: `NotAllowed`.
    """
    if user is not None:
        need(user, Right.MANAGE)
    today = today or now().date()
    fallen = []
    for each in articles(database):
        standing = each.standing
        if standing is None or standing.state is not State.APPROVED:
            continue
        why, details = _doubts(each, text_of(database, each.slug, standing.number), reader, today)
        if why and (told := _doubt(database, each.slug, standing.number, why, details)):
            fallen.append(told)
    with database.writing() as session:
        record(session, user.name if user else PROGRAM, "articles rechecked", f"{len(fallen)} need review")
    return fallen


def _doubts(found: Article, text: str, reader: Reader, today: date) -> tuple[str, list[dict[str, Any]]]:
    why, details = [], []
    try:
        changed = reader.examine(text).changed
    except InputError as error:  # written for another release: a person has to look at it
        changed, why = (), [f"The text can no longer be read ({error})"]
    except ClaimwrightError:  # a table is not loaded: that changes no fact
        changed = ()
    if changed:
        count = "A bound fact has" if len(changed) == 1 else f"{len(changed)} bound facts have"
        why.append(f"{count} changed")
        details = [
            {"fact": each.statement, "expected": each.expected, "found": each.found, "source": each.source}
            for each in changed
        ]
    if found.review_due is not None and found.review_due < today:
        why.append(f"The review was due on {found.review_due}")
    return "; ".join(why), details


def _doubt(database: Database, slug: str, number: int, why: str, details: list[dict[str, Any]]) -> Step | None:
    with database.writing() as session:
        row = _row(session, slug, lock=True)
        version = _version_row(session, row, number)
        if version.state != State.APPROVED:  # somebody was faster
            return None
        _move(session, version, Action.DOUBT, None, why, details)
        record(session, PROGRAM, f"article: {Action.DOUBT.value}", f"{slug} version {number}")
        session.flush()
        last = session.scalars(
            select(TransitionRow).where(TransitionRow.version_id == version.id).order_by(TransitionRow.id.desc())
        ).first()
        return _step(last, slug, number) if last else None


# ---- seeds ------------------------------------------------------------------------------------------


def import_seed(database: Database, text: str, reader: Reader) -> Version | None:
    """A text that comes with the program, as submitted: nobody has reviewed it. None when it is known already.

    A changed seed is a new version. Where people are working on the article it is set aside, for its
    history: their text is never replaced. Errors: `InputError` for a text that is no article.
    """
    text = clean_text(text)
    head = reader.head(text)
    try:
        with database.writing() as session:
            row = session.scalar(select(ArticleRow).where(ArticleRow.slug == head.slug).with_for_update())
            if row is None:
                row = _new_row(session, head)
            found = _read(session, row)
            seeds = [each for each in found.versions if each.seed]
            if seeds and seeds[-1].sha256 == _sha256(text):
                return None
            working = found.working
            theirs = working is not None and not working.seed
            if working is not None and not theirs:
                _move(session, _version_row(session, row, working.number), Action.REPLACE, None, "the seed has changed")
            added = _add(
                session, row, text, State.REPLACED if theirs else State.SUBMITTED, None, "import", _aside(working)
            )
            if not theirs and found.standing is None:
                _retitle(row, head)
            session.flush()
            return _read(session, row).version(added.number)
    except IntegrityError:  # another server has just done it
        return None


def _aside(working: Version | None) -> str:
    if working is None or working.seed:
        return "comes with the program"
    return f"a newer text comes with the program; set aside, for version {working.number} is being worked on"
