"""Tokens that no issuer of ours signed so."""

import hmac
from base64 import urlsafe_b64encode
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import RSAKey

STRANGER = RSAKey.generate_key(2048, {"kid": "one"})


def signed_with_the_public_key(token: str, public: bytes) -> str:
    """The classic confusion: HS256 with the RSA public key as the secret, made by hand as libraries refuse to."""
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    signed = header + b"." + token.split(".")[1].encode()
    signature = urlsafe_b64encode(hmac.new(public, signed, "sha256").digest()).rstrip(b"=")
    return (signed + b"." + signature).decode()


def signed_by(key: RSAKey, token: str, **header: Any) -> str:
    """The token's claims under another header, signed by hand, as libraries refuse to."""
    head = urlsafe_b64encode(orjson.dumps({"alg": "RS256", "kid": "one"} | header)).rstrip(b"=")
    content = head + b"." + token.split(".")[1].encode()
    digest = hashes.SHA384() if header.get("alg") == "RS384" else hashes.SHA256()
    scheme = padding.PSS(padding.MGF1(digest), 32) if header.get("alg") == "PS256" else padding.PKCS1v15()
    signature = urlsafe_b64encode(key.private_key.sign(content, scheme, digest)).rstrip(b"=")
    return (content + b"." + signature).decode()
