"""Log-in, accounts and forms, attacked as a stranger, a reader, an author and a reviewer would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from claimwright.editorial import audit, people, sessions
from claimwright.editorial.database import Database
from claimwright.editorial.states import Role
from claimwright.engine import Engine
from claimwright.errors import InputError
from claimwright.interfaces.web.app import create_app
from claimwright.interfaces.web.desk import SESSION, VISIT, desk_of, is_loopback, safe_next
from claimwright.interfaces.web.settings import Settings
from tests.editorial_world import PASSWORD, fast_hashes, four

pytestmark = pytest.mark.book
Make = Callable[..., TestClient]


@pytest.fixture
def make(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes browsers of one server; settings may be given with the first."""
    fast_hashes(monkeypatch)
    made: list[Any] = []

    def client(base: str = "http://testserver", **settings: Any) -> TestClient:
        if not made:
            made.append(create_app(engine, Settings(database=f"sqlite:///{tmp_path}/e.sqlite", **settings)))
        return TestClient(made[0], base_url=base, follow_redirects=False)

    yield client
    if made:
        desk_of(made[0].state.site).database.close()


def database(client: TestClient) -> Database:
    return desk_of(client.app.state.site).database  # type: ignore[attr-defined]


def word(page: Any) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


def log_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login", data={"csrf": word(client.get("/login")), "name": name, "password": password, **more})


def member(make: Make, name: str, **settings: Any) -> TestClient:
    """A browser in which somebody is logged in."""
    client = make(**settings)
    if not people.anybody(database(client)):
        four(database(client))
        people.add(database(client), "Rita", Role.READER, PASSWORD)
    assert log_in(client, name).status_code == 303
    return client


# ---- log-in -----------------------------------------------------------------------------------------


def test_reading_needs_no_log_in_and_sets_no_cookie(make: Make) -> None:
    page = make().get("/articles")
    assert page.status_code == 200 and "set-cookie" not in page.headers
    assert 'href="/login?next=/articles"' in page.text


def test_logging_in_and_out(make: Make) -> None:
    client = member(make, "Ada")
    page = client.get("/account")
    assert "Ada" in page.text and page.headers["cache-control"] == "private, no-store"
    done = client.post("/logout", data={"csrf": word(page)})
    assert done.status_code == 303 and SESSION not in client.cookies
    assert client.get("/account").headers["location"] == "/login?next=/account"


@pytest.mark.parametrize("secure", [False, True])
def test_the_flags_of_cookies(make: Make, secure: bool) -> None:
    base = "https://testserver" if secure else "http://testserver"
    client = make(base, secure_cookies=secure)
    four(database(client))
    page = client.get("/login")
    done = client.post("/login", data={"csrf": word(page), "name": "Ada", "password": PASSWORD})
    name = f"__Host-{SESSION}" if secure else SESSION
    for answer, cookie, same_site in ((page, VISIT, "strict"), (done, name, "lax")):
        (said,) = (each for each in answer.headers.get_list("set-cookie") if each.startswith(cookie))
        morsel = SimpleCookie(said)[cookie]
        assert (morsel["httponly"], morsel["samesite"].lower(), morsel["path"]) == (True, same_site, "/")
        assert bool(morsel["secure"]) is secure and not morsel["domain"]


def test_a_session_is_not_fixed_by_whoever_gave_the_cookie(make: Make) -> None:
    client = make()
    four(database(client))
    client.cookies.set(SESSION, "a-token-that-the-attacker-knows")
    log_in(client, "Ada")
    first = client.cookies.get(SESSION, domain="testserver.local")
    assert first and first != "a-token-that-the-attacker-knows"
    assert sessions.session_user(database(client), "a-token-that-the-attacker-knows") is None
    client.cookies.clear()
    client.cookies.set(SESSION, first)
    client.post("/login", data={"csrf": word(client.get("/account")), "name": "Ada", "password": PASSWORD})
    assert sessions.session_user(database(client), first) is None, "another log-in ends the one before it"


def test_wrong_passwords_are_refused_alike_and_then_slowed_down(make: Make) -> None:
    client = make()
    four(database(client))
    said = {name: log_in(client, name, "wrong") for name in ("Ada", "Nobody")}
    texts = {re.sub(r'value="[^"]*"', "", each.text) for each in said.values()}
    assert len(texts) == 1 and {each.status_code for each in said.values()} == {401}
    for _ in range(sessions.MOST_BY_NAME - 1):
        assert log_in(client, "Ada", "wrong").status_code == 401
    page = log_in(client, "Ada")
    assert page.status_code == 429 and 0 < int(page.headers["retry-after"]) <= 900
    assert "Too many log-ins have failed" in page.text


