"""Devices without a browser (RFC 8628): a code to type on the page here, while the device asks again and again."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from issuer.clients import DEVICE, Client
from issuer.errors import OAuthError
from issuer.forms import form_of
from issuer.pages import COOKIE, device_page, message_page
from issuer.settings import REALM
from issuer.state import DeviceRequest, Issuer, new_secret

__all__ = ["Devices"]

EXPIRES_S = 600
INTERVAL_S = 5
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels: no words by accident (RFC 8628 §6.1)."""
USER_CODES = "USER CODES"
"""One subject for the guesses of everyone; user names are lower case, so it is none of them."""
UNKNOWN_CODE = "This code is not known or has expired."
BAD_REQUEST = 400


class Devices:
    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def begin(self, client: Client, form: dict[str, str]) -> dict[str, object]:
        if DEVICE not in client.grants:
            raise OAuthError("unauthorized_client", "Client not allowed for OAuth 2.0 Device Authorization Grant")
        scope = client.granted_scope(form.get("scope"))
        letters = "".join(secrets.choice(LETTERS) for _ in range(8))
        device_code, user_code = new_secret(), f"{letters[:4]}-{letters[4:]}"
        device = DeviceRequest(
            client=client, scope=scope, user_code=user_code, interval_s=INTERVAL_S, polled_at=float("-inf")
        )
        self._issuer.devices.put(device_code, device, lifetime_s=EXPIRES_S)
        self._issuer.user_codes.put(user_code, device_code, lifetime_s=EXPIRES_S)
        return {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": self._page_uri,
            "verification_uri_complete": f"{self._page_uri}?user_code={user_code}",
            "expires_in": EXPIRES_S,
            "interval": INTERVAL_S,
        }

    async def show(self, request: Request) -> Response:
        browser = request.cookies.get(COOKIE) or new_secret()
        page = self._page_for(request.query_params.get("user_code"), request=request, browser=browser)
        page.set_cookie(COOKIE, browser, path=f"/realms/{REALM}/", httponly=True, samesite="lax")
        return page

    async def answer(self, request: Request) -> Response:
        """Take the form: a code alone shows the request; with a log-in it is allowed, with `cancel` denied."""
        form = await form_of(request)
        browser = request.cookies.get(COOKIE, "")
        user_code = form.get("device_user_code")
        if "accept" not in form and "cancel" not in form:
            return self._page_for(user_code, request=request, browser=browser)
        device = self._find(user_code)
        # The page went to this browser: SameSite alone does not tell one loopback port from another.
        offered = request.query_params.get("session_code", "")
        if device is None or not browser or not secrets.compare_digest(offered.encode(), browser.encode()):
            return message_page("Connect a device", UNKNOWN_CODE, status=BAD_REQUEST)
        if "cancel" in form:
            device.denied = True
            self._issuer.user_codes.pop(device.user_code)
            return message_page("Connect a device", "Denied. You may close this page.")
        try:
            persona = self._issuer.authenticated(form.get("username", ""), form.get("password", ""))
        except OAuthError as error:
            return device_page(
                action=self._action(browser),
                user_code=device.user_code,
                client=device.client.name,
                problem=error.description,
            )
        device.username = persona.username
        self._issuer.user_codes.pop(device.user_code)
        return message_page("Connect a device", "Device login successful. You may close this page.")

    @property
    def _page_uri(self) -> str:
        return f"{self._issuer.settings.issuer}/device"

    def _action(self, browser: str) -> str:
        return f"{self._page_uri}?session_code={browser}"

    def _page_for(self, user_code: str | None, *, request: Request, browser: str) -> Response:
        device = self._find(user_code)
        if device is not None:
            return device_page(action=self._action(browser), user_code=device.user_code, client=device.client.name)
        problem = UNKNOWN_CODE if user_code or request.method == "POST" else None
        return device_page(action=self._page_uri, problem=problem)

    def _find(self, user_code: str | None) -> DeviceRequest | None:
        if not user_code or self._issuer.attempts.is_locked(USER_CODES):
            return None
        letters = "".join(letter for letter in user_code.upper() if letter in LETTERS)
        device_code = self._issuer.user_codes.get(f"{letters[:4]}-{letters[4:]}")
        device = None if device_code is None else self._issuer.devices.get(device_code)
        if device is None:
            self._issuer.attempts.failed(USER_CODES)
        return device
