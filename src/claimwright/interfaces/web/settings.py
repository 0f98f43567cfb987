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