@pytest.mark.parametrize(
    "asked, wanted",
    [
        ("/articles?state=draft", "/articles?state=draft"),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_the_log_in_nobody_is_sent_elsewhere(make: Make, asked: str, wanted: str) -> None:
    assert safe_next(asked) == wanted
    client = make()
    four(database(client))
    assert log_in(client, "Ada", next=asked).headers["location"] == wanted
    assert client.get("/login", params={"next": asked}).headers["location"] == wanted


def test_a_disabled_account_loses_its_session(make: Make) -> None:
    client = member(make, "Ada")
    assert client.get("/articles/new").status_code == 200
    people.set_active(database(client), "Ada", False)
    assert client.get("/articles/new").headers["location"] == "/login?next=/articles/new"
    assert log_in(make(), "Ada").status_code == 401


# ---- forms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"referer": "https://evil.example/page"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://testserver.evil.example"},
    ],
)
def test_forms_of_other_sites_are_refused(make: Make, headers: dict[str, str]) -> None:
    client = member(make, "Admin")
    form = {"csrf": word(client.get("/admin/users")), "name": "Mallory", "role": "admin"}
    page = client.post("/admin/users", data=form, headers=headers)
    assert page.status_code == 403 and "sent from another site" in page.text
    assert "Mallory" not in [each.name for each in people.users(database(client))]
    own = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert client.post("/admin/users", data=form, headers=own).status_code == 200
    hiding = {"origin": "null", "sec-fetch-site": "same-origin"}  # a browser that tells no page where it comes from
    assert client.post("/admin/users", data={**form, "name": "Nora"}, headers=hiding).status_code == 200


