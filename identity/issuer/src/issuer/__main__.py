"""`python -m issuer`: bind 127.0.0.1, say loudly what this is, serve until told to stop."""

import os
import signal
import socket
import sys
from types import FrameType

import uvicorn

from issuer.app import application
from issuer.settings import HOST, RefusesToStart, Settings, refuse_production, requested_port
from issuer.state import Issuer

BANNER = """
  ************************************************************
  *  DEVELOPMENT ISSUER: every password is the user name.    *
  *  This machine only. Keys are new at each start.          *
  ************************************************************
  {issuer}
"""
REFUSED = 78
"""sysexits.h EX_CONFIG."""
GRACE_S = 3


def main() -> int:
    signal.signal(signal.SIGTERM, _stop)
    try:
        refuse_production(os.environ)
        listener = _listener(requested_port(os.environ))
        settings = Settings.from_environment(os.environ, port=listener.getsockname()[1])
        issuer = Issuer(settings)
    except RefusesToStart as refusal:
        print(f"The development issuer does not start: {refusal}", file=sys.stderr)  # noqa: T201
        return REFUSED
    print(BANNER.format(issuer=settings.issuer), file=sys.stderr, flush=True)  # noqa: T201
    config = uvicorn.Config(
        application(issuer),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        # Otherwise uvicorn itself believes X-Forwarded-For from loopback, and the guard would see an invented peer.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        limit_concurrency=200,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise RefusesToStart(f"Port {port} on {HOST}: {error.strerror}.") from error
    return listener


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # uvicorn raises the signal again after a clean stop; being told to stop is success.
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
