"""Articles: reading, writing, reviewing, and the history of every version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from claimwright.editorial import articles
from claimwright.editorial.difference import difference
from claimwright.editorial.records import Article, Step, Version
from claimwright.editorial.states import BANNERS, EDITABLE, PAST, Action, Right, State, steps
from claimwright.errors import EditorialError, InputError, NoSuchArticle, OutOfDate
from claimwright.interfaces.web.article_text import shown
from claimwright.interfaces.web.desk import Desk, Fields, desk_of, status_of
from claimwright.model.dates import day_of_text

if TYPE_CHECKING:
    from claimwright.editorial.people import User
    from claimwright.editorial.reading import Examined
    from claimwright.interfaces.web.site import Site

TAGS = {
    State.DRAFT: "info",
    State.SUBMITTED: "warning",
    State.UNDER_REVIEW: "warning",
    State.RETURNED: "error",
    State.APPROVED: "good",
    State.NEEDS_REVIEW: "error",
    State.REPLACED: "",
}
"""The look of a state's tag."""

SEED = """---
article: {slug}
kind: question
title: "A title"
date_of_service: {day}
written: {day}
next_review: {due}
state: draft
author: "{author}"
citations:
  1: {{table: icd10cm-tabular}}
---

## Answer

Write here; a bound fact stands in double square brackets, a citation in single ones [1].
"""
"""What a new article begins with."""


def routes(site: Site) -> list[BaseRoute]:
    """Every address under /articles."""
    desk = desk_of(site)
    site.templates.globals["state_tag"] = TAGS.__getitem__
    site.templates.globals["past"] = {"write": "written", "import": "imported"} | {
        str(each): said for each, said in PAST.items()
    }
    return [*_Reading(site, desk).routes(), *_Writing(site, desk).routes()]


def _user_may(user: User | None, right: Right) -> bool:
    return user is not None and user.may(right)


