"""Forms of the web application as a browser sends them, and answers read back."""

from __future__ import annotations

import html
import re
from typing import Any

from starlette.testclient import TestClient

from claimwright.claims.wire import claim_from_object
from claimwright.interfaces.web.intake import GROUPS, rows_of_claim
from claimwright.model import Claim

Fields = dict[str, Any]


def claim(**keys: Any) -> Claim:
    """A claim of the contract, professional on 2025-11-15 unless said otherwise."""
    return claim_from_object({"setting": "professional", "service_from": "2025-11-15", **keys})


def fields_of(asked: Claim, **more: Any) -> Fields:
    """The form of the workbench filled with a claim."""
    rows = rows_of_claim(asked)
    out: Fields = {name: value for name, value in rows.items() if name not in GROUPS}
    for group, names in GROUPS.items():
        for name in names:
            out[f"{group}.{name}"] = [row[name] for row in rows[group]]
    return {**out, **more}


def words(page: str) -> str:
    """The text of a page, without tags, blanks joined."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def hidden(page: str, name: str, form: str) -> str:
    """The value of a hidden field of the form with this class."""
    part = page[page.index(f'class="{form}"') :]
    found = re.search(rf'name="{name}" value="([^"]*)"', part[: part.index("</form>")])
    assert found, name
    return html.unescape(found[1])


def post(client: TestClient, address: str, fields: Fields, **keys: Any) -> Any:
    """A form sent as a browser does."""
    return client.post(address, data=fields, **keys)
