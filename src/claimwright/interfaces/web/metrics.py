"""Counts of what a server did, in Prometheus' text form. No label ever holds anything that a user sent.

Every application has its own, so that several can stand side by side in one process. The form is that of
https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets of seconds."""

Series = tuple[str, str, int]
"""Method, route template, status."""


class Metrics:
    """Requests by route and status, their seconds, findings by rule. Counting needs no lock under one interpreter."""

    def __init__(self) -> None:
        self.running = 0
        self._requests: Counter[Series] = Counter()
        self._seconds: dict[str, list[float]] = {}
        self._findings: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request is done; `route` is a template of ours, never the path that was asked for."""
        self._requests[method, route, status] += 1
        series = self._seconds.get(route)
        if series is None:
            series = self._seconds[route] = [0.0] * (len(BOUNDS) + 2)
        series[bisect_left(BOUNDS, seconds)] += 1
        series[-1] += seconds

    def found(self, rules: Iterable[str]) -> None:
        """Findings of these rules were reported."""
        self._findings.update(rules)

    def refused(self, why: str) -> None:
        """A request was turned away before any work; `why` is one of our own words."""
        self._refused[why] += 1

    def text(self) -> str:
        """The whole exposition."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "# HELP claimwright_requests_total Requests answered."
        yield "# TYPE claimwright_requests_total counter"
        for (method, route, status), count in sorted(self._requests.items()):
            yield f'claimwright_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        yield "# HELP claimwright_request_seconds Seconds from the first byte asked to the last one answered."
        yield "# TYPE claimwright_request_seconds histogram"
        for route, series in sorted(self._seconds.items()):
            yield from _histogram(route, series)
        yield "# HELP claimwright_requests_running Requests being worked on."
        yield "# TYPE claimwright_requests_running gauge"
        yield f"claimwright_requests_running {self.running}"
        yield "# HELP claimwright_refused_total Requests turned away before any work."
        yield "# TYPE claimwright_refused_total counter"
        for why, count in sorted(self._refused.items()):
            yield f'claimwright_refused_total{{why="{why}"}} {count}'
        yield "# HELP claimwright_findings_total Findings reported by the API."
        yield "# TYPE claimwright_findings_total counter"
        for rule, count in sorted(self._findings.items()):
            yield f'claimwright_findings_total{{rule="{rule}"}} {count}'


def _histogram(route: str, series: list[float]) -> Iterator[str]:
    total = 0.0
    for bound, count in zip(BOUNDS, series, strict=False):
        total += count
        yield f'claimwright_request_seconds_bucket{{route="{route}",le="{bound}"}} {total:.0f}'
    total += series[len(BOUNDS)]
    yield f'claimwright_request_seconds_bucket{{route="{route}",le="+Inf"}} {total:.0f}'
    yield f'claimwright_request_seconds_sum{{route="{route}"}} {series[-1]:.6f}'
    yield f'claimwright_request_seconds_count{{route="{route}"}} {total:.0f}'
