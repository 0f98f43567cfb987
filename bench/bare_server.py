"""A bare Starlette endpoint on uvicorn: what any application on this stack is measured against."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def bare(request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


def main() -> None:
    """Serve on the port of the command line."""
    app = Starlette(routes=[Route("/bare", bare)])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
