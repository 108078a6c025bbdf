"""What arrives: form bodies and the client that sends them."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from issuer.assertions import assertion_in
from issuer.clients import Client
from issuer.errors import OAuthError, invalid_client, invalid_request
from issuer.state import Issuer

__all__ = ["BODY_MAX_BYTES", "authenticated_client", "form_of", "parameters_of"]

BODY_MAX_BYTES = 32_768
FIELDS_MAX = 40
PAYLOAD_TOO_LARGE = 413


async def form_of(request: Request) -> dict[str, str]:
    """The form's values. Empty ones count as absent (RFC 6749 §3.2); a repeated or oversized one is refused."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise invalid_request("Content-Type must be application/x-www-form-urlencoded")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise OAuthError("invalid_request", "The body is too large", status=PAYLOAD_TOO_LARGE)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise invalid_request("The body is not a form in UTF-8") from error
    return parameters_of(pairs)


def parameters_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise invalid_request(f"Parameter given more than once: {name[:40]}")
        values[name] = value
    return {name: value for name, value in values.items() if value}


def authenticated_client(request: Request, form: Mapping[str, str], issuer: Issuer) -> Client:
    """The client that sent this form; a confidential one proves itself by HTTP Basic, the form, or an assertion.

    One of them alone, and a client with keys by an assertion alone.
    """
    client_id, secret = form.get("client_id"), form.get("client_secret")
    authorization = request.headers.get("authorization", "")
    assertion = assertion_in(form)
    if authorization.lower().startswith("basic "):
        if secret is not None or assertion is not None:
            raise invalid_request("Client credentials given twice")
        basic_id, secret = _basic_credentials(authorization[6:])
        if client_id not in {None, basic_id}:
            raise invalid_client()
        client_id = basic_id
    if assertion is not None:
        if secret is not None:
            raise invalid_request("Client credentials given twice")
        # Whose it is says the assertion; a client_id beside it must agree (RFC 7521 §4.2).
        client_id = client_id or issuer.assertions.claimed_by(assertion)
    client = issuer.clients.get(client_id or "")
    if client is None or not client.enabled:
        raise invalid_client()
    if assertion is not None:
        issuer.assertions.prove(client, assertion)
    elif client.keys is not None or (client.secret is not None and not client.has_secret(secret or "")):
        raise invalid_client()
    return client


def _basic_credentials(encoded: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise invalid_client() from error
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
