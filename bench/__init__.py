"""Benchmarks: `python -m bench [--quick] [--json FILE]`.

One run measures both sides of every comparison, in fresh processes by turns (A B A B), after
asserting that they give equal answers. Rates are of this machine and this run: compare ratios.
"""

from __future__ import annotations

DAY = "2026-05-01"
"""Day asked for: one that the peer's edition (April 2026) answers."""

SEED = 20260501
"""Seed of every sample and every generated claim."""
