"""The outermost door: this machine only, asked for by a loopback name, and no proxy in between."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from issuer.settings import is_loopback

__all__ = ["LoopbackOnly"]

FORBIDDEN = 403


class LoopbackOnly:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # No websockets here, and start-up has nothing to wait for.
            return
        reason = reason_to_refuse(scope)
        if reason is None:
            await self._app(scope, receive, send)
            return
        response = JSONResponse({"error": "access_denied", "error_description": reason}, status_code=FORBIDDEN)
        await response(scope, receive, send)


def reason_to_refuse(scope: Scope) -> str | None:
    peer = scope.get("client")
    if peer is None or not is_loopback(peer[0]):
        return "The development issuer answers this machine only"
    hosts = []
    for name, value in scope["headers"]:
        if name in {b"forwarded", b"via", b"x-real-ip"} or name.startswith(b"x-forwarded-"):
            return "The development issuer does not answer through a proxy"
        if name == b"host":
            hosts.append(value.decode("latin-1"))
    # A page elsewhere whose name resolves to 127.0.0.1 would otherwise be this origin.
    if len(hosts) != 1 or not is_loopback(hosts[0].rpartition(":")[0] if ":" in hosts[0] else hosts[0]):
        return "The development issuer is asked for by a loopback address"
    return None
