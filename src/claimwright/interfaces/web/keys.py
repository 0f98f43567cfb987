"""Who asks: the API key of a request, and how many requests a minute one may send."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from claimwright.interfaces.web.problems import Problem
from claimwright.interfaces.web.site import Site

MOST_CLIENTS = 10_000
"""Clients whose rate is remembered; beyond it the one not seen for longest begins anew."""
OPEN = ("/openapi.json",)
"""Answered without a key even where keys are required: how to ask is no secret."""


class Keys:
    """Admits or refuses requests to the API of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def admit(self, scope: Scope) -> str | None:
        """The owner of the request's key, None without one.

        Errors: `Problem` 401 for a key that nobody has or that is missing, 429 for too many requests.
        """
        key = _key(scope)
        owner = None
        if key is not None:
            owner = await run_in_threadpool(self.site.key_owner, key) if self.site.key_owner else None
            if owner is None and (self.site.key_owner or self.site.settings.api_keys_required):
                self._unknown("the API key is not known here")
        elif self.site.settings.api_keys_required and not scope["path"].endswith(OPEN):
            self._unknown("an API key is required; send it as Authorization: Bearer KEY, or X-API-Key: KEY")
        if self.site.settings.requests_per_minute:
            client = scope.get("client")
            self._count(f"key {owner}" if owner else f"address {client[0] if client else ''}")
        return owner

    def _unknown(self, sentence: str) -> None:
        self.site.metrics.refused("401")
        raise Problem(401, sentence, "Authorization", {"WWW-Authenticate": "Bearer"})

    def _count(self, who: str) -> None:
        """A bucket of a minute's requests that fills up evenly."""
        most = self.site.settings.requests_per_minute
        now = monotonic()
        left, seen = self._buckets.pop(who, (float(most), now))
        left = min(float(most), left + (now - seen) * most / 60)
        if len(self._buckets) >= MOST_CLIENTS:
            self._buckets.popitem(last=False)
        self._buckets[who] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            wait = int((1 - left) * 60 / most) + 1
            self.site.metrics.refused("429")
            raise Problem(429, f"more than {most} requests a minute; come again in {wait} s", None,
                          {"Retry-After": str(wait)})  # fmt: skip


def _key(scope: Scope) -> str | None:
    """The key that a request brings, if it brings one."""
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return str(value.decode("latin-1")).strip()
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return str(value[7:].decode("latin-1")).strip()
    return None
