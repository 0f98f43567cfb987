"""Every kind of page: nothing serious that axe finds, no sideways scrolling, no link that leads nowhere.

A page is looked at on a desk in light colours and on a phone in dark ones; CLAIMWRIGHT_BROWSER=all looks at each
width in both. What a width changes is layout, and what a scheme changes is colour: the two looks meet every value.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest

from tests.browser import world

pytestmark = [pytest.mark.book, pytest.mark.browser]
LOOKS = [(1280, 900, "light"), (390, 844, "dark")]
if os.environ.get("CLAIMWRIGHT_BROWSER") == "all":
    LOOKS += [(1280, 900, "dark"), (390, 844, "light")]
WIDE = 300
"""Links that are followed."""
CLAIM = {
    "setting": "inpatient", "service_from": "2025-11-10", "service_to": "2025-11-14", "discharge_status": "01",
    "patient": {"age": 83, "sex": "F"}, "lines": [{"code": "95909"}],
    "diagnoses": [{"code": each, "poa": "Y"} for each in ("W19.XXXA", "S72.001A", "R25.2", "G20.A1", "J44.1")],
}  # fmt: skip


def checked(page: Any) -> None:
    page.goto("/check")
    page.get_by_text("Open a file, or paste a claim").click()
    page.get_by_label("Or paste JSON").fill(json.dumps(CLAIM))
    page.get_by_role("button", name="Read the pasted text").click()
    page.locator("#verdict").wait_for()
    opened(page)


def covered(page: Any) -> None:
    page.goto("/coverage")
    page.get_by_label("Question", exact=True).fill("Is a nerve conduction study covered for R25.2?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator("article.policy").first.wait_for()
    opened(page)


def opened(page: Any) -> None:
    """Everything that can be unfolded, unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def previewed(page: Any) -> None:
    page.goto("/articles/new")
    field = page.get_by_label("Text in Markdown")
    field.fill(field.input_value() + "\n## Empty\n\nR25.2 [7].\n")
    page.get_by_role("button", name="Check and preview").click()
    page.locator("#lint").wait_for()


def typed(page: Any) -> None:
    page.goto("/")
    page.get_by_role("combobox").press_sequentially("cramp")
    page.get_by_role("option").first.wait_for()


Way = str | Callable[[Any], None]
OPEN: dict[str, Way] = {
    "home with suggestions": typed,
    "search": "/search?q=leg+cramps+at+night",
    "code": "/codes/R25.2?date=2026-02-01",
    "code, PCS": "/codes/0DB68ZX?date=2026-02-01",
    "category": "/codes/E11?date=2026-02-01",
    "compare": "/compare?a=R25.2&b=M62.831&date=2026-02-01",
    "workbench": checked,
    "coverage": covered,
    "articles": "/articles",
    "article": "/articles/question-nerve-conduction-r25-2",
    "history": "/articles/code-r25-2/history",
    "rules": "/rules",
    "rule": "/rules/excludes1-conflict",
    "policies": "/policies",
    "policy": "/policies/A54095",
    "data": "/data",
    "login": "/login",
    "error": "/codes/R25.2?date=2099-01-01",
    "missing": "/codes/QQQ",
}
INSIDE: dict[str, Way] = {
    "edit": previewed,
    "review": "/articles/code-r25-2",
    "account": "/account",
    "users": "/admin/users",
    "audit": "/admin/audit",
}


@pytest.fixture(scope="module")
def scripted() -> Any:
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def go(page: Any, way: Way) -> None:
    if isinstance(way, str):
        page.goto(way)
        opened(page)
    else:
        way(page)


def looked_at(page: Any, axe: Any, name: str) -> list[str]:
    """What is wrong with the page that is open, at each width and in each colour scheme."""
    out = []
    for width, height, scheme in LOOKS:
        look = f"{name} at {width}, {scheme}"
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        wide = page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]")
        if wide[0] > wide[1]:
            out.append(f"{look}: {wide[0]} px wide")
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        out += [
            f"{look}: {each['id']}, {each['impact']}: {node['target']} {node['failureSummary']}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"][:3]
        ]
    return out


@pytest.mark.parametrize("name", OPEN)
def test_a_page_is_for_everybody(name: str, watch: tuple[Any, world.Watch], scripted: Any) -> None:
    page, seen = watch
    go(page, OPEN[name])
    assert looked_at(page, scripted, name) == []
    if name in ("error", "missing"):
        seen.clean(["Failed to load resource"])


def test_pages_behind_the_log_in_are_for_everybody(watch: tuple[Any, world.Watch], scripted: Any) -> None:
    page, _ = watch
    world.log_in(page, "Admin")
    wrong = []
    for name, way in INSIDE.items():
        page.set_viewport_size({"width": 1280, "height": 900})
        go(page, way)
        wrong += looked_at(page, scripted, name)
    assert wrong == []


def links(site: world.Served, path: str) -> Iterator[str]:
    """Addresses of our own that a page leads to; what it is made of, too."""
    with urllib.request.urlopen(site.address + path, timeout=30) as answer:  # noqa: S310
        if answer.headers.get_content_type() != "text/html":
            return
        text = answer.read().decode()
    ids = set(re.findall(r'\bid="([^"]*)"', text))
    for found in re.findall(r'<(?:a|link|script|form)\b[^>]*?\b(?:href|src)="([^"]*)"', text):
        address, part = urldefrag(urljoin(site.address + path, unescape(found)))
        if part and (address == urldefrag(site.address + path)[0]) and part not in ids:
            raise AssertionError(f"{path} leads to #{part}, which is not there")
        if address.startswith(site.address):
            yield address.removeprefix(site.address) or "/"


def kind(path: str) -> str:
    """Addresses of one kind are alike: a few of each are followed."""
    return re.sub(r"/[^/]*\d[^/]*$", "/*", urlsplit(path).path)


def test_no_link_leads_nowhere(site: world.Served) -> None:
    starts = [way for way in OPEN.values() if isinstance(way, str) and "2099" not in way and "QQQ" not in way]
    waiting, known, counts = deque(["/", *starts]), {"/", *starts}, dict[str, int]()
    dead = []
    while waiting:
        path = waiting.popleft()
        counts[kind(path)] = counts.get(kind(path), 0) + 1
        try:
            found = list(links(site, path))
        except (urllib.error.HTTPError, AssertionError) as error:
            dead.append(f"{path}: {error}")
            continue
        for each in found:
            if each not in known and len(known) < WIDE and counts.get(kind(each), 0) < 25:
                known.add(each)
                waiting.append(each)
    assert dead == []
    assert len(known) > WIDE // 2
