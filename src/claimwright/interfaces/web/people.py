"""Log-in, the own account, and what an admin sees: accounts and the audit log."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from claimwright.editorial import audit, people, sessions
from claimwright.editorial.states import Right, Role
from claimwright.errors import InputError, NotAllowed
from claimwright.interfaces.web.desk import VISIT, Cookies, Desk, Fields, desk_of, safe_next

if TYPE_CHECKING:
    from claimwright.interfaces.web.site import Site


def middleware(site: Site) -> list[Middleware]:
    """What sets and guards cookies."""
    return [Middleware(Cookies, secure=site.settings.secure_cookies)]


def routes(site: Site) -> list[BaseRoute]:
    """Log-in, account and administration. Errors: `InputError` for settings that would let strangers in."""
    desk = desk_of(site)
    return [*_Own(site, desk).routes(), *_Admin(site, desk).routes()]


class _Own:
    """Log-in, log-out, and what a person may change of the own account."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self.site, self.desk = site, desk

    def login_form(self, request: Request) -> Response:
        """The log-in."""
        if self.desk.user(request) is not None:
            return RedirectResponse(safe_next(request.query_params.get("next", "/")), 303)
        return self.site.page(
            request, "login.html", next=safe_next(request.query_params.get("next", "/")), wrong="", name=""
        )

    def login(self, request: Request, fields: Fields) -> Response:
        """Begin a session, with a new token whatever cookie came."""
        name, onward = fields.get("name", ""), safe_next(fields.get("next", "/"))
        address = request.client.host if request.client else ""
        try:
            begun = sessions.log_in(self.desk.database, name, fields.get("password", ""), address)
        except (sessions.WrongPassword, sessions.TooManyAttempts) as error:
            wait = error.seconds if isinstance(error, sessions.TooManyAttempts) else 0
            status = 429 if wait else 401
            page = self.site.page(request, "login.html", status, next=onward, wrong=str(error), name=name[:100])
            if wait:
                page.headers["Retry-After"] = str(wait)
            return page
        if self.desk.token(request):
            sessions.log_out(self.desk.database, self.desk.token(request))
        answer = RedirectResponse(onward, 303)
        self.desk.set_cookie(answer, begun.token, int(sessions.LIFE.total_seconds()))
        answer.delete_cookie(
            VISIT, path="/", secure=self.site.settings.secure_cookies, httponly=True, samesite="strict"
        )
        return answer

    def logout(self, request: Request, _: Fields) -> Response:
        """End the session, here and in the browser."""
        sessions.log_out(self.desk.database, self.desk.token(request))
        answer = RedirectResponse("/", 303)
        self.desk.set_cookie(answer, "", 0)
        return answer

    def account(
        self, request: Request, status: int = 200, /, said: str = "", wrong: str = "", key: str = ""
    ) -> Response:
        """The own account: password and keys."""
        user = _with_account(self.desk, request)
        keys = sessions.keys(self.desk.database, user.name)
        return self.site.page(request, "account_page.html", status, keys=keys, said=said, wrong=wrong, key=key)

    def password(self, request: Request, fields: Fields) -> Response:
        """Change the own password; other sessions end, and this one gets a new token."""
        user = _with_account(self.desk, request)
        new = fields.get("new", "")
        if new != fields.get("again", ""):
            return self.account(request, 400, wrong="The two new passwords differ")
        try:
            sessions.confirm(self.desk.database, user, fields.get("password", ""))
            people.set_password(self.desk.database, user.name, new, user.name)
        except sessions.TooManyAttempts as error:
            page = self.account(request, 429, wrong=str(error))
            page.headers["Retry-After"] = str(error.seconds)
            return page
        except sessions.WrongPassword:
            return self.account(request, 400, wrong="The present password is wrong")
        except InputError as error:
            return self.account(request, 400, wrong=f"The new {error}")
        token = sessions.begin(self.desk.database, user)
        answer = RedirectResponse("/account?changed=1", 303)
        self.desk.set_cookie(answer, token, int(sessions.LIFE.total_seconds()))
        return answer

    def new_key(self, request: Request, fields: Fields) -> Response:
        """A key of the HTTP API, shown this once."""
        user = _with_account(self.desk, request)
        try:
            key = sessions.new_key(self.desk.database, user.name, fields.get("label", ""), user.name)
        except InputError as error:
            return self.account(request, 400, wrong=str(error))
        return self.account(request, key=key)

    def revoke(self, request: Request, fields: Fields) -> Response:
        """Make one of the own keys useless."""
        user = _with_account(self.desk, request)
        number = fields.get("key", "")
        if not number.isdecimal() or len(number) > 9:
            raise InputError("key", "is no number", "the number of a key")
        sessions.revoke_key(self.desk.database, int(number), user.name, owner=user.id)
        return RedirectResponse("/account", 303)

    def own(self, request: Request) -> Response:
        """The account after a change, or without one."""
        return self.account(request, said="The password is changed" if "changed" in request.query_params else "")

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route("/login", self.desk.read(self.login_form), methods=["GET"]),
            Route("/login", self.desk.posted(self.login), methods=["POST"]),
            Route("/logout", self.desk.posted(self.logout), methods=["POST"]),
            Route("/account", self.desk.read(self.own, Right.READ), methods=["GET"]),
            Route("/account/password", self.desk.posted(self.password, Right.READ), methods=["POST"]),
            Route("/account/keys", self.desk.posted(self.new_key, Right.READ), methods=["POST"]),
            Route("/account/keys/revoke", self.desk.posted(self.revoke, Right.READ), methods=["POST"]),
        ]