class _Reading:
    """The list, an article, its history."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self.site, self.desk = site, desk

    def listing(self, request: Request) -> Response:
        """Every article that the person may read, with its state and the day of its next review."""
        user = self.desk.user(request)
        asked = request.query_params.get("state", "")
        words = request.query_params.get("q", "").strip()[:100]
        rows = []
        for each in articles.articles(self.desk.database):
            version = each.working if _user_may(user, Right.WRITE) and each.working else each.shown_to(user)
            hit = words.lower() in f"{each.title} {each.slug} {each.code} {each.procedure}".lower()
            if version is not None and hit and asked in ("", version.state):
                rows.append((each, version))
        return self.site.page(request, "articles.html", rows=rows, states=_states(user), asked=asked, words=words)

    def one(self, request: Request) -> Response:
        """An article: the approved text, or the version asked for."""
        user = self.desk.user(request)
        found = articles.article(self.desk.database, request.path_params["slug"])
        version = _asked(found, user, request.query_params.get("version", ""))
        audience = request.query_params.get("audience", "")
        text = articles.text_of(self.desk.database, found.slug, version.number) if version else ""
        told = articles.history(self.desk.database, found.slug)
        return self.site.page(
            request,
            "article.html",
            article=found,
            this=version,
            banner=BANNERS[version.state] if version else None,
            reason=_reason(told, version),
            shown=shown(text, self.site.engine, audience) if version else None,
            audience=audience,
            actions=_actions(found, version, user),
            editable=_user_may(user, Right.WRITE) and found.current.state in EDITABLE,
            writer=_user_may(user, Right.WRITE),
            due=date.today() + timedelta(days=365),
        )

    def history(self, request: Request) -> Response:
        """Who did what, when and why, and what changed between two versions."""
        user = self.desk.user(request)
        found = articles.article(self.desk.database, request.path_params["slug"])
        numbers = [each.number for each in found.versions if each.readable_by(user)]
        if not numbers:
            raise NoSuchArticle("There is no approved text of this article yet")
        after = _number(request.query_params.get("to", ""), numbers, numbers[-1])
        earlier = [each for each in numbers if each < after]
        before = _number(request.query_params.get("from", ""), numbers, earlier[-1] if earlier else 0)
        old = articles.text_of(self.desk.database, found.slug, before) if before else ""
        rows = difference(old, articles.text_of(self.desk.database, found.slug, after))
        told = [each for each in articles.history(self.desk.database, found.slug) if each.number in numbers]
        versions = [each for each in reversed(found.versions) if each.number in numbers]
        return self.site.page(
            request,
            "article_history.html",
            article=found,
            versions=versions,
            steps=told,
            before=before,
            after=after,
            rows=rows,
        )

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route("/articles", self.desk.read(self.listing), methods=["GET"]),
            Route("/articles/new", self.desk.read(_new_form(self.site, self.desk), Right.WRITE), methods=["GET"]),
            Route("/articles/{slug}", self.desk.read(self.one), methods=["GET"]),
            Route("/articles/{slug}/history", self.desk.read(self.history), methods=["GET"]),
        ]


def _states(user: User | None) -> list[State]:
    """States by which the list may be filtered."""
    writer = _user_may(user, Right.WRITE)
    return [each for each in State if each is not State.REPLACED and (writer or each not in _UNSEEN)]


_UNSEEN = (State.DRAFT, State.RETURNED)


def _asked(found: Article, user: User | None, number: str) -> Version | None:
    if not number:
        return found.shown_to(user)
    version = found.version(int(number)) if number.isdecimal() and len(number) < 7 else None
    if version is None or not version.readable_by(user):
        raise NoSuchArticle("There is no such version to read")
    return version


def _number(asked: str, among: list[int], otherwise: int) -> int:
    if not asked:
        return otherwise
    if not asked.isdecimal() or len(asked) > 6 or int(asked) not in (0, *among):
        raise NoSuchArticle("There is no such version to compare")
    return int(asked)


def _reason(told: list[Step], version: Version | None) -> Step | None:
    """The last step of a version, where it tells why."""
    if version is None:
        return None
    return next((each for each in told if each.number == version.number and each.after == version.state), None)


def _actions(found: Article, version: Version | None, user: User | None) -> list[Action]:
    if version is None or user is None:
        return []
    allowed = steps(version.state, user.role.rights, found.own(version.number, user))
    busy = found.working is not None and found.working.number != version.number
    return [] if busy else list(allowed)


def _new_form(site: Site, desk: Desk) -> Callable[[Request], Response]:
    def new(request: Request) -> Response:
        """A text to begin with."""
        user, today = desk.user(request), date.today()
        text = SEED.format(
            slug="a-name-in-small-letters",
            day=today,
            due=today + timedelta(days=365),
            author=(user.name if user else "").replace("\\", "").replace('"', ""),
        )
        return _form(site, request, None, text, 0)

    return new


class _Writing:
    """What changes an article."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self.site, self.desk = site, desk

    def user_of(self, request: Request) -> User:
        """Who writes; `self.desk.posted` has seen that there is somebody."""
        user = self.desk.user(request)
        assert user is not None  # noqa: S101 - narrows the type
        return user

    def edit(self, request: Request) -> Response:
        """The text of the current version in a form."""
        found = articles.article(self.desk.database, request.path_params["slug"])
        current = found.current
        if current.state not in EDITABLE:
            raise EditorialError(f"Version {current.number} is {current.state.value}; withdraw or return it first")
        text = articles.text_of(self.desk.database, found.slug, current.number)
        return _form(self.site, request, found, text, current.number)

    def write(self, request: Request, fields: Fields) -> Response:
        """Save a text as a new version, or show how it would look and what is wrong with it."""
        slug = request.path_params.get("slug", "")
        found = articles.article(self.desk.database, slug) if slug else None
        base = fields.get("base", "")
        number = int(base) if base.isdecimal() and len(base) < 7 else 0
        text = fields.get("text", "")
        try:
            text = articles.clean_text(text)
            if fields.get("do") == "preview":
                return _form(self.site, request, found, text, number, examined=self.desk.reader.examine(text))
            if found is None:
                saved = articles.create(self.desk.database, text, self.user_of(request), self.desk.reader)
            else:
                saved = articles.save(self.desk.database, slug, number, text, self.user_of(request), self.desk.reader)
        except (EditorialError, InputError) as error:
            # The text stays in the form, whatever was wrong with it.
            theirs = ""
            if isinstance(error, OutOfDate) and found is not None:
                now = articles.article(self.desk.database, slug).current.number
                theirs = articles.text_of(self.desk.database, slug, now)
            return _form(self.site, request, found, text, number, wrong=error, theirs=theirs)
        return RedirectResponse(f"/articles/{saved.slug}?version={saved.current.number}", 303)

    def act(self, request: Request, fields: Fields) -> Response:
        """A step of the review."""
        slug, number, due = request.path_params["slug"], fields.get("version", ""), fields.get("due", "")
        try:
            action, seen = Action(fields.get("action", "")), State(fields.get("state", ""))
            day = day_of_text(due) if due else None
        except ValueError:
            raise InputError("form", "names no step, state or day", "the form of the page") from None
        if not number.isdecimal() or len(number) > 6:
            raise InputError("version", "is no number", "the number of a version")
        articles.act(
            self.desk.database,
            slug,
            int(number),
            action,
            self.user_of(request),
            self.desk.reader,
            seen,
            fields.get("comment", ""),
            day if action is Action.APPROVE else None,
        )
        return RedirectResponse(f"/articles/{slug}?version={number}", 303)

    def recheck(self, request: Request, _: Fields) -> Response:
        """Compare every approved text with the book now."""
        fallen = articles.recheck(self.desk.database, self.desk.reader, self.user_of(request))
        state = "?state=needs+review" if fallen else ""
        return RedirectResponse(f"/articles{state}", 303)

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route("/articles/new", self.desk.posted(self.write, Right.WRITE), methods=["POST"]),
            Route("/articles/recheck", self.desk.posted(self.recheck, Right.MANAGE), methods=["POST"]),
            Route("/articles/{slug}/edit", self.desk.read(self.edit, Right.WRITE), methods=["GET"]),
            Route("/articles/{slug}/edit", self.desk.posted(self.write, Right.WRITE), methods=["POST"]),
            Route("/articles/{slug}/steps", self.desk.posted(self.act, Right.READ), methods=["POST"]),
        ]


def _form(
    site: Site,
    request: Request,
    found: Article | None,
    text: str,
    base: int,
    /,
    examined: Examined | None = None,
    wrong: Exception | None = None,
    theirs: str = "",
) -> Response:
    context: dict[str, Any] = {
        "article": found,
        "text": text,
        "base": base,
        "wrong": str(wrong or ""),
        "examined": examined,
        "shown": shown(text, site.engine) if examined else None,
        "rows": difference(theirs, text) if theirs else [],
    }
    return site.page(request, "article_edit.html", status_of(wrong) if wrong else 200, **context)