def test_a_form_needs_the_word_of_its_own_session(make: Make) -> None:
    client, other = member(make, "Admin"), member(make, "Rosa")
    forms = [{}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": word(other.get("/account"))}, {"csrf": "ä\u20ac"}]
    for form in forms:
        page = client.post("/admin/users", data={**form, "name": "Mallory", "role": "admin"})
        assert page.status_code == 403 and "The form is not of this log-in" in page.text
    assert make().post("/login", data={"name": "Admin", "password": PASSWORD}).status_code == 403
    assert make().post("/logout", data={}).status_code == 403


CHANGES = [
    ("/articles/new", {"text": "x"}, "author"),
    ("/articles/code-x/edit", {"text": "x", "base": "1"}, "author"),
    ("/articles/recheck", {}, "admin"),
    ("/admin/users", {"name": "Mallory", "role": "admin"}, "admin"),
    ("/admin/users/change", {"name": "Rita", "do": "role", "role": "admin"}, "admin"),
    ("/admin/users/change", {"name": "Admin", "do": "password"}, "admin"),
]


@pytest.mark.parametrize("path, form, role", CHANGES)
def test_nobody_changes_more_than_the_role_allows(make: Make, path: str, form: dict[str, str], role: str) -> None:
    client = member(make, "Rita")
    page = client.post(path, data={**form, "csrf": word(client.get("/account"))})
    assert page.status_code == 403 and f"This needs the role {role}" in page.text
    assert people.users(database(client))[3].role is Role.READER
    stranger = make()
    page = stranger.post(path, data={**form, "csrf": word(stranger.get("/login"))})
    assert page.status_code == 403


@pytest.mark.parametrize("path", ["/admin/users", "/admin/audit"])
def test_administration_is_for_admins(make: Make, path: str) -> None:
    assert make().get(path).headers["location"] == f"/login?next={path}"
    for name, status in (("Rita", 403), ("Rene", 403), ("Admin", 200)):
        assert member(make, name).get(path).status_code == status


def test_an_admin_makes_and_changes_accounts(make: Make) -> None:
    client = member(make, "Admin")

    def post(path: str, **form: str) -> Any:
        return client.post(path, data={"csrf": word(client.get("/admin/users")), **form})

    page = post("/admin/users", name="Nora", role="author")
    password = re.search(r"shown this once: ([\w-]{20})", page.text)
    assert password and log_in(make(), "Nora", password[1]).status_code == 303
    assert post("/admin/users/change", name="Nora", do="role", role="reviewer").status_code == 303
    again = re.search(r"shown this once: ([\w-]{20})", post("/admin/users/change", name="Nora", do="password").text)
    assert again and log_in(make(), "Nora", password[1]).status_code == 401
    assert post("/admin/users/change", name="Nora", do="disable").status_code == 303
    assert log_in(make(), "Nora", again[1]).status_code == 401
    assert "the only admin" in post("/admin/users/change", name="Admin", do="disable").text
    for form in ({"do": "role", "role": "king"}, {"do": "burn"}, {"name": "Nobody", "do": "enable"}):
        assert post("/admin/users/change", **{"name": "Nora", **form}).status_code == 400
    log = client.get("/admin/audit").text
    assert "role changed from author to reviewer" in log and password[1] not in log


def test_changing_the_own_password_ends_other_sessions(make: Make) -> None:
    client, other = member(make, "Ada"), member(make, "Ada")
    new = "another long password"

    def change(**form: str) -> Any:
        filled = {"password": PASSWORD, "new": new, "again": new, **form}
        return client.post("/account/password", data={"csrf": word(client.get("/account")), **filled})

    assert "The two new passwords differ" in change(again="x").text
    assert "The present password is wrong" in change(password="wrong").text  # noqa: S106
    assert "at least 12" in change(new="short", again="short").text
    before = client.cookies[SESSION]
    assert change().status_code == 303
    assert client.cookies[SESSION] != before and client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    for _ in range(sessions.MOST_BY_NAME):
        change(password="wrong")  # noqa: S106
    page = change(password="wrong")  # noqa: S106
    assert page.status_code == 429 and page.headers["retry-after"]


def test_keys_are_made_shown_once_and_revoked(make: Make) -> None:
    client, other = member(make, "Ada"), member(make, "Rene")
    page = client.post("/account/keys", data={"csrf": word(client.get("/account")), "label": "<b>night</b>"})
    found = re.search(r"cw_[\w-]{43}", page.text)
    assert found and sessions.key_owner(database(client), found[0])
    assert found[0] not in client.get("/account").text and "&lt;b&gt;night" in page.text
    form = {"csrf": word(other.get("/account")), "key": "1"}
    assert other.post("/account/keys/revoke", data=form).status_code == 400
    assert client.post("/account/keys/revoke", data={"csrf": word(page), "key": "1"}).status_code == 303
    assert sessions.key_owner(database(client), found[0]) is None
    assert client.post("/account/keys/revoke", data={"csrf": word(page), "key": "x"}).status_code == 400
    assert client.post("/account/keys", data={"csrf": word(page), "label": ""}).status_code == 400


def test_the_api_is_told_whose_a_key_is(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make()
    four(database(client))
    desk = desk_of(client.app.state.site)  # type: ignore[attr-defined]
    key = sessions.new_key(database(client), "Ada", "nightly")
    assert desk.key_owner(key) == "Ada" and desk.key_owner("cw_x") is None
    people.set_active(database(client), "Ada", False)
    assert desk.key_owner(key) == "Ada", "remembered"
    monkeypatch.setattr("claimwright.interfaces.web.desk.monotonic", lambda: float("inf"))
    assert desk.key_owner(key) is None
    assert desk.ready() == ""
    with database(client).engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE users")
    assert desk.ready() == "The editorial database does not answer"


def test_names_are_escaped(make: Make) -> None:
    client = member(make, "Admin")
    evil = "<img/src=x/onerror=alert(1)>"
    people.add(database(client), evil, Role.AUTHOR, PASSWORD)
    people.set_active(database(client), evil, False)
    for path in ("/admin/users", "/admin/audit"):
        text = client.get(path).text
        assert evil not in text and "&lt;img/src" in text
    assert evil not in log_in(make(), evil).text
    assert "<script>" not in make().get("/login", params={"next": '/"><script>'}).text


# ---- without log-in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::", ""])  # noqa: S104
def test_without_log_in_only_the_loopback_is_served(engine: Engine, host: str) -> None:
    with pytest.raises(InputError, match="off is for the loopback alone"):
        create_app(engine, Settings(auth="off", host=host))
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.0.1"])
def test_names_of_the_loopback(host: str) -> None:
    assert is_loopback(host)


def test_an_unknown_way_of_log_in_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match="'none' is not known"):
        create_app(engine, Settings(auth="none"))


def test_without_log_in_everybody_here_may_do_all_but_not_from_elsewhere(make: Make) -> None:
    client = make("http://127.0.0.1:8000", auth="off")
    page = client.get("/admin/users")
    assert page.status_code == 200 and "no log-in" in page.text
    assert client.post("/admin/users", data={"name": "Nora", "role": "author"}).status_code == 403
    done = client.post("/admin/users", data={"csrf": word(page), "name": "Nora", "role": "author"})
    assert done.status_code == 200
    assert audit.entries(database(client))[0].who == "local"
    assert client.get("/account").status_code == 403
    rebound = make("http://evil.example:8000")
    assert rebound.get("/admin/users").status_code == 403
