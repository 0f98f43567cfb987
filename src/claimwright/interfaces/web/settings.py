"""What a user may set about the server."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server runs; every default is the careful one."""

    host: str = "127.0.0.1"
    port: int = 8000
    auth: str = "local"
    """`local`: reading is open, editorial work needs a log-in; `off`: everybody on the loopback may do all."""
    database: str = ""
    """SQLAlchemy URL of the editorial database; empty: SQLite under CLAIMWRIGHT_HOME."""
    upload_bytes: int = 8 * MEGABYTE
    """Largest request body that is read; larger ones are refused with 413 before they are."""
    timeout_seconds: float = 30.0
    """Longest that one request may be worked on."""
    secure_cookies: bool = False
    """Send cookies over HTTPS only; set it wherever a proxy speaks HTTPS."""
    hosts: tuple[str, ...] = ()
    """Names that a Host header may carry, without the port; empty: any."""
    api_keys_required: bool = False
    """Refuse requests to the API that bring no key; without it a key is only checked where one is brought."""
    requests_per_minute: int = 0
    """Most requests a minute to the API by one key, or by one address without a key; 0: no limit."""
    concurrent_requests: int = 512
    """Requests that are worked on at once; more are told to come again."""
    batch_bytes: int = 4096 * MEGABYTE
    """Largest body of a batch, which is read and answered as it comes and never held whole."""
    line_bytes: int = MEGABYTE
    """Longest line of a batch."""
