"""Who asks, and whether they may: sessions, the words that forms carry, and the editorial database of a server.

Reading is open and touches no database. A request that changes something comes by `Desk.posted`: it must come
from our own pages (Origin), carry the word of its session (`csrf`), and the person must have the right.
"""

from __future__ import annotations

import ipaddress
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from claimwright.editorial.database import answering
from claimwright.errors import (
    ClaimwrightError,
    DatabaseMissing,
    EditorialError,
    InputError,
    NoSuchArticle,
    NotAllowed,
    OutOfDate,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from claimwright.editorial.database import Database
    from claimwright.editorial.people import User
    from claimwright.editorial.reading import Reader
    from claimwright.editorial.states import Right
    from claimwright.interfaces.web.settings import Settings
    from claimwright.interfaces.web.site import Site

Fields = Mapping[str, str]
Page = Callable[[Request], Response]
Post = Callable[[Request, Fields], Response]

SESSION = "claimwright_session"
VISIT = "claimwright_visit"
"""Cookie of somebody without a session who was given a form: the log-in, or any where there is no log-in."""

SECONDS = 10.0
"""How long the articles about a code are remembered: they are asked for very often."""
KEY_SECONDS = 1.0
"""How long the owner of an API key is remembered: a revoked key is refused after it."""

MOST_KEYS = 1000
"""Keys that are remembered."""

STATUS: tuple[tuple[type[EditorialError], int], ...] = ((NotAllowed, 403), (NoSuchArticle, 404), (OutOfDate, 409))


def status_of(error: Exception) -> int:
    """The HTTP status of a refusal."""
    if isinstance(error, DatabaseMissing):
        return 503
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def is_loopback(host: str) -> bool:
    """Does the host name this machine alone?"""
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_settings(settings: Settings) -> None:
    """A server without log-in listens on the loopback alone. Errors: `InputError`."""
    if settings.auth not in {"local", "off"}:
        raise InputError("auth", f"{settings.auth!r} is not known", "local or off")
    if settings.auth == "off" and not is_loopback(settings.host):
        raise InputError("auth", f"off is for the loopback alone, and the host is {settings.host}", "--host 127.0.0.1")


_DESKS: WeakKeyDictionary[Site, Desk] = WeakKeyDictionary()


def desk_of(site: Site) -> Desk:
    """The desk of a server, made with its first part that needs it. Errors: `InputError` for its settings."""
    if site not in _DESKS:
        desk = _DESKS[site] = Desk(site)
        site.processors.append(desk.names)
        site.article_lookups.append(desk.about)
        site.ready.append(desk.ready)
        site.key_owner = desk.key_owner
    return _DESKS[site]


class Desk:
    """One per server. The database is opened when it is first needed, and its seeds imported then."""

    def __init__(self, site: Site) -> None:
        """Refuses settings that would let strangers in."""
        from claimwright.editorial.reading import BookReader

        check_settings(site.settings)
        self.site = site
        self.off = site.settings.auth == "off"
        self.reader: Reader = BookReader(site.engine)
        self._lock = threading.Lock()
        self._owners: dict[str, tuple[float, str]] = {}
        self._articles: tuple[float, dict[str, list[tuple[str, str]]]] = (0.0, {})
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """The editorial database; see `claimwright.editorial.renewal.open_renewed` for what opening it does."""
        with self._lock:
            if self._database is None:
                from claimwright.editorial.renewal import open_renewed

                self._database = open_renewed(self.site.settings.database, self.reader)
            return self._database

    # ---- who asks ----

    def cookie(self) -> str:
        """Name of the session's cookie; `__Host-` makes browsers refuse it from a neighbouring host."""
        return f"__Host-{SESSION}" if self.site.settings.secure_cookies else SESSION

    def token(self, request: Request) -> str:
        """The session's token, empty without one."""
        return request.cookies.get(self.cookie(), "")

    def user(self, request: Request) -> User | None:
        """Who asks; None for a reader without log-in. Without a cookie no database is asked."""
        if not hasattr(request.state, "user"):
            request.state.user = self._user(request)
        return request.state.user

    def _user(self, request: Request) -> User | None:
        if self.off:
            from claimwright.editorial.people import LOCAL

            # A page elsewhere whose name was made to lead here (DNS rebinding) is not the person at this machine.
            return LOCAL if is_loopback(request.url.hostname or "") else None
        token = self.token(request)
        if not token:
            return None
        from claimwright.editorial.sessions import session_user

        return answering(session_user)(self.database, token)

    def csrf(self, request: Request) -> str:
        """The word for forms: made of the session's token, or of the visit's, which is begun if need be."""
        from claimwright.editorial.sessions import form_token

        if self.user(request) is not None and not self.off:
            return form_token(self.token(request))
        visit = request.cookies.get(VISIT) or getattr(request.state, "visit", "")
        if not visit:
            visit = request.state.visit = secrets.token_urlsafe(32)
        return form_token(visit)

    def names(self, request: Request) -> dict[str, Any]:
        """`user`, `csrf` and `log_in` for every template; while the database does not answer, nobody is logged in."""
        try:
            user = self.user(request)
        except DatabaseMissing:
            user = request.state.user = None
        return {
            "user": user,
            "csrf": _Later(lambda: self.csrf(request)),
            "log_in": not self.off,
        }

    # ---- for other parts of the site ----

    def about(self, code: str) -> list[tuple[str, str]]:
        """(title, address) of the articles about a code that everybody may read; new ones come after ten seconds."""
        from claimwright.editorial.articles import articles

        now = monotonic()
        if now >= self._articles[0]:
            found: dict[str, list[tuple[str, str]]] = {}
            try:
                listed = answering(articles)(self.database)
            except DatabaseMissing:  # a page of a code stands without its articles too
                self._articles = now + SECONDS, self._articles[1]
                return self._articles[1].get(code, [])
            for each in listed:
                if each.shown_to(None) is not None:
                    found.setdefault(each.code, []).append((each.title, f"/articles/{each.slug}"))
            self._articles = now + SECONDS, found
        return self._articles[1].get(code, [])

    def key_owner(self, key: str) -> str | None:
        """The name of whose API key it is; None for one that nobody has. A revoked key works for a second more."""
        from claimwright.editorial.sessions import digest, key_owner

        name, now = digest(key), monotonic()
        known = self._owners.get(name)
        if known is not None and now < known[0]:
            return known[1]
        user = answering(key_owner)(self.database, key)
        if len(self._owners) >= MOST_KEYS:
            self._owners.clear()
        if user is None:
            self._owners.pop(name, None)
            return None
        self._owners[name] = (now + KEY_SECONDS, user.name)
        return user.name

    def ready(self) -> str:
        """Why the editorial database does not answer, in a sentence; empty when it does."""
        from sqlalchemy.exc import SQLAlchemyError

        from claimwright.editorial.people import anybody

        try:
            anybody(self.database)
        except (ClaimwrightError, SQLAlchemyError):
            return "The editorial database does not answer"
        return ""

    # ---- requests ----

    def read(self, page: Page, right: Right | None = None) -> Page:
        """A page to read; with `right` only for people who have it, others are asked to log in."""
        from claimwright.editorial.people import need

        def endpoint(request: Request) -> Response:
            """The page, or why not."""

            def work() -> Response:
                """The page, or the log-in."""
                if right is not None and self.user(request) is None and not self.off:
                    return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
                if right is not None:
                    need(self.user(request), right)
                return page(request)

            return self._answer(request, None, work)

        return endpoint

    def posted(self, post: Post, right: Right | None = None) -> Callable[[Request], Awaitable[Response]]:
        """A form that changes something: from our own page, with the session's word, by somebody with the right."""

        async def endpoint(request: Request) -> Response:
            """The answer to the form, or why not."""
            try:
                check_origin(request)
            except NotAllowed as error:
                return await run_in_threadpool(self.refused, request, error)
            async with request.form(max_files=0, max_fields=60, max_part_size=1 << 20) as form:
                fields = {name: storable(value) for name, value in form.items() if isinstance(value, str)}

            def work() -> Response:
                """The form, its word looked at first."""
                return self._answer(request, right, lambda: self._worded(request, fields, post))

            return await run_in_threadpool(work)

        return endpoint

    def _worded(self, request: Request, fields: Fields, post: Post) -> Response:
        from claimwright.editorial.sessions import same

        if not same(fields.get("csrf", ""), self.csrf(request)):
            raise NotAllowed("The form is not of this log-in; open the page again and send it once more")
        return post(request, fields)

    def _answer(self, request: Request, right: Right | None, work: Callable[[], Response]) -> Response:
        from claimwright.editorial.people import need

        def allowed() -> Response:
            if right is not None:
                need(self.user(request), right)
            return work()

        try:
            return answering(allowed)()
        except (DatabaseMissing, EditorialError, InputError) as error:
            return self.refused(request, error)

    def refused(self, request: Request, error: Exception) -> Response:
        """One sentence as a page."""
        title = "Not found" if isinstance(error, NoSuchArticle) else "That cannot be done"
        return self.site.page(request, "error.html", status_of(error), title=title, sentence=str(error))

    def set_cookie(self, response: Response, token: str, seconds: int) -> None:
        """Give the browser its session; `seconds` 0 takes it away."""
        response.set_cookie(
            self.cookie(),
            token,
            max_age=seconds,
            path="/",
            secure=self.site.settings.secure_cookies,
            httponly=True,
            samesite="lax",
        )


def check_origin(request: Request) -> None:
    """The form comes from our own pages. Errors: `NotAllowed`.

    Browsers send Origin with every form (or Referer, if only that); what is sent without either has no
    browser's cookies, and its word is still asked for.
    """
    said = request.headers.get("origin") or request.headers.get("referer")
    site = request.headers.get("sec-fetch-site", "")
    if said == "null" and site == "same-origin":  # a browser set to tell no page where it comes from
        said = None
    try:
        own = not said or urlsplit(said).netloc == request.url.netloc
    except ValueError:  # brackets that are no address
        own = False
    if not own or site not in {"", "same-origin", "none"}:
        raise NotAllowed("The form was sent from another site")


def storable(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of surrogate pairs (a body may state any charset)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def safe_next(address: str) -> str:
    """Where to go after the log-in: a path of ours, never another site."""
    plain = address.isprintable() and "\\" not in address
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"


class _Later:
    """A word that is made when a template writes it: pages without a form begin no visit."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def __str__(self) -> str:
        return self._make()


class Cookies:
    """Begins a visit for whom a form was made, and keeps what is made for one person out of shared caches."""

    def __init__(self, app: ASGIApp, secure: bool = False) -> None:
        """`secure`: over HTTPS only."""
        self.app, self.secure = app, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; look at the answer's head."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def sent(message: Message) -> None:
            """Add what the head lacks."""
            if message["type"] == "http.response.start" and (state.get("visit") or state.get("user")):
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "private, no-store"
                if state.get("visit"):
                    response = Response()
                    response.set_cookie(
                        VISIT, state["visit"], path="/", secure=self.secure, httponly=True, samesite="strict"
                    )
                    headers.append("Set-Cookie", response.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, sent)