def _with_account(desk: Desk, request: Request) -> people.User:
    user = desk.user(request)
    if user is None or user.id is None:
        raise NotAllowed("This server has no log-in, so there are no accounts to change")
    return user


class _Admin:
    """Accounts and the audit log, for admins."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self.site, self.desk = site, desk

    def by(self, request: Request) -> str:
        """The name for the audit log."""
        return people.need(self.desk.user(request), Right.MANAGE).name

    def users(self, request: Request, status: int = 200, /, said: str = "", wrong: str = "") -> Response:
        """Everybody with an account."""
        found = people.users(self.desk.database)
        return self.site.page(request, "users.html", status, users=found, roles=list(Role), said=said, wrong=wrong)

    def add(self, request: Request, fields: Fields) -> Response:
        """A new account, with a password that is shown this once."""
        password = secrets.token_urlsafe(15)
        try:
            made = people.add(
                self.desk.database,
                fields.get("name", ""),
                people.role_of(fields.get("role", "")),
                password,
                self.by(request),
            )
        except InputError as error:
            return self.users(request, 400, wrong=str(error))
        return self.users(request, said=f"{made.name} has an account. First password, shown this once: {password}")

    def change(self, request: Request, fields: Fields) -> Response:
        """Another role, disabled or enabled, or a new password, which is shown this once."""
        name, what = fields.get("name", ""), fields.get("do", "")
        if what == "role":
            people.set_role(self.desk.database, name, people.role_of(fields.get("role", "")), self.by(request))
        elif what in {"disable", "enable"}:
            people.set_active(self.desk.database, name, what == "enable", self.by(request))
        elif what == "password":
            password = secrets.token_urlsafe(15)
            people.set_password(self.desk.database, name, password, self.by(request))
            return self.users(request, said=f"New password of {name}, shown this once: {password}")
        else:
            raise InputError("do", "is no change of an account", "role, disable, enable or password")
        return RedirectResponse("/admin/users", 303)

    def log(self, request: Request) -> Response:
        """The audit log, a hundred lines a page."""
        before = request.query_params.get("before", "")
        number = int(before) if before.isdecimal() and len(before) < 10 else None
        found = audit.entries(self.desk.database, number)
        return self.site.page(
            request, "audit.html", entries=found, older=found[-1].number if len(found) == 100 else None
        )

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route("/admin/users", self.desk.read(self.users, Right.MANAGE), methods=["GET"]),
            Route("/admin/users", self.desk.posted(self.add, Right.MANAGE), methods=["POST"]),
            Route("/admin/users/change", self.desk.posted(self.change, Right.MANAGE), methods=["POST"]),
            Route("/admin/audit", self.desk.read(self.log, Right.MANAGE), methods=["GET"]),
        ]
