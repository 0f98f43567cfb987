"""Two hundred clients at once, and what a fresh home, an API key and a claim of many codes are answered."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.browser import world

pytestmark = [pytest.mark.book, pytest.mark.browser]


def answer(served: world.Served, path: str, value: Any = None, **headers: str) -> tuple[int, bytes]:
    """Status and body of one request: a JSON document sent, or nothing."""
    data = None if value is None else json.dumps(value).encode()
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): said for name, said in headers.items()}}
    try:
        with urllib.request.urlopen(urllib.request.Request(served.address + path, data, sent), timeout=60) as got:  # noqa: S310
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_two_hundred_clients_are_all_answered_and_nothing_is_mixed_up(site: world.Served) -> None:
    from bench.clients import asks, load

    outcome = load(site.address, site.process.pid, 200, 5, asks(12))
    assert outcome.clean, outcome
    assert set(outcome.kinds) == {"show", "search", "check", "group", "cover", "page"}
    assert outcome.rss_mb[1] - outcome.rss_mb[0] < 150, outcome.rss_mb


def test_a_fresh_home_shows_the_articles_of_the_release(home: Path, tmp_path: Path) -> None:
    own = world.copied(home, tmp_path / "home")
    with world.served("", home=own) as served:
        page = answer(served, "/articles")[1].decode()
        assert page.count('class="card"') == 7 and page.count("submitted</span>") == 7
        assert answer(served, "/readyz")[0] == 200
        icon = urllib.request.urlopen(f"{served.address}/favicon.ico", timeout=10)  # noqa: S310
        assert icon.headers.get_content_type() == "image/svg+xml"


def test_a_key_of_the_command_opens_the_api_until_it_is_revoked(database: str) -> None:
    key = world.run("user", "key", "Ada", "--label", "a program", "--database", database).strip()
    with world.served(database, "--api-keys-required") as served:
        assert answer(served, "/api/v1/codes/R25.2")[0] == 401
        assert answer(served, "/api/v1/codes/R25.2", X_API_Key="cw_" + "0" * 40)[0] == 401
        assert answer(served, "/api/v1/codes/R25.2", Authorization=f"Bearer {key}")[0] == 200
        told = json.loads(world.run("user", "keys", "Ada", "--json", "--database", database))
        world.run("user", "revoke", str(told["keys"][0]["key"]), "--database", database)
        time.sleep(1.2)
        assert answer(served, "/api/v1/codes/R25.2", Authorization=f"Bearer {key}")[0] == 401
        assert key not in "".join(served.log)


def test_a_date_beyond_the_tables_is_one_sentence_on_every_page(site: world.Served) -> None:
    for path in ("/codes/R25.2?date=2099-01-01", "/search?q=cramp&date=2099-01-01",
                 "/compare?a=R25.2&b=R25.1&date=2099-01-01"):  # fmt: skip
        status, body = answer(site, path)
        assert status == 400 and "covers 2099-01-01" in re.sub(r"\s+", " ", body.decode()), path


def test_a_claim_of_many_codes_is_bounded(site: world.Served) -> None:
    codes = [f"S{each:02}.001A" for each in range(100)] * 5
    claim = {"setting": "inpatient", "service_from": "2026-01-05", "diagnoses": codes}
    status, body = answer(site, "/api/v1/group", claim)
    assert status == 400 and "at most 400 here" in json.loads(body)["detail"]
    status, body = answer(site, "/api/v1/group", {**claim, "diagnoses": codes[:300]})
    assert status == 400 and "at most 200 here" in json.loads(body)["detail"]
    large = {**claim, "diagnoses": codes[:120]}
    with ThreadPoolExecutor(5) as pool:
        slow = [pool.submit(answer, site, "/api/v1/query", large) for _ in range(4)]
        quick = [answer(site, "/api/v1/codes/R25.2")[0] for _ in range(5)]
    assert quick == [200] * 5
    assert {each.result()[0] for each in slow} <= {200, 503}
