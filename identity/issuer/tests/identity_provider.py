"""Drives an identity provider as a client and as a browser would; the same for Keycloak and the development issuer."""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

REDIRECTS_MAX = 10
API_SECRET = os.environ.get("LICHEN_TEST_API_SECRET", "lichen-api")
UNEP_SECRET = os.environ.get("LICHEN_TEST_UNEP_SECRET", "ext-unep")


@dataclass(kw_only=True)
class IdentityProvider:
    """Where it is and what the realm has in it."""

    url: str
    http: httpx.AsyncClient
    audience: str
    redirect_uri: str
    api_secret: str
    unep_secret: str

    def at(self, path: str) -> str:
        return f"{self.url}/protocol/openid-connect/{path}"

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.http.post(self.at(path), data=form)

    async def token(self, **form: str) -> httpx.Response:
        return await self.post("token", **form)

    async def log_in(self, username: str, scope: str = "openid") -> dict[str, str]:
        answer = await self.token(
            client_id="lichen-cli", grant_type="password", username=username, password=username, scope=scope
        )
        return good(answer)

    async def refresh(self, refresh_token: str, client_id: str = "lichen-cli") -> httpx.Response:
        return await self.token(client_id=client_id, grant_type="refresh_token", refresh_token=refresh_token)

    async def introspect(self, token: str) -> dict[str, object]:
        answer = await self.post(
            "token/introspect", client_id=self.audience, client_secret=self.api_secret, token=token
        )
        return dict(good(answer))

    def authorization(self, verifier: str, **changes: str | None) -> str:
        """Address of an authorization request; a change to None leaves the parameter out."""
        parameters: dict[str, str | None] = {
            "client_id": "lichen-console",
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": "a-state",
            "nonce": "a-nonce",
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        parameters |= changes
        kept = {name: value for name, value in parameters.items() if value is not None}
        return str(httpx.URL(self.at("auth"), params=kept))

    async def code_for(self, username: str, verifier: str) -> str:
        browser = Browser(self.http)
        page = await browser.open(self.authorization(verifier))
        landed = await browser.submit(page, username=username, password=username)
        return query_of(landed)["code"]

    async def exchange(self, code: str, verifier: str | None, **changes: str) -> httpx.Response:
        form = {
            "client_id": "lichen-console",
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
        } | changes
        return await self.token(**(form if verifier is None else form | {"code_verifier": verifier}))


@dataclass
class Browser:
    """Cookies, forms and redirects. Keeps `Secure` cookies on loopback too, as real browsers do and httpx does not."""

    http: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def open(self, url: str, data: dict[str, str] | None = None) -> httpx.Response:
        """The page at the end, or the redirect that leaves the identity provider."""
        origin = urlsplit(url)[:2]
        for _ in range(REDIRECTS_MAX):
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            method = "GET" if data is None else "POST"
            answer = await self.http.request(method, url, data=data, headers=headers if self.cookies else {})
            for cookie in answer.headers.get_list("set-cookie"):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            self.http.cookies.clear()
            if not answer.is_redirect:
                return answer
            url, data = urljoin(url, answer.headers["location"]), None
            if urlsplit(url)[:2] != origin:
                return answer
        raise AssertionError("too many redirects")

    async def submit(self, page: httpx.Response, press: str = "", **fields: str) -> httpx.Response:
        form = _Form()
        form.feed(page.text)
        assert form.action is not None, page.text
        data = form.hidden | fields | ({press: form.buttons[press]} if press else {})
        return await self.open(urljoin(str(page.request.url), form.action), data)


class _Form(HTMLParser):
    """The first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.hidden: dict[str, str] = {}
        self.buttons: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = values["action"]
        if tag == "input" and values.get("type") == "hidden" and "name" in values:
            self.hidden[values["name"]] = values.get("value", "")
        if tag in {"input", "button"} and values.get("type", "submit") == "submit" and "name" in values:
            self.buttons[values["name"]] = values.get("value", "")


def new_verifier() -> str:
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(answer: httpx.Response) -> dict[str, str]:
    """Parameters of the address that an answer redirects to."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def claims_of(idp: IdentityProvider, token: str) -> dict[str, object]:
    """Claims of a token, its signature proved by the published keys."""
    keys = KeySet.import_key_set((await idp.http.get(idp.at("certs"))).json())
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    assert "kid" in decoded.header
    return decoded.claims


async def published_kids(idp: IdentityProvider) -> set[str]:
    return {key["kid"] for key in (await idp.http.get(idp.at("certs"))).json()["keys"]}


def good(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    body: dict[str, str] = answer.json()
    return body


def refused(answer: httpx.Response, error: str, *statuses: int) -> None:
    """Keycloak answers some refusals with 401 where RFC 6749 has 400; the name is what clients go by."""
    assert answer.json().get("error") == error, answer.text
    assert answer.status_code in (statuses or (400, 401)), answer.status_code
