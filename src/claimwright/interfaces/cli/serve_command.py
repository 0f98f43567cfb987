"""`claimwright serve`."""

from __future__ import annotations

from importlib.util import find_spec

import click

from claimwright.errors import ClaimwrightError
from claimwright.interfaces.cli.options import the_book

NEEDED = ("starlette", "uvicorn", "jinja2")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port; 0: any free one.")
@click.option(
    "--auth", type=click.Choice(("local", "off")), default="local", show_default=True,
    help="Log-in for editorial work; off only on a loopback address.",
)  # fmt: skip
@click.option(
    "--database", default="", envvar="CLAIMWRIGHT_DATABASE", metavar="URL",
    help="Editorial database; a URL with a password belongs into CLAIMWRIGHT_DATABASE. Default: SQLite.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that answer.")
@click.option(
    "--log-level", type=click.Choice(("debug", "info", "warning", "error")), default="info", show_default=True,
    help="Least that is logged; info has a line for each request.",
)  # fmt: skip
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Answer under this name only; repeatable.")
@click.option("--secure-cookies", is_flag=True, help="A proxy speaks HTTPS: cookies and browsers keep to it.")
@click.option("--api-keys-required", is_flag=True, help="The API answers only requests that bring a key.")
@click.option(
    "--requests-per-minute", type=click.IntRange(0), default=0, show_default=True,
    help="Most API requests a minute by one key or address; 0: no limit.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(1, 3600), default=30.0, show_default=True, help="Longest that a request takes."
)
@click.option(
    "--upload-mb", type=click.IntRange(1, 4096), default=8, show_default=True, help="Largest body of a request, in MB."
)
def command(
    host: str,
    port: int,
    auth: str,
    database: str,
    workers: int,
    log_level: str,
    hosts: tuple[str, ...],
    secure_cookies: bool,
    api_keys_required: bool,
    requests_per_minute: int,
    timeout: float,
    upload_mb: int,
) -> int:
    """The web application and the HTTP API.

    Reading needs no log-in. Ends on Ctrl-C or SIGTERM after what is running is answered. The log has the method,
    the route, the status and the time of each request, and nothing of what was asked.
    """
    need_web()
    from claimwright.interfaces.web.serving import checked, run
    from claimwright.interfaces.web.settings import MEGABYTE, Settings

    settings = checked(
        Settings(
            host=host,
            port=port,
            auth=auth,
            database=database,
            upload_bytes=upload_mb * MEGABYTE,
            timeout_seconds=timeout,
            secure_cookies=secure_cookies,
            hosts=hosts,
            api_keys_required=api_keys_required,
            requests_per_minute=requests_per_minute,
        )
    )
    the_book().close()  # compiled before anybody can ask
    return run(settings, workers, log_level)


def need_web() -> None:
    """Say what is missing, and how to get it."""
    missing = [each for each in NEEDED if find_spec(each) is None]
    if missing:
        raise ClaimwrightError(
            f"{missing[0]} is not installed, which the web application needs: pip install 'claimwright[web]'"
        )
